import {join} from "node:path";
import {describe, expect, it} from "vitest";
import type {Cursor} from "../../connectors/plan.ts";
import {fillDefinitions} from "../../warehouse/definitions.ts";
import {Landing} from "../../warehouse/landing.ts";
import {buildModels, checkUnknownKinds} from "../../warehouse/models.ts";
import {publish} from "../../warehouse/publish.ts";
import {Warehouse} from "../../warehouse/warehouse.ts";
import {account, build, emptyWarehouse, folder, load, models, xPost} from "./warehouse-fixture.ts";

/** Lands a night of posts of one of two accounts of X, with what the platform refuses by then. */
async function landPosts(
  landing: Landing,
  day: string,
  posts: object[],
  refused: Cursor["refused"] = {},
  id = "7",
  more: Partial<Cursor> = {}
): Promise<void> {
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
    cursor: {read_at: captured_at, ...(Object.keys(refused).length > 0 ? {refused} : {}), ...more}
  };
  await landing.append([{batch, records: posts}], new Date(captured_at));
}

/** Lands a night of a stream of a Facebook page, with what the platform refuses by then. */
async function landPage(
  landing: Landing,
  day: string,
  stream: string,
  records: object[],
  refused: Cursor["refused"] = {},
  more: Partial<Cursor> = {}
): Promise<void> {
  const captured_at = `${day}T20:00:00.000Z`;
  const batch = {
    run_id: `run-${day}`,
    platform: "facebook",
    stream,
    source: "api" as const,
    account: {...account, account_id: "facebook:1", platform: "facebook", platform_account_id: "1", name: "page"},
    captured_at,
    captured_on: day,
    covers_from: day,
    covers_to: day,
    cursor: {read_at: captured_at, ...(Object.keys(refused).length > 0 ? {refused} : {}), ...more}
  };
  await landing.append([{batch, records}], new Date(captured_at));
}

/** A post as the Facebook connector lands it. */
function pagePost(insights: object): object {
  return {
    id: "1_2",
    published_at: "2020-06-18T10:00:00.000Z",
    share_count: 0,
    reaction_count: 9,
    comment_count: 0,
    insights,
    insights_status: "ok",
    summaries_status: "ok",
    video_status: "not_offered"
  };
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
    await landPosts(landing, "2020-06-19", [xPost("1", {bookmark_count: 4})]);
    await landPosts(landing, "2020-06-20", [xPost("1", {}, withoutSaves)], {[saves]: "2020-06-20"});
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
    await landPosts(landing, "2020-06-20", [xPost("1", {}, withoutSaves)], {[saves]: "2020-06-20"});
    await load(warehouse, landing);
    await build(warehouse, "2020-06-20");
    expect(await endOf(warehouse, "x:saves")).toBe("2020-06-19");
    await landPosts(landing, "2020-07-20", [xPost("1")]);
    await load(warehouse, landing);
    await build(warehouse, "2020-07-20");
    expect(await endOf(warehouse, "x:saves")).toBeNull();
  });

  it("ended with its first refusal, however often it is refused again", async () => {
    using dir = folder();
    await using warehouse = await emptyWarehouse();
    const landing = Landing.open(dir.path);
    const since = {refused_since: {[saves]: "2020-06-20"}};
    await landPosts(landing, "2020-07-20", [xPost("1", {}, withoutSaves)], {[saves]: "2020-07-20"}, "7", since);
    await load(warehouse, landing);
    await build(warehouse, "2020-07-20");
    expect(await endOf(warehouse, "x:saves")).toBe("2020-06-19");
  });

  it("ends the definition of a sum that it is a part of, and of no name that only begins like it", async () => {
    using dir = folder();
    await using warehouse = await emptyWarehouse();
    const landing = Landing.open(dir.path);
    const refused = {"public_metrics.quote_count": "2020-06-20", "public_metrics.like": "2020-06-20"};
    await landPosts(landing, "2020-06-20", [xPost("1")], refused);
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
    await landPosts(landing, "2020-06-20", [xPost("1", {}, withoutSaves)], {[saves]: "2020-06-20"});
    await landPosts(landing, "2020-06-20", [xPost("2")], {}, "8");
    await load(warehouse, landing);
    await build(warehouse, "2020-06-20");
    expect(await endOf(warehouse, "x:saves")).toBeNull();
    await landPosts(landing, "2020-06-22", [xPost("2", {}, withoutSaves)], {[saves]: "2020-06-22"}, "8");
    await load(warehouse, landing);
    await build(warehouse, "2020-06-22");
    expect(await endOf(warehouse, "x:saves")).toBe("2020-06-21");
  });
});

describe("a metric that is refused on the day after a night that went on past midnight", () => {
  it("ends, though another account was read later in that night with it", async () => {
    using dir = folder();
    await using warehouse = await emptyWarehouse();
    const landing = Landing.open(dir.path);
    await landPosts(landing, "2020-06-20", [xPost("2")], {}, "8", {read_on: "2020-06-19"});
    await landPosts(landing, "2020-06-20", [xPost("1", {}, withoutSaves)], {[saves]: "2020-06-20"});
    await load(warehouse, landing);
    await build(warehouse, "2020-06-20");
    expect(await endOf(warehouse, "x:saves")).toBe("2020-06-19");
  });
});

describe("a metric of a page's days that the platform refuses", () => {
  const day = (end: string) => ({metric: "page_views_total", ended_at: `${end}T07:00:00.000Z`, value: 5});
  const told = `select on_date, value, status, definition_id, run_id from mart.account_metric
    where metric = 'page_views' order by 1`;
  const read = {value: "5", status: "ok", definition_id: "facebook:account:page_views"};
  const lacking = {value: null, status: "not_offered", definition_id: null};

  it("is a row without a value on each day on which it was asked for in vain, and one never asked for is none", async () => {
    using dir = folder();
    const landing = Landing.open(dir.path);
    const refused = {page_views_total: "2020-06-20"};
    await landPage(landing, "2020-06-19", "account_days", [day("2020-06-19")]);
    await landPage(landing, "2020-06-20", "account_days", [], refused);
    await landPage(landing, "2020-06-21", "account_days", [], refused);
    await landPage(
      landing,
      "2020-07-20",
      "account_days",
      [],
      {page_views_total: "2020-07-20"},
      {refused_since: refused}
    );
    const rows = [
      {on_date: "2020-06-18", ...read, run_id: "run-2020-06-19"},
      {on_date: "2020-06-20", ...lacking, run_id: "run-2020-06-20"},
      {on_date: "2020-07-20", ...lacking, run_id: "run-2020-07-20"}
    ];
    await using warehouse = await emptyWarehouse();
    await load(warehouse, landing);
    await build(warehouse, "2020-07-20");
    expect(await warehouse.rows(told)).toEqual(rows);
    expect(await warehouse.rows("select * from mart.account_metric where metric <> 'page_views'")).toEqual([]);

    // Given again, it has values for days on which it was refused: a value stands before none.
    await landPage(landing, "2020-07-21", "account_days", [day("2020-07-21")]);
    await load(warehouse, landing);
    await build(warehouse, "2020-07-21");
    const given = [...rows.slice(0, 2), {on_date: "2020-07-20", ...read, run_id: "run-2020-07-21"}];
    expect(await warehouse.rows(told)).toEqual([given[0], {...given[1], definition_id: read.definition_id}, given[2]]);
  });

  it("is the same row after a night and after a rebuild", async () => {
    using dir = folder();
    const landing = Landing.open(dir.path);
    await using nightly = await emptyWarehouse();
    for (const [night, refused] of [
      ["2020-06-19", {}],
      ["2020-06-20", {page_views_total: "2020-06-20"}]
    ] as const) {
      await landPage(landing, night, "account_days", [day("2020-06-19")], refused);
      await load(nightly, landing);
    }
    await using rebuilt = await emptyWarehouse();
    await load(rebuilt, landing);
    const rows = await nightly.rows(told);
    expect(rows).toHaveLength(2);
    expect(await rebuilt.rows(told)).toEqual(rows);
  });
});

describe("a part of a metric", () => {
  const parts = (link_clicks: number | null) =>
    pagePost(link_clicks === null ? {} : {post_clicks_by_type: {link_clicks}});

  it("goes by the definition of its total for as long as it is read, also when the total is no longer", async () => {
    using dir = folder();
    await using warehouse = await emptyWarehouse();
    const landing = Landing.open(dir.path);
    await landPage(landing, "2020-06-19", "posts", [pagePost({post_clicks: 9, post_clicks_by_type: {link_clicks: 7}})]);
    const total = {post_clicks: "2020-06-20"};
    await landPage(landing, "2020-06-20", "posts", [parts(8)], total);
    await landPage(landing, "2020-06-21", "posts", [parts(null)], {...total, post_clicks_by_type: "2020-06-21"});
    await load(warehouse, landing);
    await build(warehouse, "2020-06-21");
    expect(await endOf(warehouse, "facebook:clicks")).toBe("2020-06-19");
    expect(
      await warehouse.rows(
        "select captured_on, kind, value, definition_id from mart.post_metric where metric = 'clicks' order by 1, kind nulls last"
      )
    ).toEqual([
      {captured_on: "2020-06-19", kind: "link", value: "7", definition_id: "facebook:clicks"},
      {captured_on: "2020-06-19", kind: null, value: "9", definition_id: "facebook:clicks"},
      {captured_on: "2020-06-20", kind: "link", value: "8", definition_id: "facebook:clicks"},
      {captured_on: "2020-06-20", kind: null, value: null, definition_id: null},
      {captured_on: "2020-06-21", kind: "link", value: null, definition_id: null},
      {captured_on: "2020-06-21", kind: null, value: null, definition_id: null}
    ]);
  });

  it("goes by the next definition from the day on which it begins", async () => {
    await using warehouse = await emptyWarehouse();
    const twins = models.map(model => {
      if (model.name !== "stg_facebook__posts") return model;
      const definitions = model.twin.definitions!.flatMap(item =>
        item.metric === "clicks"
          ? [
              {...item, id: "facebook:old_clicks", valid_to: "2020-06-19"},
              {...item, valid_from: "2020-07-01"}
            ]
          : [item]
      );
      return {...model, twin: {...model.twin, definitions}};
    });
    using dir = folder();
    const landing = Landing.open(dir.path);
    await landPage(landing, "2020-06-30", "posts", [parts(7)]);
    await landPage(landing, "2020-07-01", "posts", [parts(8)]);
    await load(warehouse, landing);
    await fillDefinitions(warehouse, twins);
    expect(
      await warehouse.rows(
        "select captured_on, definition_id from mart.post_metric where metric = 'clicks' and kind = 'link' order by 1"
      )
    ).toEqual([
      {captured_on: "2020-06-30", definition_id: "facebook:old_clicks"},
      {captured_on: "2020-07-01", definition_id: "facebook:clicks"}
    ]);
  });
});

describe("a definition that begins between two readings of a post", () => {
  it("has the post's numbers from the reading that confirms them on, as a rebuild has", async () => {
    const twins = models.map(model => {
      const definitions = model.twin.definitions?.flatMap(item =>
        item.metric === "impressions" && model.name === "stg_x__posts"
          ? [item, {...item, id: "x:new_impressions", valid_from: "2020-07-01"}]
          : [item]
      );
      return {...model, twin: {...model.twin, definitions}};
    });
    const newest = async (day: string, full = false) => {
      await buildModels(warehouse, twins, {runId: "run", asOfOn: day, asOfAt: `${day}T20:00:00Z`, ranges: {}}, full);
      return warehouse.rows("select impressions from mart.post_latest");
    };
    using dir = folder();
    const landing = Landing.open(dir.path);
    await using warehouse = await emptyWarehouse();
    await landPosts(landing, "2020-06-29", [xPost("1", {}, {published_at: "2020-05-01T10:00:00.000Z"})]);
    await load(warehouse, landing);
    expect(await newest("2020-06-29")).toEqual([{impressions: "100"}]);
    expect(await newest("2020-07-01")).toEqual([{impressions: null}]);
    await landPosts(landing, "2020-07-03", [xPost("1", {}, {published_at: "2020-05-01T10:00:00.000Z"})]);
    await load(warehouse, landing);
    expect(await newest("2020-07-03")).toEqual([{impressions: "100"}]);
    expect(await newest("2020-07-03", true)).toEqual([{impressions: "100"}]);
  });
});

describe("a kind of reaction that no column holds", () => {
  const kinds = (counts: object) => pagePost({post_reactions_by_type_total: counts});
  const told = (warehouse: Warehouse) =>
    warehouse.rows(`select captured_on, confirmed_on, kind, value, status, definition_id from mart.post_metric
      where metric = 'reactions' and (kind is null or kind in ('like', 'pride')) order by 1, kind nulls first`);

  it("is a row under its own name, a change of it is a reading, and the check names it", async () => {
    using dir = folder();
    const landing = Landing.open(dir.path);
    await using warehouse = await emptyWarehouse();
    await landPage(landing, "2020-06-19", "posts", [kinds({like: 9})]);
    await load(warehouse, landing);
    expect(await checkUnknownKinds(warehouse)).toMatchObject({severity: "warning", status: "ok", failedRows: 0});

    await landPage(landing, "2020-06-20", "posts", [kinds({like: 7, pride: 2})]);
    await landPage(landing, "2020-06-21", "posts", [kinds({like: 7, pride: 2})]);
    await landPage(landing, "2020-06-22", "posts", [kinds({like: 7, pride: 3})]);
    await load(warehouse, landing);
    await build(warehouse, "2020-06-22");
    const own = {status: "ok", definition_id: "facebook:reactions"};
    const [first, second, third] = [
      {captured_on: "2020-06-19", confirmed_on: "2020-06-19", ...own},
      {captured_on: "2020-06-20", confirmed_on: "2020-06-21", ...own},
      {captured_on: "2020-06-22", confirmed_on: "2020-06-22", ...own}
    ];
    expect(await told(warehouse)).toEqual([
      {...first, kind: null, value: "9"},
      {...first, kind: "like", value: "9"},
      {...second, kind: null, value: "9"},
      {...second, kind: "like", value: "7"},
      {...second, kind: "pride", value: "2"},
      {...third, kind: null, value: "9"},
      {...third, kind: "like", value: "7"},
      {...third, kind: "pride", value: "3"}
    ]);
    expect(await checkUnknownKinds(warehouse)).toMatchObject({
      severity: "warning",
      status: "failed",
      failedRows: 2,
      detail: "facebook reactions pride: 2 readings"
    });

    // All at once they give the same rows.
    await using rebuilt = await emptyWarehouse();
    await load(rebuilt, landing);
    await build(rebuilt, "2020-06-22");
    expect(await told(rebuilt)).toEqual(await told(warehouse));
  });
});

describe("definitions", () => {
  it.each([
    {stream: "posts", metric: "post_media_view", over: "facebook:views", on: "facebook:account:views"},
    {stream: "account_days", metric: "page_media_view", over: "facebook:account:views", on: "facebook:views"}
  ])("of a page's and of a post's views end each by itself: without $metric", async ({stream, metric, over, on}) => {
    using dir = folder();
    await using warehouse = await emptyWarehouse();
    const landing = Landing.open(dir.path);
    const days = [{metric: "page_media_view", ended_at: "2020-06-19T07:00:00.000Z", value: 90}];
    await landPage(landing, "2020-06-19", "account_days", days);
    await landPage(landing, "2020-06-19", "posts", [pagePost({post_media_view: 40})]);
    await landPage(landing, "2020-06-20", stream, [], {[metric]: "2020-06-20"});
    await load(warehouse, landing);
    await build(warehouse, "2020-06-20");
    expect(await endOf(warehouse, over)).toBe("2020-06-19");
    expect(await endOf(warehouse, on)).toBeNull();
    expect(
      await warehouse.rows(`
        select value, definition_id from mart.account_metric where metric = 'views' and value is not null
        union all select value, definition_id from mart.post_metric where metric = 'views' and kind is null order by 1`)
    ).toEqual([
      {value: "40", definition_id: "facebook:views"},
      {value: "90", definition_id: "facebook:account:views"}
    ]);
  });

  it("speak of every metric of an account that a staging model's cases give", async () => {
    await using warehouse = await emptyWarehouse();
    await build(warehouse, "2020-06-30");
    const defined = (
      await warehouse.rows("select platform, metric from mart.metric_definition where subject = 'account'")
    ).map(({platform, metric}) => `${platform} ${metric}`);
    const given = models
      .filter(({twin}) => twin.feeds === "account_metric")
      .flatMap(({name, twin}) =>
        twin.cases.flatMap(({expect: rows}) => rows.map(row => `${/stg_(.+?)__/.exec(name)![1]} ${row.metric}`))
      );
    expect(given.filter(metric => !defined.includes(metric))).toEqual([]);
  });

  it("are one a metric, source and day", async () => {
    await using warehouse = await emptyWarehouse();
    await build(warehouse, "2020-06-30");
    const overlapping = await warehouse.rows(`
      select a.definition_id, b.definition_id as other from mart.metric_definition as a
      join mart.metric_definition as b on b.platform = a.platform and b.subject = a.subject and b.metric = a.metric
        and b.definition_id > a.definition_id and (a.source is null or b.source is null or a.source = b.source)
        and b.valid_from <= coalesce(a.valid_to, date '9999-12-31') and a.valid_from <= coalesce(b.valid_to, date '9999-12-31')`);
    expect(overlapping).toEqual([]);
    const ids = models.flatMap(({twin}) => twin.definitions ?? []).flatMap(({id}) => id ?? []);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

/** Lands a classic export of X as an import of that day does. */
async function landFile(landing: Landing, day: string, records: object[]): Promise<void> {
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
  await landing.append([{batch, records}], new Date(`${day}T10:00:00Z`));
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
    await landPosts(landing, "2020-08-01", [xPost("1", {}, shared)]);
    await landFile(landing, "2020-08-05", [tweet("1", 30), tweet("2", 3)]);
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
    await landPosts(landing, "2020-06-02", [xPost("1", {like_count: 5})]);
    await landPosts(landing, "2020-06-05", [xPost("1", {like_count: 8}), xPost("2", {like_count: 1})]);
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
