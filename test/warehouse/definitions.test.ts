import {join} from "node:path";
import {describe, expect, it} from "vitest";
import type {Cursor} from "../../connectors/plan.ts";
import {Landing} from "../../warehouse/landing.ts";
import {publish} from "../../warehouse/publish.ts";
import {Warehouse} from "../../warehouse/warehouse.ts";
import {account, build, emptyWarehouse, folder, load, models, xPost} from "./warehouse-fixture.ts";

/** Lands a night of posts of one of two accounts of X, with what the platform refuses by then. */
function landPosts(landing: Landing, day: string, posts: object[], refused: Cursor["refused"] = {}, id = "7"): void {
  const captured_at = `${day}T20:00:00.000Z`;
  const batch = {
    run_id: `run-${day}-${id}`,
    platform: "x",
    source: "api" as const,
    account: {...account, account_id: `x:${id}`, platform_account_id: id},
    captured_at,
    captured_on: day,
    covers_from: day,
    covers_to: day,
    stream: "posts",
    cursor: {read_at: captured_at, ...(Object.keys(refused).length > 0 ? {refused} : {})}
  };
  landing.append([{batch, records: posts}], new Date(captured_at));
}

async function endOf(warehouse: Warehouse, definition: string): Promise<string | null> {
  const row = await warehouse.row<{valid_to: string | null}>(
    "select valid_to from mart.metric_definition where definition_id = $definition",
    {definition}
  );
  return row!.valid_to;
}

const saves = "public_metrics.bookmark_count";
const withoutSaves = {
  public_metrics: {retweet_count: 1, reply_count: 0, like_count: 2, quote_count: 0, impression_count: 90}
};

describe("a metric that the platform takes away", () => {
  it("ends its definition on the day before; what was read stays, and what follows is not offered", async () => {
    using dir = folder();
    await using warehouse = await emptyWarehouse();
    const landing = Landing.open(dir.path);
    landPosts(landing, "2020-06-19", [xPost("1", {bookmark_count: 4})]);
    landPosts(landing, "2020-06-20", [xPost("1", {}, withoutSaves)], {[saves]: "2020-06-20"});
    await load(warehouse, landing);
    await build(warehouse, "2020-06-20");
    expect(await endOf(warehouse, "x:saves")).toBe("2020-06-19");
    expect(await endOf(warehouse, "x:reactions")).toBeNull();
    expect(
      await warehouse.rows(
        "select captured_on, value, status, definition_id from mart.post_metric where metric = 'saves' order by 1"
      )
    ).toEqual([
      {captured_on: "2020-06-19", value: "4", status: "ok", definition_id: "x:saves"},
      {captured_on: "2020-06-20", value: null, status: "not_offered", definition_id: null}
    ]);
  });

  it("has its definition open again once the platform gives it again", async () => {
    using dir = folder();
    await using warehouse = await emptyWarehouse();
    const landing = Landing.open(dir.path);
    landPosts(landing, "2020-06-20", [xPost("1", {}, withoutSaves)], {[saves]: "2020-06-20"});
    await load(warehouse, landing);
    await build(warehouse, "2020-06-20");
    expect(await endOf(warehouse, "x:saves")).toBe("2020-06-19");
    landPosts(landing, "2020-07-20", [xPost("1")]);
    await load(warehouse, landing);
    await build(warehouse, "2020-07-20");
    expect(await endOf(warehouse, "x:saves")).toBeNull();
  });

  it("ends the definition of a sum that it is a part of, and of no name that only begins like it", async () => {
    using dir = folder();
    await using warehouse = await emptyWarehouse();
    const landing = Landing.open(dir.path);
    const refused = {"public_metrics.quote_count": "2020-06-20", "public_metrics.like": "2020-06-20"};
    landPosts(landing, "2020-06-20", [xPost("1")], refused);
    await load(warehouse, landing);
    await build(warehouse, "2020-06-20");
    expect(await endOf(warehouse, "x:shares")).toBe("2020-06-19");
    expect(await endOf(warehouse, "x:reactions")).toBeNull();
    expect(await endOf(warehouse, "x:shares:export")).toBeNull();
  });

  it("goes on for the platform as long as another account is given it", async () => {
    using dir = folder();
    await using warehouse = await emptyWarehouse();
    const landing = Landing.open(dir.path);
    landPosts(landing, "2020-06-20", [xPost("1", {}, withoutSaves)], {[saves]: "2020-06-20"});
    landPosts(landing, "2020-06-20", [xPost("2")], {}, "8");
    await load(warehouse, landing);
    await build(warehouse, "2020-06-20");
    expect(await endOf(warehouse, "x:saves")).toBeNull();
    landPosts(landing, "2020-06-22", [xPost("2", {}, withoutSaves)], {[saves]: "2020-06-22"}, "8");
    await load(warehouse, landing);
    await build(warehouse, "2020-06-22");
    expect(await endOf(warehouse, "x:saves")).toBe("2020-06-21");
  });
});

describe("definitions", () => {
  it("are one a metric, source and day", async () => {
    await using warehouse = await emptyWarehouse();
    await build(warehouse, "2020-06-30");
    const overlapping = await warehouse.rows(`
      select a.definition_id, b.definition_id as other from mart.metric_definition as a
      join mart.metric_definition as b on b.platform = a.platform and b.metric = a.metric
        and b.definition_id > a.definition_id and (a.source is null or b.source is null or a.source = b.source)
        and b.valid_from <= coalesce(a.valid_to, date '9999-12-31') and a.valid_from <= coalesce(b.valid_to, date '9999-12-31')`);
    expect(overlapping).toEqual([]);
    const ids = models.flatMap(({twin}) => twin.definitions ?? []).flatMap(({id}) => id ?? []);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

/** Lands a classic export of X as an import of that day does. */
function landFile(landing: Landing, day: string, records: object[]): void {
  const batch = {
    run_id: `import-${day}`,
    platform: "x",
    source: "export" as const,
    account,
    captured_at: `${day}T10:00:00.000Z`,
    captured_on: day,
    covers_from: "2020-06-01",
    covers_to: day,
    stream: "classic_tweets",
    cursor: null
  };
  landing.append([{batch, records}], new Date(`${day}T10:00:00Z`));
}

/** A post as a classic export gives it, with retweets and no quotes. */
function tweet(id: string, retweets: number): object {
  return {
    tweet_id: id,
    published_at: "2020-06-01T10:00:00.000Z",
    text: `Post ${id}`,
    is_reply: false,
    impressions: 100,
    likes: 2,
    replies: 0,
    retweets
  };
}

describe("shares that the API and a file count in two ways", () => {
  it("are never mixed: not in a post's newest values, not in a total, not in a rate", async () => {
    using dir = folder();
    await using warehouse = await emptyWarehouse();
    const landing = Landing.open(join(dir.path, "landing"));
    const shared = {
      public_metrics: {retweet_count: 30, reply_count: 0, like_count: 2, quote_count: 6, impression_count: 100}
    };
    landPosts(landing, "2020-08-01", [xPost("1", {}, shared)]);
    landFile(landing, "2020-08-05", [tweet("1", 30), tweet("2", 3)]);
    await load(warehouse, landing);
    await build(warehouse, "2020-08-06");
    expect(
      await warehouse.rows(
        "select post_id, source, value, definition_id from mart.post_metric where metric = 'shares' and kind is null order by all"
      )
    ).toEqual([
      {post_id: "x:1", source: "api", value: "36", definition_id: "x:shares"},
      {post_id: "x:1", source: "export", value: "30", definition_id: "x:shares:export"},
      {post_id: "x:2", source: "export", value: "3", definition_id: "x:shares:export"}
    ]);
    // The account is read by the API: what only a file says of shares is no value of its current definition.
    expect(await warehouse.rows("select post_id, shares, reactions from mart.post_latest order by 1")).toEqual([
      {post_id: "x:1", shares: "36", reactions: "2"},
      {post_id: "x:2", shares: null, reactions: "2"}
    ]);
    const month = "period = 'month' and basis = 'latest' and account_id is null and part is not distinct from";
    expect(
      await warehouse.rows(
        `select definition_id, value, n, note from indicator.value where indicator = 'shares' and ${month} null order by 1`
      )
    ).toEqual([
      {definition_id: "x:shares", value: 36, n: "1", note: expect.stringContaining("1 of 2 posts counted by another")},
      {definition_id: "x:shares:export", value: 3, n: "1", note: expect.stringContaining("1 of 2 posts counted by")}
    ]);
    expect(
      await warehouse.rows(
        `select definition_id, value from indicator.value where indicator = 'er_views' and ${month} 'pooled' order by 1`
      )
    ).toEqual([
      {definition_id: "x:reactions + x:comments + x:shares / x:impressions", value: 0.38},
      {definition_id: "x:reactions + x:comments + x:shares:export / x:impressions", value: 0.05}
    ]);
    expect(
      await warehouse.rows(
        `select value, n, definition_id from indicator.value where indicator = 'views' and ${month} null`
      )
    ).toEqual([{value: 200, n: "2", definition_id: "x:impressions"}]);
  });
});

describe("mart.post_as_of", () => {
  it("gives in the published copy what was known of each post on a day, as post_latest does of the newest", async () => {
    using dir = folder();
    await using warehouse = await emptyWarehouse();
    const landing = Landing.open(join(dir.path, "landing"));
    landPosts(landing, "2020-06-02", [xPost("1", {like_count: 5})]);
    landPosts(landing, "2020-06-05", [xPost("1", {like_count: 8}), xPost("2", {like_count: 1})]);
    await load(warehouse, landing);
    await build(warehouse, "2020-06-05");
    await publish(warehouse, models, dir.path, {
      organisation: "Test",
      timezone: "UTC",
      asOfOn: "2020-06-05",
      publishedAt: "2020-06-05T20:00:00Z",
      runId: "run",
      periods: "{}"
    });
    const path = join(dir.path, "published", "warehouse.duckdb");
    await using copy = await Warehouse.open(path, {readOnly: true, locked: true});
    const known = (day: string) =>
      copy.rows(`select post_id, reactions, read_on from mart.post_as_of(date '${day}') order by 1`);
    expect(await known("2020-06-01")).toEqual([]);
    expect(await known("2020-06-04")).toEqual([{post_id: "x:1", reactions: "5", read_on: "2020-06-02"}]);
    const newest = await copy.rows("select post_id, reactions, read_on from mart.post_latest order by 1");
    expect(await known("2020-06-05")).toEqual(newest);
    expect(newest).toHaveLength(2);
  });
});
