import {spawn} from "node:child_process";
import {once} from "node:events";
import {appendFileSync, readFileSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {Landing} from "../../warehouse/landing.ts";
import {batches} from "../../warehouse/load.ts";
import {Warehouse} from "../../warehouse/warehouse.ts";
import {compiled} from "../pipelines/compiled.ts";
import {build, emptyWarehouse, folder, landNight, load, marts, xPost} from "./warehouse-fixture.ts";

const readings =
  "select captured_on, confirmed_on, value from mart.post_metric where metric = 'reactions' and kind is null order by 1, 2";

describe("loading", () => {
  it("confirms what did not change and adds one reading for what did", async () => {
    using dir = folder();
    await using warehouse = await emptyWarehouse();
    const landing = Landing.open(dir.path);
    await landNight(landing, "2020-06-02", [xPost("1", {like_count: 5}), xPost("2", {like_count: 7})]);
    await load(warehouse, landing);
    await landNight(landing, "2020-06-03", [xPost("1", {like_count: 5}), xPost("2", {like_count: 8})]);
    await load(warehouse, landing);
    expect(await warehouse.rows(readings)).toEqual([
      {captured_on: "2020-06-02", confirmed_on: "2020-06-02", value: "7"},
      {captured_on: "2020-06-02", confirmed_on: "2020-06-03", value: "5"},
      {captured_on: "2020-06-03", confirmed_on: "2020-06-03", value: "8"}
    ]);
  });

  it("loads a landed file once, however often it is asked to", async () => {
    using dir = folder();
    await using warehouse = await emptyWarehouse();
    const landing = Landing.open(dir.path);
    await landNight(landing, "2020-06-02", [xPost("1")], 3900);
    expect(await load(warehouse, landing)).toBe(2);
    const before = await marts(await built(warehouse));
    expect(await load(warehouse, landing)).toBe(0);
    expect(await marts(await built(warehouse))).toEqual(before);
  });

  it("calls a stream stale two days and two hours after it was read, and one that rests for days that much later", async () => {
    using dir = folder();
    await using warehouse = await emptyWarehouse();
    const landing = Landing.open(dir.path);
    await landNight(landing, "2020-06-01", [xPost("1")], 10, undefined, {every_days: 7});
    await load(warehouse, landing);
    const stale = async (day: string): Promise<string[]> => {
      await build(warehouse, day);
      const rows = await warehouse.rows<{stream: string}>(
        "select stream from meta.freshness where is_stale order by 1"
      );
      return rows.map(({stream}) => stream);
    };
    expect(await stale("2020-06-03")).toEqual([]);
    expect(await stale("2020-06-04")).toEqual(["posts"]);
    expect(await stale("2020-06-09")).toEqual(["posts"]);
    expect(await stale("2020-06-10")).toEqual(["account", "posts"]);
  });

  it("lets a second reading of a day replace the first", async () => {
    using dir = folder();
    await using warehouse = await emptyWarehouse();
    const landing = Landing.open(dir.path);
    await landNight(landing, "2020-06-01", [xPost("1", {like_count: 4})]);
    await landNight(landing, "2020-06-02", [xPost("1", {like_count: 4})], undefined, "early");
    await landNight(landing, "2020-06-02", [xPost("1", {like_count: 6})], undefined, "late");
    await load(warehouse, landing);
    expect(await warehouse.rows(readings)).toEqual([
      {captured_on: "2020-06-01", confirmed_on: "2020-06-01", value: "4"},
      {captured_on: "2020-06-02", confirmed_on: "2020-06-02", value: "6"}
    ]);
  });

  it("keeps a post that the platform no longer finds, with its numbers and the day", async () => {
    using dir = folder();
    await using warehouse = await emptyWarehouse();
    const landing = Landing.open(dir.path);
    await landNight(landing, "2020-06-02", [xPost("1", {like_count: 5})]);
    await landNight(landing, "2020-06-09", [{id: "1", first_id: "1", is_gone: true}]);
    await landNight(landing, "2020-06-10", [{id: "1", first_id: "1", is_gone: true}]);
    await load(warehouse, landing);
    await build(warehouse, "2020-06-10");
    expect(await warehouse.rows("select post_id, deleted_on, text from mart.post")).toEqual([
      {post_id: "x:1", deleted_on: "2020-06-09", text: "Post 1"}
    ]);
    expect(await warehouse.rows("select reactions from mart.post_latest")).toEqual([{reactions: "5"}]);
  });

  it("joins an edited post to the one it was, by the later id as an alias", async () => {
    using dir = folder();
    await using warehouse = await emptyWarehouse();
    const landing = Landing.open(dir.path);
    await landNight(landing, "2020-06-01", [xPost("1", {like_count: 5})]);
    await landNight(landing, "2020-06-02", [
      xPost("1", {like_count: 6}, {id: "2", other_ids: ["2"], text: "Post one"})
    ]);
    await load(warehouse, landing);
    await build(warehouse, "2020-06-02");
    expect(await warehouse.rows("select post_id, text from mart.post")).toEqual([{post_id: "x:1", text: "Post one"}]);
    expect(await warehouse.rows("select alias, post_id from mart.post_alias")).toEqual([{alias: "2", post_id: "x:1"}]);
  });

  it("leaves no temporary table, which would hold memory", async () => {
    using dir = folder();
    await using warehouse = await emptyWarehouse();
    const landing = Landing.open(dir.path);
    await landNight(landing, "2020-06-02", [xPost("1")], 10);
    await load(warehouse, landing);
    expect(await warehouse.rows("select table_name from duckdb_tables() where temporary")).toEqual([]);
  });

  it("never turns what a platform did not send into zero", async () => {
    using dir = folder();
    await using warehouse = await emptyWarehouse();
    const landing = Landing.open(dir.path);
    await landNight(landing, "2020-06-02", [xPost("1")]);
    await load(warehouse, landing);
    const clicks = "select value, status from mart.post_metric where metric = 'clicks' and kind = 'link'";
    expect(await warehouse.rows(clicks)).toEqual([{value: null, status: "not_permitted"}]);
  });
});

describe("a rebuild", () => {
  it("gives the rows that the nights gave, one by one and all at once", async () => {
    using dir = folder();
    const landing = Landing.open(dir.path);
    await using nightly = await emptyWarehouse();
    for (let night = 0; night < 40; night++) {
      const day = new Date(Date.UTC(2020, 5, 1 + night)).toISOString().slice(0, 10);
      const posts = Array.from({length: 12}, (_, index) =>
        xPost(String(100 + index), {
          like_count: Math.min(night, index * 3),
          impression_count: 100 * index + (night > 20 ? 7 : night)
        })
      );
      if (night === 7) posts[3] = {id: "103", first_id: "103", is_gone: true};
      await landNight(landing, day, posts.slice(0, 3 + (night % 10)), 3900 + night);
      if (night % 9 === 0) await landNight(landing, day, posts.slice(0, 4), undefined, `again-${day}`);
      await load(nightly, landing);
      if (night % 5 === 0) await build(nightly, day);
    }
    await build(nightly, "2020-07-10");
    await using rebuilt = await emptyWarehouse();
    await load(rebuilt, Landing.open(dir.path));
    await build(rebuilt, "2020-07-10", true);
    expect(await marts(nightly)).toEqual(await marts(rebuilt));
    expect(Number((await rebuilt.row<{n: string}>("select count(*) as n from core.reading"))!.n)).toBeGreaterThan(50);
  });
});

describe("the landing zone", () => {
  it("cuts off a torn last line, which nobody acknowledged", async () => {
    using dir = folder();
    await landNight(Landing.open(dir.path), "2020-06-02", [xPost("1")], 10);
    appendFileSync(join(dir.path, "landing", "manifest.ndjson"), '{"file":"x/po');
    expect(Landing.open(dir.path).lines).toHaveLength(2);
    expect(readFileSync(join(dir.path, "landing", "manifest.ndjson"), "utf8").endsWith("}\n")).toBe(true);
  });

  it("refuses a manifest of which a line was changed", async () => {
    using dir = folder();
    await landNight(Landing.open(dir.path), "2020-06-02", [xPost("1")], 10);
    const manifest = join(dir.path, "landing", "manifest.ndjson");
    writeFileSync(manifest, readFileSync(manifest, "utf8").replace('"rows":1', '"rows":2'));
    expect(() => Landing.open(dir.path)).toThrow(/line 2: the chain is broken/);
  });

  it("says which landed files were changed or lost", async () => {
    using dir = folder();
    const landing = Landing.open(dir.path);
    await landNight(landing, "2020-06-02", [xPost("1")], 10);
    writeFileSync(landing.path(landing.lines[0]!), "");
    expect(landing.damaged().map(({stream}) => stream)).toEqual(["account"]);
  });

  it("is folded in batches that never mix two runs of a day, nor a file with anything", async () => {
    using dir = folder();
    const landing = Landing.open(dir.path);
    await landNight(landing, "2020-06-01", [xPost("1")], 10);
    await landNight(landing, "2020-06-02", [xPost("1")], 10, "early");
    await landNight(landing, "2020-06-02", [xPost("1")], 10, "late");
    const line = landing.lines[0]!;
    const file = {...line, source: "export" as const};
    const shape = [...batches([...landing.lines, file, file])].map(batch => batch.length);
    expect(shape).toEqual([4, 2, 1, 1]);
  });
});

describe("a process that is killed", () => {
  it("leaves a warehouse that goes on from the landing zone, in every stage", async () => {
    using dir = folder();
    const landing = Landing.open(dir.path);
    for (let night = 1; night <= 20; night++) {
      const day = `2020-06-${String(night).padStart(2, "0")}`;
      await landNight(
        landing,
        day,
        Array.from({length: 200}, (_, i) => xPost(String(100 + i), {like_count: night})),
        3900 + night
      );
    }
    const path = join(dir.path, "warehouse.duckdb");
    const script = join(compiled(), "load-one-by-one.js");
    writeFileSync(script, loadOneByOne);
    for (let delay = 0; delay < 1200; delay += 200) {
      const child = spawn(process.execPath, [script, dir.path], {stdio: ["ignore", "pipe", "inherit"]});
      await once(child.stdout, "data");
      await new Promise(done => setTimeout(done, delay));
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    await using survivor = await Warehouse.open(path);
    await load(survivor, Landing.open(dir.path));
    await using fresh = await emptyWarehouse();
    await load(fresh, Landing.open(dir.path));
    expect(await marts(await built(survivor))).toEqual(await marts(await built(fresh)));
  });
});

/** Opens the store and loads one acknowledged file after the other, each in its own transaction. */
const loadOneByOne = `
  import {join} from "node:path";
  import {createCore} from "./warehouse/core.js";
  import {installFunctions} from "./warehouse/functions/functions.js";
  import {Landing} from "./warehouse/landing.js";
  import {loadLanded} from "./warehouse/load.js";
  import {buildModels, readModels, stagingModels} from "./warehouse/models.js";
  import {Warehouse} from "./warehouse/warehouse.js";
  const warehouse = await Warehouse.open(join(process.argv[2], "warehouse.duckdb"));
  await installFunctions(warehouse);
  await createCore(warehouse);
  if (!(await warehouse.row("select 1 from core.setting"))) {
    await warehouse.exec("insert into core.setting values ('UTC', null, null, null)");
  }
  const models = readModels();
  const landing = Landing.open(process.argv[2]);
  const lines = [...landing.lines];
  process.stdout.write("started");
  for (let count = 1; count <= lines.length; count++) {
    landing.lines.splice(0, landing.lines.length, ...lines.slice(0, count));
    await loadLanded(warehouse, landing, stagingModels(models));
    if (count % 5 === 0) {
      await buildModels(warehouse, models, {runId: "run", asOfOn: "2020-07-10", asOfAt: "2020-07-10T20:00:00Z", ranges: {}}, true);
    }
  }
`;

async function built(warehouse: Warehouse): Promise<Warehouse> {
  await build(warehouse, "2020-07-10", true);
  return warehouse;
}
