import {readFileSync} from "node:fs";
import {describe, expect, it} from "vitest";
import {faultsOf} from "../../connectors/sandbox/sandbox.ts";
import {startedGraph} from "./graph-client.ts";
import {form} from "./sandbox-client.ts";

const fields = "created_time,reactions.limit(0).summary(total_count),insights.metric(post_media_view).period(lifetime)";
const page = `/v25.0/{id}/published_posts?limit=5&fields=${fields}`;

interface Body {
  data: {id: string; created_time: string; reactions: {summary: {total_count?: number}}; insights: {data: object[]}}[];
  paging: {next: string};
  error: {message: string; code: number; error_subcode?: number};
}

async function started(...faults: string[]) {
  const own = await startedGraph("facebook", {faults});
  const ask = async (path = page) => {
    const {status, headers, body} = await own.ask(path);
    return {status, headers, body: body as Body};
  };
  return {...own, get: ask};
}

describe("a fault in Facebook's words", () => {
  it("rate-limit strikes once, without a time to wait for", async () => {
    await using own = await started("rate-limit");
    const {status, headers, body} = await own.get();
    expect([status, body.error.code]).toEqual([403, 4]);
    expect(JSON.parse(headers.get("x-app-usage")!)).toMatchObject({call_count: 100});
    expect(headers.get("x-business-use-case-usage")).toBeNull();
    expect((await own.get()).status).toBe(200);
  });

  it("rate-limit-account holds, with the minutes to wait for", async () => {
    await using own = await started("rate-limit-account");
    const {status, headers, body} = await own.get();
    expect([status, body.error.code]).toEqual([400, 80001]);
    expect(body.error.message).toMatch(/^\(#80001\) There have been too many calls to this Page account\./);
    const usage = JSON.parse(headers.get("x-business-use-case-usage")!) as Record<string, object[]>;
    expect(usage[own.id]).toEqual([
      {type: "pages", call_count: 100, total_cputime: 25, total_time: 25, estimated_time_to_regain_access: 60}
    ]);
    expect((await own.get()).status).toBe(400);
  });

  it("transient-once is a passing error of the server", async () => {
    await using own = await started("transient-once");
    const {status, body} = await own.get();
    expect(status).toBe(500);
    expect(body.error).toMatchObject({code: 2, is_transient: true});
    expect((await own.get()).status).toBe(200);
  });

  it.each([
    ["token-expired", 463],
    ["token-invalidated", 467]
  ])("%s refuses every token", async (fault, subcode) => {
    await using own = await started(fault);
    const {status, body} = await own.get();
    expect([status, body.error.code, body.error.error_subcode]).toEqual([400, 190, subcode]);
    expect((await own.get(`/v25.0/debug_token?input_token=x`)).status).toBe(400);
  });

  it("too-much-data refuses listings of more than 25, wherever they stand", async () => {
    await using own = await started("too-much-data");
    const {status, body} = await own.get(page.replace("limit=5", "limit=26"));
    expect(status).toBe(500);
    expect(body.error).toMatchObject({
      code: 1,
      message: "Please reduce the amount of data you're asking for, then retry your request"
    });
    expect((await own.get("/v25.0/{id}?fields=published_posts.limit(100)")).status).toBe(500);
    expect((await own.get(page.replace("limit=5", "limit=25"))).body.data).toHaveLength(25);
  });

  it("permission-lost refuses reactions and comments, and nothing else", async () => {
    await using own = await started("permission-lost");
    expect((await own.get()).body.error).toMatchObject({code: 10});
    expect((await own.get("/v25.0/{id}/published_posts?fields=comments")).body.error).toMatchObject({code: 10});
    expect((await own.get("/v25.0/{id}/published_posts?fields=message,shares")).status).toBe(200);
  });

  it("empty-insights leaves insights without data", async () => {
    await using own = await started("empty-insights");
    expect((await own.get()).body.data.map(({insights}) => insights.data)).toEqual(Array(5).fill([]));
    expect((await own.get("/v25.0/{id}/insights?metric=page_follows")).body.data).toEqual([]);
  });

  it("wrong-shape leaves total_count out of summaries", async () => {
    await using own = await started("wrong-shape");
    expect((await own.get()).body.data.map(({reactions}) => reactions.summary)).toEqual(Array(5).fill({}));
  });

  it("duplicate-posts lists the first post twice", async () => {
    await using own = await started("duplicate-posts");
    const {data} = (await own.get()).body;
    expect(data).toHaveLength(6);
    expect(data.at(-1)).toEqual(data[0]);
  });

  it("missing-posts deletes the two newest, from lists and by id", async () => {
    await using own = await started();
    const before = (await own.get()).body.data;
    own.sandbox.setFaults(["missing-posts"]);
    const after = (await own.get()).body.data;
    expect(after.slice(0, 3)).toEqual(before.slice(2));
    const {status, body} = await own.get(`/v25.0/${before[0]!.id}`);
    expect(status).toBe(400);
    expect(body.error).toMatchObject({code: 100, error_subcode: 33});
    const items = before.map(({id}) => ({method: "GET", relative_url: `${id}?fields=id`}));
    const answers = (await own.batch(items)).body as {code: number}[];
    expect(answers.map(({code}) => code)).toEqual([400, 400, 200, 200, 200]);
  });

  it("unlisted-reel leaves the newest reel out of published_posts, and of nothing else", async () => {
    await using own = await started();
    const ids = async (edge: string, fields = "id") => {
      const {body} = await own.get(`/v25.0/{id}/${edge}?fields=${fields}&limit=100`);
      return body.data.map(({id, post_id}: {id: string; post_id?: string}) => post_id ?? id);
    };
    const before = await ids("published_posts");
    const [reel] = await ids("video_reels", "id,post_id");
    own.sandbox.setFaults(["unlisted-reel"]);
    expect(await ids("published_posts")).toEqual(before.filter(id => id !== reel));
    expect((await ids("video_reels", "id,post_id"))[0]).toBe(reel);
    expect(before).toContain(reel);
    expect((await own.get(`/v25.0/${reel}`)).status).toBe(200);
  });

  it("one-more-like is one more on the newest post", async () => {
    await using own = await started();
    const likes = async () => (await own.get()).body.data.map(({reactions}) => reactions.summary.total_count!);
    const before = await likes();
    own.sandbox.setFaults(["one-more-like"]);
    expect(await likes()).toEqual(before.map((count, index) => count + (index === 0 ? 1 : 0)));
  });

  it("retired-metric refuses one metric of posts and one of the Page, with all that is asked beside it", async () => {
    await using own = await started();
    const paths = [
      "/v25.0/{id}/published_posts?fields=insights.metric(post_media_view,post_clicks).period(lifetime)",
      "/v25.0/{id}/insights?metric=page_follows,page_views_total"
    ];
    for (const path of paths) expect((await own.get(path)).status).toBe(200);
    own.sandbox.setFaults(["retired-metric"]);
    for (const path of paths) {
      const {status, body} = await own.get(path);
      expect([status, body.error.message]).toEqual([400, "(#100) The value must be a valid insights metric"]);
    }
    expect((await own.get("/v25.0/{id}/insights?metric=page_follows")).status).toBe(200);
  });

  it("serve-demographics gives followers by country, scaled to the day's total", async () => {
    await using own = await started("serve-demographics");
    const read = async (query: string) =>
      (
        await own.read<{data: {period: string; values: {value: Record<string, number>; end_time: string}[]}[]}>(
          `/${own.id}/insights?metric=page_follows_country&${query}`
        )
      ).data;
    const [series] = await read("period=day&since=2020-06-29&until=2020-07-01");
    const sums = series!.values.map(({value}) => Object.values(value).reduce((sum, count) => sum + count, 0));
    const totals = await own.read<{data: {values: {value: number}[]}[]}>(
      `/${own.id}/insights?metric=page_follows&period=day&since=2020-06-29&until=2020-07-01`
    );
    totals.data[0]!.values.forEach(({value}, index) => {
      expect(value - sums[index]!).toBeGreaterThanOrEqual(27);
      expect(value - sums[index]!).toBeLessThanOrEqual(29);
    });
    const [last] = await read("period=lifetime");
    const {value, end_time} = last!.values[0]!;
    expect(end_time).toBe("2020-11-30T08:00:00+0000");
    expect(Object.keys(value)).toHaveLength(34);
    expect(value.US).toBe(2299);
    own.sandbox.setNight("2020-12-01");
    const [end] = await read("period=lifetime");
    expect(end!.values[0]!.value).toMatchObject({US: 2300, IN: 310, TN: 51, IQ: 1});
    expect((await own.get("/v25.0/{id}/insights?metric=page_follows_city")).status).toBe(400);
  });

  it("same-page-token and foreign-next lead the paging astray", async () => {
    await using own = await started("same-page-token");
    const first = (await own.get()).body;
    const next = new URL(first.paging.next);
    const second = (await own.ask(next.pathname.slice("/facebook".length) + next.search, "")).body as Body;
    expect(second).toEqual(first);
    own.sandbox.setFaults(["foreign-next"]);
    expect((await own.get()).body.paging.next).toBe("http://127.0.0.2:9/next");
  });

  it("null-item is the last of one batch", async () => {
    await using own = await started("null-item");
    const items = Array(3).fill({method: "GET", relative_url: "me?fields=id"});
    const last = async () => ((await own.batch(items)).body as unknown[]).map(item => item === null);
    expect(await last()).toEqual([false, false, true]);
    expect(await last()).toEqual([false, false, false]);
  });

  it("legacy-gone refuses several ids at the root, and date_format, in every version", async () => {
    await using own = await started();
    const paths = [`/v25.0/?ids={id}`.replace("{id}", own.id), "/v25.0/me?date_format=U"];
    for (const path of paths) expect((await own.get(path)).status).toBe(200);
    own.sandbox.setFaults(["legacy-gone"]);
    for (const path of paths) expect((await own.get(path)).body.error).toMatchObject({code: 12});
  });

  it("strikes a batch as a whole where it strikes everything", async () => {
    await using own = await started("rate-limit-account");
    const init = form({batch: "[]"});
    expect((await own.ask("/v25.0/", undefined, init)).status).toBe(400);
  });

  it("is documented, each with its line", () => {
    const text = readFileSync("docs/sandbox-facebook.md", "utf8");
    const documented = [...text.matchAll(/^\| `([\w-]+)` \| (.*) \|$/gm)].map(match => [match[1], match[2]]);
    const transport = readFileSync("docs/sandbox.md", "utf8");
    for (const [name, what] of Object.entries(faultsOf("facebook"))) {
      if (transport.includes(`| \`${name}\` | ${what} |`)) continue;
      expect(documented).toContainEqual([name, what]);
    }
  });
});
