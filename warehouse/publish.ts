/**
 * Publication: two copies that people open, each built table by table from an allow-list into a temporary file, checked
 * and renamed into place. Whoever reads the old copy keeps it.
 */
import {chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync} from "node:fs";
import {join} from "node:path";
import {createDoors} from "./core.ts";
import {installFunctions} from "./functions/functions.ts";
import {inOrder, type Model, valueView} from "./models.ts";
import {literal, Warehouse} from "./warehouse.ts";

/** What an edition says of itself. */
export interface Edition {
  organisation: string;
  timezone: string;
  asOfOn: string;
  publishedAt: string;
  runId: string;
  /** The settings' report periods and named ranges, as JSON. */
  periods: string;
}

/** Tables of `core`, `mart` and `meta` that the team edition holds; models of the folder are added to them. */
const teamTables = [
  "core.setting",
  "core.source",
  "core.stream",
  "core.account",
  "core.post",
  "core.post_alias",
  "core.ask",
  "core.ask_metric",
  "core.reading",
  "core.open_reading",
  "core.account_reading",
  "core.cursor",
  "mart.named_range",
  "mart.metric_definition",
  "meta.load",
  "meta.run",
  "meta.request",
  "meta.rejected",
  "meta.check",
  "meta.perishable"
];

/** Classes that leave the warehouse as they are; the others come only through disclosure control. */
const openClasses = ["D0", "D1"];

/** Builds both published copies from a warehouse whose checks have passed. */
export async function publish(warehouse: Warehouse, models: Model[], dataDir: string, edition: Edition): Promise<void> {
  const folder = join(dataDir, "published");
  mkdirSync(folder, {recursive: true, mode: 0o700});
  const built = (await inOrder(warehouse, models)).filter(
    ({isPassing, twin}) => !isPassing && twin.published !== false
  );
  const shown = built.filter(({layer, twin}) => layer !== "indicators" || openClasses.includes(twin.disclosure ?? ""));
  const tables = shown.filter(({twin}) => twin.build !== "view").map(({relation}) => relation);
  await copy(
    warehouse,
    join(folder, "warehouse.duckdb"),
    [...teamTables, ...tables, "indicator.catalogue"],
    "team",
    edition,
    async target => {
      await installFunctions(target);
      await createDoors(target);
      for (const model of shown) {
        if (model.twin.build === "view") await target.exec(`create view ${model.relation} as ${model.sql}`);
      }
      await createMacros(target, models);
      await target.exec(valueView(shown, "indicator.value"));
      await target.exec("create view publish.value as select * from indicator.value");
    }
  );
  await copy(warehouse, join(folder, "public.duckdb"), [], "public", edition, async () => undefined);
}

async function copy(
  warehouse: Warehouse,
  path: string,
  tables: string[],
  name: string,
  edition: Edition,
  finish: (target: Warehouse) => Promise<void>
): Promise<void> {
  const temporary = `${path}.tmp`;
  for (const left of [temporary, `${temporary}.wal`]) rmSync(left, {force: true}); // of a run that was killed
  await warehouse.exec(`attach ${literal(temporary)} as edition`);
  try {
    for (const schema of new Set(["publish", ...tables.map(table => table.split(".")[0]!)])) {
      await warehouse.exec(`create schema if not exists edition.${schema}`);
    }
    for (const table of tables) {
      const columns = table === "core.reading" ? await filledColumns(warehouse, table) : "*";
      await warehouse.exec(`create table edition.${table} as select ${columns} from ${table}`);
    }
    await warehouse.exec(publishTables(name, edition));
  } finally {
    await warehouse.exec("detach edition");
  }
  chmodSync(temporary, 0o600);
  const target = await Warehouse.open(temporary);
  try {
    await finish(target);
    await target.exec("checkpoint");
    const check = await target.row<{n: number}>("select count(*)::integer as n from publish.edition");
    if (Number(check!.n) !== 1) throw new Error(`${path}: the copy holds no edition`);
  } finally {
    target.close();
  }
  putInPlace(temporary, path);
}

/** The columns of a table that hold a value: most of the history's are empty, and cost five times what the others do. */
async function filledColumns(warehouse: Warehouse, table: string): Promise<string> {
  const columns = await warehouse.rows<{name: string}>(`select column_name as name from (describe ${table})`);
  const filled = await warehouse.row<Record<string, boolean>>(
    `select ${columns.map(({name}) => `count(${name}) > 0 as ${name}`).join(", ")} from ${table}`
  );
  const kept = columns.filter(({name}) => filled![name]).map(({name}) => name);
  return kept.length === 0 ? "*" : kept.join(", ");
}

function publishTables(name: string, edition: Edition): string {
  const open = openClasses.map(literal).join(", ");
  return `
    create table edition.publish.edition as select ${literal(name)} as edition, ${literal(edition.organisation)} as organisation,
      ${literal(edition.timezone)} as timezone, date ${literal(edition.asOfOn)} as as_of_on,
      timestamptz ${literal(edition.publishedAt)} as published_at, ${literal(edition.runId)} as run_id,
      ${literal(edition.periods)} as periods;
    ${
      name === "public"
        ? `create table edition.publish.value as select v.* from indicator.value as v
             join indicator.catalogue as c on c.indicator = v.indicator where c.disclosure_class in (${open});`
        : "" // in the team edition a view over the indicators that stand beside it
    }
    create table edition.publish.catalogue as select * from indicator.catalogue where disclosure_class in (${open});
    create table edition.publish.account as select * from mart.account;
    create table edition.publish.post as select post_id, account_id, platform, published_at, published_on, post_type, text,
      language, content_item_id, permalink, is_repost, is_reply, is_quote, is_promoted, source, first_seen_at, last_seen_at,
      deleted_on from mart.post;
    create table edition.publish.metric_definition as select * from mart.metric_definition;
    create table edition.publish.freshness as select * from meta.freshness;
    create table edition.publish.audience (account_id varchar, platform varchar, population varchar, dimension varchar,
      category varchar, on_date date, value double, unit varchar, internal boolean);
    create table edition.publish.activity (activity_id varchar, title varchar, kind varchar, start_on date);
    create table edition.publish.finding as select check_name, model, severity, status, failed_rows, detail from meta.check
      where run_id = ${literal(edition.runId)} and status <> 'ok'`;
}

/** Models with parameters are macros for people, over all posts. */
async function createMacros(target: Warehouse, models: Model[]): Promise<void> {
  for (const model of models) {
    if (model.macro === undefined) continue;
    await target.exec(`
      create or replace macro ${model.macro.relation}(${model.macro.parameters.join(", ")}) as table
        with changed_post as (select post_key from core.post),
          clock as (select timezone, as_of_on, as_of_at from core.setting)
        select * from (${model.macro.sql})`);
  }
}

function putInPlace(temporary: string, path: string): void {
  const file = openSync(temporary, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  if (existsSync(`${temporary}.wal`)) throw new Error(`${temporary}: the copy is not checkpointed`);
  renameSync(temporary, path);
}
