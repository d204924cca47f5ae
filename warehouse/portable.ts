/**
 * Portable SQL: whether a model says what DuckDB and Spark read alike, from DuckDB's own parse of it and, for what the
 * parse does not show, from its text with comments and literals cut out. The rules are one table (`portable-rules.ts`).
 */
import {type Context, type Node, rules} from "./portable-rules.ts";
import {literal, type Warehouse} from "./warehouse.ts";

/** Something that the other engine reads differently or not at all. */
export interface Offence {
  /** Number of the rule. */
  rule: number;
  file: string;
  line: number;
  found: string;
  /** What to write instead. */
  write: string;
}

export interface CheckOptions {
  file: string;
  /** Staging may use lists, structs and TRY_CAST, and read what platforms give. */
  staging: boolean;
  /** Columns that are never NULL: they may be ordered by without saying where NULL stands. */
  notNull?: readonly string[];
}

/** The offences of a bare SELECT against the rules; none when both engines read it alike, as far as can be seen. */
export async function checkModel(warehouse: Warehouse, sql: string, options: CheckOptions): Promise<Offence[]> {
  const bare = cutOut(sql);
  const statement = await parsed(warehouse, sql);
  const offences: Offence[] = [];
  const report = (rule: number, line: number, found: string, write: string): void => {
    const isKnown = offences.some(offence => offence.rule === rule && offence.line === line && offence.found === found);
    if (!isKnown) offences.push({rule, file: options.file, line, found, write});
  };
  for (const rule of rules) {
    for (const {at, found, write} of rule.scan?.(bare, sql) ?? [])
      report(rule.id, lineAt(sql, at), found, write ?? rule.write);
  }
  if ("error" in statement) {
    report(1, 1, statement.error, "one bare SELECT that DuckDB can parse");
    return offences;
  }
  const bytes = Buffer.from(sql);
  visit(statement.node, {...noContext, options, bare}, (node, context) => {
    for (const rule of rules) {
      const found = rule.test?.(node, context);
      if (found === undefined) continue;
      const at = typeof node.query_location === "number" ? bytes.subarray(0, node.query_location).toString().length : 0;
      report(rule.id, lineAt(sql, at), found, rule.write);
    }
  });
  return offences;
}

const refusedTypes =
  /^(HUGEINT|UHUGEINT|DECIMAL|TIMESTAMP(_S|_MS|_NS)?$|TIME|INTERVAL|FLOAT|UBIGINT|UINTEGER|USMALLINT|UTINYINT|STRUCT|MAP|"NULL")/;

/** Rule 16: the columns of a query whose types are not the same in both engines. */
export async function checkOutput(warehouse: Warehouse, sql: string, options: CheckOptions): Promise<Offence[]> {
  const columns = await warehouse.rows<{column_name: string; column_type: string}>(`describe ${sql}`);
  return columns.flatMap(({column_name, column_type}) => {
    const isList = column_type.endsWith("[]") && column_type !== "VARCHAR[]";
    if (column_type === "TIMESTAMP WITH TIME ZONE" || !(refusedTypes.test(column_type) || isList)) return [];
    const write = "cast to boolean, int, bigint, double, date or string";
    return [{rule: 16, file: options.file, line: 1, found: `${column_name} is ${column_type}`, write}];
  });
}

/** The relations that a bare SELECT reads, as written (`mart.post`), in the order of their names; its CTEs left out. */
export async function tablesOf(warehouse: Warehouse, sql: string): Promise<string[]> {
  const statement = await parsed(warehouse, sql);
  if ("error" in statement) throw new Error(statement.error);
  const tables = new Set<string>();
  visit(statement.node, noContext, (node, {ctes}) => {
    if (node.type !== "BASE_TABLE") return;
    const name = [node.schema_name, node.table_name].filter(part => part).join(".");
    if (!ctes.has(name)) tables.add(name);
  });
  return [...tables].sort();
}

const noContext: Context = {
  parents: [],
  ctes: new Set(),
  isOutput: false,
  isFinal: true,
  bare: "",
  options: {file: "", staging: false}
};

async function parsed(warehouse: Warehouse, sql: string): Promise<{node: Node} | {error: string}> {
  const row = await warehouse.row<{tree: string}>(
    `select cast(json_serialize_sql(${literal(sql)}) as varchar) as tree`
  );
  const tree = JSON.parse(row!.tree) as {error: boolean; error_message?: string; statements: {node: Node}[]};
  if (tree.error) return {error: tree.error_message ?? "it cannot be parsed"};
  return {node: tree.statements[0]!.node};
}

/** Every node with what stands around it: its parents, the names of CTEs, and whether it is an output of a SELECT. */
function visit(node: unknown, context: Context, see: (node: Node, context: Context) => void): void {
  if (Array.isArray(node)) {
    for (const item of node) visit(item, context, see);
    return;
  }
  if (typeof node !== "object" || node === null) return;
  const own = node as Node;
  const isNode = typeof own.type === "string" || typeof own.class === "string";
  if (isNode) see(own, context);
  const ctes = ctesOf(own);
  const inner: Context = {
    ...context,
    parents: isNode ? [...context.parents, own] : context.parents,
    ctes: ctes.length > 0 ? new Set([...context.ctes, ...ctes]) : context.ctes,
    isOutput: false
  };
  const isSelect = own.type === "SELECT_NODE";
  const isExpression = own.class === "SUBQUERY";
  for (const [key, value] of Object.entries(own)) {
    if (isSelect && key === "select_list") {
      const isNamed = !context.parents.some(parent => parent.class === "SUBQUERY");
      for (const item of value as Node[]) visit(item, {...inner, isOutput: isNamed}, see);
    } else {
      const isFinal = inner.isFinal && key !== "cte_map" && key !== "from_table" && !isExpression;
      visit(value, {...inner, isFinal}, see);
    }
  }
}

function ctesOf(node: Node): string[] {
  const map = (node.cte_map as {map?: {key: string}[]} | undefined)?.map;
  return map?.map(({key}) => key) ?? [];
}

/** The text with comments and the content of literals replaced by blanks, so that places stay the same. */
function cutOut(sql: string): string {
  return sql.replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'/g, part =>
    part.startsWith("'") ? `'${" ".repeat(part.length - 2)}'` : part.replaceAll(/[^\n]/g, " ")
  );
}

function lineAt(sql: string, at: number): number {
  return sql.slice(0, at).split("\n").length;
}
