/** Published copies for report tests: the schema `publish` in a real DuckDB file, with the rows that a test adds. */
import {Warehouse} from "../../warehouse/warehouse.ts";

export type Cell = string | number | null;

const schema = `
  create schema publish;
  create table publish.edition (edition varchar, organisation varchar, timezone varchar, as_of_on date,
    published_at timestamptz, run_id varchar, periods varchar);
  create table publish.value (indicator varchar, period varchar, period_start date, period_end date, scheme varchar,
    platform varchar, account_id varchar, campaign_id varchar, stage varchar, post_type varchar, language varchar,
    dimension varchar, category varchar, part varchar, value double, lower double, upper double, numerator double,
    denominator double, n bigint, basis varchar, status varchar, note varchar, definition_id varchar, source varchar,
    run_id varchar);
  create table publish.catalogue (indicator varchar, title varchar, paragraph varchar, definition varchar,
    formula varchar, unit varchar, additivity varchar, stage varchar, disclosure_class varchar, caveats varchar);
  create table publish.account (account_id varchar, platform varchar, platform_account_id varchar, name varchar,
    handle varchar, kind varchar, display_name varchar, url varchar);
  create table publish.metric_definition (definition_id varchar, subject varchar, platform varchar, metric varchar,
    platform_metric varchar, meaning varchar, unit varchar, additivity varchar, valid_from date, valid_to date);
  create table publish.freshness (account_id varchar, stream varchar, last_success_at timestamptz, newest_data_on date,
    is_stale boolean)`;

/** The columns of `publish.value`. */
export const valueColumns = /create table publish\.value \(([^)]*)\)/
  .exec(schema)![1]!
  .split(",")
  .map(column => column.trim().split(" ")[0]!);

/** An edition as of 30 November 2020 with the accounts given and no value. */
export async function published(path: string, platforms: string[] = ["x"]): Promise<Warehouse> {
  const copy = await Warehouse.open(path);
  await copy.exec(schema);
  await copy.exec(`insert into publish.edition values ('team', 'IE SOGI', 'Europe/Zurich', '2020-11-30',
    '2020-11-30 23:00:00+00', 'run-1', '{}')`);
  for (const platform of platforms) {
    await copy.exec("insert into publish.account (account_id, platform) values ($id, $platform)", {
      id: `${platform}:1`,
      platform
    });
  }
  return copy;
}

/** Adds a row to `publish.value`; what is left out is empty, and the status is `ok`. */
export async function add(copy: Warehouse, row: Record<string, Cell>): Promise<void> {
  const full: Record<string, Cell> = {status: "ok", ...row};
  const names = Object.keys(full);
  await copy.exec(
    `insert into publish.value (${names.join(", ")}) values (${names.map(name => `$${name}`).join(", ")})`,
    full
  );
}

/** Adds a row for a month such as `2020-06`. */
export async function addMonth(copy: Warehouse, month: string, row: Record<string, Cell>): Promise<void> {
  const [year, number] = month.split("-").map(Number) as [number, number];
  const end = new Date(Date.UTC(year, number, 0)).toISOString().slice(0, 10);
  await add(copy, {period: "month", period_start: `${month}-01`, period_end: end, ...row});
}

/** The months from September 2019 to November 2020. */
export const months = Array.from({length: 15}, (_, i) => new Date(Date.UTC(2019, 8 + i, 1)).toISOString().slice(0, 7));

/** Fifteen months of one platform: posts, views, engagements and followers, the last month not yet mature. */
export async function fifteenMonths(copy: Warehouse, platform = "x"): Promise<void> {
  const whole = {period: "all", period_start: "2019-08-31", period_end: "2020-11-30", platform};
  for (const [i, month] of months.entries()) {
    const isMature = i < 14;
    const aged = {platform, basis: "age_28", n: isMature ? 6 : 0, status: isMature ? "ok" : "not_mature"};
    const counted = {indicator: "posts_published", platform, part: "posts", n: 6};
    await addMonth(copy, month, {...counted, value: 6});
    await addMonth(copy, month, {...counted, post_type: "text", value: 4});
    await addMonth(copy, month, {...counted, post_type: "image", value: 2});
    const value = (number: number) => (isMature ? number : null);
    const shown = {definition_id: `${platform}:impressions`};
    await addMonth(copy, month, {indicator: "views", ...aged, ...shown, value: value(9000 + i * 100)});
    await addMonth(copy, month, {indicator: "reactions", ...aged, value: value(200 + i)});
    await addMonth(copy, month, {indicator: "public_engagements", ...aged, value: value(300 + i)});
    await addMonth(copy, month, {indicator: "er_views", ...aged, part: "pooled", value: value(0.03 + i / 1000)});
    await addMonth(copy, month, {indicator: "audience_net_growth", platform, part: "net", value: 156});
  }
  await add(copy, {...whole, indicator: "posts_published", part: "posts", value: 90, n: 90});
  await add(copy, {
    ...whole,
    indicator: "audience_net_growth",
    part: "net",
    value: 2340,
    numerator: 6240,
    denominator: 3900
  });
  await copy.exec(
    `insert into publish.value (indicator, platform, definition_id, period, period_start, period_end, status, value)
     select 'audience_size', $platform, $platform || ':followers', 'day', date '2019-08-31' + r.day::integer,
       date '2019-08-31' + r.day::integer, 'ok', round(3900 + 2340 * r.day / 457.0) from range(458) as r(day)`,
    {platform}
  );
}
