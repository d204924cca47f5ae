import {describe, expect, it} from "vitest";
import {memberPostUrns} from "../../connectors/sandbox/linkedin-member.ts";
import {contentItems, demoNights, followersOn} from "../../connectors/sandbox/world.ts";
import {intervals, list, type Own, organisation, started} from "./sandbox-linkedin-client.ts";

const day = 86_400_000;
const listing = `/rest/posts?author=${organisation}&q=author`;
const shares = `/rest/organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity=${organisation}`;
const followers = `/rest/organizationalEntityFollowerStatistics?q=organizationalEntity&organizationalEntity=${organisation}`;
const views = `/rest/organizationPageStatistics?q=organization&organization=${organisation}`;
const size = `/rest/networkSizes/${organisation}?edgeType=COMPANY_FOLLOWED_BY_MEMBER`;

interface Post {
  id: string;
  commentary: string;
  publishedAt: number;
  createdAt: number;
  lastModifiedAt: number;
  content?: Record<string, {id?: string}>;
  reshareContext?: {parent: string; root: string};
  adContext?: {isDsc: boolean};
  distribution: {feedDistribution: string};
  lifecycleStateInfo: {isEditedByAuthor: boolean};
}

interface Page {
  paging: {start: number; count: number; total: number; links: {rel: string; href: string}[]};
  elements: Post[];
}

interface Statistics {
  share?: string;
  ugcPost?: string;
  timeRange?: {start: number; end: number};
  totalShareStatistics: Record<string, number>;
}

interface Elements<T> {
  elements: T[];
}

describe("the demo's LinkedIn page", () => {
  it("lists every content item that goes out on LinkedIn in its words, a reshare and a dark ad beside them", async () => {
    await using own = await started();
    const posts = await everyPost(own);
    const items = contentItems.filter(({platforms}) => platforms.includes("linkedin"));
    const plain = posts.filter(post => post.reshareContext === undefined && post.adContext === undefined);
    expect(plain).toHaveLength(items.length);
    expect(posts).toHaveLength(items.length + 2);
    for (const item of items) {
      const post = plain.find(({publishedAt}) => publishedAt === Date.parse(item.publishedAt));
      expect(unescaped(post!.commentary)).toBe(item.text);
      expect(typeOf(post!)).toBe(item.type === "gif" ? "image" : item.type);
      expect(post!.id).toMatch(["video", "document"].includes(item.type) ? /:ugcPost:\d{19}$/ : /:share:\d{19}$/);
      expect(Number(BigInt(post!.id.split(":").at(-1)!) >> 22n)).toBe(post!.publishedAt);
    }
    expect(plain.some(({commentary}) => commentary.includes("{hashtag|\\#|SOGI}"))).toBe(true);
    const [ad] = posts.filter(({adContext}) => adContext?.isDsc);
    expect(ad!.distribution.feedDistribution).toBe("NONE");
  });

  it("links page to page, one of them a post short, each answered alike by the link's address", async () => {
    await using own = await started();
    const pages = await everyPage(own, `${listing}&count=10&sortBy=CREATED`);
    const sizes = pages.map(({elements}) => elements.length);
    expect(sizes[1]).toBe(9);
    expect(sizes.filter(one => one === 10)).toHaveLength(sizes.length - 2);
    expect(pages[0]!.paging).toMatchObject({start: 0, count: 10, total: sizes.reduce((sum, one) => sum + one) + 1});
    expect(pages.at(-1)!.paging.links.map(({rel}) => rel)).toEqual(["prev"]);
    const times = pages.flatMap(({elements}) => elements.map(({createdAt}) => createdAt));
    expect(times).toEqual([...times].sort((a, b) => b - a));
    expect((await own.body<Page>(`${listing}&start=5000`)).elements).toEqual([]);
  });

  it("puts an edited post first unless told otherwise", async () => {
    await using own = await started({night: "2020-10-22"});
    const first = async (query = "") => (await own.body<Page>(`${listing}${query}`)).elements[0]!;
    const edited = await first();
    expect(edited.lifecycleStateInfo.isEditedByAuthor).toBe(true);
    expect(edited.publishedAt).toBeLessThan(edited.lastModifiedAt - 200 * day);
    expect((await first("&sortBy=CREATED")).publishedAt).toBeGreaterThan(edited.publishedAt);
    own.sandbox.setNight("2020-10-20");
    expect((await first()).id).not.toBe(edited.id);
  });

  it("gives one post and many by their URNs as the listing gives them", async () => {
    await using own = await started();
    const {elements} = await own.body<Page>(`${listing}&count=3`);
    const [one] = elements;
    expect(await own.body(`/rest/posts/${encodeURIComponent(one!.id)}`)).toEqual(one);
    const ids = elements.map(({id}) => id);
    expect(await own.body(`/rest/posts?ids=${list(ids)}`)).toEqual({
      results: Object.fromEntries(elements.map(post => [post.id, post])),
      statuses: Object.fromEntries(ids.map(id => [id, 200])),
      errors: {}
    });
  });

  it.each([
    [demoNights.first, 640],
    ["2020-11-24", 1000],
    [demoNights.last, 1010]
  ])("has the followers of %s: %i", async (night, count) => {
    await using own = await started({night});
    expect(await own.body(size)).toEqual({firstDegreeSize: count});
  });

  it("gains followers by day, week and month as their number rises", async () => {
    await using own = await started();
    const gains = async (start: string, end: string, granularity: string) => {
      const path = `${followers}&timeIntervals=${intervals(start, end, granularity)}`;
      const {elements} =
        await own.body<Elements<{timeRange: {start: number}; followerGains: Record<string, number>}>>(path);
      expect(elements.map(({followerGains}) => followerGains.paidFollowerGain)).toEqual(elements.map(() => 0));
      return elements.map(({followerGains}) => followerGains.organicFollowerGain!);
    };
    const sum = (all: number[]): number => all.reduce((total, one) => total + one, 0);
    const october = followersOn("linkedin", "2020-10-31") - followersOn("linkedin", "2020-09-30");
    const days = await gains("2020-10-01", "2020-11-01", "DAY");
    expect(days).toHaveLength(31);
    expect(sum(days)).toBe(october);
    expect(await gains("2020-10-01", "2020-11-01", "MONTH")).toEqual([october]);
    expect(sum(await gains("2020-10-01", "2020-10-29", "WEEK"))).toBe(sum(days.slice(0, 28)));
    const upToNow = await gains("2019-12-01", "2021-01-01", "DAY");
    expect(upToNow).toHaveLength(366);
    expect(sum(upToNow)).toBe(1010 - followersOn("linkedin", "2019-11-30"));
  });

  it("says what its followers are, of each facet fewer than there are, with names for every URN", async () => {
    await using own = await started();
    const [facets] = (await own.body<Elements<Record<string, Record<string, unknown>[]>>>(followers)).elements;
    const named = new Set<string>();
    for (const facet of [
      "AssociationType",
      "Seniority",
      "Industry",
      "Function",
      "StaffCountRange",
      "GeoCountry",
      "Geo"
    ]) {
      const rows = facets![`followerCountsBy${facet}`]!;
      const counts = rows.map(({followerCounts}) => (followerCounts as Record<string, number>).organicFollowerCount!);
      const total = counts.reduce((sum, one) => sum + one, 0);
      expect(total).toBeGreaterThan(0);
      expect(total).toBeLessThan(1010);
      for (const row of rows) {
        const urn = Object.values(row).find(value => String(value).startsWith("urn:li:"));
        if (urn !== undefined) named.add(String(urn));
      }
    }
    const taxonomies = ["functions", "seniorities", "industryTaxonomyVersions/DEFAULT/industries"];
    const known = new Set<string>();
    for (const path of taxonomies) {
      const {elements} = await own.body<Elements<{$URN: string}>>(`/rest/${path}`);
      for (const {$URN} of elements) known.add($URN);
    }
    const geo = [...named].filter(urn => urn.includes(":geo:")).map(urn => urn.split(":").at(-1)!);
    const {results} = await own.body<{results: Record<string, object>}>(`/rest/geo?ids=${list(geo)}`);
    for (const id of Object.keys(results)) known.add(`urn:li:geo:${id}`);
    expect([...named].filter(urn => !known.has(urn))).toEqual([]);
    expect(results["106693272"]).toMatchObject({defaultLocalizedName: {value: "Switzerland"}});
    const industries = `/rest/${taxonomies[2]}?ids=${list(["9", "9999"])}`;
    expect(await own.body(industries)).toMatchObject({
      results: {"9": {id: 9, name: {localized: {en_US: "Law Practice"}}}},
      statuses: {"9": 200, "9999": 404}
    });
  });

  it("counts views of the page by day, by month and for good, the parts less than the whole", async () => {
    await using own = await started();
    const seen = async (granularity: string) => {
      const path = `${views}&timeIntervals=${intervals("2020-10-01", "2020-11-01", granularity)}`;
      type Row = {totalPageStatistics: {views: Record<string, {pageViews: number; uniquePageViews: number}>}};
      return (await own.body<Elements<Row>>(path)).elements.map(row => row.totalPageStatistics.views.allPageViews!);
    };
    const days = await seen("DAY");
    const [month] = await seen("MONTH");
    const sum = (name: "pageViews" | "uniquePageViews"): number => days.reduce((total, one) => total + one[name], 0);
    expect(sum("pageViews")).toBe(month!.pageViews);
    expect(sum("uniquePageViews")).toBeGreaterThan(month!.uniquePageViews);
    const lifetime = (await own.body<Elements<Record<string, unknown>>>(views)).elements[0]!;
    const {allPageViews, allDesktopPageViews, allMobilePageViews} = (
      lifetime.totalPageStatistics as {views: Record<string, {pageViews: number}>}
    ).views;
    expect(allDesktopPageViews!.pageViews + allMobilePageViews!.pageViews).toBeLessThan(allPageViews!.pageViews);
    expect(allPageViews).not.toHaveProperty("uniquePageViews");
  });

  it("is an organisation whose administrator asks", async () => {
    await using own = await started();
    const {id} = own.sandbox.accounts[0]!;
    const body = await own.body(`/rest/organizations/${id}`);
    expect(body).toMatchObject({id: Number(id), vanityName: "iesogi-demo", localizedName: "IE SOGI (demo)"});
    const path = "/rest/organizationAcls?q=roleAssignee&role=ADMINISTRATOR&state=APPROVED";
    expect(await own.body(path)).toMatchObject({elements: [{organization: decodeURIComponent(organisation)}]});
    expect(await own.body(path.replace("ADMINISTRATOR", "ANALYST"))).toMatchObject({elements: []});
  });
});

describe("the statistics of LinkedIn's posts", () => {
  const p5At = (post: Post): boolean => post.publishedAt === Date.parse("2020-06-24T12:00:00Z");

  it("give P5 its counters at 28 days, less before and no more after", async () => {
    await using own = await started({night: "2020-07-22"});
    const p5 = (await everyPost(own)).find(p5At)!;
    expect(p5.content!.media!.id).toMatch(/^urn:li:document:/);
    const statistics = async () =>
      (await own.body<Elements<Statistics>>(`${shares}&ugcPosts=${list([p5.id])}`)).elements;
    const at28 = await statistics();
    expect(at28).toEqual([
      {
        ugcPost: p5.id,
        organizationalEntity: decodeURIComponent(organisation),
        totalShareStatistics: {
          impressionCount: 500,
          uniqueImpressionsCount: 400,
          clickCount: 30,
          likeCount: 20,
          commentCount: 4,
          shareCount: 2,
          engagement: 56 / 500
        }
      }
    ]);
    expect(await social(own, p5.id)).toMatchObject({kinds: 20, comments: 4});
    own.sandbox.setNight("2020-07-01");
    const at7 = (await statistics())[0]!.totalShareStatistics.impressionCount!;
    expect(at7).toBeGreaterThan(375);
    expect(at7).toBeLessThan(500);
    own.sandbox.setNight("2020-11-30");
    expect(await statistics()).toEqual(at28);
  });

  it("grow for 28 days and fall on one post alone, whose likes become negative", async () => {
    await using own = await started();
    const history = new Map<string, Record<string, number>>();
    const falls: [string, number][] = [];
    for (let at = Date.parse(demoNights.first); at <= Date.parse(demoNights.last); at += 7 * day) {
      own.sandbox.setNight(new Date(at).toISOString().slice(0, 10));
      for (const [urn, counters] of await statisticsOf(own, await everyPost(own))) {
        const before = history.get(urn);
        for (const [name, value] of Object.entries(counters)) {
          if (name === "engagement") continue;
          expect(Number.isInteger(value)).toBe(true);
          if (value < (before?.[name] ?? 0)) falls.push([name, value]);
        }
        history.set(urn, counters);
      }
    }
    expect(falls).toEqual([["likeCount", -1]]);
    for (const counters of history.values()) {
      expect(counters.uniqueImpressionsCount).toBeLessThan(counters.impressionCount!);
    }
  });

  it("leave out what has no counts, what is deleted, and what is older than twelve months", async () => {
    await using own = await started({night: "2020-04-16"});
    const posts = await everyPost(own);
    const there = await statisticsOf(own, posts);
    const absent = posts.filter(({id}) => !there.has(id));
    expect(absent).toMatchObject([{reshareContext: expect.anything()}]);
    const deleted = posts.find(({id, reshareContext}) => reshareContext !== undefined && there.has(id))!;
    own.sandbox.setNight("2020-04-25");
    expect((await statisticsOf(own, posts)).has(deleted.id)).toBe(false);
    own.sandbox.setNight("2020-11-30");
    const old = posts.filter(({publishedAt}) => publishedAt < Date.parse("2019-11-30T00:00:00Z"));
    const last = await statisticsOf(own, posts);
    expect(old.length).toBeGreaterThan(5);
    expect(old.filter(({id}) => last.has(id))).toEqual([]);
    expect((await social(own, old[0]!.id)).kinds).toBeGreaterThan(0);
  });

  it("sum the reactions by kind up to the likes, for every post", async () => {
    await using own = await started();
    const posts = await everyPost(own);
    for (const [urn, counters] of await statisticsOf(own, posts)) {
      const {kinds, comments} = await social(own, urn);
      expect(kinds).toBe(Math.max(0, counters.likeCount!));
      expect(comments).toBe(counters.commentCount);
    }
  });

  it("of all posts together: each day's gains sum up to the month's, but not the unique ones", async () => {
    await using own = await started();
    const rows = async (start: string, end: string, granularity: string) =>
      (await own.body<Elements<Statistics>>(`${shares}&timeIntervals=${intervals(start, end, granularity)}`)).elements;
    const days = await rows("2020-10-01", "2020-11-01", "DAY");
    const [october, ...others] = await rows("2020-10-01", "2020-11-01", "MONTH");
    expect(others).toEqual([]);
    expect(days.map(({timeRange}) => timeRange!.end - timeRange!.start)).toEqual(days.map(() => day));
    const sum = (name: string): number => days.reduce((total, one) => total + one.totalShareStatistics[name]!, 0);
    for (const name of ["impressionCount", "clickCount", "likeCount", "commentCount", "shareCount"]) {
      expect(sum(name)).toBe(october!.totalShareStatistics[name]);
    }
    expect(sum("impressionCount")).toBeGreaterThan(500);
    expect(sum("uniqueImpressionsCount")).toBeGreaterThan(october!.totalShareStatistics.uniqueImpressionsCount!);
    const year = await rows("2019-11-01", "2020-12-01", "DAY");
    expect(year[0]!.timeRange!.start).toBe(Date.parse("2019-11-30"));
    expect(year.at(-1)!.timeRange!.start).toBe(Date.parse("2020-11-30"));
    const {elements} = await own.body<Elements<Statistics>>(shares);
    expect(elements[0]!.totalShareStatistics).toMatchObject({shareMentionsCount: 0});
    expect(elements[0]!.totalShareStatistics.impressionCount).toBeGreaterThan(5000);
  });

  it("count views of videos, one of them a call", async () => {
    await using own = await started();
    const posts = await everyPost(own);
    const videos = posts.filter(post => typeOf(post) === "video");
    expect(videos.length).toBeGreaterThan(4);
    for (const {id} of videos) {
      const analytics = (type: string) => `/rest/videoAnalytics?q=entity&entity=${encodeURIComponent(id)}&type=${type}`;
      const {elements} = await own.body<Elements<{value: number}>>(analytics("VIDEO_VIEW"));
      expect(elements).toMatchObject([{entity: id, value: expect.any(Number)}]);
      expect(elements[0]!.value).toBeGreaterThan(0);
    }
    const viewers = `/rest/videoAnalytics?q=entity&entity=${encodeURIComponent(videos.at(-1)!.id)}&type=VIEWER`;
    expect((await own.body<Elements<object>>(viewers)).elements).toEqual([]);
  });
});

describe("a LinkedIn member's own statistics", () => {
  const analytics = "/rest/memberCreatorPostAnalytics";
  const entityOf = (urn: string): string =>
    `(${urn.includes(":ugcPost:") ? "ugc" : "share"}:${encodeURIComponent(urn)})`;
  const metric = async (own: Own, query: string) => {
    const {status, body} = await own.member(`${analytics}?${query}`);
    expect(status).toBe(200);
    return (body as Elements<{count: number; dateRange: object; metricType: string}>).elements;
  };

  it("come one metric a call, of each post and of all", async () => {
    await using own = await started();
    let all = 0;
    for (const urn of memberPostUrns) {
      const [one] = await metric(own, `q=entity&entity=${entityOf(urn)}&queryType=IMPRESSION&aggregation=TOTAL`);
      expect(one).toMatchObject({metricType: "IMPRESSION", dateRange: {}});
      all += one!.count;
    }
    expect(all).toBeGreaterThan(2000);
    expect((await metric(own, "q=me&queryType=IMPRESSION"))[0]!.count).toBe(all);
    for (const queryType of ["MEMBERS_REACHED", "RESHARE", "REACTION", "COMMENT", "POST_SAVE", "LINK_CLICKS"]) {
      expect((await metric(own, `q=me&queryType=${queryType}`))[0]!.count).toBeGreaterThan(0);
    }
  });

  it("come by day in a range whose end is left out", async () => {
    await using own = await started();
    const range = "dateRange=(start:(day:1,month:10,year:2020),end:(day:1,month:11,year:2020))";
    const days = await metric(own, `q=me&queryType=REACTION&aggregation=DAILY&${range}`);
    expect(days).toHaveLength(31);
    expect(days[0]!.dateRange).toEqual({start: {day: 1, month: 10, year: 2020}, end: {day: 2, month: 10, year: 2020}});
    const [total] = await metric(own, `q=me&queryType=REACTION&${range}`);
    expect(days.reduce((sum, {count}) => sum + count, 0)).toBe(total!.count);
    expect(await metric(own, "q=me&queryType=IMPRESSION&aggregation=DAILY")).toHaveLength(30);
  });

  it("tell the followers now and those won on each day", async () => {
    await using own = await started();
    const count = async () =>
      ((await own.member("/rest/memberFollowersCount?q=me")).body as Elements<{memberFollowersCount: number}>)
        .elements[0]!.memberFollowersCount;
    const range = "dateRange=(start:(year:2020,month:11,day:1),end:(year:2020,month:12,day:1))";
    const {body} = await own.member(`/rest/memberFollowersCount?q=dateRange&${range}`);
    const {elements} = body as Elements<{memberFollowersCount: number}>;
    expect(elements).toHaveLength(30);
    const after = await count();
    own.sandbox.setNight("2020-10-31");
    expect(elements.reduce((sum, one) => sum + one.memberFollowersCount, 0)).toBe(after - (await count()));
  });
});

describe("a LinkedIn world of made-up posts", () => {
  it("holds so many over three years by day, one in twenty a video, on pages of a hundred", async () => {
    await using own = await started({posts: 1000, night: "2020-11-30"});
    const pages = await everyPage(own, `${listing}&count=100&sortBy=CREATED`);
    const posts = pages.flatMap(({elements}) => elements);
    expect(pages).toHaveLength(11);
    expect(new Set(posts.map(({id}) => id)).size).toBe(1000);
    expect(posts.filter(post => typeOf(post) === "video")).toHaveLength(50);
    expect(posts[0]!.publishedAt).toBe(Date.parse("2020-11-30T16:59:59Z"));
    expect(new Date(posts.at(-1)!.publishedAt).toISOString().slice(0, 7)).toBe("2017-12");
    const hours = posts.map(({publishedAt}) => new Date(publishedAt).getUTCHours());
    expect([Math.min(...hours), Math.max(...hours)]).toEqual([8, 16]);
    expect(await own.body(size)).toEqual({firstDegreeSize: 5000});
    own.sandbox.setNight("2020-12-31");
    expect((await own.body<Page>(`${listing}&sortBy=CREATED`)).elements[0]!.id).toBe(posts[0]!.id);
  });
});

async function everyPage(own: Own, path: string): Promise<Page[]> {
  const pages: Page[] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const page: Page = await own.body<Page>(next);
    pages.push(page);
    next = page.paging.links.find(({rel}) => rel === "next")?.href;
  }
  return pages;
}

async function everyPost(own: Own): Promise<Post[]> {
  return (await everyPage(own, `${listing}&count=100&sortBy=CREATED`)).flatMap(({elements}) => elements);
}

/** The lifetime statistics of posts by URN. */
async function statisticsOf(own: Own, posts: Post[]): Promise<Map<string, Record<string, number>>> {
  const of = (type: string) => posts.map(({id}) => id).filter(id => id.startsWith(`urn:li:${type}:`));
  const asked = [
    ["shares", of("share")],
    ["ugcPosts", of("ugcPost")]
  ] as const;
  const given = asked.filter(([, urns]) => urns.length > 0).map(([name, urns]) => `&${name}=${list(urns)}`);
  if (given.length === 0) return new Map();
  const {elements} = await own.body<Elements<Statistics>>(`${shares}${given.join("")}`);
  return new Map(elements.map(one => [(one.share ?? one.ugcPost)!, one.totalShareStatistics]));
}

async function social(own: Own, urn: string): Promise<{kinds: number; comments: number}> {
  type Metadata = {reactionSummaries: Record<string, {count: number}>; commentSummary: {count: number}};
  const {results} = await own.body<{results: Record<string, Metadata>}>(`/rest/socialMetadata?ids=${list([urn])}`);
  const {reactionSummaries, commentSummary} = results[urn]!;
  const kinds = Object.values(reactionSummaries).reduce((sum, {count}) => sum + count, 0);
  return {kinds, comments: commentSummary.count};
}

/** A content item's type, from what a post holds. */
function typeOf({content}: Post): string {
  const [kind] = Object.keys(content ?? {});
  if (kind === undefined) return "text";
  const {id} = content![kind]!;
  return {media: String(id).split(":")[2]!, multiImage: "album", article: "link", poll: "poll"}[kind] ?? kind;
}

/** Plain words of "little text". */
function unescaped(commentary: string): string {
  return commentary.replace(/\{hashtag\|\\#\|([^}]+)\}/g, "#$1").replace(/\\([\\|{}@[\]()<>*_~])/g, "$1");
}
