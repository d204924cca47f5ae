import {afterAll, afterEach, beforeAll, describe, expect, it} from "vitest";
import type {Account, KnownPost, LandedRecord} from "../../connectors/connector.ts";
import {ShapeError} from "../../connectors/errors.ts";
import type {Extracted} from "../../connectors/extract.ts";
import {linkedin} from "../../connectors/linkedin.ts";
import type {StreamState} from "../../connectors/plan.ts";
import {type Sandbox, startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {daysAgo, post, postsOn, raw, share, streamFrom} from "./linkedin-server.ts";
import {
  callsOf,
  known,
  type NightOptions,
  night as nightOf,
  lastNight as now,
  accountOf as offeredAccount,
  plan,
  recordsOf,
  refresh,
  stateOf,
  statesAfter,
  streamOf
} from "./night.ts";

const day = 86_400_000;
const accountStreams = ["account", "organisation", "follower_gains", "page_days", "page_views", "audience"];

let demo: Sandbox;
let many: Sandbox;
beforeAll(async () => {
  [demo, many] = await Promise.all([
    startSandbox({only: ["linkedin"]}),
    startSandbox({posts: 1000, only: ["linkedin"]})
  ]);
});
afterAll(async () => {
  await Promise.all([demo.close(), many.close()]);
});
afterEach(() => {
  demo.setFaults([]);
  demo.setNight("2020-11-30");
  many.setFaults([]);
});

function accountOf(sandbox: Sandbox, rest: Partial<Account> = {}): Account {
  return {...offeredAccount(linkedin, sandbox.accounts[0]!), ...rest};
}

const night = (account: Account, options: NightOptions = {}) => nightOf(linkedin, account, options);

/** A post as the warehouse knows it after a night. */
function knownPost(record: LandedRecord): KnownPost {
  const {id, published_at, post_type} = record as Record<string, string>;
  return known(id!, new Date(published_at!), post_type!);
}

/** What is known before the night after one, whose listing starts so many days before it. */
function nextStates(results: Extracted[], daily: number): Map<string, StreamState> {
  const since = now.getTime() - daily * day;
  return statesAfter(results, (stream, records) =>
    stream === "posts" ? records.map(knownPost).filter(({publishedAt}) => publishedAt.getTime() >= since) : []
  );
}

/** Planned calls by stream. */
function planned(account: Account, options: NightOptions = {}): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const {stream, httpCalls} of plan(linkedin, account, options)) sums[stream] = (sums[stream] ?? 0) + httpCalls;
  return sums;
}

function sum(numbers: number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}

/** Calls made, by stream. */
function made(results: Extracted[]): Record<string, number> {
  return Object.fromEntries(results.map(({stream}) => [stream, callsOf(results, stream)]));
}

describe("a thousand posts of three years, fifty of them videos", () => {
  it.each([
    [100, 34],
    [50, 56]
  ])("at %d ids a list cost at most %d calls and one a video, and no more than was planned", async (ids, most) => {
    const account = accountOf(many, {idsPerCall: ids});
    const steps = plan(linkedin, account);
    many.resetRequests();
    const results = await night(account);
    expect(results.map(({error}) => error)).toEqual(results.map(() => undefined));
    const records = recordsOf(results);
    expect(new Set(records.map(({id}) => id)).size).toBe(1000);
    const videos = many.requests().filter(({path}) => path.endsWith("/videoAnalytics"));
    expect(videos).toHaveLength(50);
    expect(callsOf(results, "posts") - videos.length).toBeLessThanOrEqual(most);
    expect(many.requests()).toHaveLength(sum(Object.values(made(results))));
    const isYoung = ({published_at: at}: LandedRecord) => now.getTime() - Date.parse(at as string) < 365 * day;
    for (const record of records) {
      const statistics_status = isYoung(record) ? "ok" : "expired";
      expect(record).toMatchObject({statistics_status, reactions_status: "ok"});
    }
    for (const [stream, calls] of Object.entries(made(results))) {
      expect(calls).toBeLessThanOrEqual(planned(account)[stream]!);
    }
    const endpoints = streamOf(results, "posts").requests.map(
      ({endpoint, httpCalls}) => [endpoint, httpCalls] as const
    );
    const bounds = steps.filter(({stream}) => stream === "posts");
    expect(bounds.map(({bound}) => bound)).toEqual(bounds.map(() => "upper"));
    // Each chain of calls stays below its own bound: the listing, then the parts in their order.
    expect(endpoints).toHaveLength(bounds.length);
    for (const [index, [, calls]] of endpoints.entries()) expect(calls).toBeLessThanOrEqual(bounds[index]!.httpCalls);
  });

  it.each([
    [14, 0],
    [28, 1]
  ])("on a second night, %d days again, cost at most 8 calls and %d for a video, as planned", async (daily, videos) => {
    const account = accountOf(many);
    const states = nextStates(await night(account), daily);
    const options = {states, refresh: {...refresh, daily}};
    const steps = plan(linkedin, account, options);
    expect(steps.filter(({bound}) => bound !== "exact")).toEqual([]);
    many.resetRequests();
    const results = await night(account, options);
    expect(made(results)).toEqual(planned(account, options));
    const own = many.requests().filter(({path}) => path.endsWith("/videoAnalytics"));
    expect(own).toHaveLength(videos);
    expect(many.requests().length - own.length).toBeLessThanOrEqual(8);
    expect(recordsOf(results)).toHaveLength(states.get("posts")!.known.length);
    expect(results.map(({stream}) => stream)).toEqual(
      ["account", "follower_gains", "page_days", "page_views", "posts"].filter(stream => made(results)[stream])
    );
  });

  it("that are read again by age cost the lists that were planned", async () => {
    const account = accountOf(many);
    const first = await night(account);
    const states = nextStates(first, 14);
    const old = recordsOf(first).map(knownPost).slice(200, 330);
    states.set("posts", {...states.get("posts")!, due: old});
    const options = {states, refresh: {...refresh, daily: 14}};
    const results = await night(account, options);
    expect(made(results)).toEqual(planned(account, options));
    const read = recordsOf(results).map(({id}) => id);
    expect(old.filter(({id}) => !read.includes(id))).toEqual([]);
  });

  it("leave the audience for another day of the week", async () => {
    const account = accountOf(many);
    const states = nextStates(await night(account), 14);
    const later = {states, at: new Date(now.getTime() + 7 * day)};
    expect(Object.keys(planned(account, later)).sort()).toEqual([...accountStreams, "posts"].sort());
    const sooner = {states, at: new Date(now.getTime() + 5 * day)};
    expect(Object.keys(planned(account, sooner))).not.toContain("audience");
  });
});

describe("the listing", () => {
  it("goes on after a page that is short in its middle", async () => {
    many.resetRequests();
    await night(accountOf(many));
    const pages = many.requests().filter(({query}) => query.q === "author");
    expect(pages.map(({query}) => query.start ?? "0")).toEqual(pages.map((_, index) => String(index * 100)));
    expect(new Set(pages.map(({query}) => `${query.sortBy} ${query.count}`))).toEqual(new Set(["CREATED 100"]));
  });

  it.each([
    ["an address without the path of base_url", "/rest/posts?q=author&start=1&count=100", "1"],
    ["an address on another host", "http://127.0.0.2:9/rest/posts?start=1", "1"],
    ["an address without a start", "/rest/posts?q=author", "100"],
    ["a start that is more than a number", "/rest/posts?start=1%26ids%3DList(2)", "100"]
  ])("takes nothing but the start from %s", async (_name, href, start) => {
    await using server = await postsOn([], {
      posts: url =>
        url.searchParams.get("start") === null
          ? {
              elements: [],
              paging: {
                start: 0,
                count: 100,
                links: [
                  {rel: "prev", href: "x"},
                  {rel: "next", href}
                ]
              }
            }
          : {elements: [post(share(1), daysAgo(1))], paging: {start: 1, count: 100, links: []}}
    });
    const {records, error} = await streamFrom(server, "posts");
    expect(error).toBeUndefined();
    expect(records).toHaveLength(1);
    const [first, second] = server.requests.map(({url}) => url);
    expect(second).toBe(`${first}&start=${start}`);
  });

  it("ends where the platform names the same page twice, and keeps what came before", async () => {
    many.setFaults(["same-page-token"]);
    const {error, records, cursor} = streamOf(await night(accountOf(many)), "posts");
    expect(error).toBeInstanceOf(ShapeError);
    expect(error!.message).toContain("the same page token twice");
    expect(records).toHaveLength(99);
    expect(cursor).toBeUndefined();
  });

  it("reads no more pages at first than the plan says", async () => {
    let page = 0;
    await using server = await postsOn([], {
      posts: () => ({
        elements: [post(share(page), daysAgo(page++))],
        paging: {start: page, count: 1, links: [{rel: "next", href: `/rest/posts?start=${page}`}]}
      })
    });
    const {records, error, cursor} = await streamFrom(server, "posts");
    expect(error).toBeUndefined();
    expect(cursor).toBeDefined();
    expect(records).toHaveLength(100);
  });

  it("stops at the window, though an edited post stands in front of the default order", async () => {
    demo.setNight("2020-10-22");
    const at = new Date("2020-10-22T23:59:59Z");
    const front = await raw(
      demo,
      `/rest/posts?q=author&author=urn%3Ali%3Aorganization%3A${demo.accounts[0]!.id}&count=1`
    );
    const window = at.getTime() - 28 * day;
    expect(front[0]!.publishedAt).toBeLessThan(window);
    demo.resetRequests();
    const cursor = {read_at: new Date(at.getTime() - day).toISOString()};
    const results = await night(accountOf(demo), {at, states: stateOf("posts", {cursor})});
    const times = recordsOf(results).map(({published_at}) => Date.parse(published_at as string));
    expect(times.length).toBeGreaterThan(0);
    expect(times.filter(time => time < window)).toEqual([]);
    const pages = demo.requests().filter(({query}) => query.q === "author");
    expect(pages.map(({query}) => query.sortBy)).toEqual(["CREATED"]);
  });

  it("stops at the page that reaches an older post", async () => {
    many.resetRequests();
    const cursor = {read_at: new Date(now.getTime() - day).toISOString()};
    const options = {states: stateOf("posts", {cursor}), refresh: {...refresh, daily: 150}};
    const records = recordsOf(await night(accountOf(many), options));
    expect(records).toHaveLength(137);
    expect(many.requests().filter(({query}) => query.q === "author")).toHaveLength(2);
  });
});
