/** The helper functions that models may call: one name, one definition an engine (`duckdb.sql`, `spark.sql`). */
import {readFileSync} from "node:fs";
import type {Warehouse} from "../warehouse.ts";

const duckdb = readFileSync(new URL("./duckdb.sql", import.meta.url), "utf8");

/** The names that the definitions give. */
export const functionNames: ReadonlySet<string> = new Set(
  [...duckdb.matchAll(/macro (\w+)\(/g)].map(match => match[1]!)
);

/** Defines the helpers in a database, where they stay: people may call them too. */
export async function installFunctions(warehouse: Warehouse): Promise<void> {
  await warehouse.exec(duckdb);
}
