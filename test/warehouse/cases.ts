/** The cases of twins: rows given, rows expected. */
import {expect} from "vitest";
import {inOrder, type Model} from "../../warehouse/models.ts";
import type {Row, Warehouse} from "../../warehouse/warehouse.ts";

type Given = Record<string, Record<string, unknown>[]>;

/** Runs a model over the rows of one of its cases, in a warehouse that holds every relation. */
export async function expectCase(
  warehouse: Warehouse,
  model: Model,
  item: Model["twin"]["cases"][number]
): Promise<void> {
  await warehouse.exec("begin");
  const rows = await (async () => {
    if (item.as_of) await warehouse.exec(`update clock set as_of_on = date '${item.as_of}'`);
    return warehouse.rows(await given(warehouse, model, item.given as Given));
  })().finally(() => warehouse.exec("rollback"));
  const only = item.expect_only ?? {};
  const kept = rows.filter(row => Object.entries(only).every(([key, value]) => same(row[key], value)));
  for (const expected of item.expect) {
    const matches = kept.filter(row => Object.entries(expected).every(([key, value]) => same(row[key], value)));
    expect(
      matches.length,
      `no row is ${JSON.stringify(expected)} among ${JSON.stringify(kept, null, 1)}`
    ).toBeGreaterThan(0);
  }
  expect(kept).toHaveLength(item.expect.length);
}

/** The relations that exist only while a build runs. */
export async function temporaries(warehouse: Warehouse, models: Model[]): Promise<void> {
  await warehouse.exec(`
    create or replace temp table clock as select timezone, as_of_on, as_of_at from core.setting;
    create or replace temp table changed_post as select post_key, published_on from core.post;
    create or replace temp table changed_period as
      select distinct period, period_start, period_end from mart.calendar_day`);
  for (const model of await inOrder(warehouse, models)) {
    if (!model.isPassing) continue;
    await warehouse.exec(`create ${model.twin.build === "view" ? "view" : "table"} ${model.relation} as ${model.sql}`);
  }
}

/** Puts rows into the relations that a case gives, each with the columns and types it really has. */
async function given(warehouse: Warehouse, model: Model, relations: Given): Promise<string> {
  let sql = model.sql;
  for (const [relation, rows] of Object.entries(relations)) {
    const table = `given_${relation.replace(".", "_")}`;
    if (model.twin.columns !== undefined) {
      const own = {
        ...model.twin.columns,
        load_key: "INTEGER",
        captured_at: "TIMESTAMPTZ",
        captured_on: "DATE",
        source: "VARCHAR"
      };
      const columns = Object.entries(own).map(([name, type]) => `${name} ${type}`);
      await warehouse.exec(`create temp table ${table} (${columns.join(", ")})`);
    } else {
      await warehouse.exec(`create temp table ${table} as select * from ${relation} limit 0`);
    }
    for (const row of rows) {
      const types = await warehouse.rows<{name: string; type: string}>(
        `select column_name as name, column_type as type from (describe ${table})`
      );
      const struct = Object.keys(row).map(key => {
        const type = types.find(({name}) => name === key)?.type;
        if (type === undefined) throw new Error(`${relation} has no column ${key}`);
        return `"${key}": ${JSON.stringify(type)}`;
      });
      await warehouse.exec(
        `insert into ${table} by name select unnest(from_json(cast($row as json), '{${struct.join(", ")}}'))`,
        {row: JSON.stringify(row)}
      );
    }
    sql = sql.replaceAll(new RegExp(`\\b${relation.replace(".", "\\.")}\\b`, "g"), table);
  }
  return sql;
}

/** Equal as a reader of the twin means it: numbers by value, times by instant, lists by their items. */
function same(found: Row[string] | undefined, expected: unknown): boolean {
  if (expected === null || expected === undefined) return found === null;
  if (typeof expected === "number") return found !== null && Math.abs(Number(found) - expected) < 1e-9;
  if (Array.isArray(expected)) return JSON.stringify(found) === JSON.stringify(expected);
  return found === expected;
}
