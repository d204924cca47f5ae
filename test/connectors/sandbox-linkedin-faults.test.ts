import {readFileSync} from "node:fs";
import {describe, expect, it} from "vitest";
import {credentials} from "../../connectors/sandbox/linkedin-auth.ts";
import {memberPostUrns} from "../../connectors/sandbox/linkedin-member.ts";
import {faultsOf} from "../../connectors/sandbox/sandbox.ts";
import {ask, form} from "./sandbox-client.ts";
import {intervals, list, type Own, organisation, started} from "./sandbox-linkedin-client.ts";

const listing = `/rest/posts?author=${organisation}&q=author&count=5&sortBy=CREATED`;
const shares = `/rest/organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity=${organisation}`;
const followers = `/rest/organizationalEntityFollowerStatistics?q=organizationalEntity&organizationalEntity=${organisation}`;
const views = `/rest/organizationPageStatistics?q=organization&organization=${organisation}`;
const analytics = "/rest/memberCreatorPostAnalytics?q=me&queryType=";

interface Page {
  paging: {links: {rel: string; href: string}[]};
  elements: {id: string; content?: {media?: {id: string}}}[];
}

interface Elements {
  elements: {share: string; totalShareStatistics: Record<string, number>}[];
}

const throttled = "Resource level throttle limit for calls to this resource is reached.";

async function idsOf(own: Own): Promise<string[]> {
  return (await own.body<Page>(listing)).elements.map(({id}) => id);
}

async function statistics(own: Own, urns: string[]): Promise<Elements["elements"]> {
  return (await own.body<Elements>(`${shares}&shares=${list(urns.filter(urn => urn.includes(":share:")))}`)).elements;
}

describe("a fault of LinkedIn's that refuses", () => {
  it("rate-limit is a 429 of a moment, without a word on when", async () => {
    await using own = await started({faults: ["rate-limit"]});
    const {status, body, headers} = await own.page(listing);
    expect({status, body}).toEqual({
      status: 429,
      body: {serviceErrorCode: 101, message: throttled, status: 429}
    });
    expect(headers.get("retry-after")).toBeNull();
    expect((await own.page(listing)).status).toBe(200);
  });

  it("day-limit is a 429 that names the day, and lasts", async () => {
    await using own = await started({faults: ["day-limit"]});
    const message = "Resource level throttle APPLICATION DAY limit for calls to this resource is reached.";
    for (const _ of [1, 2]) {
      const {status, body} = await own.page(listing);
      expect({status, body}).toEqual({status: 429, body: {serviceErrorCode: 101, message, status: 429}});
    }
  });

  it.each([
    ["token-expired", 401, {serviceErrorCode: 65602, code: "EXPIRED_ACCESS_TOKEN"}],
    ["token-revoked", 401, {serviceErrorCode: 65601, code: "REVOKED_ACCESS_TOKEN"}],
    ["version-sunset", 426, {code: "NONEXISTENT_VERSION", message: "Requested version 20260901 is not active"}],
    ["no-permission", 403, {serviceErrorCode: 100, code: "ACCESS_DENIED"}],
    ["unprocessable", 422, {message: "Input validation failed", status: 422}]
  ])("%s refuses every call with %i", async (fault, status, body) => {
    await using own = await started({faults: [fault]});
    expect(await own.page(listing)).toMatchObject({status, body});
    expect(await own.member(`${analytics}COMMENT`)).toMatchObject({status, body});
  });

  it("member-tier-missing is a 404 of the member's endpoints alone", async () => {
    await using own = await started({faults: ["member-tier-missing"]});
    const gone = {status: 404, body: {status: 404, code: "RESOURCE_NOT_FOUND", message: "No virtual resource found"}};
    expect(await own.member(`${analytics}COMMENT`)).toMatchObject(gone);
    expect(await own.member("/rest/memberFollowersCount?q=me")).toMatchObject(gone);
    expect((await own.page(listing)).status).toBe(200);
  });

  it("retired-metric refuses a metric of posts and one of the account that served until then", async () => {
    await using own = await started();
    const {elements} = await own.body<Page>(listing.replace("count=5", "count=50"));
    const video = elements.find(({content}) => content?.media?.id.includes(":video:"))!;
    const asked = `/rest/videoAnalytics?q=entity&entity=${encodeURIComponent(video.id)}&type=`;
    for (const path of [`${asked}VIDEO_VIEW`, views]) expect((await own.page(path)).status).toBe(200);
    expect((await own.member(`${analytics}RESHARE`)).status).toBe(200);
    own.sandbox.setFaults(["retired-metric"]);
    const refused = (fieldPath: string) => ({
      status: 400,
      body: {errorDetails: {inputErrors: [{code: "PARAM_INVALID", input: {inputPath: {fieldPath}}}]}}
    });
    expect(await own.page(`${asked}VIDEO_VIEW`)).toMatchObject(refused("type"));
    expect(await own.member(`${analytics}RESHARE`)).toMatchObject(refused("queryType"));
    expect(await own.page(views)).toMatchObject({status: 404, body: {code: "RESOURCE_NOT_FOUND"}});
    expect((await own.page(`${asked}TIME_WATCHED`)).status).toBe(200);
    expect((await own.member(`${analytics}COMMENT`)).status).toBe(200);
  });
});

describe("a fault of LinkedIn's that bends an answer", () => {
  it("wrong-shape leaves likeCount out and calls a member's number value", async () => {
    await using own = await started({faults: ["wrong-shape"]});
    const [first] = await statistics(own, await idsOf(own));
    expect(first!.totalShareStatistics).not.toHaveProperty("likeCount");
    expect(first!.totalShareStatistics).toHaveProperty("commentCount");
    const {elements} = (await own.member(`${analytics}COMMENT`)).body as {elements: object[]};
    expect(Object.keys(elements[0]!).sort()).toEqual(["dateRange", "metricType", "value"]);
  });

  it("nested-counts nests a member's metric and followers", async () => {
    await using own = await started({faults: ["nested-counts"]});
    const type = "com.linkedin.adsexternalapi.memberanalytics.v1.CreatorPostAnalyticsMetricTypeV1";
    const {elements} = (await own.member(`${analytics}COMMENT`)).body as {elements: {metricType: object}[]};
    expect(elements[0]!.metricType).toEqual({[type]: "COMMENT"});
    const range = "dateRange=(start:(year:2020,month:11,day:1),end:(year:2020,month:11,day:2))";
    const reply = await own.member(`/rest/memberFollowersCount?q=dateRange&${range}`);
    expect(reply.body).toMatchObject({
      elements: [{memberFollowersCount: {followerCount: 2, dateRange: {start: {year: 2020, month: 11, day: 1}}}}]
    });
  });

  it("same-page-token leads back to the first page for ever, foreign-next to another host", async () => {
    await using own = await started({faults: ["same-page-token"]});
    const next = async (path: string) =>
      (await own.body<Page>(path)).paging.links.find(({rel}) => rel === "next")!.href;
    const again = await next(listing);
    expect((await own.body<Page>(again)).elements).toEqual((await own.body<Page>(listing)).elements);
    expect(await next(again)).toBe(again);
    own.sandbox.setFaults(["foreign-next"]);
    expect(await next(listing)).toMatch(/^http:\/\/127\.0\.0\.2/);
  });

  it("duplicate-posts repeats a post, missing-posts deletes two", async () => {
    await using own = await started();
    const plain = await idsOf(own);
    own.sandbox.setFaults(["duplicate-posts"]);
    expect(await idsOf(own)).toEqual([...plain, plain[0]]);
    own.sandbox.setFaults(["missing-posts"]);
    expect((await idsOf(own)).slice(0, 3)).toEqual(plain.slice(2));
    expect((await own.page(`/rest/posts/${encodeURIComponent(plain[0]!)}`)).status).toBe(404);
    expect((await statistics(own, plain)).map(({share}) => share)).not.toContain(plain[0]);
  });

  it("missing-elements leaves a post out of the share statistics", async () => {
    await using own = await started();
    const plain = await statistics(own, await idsOf(own));
    own.sandbox.setFaults(["missing-elements"]);
    expect(await statistics(own, await idsOf(own))).toEqual(plain.slice(1));
  });

  it("partial-429 puts one failure into a batch that is 200", async () => {
    await using own = await started({faults: ["partial-429"]});
    const ids = await idsOf(own);
    for (const path of ["posts", "socialMetadata"]) {
      const body = await own.body<Record<string, Record<string, unknown>>>(`/rest/${path}?ids=${list(ids)}`);
      expect(Object.keys(body.results!)).toEqual(ids.slice(1));
      expect(body.errors).toEqual({[ids[0]!]: {serviceErrorCode: 101, message: throttled, status: 429}});
      expect(body.statuses![ids[0]!]).toBe(429);
    }
  });

  it("unsettled-days gives the last two days fewer impressions, and no others", async () => {
    await using own = await started({night: "2020-11-12"});
    const days = async () => {
      const path = `${shares}&timeIntervals=${intervals("2020-11-01", "2020-11-13", "DAY")}`;
      return (await own.body<Elements>(path)).elements.map(one => one.totalShareStatistics.impressionCount!);
    };
    const settled = await days();
    own.sandbox.setFaults(["unsettled-days"]);
    expect(await days()).toEqual(settled.map((count, index) => (index < 10 ? count : Math.floor(count * 0.9))));
  });

  it("no-facets empties every facet of the followers", async () => {
    await using own = await started({faults: ["no-facets"]});
    const [facets] = (await own.body<{elements: Record<string, unknown>[]}>(followers)).elements;
    const lists = Object.entries(facets!).filter(([name]) => name.startsWith("followerCountsBy"));
    expect(lists.map(([, rows]) => rows)).toEqual(Array.from({length: 7}, () => []));
  });

  it("one-more-like changes one counter of the newest post, in both places where likes stand", async () => {
    await using own = await started();
    const ids = await idsOf(own);
    const likes = async () => {
      const [first, ...rest] = await statistics(own, ids);
      type Metadata = {results: Record<string, {reactionSummaries: {LIKE: {count: number}}}>};
      const {results} = await own.body<Metadata>(`/rest/socialMetadata?ids=${list(ids)}`);
      return {
        statistics: first!.totalShareStatistics.likeCount!,
        kind: results[ids[0]!]!.reactionSummaries.LIKE.count,
        rest
      };
    };
    const plain = await likes();
    own.sandbox.setFaults(["one-more-like"]);
    expect(await likes()).toEqual({...plain, statistics: plain.statistics + 1, kind: plain.kind + 1});
  });

  it("token-ends-soon shortens what is said of tokens; token-expired and token-revoked are said too", async () => {
    await using own = await started({faults: ["token-ends-soon"]});
    const {oauth2, token} = credentials.page;
    const introspected = async () =>
      (await ask(own.sandbox, "/oauth/v2/introspectToken", "nobody", form({...oauth2, token}))).body;
    const {active, expires_at} = (await introspected()) as {active: boolean; expires_at: number};
    expect(active).toBe(true);
    expect((expires_at - Date.now() / 1000) / 86_400).toBeCloseTo(3, 1);
    const fields = {grant_type: "refresh_token", ...oauth2};
    const {body} = await ask(own.sandbox, "/oauth/v2/accessToken", "nobody", form(fields));
    expect(body).toMatchObject({refresh_token_expires_in: 10 * 86_400});
    for (const status of ["expired", "revoked"]) {
      own.sandbox.setFaults([`token-${status}`]);
      expect(await introspected()).toMatchObject({active: false, status});
    }
  });

  it("refresh-lost loses an answer, but not the refresh token", async () => {
    await using own = await started({faults: ["refresh-lost"]});
    const request = form({grant_type: "refresh_token", ...credentials.page.oauth2});
    await expect(ask(own.sandbox, "/oauth/v2/accessToken", "nobody", request)).rejects.toThrow();
    own.sandbox.setFaults([]);
    expect((await ask(own.sandbox, "/oauth/v2/accessToken", "nobody", request)).status).toBe(200);
  });
});

describe("docs/sandbox-linkedin.md", () => {
  const text = readFileSync(new URL("../../docs/sandbox-linkedin.md", import.meta.url), "utf8");
  const transport = Object.keys(faultsOf("none"));
  const own = Object.entries(faultsOf("linkedin")).filter(([name]) => !transport.includes(name));

  it.each(own)("explains the switch %s", (name, what) => {
    expect(text).toContain(`| \`${name}\` | ${what} |`);
  });

  it("explains nothing else as a switch", () => {
    const table = text.slice(text.indexOf("## Faults"));
    expect([...table.matchAll(/^\| `([\w-]+)` \|/gm)].map(match => match[1])).toEqual(own.map(([name]) => name));
  });

  it("names the member's first post, which no endpoint lists", () => {
    expect(text).toContain(memberPostUrns[0]);
  });
});
