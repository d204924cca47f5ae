import {describe, expect, it} from "vitest";
import type {Account, Connector} from "../../connectors/connector.ts";
import {AuthError, GoneError, PartError, WithdrawnError} from "../../connectors/errors.ts";
import type {Extracted} from "../../connectors/extract.ts";
import {instagram} from "../../connectors/instagram.ts";
import {linkedin} from "../../connectors/linkedin.ts";
import type {StreamState} from "../../connectors/plan.ts";
import {daysAgo, pageOf, post, share, shown, textsIn} from "./linkedin-server.ts";
import {type Loopback, sendJson, serve} from "./loopback.ts";
import {callsOf, lastNight, night, plan, recordsOf, stateOf, statesAfter, streamOf} from "./night.ts";
import {daysAfter} from "./sandbox-night.ts";

/** What a server refuses: the status and body of a refusal by the address, undefined for what it serves. */
type Refused = (url: URL) => [status: number, body: object] | undefined;

const noResource = {status: 404, code: "RESOURCE_NOT_FOUND", message: "No virtual resource found"};
const start = daysAgo(1).getTime();
const video = "urn:li:ugcPost:7000000000000000002";

/** A page of LinkedIn with a text and a video, by the tail of each path. */
const page: Record<string, (url: URL) => object> = {
  "urn%3Ali%3Aorganization%3A7": () => ({firstDegreeSize: 3}),
  "7": () => ({id: 7, localizedName: "The mandate"}),
  organizationalEntityFollowerStatistics: url =>
    url.searchParams.has("timeIntervals")
      ? {elements: [{timeRange: {start}, followerGains: {organicFollowerGain: 1, paidFollowerGain: 0}}]}
      : {elements: [{}]},
  organizationalEntityShareStatistics: url => ({
    elements: url.searchParams.has("timeIntervals")
      ? [{timeRange: {start}, totalShareStatistics: shown(3)}]
      : ["share", "ugcPost"].flatMap(type =>
          textsIn(url.searchParams.get(`${type}s`)).map(id => ({[type]: id, totalShareStatistics: shown(1)}))
        )
  }),
  organizationPageStatistics: () => ({
    elements: [{timeRange: {start}, totalPageStatistics: {views: {allPageViews: {pageViews: 8}}}}]
  }),
  posts: () =>
    pageOf([post(share(1), daysAgo(1)), post(video, daysAgo(2), {content: {media: {id: "urn:li:video:A"}}})]),
  socialMetadata: url => ({
    results: Object.fromEntries(textsIn(url.searchParams.get("ids")).map(id => [id, {reactionSummaries: {}}]))
  }),
  videoAnalytics: () => ({elements: [{value: 3}]})
};

function pageWithout(refused: Refused): Promise<Loopback> {
  return serve((response, _index, request) => {
    const url = new URL(request.url!, "http://localhost");
    const refusal = refused(url);
    if (refusal === undefined) sendJson(response, 200, page[url.pathname.split("/").at(-1)!]!(url));
    else sendJson(response, ...refusal);
  });
}

function accountAt(server: Loopback, connector: Connector = linkedin, kind = "page"): Account {
  const {platform, apiVersion} = connector;
  return {platform, kind, id: "7", aliases: [], name: "mandate", apiVersion, baseUrl: server.url, auth: {token: "t"}};
}

const endsWith =
  (tail: string, status: number, body: object): Refused =>
  url =>
    url.pathname.endsWith(tail) ? [status, body] : undefined;

const errorsOf = (results: readonly Extracted[]) => results.flatMap(({error}) => error ?? []);

/** What is known before another night: the cursors, and no post. */
const cursorsOf = (results: readonly Extracted[]): Map<string, StreamState> => statesAfter(results, () => []);

describe("a series that the platform withdrew", () => {
  it.each([
    ["404, no such resource", 404, noResource],
    ["a plain 404", 404, {status: 404, message: "Not Found"}],
    ["410", 410, {status: 410, message: "Gone"}]
  ])("by %s is no failure: one call finds it, and it rests for a month", async (_told, status, body) => {
    await using server = await pageWithout(endsWith("organizationPageStatistics", status, body));
    const account = accountAt(server);
    const results = await night(linkedin, account);
    expect(errorsOf(results)).toEqual([]);
    const {records, cursor, refused, requests} = streamOf(results, "page_views");
    expect([records, refused]).toEqual([[], ["allPageViews"]]);
    expect(cursor).toEqual({
      read_at: lastNight.toISOString(),
      read_on: "2020-11-30",
      every_days: 30,
      refused: {allPageViews: "2020-11-30"}
    });
    expect(requests).toMatchObject([
      {endpoint: "/rest/organizationPageStatistics", status: "not_offered", httpCalls: 1}
    ]);

    const [next, month] = [1, 30].map(days => daysAfter(lastNight, days)) as [Date, Date];
    const states = cursorsOf(results);
    const quiet = await night(linkedin, account, {states, at: next});
    expect(errorsOf(quiet)).toEqual([]);
    expect(quiet.map(({stream}) => stream)).not.toContain("page_views");
    expect(plan(linkedin, account, {states, at: month}).map(({stream}) => stream)).toContain("page_views");
    const again = streamOf(await night(linkedin, account, {states, at: month}), "page_views");
    expect(again.cursor).toMatchObject({
      refused: {allPageViews: "2020-12-30"},
      refused_since: {allPageViews: "2020-11-30"}
    });
    expect(again.refused).toEqual([]); // nothing new to tell
  });

  it("is read again when the platform gives it again, the days since then with it", async () => {
    await using server = await pageWithout(() => undefined);
    const at = daysAfter(lastNight, 30);
    const cursor = {read_at: lastNight.toISOString(), every_days: 30, refused: {allPageViews: "2020-11-30"}};
    const results = await night(linkedin, accountAt(server), {states: stateOf("page_views", {cursor}), at});
    expect(streamOf(results, "page_views").cursor).toEqual({read_at: at.toISOString(), read_on: "2020-12-30"});
    expect(recordsOf(results, "page_views")).toHaveLength(1);
    const [asked] = server.requests.filter(({url}) => url.includes("organizationPageStatistics"));
    const first = Number(/start:(\d+)/.exec(asked!.url)![1]);
    expect(new Date(first).toISOString()).toBe("2020-11-27T00:00:00.000Z");
  });

  it("is found on Instagram by its one metric", async () => {
    const user = {id: "7", username: "mandate", followers_count: 120};
    await using server = await serve((response, _index, request) => {
      const url = new URL(request.url!, "http://localhost");
      const metric = url.searchParams.get("metric");
      const refusal = {error: {message: "(#100) Invalid metric", type: "OAuthException", code: 100}};
      if (metric === "follows_and_unfollows") sendJson(response, 400, refusal);
      else sendJson(response, 200, /\/(media|stories|insights)$/.test(url.pathname) ? {data: []} : user);
    });
    const account = accountAt(server, instagram);
    const results = await night(instagram, account);
    expect(errorsOf(results)).toEqual([]);
    expect(streamOf(results, "follows").cursor).toMatchObject({refused: {follows_and_unfollows: "2020-11-30"}});
    const planned = plan(instagram, account, {states: cursorsOf(results), at: daysAfter(lastNight, 1)});
    expect(planned.map(({stream}) => stream)).not.toContain("follows");
  });
});

describe("a breakdown or a part that the platform withdrew", () => {
  it("of followers rests like a series, and the gains by day go on at the same address", async () => {
    const isFacets = (url: URL): boolean =>
      url.pathname.endsWith("FollowerStatistics") && !url.searchParams.has("timeIntervals");
    await using server = await pageWithout(url => (isFacets(url) ? [404, noResource] : undefined));
    const results = await night(linkedin, accountAt(server));
    expect(errorsOf(results)).toEqual([]);
    expect(streamOf(results, "audience").cursor).toMatchObject({
      every_days: 30,
      refused: {followerCounts: "2020-11-30"}
    });
    expect(recordsOf(results, "follower_gains")).toHaveLength(1);
  });

  it.each([
    ["socialMetadata", "reactions", ["reactionSummaries"]],
    [
      "organizationalEntityShareStatistics",
      "statistics",
      ["impressionCount", "uniqueImpressionsCount", "clickCount", "likeCount", "commentCount", "shareCount"]
    ],
    ["videoAnalytics", "video", ["VIDEO_VIEW"]]
  ])(
    "of posts at %s says so with each post, and is not asked for again the next night",
    async (tail, part, metrics) => {
      await using server = await pageWithout(endsWith(tail, 404, noResource));
      const account = accountAt(server);
      const results = await night(linkedin, account);
      expect(errorsOf(results)).toEqual([]);
      const {cursor, refused, requests} = streamOf(results, "posts");
      expect(refused).toEqual(metrics);
      expect(Object.keys(cursor!.refused!)).toEqual(metrics);
      expect(requests.find(({endpoint}) => endpoint === `/rest/${tail}`)).toMatchObject({httpCalls: 1});
      const posts = recordsOf(results);
      expect(posts.map(record => record[`${part}_status`])).toEqual(posts.map(() => "not_offered"));
      const states = stateOf("posts", {cursor: cursor!});
      const again = await night(linkedin, account, {states, at: daysAfter(lastNight, 1)});
      expect(callsOf(again, "posts")).toBe(callsOf(results, "posts") - 1);
      expect(streamOf(again, "posts").refused).toEqual([]);
    }
  );
});

describe("a refusal that is another matter", () => {
  const isWhole = (results: readonly Extracted[]): boolean =>
    results.every(({cursor, refused}) => cursor?.refused === undefined && refused.length === 0);

  it.each([
    ["a missing permission", 403, {status: 403, serviceErrorCode: 100, code: "ACCESS_DENIED"}, PartError],
    ["a token that ended", 401, {status: 401, serviceErrorCode: 65602}, AuthError]
  ])("such as %s withdraws nothing", async (_name, status, body, Kind) => {
    await using server = await pageWithout(endsWith("organizationPageStatistics", status, body));
    const results = await night(linkedin, accountAt(server));
    expect(streamOf(results, "page_views").error).toBeInstanceOf(Kind);
    expect(isWhole(results)).toBe(true);
  });

  it("such as a page in HTML, a gateway's, withdraws nothing", async () => {
    await using server = await serve((response, _index, request) => {
      const url = new URL(request.url!, "http://localhost");
      const tail = url.pathname.split("/").at(-1)!;
      if (tail === "organizationPageStatistics") response.writeHead(404).end("<h1>Not Found</h1>");
      else sendJson(response, 200, page[tail]!(url));
    });
    const results = await night(linkedin, accountAt(server));
    expect(streamOf(results, "page_views").error).toBeInstanceOf(GoneError);
    expect(isWhole(results)).toBe(true);
  });

  it.each([
    ["an account that is not there", {status: 404, message: "Could not find entity"}, GoneError],
    ["a product that the app lacks", noResource, WithdrawnError]
  ])("such as %s fails every stream, each with what to do", async (_name, body, Kind) => {
    await using server = await pageWithout(() => [404, body]);
    const results = await night(linkedin, accountAt(server));
    expect(results).toHaveLength(7);
    for (const {error, cursor} of results) {
      expect(error).toBeInstanceOf(Kind);
      expect(error!.message).toContain("check the account's id and kind (docs/linkedin.md)");
      expect(cursor).toBeUndefined();
    }
  });

  it("such as one video that is gone withdraws no metric", async () => {
    await using server = await pageWithout(endsWith("videoAnalytics", 404, {status: 404, message: "Not found"}));
    const results = await night(linkedin, accountAt(server));
    expect(errorsOf(results)).toEqual([]);
    expect(recordsOf(results).find(({id}) => id === video)).toMatchObject({video: null, video_status: "expired"});
    expect(isWhole(results)).toBe(true);
  });
});
