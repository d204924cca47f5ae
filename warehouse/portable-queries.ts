/** Rules of portable SQL on the shape of a query: its columns and their names, order, windows, joins and tables. */
import {functionNames} from "./functions/functions.ts";
import {shapes} from "./portable-names.ts";
import type {Rule} from "./portable-rules.ts";
import {calls, columnOf, holder, items, joins, type Node, placeOf, size, within} from "./portable-tree.ts";

export const queries: readonly Rule[] = [
  {
    id: 3,
    found: "an output without a name",
    write: "as name",
    test: (node, {isOutput}) => isOutput && !node.alias && !/^(COLUMN_REF|STAR)$/.test(node.class!)
  },
  {
    id: 3,
    found: "values without names of columns",
    write: "(values …) as v(a, b)",
    test: (node, {parents}) => {
      const holding = node.type === "EXPRESSION_LIST" ? holder(parents.slice(0, -1)) : undefined;
      const isNamed = size(holding?.column_name_alias) + size(holding?.aliases) > 0;
      return node.type === "EXPRESSION_LIST" && holding?.class !== "SUBQUERY" && !isNamed;
    }
  },
  {
    id: 4,
    found: "an order that does not say where NULL stands",
    write: "nulls first or nulls last",
    test: (node, {parents, notNull}) => {
      const isArgument = parents.at(-1)?.class === "FUNCTION" || parents.at(-2)?.class === "FUNCTION";
      const column = columnOf(node.expression as Node | undefined);
      return node.null_order === "ORDER_DEFAULT" && !isArgument && !notNull.includes(column ?? "");
    }
  },
  {
    id: 5,
    found: "order by without limit",
    write: "no order by: a model's rows have no order",
    test: (node, {parents}) => node.type === "ORDER_MODIFIER" && isQuery(parents.at(-1)) && !hasLimit(parents.at(-1)!)
  },
  {
    id: 5,
    found: "limit without order by",
    write: "order by a unique key before limit",
    test: (node, {parents}) =>
      node.type === "LIMIT_MODIFIER" && !modifiers(parents.at(-1)!).some(({type}) => type === "ORDER_MODIFIER")
  },
  {id: 5, found: "a limit in percent", write: "row_number", test: node => node.type === "LIMIT_PERCENT_MODIFIER"},
  {
    id: 5,
    found: "a helper function in order by",
    write: "its name from a subquery: Spark refuses helpers here",
    test: (node, {parents}) =>
      node.type === "ORDER_MODIFIER" &&
      isQuery(parents.at(-1)) &&
      within(node, inner => functionNames.has(calls(inner) ?? ""))
  },
  {id: 5, found: "a sample", write: "all rows, or where", test: node => Boolean(node.sample)},
  {
    id: 13,
    found: "qualify",
    write: "row_number in a subquery, where outside",
    test: (node, {select}) => select?.qualify === node
  },
  {
    id: 13,
    found: "a window with filter",
    write: "count(case when c then 1 end) over (…)",
    test: node => node.class === "WINDOW" && Boolean(node.filter_expr)
  },
  {
    id: 13,
    found: "a window with distinct",
    write: "dense_rank in a subquery, max of it outside",
    test: node => node.class === "WINDOW" && Boolean(node.distinct)
  },
  {
    id: 13,
    found: "ignore nulls or respect nulls",
    write: "count(x) over (…) as n, then max(x) over (partition by key, n)",
    scan: /\b(?:ignore|respect)\s+nulls\b/i
  },
  {
    id: 13,
    found: "a frame of groups, with exclude, or an order within the call",
    write: "rows or range",
    test: node =>
      node.class === "WINDOW" &&
      (/GROUPS$/.test(`${node.start} ${node.end}`) ||
        /GROUPS /.test(`${node.start} `) ||
        node.exclude_clause !== "NO_OTHER" ||
        size(node.arg_orders) > 0)
  },
  {
    id: 13,
    found: "a median of a moving window",
    write: "over (partition by …) alone, or a self join",
    test: node =>
      node.class === "WINDOW" &&
      /^(median|quantile|percentile)/.test(calls(node)!) &&
      (size(node.orders) > 0 || node.start !== "UNBOUNDED_PRECEDING" || node.end !== "CURRENT_ROW_RANGE")
  },
  {
    id: 13,
    found: "a window in order by",
    write: "its name from a subquery",
    test: (node, {parents}) =>
      node.type === "ORDER_MODIFIER" && isQuery(parents.at(-1)) && within(node, inner => inner.class === "WINDOW")
  },
  {
    id: 14,
    found: "a join of the kind",
    write: "join … on, or using; for asof <= and row_number",
    test: node => node.type === "JOIN" && !/^(REGULAR|CROSS)$/.test(String(node.ref_type)) && String(node.ref_type)
  },
  {id: 14, found: "left semi or left anti", write: "semi join, anti join", scan: /\bleft\s+(?:semi|anti)\b/i},
  {id: 14, found: "pivot", write: "max(case when … end) by column", scan: /\b(?:un)?pivot\b/i},
  {id: 14, found: "fetch first", write: "limit", scan: /\bfetch\s+(?:first|next)\b/i},
  {
    id: 14,
    found: "distinct on",
    write: "row_number in a subquery",
    test: node => node.type === "DISTINCT_MODIFIER" && size(node.distinct_on_targets) > 0
  },
  {
    id: 14,
    found: "a union by name",
    write: "union all, columns in one order",
    test: node => node.setop_type === "UNION_BY_NAME"
  },
  {
    id: 14,
    found: "* with exclude, replace or rename",
    write: "the columns by name",
    test: node =>
      node.class === "STAR" &&
      ["exclude_list", "qualified_exclude_list", "replace_list", "rename_list"].some(key => size(node[key]) > 0)
  },
  {
    id: 14,
    found: "* except",
    write: "the columns by name",
    scan: /\*\s*except\s*\((?!\s*(?:select|with|values)\b)/i
  },
  {
    id: 14,
    found: "columns(…) or * within an expression",
    write: "the columns by name",
    test: (node, {parents}) =>
      node.class === "STAR" && (Boolean(node.columns) || parents.at(-1)?.type !== "SELECT_NODE")
  },
  {
    id: 14,
    found: "a row in (subquery)",
    write: "exists, or a semi join",
    test: node => node.class === "SUBQUERY" && calls(node.child as Node) === "row"
  },
  {id: 14, found: "materialized", write: "as (…)", scan: /\bas\s+(?:not\s+)?materialized\b/i},
  {id: 14, found: "with recursive", write: "range(constant, constant) as r(n)", scan: /\bwith\s+recursive\b/i},
  {
    id: 14,
    found: "an alias in where:",
    write: "the expression again; or t.name where it is a column",
    test: (node, {select, clause, lineage}) => {
      const name = columnOf(node);
      if (clause !== "where_clause" || name === undefined || node.column_names!.length > 1) return false;
      const alias = items(select!).find(item => item.alias === name);
      const isColumn =
        alias === undefined ||
        within(alias, inner => columnOf(inner) === name) ||
        !lineage.isKnown(select!) ||
        lineage.origins(node, select!).length > 0;
      return !isColumn && name;
    }
  },
  {
    id: 14,
    found: "a query that does not begin with select",
    write: "select … from",
    test: (node, {parents, after, select}) => {
      if (parents.at(-1) !== select || !select || !items(select).includes(node)) return false;
      const table = select.from_table as Node;
      if (table.type === "EXPRESSION_LIST") return false;
      if (node.class === "STAR" && !node.columns) return !/^(\w+\s*\.\s*)*\*/.test(after);
      return (placeOf(node) ?? 0) > (placeOf(table) ?? Number.MAX_SAFE_INTEGER);
    }
  },
  {
    id: 14,
    found: "* over join using",
    write: "the columns by name",
    test: (node, {isOutput, select}) =>
      isOutput &&
      node.class === "STAR" &&
      !node.relation_name &&
      joins(select!.from_table as Node).some(join => size(join.using_columns) > 0)
  },
  {
    id: 14,
    found: "the shape",
    write: "a form that docs/portable-sql.md lists",
    test: ({class: kind, type}) => kind === undefined && !shapes.test(type!) && type!
  },
  {
    id: 14,
    found: "a table by a file or a time",
    write: "schema.table",
    test: node => node.type === "BASE_TABLE" && (Boolean(node.at_clause) || !/^\w+$/.test(node.table_name as string))
  }
];

function isQuery(node: Node | undefined): boolean {
  return node?.type === "SELECT_NODE" || node?.type === "SET_OPERATION_NODE";
}

function modifiers(query: Node): Node[] {
  return query.modifiers as Node[];
}

function hasLimit(query: Node): boolean {
  return modifiers(query).some(({type}) => /^LIMIT/.test(type!));
}
