import {literal, type Warehouse} from "./warehouse.ts";
export interface Offence {
  rule: number;
  file: string;
  line: number;
  found: string;
  write: string;
}
export async function checkModel(_w: Warehouse, _s: string, _o: object): Promise<Offence[]> {
  return [];
}
export async function checkOutput(_w: Warehouse, _s: string, _o: object): Promise<Offence[]> {
  return [];
}
export async function tablesOf(warehouse: Warehouse, sql: string): Promise<string[]> {
  const row = await warehouse.row<{j: string}>("select json_serialize_sql(" + literal(sql) + ")::varchar as j");
  const tables = new Set<string>();
  const ctes = new Set<string>();
  const walk = (n: unknown): void => {
    if (Array.isArray(n)) {
      n.forEach(walk);
      return;
    }
    if (n === null || typeof n !== "object") return;
    const o = n as Record<string, unknown>;
    if (o.type === "BASE_TABLE") tables.add([o.schema_name, o.table_name].filter(Boolean).join("."));
    if (o.cte_map) for (const e of (o.cte_map as {map: {key: string}[]}).map ?? []) ctes.add(e.key);
    Object.values(o).forEach(walk);
  };
  walk(JSON.parse(row!.j));
  return [...tables].filter(t => !ctes.has(t));
}
