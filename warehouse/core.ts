/**
 * How readings are stored: the tables of `core` and `meta`, and the doors to them in `mart`.
 *
 * Text ids stand at the doors, integer keys inside, and a reading is one wide row a post, source and day: windows over
 * text keys are three times slower, and "latest" over a long form ten times. `core.open_reading` holds the reading in
 * force; a night that confirms it moves `confirmed_on` there and touches nothing in the history of `core.reading`.
 */
import {medianRanks} from "./median-rank.ts";
import {accountStocks, metricColumns} from "./metrics.ts";
import {literal, type Warehouse} from "./warehouse.ts";

/** Numbers that stand for where a record comes from; a lower one is the better witness. */
export const sources = {api: 1, export: 2, register: 3} as const;

const metricList = metricColumns.map(({column}) => column).join(", ");
const metricTypes = metricColumns.map(({column}) => `${column} bigint`).join(", ");

/** The columns that staging models of each union may give, beside the metrics; what one does not give is NULL. */
export const unions = {
  post: `load_key integer, platform_post_id varchar, published_at timestamptz, post_type varchar, text varchar,
    language varchar, permalink varchar, hashtags varchar[], links varchar[], is_repost boolean, is_reply boolean,
    is_quote boolean, is_promoted boolean, aliases varchar[], lookup_id varchar, is_gone boolean, asked varchar,
    exceptions varchar, other_parts varchar`,
  account: `load_key integer, handle varchar, display_name varchar, url varchar,
    ${accountStocks.map(stock => `${stock} bigint`).join(", ")}`,
  account_metric: `load_key integer, metric varchar, window_days integer, on_date date, value bigint, status varchar,
    platform_metric varchar`,
  audience_breakdown: `load_key integer, population varchar, dimension varchar, category varchar, on_date date,
    value double, unit varchar, status varchar, platform_metric varchar`
} as const;

export type Union = keyof typeof unions;

const tables = `
create schema if not exists landing;
create schema if not exists core;
create schema if not exists mart;
create schema if not exists indicator;
create schema if not exists publish;
create schema if not exists meta;
create table if not exists core.setting (timezone varchar, as_of_on date, as_of_at timestamptz, models_hash varchar);
create table if not exists core.source (source_key utinyint, source varchar);
create table if not exists core.stream (platform varchar, stream varchar, feeds varchar);
create table if not exists core.account (account_key integer, account_id varchar, platform varchar,
  platform_account_id varchar, name varchar, handle varchar, kind varchar, display_name varchar, url varchar);
create table if not exists core.post (post_key integer, account_key integer, platform varchar, platform_post_id varchar,
  published_at timestamptz, published_on date, post_type varchar, text varchar, language varchar, permalink varchar,
  hashtags varchar[], links varchar[], is_repost boolean, is_reply boolean, is_quote boolean, is_promoted boolean,
  lookup_id varchar, source_key utinyint, first_seen_at timestamptz, deleted_on date, text_key ubigint);
create table if not exists core.post_alias (platform varchar, alias varchar, post_key integer);
create table if not exists core.ask (ask_key integer, platform varchar, asked varchar, exceptions varchar);
create table if not exists core.ask_metric (ask_key integer, metric varchar, kind varchar, status varchar);
create table if not exists core.reading (post_key integer, source_key utinyint, captured_on date, confirmed_on date,
  captured_at timestamptz, load_key integer, ask_key integer, ${metricTypes});
create table if not exists core.open_reading (post_key integer, source_key utinyint, captured_on date,
  confirmed_on date, captured_at timestamptz, load_key integer, ask_key integer, ${metricTypes},
  confirmed_before date, confirmed_at timestamptz);
create table if not exists core.account_reading (account_key integer, metric varchar, window_days integer, on_date date,
  source_key utinyint, captured_at timestamptz, value bigint, status varchar, platform_metric varchar,
  load_key integer);
create table if not exists core.audience_reading (account_key integer, population varchar, dimension varchar,
  category varchar, on_date date, source_key utinyint, captured_at timestamptz, value double, unit varchar,
  status varchar, platform_metric varchar, load_key integer);
create table if not exists core.cursor (account_id varchar, stream varchar, read_at timestamptz, cursor varchar);
create table if not exists core.pending_post (post_key integer, published_on date);
create table if not exists mart.named_range (name varchar, from_on date, to_on date);
create table if not exists meta.load (load_key integer, file varchar, run_id varchar, platform varchar,
  account_id varchar, stream varchar, source varchar, captured_at timestamptz, captured_on date, covers_from date,
  covers_to date, is_complete boolean, rows bigint, sha256 varchar, landed_at timestamptz, loaded_at timestamptz);
create table if not exists meta.run (run_id varchar, command varchar, as_of timestamptz, started_at timestamptz,
  ended_at timestamptz, exit_code integer, accounts_ok integer, accounts_failed integer, note varchar);
create table if not exists meta.request (run_id varchar, account_id varchar, platform varchar, stream varchar,
  endpoint varchar, status varchar, http_calls integer, counted_calls integer, retries integer);
create table if not exists meta.rejected (run_id varchar, source varchar, file varchar, row bigint,
  column_name varchar, reason varchar);
create table if not exists meta.check (run_id varchar, check_name varchar, model varchar, severity varchar,
  status varchar, failed_rows bigint, detail varchar);
create table if not exists meta.perishable (account_id varchar, stream varchar, what varchar, lost_on date);
create table if not exists mart.median_rank (n bigint, rank bigint);
create table if not exists mart.metric_definition (definition_id varchar, platform varchar, metric varchar,
  platform_metric varchar, meaning varchar, unit varchar, additivity varchar, valid_from date, valid_to date);
-- Warehouses of version 0.1 have no such columns.
alter table mart.metric_definition add column if not exists source varchar;
alter table mart.metric_definition add column if not exists subject varchar;
alter table mart.metric_definition add column if not exists holds_to date;
-- Parts that no column holds, as \`reactions__pride=2;…\`.
alter table core.reading add column if not exists other_parts varchar;
alter table core.open_reading add column if not exists other_parts varchar;
`;

/** Creates what is not there yet; calling it again changes nothing. */
export async function createCore(warehouse: Warehouse): Promise<void> {
  await warehouse.exec(tables);
  await warehouse.exec("delete from core.source");
  for (const [source, key] of Object.entries(sources)) {
    await warehouse.exec(`insert into core.source values (${key}, ${literal(source)})`);
  }
  const known = await warehouse.row("select 1 from mart.median_rank limit 1");
  if (known === undefined) {
    const ranks = medianRanks(3000).map(({n, rank}) => `(${n}, ${rank})`);
    await warehouse.exec(`insert into mart.median_rank values ${ranks.join(", ")}`);
  }
  await createDoors(warehouse);
  await warehouse.exec(`
create or replace view mart.audience_breakdown as
  select a.account_id, a.platform, r.population, r.dimension, r.category, r.on_date, r.captured_at, r.value, r.unit,
    r.status, a.platform || ':audience:' || r.dimension as definition_id, s.source, l.run_id
  from core.audience_reading as r
  join core.account as a on a.account_key = r.account_key
  join core.source as s on s.source_key = r.source_key
  left join meta.load as l on l.load_key = r.load_key;`);
}

/** The views over `core` that people and models read; a published copy makes them again over its own tables. */
export async function createDoors(warehouse: Warehouse): Promise<void> {
  await warehouse.exec(`
create or replace view core.all_reading as
  select * from core.reading -- a published one holds no column that is empty
  union all by name
  select post_key, source_key, captured_on, confirmed_on, captured_at, load_key, ask_key, ${metricList}, other_parts
  from core.open_reading;
create or replace view core.other_part as
  select * exclude (item), regexp_extract(item, '^(.+?)__', 1) as metric, regexp_extract(item, '__(.+)=', 1) as kind,
    cast(regexp_extract(item, '=(.+)$', 1) as bigint) as value
  from (
    select post_key, source_key, captured_on, confirmed_on, captured_at, load_key,
      unnest(string_split(other_parts, ';')) as item
    from core.all_reading where other_parts is not null
  );
create or replace view mart.account as
  select account_id, platform, platform_account_id, name, handle, kind, display_name, url from core.account;
create or replace view mart.post_alias as
  select a.alias, p.platform || ':' || p.platform_post_id as post_id
  from core.post_alias as a join core.post as p on p.post_key = a.post_key;
create or replace view mart.post_metric as ${longView()};
create or replace view mart.account_coverage as
  with told as (
    select l.*, coalesce(s.feeds = 'post', false) as gives_posts
    from meta.load as l left join core.stream as s on s.platform = l.platform and s.stream = l.stream
  )
  select l.account_id, l.platform, 'api' as source, l.gives_posts,
    least(case when l.gives_posts then min(p.first_on) end, min(l.captured_on)) as from_on, max(l.captured_on) as to_on
  from told as l
  left join (select a.account_id, min(p.published_on) as first_on from core.post as p
    join core.account as a on a.account_key = p.account_key where p.source_key = 1 group by a.account_id) as p
    on p.account_id = l.account_id
  where l.source = 'api'
  group by l.account_id, l.platform, l.gives_posts
  union all
  select account_id, platform, 'export' as source, gives_posts, covers_from, covers_to from told where source = 'export';
create or replace view meta.freshness as
  with newest as (
    select account_id, stream, source, max(captured_at) as last_success_at, max(covers_to) as newest_data_on
    from meta.load where is_complete group by account_id, stream, source
  )
  select n.account_id, n.stream, n.last_success_at, n.newest_data_on,
    n.last_success_at < s.as_of_at - case n.source
      when 'api' then to_hours(26 + 24 * coalesce(cast(json_extract_string(c.cursor, '$.every_days') as integer), 1))
      else interval 190 day end as is_stale
  from newest as n
  cross join core.setting as s
  left join core.cursor as c on c.account_id = n.account_id and c.stream = n.stream;
create or replace view mart.account_metric as
  with ranked as (
    select r.*, row_number() over (
        partition by account_key, metric, window_days, on_date
        order by value is null, source_key, captured_at desc, load_key desc
      ) as rank
    from core.account_reading as r
  )
  select a.account_id, a.platform, r.metric, r.window_days, r.on_date, r.captured_at, r.value, r.status,
    d.definition_id, s.source, l.run_id
  from ranked as r
  join core.account as a on a.account_key = r.account_key
  join core.source as s on s.source_key = r.source_key
  left join meta.load as l on l.load_key = r.load_key
  left join mart.metric_definition as d on ${definedBy({subject: "account", platform: "a.platform", metric: "r.metric", day: "r.on_date", value: "r.value"})}
  where r.rank = 1;
`);
}

/**
 * The contract's long face of the wide readings: one branch a metric, so that one metric costs one column, and one for
 * parts that no column holds.
 */
function longView(): string {
  const held = metricColumns.map(({column, metric, kind}) => {
    const named = {metric: literal(metric), kind: `cast(${kind === null ? "null" : literal(kind)} as varchar)`};
    return branch({
      ...named,
      value: `r.${column}`,
      status: `case when r.${column} is not null then 'ok' else m.status end`,
      from: `core.all_reading as r
  join core.ask_metric as m on m.ask_key = r.ask_key and m.metric = ${named.metric} and m.kind is not distinct from ${named.kind}`
    });
  });
  const others = {metric: "r.metric", kind: "r.kind", value: "r.value", status: "'ok'", from: "core.other_part as r"};
  return [...held, branch(others)].join("\n  union all");
}

function branch({metric, kind, value, status, from}: Record<"metric" | "kind" | "value" | "status" | "from", string>) {
  return `
  select p.platform || ':' || p.platform_post_id as post_id, p.platform, ${metric} as metric, ${kind} as kind,
    r.captured_on, r.confirmed_on, r.captured_at, ${value} as value, ${status} as status, d.definition_id, s.source, l.run_id
  from ${from}
  join core.post as p on p.post_key = r.post_key
  join core.source as s on s.source_key = r.source_key
  left join meta.load as l on l.load_key = r.load_key
  left join mart.metric_definition as d on ${definedBy({subject: "post", platform: "p.platform", metric, day: "r.captured_on", value})}`;
}

/** What a reading is named by, as SQL, beside its source `s`. */
interface Named {
  subject: "post" | "account";
  platform: string;
  metric: string;
  day: string;
  value: string;
}

/**
 * By which definition `d` a reading goes. What has a value goes by the last that began, also after the total, whose end
 * it tells, was taken away: its parts may be given still.
 */
function definedBy({subject, platform, metric, day, value}: Named): string {
  return `d.platform = ${platform} and d.metric = ${metric} and d.subject = '${subject}'
    and (d.source is null or d.source = s.source) and ${day} >= d.valid_from
    and ${day} <= coalesce(case when ${value} is null then d.valid_to else d.holds_to end, date '9999-12-31')`;
}
