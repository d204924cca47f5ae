import type {ServerResponse} from "node:http";
import {inspect} from "node:util";
import {describe, expect, it} from "vitest";
import type {Account} from "../../connectors/connector.ts";
import {RetryableError, ShapeError} from "../../connectors/errors.ts";
import type {Extracted} from "../../connectors/extract.ts";
import {facebook} from "../../connectors/facebook.ts";
import {type Loopback, sendJson, serve} from "./loopback.ts";
import {known, lastNight, type NightOptions, night, outcome, recordsOf, stateOf, streamOf} from "./night.ts";
import {paths, without} from "./required.ts";

const canary = "EAAcanary7Zq";
const lifetime = (name: string, value: unknown) => ({name, period: "lifetime", values: [{value}]});

const page = {
  id: "7",
  name: "The mandate",
  username: "mandate",
  link: "https://www.facebook.com/7",
  followers_count: 12
};
const post = {
  id: "7_100",
  message: "Guidelines out #SOGI",
  created_time: "2020-11-20T10:00:00+0000",
  permalink_url: "https://www.facebook.com/7/posts/100",
  status_type: "shared_story",
  is_published: true,
  shares: {count: 2},
  attachments: {data: [{media_type: "link", type: "share", unshimmed_url: "https://example.org/"}]},
  reactions: {data: [], summary: {total_count: 5}},
  comments: {data: [], summary: {total_count: 0}},
  insights: {
    data: [
      lifetime("post_clicks", 9),
      lifetime("post_clicks_by_type", {"link clicks": 6, "Other Clicks": 2, "photo view": 1}),
      lifetime("post_reactions_by_type_total", {like: 3, anger: 1, THANKFUL: 1})
    ]
  }
};
const reel = {
  id: "900",
  post_id: "7_200",
  created_time: "2020-11-21T10:00:00+0000",
  description: "A reel",
  permalink_url: "/reel/900/"
};
const ofDay = {
  data: [{name: "page_media_view", period: "day", values: [{value: 4, end_time: "2020-11-30T08:00:00+0000"}]}]
};
const next = `https://graph.facebook.com/v25.0/7/published_posts?access_token=${canary}&after=two`;

function error(code: number, message: string, more: object = {}) {
  return {error: {message: `(#${code}) ${message}`, type: "OAuthException", code, ...more}};
}
const badMetric = error(100, "The value must be a valid insights metric");

interface Answers {
  page?: unknown;
  days?: unknown;
  /** By the page token. */
  posts?: (after: string | null) => unknown;
  videos?: unknown;
  /** What an item of a batch is answered; null: nothing. */
  item?: (path: string, query: URLSearchParams, turn: number) => {code: number; body: unknown} | null;
  /** An object that is asked for alone. */
  alone?: (query: URLSearchParams) => {code: number; body: unknown};
}

/** A Page whose answers are given; what is not, is as documented and empty. */
async function servePage(answers: Answers): Promise<Loopback> {
  let turn = 0;
  const handle = (response: ServerResponse, url: URL, form: URLSearchParams): void => {
    const path = url.pathname.replace(/^\/v25\.0/, "");
    if (path === "/") {
      turn++;
      const items = JSON.parse(form.get("batch")!) as {relative_url: string}[];
      const body = items.map(({relative_url}) => {
        const item = new URL(`http://graph/${relative_url}`);
        const answer = answers.item?.(item.pathname.replace(/^\/v25\.0/, ""), item.searchParams, turn);
        if (answer === null) return null;
        const {code, body: inner} = answer ?? {code: 200, body: {data: []}};
        return {code, body: JSON.stringify(inner)};
      });
      sendJson(response, 200, body);
    } else if (path === "/7") sendJson(response, 200, answers.page ?? page);
    else if (path === "/7/published_posts") {
      sendJson(response, 200, answers.posts?.(url.searchParams.get("after")) ?? {data: []});
    } else if (path === "/7/videos") sendJson(response, 200, answers.videos ?? {data: []});
    else if (path === "/7/insights") sendJson(response, 200, answers.days ?? ofDay);
    else {
      const {code, body} = answers.alone?.(url.searchParams) ?? {code: 200, body: {data: []}};
      sendJson(response, code, body);
    }
  };
  const server: Loopback = await serve((response, index, request) => {
    const url = new URL(request.url!, "http://graph");
    handle(response, url, new URLSearchParams(server.requests[index]!.form));
  });
  return server;
}

async function read(answers: Answers, options: NightOptions = {}): Promise<Extracted[]> {
  await using server = await servePage(answers);
  return await night(facebook, accountAt(server), options);
}

function accountAt({url}: Loopback): Account {
  const {apiVersion} = facebook;
  return {
    platform: "facebook",
    kind: "page",
    id: "7",
    aliases: [],
    name: "mandate",
    apiVersion,
    baseUrl: url,
    auth: {token: canary}
  };
}

/** A night that looks posts up which its listing no longer holds. */
function due(...ids: string[]): NightOptions {
  const posts = ids.map(id => known(id, new Date("2020-01-01T10:00:00Z"), "text"));
  return {states: stateOf("posts", {cursor: {read_at: lastNight.toISOString()}, due: posts})};
}

describe("an answer of Facebook that lacks a field", () => {
  it("is read when nothing lacks", async () => {
    const item = () => ({code: 200, body: {...post, id: "7_200"}});
    const results = await read({posts: () => ({data: [post]}), videos: {data: [reel]}, item});
    expect(results.map(({stream, error: fault}) => [stream, fault?.message])).toEqual(
      Object.keys(facebook.streams).map(stream => [stream, undefined])
    );
    expect(recordsOf(results)).toHaveLength(2);
  });

  // What a post may lack, what is not read of it, and the parts of a metric by kind.
  const optional =
    /^(message|status_type|is_published|shares|attachments|insights)$|^attachments|s\.data$|period$|value\./;
  const required = paths(post).filter(path => !optional.test(path));

  it.each([...required, "insights.data"])("of a post is a ShapeError that names it: %s", async path => {
    const results = await read({posts: () => ({data: [without(post, path)]})});
    const {error: fault, records} = streamOf(results, "posts");
    expect(fault).toBeInstanceOf(ShapeError);
    expect(fault!.message).toContain(`mandate posts: data.0.${path} is not as documented`);
    expect(fault!.message).not.toContain("Guidelines");
    expect(records).toEqual([]);
    expect(outcome(results, "account")).toBe("ok");
  });

  it.each(["created_time", "permalink_url", "reactions.summary", "comments"])(
    "of a post that is looked up is a ShapeError that names it: %s",
    async path => {
      const results = await read({item: () => ({code: 200, body: without(post, path)})}, due("7_100"));
      expect(streamOf(results, "posts").error).toBeInstanceOf(ShapeError);
      expect(streamOf(results, "posts").error!.message).toContain(`mandate posts: ${path} is not as documented`);
    }
  );

  it.each(["id", "created_time", "permalink_url"])("of a video is a ShapeError that names it: %s", async path => {
    const results = await read({videos: {data: [without(reel, path)]}});
    expect(streamOf(results, "posts").error).toBeInstanceOf(ShapeError);
    expect(streamOf(results, "posts").error!.message).toContain(`data.0.${path} is not as documented`);
  });

  it.each(["id", "name", "followers_count"])("of the Page is a ShapeError that names it: %s", async path => {
    const results = await read({page: without(page, path)});
    expect(streamOf(results, "account").error).toBeInstanceOf(ShapeError);
    expect(streamOf(results, "account").error!.message).toContain(`mandate account: ${path} is not as documented`);
  });

  it.each(paths(ofDay).filter(path => !path.endsWith("period")))(
    "of the Page's days is a ShapeError that names it: %s",
    async path => {
      const results = await read({days: without(ofDay, path)});
      expect(streamOf(results, "account_days").error).toBeInstanceOf(ShapeError);
      expect(streamOf(results, "account_days").error!.message).toContain(`${path} is not as documented`);
    }
  );

  it("ends with a ShapeError where the next page has no cursor, instead of leaving older posts out", async () => {
    const results = await read({posts: () => ({data: [post], paging: {next}})});
    expect(streamOf(results, "posts").error).toBeInstanceOf(ShapeError);
    expect(streamOf(results, "posts").error!.message).toContain("paging.cursors.after is not as documented");
    expect(inspect(results, {depth: null})).not.toContain(canary);
  });
});

describe("kinds of clicks and reactions", () => {
  it("land under names in lower case without spaces, also those that nobody knew", async () => {
    const results = await read({posts: () => ({data: [post]})});
    expect(recordsOf(results)[0]!.insights).toEqual({
      post_clicks: 9,
      post_clicks_by_type: {link_clicks: 6, other_clicks: 2, photo_view: 1},
      post_reactions_by_type_total: {like: 3, anger: 1, thankful: 1}
    });
  });
});

describe("the address of a next page", () => {
  it("is never followed nor kept, because it holds the token", async () => {
    const first = {data: [post], paging: {cursors: {after: "two"}, next: next.replace("graph.", "elsewhere.")}};
    await using server = await servePage({
      posts: after => (after === null ? first : {data: [{...post, id: "7_99"}], paging: {cursors: {after: "three"}}})
    });
    const results = await night(facebook, accountAt(server));
    expect(recordsOf(results).map(({id}) => id)).toEqual(["7_100", "7_99"]);
    expect(inspect([results, server.requests], {depth: null})).not.toContain(canary);
  });
});

describe("a reel that only the list of videos gives", () => {
  const insightsOfReel = {data: [lifetime("blue_reels_play_count", 40), lifetime("post_video_view_time", 9000)]};

  it("is looked up for its counters", async () => {
    const whole = {
      ...post,
      id: "7_200",
      permalink_url: "https://www.facebook.com/reel/900/",
      attachments: {data: [{media_type: "video", type: "video_inline", target: {id: "900"}}]}
    };
    const item = (path: string) => ({code: 200, body: path === "/7_200" ? whole : insightsOfReel});
    const results = await read({posts: () => ({data: [post]}), videos: {data: [reel]}, item});
    expect(outcome(results, "posts")).toBe("ok");
    expect(recordsOf(results).map(({id}) => id)).toEqual(["7_100", "7_200"]);
    expect(recordsOf(results)[1]).toMatchObject({
      reaction_count: 5,
      insights_status: "ok",
      insights: {post_clicks: 9},
      video_status: "ok",
      video: {blue_reels_play_count: 40, post_video_view_time: 9000}
    });
  });

  it("stays as it was listed when nothing is found under its post", async () => {
    const item = (path: string) =>
      path === "/7_200"
        ? {code: 400, body: error(100, "Unsupported get request.", {error_subcode: 33})}
        : {code: 200, body: insightsOfReel};
    const results = await read({videos: {data: [reel]}, item});
    expect(outcome(results, "posts")).toBe("ok");
    expect(recordsOf(results)).toEqual([
      expect.objectContaining({
        id: "7_200",
        text: "A reel",
        insights: null,
        video: {blue_reels_play_count: 40, post_video_view_time: 9000}
      })
    ]);
    expect(recordsOf(results)[0]).not.toHaveProperty("is_gone");
    expect(recordsOf(results)[0]!.insights_status).not.toBe("ok");
  });
});

describe("a batch", () => {
  const ids = Array.from({length: 60}, (_, index) => `7_${100 + index}`);
  const found = (path: string) => ({code: 200, body: {...post, id: path.slice(1)}});

  it("of more than fifty is two, and an item that was not answered is asked for once more", async () => {
    const item = (path: string, _query: URLSearchParams, turn: number) =>
      turn === 1 && path === "/7_103" ? null : found(path);
    const results = await read({item}, due(...ids));
    expect(outcome(results, "posts")).toBe("ok");
    expect(
      recordsOf(results)
        .map(({id}) => id)
        .sort()
    ).toEqual([...ids].sort());
    expect(streamOf(results, "posts").requests.at(-1)).toMatchObject({httpCalls: 3, countedCalls: 61, status: "ok"});
  });

  it.each([
    ["is never answered", null],
    ["is over the limit of calls", {code: 400, body: error(80001, "There have been too many calls to this Page.")}],
    ["fails in passing", {code: 500, body: error(2, "An unexpected error has occurred.", {is_transient: true})}]
  ])("of which an item %s ends the stream until the next night, and keeps the others", async (_, answer) => {
    const item = (path: string) => (path === "/7_103" ? answer : found(path));
    const results = await read({item}, due(...ids.slice(0, 50)));
    const {error: fault, cursor, records} = streamOf(results, "posts");
    expect(fault).toBeInstanceOf(RetryableError);
    expect(cursor).toBeUndefined();
    expect(records.map(({id}) => id)).toEqual(ids.slice(0, 50).filter(id => id !== "7_103"));
  });

  it("shows a metric that every item refuses by one of them, asked for alone", async () => {
    const answer = (query: URLSearchParams) =>
      query.get("fields")!.includes("post_video_views") ? {code: 400, body: badMetric} : {code: 200, body: post};
    const item = (path: string, query: URLSearchParams) => {
      const {code, body} = answer(query);
      return code === 200 ? found(path) : {code, body};
    };
    const results = await read({item, alone: answer}, due(...ids.slice(0, 3)));
    expect(outcome(results, "posts")).toBe("ok");
    expect(streamOf(results, "posts").cursor!.refused).toEqual({post_video_views: "2020-11-30"});
    expect(recordsOf(results).map(({insights_status}) => insights_status)).toEqual(["ok", "ok", "ok"]);
  });

  it("holds no metric to be retired when one post alone refuses it", async () => {
    const refused = error(100, "Tried accessing nonexisting field (insights) on node type (Video)");
    const item = (path: string, query: URLSearchParams) =>
      path === "/7_101" && query.get("fields")!.includes("insights") ? {code: 400, body: refused} : found(path);
    const results = await read({item}, due("7_100", "7_101", "7_102"));
    expect(outcome(results, "posts")).toBe("ok");
    expect(streamOf(results, "posts").cursor).not.toHaveProperty("refused");
    const byId = new Map(recordsOf(results).map(record => [record.id, record]));
    expect(byId.get("7_101")).toMatchObject({
      insights_status: "not_offered",
      summaries_status: "ok",
      reaction_count: 5
    });
    expect(byId.get("7_102")).toMatchObject({insights_status: "ok"});
  });

  it("of one post without insights reads it without", async () => {
    const refused = error(100, "Tried accessing nonexisting field (insights) on node type (Video)");
    const answer = (query: URLSearchParams) =>
      query.get("fields")!.includes("insights") ? {code: 400, body: refused} : {code: 200, body: post};
    const results = await read({item: (_, query) => answer(query), alone: answer}, due("7_100"));
    expect(outcome(results, "posts")).toBe("ok");
    expect(streamOf(results, "posts").cursor).not.toHaveProperty("refused");
    expect(recordsOf(results)).toEqual([expect.objectContaining({insights_status: "not_offered", reaction_count: 5})]);
  });
});
