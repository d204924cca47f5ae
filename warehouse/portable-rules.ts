/** The table of rules: what a model may not say, because DuckDB 1.5 and Spark 4.1 were seen to read it differently. */
import {functionNames} from "./functions/functions.ts";
import type {CheckOptions} from "./portable.ts";

/** A node of DuckDB's serialized statement. */
export interface Node {
  type?: string;
  class?: string;
  query_location?: number;
  [key: string]: unknown;
}

export interface Context {
  parents: readonly Node[];
  ctes: ReadonlySet<string>;
  /** An item of a SELECT list that names a column. */
  isOutput: boolean;
  /** Of the outermost SELECT, whose columns are the model's. */
  isFinal: boolean;
  bare: string;
  options: CheckOptions;
}

export interface Rule {
  id: number;
  write: string;
  /** What is wrong with a node; undefined when nothing is. */
  test?: (node: Node, context: Context) => string | undefined;
  /** What is wrong with the text; places are offsets into it. */
  scan?: (bare: string, sql: string) => {at: number; found: string; write?: string}[];
}

/** Functions that were seen to give the same in both engines, as the parse names them; helpers are added to them. */
const allowed = new Set(
  `count_star count sum min max bool_and bool_or median quantile_cont quantile_disc max_by min_by array_agg count_if
   row_number rank dense_rank ntile lag lead first_value nth_value percent_rank cume_dist
   nullif least greatest abs sqrt floor ceil sign round ln log10 log2 exp power mod
   lower upper substring left right trim replace translate lpad rpad reverse repeat contains concat_ws split_part length
   position instr md5 last_day make_date date_part year month day quarter week dayofyear row stddev stddev_samp corr
   covar_samp regr_slope`
    .split(/\s+/)
    .filter(Boolean)
);

/** Names that differ or are not repeatable, with what to write; an unknown name is refused without one. */
const refused: Record<string, string> = {
  avg: "ratio(sum(x), count(x))",
  any_value: "max(x)",
  first: "max(x), or max_by on a unique key",
  last: "max(x), or max_by on a unique key",
  mode: "a ranked subquery",
  string_agg: "sorted_text(array_agg(x) filter (where x is not null))",
  listagg: "sorted_text(array_agg(x) filter (where x is not null))",
  arg_max: "max_by with a filter",
  arg_min: "min_by with a filter",
  log: "ln, log10 or log2",
  concat: "|| with coalesce",
  isnan: "x = cast('NaN' as double)",
  trunc: "floor",
  hash: "md5",
  initcap: "nothing: fold before landing",
  datediff: "days_between(a, b)",
  date_diff: "days_between(a, b)",
  date_trunc: "month_of, week_of, quarter_of or year_of",
  date_add: "d + n, or months_from(d, n)",
  date_sub: "d - n, or months_from(d, n)",
  dayofweek: "iso_weekday(d)",
  weekday: "iso_weekday(d)",
  monthname: "a dimension table",
  dayname: "a dimension table",
  regexp_replace: "text_swap",
  regexp_extract: "text_found(s, p, 1)",
  regexp_matches: "text_matches",
  strftime: "substring(cast(d as string), 1, 7)"
};

const clocks = new Set([
  "now",
  "current_date",
  "current_timestamp",
  "get_current_timestamp",
  "today",
  "random",
  "uuid",
  "gen_random_uuid"
]);
const castFirst = new Set([
  "sum",
  "count_if",
  "floor",
  "ceil",
  "sign",
  "length",
  "position",
  "instr",
  "date_part",
  "year",
  "month",
  "day",
  "quarter",
  "week",
  "dayofyear",
  "row_number",
  "rank",
  "dense_rank",
  "ntile",
  "quantile_disc"
]);
const ranks = new Set(["row_number", "rank", "dense_rank", "ntile"]);
const operators = new Set(["+", "-", "*", "/", "%", "||", "~~", "!~~", "~~*", "!~~*"]);
const intervals = new Set(["to_days", "to_months", "to_years", "to_weeks", "to_hours", "to_minutes", "to_seconds"]);
const types = new Set(["BOOLEAN", "INTEGER", "BIGINT", "DOUBLE", "DATE", "VARCHAR", "DECIMAL"]);
const structures = new Set([
  "list_value",
  "struct_pack",
  "struct_extract",
  "array_extract",
  "list_transform",
  "list_filter",
  "unnest",
  "map",
  "json_extract",
  "json_extract_string"
]);

export const rules: readonly Rule[] = [
  {
    id: 1,
    write: "plain lower-case names, cast(x as type), one statement without semicolon",
    scan: (bare, sql) => [
      ...all(bare, /"/g, "a quoted name"),
      ...all(bare, /`/g, "a backquote"),
      ...all(bare, /::/g, "::"),
      ...all(bare, /\b\d+_\d+/g, "a number with _"),
      ...all(bare, /[^\p{ASCII}]/gu, "a letter beyond ASCII outside a literal"),
      ...all(bare, /,\s*(?=from\b|where\b|group\b|order\b|\)|$)/gi, "a trailing comma"),
      ...all(bare, /'\s+'/g, "two literals side by side").filter(({at}) => isBetween(bare, at)),
      ...all(bare, /;/g, "a semicolon"),
      ...all(bare, /\b[eE](?=')/g, "E'…'"),
      ...literalsWith(sql, "\\").map(at => ({
        at,
        found: "a backslash in a literal",
        write: "[0-9] for a digit, escape '!' in like"
      }))
    ]
  },
  {
    id: 2,
    write: "1e2 for 100.0, or ratio(a, b): a decimal makes every division decimal in Spark",
    test(node, {parents}) {
      if (node.class !== "CONSTANT" || typeId((node.value as Node | undefined)?.type) !== "DECIMAL") return undefined;
      const parent = parents.at(-1);
      const isCast = parent?.class === "CAST" && typeId(parent.cast_type) === "DECIMAL";
      const isPercentile = parent?.class === "FUNCTION" && /^quantile_/.test(String(parent.function_name));
      return isCast || isPercentile ? undefined : "a decimal constant";
    }
  },
  {
    id: 3,
    write: "as name",
    test: (node, {isOutput}) =>
      isOutput && !node.alias && node.class !== "COLUMN_REF" && node.class !== "STAR"
        ? "an output without a name"
        : undefined
  },
  {
    id: 4,
    write: "nulls first or nulls last",
    test(node, {options, parents}) {
      if (parents.at(-1)?.class === "FUNCTION") return undefined; // within group: NULL does not count
      const isOrdered = node.type === "ORDER_MODIFIER" || node.class === "WINDOW";
      if (!isOrdered) return undefined;
      const open = ((node.orders ?? []) as Node[]).filter(({null_order}) => null_order === "ORDER_DEFAULT");
      const unsure = open.filter(
        ({expression}) =>
          !options.notNull?.includes(((expression as Node).column_names as string[] | undefined)?.at(-1) ?? "")
      );
      return unsure.length > 0 ? "an order that does not say where NULL stands" : undefined;
    }
  },
  {
    id: 5,
    write: "no order by at the end, or order by with limit; no sample",
    test(node) {
      if (node.sample) return "a sample";
      if (node.type !== "SELECT_NODE" && node.type !== "SET_OPERATION_NODE") return undefined;
      const kinds = ((node.modifiers ?? []) as Node[]).map(({type}) => type);
      if (kinds.includes("ORDER_MODIFIER") && !kinds.includes("LIMIT_MODIFIER")) return "order by without limit";
      return kinds.includes("LIMIT_MODIFIER") && !kinds.includes("ORDER_MODIFIER")
        ? "limit without order by"
        : undefined;
    }
  },
  {
    id: 6,
    write: "cast(… as bigint) or cast(… as int) around it: its type differs",
    test(node, {isOutput, isFinal}) {
      if (!isOutput) return undefined;
      const name = node.type === "GROUPING_FUNCTION" ? "grouping" : String(node.function_name ?? "");
      if (name !== "grouping" && !castFirst.has(name)) return undefined;
      return ranks.has(name) && !isFinal ? undefined : `${name} as an output`;
    }
  },
  {
    id: 7,
    write: "+ - * / % || = <> < <= > >= and or not in between like ilike is exists; quotient, power, ratio",
    test: node =>
      node.class === "FUNCTION" && node.is_operator && !operators.has(String(node.function_name))
        ? `the operator ${node.function_name}`
        : undefined
  },
  {
    id: 8,
    write: "/ nullif(b, 0), or ratio(a, b)",
    test(node) {
      if (node.class !== "FUNCTION" || !node.is_operator || !["/", "%"].includes(String(node.function_name)))
        return undefined;
      const right = (node.children as Node[])[1];
      const isSafe = right?.class === "CONSTANT" ? (right.value as Node).value !== 0 : isNullif(right);
      return isSafe ? undefined : `${node.function_name} by what may be zero`;
    }
  },
  {
    id: 9,
    write: "filter (where x is not null)",
    test: node =>
      node.class === "FUNCTION" &&
      ["max_by", "min_by", "array_agg"].includes(String(node.function_name)) &&
      !node.filter
        ? `${node.function_name} without a filter`
        : undefined
  },
  {
    id: 10,
    write: "a helper function or a name of the list in docs/portable-sql.md",
    test(node, {parents}) {
      const name = functionOf(node);
      if (parents.at(-1)?.type === "TABLE_FUNCTION") return undefined; // rule 15
      if (name === undefined || clocks.has(name) || intervals.has(name) || structures.has(name)) return undefined;
      if (name === "round" && (node.children as Node[]).length > 1) return "round with two arguments: round_to(x, n)";
      if (allowed.has(name) || functionNames.has(name)) return undefined;
      return refused[name] === undefined ? `the function ${name}` : `the function ${name}: ${refused[name]}`;
    },
    scan: bare =>
      all(bare, /\bquantile_(?:cont|disc)\b/gi, "quantile_…", "percentile_cont(p) within group (order by x)")
  },
  {
    id: 11,
    write: "the clock's columns: a stage that runs again must give the same rows",
    test(node) {
      const name = functionOf(node) ?? (node.class === "COLUMN_REF" ? (node.column_names as string[]).join(".") : "");
      return clocks.has(name) ? `${name}` : undefined;
    }
  },
  {
    id: 12,
    write: "boolean, int, bigint, double, date, string or decimal(p, s); try_cast in staging only",
    test(node, {options, isOutput}) {
      if (isOutput && node.class === "CONSTANT" && typeId((node.value as Node).type) === "NULL")
        return "null without a type";
      if (node.class !== "CAST") return undefined;
      if (node.try_cast && !options.staging) return "try_cast outside staging";
      const id = typeId(node.cast_type);
      return types.has(id) ? undefined : `a cast to ${id}`;
    },
    scan: bare => all(bare, /\bas\s+(?:varchar|text)\s*\)/gi, "varchar or text as a type", "string")
  },
  {
    id: 13,
    write: "a subquery; count(case when c then 1 end) over …",
    test(node) {
      if (node.type === "SELECT_NODE" && node.qualify) return "qualify";
      if (node.class !== "WINDOW") return undefined;
      if (node.filter_expr) return "a window with filter";
      if (node.distinct) return "a window with distinct";
      if (node.ignore_nulls) return "a window that ignores nulls";
      if (node.exclude_clause !== undefined && node.exclude_clause !== "NO_OTHER") return "a window with exclude";
      if (/_GROUPS$/.test(`${node.start}`) || /_GROUPS$/.test(`${node.end}`)) return "a window of groups";
      const isMedian = /^(median|quantile_)/.test(String(node.function_name));
      return isMedian && (node.orders as Node[]).length > 0 ? "a rolling median" : undefined;
    }
  },
  {
    id: 14,
    write: "joins on columns, columns by name, union all by position, a ranked subquery",
    test(node) {
      if (node.type === "JOIN" && ["ASOF", "NATURAL", "POSITIONAL"].includes(String(node.ref_type)))
        return `a ${String(node.ref_type).toLowerCase()} join`;
      if (node.type === "DISTINCT_MODIFIER" && (node.distinct_on_targets as Node[]).length > 0) return "distinct on";
      if (node.setop_type === "UNION_BY_NAME") return "union by name";
      if (node.type === "RECURSIVE_CTE_NODE") return "with recursive";
      if (node.class === "STAR") {
        if (node.columns) return "columns(…)";
        const isCut = ["exclude_list", "replace_list", "rename_list"].some(key => size(node[key]) > 0);
        return isCut ? "* with exclude, replace or rename" : undefined;
      }
      if (node.class === "SUBQUERY" && functionOf(node.child as Node) === "row") return "a row in a subquery";
      const joins =
        node.type === "SELECT_NODE" &&
        ((node.select_list ?? []) as Node[]).some(item => item.class === "STAR" && !item.relation_name)
          ? (node.from_table as Node)
          : undefined;
      return joins?.type === "JOIN" && size(joins.using_columns) > 0 ? "* over join using" : undefined;
    },
    scan: bare => [
      ...all(bare, /\bmaterialized\b/gi, "materialized"),
      ...all(bare, /\bleft\s+(?:semi|anti)\b/gi, "left semi", "semi join"),
      ...all(bare, /^\s*from\b/gi, "from before select"),
      ...all(bare, /\bpivot\b/gi, "pivot"),
      ...all(bare, /\bfetch\s+first\b/gi, "fetch first", "limit"),
      ...all(bare, /\bwith\s+recursive\b/gi, "with recursive")
    ]
  },
  {
    id: 15,
    write:
      "d + n, days_between(a, b), months_from(d, n); lists and structs in staging only; range(constant, constant) as r(n)",
    test(node, {options, parents}) {
      const name = functionOf(node);
      if (name !== undefined && intervals.has(name) && !parents.some(parent => parent.class === "WINDOW"))
        return "interval arithmetic";
      if (
        node.is_operator &&
        node.function_name === "-" &&
        ((node.children ?? []) as Node[]).length === 2 &&
        (node.children as Node[]).every(isDateCast)
      )
        return "date - date";
      if (!options.staging) {
        if (node.class === "LAMBDA") return "a lambda";
        if (
          node.type === "ARRAY_EXTRACT" ||
          node.type === "STRUCT_EXTRACT" ||
          (name !== undefined && structures.has(name))
        )
          return "a list or struct";
      }
      if (node.type !== "TABLE_FUNCTION") return undefined;
      const table = node.function as Node;
      if (table.function_name === "each_text") return undefined;
      const isSpine =
        table.function_name === "range" &&
        size(node.column_name_alias) > 0 &&
        (table.children as Node[]).every(({class: kind}) => kind === "CONSTANT");
      return isSpine ? undefined : `the table function ${table.function_name}`;
    }
  }
];

function functionOf(node: Node | undefined): string | undefined {
  const isCall = (node?.class === "FUNCTION" || node?.class === "WINDOW") && !node.is_operator;
  return isCall ? String(node.function_name).toLowerCase() : undefined;
}

function isNullif(node: Node | undefined): boolean {
  return node?.class === "FUNCTION"
    ? node.function_name === "nullif"
    : node?.class === "CAST" && isNullif(node.child as Node);
}

function isDateCast(node: Node): boolean {
  return node.class === "CAST" && typeId(node.cast_type) === "DATE";
}

function typeId(type: unknown): string {
  return String((type as Node | undefined)?.id ?? "");
}

function size(list: unknown): number {
  return Array.isArray(list) ? list.length : 0;
}

function all(
  text: string,
  pattern: RegExp,
  found: string,
  write?: string
): {at: number; found: string; write?: string}[] {
  return [...text.matchAll(pattern)].map(match => ({at: match.index, found, ...(write === undefined ? {} : {write})}));
}

/** Whether a quotation mark ends a literal: an even number stands before the next one. */
function isBetween(bare: string, at: number): boolean {
  return (bare.slice(0, at + 1).match(/'/g)?.length ?? 0) % 2 === 0;
}

function literalsWith(sql: string, letter: string): number[] {
  const bare = sql.replaceAll(/--[^\n]*/g, comment => " ".repeat(comment.length));
  return [...bare.matchAll(/'(?:[^']|'')*'/g)].filter(match => match[0].includes(letter)).map(match => match.index);
}
