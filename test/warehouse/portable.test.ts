import {readFileSync} from "node:fs";
import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {functionNames} from "../../warehouse/functions/functions.ts";
import {checkModel, checkOutput, tablesOf} from "../../warehouse/portable.ts";
import {allowed, instead} from "../../warehouse/portable-names.ts";
import {rules} from "../../warehouse/portable-rules.ts";
import type {Warehouse} from "../../warehouse/warehouse.ts";
import {emptyWarehouse} from "./warehouse-fixture.ts";

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await emptyWarehouse();
});
afterAll(() => warehouse.close());

const check = (sql: string, staging = false) => checkModel(warehouse, sql, {file: "m.sql", staging, notNull: ["k"]});

const planted: [rule: number, sql: string][] = [
  [1, 'select "a" as a from t'],
  [1, "select `a` as a from t"],
  [1, "select größe as a from t"],
  [1, "select a as 'b' from t"],
  [1, "select a from t where b = 'x\\d'"],
  [1, "select a from t -- it's fine\nwhere b = 'x\\d'"],
  [1, "select E'x' as a from t"],
  [1, "select x'00' as a from t"],
  [1, "select 'a'\n'b' as a from t"],
  [1, "select a::int as a from t"],
  [1, "select a: 1 from t"],
  [1, "select $$x$$ as a from t"],
  [1, "select 1_000 as a from t"],
  [1, "select a, from t"],
  [1, "select a from t where b in (1, 2,)"],
  [1, "select a from t;"],
  [1, "select a from t; select b from u"],
  [1, "select a frm t where"],
  [1, "drop table t"],
  [2, "select 100.0 * a as a from t"],
  [2, "select -1.5 as a from t"],
  [2, "select 99999999999999999999 as a from t"],
  [2, "select cast(1.5 as double) as a from t"],
  [3, "select a + 1 from t"],
  [3, "with s as (select lower(a) from t) select * from s"],
  [3, "select a from t where a in (select b from (select c + 1 from u) as v(b))"],
  [3, "select a from t union all select b + 1 from u"],
  [3, "select a from (values (1)) as v"],
  [3, "with v as (values (1)) select * from v"],
  [4, "select a from t order by a limit 3"],
  [4, "select lag(a) over (order by b) as a from t"],
  [4, "select lag(a) over w as a from t window w as (partition by k order by b desc)"],
  [5, "select a from t order by a nulls last"],
  [5, "select a from t union all select a from u order by a nulls last"],
  [5, "select a from t limit 3"],
  [5, "select a from t limit 50%"],
  [5, "select a from t order by month_of(k) nulls last limit 1"],
  [5, "select a from t tablesample 5"],
  [5, "select a from t using sample 5"],
  [6, "select sum(a) as a from t"],
  [6, "select sum(a) over (partition by b) as a from t"],
  [6, "select sum(a) + 1 as a from t"],
  [6, "select case when b then coalesce(sum(a), 1) end as a from t group by b"],
  [6, "select (select sum(b) from u) as a from t"],
  [6, "with s as (select length(a) as n from t) select cast(n as int) as n from s"],
  [6, "select floor(a) as a from t"],
  [6, "select extract(year from d) as a from t"],
  [6, "select percentile_disc(0.5) within group (order by a) as a from t"],
  [6, "select grouping_id(a, b) as g from t group by rollup (a, b)"],
  [6, "select row_number() over (order by k) as a from t"],
  [6, "with s as (select rank() over (order by k) as r from t) select * from s"],
  [6, "with s as (select rank() over (order by k) as r from t), u as (select * from s) select max(r) as r from u"],
  [7, "select a // 2 as a from t"],
  [7, "select a ^ 2 as a from t"],
  [7, "select a ** 2 as a from t"],
  [7, "select a & 2 as a from t"],
  [7, "select a ->> 'b' as a from t"],
  [7, "select a from t where a <=> b"],
  [7, "select a from t where b ~ 'x'"],
  [7, "select a from t where b similar to 'x'"],
  [7, "select a from t where b glob 'x'"],
  [7, "select a from t where b != 1"],
  [7, "select a from t where b == 1"],
  [7, "select a from t where a = any (select b from u)"],
  [7, "select ? as a from t"],
  [7, "select a collate nocase as a from t"],
  [8, "select a / b as a from t"],
  [8, "select a / nullif(b, 1) as a from t"],
  [8, "select a % 0 as a from t"],
  [8, "select mod(a, b) as a from t"],
  [9, "select max_by(a, b) as a from t"],
  [9, "select min_by(a, b) filter (where b is not null) as a from t"],
  [9, "select array_agg(a) as a from t"],
  ...Object.keys(instead).map((name): [number, string] => [10, `select ${name}(a, b) as a from t`]),
  [10, "select made_up(a) as a from t"],
  [10, "select a.lower() as a from t"],
  [10, "select quantile_cont(a, 0.5) as a from t"],
  [10, "select percentile_cont(a, 0.5) as a from t"],
  [10, "select date_part('year', d) as a from t"],
  [10, "select cast(extract(dow from d) as int) as a from t"],
  [10, "select round(a, 2) as a from t"],
  [10, "select trim(a, 'x') as a from t"],
  [10, "select substring(a, 0, 2) as a from t"],
  [10, "select left(a, -1) as a from t"],
  [10, "select split_part(a, '', 1) as a from t"],
  [10, "select count(distinct a, b) as a from t"],
  [10, "select cast(sum(a > 1) as bigint) as a from t"],
  [10, "select sorted_text(array_agg(a order by b nulls last) filter (where a is not null)) as a from t"],
  [10, "select count(*) filter (a > 1) as n from t"],
  [11, "select now() as a from t"],
  [11, "select CURRENT_DATE as a from t"],
  [11, "select localtimestamp as a from t"],
  [11, "select random() as a from t"],
  [11, "select gen_random_uuid() as a from t"],
  [12, "select cast(a as varchar) as a from t"],
  [12, "select cast(a as hugeint) as a from t"],
  [12, "select cast(a as integer) as a from t"],
  [12, "select cast(a as decimal) as a from t"],
  [12, "select cast(a as timestamp) as a from t"],
  [12, "select timestamp '2020-01-01' as a from t"],
  [12, "select null as a from t"],
  [12, "select try_cast(a as bigint) as a from t"],
  [12, "select cast(ratio(a, b) as string) as a from t"],
  [12, "select 'x' || median(b) as a from t"],
  [12, "select cast(instant_of(b) as string) as a from t"],
  [12, "select cast(seen_at as string) as a from t"],
  [12, "with s as (select ratio(a, b) as r from t) select cast(s.r as bigint) as r from s"],
  [12, "select cast(cast(a as double) as int) as a from t"],
  [13, "select a from t qualify row_number() over (order by k) = 1"],
  [13, "select count(*) filter (where b) over (partition by c) as a from t"],
  [13, "select count(distinct a) over (partition by c) as a from t"],
  [13, "select lag(a ignore nulls) over (order by k) as a from t"],
  [13, "select first_value(a) over (order by k groups between 1 preceding and current row) as a from t"],
  [13, "select max(a) over (order by k rows unbounded preceding exclude current row) as a from t"],
  [13, "select median(a) over (partition by c order by k) as a from t"],
  [13, "select a from t order by row_number() over (order by k) nulls last limit 1"],
  [14, "select t.a from t asof join u on t.a >= u.a"],
  [14, "select a from t natural join u"],
  [14, "select a from t positional join u"],
  [14, "select a from t left semi join u on t.a = u.a"],
  [14, "pivot t on a using count(*)"],
  [14, "select a from t unpivot (v for n in (a, b))"],
  [14, "select a from t order by a nulls last fetch first 3 rows only"],
  [14, "select distinct on (a) a from t"],
  [14, "select a from t union all by name select a from u"],
  [14, "select * exclude (a) from t"],
  [14, "select * replace (a + 1 as a) from t"],
  [14, "select * except (a) from t"],
  [14, "select columns('a') from t"],
  [14, "select a from t where (a, b) in (select a, b from u)"],
  [14, "with c as materialized (select a from t) select * from c"],
  [14, "with recursive c as (select 1 as a union all select a + 1 as a from c where a < 5) select * from c"],
  [14, "with s as (select a from t) select lower(a) as x from s where x = 'y'"],
  [14, "from t"],
  [14, "from t select a"],
  [14, "with s as (from t) select * from s"],
  [14, "table t"],
  [14, "select * from t join u using (a) join v on v.b = u.b"],
  [14, "describe t"],
  [14, "select a from 'file.csv'"],
  [15, "select d + interval 1 day as d from t"],
  [15, "select d + interval '1 day 2 hours' as d from t"],
  [15, "select date '2020-01-02' - date '2020-01-01' as n from t"],
  [15, "select last_on - first_on as n from t"],
  [15, "with s as (select month_of(d) as m, d as e from t) select e - m as n from s"],
  [15, "select a[1] as a from t"],
  [15, "select [a, b] as a from t"],
  [15, "select {'a': 1} as a from t"],
  [15, "select (a, b) as a from t"],
  [15, "select list_transform(a, x -> x + 1) as a from t"],
  [15, "select json_extract(a, '$.b') as a from t"],
  [15, "select json_text(a, '$.b') as a from t"],
  [15, "select public_metrics.like_count as a from landing.x__posts"],
  [15, "select n from generate_series(0, 5) as r(n)"],
  [15, "select n from range(0, 5) as r"],
  [15, "select r.n as n from t, range(0, t.a) as r(n)"]
];

const good = [
  "SELECT CAST(SUM(a) AS BIGINT) AS a FROM t",
  "with counted as (select a, count(*) as n from t group by a) select * from counted",
  "select ratio(sum(x), sum(y)) as r, cast(sum(x) over (partition by a) as bigint) as s from t",
  "select a from (select a, row_number() over (partition by b order by c desc nulls last, k) as rn from t) as s where rn = 1",
  "with s as (select a, dense_rank() over (partition by b order by t.k) as r from t) select cast(max(r) as int) as r from s",
  "select max_by(v, k) filter (where v is not null and v > 1) as v from t",
  "select sorted_text(array_agg(a) filter (where a is not null)) as a from t",
  "select b.lo + cast(r.n as int) as d from b cross join range(0, 3660) as r(n) where b.lo + cast(r.n as int) <= b.hi",
  "select e.item from w, lateral each_text(w.a) as e",
  "select percentile_cont(0.9) within group (order by x) as p, median(x) as m, median(y) as n from t",
  "select median(x) over (partition by a) as m, first_value(a) over w as f from t window w as (partition by b order by k)",
  "select max(a) over (order by k range between interval 27 day preceding and current row) as a from t",
  "select max(n) over (partition by a, c) as m from (select a, n, count(n) over (partition by a order by k rows unbounded preceding) as c from t) as s",
  "select a, cast(grouping(a) as int) as g, count(*) as n from t group by grouping sets ((a), ()) having count(*) > 0",
  "select a from t semi join u on u.a = t.a anti join v on v.a = t.a",
  "select t.a as a from t full join u using (a) left join v on v.a = t.a",
  "select a / nullif(b, 0) as a, a % 7 as b, 1e2 * a as c, a / cast(2 as double) as d, mod(a, -3) as e from t",
  "select case when a like 'x%' then 1e0 else cast(null as double) end as a, b ilike 'x!_' escape '!' as b from t",
  "select a from t where (a, b) = (1, 2) and not exists (select 1 from u where u.a = t.a) and c is not distinct from d",
  "select a from t order by a nulls last, k limit 3",
  "select a from t, lateral (select b from u where u.a = t.a order by b nulls last, k limit 1) as x",
  "(select a from t) union all (select a from u intersect select a from v)",
  "with v(a, b) as (values (1, 'x'), (2, 'y')) select v.a as a, m.b as b from v cross join (values ('z')) as m(b)",
  "select 'followers' as metric from t where metric = 'followers' and a > (select sum(b) from u)",
  "select cast(floor(ratio(a, b) + 0.5e0) as bigint) as a, cast(on_date as string) || 'x' as b from t",
  "select cast(sum(cast(a as decimal(38, 0))) as bigint) as a, cast(1.5 as decimal(4, 1)) > b as b from t",
  "select sqrt(ratio(cast(count(x) * sum(x * x) - sum(x) * sum(x) as bigint), count(x) * (count(x) - 1))) as s from t",
  "select last_on - 7 as d, last_day(d) + 1 as e, cast(extract(week from d) as int) as w, cast(year(d) as int) as y from t where d between date '2020-01-01' and date '2020-12-31'",
  "select coalesce(a, b) as a, ifnull(a, b) as b, if(a, b, c) as c, nullif(a, b) as d, least(a, b) as e from t",
  "select trim(both 'x' from a) as a, substring(a, 1, 7) as b, left(a, 2) as c, split_part(a, '/', 2) as d, md5(a) as e from t",
  "select mart.post.a as a, p.b from mart.post, core.post as p where count(*) filter (where p.b > 1) > 1",
  "select 'it''s \"fine\" :: ; größer, )' as a from t -- größer, \"quoted\"; fine::int ' \\d\n/* from t; */"
];

const goodInStaging = [
  "select public_metrics.like_count as a, list_size(b) as b, json_text(c, '$.d.e') as c, p.geo.lat as d from landing.x as p",
  "select case when text_matches(s, '^-?[0-9]+$') then try_cast(s as bigint) end as n from t",
  "select try_cast(s as decimal(18, 2)) as n, local_date(instant_of(s), 'Europe/Zurich') as d, seen_at || 'Z' as e from t"
];

describe("portable SQL", () => {
  it.each(planted)("rule %i refuses: %s", async (rule, sql) => {
    const offences = await check(sql);
    expect(offences.map(offence => offence.rule)).toContain(rule);
    for (const offence of offences)
      expect(offence).toMatchObject({file: "m.sql", found: expect.any(String), write: expect.stringMatching(/\w/)});
  });

  it.each(good)("accepts: %s", async sql => {
    expect(await check(sql)).toEqual([]);
  });

  it.each(goodInStaging)("accepts in staging, and only there: %s", async sql => {
    expect(await check(sql, true)).toEqual([]);
    expect((await check(sql)).length).toBeGreaterThan(0);
  });

  it("wants the text that staging casts to be tested", async () => {
    expect(await check("select try_cast(s as bigint) as n from t", true)).toMatchObject([{rule: 12}]);
  });

  it("has a planted offence for every row of the table, and for the types of outputs", async () => {
    const found = new Set<string>();
    for (const [, sql] of planted)
      for (const offence of await check(sql)) found.add(`${offence.rule} ${offence.found}`);
    const unplanted = await check("select try_cast(s as bigint) as n from t", true);
    for (const offence of unplanted) found.add(`${offence.rule} ${offence.found}`);
    const missing = rules.filter(rule => ![...found].some(text => text.startsWith(`${rule.id} ${rule.found}`)));
    expect(missing.map(rule => rule.found)).toEqual([]);
    expect(new Set(rules.map(rule => rule.id)).size).toBe(15);
  });

  it("names line and column of what it refuses", async () => {
    const sql =
      "-- Öffnet 'nichts.\nwith s as (\n    select a\n    from t\n)\nselect\n    'ö' as o, avg(a) as a\nfrom s\nlimit 3";
    expect(await check(sql)).toMatchObject([
      {rule: 10, line: 7, column: 15, found: "the function avg", write: "ratio(sum(x), count(x))"},
      {rule: 5, line: 9, column: 7}
    ]);
    expect(await check("select a\nfrom t\nwhere b = = 1")).toMatchObject([{rule: 1, line: 3, column: 11}]);
  });

  it("lets an order be silent about NULL where the twin says that the column is a key", async () => {
    const sql = "select p.a from t as p order by p.post_id limit 1";
    const options = {file: "m.sql", staging: false};
    expect(await checkModel(warehouse, sql, {...options, notNull: ["post_id"]})).toEqual([]);
    expect(await checkModel(warehouse, sql, options)).toMatchObject([{rule: 4}]);
  });

  it.each([
    ["sum(n)", "cast(x as bigint)"],
    ["cast(1 as decimal(4, 1))", "cast(x as double)"],
    ["cast(1 as float)", "cast(x as double)"],
    ["cast(1 as ubigint)", "cast(x as bigint)"],
    ["timestamp '2020-01-01'", "instant_of(text)"],
    ["time '10:00'", "seconds as bigint"],
    ["interval 1 day", "seconds as bigint"],
    ["[1]", "its parts as columns, or an array of text"],
    ["{a: 1}", "its parts as columns, or an array of text"]
  ])("rule 16 refuses an output that is %s", async (expression, write) => {
    const sql = `select\n  ${expression} as b from (values (cast(1 as bigint))) as v(n)`;
    const offences = await checkOutput(warehouse, sql, {file: "m.sql", staging: false});
    expect(offences).toMatchObject([{rule: 16, line: 2, file: "m.sql", write}]);
  });

  it("rule 16 accepts the types that both engines have", async () => {
    const sql = `select true as a, 1 as b, cast(1 as bigint) as c, 1e0 as d, date '2020-01-01' as e, 'x' as f,
      instant_of('2020-01-01T00:00:00Z') as g, ['x'] as h`;
    expect(await checkOutput(warehouse, sql, {file: "m.sql", staging: false})).toEqual([]);
  });

  it("tells what a model reads, in subqueries too, and leaves its own CTEs out", async () => {
    const sql = `with s as (select a from mart.post), clock as (select a from clock), v as (select * from clock)
      select a from s where a in (select b from core.post) and exists (select 1 as x from u)
      union all select a from v, lateral (select b from x, range(0, 3) as r(n)) as y, mart.s`;
    expect(await tablesOf(warehouse, sql)).toEqual(["clock", "core.post", "mart.post", "mart.s", "u", "x"]);
  });

  it("is documented: the page names every function that a model may call", () => {
    const page = readFileSync(new URL("../../docs/portable-sql.md", import.meta.url), "utf8");
    const missing = [...allowed, ...functionNames].filter(name => !new RegExp(`\\b${name}\\b`).test(page));
    expect(missing).toEqual([]);
  });
});
