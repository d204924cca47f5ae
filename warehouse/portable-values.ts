/** Rules of portable SQL on expressions: constants, operators, functions, types, dates and nested values. */
import {functionNames} from "./functions/functions.ts";
import {
  allowed,
  clocks,
  expressions,
  instead,
  keywords,
  operators,
  renamed,
  structures,
  types
} from "./portable-names.ts";
import type {Rule} from "./portable-rules.ts";
import {calls, columnOf, constantType, isInterval, type Node, size, typeOf, within} from "./portable-tree.ts";

export const values: readonly Rule[] = [
  {
    id: 2,
    found: "a decimal constant",
    write: "1e2 for 100.0, or ratio(a, b): it makes every division decimal in Spark",
    test: (node, {parents}) => {
      const parent = parents.at(-1);
      const isMeant = typeOf(parent?.cast_type) === "DECIMAL" || /^quantile_/.test(calls(parent) ?? "");
      return /^(DECIMAL|U?HUGEINT)$/.test(constantType(node)) && !isMeant;
    }
  },
  {
    id: 6,
    found: "a type of the engine's own as an output:",
    write: "cast(… as bigint) or cast(… as int) around it",
    test: (node, {isOutput, select, lineage}) => isOutput && (lineage.openType(node, select!) ?? false)
  },
  {
    id: 7,
    found: "the operator",
    write: "+ - * / % || = <> < <= > >= and or not in between like ilike is exists; quotient, power, text_matches",
    test: node => {
      if (calls(node) === "regexp_full_match") return "~ or similar to";
      return Boolean(node.is_operator) && !operators.has(node.function_name!) && node.function_name!;
    }
  },
  {id: 7, found: "!= or ==", write: "<> or =", scan: /!=|==/},
  {
    id: 7,
    found: "a comparison with any or all",
    write: "in, exists, min or max",
    scan: /[=<>]\s*(?:any|all|some)\s*\(/i
  },
  {
    id: 7,
    found: "the expression",
    write: "a form that docs/portable-sql.md lists",
    test: ({class: kind, type}) => kind !== undefined && !expressions.test(kind === "OPERATOR" ? type! : kind) && type!
  },
  {
    id: 8,
    found: "a division by what may be zero",
    write: "/ nullif(b, 0), or ratio(a, b)",
    test: node => {
      const isDivision = (node.is_operator && /^[/%]$/.test(node.function_name!)) || calls(node) === "mod";
      return isDivision && !isNeverZero(node.children![1]!);
    }
  },
  {
    id: 9,
    found: "no filter for NULL in",
    write: "filter (where x is not null), x being the first argument",
    test: node =>
      /^(max_by|min_by|array_agg)$/.test(calls(node) ?? "") &&
      !isNotNull(node.filter as Node | null, node.children![0]!) &&
      node.function_name!
  },
  ...Object.entries(instead).map(([name, write]) => ({
    id: 10,
    found: `the function ${name}`,
    write,
    test: (node: Node) => calls(node) === name
  })),
  {
    id: 10,
    found: "the function",
    write: "a function that docs/portable-sql.md lists",
    test: (node, {parents}) => {
      const name = calls(node);
      const isOther = parents.at(-1)?.type === "TABLE_FUNCTION" || isInterval(node) || name === undefined;
      if (isOther || instead[name] !== undefined || clocks.test(name) || structures.test(name)) return false;
      return !(allowed.has(name) || functionNames.has(name) || renamed.test(name)) && name;
    }
  },
  {id: 10, found: "a call behind a point", write: "f(x), without a schema", scan: /\w\.\w+\(/},
  {
    id: 10,
    found: "quantile_…",
    write: "percentile_cont(p) within group (order by x)",
    scan: /\bquantile_(?:cont|disc)\b/i
  },
  {
    id: 10,
    found: "a percentile without within group, or over a window",
    write: "percentile_cont(p) within group (order by x)",
    test: node => /^percentile_/.test(calls(node) ?? "")
  },
  {id: 10, found: "date_part", write: "extract(year from d)", scan: /\bdate_?part\s*\(/i},
  {
    id: 10,
    found: "extract of",
    write: "year, month, day, quarter or week; iso_weekday, iso_year, local_hour, seconds_between",
    test: node => {
      const field =
        calls(node) === "date_part" ? String((node.children![0]!.value as Node | undefined)?.value) : "year";
      return !/^(year|month|day|quarter|week)$/i.test(field) && field;
    }
  },
  {
    id: 10,
    found: "round with two arguments",
    write: "no rounding in a model, or round_to(x, n)",
    test: node => calls(node) === "round" && size(node.children) > 1
  },
  {
    id: 10,
    found: "trim with two arguments",
    write: "trim(both 'x' from s)",
    test: (node, {after}) => calls(node) === "trim" && size(node.children) > 1 && !/^trim\s*\(\s*both\b/i.test(after)
  },
  {
    id: 10,
    found: "a place or length below what both engines know in",
    write: "substring from 1 on, a length of 0 or more, split_part at a text",
    test: node => {
      const [, second, third] = (node.children ?? []).map(
        child => (child.value as {value?: unknown} | undefined)?.value
      );
      const name = calls(node) ?? "";
      const isBelow =
        (name === "substring" && (Number(second) < 1 || Number(third) < 0)) ||
        (/^(left|right)$/.test(name) && Number(second) < 0) ||
        (name === "split_part" && second === "");
      return isBelow && name;
    }
  },
  {
    id: 10,
    found: "count of several columns",
    write: "count(distinct a || '|' || b), both never NULL",
    test: node => calls(node) === "count" && size(node.children) > 1
  },
  {
    id: 10,
    found: "sum of a condition",
    write: "count(*) filter (where condition)",
    test: node => calls(node) === "sum" && /^(COMPARISON|CONJUNCTION|BETWEEN)$/.test(node.children![0]!.class!)
  },
  {
    id: 10,
    found: "an order within an aggregate",
    write: "sorted_text, or row_number in a subquery",
    test: node =>
      size((node.order_bys as {orders?: Node[]} | undefined)?.orders) > 0 && !/^quantile_/.test(calls(node) ?? "")
  },
  {
    id: 10,
    found: "filter without where",
    write: "filter (where condition)",
    scan: /\bfilter\s*\((?!\s*where\b)/i
  },
  {
    id: 11,
    found: "what changes from run to run:",
    write: "the clock's columns: a stage that runs again gives the same rows",
    test: node => {
      if (clocks.test(calls(node) ?? "")) return node.function_name!;
      return node.column_names?.length === 1 && keywords.test(columnOf(node) ?? "") && columnOf(node)!;
    }
  },
  {
    id: 12,
    found: "the type",
    write: "boolean, int, bigint, double, date, string or decimal(p, s)",
    test: (node, {after, before}) => {
      if (node.class !== "CAST" || isInterval(node)) return false;
      if (/^(try_)?cast\s*\(/i.test(after)) {
        const written = writtenType(after);
        return !types.test(written) && written;
      }
      const isLiteral = (node.child as Node).class === "CONSTANT" && /\w\s*$/.test(before);
      return isLiteral && !/^(DATE|BOOLEAN)$/.test(typeOf(node.cast_type)) && typeOf(node.cast_type).toLowerCase();
    }
  },
  {
    id: 12,
    found: "null without a type",
    write: "cast(null as type)",
    test: (node, {isOutput}) => isOutput && constantType(node) === "NULL"
  },
  {
    id: 12,
    found: "try_cast outside staging",
    write: "cast, the text having been tested in staging",
    test: (node, {isStaging}) => Boolean(node.try_cast) && !isStaging
  },
  {
    id: 12,
    found: "try_cast of a text that was not tested",
    write: "case when text_matches(s, '^-?[0-9]+$') then try_cast(s as bigint) end",
    test: (node, {isStaging, parents}) =>
      Boolean(node.try_cast) &&
      isStaging &&
      typeOf(node.cast_type) !== "DECIMAL" &&
      !parents.some(parent => parent.class === "CASE" && within(parent, inner => calls(inner) === "text_matches"))
  },
  {
    id: 12,
    found: "as text,",
    write: "a number of a whole type, or a date: text of a double or an instant differs",
    test: (node, {lineage, select, isStaging}) => {
      const isText = node.class === "CAST" ? typeOf(node.cast_type) === "VARCHAR" : node.function_name === "||";
      const operands = node.class === "CAST" ? [node.child as Node] : (node.children ?? []);
      const found = isText ? operands.map(operand => lineage.kindOf(operand, select)) : [];
      if (found.includes("double") || found.includes("whole")) return "a double";
      return found.includes("instant") && !isStaging && "an instant";
    }
  },
  {
    id: 12,
    found: "a double or decimal as a whole number",
    write: "cast(floor(x + 0.5e0) as bigint)",
    test: (node, {lineage, select}) =>
      node.class === "CAST" &&
      /^(INTEGER|BIGINT)$/.test(typeOf(node.cast_type)) &&
      lineage.kindOf(node.child as Node, select) === "double"
  },
  {
    id: 15,
    found: "interval arithmetic",
    write: "d + n, months_from(d, n)",
    test: (node, {isFrame}) => isInterval(node) && !isFrame
  },
  {
    id: 15,
    found: "a date or an instant less another",
    write: "days_between(a, b), seconds_between(a, b)",
    test: (node, {lineage, select}) =>
      Boolean(node.is_operator) &&
      node.function_name === "-" &&
      node.children!.length === 2 &&
      /^(date|instant)$/.test(lineage.kindOf(node.children![1]!, select) ?? "")
  },
  {
    id: 15,
    found: "a list, struct or map:",
    write: "list_size, sorted_text, lateral each_text(x) as e; in staging a.b and json_text(j, '$.a')",
    test: (node, {parents}) => {
      const name = calls(node) ?? "";
      const isPair = name === "row" && (parents.at(-1)?.class === "COMPARISON" || parents.at(-1)?.class === "SUBQUERY");
      if (structures.test(name) && !functionNames.has(name) && !isPair && parents.at(-1)?.type !== "TABLE_FUNCTION")
        return name;
      return /^(ARRAY_\w+|STRUCT_EXTRACT|LAMBDA)$/.test(node.type ?? "") && node.type!.toLowerCase();
    }
  },
  {
    id: 15,
    found: "outside staging",
    write: "a column that staging names",
    test: (node, {isStaging, lineage}) => {
      if (isStaging) return false;
      if (calls(node) === "json_text") return "json_text";
      const path = node.column_names ?? [];
      return path.length > 1 && !lineage.tables.has(path.at(-2)!) && `the field ${path.join(".")}`;
    }
  },
  {
    id: 15,
    found: "the table function",
    write: "range(constant, constant) as r(n), lateral each_text(x) as e",
    test: node => {
      if (node.type !== "TABLE_FUNCTION") return false;
      const call = node.function as Node;
      const isSpine =
        call.function_name === "range" &&
        size(node.column_name_alias) === 1 &&
        node.with_ordinality === "WITHOUT_ORDINALITY" &&
        call.children!.length === 2 &&
        call.children!.every(child => constantType(child) === "INTEGER");
      return !isSpine && call.function_name !== "each_text" && call.function_name!;
    }
  }
];

/** The type in a `cast(… as type)` at the beginning of a text. */
function writtenType(text: string): string {
  let depth = 0;
  for (const {0: bracket, index} of text.matchAll(/[()]/g)) {
    depth += bracket === "(" ? 1 : -1;
    if (depth === 0) return /.*\bas\s+(.*)$/is.exec(text.slice(0, index))![1]!.trim();
  }
  return "";
}

function isNeverZero(node: Node): boolean {
  if (node.class === "CAST") return isNeverZero(node.child as Node);
  if (node.class === "CONSTANT") return constantType(node) !== "NULL" && !isZero(node);
  return calls(node) === "nullif" && isZero(node.children![1]!);
}

function isZero(node: Node): boolean {
  return node.class === "CONSTANT" && (node.value as {value?: unknown}).value === 0;
}

/** Whether a filter demands that an expression is not NULL. */
function isNotNull(filter: Node | null | undefined, expression: Node): boolean {
  if (!filter) return false;
  if (filter.type === "CONJUNCTION_AND") return filter.children!.some(part => isNotNull(part, expression));
  return filter.type === "OPERATOR_IS_NOT_NULL" && spelled(filter.children![0]!) === spelled(expression);
}

function spelled(node: Node): string {
  return JSON.stringify(node, (key, value) => (key === "query_location" || key === "alias" ? undefined : value));
}
