/** DuckDB's own parse of a SELECT as JSON: its nodes, a walk over them, and what a column of a step stands for. */
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
  for (const {key, value} of (own.cte_map as {map: {key: string; value: object}[]} | undefined)?.map ?? []) {
    const cte = {...value, type: "CTE"} as Node;
    visit(cte, see, inner);
    inner.ctes = new Map([...inner.ctes, [key, cte]]); // a CTE does not see itself: its name may be a table's
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

const outermost: Context = {parents: [], ctes: new Map(), select: undefined, clause: "", isOutput: false, isFrame: false};

/** What holds a query: a CTE, a table of FROM, an expression, or nothing; set operations between are passed over. */
export function holder(parents: readonly Node[]): Node | undefined {
  return parents.findLast(({type}) => type !== "SET_OPERATION_NODE");
}

/** The byte at which a node stands: its own, else that of the first node within it that has one. */
export function placeOf(node: unknown): number | undefined {
  if (typeof node !== "object" || node === null) return undefined;
  const place = (node as Node).query_location;
  if (place !== undefined && place < Number.MAX_SAFE_INTEGER) return place;
  for (const value of Object.values(node)) {
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

/** A table of FROM, with its SELECTs where it is a CTE or a subquery. */
interface Source {
  name: string;
  selects: Node[];
}

/** What is known of all SELECTs of a statement: their tables, and which of them give the columns of the model. */
export class Lineage {
  private readonly ctes = new Map<Node, ReadonlyMap<string, Node>>();
  /** The names by which tables are called, to tell a table's column from a field of a struct. */
  readonly tables = new Set<string>();
  readonly finals = new Set<Node>();

  constructor(root: Node) {
    visit(root, (node, {ctes}) => {
      if (node.type === "SELECT_NODE") {
        const own = (node.cte_map as {map: {key: string; value: Node}[]}).map;
        this.ctes.set(node, new Map([...ctes, ...own.map(({key, value}) => [key, value] as const)]));
      }
      if (node.type === "BASE_TABLE") this.tables.add(node.alias || (node.table_name as string));
      else if (node.class === undefined && node.alias) this.tables.add(node.alias);
    });
    for (const select of selectsOf(root)) this.addFinal(select);
  }

  /** The expressions that a column of a SELECT stands for in the CTE or subquery that it comes from. */
  origins(column: Node, select: Node): {expression: Node; select: Node}[] {
    const [name, table] = column.column_names!.toReversed();
    return this.sources(select)
      .filter(source => table === undefined || source.name === table)
      .flatMap(source => source.selects)
      .flatMap(inner =>
        items(inner).flatMap(item => {
          if (item.class === "STAR") return this.origins({column_names: [name!]}, inner);
          return (item.alias || columnOf(item)) === name ? [{expression: item, select: inner}] : [];
        })
      );
  }

  private sources(select: Node): Source[] {
    const leaves = (table: Node): Node[] =>
      table.type === "JOIN" ? [...leaves(table.left as Node), ...leaves(table.right as Node)] : [table];
    return leaves(select.from_table as Node).map(table => {
      const query =
        table.type === "SUBQUERY" ? table : table.schema_name ? undefined : this.ctes.get(select)?.get(table.table_name as string);
      return {name: table.alias || (table.table_name as string), selects: query === undefined ? [] : queryOf(query)};
    });
  }

  /** `select * from last_step` hands on the columns of that step, which are then the model's. */
  private addFinal(select: Node): void {
    this.finals.add(select);
    for (const star of items(select).filter(item => item.class === "STAR")) {
      for (const {name, selects} of this.sources(select))
        if (!star.relation_name || star.relation_name === name) selects.forEach(inner => this.addFinal(inner));
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
