/** LinkedIn's answers about the organisation itself: its page, its followers by facet, gains, views, and names of URNs. */
import {organisationUrn} from "./linkedin-answers.ts";
import {organisation} from "./linkedin-posts.ts";
import type {Bucket} from "./linkedin-time.ts";
import {chance} from "./world.ts";

const day = 86_400_000;
const locale = {country: "US", language: "en"};
/** Page views are counted from here; nobody asks for earlier ones. */
const firstViews = Date.parse("2019-08-31T00:00:00Z");
const earlierViews = 5200;

/** A facet: what it is called, and each class with its name and its share of the followers. */
interface Facet {
  /** As `followerCountsBy…` and `pageStatisticsBy…` name it. */
  title: string;
  key: string;
  /** Undefined: the classes are names themselves. */
  urn?: string;
  classes: [id: string, share: number, name: string][];
}

/** The shares of a facet come to less than all: who says nothing of it is in none. */
const facets: Facet[] = [
  {
    title: "StaffCountRange",
    key: "staffCountRange",
    classes: [
      ["SIZE_1", 0.05, ""],
      ["SIZE_2_TO_10", 0.14, ""],
      ["SIZE_11_TO_50", 0.18, ""],
      ["SIZE_51_TO_200", 0.13, ""],
      ["SIZE_201_TO_500", 0.08, ""],
      ["SIZE_1001_TO_5000", 0.1, ""],
      ["SIZE_10001_OR_MORE", 0.12, ""]
    ]
  },
  {
    title: "Function",
    key: "function",
    urn: "function",
    classes: [
      ["5", 0.19, "Community and Social Services"],
      ["7", 0.12, "Education"],
      ["11", 0.07, "Healthcare Services"],
      ["14", 0.11, "Legal"],
      ["16", 0.1, "Media and Communication"],
      ["18", 0.06, "Operations"],
      ["20", 0.09, "Program and Project Management"],
      ["24", 0.12, "Research"]
    ]
  },
  {
    title: "Seniority",
    key: "seniority",
    urn: "seniority",
    classes: [
      ["1", 0.03, "Unpaid"],
      ["2", 0.02, "Training"],
      ["3", 0.31, "Entry"],
      ["4", 0.34, "Senior"],
      ["5", 0.08, "Manager"],
      ["6", 0.09, "Director"],
      ["8", 0.03, "CXO"],
      ["10", 0.04, "Owner"]
    ]
  },
  {
    title: "Industry",
    key: "industry",
    urn: "industry",
    classes: [
      ["68", 0.13, "Higher Education"],
      ["74", 0.17, "International Affairs"],
      ["75", 0.11, "Government Administration"],
      ["9", 0.08, "Law Practice"],
      ["70", 0.06, "Research Services"],
      ["100", 0.21, "Non-profit Organizations"],
      ["14", 0.05, "Hospitals and Health Care"]
    ]
  },
  {
    title: "GeoCountry",
    key: "geo",
    urn: "geo",
    classes: [
      ["103644278", 0.22, "United States"],
      ["105646813", 0.11, "Spain"],
      ["103323778", 0.09, "Mexico"],
      ["101165590", 0.08, "United Kingdom"],
      ["106693272", 0.07, "Switzerland"],
      ["100446943", 0.06, "Argentina"],
      ["105015875", 0.05, "France"],
      ["100876405", 0.05, "Colombia"],
      ["102713980", 0.05, "India"],
      ["106057199", 0.04, "Brazil"],
      ["101282230", 0.04, "Germany"],
      ["100710459", 0.03, "Kenya"]
    ]
  },
  {
    title: "Geo",
    key: "geo",
    urn: "geo",
    classes: [
      ["104406358", 0.06, "Geneva, Switzerland"],
      ["90000070", 0.09, "New York City Metropolitan Area"],
      ["90009696", 0.05, "London Area, United Kingdom"]
    ]
  }
];

const employees = 0.02;

/** The organisation as `/rest/organizations/{id}` gives it to an administrator. */
export function organisationBody(): object {
  const localized = (text: string) => ({localized: {en_US: text}, preferredLocale: locale});
  const description = "A made-up organisation for trying software.";
  const website = "https://example.org";
  return {
    id: Number(organisation.id),
    $URN: organisationUrn,
    vanityName: organisation.vanityName,
    name: localized(organisation.name),
    localizedName: organisation.name,
    description: localized(description),
    localizedDescription: description,
    website: localized(website),
    localizedWebsite: website,
    defaultLocale: locale,
    organizationType: "NON_PROFIT",
    primaryOrganizationType: "NONE",
    organizationStatus: "OPERATING",
    entityStatus: "ACTIVE",
    staffCountRange: "SIZE_2_TO_10",
    foundedOn: {year: 2016},
    industries: ["urn:li:industry:74"],
    alternativeNames: [],
    localizedSpecialties: [],
    specialties: [],
    groups: [],
    locations: [
      {
        locationType: "HEADQUARTERS",
        staffCountRange: "SIZE_2_TO_10",
        address: {country: "CH", city: "Geneva", postalCode: "1200", line1: "A made-up street"}
      }
    ]
  };
}

/** Followers by facet; of a small page every facet is empty. */
export function followerFacets(followers: number, isSmall: boolean): object {
  const counts = (share: number) => ({
    followerCounts: {organicFollowerCount: Math.floor(followers * share), paidFollowerCount: 0}
  });
  const shown = facets.map(({title, key, urn, classes}) => [
    `followerCountsBy${title}`,
    isSmall ? [] : classes.map(([id, share]) => ({...counts(share), [key]: named(urn, id)}))
  ]);
  const associated = isSmall ? [] : [{...counts(employees), associationType: "EMPLOYEE"}];
  return {
    followerCountsByAssociationType: associated,
    ...Object.fromEntries(shown),
    organizationalEntity: organisationUrn
  };
}

/** Followers won in a stretch of time, none of them paid for. */
export function followerGains(bucket: Bucket, now: number, followersOn: (night: string) => number): object {
  const at = (moment: number): number => followersOn(new Date(moment).toISOString().slice(0, 10));
  // A night is the end of its day: what stands at a midnight is what stood on the night before it.
  const gain = at(Math.min(bucket.end - day, now)) - at(bucket.start - day);
  return {
    timeRange: {start: bucket.start, end: bucket.end},
    organizationalEntity: organisationUrn,
    followerGains: {organicFollowerGain: gain, paidFollowerGain: 0}
  };
}

/** Views of the page since it is there, in all and by facet. */
export function pageStatistics(now: number): object {
  const all = earlierViews + viewsBetween(firstViews, now);
  const shown = facets.map(({title, key, urn, classes}) => [
    `pageStatisticsBy${title}`,
    classes.map(([id, share]) => ({
      pageStatistics: {views: viewsBody(Math.floor(all * share))},
      [key]: named(urn, id)
    }))
  ]);
  return {
    ...Object.fromEntries(shown),
    organization: organisationUrn,
    totalPageStatistics: {clicks: lifetimeClicks(all), views: viewsBody(all)}
  };
}

/** Views of the page in a stretch of time, with how many saw it. */
export function pageStatisticsBetween({start, end}: Bucket, now: number): object {
  const all = viewsBetween(start, Math.min(end, now));
  const clicks = {
    desktopCustomButtonClickCounts: all < 10 ? [] : [{customButtonType: "VISIT_WEBSITE", clicks: Math.floor(all / 10)}],
    mobileCustomButtonClickCounts: []
  };
  return {
    organization: organisationUrn,
    timeRange: {start, end},
    totalPageStatistics: {clicks, views: viewsBody(all, end - start === day ? 0.75 : 0.5)}
  };
}

/** The names of all that a facet is made of. */
export function namesOf(kind: "function" | "seniority" | "industry"): object[] {
  return classesOf(kind).map(([id, , name]) => ({
    id: Number(id),
    $URN: `urn:li:${kind}:${id}`,
    name: {localized: {en_US: name}}
  }));
}

/** The name of an industry by its number; undefined when there is none. */
export function industryBody(id: string): object | undefined {
  return namesOf("industry")[classesOf("industry").findIndex(([own]) => own === id)];
}

/** The name of a place by its number; undefined when there is none. */
export function geoBody(id: string): object | undefined {
  const place = classesOf("geo").find(([own]) => own === id);
  return place && {id: Number(id), defaultLocalizedName: {locale, value: place[2]}};
}

function classesOf(kind: string): Facet["classes"] {
  return facets.filter(({urn}) => urn === kind).flatMap(({classes}) => classes);
}

function named(urn: string | undefined, id: string): string {
  return urn === undefined ? id : `urn:li:${urn}:${id}`;
}

function viewsBetween(start: number, end: number): number {
  let all = 0;
  for (let at = Math.max(start, firstViews); at < end; at += day) all += viewsOf(at);
  return all;
}

/** Six to twenty on a working day, a third of that at the weekend. */
function viewsOf(midnight: number): number {
  const weekday = new Date(midnight).getUTCDay();
  const views = 6 + Math.floor(15 * chance("linkedin views", Math.floor(midnight / day)));
  return weekday === 0 || weekday === 6 ? Math.floor(views / 3) : views;
}

/** Views by part of the page. All are more than those of desktops and mobiles, and the overview's likewise (documented). */
function viewsBody(all: number, uniqueShare?: number): object {
  const seen = (views: number) => ({
    pageViews: views,
    ...(uniqueShare === undefined ? {} : {uniquePageViews: Math.ceil(views * uniqueShare)})
  });
  const part = (share: number): number => Math.floor(all * share);
  const careers = part(0.04);
  const parts: [name: string, views: number][] = [
    ["allPageViews", all],
    ["allDesktopPageViews", part(0.62)],
    ["allMobilePageViews", part(0.34)],
    ["overviewPageViews", all - careers],
    ["desktopOverviewPageViews", part(0.58)],
    ["mobileOverviewPageViews", part(0.32)],
    ["careersPageViews", careers],
    ["desktopCareersPageViews", careers],
    ["mobileCareersPageViews", 0],
    ["jobsPageViews", 0],
    ["desktopJobsPageViews", 0],
    ["mobileJobsPageViews", 0],
    ["lifeAtPageViews", careers],
    ["desktopLifeAtPageViews", careers],
    ["mobileLifeAtPageViews", 0]
  ];
  return Object.fromEntries(parts.map(([name, views]) => [name, seen(views)]));
}

function lifetimeClicks(all: number): object {
  const none = {careersPageEmployeesClicks: 0, careersPagePromoLinksClicks: 0};
  const jobs = Math.floor(all * 0.002);
  return {
    careersPageClicks: {...none, careersPageBannerPromoClicks: 0, careersPageJobsClicks: jobs},
    mobileCareersPageClicks: {...none, careersPageJobsClicks: 0}
  };
}
