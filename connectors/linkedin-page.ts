/** An organisation's page itself: its followers and who they are, its name, and its days. */
import {z} from "zod";
import {type LandedRecord, type Part, partRead, stream} from "./connector.ts";
import {countryCode, nameOf} from "./linkedin-names.ts";
import {shareCounters, shareStatistics} from "./linkedin-posts.ts";
import {byDay, list, listSize, milliseconds, organisation, pageKinds, rest} from "./linkedin-rest.ts";

const count = z.int();

const followerCounts = z.object({organicFollowerCount: count, paidFollowerCount: count});

/** A facet of the followers: its classes, each URN cut to what stands behind its last colon. A page may lack it. */
function facet(key: string, category: z.ZodType<string> = z.string()) {
  return z
    .array(z.object({followerCounts}).and(z.object({[key]: category})))
    .transform(classes =>
      classes.map(({followerCounts: {organicFollowerCount, paidFollowerCount}, ...named}) => ({
        category: named[key]!.split(":").at(-1)!,
        followers: organicFollowerCount + paidFollowerCount
      }))
    )
    .optional();
}

/** The part that names the classes of a facet, which LinkedIn numbers, by lists of their numbers. */
function named(told: {
  what: string;
  dimension: string;
  path: string;
  docs: string;
  name: z.ZodType<string | null>;
}): Part {
  const {what, dimension, path, docs, name} = told;
  return {
    what,
    metrics: [path],
    read: partRead({
      docs: `https://learn.microsoft.com/en-us/linkedin/shared/references/v2/standardized-data/${docs}`,
      id: ({dimension: own, category}) => (own === dimension ? String(category) : undefined),
      request: ({ids}) => rest(path, path, {ids: list(ids!)}),
      size: account => listSize(account, ""),
      answer: z.object({results: z.record(z.string(), name)}),
      values: ({results}) => new Map(Object.entries(results))
    })
  };
}

export const pageStreams = {
  account: stream({
    docs: "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/organization-lookup-api",
    kinds: pageKinds,
    answer: z.object({firstDegreeSize: count}),
    key: "followers",
    records: ({firstDegreeSize}) => [{followers: firstDegreeSize}],
    snapshot: {
      request: ({account}) =>
        rest(`networkSizes/${organisation(account)}`, "networkSizes/{organization}", {
          edgeType: "COMPANY_FOLLOWED_BY_MEMBER"
        })
    }
  }),
  organisation: stream({
    docs: "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/organization-lookup-api",
    kinds: pageKinds,
    answer: z.object({id: z.int(), localizedName: z.string(), vanityName: z.string().optional()}),
    key: "id",
    records: ({localizedName, vanityName}) => [{name: localizedName, vanity_name: vanityName ?? null}],
    snapshot: {
      request: ({account}) => rest(`organizations/${account.id}`, "organizations/{id}", {}),
      isAudience: true
    }
  }),
  follower_gains: stream({
    docs: "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/follower-statistics",
    kinds: pageKinds,
    answer: z.object({
      elements: z.array(
        z.object({
          timeRange: z.object({start: milliseconds}),
          followerGains: z.object({organicFollowerGain: count, paidFollowerGain: count})
        })
      )
    }),
    key: "on_date",
    records: ({elements}) =>
      elements.map(({timeRange, followerGains}) => ({
        on_date: dayOf(timeRange.start),
        organic: followerGains.organicFollowerGain,
        paid: followerGains.paidFollowerGain
      })),
    series: {
      request: ask =>
        rest("organizationalEntityFollowerStatistics", "organizationalEntityFollowerStatistics", {
          q: "organizationalEntity",
          organizationalEntity: organisation(ask.account),
          timeIntervals: byDay(ask)
        }),
      metrics: ["followerGains"],
      days: 4,
      span: 365,
      history: 365,
      what: "followers gained by day"
    }
  }),
  page_days: stream({
    docs: "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/share-statistics",
    kinds: pageKinds,
    answer: z.object({
      elements: z.array(z.object({totalShareStatistics: shareStatistics, timeRange: z.object({start: milliseconds})}))
    }),
    key: "on_date",
    records: ({elements}) =>
      elements.map(({timeRange, totalShareStatistics}) => ({
        on_date: dayOf(timeRange.start),
        ...totalShareStatistics
      })),
    series: {
      request: ask =>
        rest("organizationalEntityShareStatistics", "organizationalEntityShareStatistics", {
          q: "organizationalEntity",
          organizationalEntity: organisation(ask.account),
          timeIntervals: byDay(ask)
        }),
      metrics: shareCounters,
      days: 4,
      span: 365,
      history: 365,
      what: "impressions, reach and engagements of the page by day"
    }
  }),
  page_views: stream({
    docs: "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/page-statistics",
    kinds: pageKinds,
    answer: z.object({
      elements: z.array(
        z.object({
          timeRange: z.object({start: milliseconds}),
          totalPageStatistics: z.object({
            views: z.object({allPageViews: z.object({pageViews: count})})
          })
        })
      )
    }),
    key: "on_date",
    records: ({elements}) =>
      elements.map(({timeRange, totalPageStatistics}) => ({
        on_date: dayOf(timeRange.start),
        page_views: totalPageStatistics.views.allPageViews.pageViews
      })),
    series: {
      request: ask =>
        rest("organizationPageStatistics", "organizationPageStatistics", {
          q: "organization",
          organization: organisation(ask.account),
          timeIntervals: byDay(ask)
        }),
      metrics: ["allPageViews"],
      days: 4,
      span: 365,
      history: 365,
      what: "views of the page by day"
    }
  }),
  audience: stream({
    docs: "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/follower-statistics",
    kinds: pageKinds,
    answer: z.object({
      elements: z.array(
        z.object({
          // Who is no employee is of no type.
          followerCountsByAssociationType: facet("associationType", z.string().default("OTHER")),
          followerCountsBySeniority: facet("seniority"),
          followerCountsByIndustry: facet("industry"),
          followerCountsByFunction: facet("function"),
          followerCountsByStaffCountRange: facet("staffCountRange"),
          followerCountsByGeoCountry: facet("geo")
        })
      )
    }),
    key: "category",
    records: ({elements}) =>
      elements.flatMap(element =>
        Object.entries(element).flatMap(([key, classes]) =>
          (classes ?? []).map(({category, followers}) =>
            audienceRecord(key.replace("followerCountsBy", ""), category, followers)
          )
        )
      ),
    parts: {
      name: named({
        what: "the code of a country",
        dimension: "GeoCountry",
        path: "geo",
        docs: "locations/geo",
        name: z
          .object({defaultLocalizedName: z.object({value: z.string()})})
          .transform(({defaultLocalizedName}) => countryCode(defaultLocalizedName.value) ?? null)
      }),
      industry: named({
        what: "the name of an industry",
        dimension: "Industry",
        path: "industryTaxonomyVersions/DEFAULT/industries",
        docs: "industrytaxonomyversions",
        name: z
          .object({name: z.object({localized: z.object({en_US: z.string()})})})
          .transform(({name}) => name.localized.en_US)
      })
    },
    snapshot: {
      request: ({account}) =>
        rest("organizationalEntityFollowerStatistics", "organizationalEntityFollowerStatistics", {
          q: "organizationalEntity",
          organizationalEntity: organisation(account)
        }),
      metrics: ["followerCounts"],
      isAudience: true,
      most: 250
    }
  })
};

function audienceRecord(dimension: string, category: string, value: number): LandedRecord {
  const name = nameOf(dimension, category);
  return {dimension, category, value, ...(name === undefined ? {} : {name, name_status: "ok"})};
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
