import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {checkModel, checkOutput, tablesOf} from "../../warehouse/portable.ts";
import {rules} from "../../warehouse/portable-rules.ts";
import type {Warehouse} from "../../warehouse/warehouse.ts";
import {emptyWarehouse} from "./warehouse-fixture.ts";

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await emptyWarehouse();
});
afterAll(() => warehouse.close());

const planted: [rule: number, sql: string][] = [
  [1, 'select "a" as a from t'],
  [1, "select `a` as a from t"],
  [1, "select a from t where b = 'x\\d'"],
  [1, "select E'x' as a from t"],
  [1, "select a::int as a from t"],
  [1, "select 1_000 as a from t"],
  [1, "select größe as a from t"],
  [1, "select a, from t"],
  [1, "select a from t;"],
  [1, "select a frm t where"],
  [2, "select 100.0 * a as a from t"],
  [3, "select a + 1 from t"],
  [3, "with s as (select lower(a) from t) select * from s"],
  [4, "select rank from (select a, row_number() over (partition by b order by a) as rank from t)"],
  [4, "select a from t order by a limit 3"],
  [5, "select a from t order by a nulls last"],
  [5, "select a from t limit 3"],
  [5, "select a from t tablesample 5"],
  [6, "select sum(a) as a from t"],
  [6, "select floor(a) as a from t"],
  [6, "select row_number() over (order by a nulls last) as a from t"],
  [6, "select grouping(a) as g from t group by grouping sets ((a), ())"],
  [7, "select a // 2 as a from t"],
  [7, "select a ^ 2 as a from t"],
  [7, "select a ->> 'b' as a from t"],
  [10, "select a from t where b ~ 'x'"],
  [8, "select a / b as a from t"],
  [8, "select a % 0 as a from t"],
  [9, "select max_by(a, b) as a from t"],
  [9, "select array_agg(a) as a from t"],
  [10, "select avg(a) as a from t"],
  [10, "select string_agg(a, ',') as a from t"],
  [10, "select date_trunc('month', d) as d from t"],
  [10, "select regexp_replace(a, 'x', 'y') as a from t"],
  [10, "select round(a, 2) as a from t"],
  [10, "select made_up(a) as a from t"],
  [10, "select quantile_cont(a, 0.5) as a from t"],
  [11, "select now() as a from t"],
  [11, "select current_date as a from t"],
  [11, "select random() as a from t"],
  [12, "select cast(a as varchar) as a from t"],
  [12, "select cast(a as hugeint) as a from t"],
  [12, "select null as a from t"],
  [12, "select try_cast(a as bigint) as a from t"],
  [13, "select sum(a) filter (where b) over (partition by c) + 1 as a from t"],
  [13, "select count(distinct a) over (partition by c) + 1 as a from t"],
  [13, "select lag(a ignore nulls) over (order by b nulls last) as a from t"],
  [13, "select median(a) over (partition by c order by b nulls last) as a from t"],
  [13, "select a from t qualify row_number() over (order by a nulls last) = 1"],
  [13, "select first_value(a) over (order by b nulls last groups between 1 preceding and current row) as a from t"],
  [14, "select t.a from t asof join u on t.a >= u.a"],
  [14, "select a from t natural join u"],
  [14, "select distinct on (a) a from t"],
  [14, "select a from t union all by name select a from u"],
  [14, "select * exclude (a) from t"],
  [14, "select columns('a') from t"],
  [14, "select a from t where (a, b) in (select a, b from u)"],
  [14, "with c as materialized (select a from t) select * from c"],
  [14, "with recursive c as (select 1 as a union all select a + 1 as a from c where a < 5) select * from c"],
  [14, "from t"],
  [14, "select * from t join u using (a)"],
  [15, "select d + interval 1 day as d from t"],
  [15, "select date '2020-01-02' - date '2020-01-01' as n from t"],
  [15, "select a[1] as a from t"],
  [15, "select [a, b] as a from t"],
  [15, "select list_transform(a, x -> x + 1) as a from t"],
  [15, "select n from generate_series(0, 5) as r(n)"],
  [15, "select n from range(0, 5) as r"]
];

const good = [
  "select a, b from t",
  "with counted as (select a, count(*) as n from t group by a) select * from counted",
  "select cast(sum(x) as bigint) as x, ratio(sum(x), sum(y)) as r from t",
  "select a from (select a, row_number() over (partition by b order by c nulls last, a nulls last) as place from t) as s where place = 1",
  "select max_by(v, k) filter (where v is not null) as v from t",
  "select b.lo + cast(r.n as int) as d from b cross join range(0, 3660) as r(n) where b.lo + cast(r.n as int) <= b.hi",
  "select e.item from w, lateral each_text(w.a) as e",
  "select percentile_cont(0.9) within group (order by x) as p, median(x) as m from t",
  "select a, count(*) as n from t group by grouping sets ((a), ()) having count(*) > 0",
  "select a from t semi join u on u.a = t.a",
  "select a / nullif(b, 0) as a, a % 7 as b, 1e2 * a as c from t",
  "select case when a like 'x%' then 1e0 else cast(null as double) end as a from t",
  "select a from t order by a nulls last limit 3",
  "select a from t union all select a from u",
  "select text_swap(lower(a), 'x', 'y') as a, month_of(d) as m, days_between(d, e) as n from t -- größer, \"quoted\"; fine"
];

describe("portable SQL", () => {
  it.each(planted)("rule %i refuses: %s", async (rule, sql) => {
    const offences = await checkModel(warehouse, sql, {file: "m.sql", staging: false});
    expect(offences.map(offence => offence.rule)).toContain(rule);
    for (const offence of offences)
      expect(offence).toMatchObject({file: "m.sql", line: 1, write: expect.stringMatching(/\w/)});
  });

  it.each(good)("accepts: %s", async sql => {
    expect(await checkModel(warehouse, sql, {file: "m.sql", staging: false})).toEqual([]);
  });

  it("has a planted offence for every rule", () => {
    const ids = new Set([...planted.map(([rule]) => rule), 16]);
    expect(rules.filter(({id}) => !ids.has(id)).map(({id}) => id)).toEqual([]);
    expect(ids.size).toBe(16);
  });

  it("names the line of what it refuses", async () => {
    const sql = "-- Öffnet nichts.\nwith s as (\n    select a\n    from t\n)\nselect\n    avg(a) as a\nfrom s";
    expect(await checkModel(warehouse, sql, {file: "m.sql", staging: false})).toMatchObject([{rule: 10, line: 7}]);
  });

  it("lets an order be silent about NULL where the twin says that the column is a key", async () => {
    const sql = "select rank from (select row_number() over (order by post_id) as rank from t) as s";
    expect(await checkModel(warehouse, sql, {file: "m.sql", staging: false, notNull: ["post_id"]})).toEqual([]);
  });

  it("lets staging use structs, lists and try_cast", async () => {
    const sql = "select try_cast(a as bigint) as a, public_metrics.like_count as b from t";
    expect(await checkModel(warehouse, sql, {file: "m.sql", staging: true})).toEqual([]);
  });

  it.each(["sum(n)", "cast(1 as decimal(4, 1))", "timestamp '2020-01-01'", "interval 1 day", "[1]", "{a: 1}"])(
    "rule 16 refuses an output that is %s",
    async expression => {
      const sql = `select ${expression} as a from (values (cast(1 as bigint))) as v(n)`;
      expect(await checkOutput(warehouse, sql, {file: "m.sql", staging: false})).toMatchObject([{rule: 16}]);
    }
  );

  it("tells what a model reads, in subqueries too, and leaves its own CTEs out", async () => {
    const sql =
      "with s as (select a from mart.post) select a from s where a in (select b from core.post) and exists (select 1 as x from u)";
    expect(await tablesOf(warehouse, sql)).toEqual(["core.post", "mart.post", "u"]);
  });
});

describe("helper functions", () => {
  it.each<[call: string, result: unknown]>([
    ["month_of(date '2020-02-29')", "2020-02-01"],
    ["week_of(date '2021-01-03')", "2020-12-28"],
    ["quarter_of(date '2020-12-31')", "2020-10-01"],
    ["year_of(date '2020-12-31')", "2020-01-01"],
    ["days_between(date '2020-02-28', date '2020-03-01')", 2],
    ["months_from(date '2020-01-31', 1)", "2020-02-29"],
    ["iso_weekday(date '2020-11-30')", 1],
    ["iso_year(date '2021-01-03')", 2020],
    ["instant_of('2020-06-19T12:00:00+02:00')", "2020-06-19 10:00:00+00"],
    ["local_date(instant_of('2020-03-28T23:30:00Z'), 'Europe/Zurich')", "2020-03-29"],
    ["local_hour(instant_of('2020-03-29T01:30:00Z'), 'Europe/Zurich')", 3],
    ["seconds_between(instant_of('2020-06-19T12:00:00Z'), instant_of('2020-06-19T12:00:59.9Z'))", "59"],
    ["quotient(7, 2)", "3"],
    ["quotient(7, 0)", null],
    ["ratio(1, 4)", 0.25],
    ["ratio(1, 0)", null],
    ["ratio(null, 4)", null],
    ["round_to(1.005, 2)", 1],
    ["round_to(-2.5, 0)", -3],
    ["text_starts('abc', 'ab')", true],
    ["text_matches('a1', '[0-9]')", true],
    ["text_swap('a-b-c', '-', '')", "abc"],
    ["text_found('id 12', '([0-9]+)', 1)", "12"],
    ["text_found('id', '([0-9]+)', 1)", null],
    ["json_text('{\"a\": \"b\"}', '$.a')", "b"],
    ["json_text('no', '$.a')", null],
    ["sorted_text(['b', 'a'])", "a;b"],
    ["list_size(['b', 'a'])", 2]
  ])("%s is %s", async (call, result) => {
    const row = await warehouse.row<{value: unknown}>(`select ${call} as value`);
    if (typeof result === "number") expect(Number(row!.value)).toBeCloseTo(result, 9);
    else expect(row!.value).toEqual(result);
  });

  it("each_text gives a row an item", async () => {
    expect(await warehouse.rows("select item from each_text(['b', 'a'])")).toEqual([{item: "b"}, {item: "a"}]);
  });
});
