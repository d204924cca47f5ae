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

/** Lands one night of X: posts and, when given, followers. */
export async function landNight(
  landing: Landing,
  day: string,
  posts: object[],
  followers?: number,
  run = `run-${day}`,
  accountCursor: object = {}
): Promise<void> {
  const captured = {
    run_id: run,
    platform: "x",
    source: "api" as const,
    account,
    captured_at: `${day}T20:00:00.000Z`,
    captured_on: day,
    covers_from: day,
    covers_to: day
  };
  const at = new Date(`${day}T20:00:01Z`);
  if (followers !== undefined) {
    const record = {id: "7", name: "The mandate", username: "mandate", followers_count: followers};
    const batch = {...captured, stream: "account", cursor: {read_at: captured.captured_at, ...accountCursor}};
    await landing.append([{batch, records: [record]}], at);
  }
  const batch = {...captured, stream: "posts", cursor: {read_at: captured.captured_at}};
  await landing.append([{batch, records: posts}], at);
}

export async function load(warehouse: Warehouse, landing: Landing): Promise<number> {
  return loadLanded(warehouse, landing, stagingModels(models));
}

export async function build(warehouse: Warehouse, day: string, full = false, runId = "run"): Promise<void> {
  await buildModels(warehouse, models, {runId, asOfOn: day, asOfAt: `${day}T20:00:00Z`, ranges: {}}, full);
}
