/** Lists of the Graph API: pages by cursor, with the addresses of the next ones, which contain the access token. */
import {badCursor, badParameter} from "./graph-errors.ts";
import {type EdgeRequest, type GraphNode, readNode} from "./graph-fields.ts";
import type {Moment} from "./platform.ts";

/** What a call brings: who asks, when, and where the API is. */
export interface Call {
  moment: Moment;
  token: GraphToken;
  /** `v25.0`. */
  version: string;
  /** Address of the API with its version, as links in answers begin. */
  base: string;
}

export interface GraphToken {
  secret: string;
  /** As `debug_token` names it. */
  type: "PAGE" | "USER" | "SYSTEM_USER";
  /** Whom `/me` means: the Page of a Page token, else the person. */
  id: string;
  /** The person who granted it. */
  userId: string;
  scopes: readonly string[];
  /** Milliseconds of the real clock; undefined: never. */
  expiresAt?: number;
  /** Its person logged out. */
  isInvalidated?: boolean;
}

/** What a list is cut by. */
export interface PageOptions {
  /** Items a page unless asked. */
  usual?: number;
  /** More than so many are refused. */
  most?: number;
}

export interface NodePage {
  data: Record<string, unknown>[];
  paging?: object;
}

const foreignPage = "http://127.0.0.2:9/next";

/** One page of nodes, with the fields that are asked for. Nodes need an id. */
export function pageOfNodes(
  nodes: readonly GraphNode[],
  request: EdgeRequest,
  call: Call,
  options: PageOptions = {}
): NodePage {
  return pageOf(
    nodes,
    ({id}) => id ?? "",
    node => node,
    request,
    call,
    options
  );
}

/** One page of things, of which only those on it become nodes. */
export function pageOf<T>(
  items: readonly T[],
  idOf: (item: T) => string,
  nodeOf: (item: T) => GraphNode,
  request: EdgeRequest,
  call: Call,
  options: PageOptions = {}
): NodePage {
  const {start, end, paging} = cut(items.map(idOf), request, call, options);
  const data = items.slice(start, end).map(item => readNode(nodeOf(item), request.fields));
  return {data, ...(paging === undefined ? {} : {paging})};
}

/** How many items a page may hold. Throws GraphRefusal for more than the most, or no number. */
export function limitOf({parameters}: EdgeRequest, {usual = 25, most = 100}: PageOptions = {}): number {
  const text = parameters.get("limit");
  if (text === undefined) return usual;
  if (!/^-?\d{1,9}$/.test(text)) throw badParameter("param limit must be an integer.");
  const limit = Number(text);
  if (limit < 0) throw badParameter("param limit must be non-negative");
  if (limit > most) throw badParameter(`The 'limit' parameter should not exceed ${most}`);
  return limit;
}

/** An address below the API, with the token in it, as the real ones have. */
export function addressOf(path: string, parameters: Iterable<[string, string]>, {base, token}: Call): string {
  const query = new URLSearchParams([["access_token", token.secret], ...parameters]);
  return `${base}/${path}?${query}`;
}

function cut(
  ids: readonly string[],
  request: EdgeRequest,
  call: Call,
  options: PageOptions
): {start: number; end: number; paging: object | undefined} {
  const limit = limitOf(request, options);
  const after = placeOf(ids, request.parameters.get("after"));
  const before = placeOf(ids, request.parameters.get("before"));
  const start = after !== undefined ? after + 1 : before !== undefined ? Math.max(0, before - limit) : 0;
  const end = before !== undefined && after === undefined ? before : Math.min(ids.length, start + limit);
  if (end <= start) return {start, end: start, paging: undefined};
  const link = (cursor: "after" | "before", index: number): string => {
    const {strikes} = call.moment;
    if (cursor === "after" && strikes("foreign-next")) return foreignPage;
    const page = cursor === "after" && strikes("same-page-token") ? undefined : cursorOf(ids, index);
    const kept = [...request.parameters].filter(
      ([name]) => !["after", "before", "limit", "access_token"].includes(name)
    );
    const place: [string, string][] = page === undefined ? [] : [[cursor, page]];
    return addressOf(request.path, [...kept, ["limit", String(limit)], ...place], call);
  };
  const cursors = {before: cursorOf(ids, start), after: cursorOf(ids, end - 1)};
  const isMore = end < ids.length || call.moment.strikes("same-page-token");
  return {
    start,
    end,
    paging: {
      cursors,
      ...(isMore ? {next: link("after", end - 1)} : {}),
      ...(start > 0 ? {previous: link("before", start)} : {})
    }
  };
}

/** Opaque to callers; the id finds the place again when items came or went in between. */
function cursorOf(ids: readonly string[], index: number): string {
  return Buffer.from(`${index}:${ids[index]}`).toString("base64url");
}

function placeOf(ids: readonly string[], cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  const [, index, id] = /^(\d+):(.*)$/.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  if (index === undefined) throw badCursor();
  const found = ids.indexOf(id!);
  return found >= 0 ? found : Math.min(Number(index), ids.length);
}
