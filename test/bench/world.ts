/** Landing zones of any size for the benchmark, written by DuckDB because it is the fastest writer of NDJSON at hand. */
import {createHash} from "node:crypto";
import {appendFileSync, mkdirSync, readFileSync} from "node:fs";
import {join} from "node:path";
import type {LandedAccount} from "../../warehouse/landing.ts";
import {literal, type Warehouse} from "../../warehouse/warehouse.ts";

export const account: LandedAccount = {
  account_id: "x:7",
  platform: "x",
  platform_account_id: "7",
  name: "bench",
  kind: "page",
  handle: null
};

/** The day that is so many days after the first of the benchmark's world. */
export function dayOf(n: number): string {
  return new Date(Date.UTC(2015, 0, 1) + n * 86_400_000).toISOString().slice(0, 10);
}

/**
 * X posts as the connector lands them, as a SELECT: posts `from` to `to` of a world that publishes evenly over 4,000
 * days, with counters that grow with `step`, for all of them or for every `changing`-th.
 */
export function xPosts(from: number, to: number, step: number, changing = 1): string {
  const grown = `cast(case when n % ${changing} = 0 then ${step} else 0 end as bigint)`;
  return `select cast(1000000000000000000 + n as varchar) as id, cast(1000000000000000000 + n as varchar) as first_id,
      [] as other_ids,
      strftime(timestamp '2015-01-01' + to_days(cast(n * 4000 // 1000000 as integer)) + to_hours(10), '%Y-%m-%dT%H:%M:%S.000Z') as published_at,
      'Statement number ' || n || ' of the mandate on protection against violence and discrimination, with a link to the report and a call for inputs to the next one' as text,
      'en' as lang, false as is_repost, false as is_reply, false as is_quote, ['SOGI', 'HumanRights'] as hashtags,
      ['https://example.org/report/' || n] as links, [] as media_types, false as has_poll,
      {retweet_count: 3 + ${grown}, reply_count: n % 7, like_count: 20 + n % 31 + ${grown}, quote_count: n % 3,
        bookmark_count: n % 5, impression_count: 1000 + n % 997 + 10 * ${grown}} as public_metrics
    from range(${from}, ${to}) as r(n)`;
}

/** Lands one file of X posts, acknowledged like any other; the world's posts are scaled to a million. */
export async function landPosts(
  writer: Warehouse,
  dataDir: string,
  day: string,
  run: string,
  part: number,
  select: string,
  rows: number
): Promise<void> {
  const folder = join(dataDir, "landing", "x", "posts");
  mkdirSync(folder, {recursive: true});
  const file = `x/posts/${run}-${part}.ndjson.gz`;
  const path = join(dataDir, "landing", file);
  await writer.exec(`copy (${select}) to ${literal(path)} (format json, compression gzip)`);
  const manifest = join(dataDir, "landing", "manifest.ndjson");
  const previous = previousLines.get(manifest) ?? "";
  const line = JSON.stringify({
    run_id: run,
    platform: "x",
    stream: "posts",
    source: "api",
    account,
    captured_at: `${day}T20:00:00.000Z`,
    captured_on: day,
    asked: [],
    cursor: {read_at: `${day}T20:00:00.000Z`},
    covers_from: day,
    covers_to: day,
    file,
    sha256: createHash("sha256").update(readFileSync(path)).digest("hex"),
    rows,
    landed_at: `${day}T20:00:01.000Z`,
    previous
  });
  appendFileSync(manifest, `${line}\n`);
  previousLines.set(manifest, createHash("sha256").update(line).digest("hex"));
}

const previousLines = new Map<string, string>();
