import {afterAll, beforeAll, describe, expect, it} from "vitest";
import type {Account, KnownPost, LandedRecord} from "../../connectors/connector.ts";
import type {Extracted} from "../../connectors/extract.ts";
import {facebook} from "../../connectors/facebook.ts";
import {faultsOf, type Sandbox, startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {contentItems, type ItemType} from "../../connectors/sandbox/world.ts";
import {expectTold, outcomesAlike, pageSizes} from "./graph-faults.ts";
import {
  accountOf,
  callsOf,
  known,
  lastNight,
  type NightOptions,
  night as nightOf,
  outcome,
  plan,
  recordsOf,
  refresh,
  stateOf,
  streamOf
} from "./night.ts";
import {daysAfter, plannedAndMade, sandboxNight, statesBefore} from "./sandbox-night.ts";
import {staged} from "./staged.ts";

const streams = Object.keys(facebook.streams);
const metrics = facebook.streams.posts!.parts!.insights!.metrics!;

let demo: Sandbox;
let many: Sandbox;
beforeAll(async () => {
  [demo, many] = await Promise.all([
    startSandbox({only: ["facebook"]}),
    startSandbox({posts: 1000, only: ["facebook"]})
  ]);
});
afterAll(async () => {
  await Promise.all([demo.close(), many.close()]);
});

function account(sandbox: Sandbox, token?: "user" | "limited" | "expired" | "loggedOut"): Account {
  const [offered] = sandbox.accounts;
  return accountOf(facebook, offered!, token === undefined ? offered!.auth : offered!.otherAuth[token]!);
}

function night(sandbox: Sandbox, options: NightOptions = {}, faults: string[] = []): Promise<Extracted[]> {
  return sandboxNight(facebook, account(sandbox), sandbox, options, faults);
}

/** As the staging model types them, as far as a plan minds. */
function typeOf({permalink, video_id}: LandedRecord): string {
  return String(permalink).includes("/reel/") ? "short" : video_id === undefined ? "other" : "video";
}

/** So many posts that last night's listing, or any of the nights after it, no longer holds. */
async function oldPosts(count: number): Promise<KnownPost[]> {
  const records = recordsOf(await night(many)).slice(500, 500 + count);
  return records.map(record => known(String(record.id), new Date(String(record.published_at)), typeOf(record)));
}

function isWhole(results: Extracted[]): void {
  expect(results.map(({stream, error}) => [stream, error?.message])).toEqual(streams.map(name => [name, undefined]));
}

describe("a night of Facebook", () => {
  it("lists a thousand posts at first, and reads fifty videos, in at most 14 calls", async () => {
    const results = await night(many);
    isWhole(results);
    const records = recordsOf(results);
    expect(new Set(records.map(({id}) => id)).size).toBe(1000);
    expect(records.filter(({video_id}) => typeof video_id === "string")).toHaveLength(50);
    expect(records.filter(({video}) => (video ?? null) !== null)).toHaveLength(50);
    expect(callsOf(results, "posts")).toBeLessThanOrEqual(14);
    expect(many.requests()).toHaveLength(streams.reduce((sum, stream) => sum + callsOf(results, stream), 0));
    const batch = streamOf(results, "posts").requests.find(({endpoint}) => endpoint.startsWith("batch"));
    expect(batch).toMatchObject({httpCalls: 1, countedCalls: 50});
  });

  it("is planned before the first night as at most what it takes", async () => {
    const listed = plan(facebook, account(many)).filter(({stream}) => stream === "posts");
    expect(listed.map(({how, listing, part, bound}) => [how, listing, part, bound])).toEqual([
      ["list", 0, undefined, "upper"],
      ["list", 1, undefined, "upper"],
      ["part", 0, "video", "upper"]
    ]);
    const {planned, made} = plannedAndMade(facebook, account(many), {}, await night(many));
    for (const stream of streams) expect(planned[stream]).toBeGreaterThanOrEqual(made[stream]!);
  });

  it.each([
    ["the next night", 1],
    ["a week later, when who follows is read again", 7]
  ])("%s makes exactly the calls that are planned, at most 7", async (_, days) => {
    const at = daysAfter(lastNight, days);
    const options = {states: statesBefore(await night(many), at, typeOf), at};
    expect(plan(facebook, account(many), options).map(({bound}) => bound)).not.toContain("upper");
    const results = await night(many, options);
    const {planned, made} = plannedAndMade(facebook, account(many), options, results);
    expect(made).toEqual(planned);
    expect(many.requests()).toHaveLength(plan(facebook, account(many), options).length);
    expect(many.requests().length).toBeLessThanOrEqual(7);
    expect(results.map(({error}) => error)).toEqual(results.map(() => undefined));
  });

  it("plans no call for animated pictures, which pass for videos and have no id of one", async () => {
    const gif = contentItems.find(({type, platforms}) => type === "gif" && platforms.includes("facebook"))!;
    const [first, second] = [2, 3].map(days => daysAfter(new Date(`${gif.publishedAt.slice(0, 10)}T23:59:59Z`), days));
    const before = await night(demo, {at: first!});
    const [picture] = recordsOf(before).filter(({published_at}) => published_at === gif.publishedAt);
    expect(picture).toMatchObject({video_id: null, video_status: "not_offered"});
    const listed = statesBefore(before, second!, typeOf);
    expect(listed.get("posts")!.known.find(({id}) => id === picture!.id)).toMatchObject({type: "video"});
    // The same where it is due by its age.
    const {cursor, known: all} = listed.get("posts")!;
    const isPicture = ({id}: KnownPost): boolean => id === picture!.id;
    const due = stateOf("posts", {cursor, due: all.filter(isPicture), known: all.filter(post => !isPicture(post))});
    for (const states of [listed, due]) {
      const options = {states, at: second!};
      const counted = plan(facebook, account(demo), options)
        .filter(({stream}) => stream === "posts")
        .reduce((sum, {countedCalls}) => sum + countedCalls, 0);
      const {requests} = streamOf(await night(demo, options), "posts");
      expect(requests.reduce((sum, {countedCalls}) => sum + countedCalls, 0)).toBe(counted);
    }
  });

  it("looks older posts up in batches of fifty, by type and with what they have", async () => {
    const due = await oldPosts(120);
    const states = stateOf("posts", {cursor: {read_at: lastNight.toISOString()}, due});
    const planned = plan(facebook, account(many), {states}).filter(({how}) => how === "lookup");
    expect(planned.map(({httpCalls, countedCalls}) => [httpCalls, countedCalls])).toEqual([
      [1, 50],
      [1, 50],
      [1, 20]
    ]);
    const results = await night(many, {states});
    const found = new Map(recordsOf(results).map(record => [record.id, record]));
    for (const {id} of due) expect(found.get(id)).toMatchObject({insights_status: "ok", summaries_status: "ok"});
    const batches = streamOf(results, "posts").requests.filter(({endpoint}) => endpoint.startsWith("batch"));
    expect(batches.map(({endpoint, httpCalls, countedCalls}) => [endpoint, httpCalls, countedCalls])).toEqual([
      ["batch of /{post}", 3, 120],
      [
        "batch of /{video}/video_insights",
        1,
        recordsOf(results).filter(({video_id}) => typeof video_id === "string").length
      ]
    ]);
  });

  it("marks a due post that the platform no longer has as gone", async () => {
    const gone = `${account(demo).id}_122091000000000000`;
    const kept = recordsOf(await night(demo)).at(-1)!.id as string;
    const due = [gone, kept].map(id => known(id, new Date("2019-09-04T00:00:00Z"), "text"));
    const results = await night(demo, {states: stateOf("posts", {cursor: {read_at: lastNight.toISOString()}, due})});
    expect(outcome(results, "posts")).toBe("ok");
    expect(recordsOf(results)).toContainEqual({id: gone, is_gone: true});
    expect(recordsOf(results)).toContainEqual(expect.objectContaining({id: kept, insights_status: "ok"}));
  });

  it("asks for nothing about a person, and lands nothing of anybody else", async () => {
    const results = await night(demo);
    const asked = JSON.stringify(demo.requests());
    expect(asked).toContain("reactions.limit(0).summary(total_count),comments.limit(0).summary(total_count)");
    expect(asked).not.toMatch(/\b(from|to|tags|story|viewer_reaction|comments\{|reactions\{|city|gender)\b/);
    expect(asked).not.toMatch(/\/(feed|comments|reactions|likes)\b/);
    const landed = JSON.stringify(results);
    expect(landed).not.toMatch(/visitor|A made-up comment|A draft|viewer_reaction|can_comment/);
  });
});

describe("the demo's posts on Facebook", () => {
  const types: Partial<Record<ItemType, string>> = {gif: "video", poll: "text", document: "link"};

  it("have a type each, and the toy posts their counters at 28 days", async () => {
    const nights = new Map([
      ["2020-07-16", await night(demo, {at: new Date("2020-07-16T23:59:59Z")})],
      ["2020-11-30", await night(demo)]
    ]);
    await using warehouse = await staged(account(demo), nights);
    const posts = await warehouse.rows(
      "select strftime(published_at, '%Y-%m-%dT%H:%M:%S.000Z') as published_at, text, post_type from mart.post order by 1, 2"
    );
    const items = contentItems
      .filter(({platforms}) => platforms.includes("facebook"))
      .map(({publishedAt, text, type, number, toy}) => ({
        published_at: publishedAt,
        text,
        post_type: type === "video" && number % 2 === 0 && toy === undefined ? "short" : (types[type] ?? type)
      }))
      .sort((a, b) => a.published_at.localeCompare(b.published_at) || (a.text < b.text ? -1 : 1));
    expect(posts).toEqual(items);

    const aged = await warehouse.rows(`
      select p.post_type, [a.reach, a.views, a.reactions, a.reactions__like, a.reactions__love, a.reactions__care,
        a.reactions__haha, a.reactions__wow, a.reactions__sad, a.reactions__angry, a.comments, a.shares, a.saves,
        a.clicks]::int[] as counters
      from mart.post_at_age_28 as a join mart.post as p on p.post_id = a.post_id
      where p.text like '%ASPIRE%' order by a.reach desc`);
    expect(aged).toEqual([
      {post_type: "image", counters: [1200, 1500, 100, 60, 30, 6, 1, 1, 1, 1, 12, 24, null, 36]},
      {post_type: "video", counters: [900, 1260, 54, 40, 10, 0, 0, 0, 2, 2, 6, 9, null, 18]}
    ]);
    const links = await warehouse.rows<{n: number}>(`
      select count(*)::int as n from mart.post_metric as m join mart.post as p on p.post_id = m.post_id
      where m.metric = 'clicks' and m.kind = 'link' and p.post_type = 'link' and m.value > 0`);
    expect(links[0]!.n).toBeGreaterThan(10);
  });
});

describe("a metric that is retired between two nights", () => {
  const retired = {post: "post_clicks", page: "page_views_total"};
  const first = new Date("2020-10-15T23:59:59Z");
  const [second, third, late] = [1, 2, 31].map(days => daysAfter(first, days)) as [Date, Date, Date];

  it("is found, kept apart with its date, and asked for again after thirty days", async () => {
    const before = await night(many, {at: first});
    expect(streamOf(before, "posts").cursor).not.toHaveProperty("refused");
    const found = await night(many, {states: statesBefore(before, second, typeOf), at: second}, ["retired-metric"]);
    expect(found.map(({error}) => error)).toEqual(found.map(() => undefined));
    expect(streamOf(found, "posts").cursor).toMatchObject({refused: {[retired.post]: "2020-10-16"}});
    expect(streamOf(found, "account_days").cursor).toMatchObject({refused: {[retired.page]: "2020-10-16"}});
    expect(recordsOf(found).length).toBeGreaterThan(20);
    for (const record of recordsOf(found)) {
      expect(record.insights_status).toBe("ok");
      expect(Object.keys(record.insights as object).sort()).toEqual(metrics.filter(one => one !== retired.post).sort());
    }
    const days = recordsOf(found, "account_days");
    expect(days.map(({metric}) => metric)).not.toContain(retired.page);
    expect(new Set(days.map(({metric}) => metric)).size).toBe(7);

    const options = {states: statesBefore(found, third, typeOf), at: third};
    const quiet = await night(many, options, ["retired-metric"]);
    const {planned, made} = plannedAndMade(facebook, account(many), options, quiet);
    expect(made).toEqual(planned);
    const asked = JSON.stringify(many.requests());
    expect(asked).not.toMatch(/page_views_total|post_clicks[,)]/);
    expect(streamOf(quiet, "posts").cursor).toMatchObject({refused: {[retired.post]: "2020-10-16"}});

    const still = await night(many, {states: statesBefore(quiet, late, typeOf), at: late}, ["retired-metric"]);
    expect(streamOf(still, "posts").cursor).toMatchObject({refused: {[retired.post]: "2020-11-15"}});
    const again = await night(many, {states: statesBefore(quiet, late, typeOf), at: late});
    expect(JSON.stringify(many.requests())).toMatch(/post_clicks[,)]/);
    expect(streamOf(again, "posts").cursor).not.toHaveProperty("refused");
    expect(recordsOf(again)[0]!.insights).toHaveProperty(retired.post);
    expect(new Set(recordsOf(again, "account_days").map(({metric}) => metric))).toContain(retired.page);
  });

  it("leaves a gap that says so in the warehouse, and no zero", async () => {
    const results = await night(demo, {at: second}, ["retired-metric"]);
    await using warehouse = await staged(account(demo), new Map([["2020-10-16", results]]));
    const clicks = await warehouse.rows(
      "select distinct value, status from mart.post_metric where metric = 'clicks' and kind is null"
    );
    expect(clicks).toEqual([{value: null, status: "not_offered"}]);
    const views = await warehouse.rows("select distinct status from mart.post_metric where metric = 'views'");
    expect(views).toContainEqual({status: "ok"});
    const days = await warehouse.rows(
      "select on_date, value, status from mart.account_metric where metric = 'page_views'"
    );
    expect(days).toEqual([{on_date: "2020-10-16", value: null, status: "not_offered"}]);
  });

  it("that is all of its stream lets the stream rest until it is asked for again", async () => {
    const refused = await night(demo);
    expect(streamOf(refused, "audience").cursor).toMatchObject({every_days: 30});
    expect(streamOf(refused, "posts").cursor).not.toHaveProperty("every_days");
    const served = await night(demo, {}, ["serve-demographics"]);
    expect(streamOf(served, "audience").cursor).toMatchObject({every_days: refresh.audience});
  });

  it("of a batch is found with the posts that are looked up", async () => {
    const due = await oldPosts(60);
    const states = stateOf("posts", {cursor: {read_at: lastNight.toISOString()}, due});
    const at = daysAfter(lastNight, 40);
    const results = await night(many, {states, at}, ["retired-metric"]);
    expect(outcome(results, "posts")).toBe("ok");
    expect(streamOf(results, "posts").cursor!.refused).toHaveProperty(retired.post);
    const found = recordsOf(results).filter(({id}) => due.some(post => post.id === id));
    expect(found).toHaveLength(60);
    for (const {insights} of found) expect(Object.keys(insights as object)).toHaveLength(metrics.length - 1);
  });
});

describe("what a token does not reach", () => {
  it("ends the account at once when the token is over", async () => {
    for (const token of ["expired", "loggedOut"] as const) {
      demo.resetRequests();
      const results = await nightOf(facebook, account(demo, token));
      expect(results.map(({stream, error}) => [stream, error?.name])).toEqual([["account", "AuthError"]]);
      expect(results[0]!.error!.message).toContain("make a new one (docs/facebook.md) and put it into .env");
      expect(demo.requests()).toHaveLength(1);
    }
  });

  it("leaves out reactions and comments where their permission is missing, and keeps the rest", async () => {
    const results = await night(many, {}, ["permission-lost"]);
    isWhole(results);
    const records = recordsOf(results);
    expect(records).toHaveLength(1000);
    for (const record of records) {
      expect(record).toMatchObject({
        summaries_status: "not_permitted",
        insights_status: "ok",
        reaction_count: null,
        comment_count: null
      });
      expect(record.insights).toHaveProperty("post_media_view");
    }
    // Found on the first page, and not asked again on the nine others.
    expect(callsOf(results, "posts")).toBeLessThanOrEqual(14);
  });

  it("leaves them out of posts that are looked up too", async () => {
    const due = await oldPosts(70);
    const at = daysAfter(lastNight, 40);
    const states = stateOf("posts", {cursor: {read_at: lastNight.toISOString()}, due});
    const results = await night(many, {states, at}, ["permission-lost"]);
    expect(outcome(results, "posts")).toBe("ok");
    const found = recordsOf(results).filter(({id}) => due.some(post => post.id === id));
    expect(found).toHaveLength(70);
    for (const record of found) {
      expect(record).toMatchObject({summaries_status: "not_permitted", insights_status: "ok", reaction_count: null});
    }
  });

  it("says that insights are empty, never zero, without the permission for them", async () => {
    demo.resetRequests();
    const results = await nightOf(facebook, account(demo, "limited"));
    isWhole(results);
    expect(recordsOf(results, "account_days")).toEqual([]);
    for (const record of recordsOf(results)) {
      expect(record).toMatchObject({insights: {}, summaries_status: "not_permitted", reaction_count: null});
    }
  });
});

describe("a fault", () => {
  const outcomes: Record<string, string[]> = {
    ...outcomesAlike(streams),
    "unlisted-reel": streams.map(() => "ok"),
    // The refusal of who follows by country is a 400, whose body cannot be read.
    "bad-json": ["ShapeError", "ShapeError", "ConfigError", "ShapeError"],
    "permission-lost": streams.map(() => "ok"),
    "wrong-shape": ["ok", "ok", "ok", "ShapeError"],
    "serve-demographics": streams.map(() => "ok")
  };

  it.each(Object.entries(outcomes))("%s leaves the streams %j, and the token nowhere", async (fault, expected) => {
    const sandbox = fault === "same-page-token" ? many : demo;
    const results = await night(sandbox, {timeout: 1000}, [fault]);
    expect(streams.map(stream => outcome(results, stream))).toEqual(expected);
    expectTold(results, sandbox, account(sandbox).auth!.token!);
  });

  it("of every switch has its outcome here", () => {
    expect(Object.keys(outcomes).sort()).toEqual(Object.keys(faultsOf("facebook")).sort());
  });

  it("of too much data halves the page until it is served, and all posts come", async () => {
    const results = await night(many, {}, ["too-much-data"]);
    isWhole(results);
    expect(new Set(recordsOf(results).map(({id}) => id)).size).toBe(1000);
    expect(pageSizes(many, "/published_posts")).toEqual(["100", "50", ...Array.from({length: 40}, () => "25")]);
  });
});
