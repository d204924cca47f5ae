/** DuckDB's own parse of a SELECT as JSON: its nodes, a walk over them, and what a column of a step stands for. */
import {type Kind, kinds, otherTypes, ranks} from "./portable-names.ts";
import type {Warehouse} from "./warehouse.ts";

/** A node of the serialized statement: expressions have a class, tables, queries and orders only a type. */
export interface Node {
  type?: string;
  class?: string;
  alias?: string;
  function_name?: string;
  is_operator?: boolean;
  children?: Node[];
  column_names?: string[];
  query_location?: number;
  [key: string]: unknown;
}

/** What stands around a node. */
export interface Context {
  parents: readonly Node[];
  /** The CTEs that can be read here, each with its query. */
  ctes: ReadonlyMap<string, Node>;
  /** The nearest SELECT, and which part of it the node is in (`select_list`, `where_clause`, …). */
  select: Node | undefined;
  clause: string;
  /** An item of a SELECT list whose name and type others see; not that of a subquery within an expression. */
  isOutput: boolean;
  /** In the bounds of a window's frame. */
  isFrame: boolean;
}

/** The root of a bare SELECT, or why DuckDB cannot parse it and at which byte. */
export type Parsed = {node: Node} | {error: string; at: number};

export async function parsed(warehouse: Warehouse, sql: string): Promise<Parsed> {
  const row = await warehouse.row<{tree: string}>(
    "select cast(json_serialize_sql(cast($sql as varchar)) as varchar) as tree",
    {sql}
  );
  const tree = JSON.parse(row!.tree) as
    | {error: true; error_message: string; position?: string}
    | {error: false; statements: {node: Node}[]};
  if (tree.error) return {error: tree.error_message, at: Number(tree.position ?? 0)};
  const [first, second] = tree.statements;
  return first === undefined || second !== undefined ? {error: "not one statement", at: 0} : first;
}

/** Shows every node with what stands around it, outer ones first. A CTE is shown as a node of type `CTE`. */
export function visit(node: unknown, see: (node: Node, context: Context) => void, context = outermost): void {
  if (Array.isArray(node)) {
    for (const item of node) visit(item, see, context);
    return;
  }
  if (typeof node !== "object" || node === null) return;
  const own = node as Node;
  const isNode = typeof own.type === "string" || typeof own.class === "string";
  if (isNode) see(own, context);
  const inner: Context = {...context, isOutput: false};
  if (isNode) inner.parents = [...context.parents, own];
  if (own.type === "SELECT_NODE") inner.select = own;
  for (const [name, cte] of ctesOf(own)) {
    visit(cte, see, inner);
    inner.ctes = new Map([...inner.ctes, [name, cte]]); // a CTE does not see itself: its name may be a table's
  }
  for (const [key, value] of Object.entries(own)) {
    if (key === "cte_map") continue;
    const isItem = own.type === "SELECT_NODE" && key === "select_list";
    visit(value, see, {
      ...inner,
      clause: own.type === "SELECT_NODE" ? key : inner.clause,
      isOutput: isItem && holder(inner.parents.slice(0, -1))?.class !== "SUBQUERY",
      isFrame: inner.isFrame || (own.class === "WINDOW" && (key === "start_expr" || key === "end_expr"))
    });
  }
}

const outermost: Context = {
  parents: [],
  ctes: new Map(),
  select: undefined,
  clause: "",
  isOutput: false,
  isFrame: false
};

/** What holds a query: a CTE, a table of FROM, an expression, or nothing; set operations between are passed over. */
export function holder(parents: readonly Node[]): Node | undefined {
  return parents.findLast(({type}) => type !== "SET_OPERATION_NODE");
}

/** The byte at which a node stands: its own, else that of the first node within it that has one. */
export function placeOf(node: unknown): number | undefined {
  if (typeof node !== "object" || node === null) return undefined;
  const place = (node as Node).query_location;
  if (place !== undefined && place < Number.MAX_SAFE_INTEGER) return place;
  const {select_list, cte_map, ...others} = node as Node;
  for (const value of [select_list, ...Object.values(others)]) {
    const inner = placeOf(value);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** The name of a called function as the parse gives it; undefined for operators and everything else. */
export function calls(node: Node | undefined): string | undefined {
  const isCall = (node?.class === "FUNCTION" || node?.class === "WINDOW") && !node.is_operator;
  return isCall ? node.function_name!.toLowerCase() : undefined;
}

/** Whether a node or one within it is so. */
export function within(node: unknown, isSo: (node: Node) => boolean): boolean {
  let found = false;
  visit(node, inner => {
    found ||= isSo(inner);
  });
  return found;
}

/** The last part of a plain column's name: `t.a` is `a`. */
export function columnOf(node: Node | undefined): string | undefined {
  return node?.class === "COLUMN_REF" ? node.column_names!.at(-1) : undefined;
}

export function typeOf(type: unknown): string {
  return (type as {id?: string} | undefined)?.id ?? "";
}

/** The operands whose type an expression takes over. */
export function typeGivers(node: Node): Node[] {
  if (node.class === "CASE") {
    const checks = node.case_checks as {then_expr: Node}[];
    return [...checks.map(({then_expr}) => then_expr), node.else_expr as Node];
  }

  const children = node.children ?? [];
  if (node.type === "OPERATOR_COALESCE" || /^([-+*%]|mod|least|greatest)$/.test(node.function_name ?? ""))
    return children;
  return /^(sum|min|max|max_by|min_by|abs|round|nullif|lag|lead|first_value|nth_value)$/.test(calls(node) ?? "")
    ? children.slice(0, 1)
    : [];
}

/** A table of FROM, with its SELECTs and the names that it gives their columns, where it is a CTE or a subquery. */
interface Source {
  name: string;
  selects: Node[];
  columns: string[];
}

/** What is known of all SELECTs of a statement: the tables they read, and which of them give the model its columns. */
export class Lineage {
  private readonly ctes = new Map<Node, ReadonlyMap<string, Node>>();
  /** The names by which tables are called, to tell a table's column from a field of a struct. */
  readonly tables = new Set<string>();
  readonly finals = new Set<Node>();

  constructor(root: Node) {
    visit(root, (node, {ctes}) => {
      if (node.type === "SELECT_NODE") this.ctes.set(node, new Map([...ctes, ...ctesOf(node)]));
      if (node.class === undefined) this.tables.add(nameOf(node));
    });
    for (const select of selectsOf(root)) this.addFinal(select);
  }

  /** The expressions that a column of a SELECT stands for in the CTEs and subqueries that it comes from. */
  origins(column: Node, select: Node): {expression: Node; select: Node}[] {
    const [name, table] = column.column_names!.toReversed();
    return this.sources(select)
      .filter(source => table === undefined || source.name === table)
      .flatMap(({selects, columns}) =>
        selects.flatMap(inner =>
          items(inner).flatMap((item, i) => {
            if (item.class === "STAR") return this.origins({column_names: [name!]}, inner);
            const given = columns[i] ?? (item.alias || columnOf(item));
            return given === name ? [{expression: item, select: inner}] : [];
          })
        )
      );
  }

  /** Whether the statement alone tells all columns of a SELECT's tables. */
  isKnown(select: Node): boolean {
    return this.sources(select).every(
      ({selects}) =>
        selects.length > 0 &&
        selects.every(inner => items(inner).every(item => item.class !== "STAR" || this.isKnown(inner)))
    );
  }

  /** What an expression is, as far as the statement alone tells it; names that end in `_on` and `_at` are the project's. */
  kindOf(node: Node, select: Node | undefined): Kind | undefined {
    const type = node.class === "CONSTANT" ? (node.value as Node).type : node.cast_type;
    if (type !== undefined) return kindOfType(type);
    const own = kinds[node.function_name ?? ""];
    if (own !== undefined) return own;
    const column = columnOf(node);
    const origins = column === undefined || select === undefined ? [] : this.origins(node, select);
    if (column !== undefined && origins.length === 0)
      return column.endsWith("_on") ? "date" : column.endsWith("_at") ? "instant" : undefined;
    const found = [
      ...typeGivers(node).map(giver => this.kindOf(giver, select)),
      ...origins.map(origin => this.kindOf(origin.expression, origin.select))
    ].filter(kind => kind !== undefined);
    return found.includes("double") ? "double" : found[0];
  }

  /**
   * The function whose type is not the same in both engines and that an output of a SELECT takes over. A rank may stay
   * as it is until it is a column of the model.
   */
  openType(node: Node, select: Node): string | undefined {
    const name = node.type === "GROUPING_FUNCTION" ? "grouping" : (calls(node) ?? "");
    const isFinal = this.finals.has(select);
    if (name === "grouping" || (otherTypes.test(name) && (isFinal || !ranks.test(name)))) return name;
    if (node.subquery_type === "SCALAR") {
      const [inner] = queryOf(node);
      return this.openType(items(inner!)[0]!, inner!);
    }
    const givers = typeGivers(node).map(giver => this.openType(giver, select));
    return [...givers, isFinal ? this.rankBehind(node, select) : undefined].find(found => found !== undefined);
  }

  private rankBehind(node: Node, select: Node): string | undefined {
    const name = calls(node) ?? "";
    if (ranks.test(name)) return name;
    const inner = node.class === "COLUMN_REF" ? this.origins(node, select) : [];
    return [
      ...typeGivers(node).map(giver => this.rankBehind(giver, select)),
      ...inner.map(origin => this.rankBehind(origin.expression, origin.select))
    ].find(found => found !== undefined);
  }

  private sources(select: Node): Source[] {
    return leaves(select.from_table as Node).map(table => {
      const cte = table.schema_name ? undefined : this.ctes.get(select)?.get(String(table.table_name));
      const holding = table.type === "SUBQUERY" ? table : cte;
      const columns = (table.column_name_alias ?? []) as string[];
      return {
        name: nameOf(table),
        selects: holding === undefined ? [] : queryOf(holding),
        columns: columns.length > 0 ? columns : ((cte?.aliases ?? []) as string[])
      };
    });
  }

  /** `select * from last_step` hands on the columns of that step, which are then the model's. */
  private addFinal(select: Node): void {
    this.finals.add(select);
    for (const star of items(select).filter(item => item.class === "STAR")) {
      for (const {name, selects} of this.sources(select))
        if (!star.relation_name || star.relation_name === name) for (const inner of selects) this.addFinal(inner);
    }
  }
}

export function items(select: Node): Node[] {
  return select.select_list as Node[];
}

/** The SELECTs of a CTE, a table of FROM or an expression. */
export function queryOf(holding: Node): Node[] {
  return selectsOf(((holding.subquery ?? holding.query) as {node: Node}).node);
}

function selectsOf(query: Node): Node[] {
  if (query.type === "SELECT_NODE") return [query];
  return [query.left, query.right].flatMap(side => (side === undefined ? [] : selectsOf(side as Node)));
}

/** The tables that the joins of FROM join. */
function leaves(table: Node): Node[] {
  return table.type === "JOIN" ? [...leaves(table.left as Node), ...leaves(table.right as Node)] : [table];
}

function kindOfType(type: unknown): Kind | undefined {
  const {id, type_info} = type as {id: string; type_info?: {scale?: number}};
  if (id === "DATE") return "date";
  return id === "DOUBLE" || (id === "DECIMAL" && type_info?.scale !== 0) ? "double" : undefined;
}

function nameOf(table: Node): string {
  return table.alias || String(table.table_name ?? "");
}

function ctesOf(node: Node): [name: string, cte: Node][] {
  const map = (node.cte_map as {map: {key: string; value: object}[]} | undefined)?.map ?? [];
  return map.map(({key, value}) => [key, {...value, type: "CTE"}]);
}

/** A literal interval, which DuckDB reads as a call of `to_days` and the like. */
export function isInterval(node: Node): boolean {
  return (
    /^to_(days|weeks|months|quarters|years|hours|minutes|seconds|milliseconds|microseconds|decades|centuries|millennia)$/.test(
      calls(node) ?? ""
    ) || typeOf(node.cast_type) === "INTERVAL"
  );
}

export function constantType(node: Node): string {
  return node.class === "CONSTANT" ? typeOf((node.value as Node).type) : "";
}

export function joins(table: Node): Node[] {
  return table.type === "JOIN" ? [table, ...joins(table.left as Node), ...joins(table.right as Node)] : [];
}

export function size(list: unknown): number {
  return Array.isArray(list) ? list.length : 0;
}
