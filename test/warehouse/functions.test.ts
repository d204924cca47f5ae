import {readFileSync} from "node:fs";
import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {functionNames} from "../../warehouse/functions/functions.ts";
import type {Warehouse} from "../../warehouse/warehouse.ts";
import {emptyWarehouse} from "./warehouse-fixture.ts";

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await emptyWarehouse();
});
afterAll(() => warehouse.close());

const cases: [call: string, type: string, result: unknown][] = [
  ["month_of(date '2020-02-29')", "DATE", "2020-02-01"],
  ["month_of(cast(null as date))", "DATE", null],
  ["week_of(date '2021-01-03')", "DATE", "2020-12-28"],
  ["week_of(date '2020-12-28')", "DATE", "2020-12-28"],
  ["quarter_of(date '2020-12-31')", "DATE", "2020-10-01"],
  ["year_of(date '2020-12-31')", "DATE", "2020-01-01"],
  ["days_between(date '2020-02-28', date '2020-03-01')", "INTEGER", 2],
  ["days_between(date '2020-03-01', date '2020-02-28')", "INTEGER", -2],
  ["days_between(cast(null as date), date '2020-02-28')", "INTEGER", null],
  ["months_from(date '2020-01-31', 1)", "DATE", "2020-02-29"],
  ["months_from(date '2020-03-31', -1)", "DATE", "2020-02-29"],
  ["months_from(date '2020-02-29', 12)", "DATE", "2021-02-28"],
  ["iso_weekday(date '2020-11-30')", "INTEGER", 1],
  ["iso_weekday(date '2020-12-06')", "INTEGER", 7],
  ["iso_year(date '2021-01-03')", "INTEGER", 2020],
  ["iso_year(date '2019-12-30')", "INTEGER", 2020],
  ["instant_of('2020-06-19T12:00:00+05:30')", "TIMESTAMP WITH TIME ZONE", "2020-06-19 06:30:00+00"],
  ["instant_of('2020-06-19T12:00:00Z')", "TIMESTAMP WITH TIME ZONE", "2020-06-19 12:00:00+00"],
  ["instant_of(cast(null as string))", "TIMESTAMP WITH TIME ZONE", null],
  ["instant_at(1592568000)", "TIMESTAMP WITH TIME ZONE", "2020-06-19 12:00:00+00"],
  ["local_date(instant_of('2020-03-28T22:59:59Z'), 'Europe/Zurich')", "DATE", "2020-03-28"],
  ["local_date(instant_of('2020-03-28T23:00:00Z'), 'Europe/Zurich')", "DATE", "2020-03-29"],
  ["local_date(instant_of('2020-03-29T22:00:00Z'), 'Europe/Zurich')", "DATE", "2020-03-30"],
  ["local_date(instant_of('2020-06-19T02:00:00Z'), 'America/New_York')", "DATE", "2020-06-18"],
  ["local_hour(instant_of('2020-03-29T00:59:59Z'), 'Europe/Zurich')", "INTEGER", 1],
  ["local_hour(instant_of('2020-03-29T01:00:00Z'), 'Europe/Zurich')", "INTEGER", 3],
  ["local_hour(instant_of('2020-10-25T00:30:00Z'), 'Europe/Zurich')", "INTEGER", 2],
  ["local_hour(instant_of('2020-10-25T01:30:00Z'), 'Europe/Zurich')", "INTEGER", 2],
  ["seconds_between(instant_of('2020-06-19T12:00:00Z'), instant_of('2020-06-19T12:00:59.9Z'))", "BIGINT", "59"],
  ["seconds_between(instant_of('2020-03-28T12:00:00Z'), instant_of('2020-03-29T12:00:00Z'))", "BIGINT", "86400"],
  ["quotient(7, 2)", "BIGINT", "3"],
  ["quotient(-7, 2)", "BIGINT", "-3"],
  ["quotient(7, 0)", "BIGINT", null],
  ["quotient(null, 2)", "BIGINT", null],
  ["ratio(1, 4)", "DOUBLE", 0.25],
  ["ratio(0, 4)", "DOUBLE", 0],
  ["ratio(1, 0)", "DOUBLE", null],
  ["ratio(null, 4)", "DOUBLE", null],
  ["round_to(2.675, 1)", "DOUBLE", 2.7],
  ["round_to(0.5, 0)", "DOUBLE", 1],
  ["round_to(-2.5, 0)", "DOUBLE", -3],
  ["round_to(null, 2)", "DOUBLE", null],
  ["text_starts('abc', 'ab')", "BOOLEAN", true],
  ["text_starts('abc', 'b')", "BOOLEAN", false],
  ["text_matches('a1', '[0-9]')", "BOOLEAN", true],
  ["text_matches('12.0', '^-?[0-9]+$')", "BOOLEAN", false],
  ["text_swap('a-b-c', '-', '')", "VARCHAR", "abc"],
  ["text_found('id 12', '([0-9]+)', 1)", "VARCHAR", "12"],
  ["text_found('id', '([0-9]+)', 1)", "VARCHAR", null],
  ["json_text('{\"a\": {\"b\": 7}}', '$.a.b')", "VARCHAR", "7"],
  ["json_text('{\"a\": null}', '$.a')", "VARCHAR", null],
  ["json_text('no', '$.a')", "VARCHAR", null],
  ["sorted_text(['b', 'a'])", "VARCHAR", "a;b"],
  ["sorted_text(cast(null as varchar[]))", "VARCHAR", null],
  ["list_size(['b', 'a'])", "INTEGER", 2],
  ["list_size(cast([] as varchar[]))", "INTEGER", 0],
  ["part_of(map {'like': cast(3 as bigint)}, 'like')", "BIGINT", "3"],
  ["part_of(map {'like': cast(3 as bigint)}, 'love')", "BIGINT", "0"],
  ["part_of(cast(null as map(varchar, bigint)), 'love')", "BIGINT", null],
  [
    "other_parts(map {'PRIDE': 2, 'LIKE': 3, 'Thank ful': 0}, 'reactions', 'LIKE;LOVE')",
    "VARCHAR",
    "reactions__pride=2;reactions__thank_ful=0"
  ],
  ["other_parts(map {'LIKE': 3}, 'reactions', 'LIKE;LOVE')", "VARCHAR", null],
  ["other_parts(cast(null as map(varchar, bigint)), 'reactions', 'LIKE')", "VARCHAR", null]
];

describe("helper functions", () => {
  it.each(cases)("%s is of type %s: %s", async (call, type, result) => {
    const sql = `select ${call} as value`;
    const row = await warehouse.row<{value: unknown}>(sql);
    if (typeof result === "number") expect(row!.value).toBeCloseTo(result, 12);
    else expect(row!.value).toEqual(result);
    expect(await warehouse.row(`select column_type from (describe ${sql})`)).toEqual({column_type: type});
  });

  it("each_text gives a row an item, and none for an empty or unknown list", async () => {
    expect(await warehouse.rows("select item from each_text(['b', 'a'])")).toEqual([{item: "b"}, {item: "a"}]);
    const sql = `select w.k, e.item from (values (1, ['x', 'y']), (2, cast([] as varchar[])), (3, null)) as w(k, a),
      lateral each_text(w.a) as e order by all`;
    expect(await warehouse.rows(sql)).toEqual([
      {k: 1, item: "x"},
      {k: 1, item: "y"}
    ]);
  });

  it("may stand within aggregates, windows, filters, groups and each other", async () => {
    const sql = `
      select month_of(d) as month, ratio(sum(x), count(x)) as mean, max(days_between(month_of(d), d)) as latest,
        count(*) filter (where iso_weekday(d) = 1) as mondays, cast(rank() over (order by ratio(sum(x), count(x))) as int) as place
      from (values (date '2020-06-01', 1), (date '2020-06-02', 4), (date '2020-07-02', 1)) as v(d, x)
      group by month_of(d) having ratio(sum(x), 1) > 0e0`;
    expect(await warehouse.rows(`select * from (${sql}) order by month`)).toEqual([
      {month: "2020-06-01", mean: 2.5, latest: 1, mondays: "1", place: 2},
      {month: "2020-07-01", mean: 1, latest: 1, mondays: "0", place: 1}
    ]);
  });

  it("every one has a case", () => {
    const called = new Set(cases.flatMap(([call]) => call.match(/\w+(?=\()/g) ?? []));
    expect([...functionNames].filter(name => !called.has(name) && name !== "each_text")).toEqual([]);
  });

  it("has the same names and parameters in the definitions for Spark", () => {
    const signatures = (file: string) =>
      [
        ...readFileSync(new URL(`../../warehouse/functions/${file}`, import.meta.url), "utf8").matchAll(
          /(?:macro|function) (\w+)\((.*?)\) (?:as|returns) /g
        )
      ].map(
        ([, name, parameters]) =>
          `${name}(${parameters!
            .replaceAll(/<.*?>/g, "")
            .split(",")
            .map(part => part.trim().split(" ")[0])})`
      );
    expect(signatures("spark.sql")).toEqual(signatures("duckdb.sql"));
    expect(signatures("duckdb.sql")).toHaveLength(functionNames.size);
    expect(functionNames.size).toBe(26);
  });
});
