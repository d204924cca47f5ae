/**
 * Folding a batch of staged rows into `core`: an older reading never overwrites a newer one, a missing value never a
 * measured one, and a reading that only repeats the one in force moves its `confirmed_on`.
 *
 * The rows stand in temporary tables `staged_<union>`; which comes later is told by their file's `load_key`, not by where
 * they stand, because files are read in parallel. `batch_file` describes the files, `changed_now` collects the posts that
 * the models must look at again.
 */
import {accountStocks} from "./metrics.ts";
import type {Warehouse} from "./warehouse.ts";

const attributes = [
  "published_at",
  "post_type",
  "text",
  "language",
  "permalink",
  "hashtags",
  "links",
  "is_repost",
  "is_reply",
  "is_quote",
  "is_promoted",
  "lookup_id"
];

/** What of a post the better witness tells, of two alike the later: also whose it is. */
const witnessed = ["account_key", ...attributes];

/** The ages in days at which posts are compared, and how far from one a reading may be, as in the model `post_at_age`. */
const ages = [7, 28];
const ageTolerance = 3;

/** What a batch of post rows holds, so that steps it does not need are left out. */
export interface PostFacts {
  /** A post has several rows. */
  hasRepeats: boolean;
  hasGone: boolean;
  hasAliases: boolean;
  hasNew: boolean;
  hasKnown: boolean;
}

/** What accounts say of themselves, and their stocks as readings of the day; a stream that tells no stock gives none. */
export async function foldAccounts(warehouse: Warehouse): Promise<void> {
  const named = ["handle", "display_name", "url"];
  await warehouse.exec(`
    update core.account as a set ${named.map(name => `${name} = coalesce(n.${name}, a.${name})`).join(", ")}
    from (
      select f.account_key, ${named
        .map(name => `max_by(s.${name}, f.load_key) filter (where s.${name} is not null) as ${name}`)
        .join(", ")}
      from staged_account as s join batch_file as f on f.load_key = s.load_key group by f.account_key
    ) as n
    where a.account_key = n.account_key
      and (${named.map(name => `coalesce(n.${name}, a.${name}) is distinct from a.${name}`).join(" or ")});
    create or replace temp table staged_stock as ${accountStocks
      .map(
        stock => `
      select s.load_key, '${stock}' as metric, 0 as window_days, f.captured_on as on_date, s.${stock} as value,
        'ok' as status, cast(null as varchar) as platform_metric
      from staged_account as s join batch_file as f on f.load_key = s.load_key where s.${stock} is not null`
      )
      .join(" union all ")}`);
  await foldAccountMetrics(warehouse, "staged_stock");
}

/** Series and snapshots of an account: the newest value of each metric, window, day and source. */
export async function foldAccountMetrics(warehouse: Warehouse, staged: string): Promise<void> {
  await fold(
    warehouse,
    "core.account_reading",
    ["account_key", "metric", "window_days", "on_date", "source_key"],
    `
    select f.account_key, s.metric, s.window_days, s.on_date, f.source_key, f.captured_at, s.value, s.status,
      s.platform_metric, s.load_key, s.rowid as staged_row
    from ${staged} as s join batch_file as f on f.load_key = s.load_key`
  );
}

/** Breakdowns of an account's audience: the classes of the newest file of each population, dimension, day and source. */
export async function foldAudience(warehouse: Warehouse): Promise<void> {
  await fold(
    warehouse,
    "core.audience_reading",
    ["account_key", "population", "dimension", "on_date", "source_key"],
    `
    select f.account_key, s.population, s.dimension, s.category, s.on_date, f.source_key, f.captured_at, s.value,
      s.unit, s.status, s.platform_metric, s.load_key, s.rowid as staged_row
    from staged_audience_breakdown as s join batch_file as f on f.load_key = s.load_key`,
    "category"
  );
}

/**
 * Keeps of old and new rows with one key those of one file: the newest that has a value, else the newest. A snapshot,
 * which no metric of a series names, stands before the series. Of rows of a file that are one class the last stays.
 */
async function fold(
  warehouse: Warehouse,
  table: string,
  key: readonly string[],
  staged: string,
  classes = "true"
): Promise<void> {
  const on = key.map(column => `o.${column} is not distinct from n.${column}`).join(" and ");
  await warehouse.exec(`
    create or replace temp table newest as
      select * exclude (staged_row), bool_and(value is null) over (partition by ${key.join(", ")}) as is_empty
      from (
        select * from (${staged})
        qualify load_key = first_value(load_key) over (partition by ${key.join(", ")}
          order by value is null, platform_metric is not null, captured_at desc, load_key desc)
      )
      qualify row_number() over (partition by ${key.join(", ")}, ${classes} order by value is null, staged_row desc) = 1;
    delete from newest as n using ${table} as o where ${on}
      and (n.is_empty, n.platform_metric is not null, o.captured_at)
        > (o.value is null, o.platform_metric is not null, n.captured_at);
    delete from ${table} as o using newest as n where ${on};
    insert into ${table} by name select * exclude (is_empty) from newest`);
}

/** Posts and what is known of them; the API is the better witness, a file fills what it left open. */
export async function foldPosts(warehouse: Warehouse): Promise<PostFacts> {
  await addAsks(warehouse);
  await warehouse.exec(`
    create or replace temp table staged_key as
      select s.rowid as staged_row, row_number() over (order by s.load_key, s.rowid) as place, f.platform,
        s.platform_post_id, f.account_key, f.source_key, f.captured_on, f.captured_at, s.load_key,
        coalesce(s.is_gone, false) as is_gone, coalesce(len(s.aliases) > 0, false) as has_aliases,
        p.post_key as known_key, p.post_key, a.ask_key
      from staged_post as s
      join batch_file as f on f.load_key = s.load_key
      left join core.post as p on p.platform = f.platform and p.platform_post_id = s.platform_post_id
      left join core.ask as a on a.platform = f.platform and a.asked = s.asked
        and a.exceptions = coalesce(s.exceptions, '')`);
  await warehouse.exec(`
    create or replace temp table newest as
      select platform, platform_post_id, max_by(staged_row, place) as staged_row, max(place) as place,
        min_by(staged_row, place) as first_row, max(known_key) as known_key
      from staged_key where not is_gone group by platform, platform_post_id;
    create or replace temp view described as
      select n.rowid as number, n.platform, n.platform_post_id, n.staged_row, n.known_key, k.account_key, k.source_key,
        k.captured_at, ${attributes.map(name => `s.${name}`).join(", ")}
      from newest as n
      join staged_post as s on s.rowid = n.staged_row
      join staged_key as k on k.staged_row = n.staged_row`);
  const facts = (await warehouse.row<Record<string, boolean>>(`
    select count(*) filter (where not is_gone) > (select count(*) from newest) as "hasRepeats",
      coalesce(bool_or(is_gone), false) as "hasGone", coalesce(bool_or(has_aliases), false) as "hasAliases",
      coalesce(bool_or(known_key is null and not is_gone), false) as "hasNew",
      coalesce(bool_or(known_key is not null and not is_gone), false) as "hasKnown"
    from staged_key`)) as unknown as PostFacts;
  if (facts.hasRepeats) await fillFromOlderRows(warehouse);
  if (facts.hasNew) await addPosts(warehouse);
  if (facts.hasKnown) await updateKnown(warehouse);
  if (facts.hasAliases) await foldAliases(warehouse);
  if (facts.hasGone) await markGone(warehouse);
  return facts;
}

/** New posts get keys above the highest; a place in the batch may leave a gap, which costs nothing. */
async function addPosts(warehouse: Warehouse): Promise<void> {
  const base = await warehouse.row<{key: string; number: string}>(
    "select coalesce((select max(post_key) from core.post), 0) + 1 as key, (select min(rowid) from newest) as number"
  );
  await warehouse.exec(`
    insert into core.post
      select ${base!.key} + cast(d.number - ${base!.number} as integer), d.account_key, d.platform, d.platform_post_id, d.published_at,
        cast(timezone((select timezone from core.setting), d.published_at) as date), d.post_type, d.text, d.language,
        d.permalink, d.hashtags, d.links, coalesce(d.is_repost, false), coalesce(d.is_reply, false),
        coalesce(d.is_quote, false), d.is_promoted, d.lookup_id, d.source_key, d.captured_at, null, ${textKey("d.text")}
      from described as d where d.known_key is null;
    update staged_key as k set post_key = p.post_key from core.post as p
      where k.post_key is null and p.platform = k.platform and p.platform_post_id = k.platform_post_id;
    insert into changed_now (post_key) select post_key from staged_key where known_key is null and post_key is not null;
    ${markSharing("changed_now")}`);
}

/** Marks the posts that share their text with one of a table: which content item they are of hangs on it. */
function markSharing(table: string): string {
  return `insert into changed_now (post_key)
      select p.post_key from core.post as p semi join (
        select text_key from core.post semi join ${table} using (post_key) where text_key is not null
      ) as t on t.text_key = p.text_key`;
}

/** What posts of one content item have in common: a hash of their text without addresses, case and white space. */
function textKey(text: string): string {
  const spaced = `contains(${text}, chr(10)) or contains(${text}, '  ')`;
  const bare = `case when contains(${text}, '://') then regexp_replace(${text}, '[[:space:]]*https?://[^[:space:]]+', '', 'g')
    else ${text} end`;
  return `hash(nullif(lower(case when ${spaced} then trim(regexp_replace(${bare}, '[[:space:]]+', ' ', 'g')) else ${bare} end), ''))`;
}

/** Where a post has several rows in one batch, what its newest leaves open comes from the newest that says it. */
async function fillFromOlderRows(warehouse: Warehouse): Promise<void> {
  await warehouse.exec(`
    create or replace temp table described_row as
      select n.rowid as number, n.platform, n.platform_post_id, n.staged_row, n.known_key, k.account_key, k.source_key,
        first.captured_at, ${attributes.map(name => `o.${name}`).join(", ")}
      from newest as n
      join staged_key as k on k.staged_row = n.staged_row
      join staged_key as first on first.staged_row = n.first_row
      join (
        select k.platform, k.platform_post_id, ${attributes
          .map(name => `max_by(s.${name}, k.place) filter (where s.${name} is not null) as ${name}`)
          .join(", ")}
        from staged_key as k join staged_post as s on s.rowid = k.staged_row
        where not k.is_gone
        group by k.platform, k.platform_post_id
      ) as o on o.platform = n.platform and o.platform_post_id = n.platform_post_id;
    create or replace temp view described as select * from described_row`);
}

async function updateKnown(warehouse: Warehouse): Promise<void> {
  const merged = {
    ...Object.fromEntries(
      witnessed.map(name => [
        name,
        `case when d.source_key <= p.source_key then coalesce(d.${name}, p.${name}) else coalesce(p.${name}, d.${name}) end`
      ])
    ),
    source_key: "least(d.source_key, p.source_key)",
    first_seen_at: "least(d.captured_at, p.first_seen_at)",
    deleted_on: "case when d.source_key = 1 then null else p.deleted_on end"
  };
  const columns = Object.entries(merged);
  await warehouse.exec(`
    create or replace temp table merged as
      select p.post_key, ${columns.map(([name, value]) => `${value} as ${name}`).join(", ")}
      from described as d join core.post as p on p.post_key = d.known_key
      where ${columns.map(([name, value]) => `${value} is distinct from p.${name}`).join(" or ")};
    insert into changed_now
      select p.post_key, p.published_on from merged as m join core.post as p on p.post_key = m.post_key;
    ${markSharing("merged")};
    update core.post as p set ${columns.map(([name]) => `${name} = m.${name}`).join(", ")},
      published_on = cast(timezone((select timezone from core.setting), m.published_at) as date),
      text_key = ${textKey("m.text")}
    from merged as m where m.post_key = p.post_key;
    insert into changed_now (post_key) select post_key from merged;
    ${markSharing("merged")}`);
}

async function foldAliases(warehouse: Warehouse): Promise<void> {
  await warehouse.exec(`
    insert into core.post_alias
      select distinct a.platform, a.alias, a.post_key
      from (
        select k.platform, unnest(s.aliases) as alias, k.post_key
        from staged_post as s join staged_key as k on k.staged_row = s.rowid where len(s.aliases) > 0
      ) as a
      anti join core.post_alias as o on o.platform = a.platform and o.alias = a.alias`);
}

/**
 * A post that the platform no longer finds keeps its numbers and gets the day of that answer. The answer names the id that
 * was asked for, which of an edited post is an alias.
 */
async function markGone(warehouse: Warehouse): Promise<void> {
  await warehouse.exec(`
    update staged_key as k set post_key = a.post_key from core.post_alias as a
      where k.is_gone and k.post_key is null and a.platform = k.platform and a.alias = k.platform_post_id;
    create or replace temp table gone as
      select g.post_key, min(g.captured_on) as gone_on
      from staged_key as g
      left join (
        select post_key, max(place) as place from staged_key
        semi join (select post_key from staged_key where is_gone) as marked using (post_key)
        where not is_gone group by post_key
      ) as seen on seen.post_key = g.post_key
      where g.is_gone and g.post_key is not null and (seen.place is null or seen.place < g.place)
      group by g.post_key;
    insert into changed_now (post_key)
      select g.post_key from gone as g join core.post as p on p.post_key = g.post_key where p.deleted_on is null;
    update core.post as p set deleted_on = g.gone_on from gone as g
      where g.post_key = p.post_key and p.deleted_on is null`);
}

/** A set of metrics that was asked, with the reasons why some have no value: one row, however many posts share it. */
async function addAsks(warehouse: Warehouse): Promise<void> {
  await warehouse.exec(`
    insert into core.ask
      select (select coalesce(max(ask_key), 0) from core.ask) + row_number() over (order by a.platform, a.asked, a.exceptions),
        a.platform, a.asked, a.exceptions
      from (
        select distinct f.platform, s.asked, coalesce(s.exceptions, '') as exceptions
        from staged_post as s join batch_file as f on f.load_key = s.load_key
        where s.asked is not null
      ) as a
      anti join core.ask as o on o.platform = a.platform and o.asked = a.asked and o.exceptions = a.exceptions;
    insert into core.ask_metric
      select a.ask_key, split_part(a.item, '__', 1), nullif(split_part(a.item, '__', 2), ''),
        coalesce(nullif(regexp_extract(';' || a.exceptions || ';', ';' || a.item || '=([a-z_]+);', 1), ''), 'not_offered')
      from (
        select n.ask_key, unnest(string_split(n.asked, ';')) as item, n.exceptions
        from core.ask as n anti join core.ask_metric as o on o.ask_key = n.ask_key
      ) as a`);
}

/**
 * Runs of equal readings, numbered a post and source: 0 goes on with the reading in force, each later one is a change.
 * `confirmed_before` is the day of the reading before the last of a run.
 */
const stepsOfManyDays = `
    create or replace temp table stepped as
      with told as (
        select f.post_key, f.source_key, f.captured_on, f.captured_at,
          coalesce(lag(f.content) over w, o.content) is distinct from f.content as starts,
          coalesce(lag(f.captured_on) over w,
            case when o.confirmed_on = f.captured_on then o.confirmed_before else o.confirmed_on end) as before_on
        from fresh as f left join in_force as o on o.post_key = f.post_key and o.source_key = f.source_key
        window w as (partition by f.post_key, f.source_key order by f.captured_on)
      ), numbered as (
        select *, sum(cast(starts as integer)) over (
          partition by post_key, source_key order by captured_on rows unbounded preceding) as island
        from told
      )
      select post_key, source_key, cast(island as integer) as island, min(captured_on) as captured_on,
        max(captured_on) as confirmed_on, max(captured_at) as confirmed_at,
        max(before_on) filter (where not starts) as confirmed_before
      from numbered group by post_key, source_key, island;
    create or replace temp view last_step as
      select post_key, source_key, max(island) as island, min(captured_on) filter (where island > 0) as changed_on
      from stepped group by post_key, source_key`;

/** The same for a batch of one day, which needs no windows. */
const stepOfOneDay = `
    create or replace temp table stepped as
      select f.post_key, f.source_key, case when o.content = f.content then 0 else 1 end as island, f.captured_on,
        f.captured_on as confirmed_on, f.captured_at as confirmed_at,
        case when o.content = f.content
          then case when o.confirmed_on = f.captured_on then o.confirmed_before else o.confirmed_on end
        end as confirmed_before
      from fresh as f left join in_force as o on o.post_key = f.post_key and o.source_key = f.source_key;
    create or replace temp view last_step as
      select post_key, source_key, island, case when island > 0 then captured_on end as changed_on from stepped`;

/**
 * Readings: what changed closes the reading in force and opens a new one; what did not confirms it. A post that is only
 * confirmed must be looked at again where this brings its reading nearer to an age that the last build has seen pass, makes
 * it newer than another source's, or takes it past the day on which a definition begins.
 */
export async function foldReadings(
  warehouse: Warehouse,
  metrics: readonly string[],
  {hasRepeats}: PostFacts
): Promise<void> {
  const values = [...metrics, "other_parts"].join(", ");
  await warehouse.exec(`
    create or replace temp table fresh as
      select k.post_key, k.source_key, k.captured_on, k.captured_at, k.load_key, k.ask_key, ${values},
        hash(${values}, k.ask_key) as content
      from staged_key as k
      join staged_post as s on s.rowid = k.staged_row
      ${
        hasRepeats
          ? `semi join (
               select max_by(staged_row, place) as staged_row from staged_key
               where not is_gone and ask_key is not null group by post_key, source_key, captured_on
             ) as last on last.staged_row = k.staged_row`
          : ""
      }
      where not k.is_gone and k.ask_key is not null;
    create or replace temp table in_force as
      select o.post_key, o.source_key, o.captured_on, o.confirmed_on, o.confirmed_before, o.load_key,
        hash(${values}, ask_key) as content
      from core.open_reading as o semi join fresh as f on f.post_key = o.post_key and f.source_key = o.source_key`);
  const old = await warehouse.row<{late: number; again: number}>(`
    select count(*) filter (
        where f.captured_on < o.confirmed_on or (f.captured_on = o.captured_on and f.source_key > 1))::integer as late,
      count(*) filter (where f.captured_on = o.confirmed_on and f.content <> o.content)::integer as again
    from fresh as f join in_force as o on o.post_key = f.post_key and o.source_key = f.source_key`);
  if (Number(old!.late) > 0) await foldLate(warehouse);
  if (Number(old!.again) > 0) await fillFromSameDay(warehouse, metrics);
  const days = await warehouse.row<{n: number}>("select count(distinct captured_on)::integer as n from fresh");
  const isOneDay = Number(days!.n) <= 1;
  await warehouse.exec(isOneDay ? stepOfOneDay : stepsOfManyDays);
  await warehouse.exec(`
    insert into changed_now (post_key)
      select s.post_key from stepped as s
      join core.open_reading as o on o.post_key = s.post_key and o.source_key = s.source_key
      join core.post as p on p.post_key = s.post_key
      cross join core.setting as c
      where s.island = 0 and (${ages
        .map(
          days => `(p.published_on + ${days} > o.confirmed_on
            and p.published_on + ${days} <= least(c.as_of_on, s.confirmed_on + ${ageTolerance}))`
        )
        .join(" or ")}
        or exists (select 1 from core.open_reading as r
          where r.post_key = o.post_key and r.source_key <> o.source_key and r.confirmed_on >= o.confirmed_on)
        or exists (select 1 from mart.metric_definition as d where d.platform = p.platform and d.subject = 'post'
          and d.valid_from > o.confirmed_on and d.valid_from <= s.confirmed_on));
    update core.open_reading as o
      set confirmed_on = s.confirmed_on, confirmed_at = s.confirmed_at, confirmed_before = s.confirmed_before
      from stepped as s
      where s.island = 0 and s.post_key = o.post_key and s.source_key = o.source_key;
    insert into core.reading by name
      select o.* exclude (confirmed_before, confirmed_at) replace (
        case when o.confirmed_on = l.changed_on then o.confirmed_before else o.confirmed_on end as confirmed_on)
      from core.open_reading as o join last_step as l on l.post_key = o.post_key and l.source_key = o.source_key
      where l.island > 0 and o.captured_on < l.changed_on;
    delete from core.open_reading as o using last_step as l
      where l.post_key = o.post_key and l.source_key = o.source_key and l.island > 0;
    ${
      isOneDay
        ? ""
        : `insert into core.reading by name
             select f.* exclude (content), s.confirmed_on
             from stepped as s join last_step as l using (post_key, source_key)
             join fresh as f using (post_key, source_key, captured_on)
             where s.island > 0 and s.island < l.island;`
    }
    insert into core.open_reading by name
      select f.* exclude (content), s.confirmed_on, s.confirmed_at, s.confirmed_before
      from stepped as s join last_step as l using (post_key, source_key)
      join fresh as f using (post_key, source_key, captured_on)
      where s.island > 0 and s.island = l.island;
    insert into changed_now (post_key) select post_key from last_step where island > 0`);
}

/**
 * What a later reading of a day lacks comes from the one before, and with it the ask, which tells why the rest has no
 * value. Parts without a column are told with those that have one, so their lack means none where one of these is there.
 */
async function fillFromSameDay(warehouse: Warehouse, metrics: readonly string[]): Promise<void> {
  const kinds = metrics.filter(metric => metric.startsWith("reactions__")).map(kind => `f.${kind}`);
  const filled = {
    ...Object.fromEntries(metrics.map(metric => [metric, `coalesce(f.${metric}, o.${metric})`])),
    other_parts: `coalesce(f.other_parts, case when coalesce(${["null", ...kinds].join(", ")}) is null then o.other_parts end)`,
    ask_key: "o.ask_key"
  };
  await warehouse.exec(`
    update fresh as f
      set ${Object.entries(filled)
        .map(([column, value]) => `${column} = ${value}`)
        .join(", ")}, content = hash(${Object.values(filled).join(", ")})
      from core.open_reading as o
      where o.post_key = f.post_key and o.source_key = f.source_key and o.confirmed_on = f.captured_on
        and (${metrics.map(metric => `(f.${metric} is null and o.${metric} is not null)`).join(" or ")})`);
}

/** Rows older than the reading in force (files that are imported late) go into the history and change nothing newer. */
async function foldLate(warehouse: Warehouse): Promise<void> {
  await warehouse.exec(`
    create or replace temp table late as
      select f.*, o.content = f.content and f.captured_on >= o.captured_on as says_the_same,
        f.captured_on > o.captured_on as inside
      from fresh as f join in_force as o on o.post_key = f.post_key and o.source_key = f.source_key
      left join meta.load as mine on mine.load_key = f.load_key
      left join meta.load as theirs on theirs.load_key = o.load_key
      where f.captured_on < o.confirmed_on
        or (f.captured_on = o.captured_on and mine.covers_to < theirs.covers_to)`);
  await warehouse.exec(`
    delete from fresh as f using late as l
      where l.post_key = f.post_key and l.source_key = f.source_key and l.captured_on = f.captured_on;
    delete from late as l using in_force as o
      where l.says_the_same or (o.post_key = l.post_key and o.source_key = l.source_key and o.captured_on = l.captured_on);
    delete from late as l using core.reading as r
      where r.post_key = l.post_key and r.source_key = l.source_key and r.captured_on = l.captured_on;
    insert into core.reading by name
      select o.* exclude (confirmed_before, confirmed_at) replace (o.captured_on as confirmed_on)
      from core.open_reading as o semi join late as l on l.post_key = o.post_key and l.source_key = o.source_key and l.inside;
    update core.open_reading as o set captured_on = o.confirmed_on, captured_at = o.confirmed_at, confirmed_before = null
      from late as l where l.inside and l.post_key = o.post_key and l.source_key = o.source_key;
    insert into core.reading by name
      select * exclude (content, says_the_same, inside), captured_on as confirmed_on from late;
    insert into changed_now (post_key) select post_key from late;
    update in_force as i set captured_on = o.captured_on from core.open_reading as o
      where o.post_key = i.post_key and o.source_key = i.source_key`);
}
