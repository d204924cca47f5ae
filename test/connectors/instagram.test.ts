import {afterAll, beforeAll, describe, expect, it} from "vitest";
import type {Account, KnownPost} from "../../connectors/connector.ts";
import type {Extracted} from "../../connectors/extract.ts";
import {instagram} from "../../connectors/instagram.ts";
import {planAccount, type StreamState} from "../../connectors/plan.ts";
import {tokens} from "../../connectors/sandbox/instagram.ts";
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

const streams = Object.keys(instagram.streams);
const metrics = instagram.streams.posts!.parts!.insights!.metrics!;
const typeOf = () => "image";

let demo: Sandbox;
let many: Sandbox;
beforeAll(async () => {
  [demo, many] = await Promise.all([
    startSandbox({only: ["instagram"]}),
    startSandbox({posts: 1000, only: ["instagram"]})
  ]);
});
afterAll(async () => {
  await Promise.all([demo.close(), many.close()]);
});

function account(sandbox: Sandbox, token?: keyof typeof tokens): Account {
  const [offered] = sandbox.accounts;
  return accountOf(instagram, offered!, token === undefined ? offered!.auth : {token: tokens[token].secret});
}

function night(sandbox: Sandbox, options: NightOptions = {}, faults: string[] = []): Promise<Extracted[]> {
  return sandboxNight(instagram, account(sandbox), sandbox, options, faults);
}

/** So many posts that last night's listing, or any of the nights after it, no longer holds. */
async function oldPosts(count: number, faults: string[] = []): Promise<KnownPost[]> {
  const records = recordsOf(await night(many, {}, faults)).slice(400, 400 + count);
  return records.map(record => known(String(record.id), new Date(String(record.published_at)), "image"));
}

function isWhole(results: Extracted[]): void {
  expect(results.map(({stream, error}) => [stream, error?.message])).toEqual(streams.map(name => [name, undefined]));
}

describe("a night of Instagram", () => {
  it("lists a thousand posts at first with their insights in at most 14 calls", async () => {
    const results = await night(many);
    isWhole(results);
    expect(new Set(recordsOf(results).map(({id}) => id)).size).toBe(1000);
    for (const {insights, insights_status} of recordsOf(results)) {
      expect(insights_status).toBe("ok");
      expect(Object.keys(insights as object).sort()).toEqual([...metrics].sort());
    }
    expect(callsOf(results, "posts")).toBeLessThanOrEqual(14);
    expect(many.requests()).toHaveLength(streams.reduce((sum, stream) => sum + callsOf(results, stream), 0));
  });

  it("finds three media without insights in at most 25 calls, and reads all the others", async () => {
    const results = await night(many, {}, ["media-without-insights"]);
    isWhole(results);
    expect(callsOf(results, "posts")).toBeLessThanOrEqual(25);
    const records = recordsOf(results);
    expect(records).toHaveLength(1000);
    const bare = records.filter(({insights_status}) => insights_status === "not_offered");
    expect(bare).toHaveLength(3);
    for (const record of bare) {
      expect(record.insights).toBeNull();
      expect(record.like_count).toEqual(expect.any(Number));
    }
    const lately = daysAfter(lastNight, -366).toISOString();
    const young = bare.filter(({published_at}) => String(published_at) >= lately);
    expect(streamOf(results, "posts").cursor!.lacking).toEqual({
      insights: Object.fromEntries(young.map(({id, published_at}) => [id, published_at]))
    });
    expect(records.filter(({insights_status}) => insights_status === "ok")).toHaveLength(997);
  });

  it.each([[[]], [["media-without-insights"]]])(
    "is planned before the first night as at most what it takes, with faults %j",
    async faults => {
      const calls = plan(instagram, account(many)).filter(({stream}) => ["posts", "stories"].includes(stream));
      expect(new Set(calls.map(({bound}) => bound))).toEqual(new Set(["upper"]));
      const {planned, made} = plannedAndMade(instagram, account(many), {}, await night(many, {}, faults));
      for (const stream of streams) expect(planned[stream]).toBeGreaterThanOrEqual(made[stream]!);
    }
  );

  it.each([
    ["the next night", 1],
    ["a week later, when who follows is read again", 7]
  ])("%s makes exactly the calls that are planned, at most 12", async (_, days) => {
    const at = daysAfter(lastNight, days);
    const before = await night(many, {at: lastNight}, ["media-without-insights"]);
    const options = {states: statesBefore(before, at, typeOf), at};
    // Two nights of seven were missed, and their days are read too.
    const calls = plan(instagram, account(many), options).filter(({stream}) => stream !== "account_days" || days === 1);
    expect(calls.map(({bound}) => bound)).not.toContain("upper");
    const results = await night(many, options, ["media-without-insights"]);
    const {planned, made} = plannedAndMade(instagram, account(many), options, results);
    expect(made).toEqual(planned);
    expect(calls.reduce((sum, {httpCalls}) => sum + httpCalls, 0)).toBeLessThanOrEqual(12);
    isWholeBut(results, days === 1 ? ["audience"] : []);
  });

  function isWholeBut(results: Extracted[], unread: string[]): void {
    expect(results.map(({stream, error}) => [stream, error?.message])).toEqual(
      streams.filter(name => !unread.includes(name)).map(name => [name, undefined])
    );
  }

  it("marks a due post that the platform no longer has as gone", async () => {
    const [kept] = await oldPosts(1);
    const gone = known("17000000000000000", new Date("2019-11-04T00:00:00Z"), "image");
    const states = stateOf("posts", {cursor: {read_at: lastNight.toISOString()}, due: [gone, kept!]});
    const results = await night(many, {states});
    expect(outcome(results, "posts")).toBe("ok");
    expect(recordsOf(results)).toContainEqual({id: gone.id, is_gone: true});
    expect(recordsOf(results)).toContainEqual(expect.objectContaining({id: kept!.id, insights_status: "ok"}));
  });

  it("asks for nothing about a person, and for no city", async () => {
    await night(demo);
    const asked = JSON.stringify(demo.requests());
    expect(asked).not.toMatch(/\b(from|mentions|tags|city|children|owner)\b|comments\{/);
    expect(demo.requests().map(({path}) => path)).not.toContainEqual(expect.stringMatching(/comments|tags|mentioned/));
  });
});

describe("media without insights that are remembered", () => {
  const at = daysAfter(lastNight, 1);

  it("are not asked one by one again when they are looked up, while the rest is", async () => {
    const faults = ["media-without-insights"];
    const due = await oldPosts(120, faults);
    const often = {...refresh, monthly: 3 * 365};
    const found = await night(
      many,
      {states: stateOf("posts", {cursor: {read_at: lastNight.toISOString()}, due}), refresh: often},
      faults
    );
    expect(outcome(found, "posts")).toBe("ok");
    const [bare] = Object.keys(streamOf(found, "posts").cursor!.lacking!.insights!);
    expect(Object.keys(streamOf(found, "posts").cursor!.lacking!.insights!)).toHaveLength(1);
    expect(recordsOf(found).find(({id}) => id === bare)).toMatchObject({
      insights_status: "not_offered",
      like_count: expect.any(Number)
    });
    const lookedUp = recordsOf(found).filter(({id}) => due.some(post => post.id === id));
    expect(lookedUp).toHaveLength(120);
    expect(lookedUp.filter(({insights_status}) => insights_status === "ok")).toHaveLength(119);

    const states = stateOf("posts", {cursor: streamOf(found, "posts").cursor, due});
    const options = {states, at, refresh: often};
    const lookups = plan(instagram, account(many), options).filter(({how}) => how === "lookup");
    expect(lookups.filter(({ask}) => ask.ids!.includes(bare!)).map(({ask}) => ask.parts)).toEqual([[]]);
    const results = await night(many, options, faults);
    const {planned, made} = plannedAndMade(instagram, account(many), options, results);
    expect(made.posts).toBe(planned.posts);
    expect(recordsOf(results).find(({id}) => id === bare)).toMatchObject({insights_status: "not_offered"});
    expect(streamOf(results, "posts").requests.map(({endpoint}) => endpoint)).not.toContain(
      "batch of /{media}/insights"
    );
  });

  it("are forgotten once no night would read them again, so that the cursor does not grow", async () => {
    const faults = ["media-without-insights"];
    const young = {...refresh, daily: 28, weekly: 60, monthly: 90};
    const sizes: number[] = [];
    let states = stateOf("posts", {});
    const ids = Object.fromEntries(
      Array.from({length: 500}, (_, age) => [`1790${age}`, daysAfter(lastNight, -age).toISOString()])
    );
    const insights = (state: StreamState): Record<string, string> => state.cursor?.lacking?.insights ?? {};
    states.get("posts")!.cursor = {read_at: lastNight.toISOString(), lacking: {insights: ids}};
    for (const days of [1, 2, 40, 120]) {
      const at = daysAfter(lastNight, days);
      const results = await night(demo, {states, at, refresh: young}, faults);
      expect(outcome(results, "posts")).toBe("ok");
      states = stateOf("posts", {cursor: streamOf(results, "posts").cursor});
      const left = Object.values(insights(states.get("posts")!));
      for (const published of left) expect(published >= daysAfter(at, -91).toISOString()).toBe(true);
      sizes.push(left.length);
    }
    expect(sizes).toEqual([91, 90, 52, 0]);
  });

  it("keep a listing that holds one of them plain, and the others are read by batch, as planned", async () => {
    const before = await night(many);
    const states = statesBefore(before, at, typeOf);
    const state = states.get("posts")!;
    const bare = state.known[3]!;
    state.cursor = {...state.cursor!, lacking: {insights: {[bare.id]: bare.publishedAt.toISOString()}}};
    const options = {states: new Map([["posts", state]]), at};
    const results = await night(many, options);
    const {planned, made} = plannedAndMade(instagram, account(many), options, results);
    expect([planned.posts, made.posts]).toEqual([2, 2]);
    const records = recordsOf(results);
    expect(records.find(({id}) => id === bare.id)).toMatchObject({insights: null, insights_status: "not_offered"});
    expect(records.filter(({insights_status}) => insights_status === "ok")).toHaveLength(records.length - 1);
    expect(streamOf(results, "posts").requests.at(-1)).toMatchObject({countedCalls: records.length - 1});
  });
});

describe("the demo's posts on Instagram", () => {
  const types: Partial<Record<ItemType, string>> = {gif: "video"};

  it("have a type each, and the toy posts their counters at 28 days", async () => {
    const nights = new Map([
      ["2020-07-20", await night(demo, {at: new Date("2020-07-20T23:59:59Z")})],
      ["2020-07-24", await night(demo, {at: new Date("2020-07-24T23:59:59Z")})],
      ["2020-11-30", await night(demo)]
    ]);
    await using warehouse = await staged(account(demo), nights);
    const posts = await warehouse.rows(
      "select strftime(published_at, '%Y-%m-%dT%H:%M:%S.000Z') as published_at, text, post_type from mart.post where post_type <> 'story' order by 1, 2"
    );
    const items = contentItems
      .filter(({platforms}) => platforms.includes("instagram"))
      .map(({publishedAt, text, type, number, toy}) => ({
        published_at: publishedAt,
        text,
        post_type: type === "video" && number % 2 === 0 && toy === undefined ? "short" : (types[type] ?? type)
      }))
      .sort((a, b) => a.published_at.localeCompare(b.published_at) || (a.text < b.text ? -1 : 1));
    expect(posts).toEqual(items);

    const aged = await warehouse.rows(`
      select p.post_type,
        [a.reach, a.views, a.reactions, a.comments, a.shares, a.saves, a.clicks]::int[] as counters
      from mart.post_at_age_28 as a join mart.post as p on p.post_id = a.post_id
      where a.reach in (600, 300) and p.published_on between date '2020-06-01' and date '2020-06-30'
      order by a.reach desc`);
    expect(aged).toEqual([
      {post_type: "album", counters: [600, 780, 66, 3, 5, 10, null]},
      {post_type: "video", counters: [300, 450, 27, 0, 0, 3, null]}
    ]);
  });

  it("have no insights from before the account was a professional one, and say so", async () => {
    const results = await night(demo);
    const bare = recordsOf(results).filter(({insights_status}) => insights_status === "not_offered");
    expect(bare.map(({published_at}) => String(published_at).slice(0, 7))).toEqual(["2019-09", "2019-09"]);
    // Too old to be read again, they need not be remembered.
    expect(streamOf(results, "posts").cursor).not.toHaveProperty("lacking");
  });
});

describe("a series", () => {
  it("ends with the last day that is over in UTC too, also where the calendar is already a day on", () => {
    const now = new Date("2020-06-20T22:30:00Z");
    const calls = planAccount(instagram, account(demo), new Map(), refresh, {now, today: "2020-06-21"});
    const ends = calls.flatMap(({how, ask}) => (how === "series" ? [ask.to!.toISOString().slice(0, 10)] : []));
    expect(ends.sort().at(-1)).toBe("2020-06-19");
  });
});

describe("a story", () => {
  it.each(["2020-02-05", "2020-09-22"])("of %s that too few saw says so, and is not remembered", async date => {
    const results = await night(demo, {at: new Date(`${date}T23:59:59Z`)}, ["stories"]);
    expect(outcome(results, "stories")).toBe("ok");
    expect(recordsOf(results, "stories")).toEqual([
      expect.objectContaining({product_type: "STORY", insights: null, insights_status: "below_threshold"})
    ]);
    expect(streamOf(results, "stories").cursor).not.toHaveProperty("lacking");
  });

  it("that enough saw has its counters", async () => {
    const results = await night(demo, {at: new Date("2020-06-18T23:59:59Z")}, ["stories"]);
    const stories = recordsOf(results, "stories");
    expect(stories).toHaveLength(2);
    for (const {insights, insights_status} of stories) {
      expect(insights_status).toBe("ok");
      expect(insights).toHaveProperty("reach");
    }
    expect(callsOf(results, "stories")).toBe(1);
  });
});

describe("a metric that is retired between two nights", () => {
  const retired = {media: "saved", account: "accounts_engaged"};
  const first = new Date("2020-10-15T23:59:59Z");
  const [second, third, late] = [1, 2, 31].map(days => daysAfter(first, days)) as [Date, Date, Date];

  it("is found, kept apart with its date, and asked for again after thirty days", async () => {
    const before = await night(many, {at: first});
    const found = await night(many, {states: statesBefore(before, second, typeOf), at: second}, ["retired-metric"]);
    expect(found.map(({error}) => error)).toEqual(found.map(() => undefined));
    expect(streamOf(found, "posts").cursor).toMatchObject({refused: {[retired.media]: "2020-10-16"}});
    expect(streamOf(found, "account_days").cursor).toMatchObject({refused: {[retired.account]: "2020-10-16"}});
    expect(recordsOf(found).length).toBeGreaterThan(20);
    for (const record of recordsOf(found)) {
      expect(record.insights_status).toBe("ok");
      expect(Object.keys(record.insights as object).sort()).toEqual(
        metrics.filter(one => one !== retired.media).sort()
      );
    }
    const days = recordsOf(found, "account_days");
    expect(new Set(days.map(({metric}) => metric)).size).toBe(8);
    expect(days.map(({metric}) => metric)).not.toContain(retired.account);

    const options = {states: statesBefore(found, third, typeOf), at: third};
    const quiet = await night(many, options, ["retired-metric"]);
    const {planned, made} = plannedAndMade(instagram, account(many), options, quiet);
    expect(made).toEqual(planned);
    expect(JSON.stringify(many.requests())).not.toMatch(/accounts_engaged|saved/);
    expect(streamOf(quiet, "posts").cursor).toMatchObject({refused: {[retired.media]: "2020-10-16"}});

    const again = await night(many, {states: statesBefore(quiet, late, typeOf), at: late});
    expect(JSON.stringify(many.requests())).toMatch(/saved/);
    expect(streamOf(again, "posts").cursor).not.toHaveProperty("refused");
    expect(recordsOf(again)[0]!.insights).toHaveProperty(retired.media);
    expect(recordsOf(again, "account_days").map(({metric}) => metric)).toContain(retired.account);
  });
});

describe("what a token does not reach", () => {
  it("ends the account at once when the token is over", async () => {
    demo.resetRequests();
    const results = await nightOf(instagram, account(demo, "expired"));
    expect(results.map(({stream, error}) => [stream, error?.name])).toEqual([["account", "AuthError"]]);
    expect(results[0]!.error!.message).toContain("make a new one (docs/instagram.md) and put it into .env");
    expect(demo.requests()).toHaveLength(1);
  });

  it("leaves out insights where their permission is missing, and keeps the rest", async () => {
    demo.setNight("2020-11-30");
    demo.setFaults(["stories"]);
    const results = await nightOf(instagram, account(demo, "basic"));
    expect(streams.map(stream => outcome(results, stream))).toEqual(["ok", "PartError", "PartError", "ok", "ok", "ok"]);
    expect(streamOf(results, "account_days").error!.message).toContain("lacks a permission");
    expect(recordsOf(results, "audience")).toEqual(
      ["age", "gender", "country"].map(metric => ({metric, status: "not_permitted"}))
    );
    const records = [...recordsOf(results), ...recordsOf(results, "stories")];
    expect(records).toHaveLength(38);
    for (const record of records) expect(record).toMatchObject({insights: null, insights_status: "not_permitted"});
    expect(streamOf(results, "posts").cursor).not.toHaveProperty("lacking");
  });

  it("is not asked for page by page, nor post by post", async () => {
    const results = await night(many, {}, ["permission-lost"]);
    expect(recordsOf(results)).toHaveLength(1000);
    expect(callsOf(results, "posts")).toBe(11);
  });
});

describe("a fault", () => {
  const outcomes: Record<string, string[]> = {
    ...outcomesAlike(streams),
    // The refusal of media without insights is a 400, whose body cannot be read.
    "bad-json": ["ShapeError", "ShapeError", "ShapeError", "ShapeError", "ConfigError", "ShapeError"],
    "permission-lost": ["ok", "PartError", "PartError", "ok", "ok", "ok"],
    "few-followers": streams.map(() => "ok"),
    "wrong-shape": ["ok", "ok", "ok", "ok", "ShapeError", "ok"],
    "media-without-insights": streams.map(() => "ok"),
    "hidden-likes": streams.map(() => "ok"),
    stories: streams.map(() => "ok")
  };

  it.each(Object.entries(outcomes))("%s leaves the streams %j, and the token nowhere", async (fault, expected) => {
    const sandbox = fault === "same-page-token" ? many : demo;
    const results = await night(sandbox, {timeout: 1000}, [fault]);
    expect(streams.map(stream => outcome(results, stream))).toEqual(expected);
    expectTold(results, sandbox, account(sandbox).auth!.token!);
  });

  it("of every switch has its outcome here", () => {
    expect(Object.keys(outcomes).sort()).toEqual(Object.keys(faultsOf("instagram")).sort());
  });

  it("of too much data halves the page until it is served, and all posts come", async () => {
    const results = await night(many, {}, ["too-much-data"]);
    isWhole(results);
    expect(new Set(recordsOf(results).map(({id}) => id)).size).toBe(1000);
    expect(pageSizes(many, "/media")).toEqual(["100", "50", ...Array.from({length: 40}, () => "25")]);
  });

  it("of hidden likes leaves the likes to the insights, and none of them becomes zero", async () => {
    for (const record of recordsOf(await night(demo, {}, ["hidden-likes"]))) {
      expect(record.like_count).toBeNull();
      if (record.insights_status === "ok") expect(record.insights).toHaveProperty("likes");
    }
  });

  it("of too few followers lands no follower at all", async () => {
    const results = await night(demo, {}, ["few-followers"]);
    expect([...recordsOf(results, "audience"), ...recordsOf(results, "follows")]).toEqual([]);
  });
});
