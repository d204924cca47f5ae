/** Warehouses for tests: real DuckDB files or memory, with functions, core and every model built over nothing. */
import {mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {createCore} from "../../warehouse/core.ts";
import {installFunctions} from "../../warehouse/functions/functions.ts";
import type {LandedAccount, Landing} from "../../warehouse/landing.ts";
import {loadLanded} from "../../warehouse/load.ts";
import {buildModels, type Model, readModels, stagingModels} from "../../warehouse/models.ts";
import {Warehouse} from "../../warehouse/warehouse.ts";

export const models: Model[] = readModels();

/** A folder that is removed when it goes out of scope. */
export function folder(): {path: string; [Symbol.dispose]: () => void} {
  const path = mkdtempSync(join(tmpdir(), "megaphone-"));
  return {path, [Symbol.dispose]: () => rmSync(path, {recursive: true, force: true})};
}

/** An empty warehouse with everything that loading and building need. */
export async function emptyWarehouse(path = ":memory:", timezone = "UTC"): Promise<Warehouse> {
  const warehouse = await Warehouse.open(path);
  await installFunctions(warehouse);
  await createCore(warehouse);
  await warehouse.exec("insert into core.setting values ($timezone, null, null, null)", {timezone});
  return warehouse;
}

export const account: LandedAccount = {
  account_id: "x:7",
  platform: "x",
  platform_account_id: "7",
  name: "mandate",
  kind: "page",
  handle: null
};

/** A post as the X connector lands it. */
export function xPost(id: string, counters: Record<string, number> = {}, more: object = {}): Record<string, unknown> {
  return {
    id,
    first_id: id,
    other_ids: [],
    published_at: "2020-06-01T10:00:00.000Z",
    text: `Post ${id}`,
    lang: "en",
    is_repost: false,
    is_reply: false,
    is_quote: false,
    hashtags: [],
    links: [],
    media_types: [],
    has_poll: false,
    public_metrics: {
      retweet_count: 0,
      reply_count: 0,
      like_count: 0,
      quote_count: 0,
      bookmark_count: 0,
      impression_count: 100,
      ...counters
    },
    non_public_metrics: null,
    ...more
  };
}

/** What of a landed file is not the rule: read on its day at 20:00 from the API, in a run of its own, with a cursor. */
export interface LandOptions {
  account?: LandedAccount;
  run?: string;
  time?: string;
  source?: "api" | "export";
  cursor?: object | null;
  covers?: [from: string, to: string];
}

/** Lands one file of a stream. */
export async function land(
  landing: Landing,
  stream: string,
  day: string,
  records: readonly object[],
  {
    account: of = account,
    run = `run-${day}`,
    time = "20:00",
    source = "api",
    cursor = {},
    covers = [day, day]
  }: LandOptions = {}
): Promise<void> {
  const capturedAt = `${day}T${time}:00.000Z`;
  const batch = {
    run_id: run,
    platform: of.platform,
    stream,
    source,
    account: of,
    captured_at: capturedAt,
    captured_on: day,
    covers_from: covers[0],
    covers_to: covers[1],
    cursor: cursor === null || source === "export" ? null : {read_at: capturedAt, ...cursor}
  };
  await landing.append([{batch, records}], new Date(`${day}T${time}:01Z`));
}

/** Lands one night of X: posts and, when given, followers. */
export async function landNight(
  landing: Landing,
  day: string,
  posts: object[],
  followers?: number,
  run = `run-${day}`,
  accountCursor: object = {}
): Promise<void> {
  if (followers !== undefined) {
    const record = {id: "7", name: "The mandate", username: "mandate", followers_count: followers};
    await land(landing, "account", day, [record], {run, cursor: accountCursor});
  }
  await land(landing, "posts", day, posts, {run});
}

export async function load(warehouse: Warehouse, landing: Landing): Promise<number> {
  return loadLanded(warehouse, landing, stagingModels(models));
}

export async function build(warehouse: Warehouse, day: string, full = false, runId = "run"): Promise<void> {
  await buildModels(warehouse, models, {runId, asOfOn: day, asOfAt: `${day}T20:00:00Z`, ranges: {}}, full);
}

/** One text a relation that is equal when its rows are, whatever the order in which they were loaded. */
export async function marts(warehouse: Warehouse): Promise<Record<string, string>> {
  const relations = {
    account: "mart.account",
    post: "mart.post",
    post_metric: "mart.post_metric",
    account_metric: "mart.account_metric",
    audience_breakdown: "mart.audience_breakdown",
    post_alias: "mart.post_alias",
    post_latest: "mart.post_latest",
    post_at_age_7: "mart.post_at_age_7",
    post_at_age_28: "mart.post_at_age_28",
    value: "indicator.value"
  };
  const hashes: Record<string, string> = {};
  for (const [name, relation] of Object.entries(relations)) {
    const columns = await warehouse.rows<{column_name: string}>(`select column_name from (describe ${relation})`);
    const compared = columns
      .map(row => row.column_name)
      .filter(column => column !== "post_key" && !(name === "value" && column === "run_id"));
    const row = await warehouse.row<{n: string; h: string}>(
      `select count(*) as n, md5(string_agg(line, chr(10) order by line)) as h
       from (select cast((${compared.map(column => `"${column}"`).join(", ")}) as varchar) as line from ${relation})`
    );
    hashes[name] = `${row!.n} ${row!.h}`;
  }
  return hashes;
}
