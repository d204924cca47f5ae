/** The promise of `docs/add-an-indicator.md`: one model with its twin, nothing else. */
import {cpSync, readdirSync, readFileSync} from "node:fs";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {Landing} from "../../warehouse/landing.ts";
import {buildModels, checkModels, readModels} from "../../warehouse/models.ts";
import {publish} from "../../warehouse/publish.ts";
import {Warehouse} from "../../warehouse/warehouse.ts";
import {expectCase, temporaries} from "./cases.ts";
import {emptyWarehouse, folder, landNight, load, xPost} from "./warehouse-fixture.ts";

const fixture = new URL("../fixtures/saves_per_post/", import.meta.url).pathname;
const page = new URL("../../docs/add-an-indicator.md", import.meta.url);

/** The project's models and the page's beside them. */
function modelsWith(path: string) {
  cpSync(new URL("../../warehouse/models/", import.meta.url).pathname, path, {recursive: true});
  cpSync(fixture, join(path, "indicators"), {recursive: true});
  return readModels(`${path}/`);
}

describe("an indicator of one model", () => {
  it("is built, checked and published with no other file changed", async () => {
    using dir = folder();
    const models = modelsWith(join(dir.path, "models"));
    await using warehouse = await emptyWarehouse();
    const landing = Landing.open(dir.path);
    const posts = [xPost("1", {bookmark_count: 4}), xPost("2", {bookmark_count: 1})];
    await landNight(landing, "2020-06-29", posts);
    await load(warehouse, landing);
    const build = {runId: "run", asOfOn: "2020-06-29", asOfAt: "2020-06-29T20:00:00Z", ranges: {}};
    await buildModels(warehouse, models, build);
    expect(await checkModels(warehouse, models)).toEqual([]);

    await publish(warehouse, models, dir.path, {
      organisation: "Test",
      timezone: "UTC",
      asOfOn: build.asOfOn,
      publishedAt: build.asOfAt,
      runId: build.runId,
      periods: "{}"
    });
    const told = `select platform, value, n, status from publish.value
      where indicator = 'saves_per_post' and period = 'month' and account_id is null`;
    for (const copy of ["warehouse.duckdb", "public.duckdb"]) {
      await using published = await Warehouse.open(join(dir.path, "published", copy), {readOnly: true});
      expect(await published.rows(told)).toEqual([{platform: "x", value: 2.5, n: "2", status: "ok"}]);
      expect(
        await published.rows("select title, unit from publish.catalogue where indicator = 'saves_per_post'")
      ).toEqual([{title: "Saves per post", unit: "saves per post"}]);
    }

    // What serves later builds alone is no business of readers.
    await using team = await Warehouse.open(join(dir.path, "published", "warehouse.duckdb"), {readOnly: true});
    const kept = models.filter(({twin}) => twin.published === false).map(({name}) => name);
    expect(kept).not.toEqual([]);
    const names = (await team.rows<{name: string}>("select table_name as name from duckdb_tables()")).map(
      row => row.name
    );
    expect(names.filter(name => kept.includes(name))).toEqual([]);

    const own = models.find(({name}) => name === "saves_per_post")!;
    await temporaries(warehouse, models);
    for (const item of own.twin.cases) await expectCase(warehouse, own, item);
  });
});

describe("the page", () => {
  it("shows the very files that were tried", () => {
    const text = readFileSync(page, "utf8");
    for (const file of readdirSync(fixture)) expect(text, file).toContain(readFileSync(join(fixture, file), "utf8"));
  });
});
