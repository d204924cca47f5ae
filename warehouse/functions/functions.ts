import {readFileSync} from "node:fs";
import type {Warehouse} from "../warehouse.ts";
export async function installFunctions(warehouse: Warehouse): Promise<void> {
  await warehouse.exec(readFileSync(new URL("./duckdb.sql", import.meta.url), "utf8"));
}
