import {describe, expect, it} from "vitest";
import type {Cursor} from "../../connectors/plan.ts";
import {Landing} from "../../warehouse/landing.ts";
import type {Warehouse} from "../../warehouse/warehouse.ts";
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
