/**
 * Portable SQL: whether a model says what DuckDB and Spark read alike, from DuckDB's own parse of it and, for what the
 * parse does not show, from its text with comments and literals cut out. The rules are one table (`portable-rules.ts`).
 */
import {type Rule, rules} from "./portable-rules.ts";
import {isInterval, Lineage, type Node, parsed, placeOf, visit} from "./portable-tree.ts";
import type {Warehouse} from "./warehouse.ts";

/** Something that the other engine reads differently or not at all. */
export interface Offence {
  /** Number of the rule in `docs/portable-sql.md`. */
  rule: number;
  file: string;
  line: number;
  column: number;
  found: string;
  /** What to write instead. */
  write: string;
}

export interface CheckOptions {
  file: string;
  /** Staging may use structs, JSON and guarded TRY_CAST. */
  staging: boolean;
  /** Columns that are never NULL: they may be ordered by without saying where NULL stands. */
  notNull?: readonly string[];
}

/** The offences of a bare SELECT, by line; none when both engines read it alike, as far as can be seen. */
export async function checkModel(warehouse: Warehouse, sql: string, options: CheckOptions): Promise<Offence[]> {
  const bare = cutOut(sql);
  const offences = new Map<string, Offence>();
  const report = ({id, write}: Pick<Rule, "id" | "write">, found: string, at: number): void => {
    const offence = {rule: id, file: options.file, ...position(sql, at), found, write};
    offences.set(JSON.stringify([id, offence.line, found]), offence);
  };
  for (const rule of rules) {
    if (rule.scan === undefined) continue;
    for (const {index} of bare.matchAll(new RegExp(rule.scan, `${rule.scan.flags}g`))) report(rule, rule.found, index);
  }
  const statement = await parsed(warehouse, sql);
  const bytes = Buffer.from(sql);
  const charAt = (place: number): number => bytes.subarray(0, place).toString().length;
  if ("error" in statement) {
    report({id: 1, write: "one bare SELECT that DuckDB can parse"}, statement.error, charAt(statement.at));
  } else {
    const lineage = new Lineage(statement.node);
    visit(statement.node, (node, context) => {
      if (context.parents.some(isInterval)) return; // the parse writes calls and casts into it
      const place = placeOf(node) ?? placeOf(context.parents.findLast(parent => placeOf(parent) !== undefined));
      const at = charAt(place ?? 0);
      const around = {
        ...context,
        lineage,
        isStaging: options.staging,
        notNull: options.notNull ?? [],
        before: bare.slice(0, at),
        after: bare.slice(at)
      };
      for (const rule of rules) {
        const broken = rule.test?.(node, around);
        if (broken) report(rule, broken === true ? rule.found : `${rule.found} ${broken}`, at);
      }
    });
  }
  return [...offences.values()].sort((a, b) => a.line - b.line || a.rule - b.rule);
}

/** The types of a model's columns, and what to write for others that a column may have. */
const outputTypes = /^(BOOLEAN|INTEGER|BIGINT|DOUBLE|DATE|VARCHAR|VARCHAR\[\]|TIMESTAMP WITH TIME ZONE)$/;
const castsTo: [type: RegExp, write: string][] = [
  [/\]$|^STRUCT|^MAP/, "its parts as columns, or an array of text"],
  [/^TIMESTAMP/, "instant_of(text)"],
  [/^(TIME|INTERVAL)/, "seconds as bigint"],
  [/^(DECIMAL|FLOAT)/, "cast(x as double)"],
  [/INT/, "cast(x as bigint)"],
  [/./, "cast(x as string)"]
];

/** Rule 16: the columns of a query, bound to its tables, whose type is not the same in both engines. */
export async function checkOutput(warehouse: Warehouse, sql: string, options: CheckOptions): Promise<Offence[]> {
  const columns = await warehouse.rows<{column_name: string; column_type: string}>(`describe ${sql}`);
  return columns.flatMap(({column_name, column_type}) => {
    if (outputTypes.test(column_type)) return [];
    const [, write] = castsTo.find(([type]) => type.test(column_type))!;
    const at = Math.max(sql.lastIndexOf(column_name), 0);
    return [{rule: 16, file: options.file, ...position(sql, at), found: `${column_name} is ${column_type}`, write}];
  });
}

/** The relations that a bare SELECT reads, as written (`mart.post`), in the order of their names; its CTEs left out. */
export async function tablesOf(warehouse: Warehouse, sql: string): Promise<string[]> {
  const statement = await parsed(warehouse, sql);
  if ("error" in statement) throw new Error(statement.error);
  const tables = new Set<string>();
  visit(statement.node, (node, {ctes}) => {
    if (node.type !== "BASE_TABLE") return;
    const {catalog_name, schema_name, table_name} = node as Node & Record<string, string>;
    if (schema_name || !ctes.has(table_name!))
      tables.add([catalog_name, schema_name, table_name].filter(part => part).join("."));
  });
  return [...tables].sort();
}

/**
 * The text with comments blank and the letters of literals replaced, so that places stay the same; a backslash stays,
 * as it matters within a literal too.
 */
function cutOut(sql: string): string {
  return sql.replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'/g, part =>
    part.startsWith("'") ? `'${part.slice(1, -1).replaceAll(/[^\\]/g, "_")}'` : " ".repeat(part.length)
  );
}

function position(sql: string, at: number): {line: number; column: number} {
  const lines = sql.slice(0, at).split("\n");
  return {line: lines.length, column: lines.at(-1)!.length + 1};
}
