/**
 * The one extraction loop: a plan of calls, made from what is known, and its execution, page by page, into batches.
 *
 * `plan` prints the very list that `run` executes. Accounts run in parallel, the calls of one account in sequence. What
 * was fetched before a fault is handed on all the same; a cursor moves only when its stream ended well, because feeds
 * come newest first and an interrupted one has left out older records.
 */
import {readdirSync} from "node:fs";
import {extname} from "node:path";
import type {z} from "zod";
import {authentication} from "./auth.ts";
import {
  type Account,
  type Ask,
  type Connector,
  isConnector,
  type LandedRecord,
  type Problem,
  type Stream
} from "./connector.ts";
import {AuthError, GoneError, MegaphoneError, RetryableError, ShapeError} from "./errors.ts";
import {type Http, ruleFor} from "./http.ts";

const day = 86_400_000;
/** A field set that ends at an age is asked for until an hour before, so that a slow night asks nothing too late. */
const margin = 3_600_000;
/** Pages of one listing: far above what any platform serves, low enough to end a feed that never does. */
const mostPages = 10_000;

/** How often a post's counters are read again, in days: `daily` up to that age every day, and so on. */
export interface Refresh {
  daily: number;
  weekly: number;
  monthly: number;
}

/** What is known of an account's stream before the night. */
export interface StreamState {
  /** When its listing last ended well. */
  listedAt: Date | undefined;
  /** Posts to read again that tonight's listing will not hold. */
  due: {id: string; publishedAt: Date}[];
  /** How many known posts were published from a time on. */
  publishedFrom: (from: Date | undefined, to: Date | undefined) => number;
}

/** One planned chain of calls: a listing with its pages, a lookup or a snapshot. */
export interface PlannedCall {
  account: Account;
  stream: string;
  how: "snapshot" | "list" | "lookup";
  ask: Ask;
  endpoint: string;
  /** Posts it is expected to return. */
  posts: number;
  httpCalls: number;
  bound: "exact" | "upper";
}

/** What a chain of calls gave. */
export interface Extracted {
  call: PlannedCall;
  capturedAt: Date;
  records: LandedRecord[];
  /** Whether it ended well. */
  isComplete: boolean;
  httpCalls: number;
  retries: number;
  status: string;
  error: MegaphoneError | undefined;
  /** Records that the answer left out because a field set may not be asked of them: they are read again without it. */
  refusedIds: string[];
}

/** The connectors found beside this file, by platform. */
export async function findConnectors(): Promise<Map<string, Connector>> {
  const own = extname(import.meta.url);
  const found = new Map<string, Connector>();
  for (const file of readdirSync(new URL(".", import.meta.url)).sort()) {
    if (extname(file) !== own || file.endsWith(".d.ts")) continue;
    const module: Record<string, unknown> = await import(new URL(file, import.meta.url).href);
    for (const item of Object.values(module)) if (isConnector(item)) found.set(item.platform, item);
  }
  return found;
}

/** The day from which a stream's listing reads tonight: the daily refresh, and a day before the last good listing. */
export function listingStart(state: Pick<StreamState, "listedAt">, refresh: Refresh, now: Date): Date | undefined {
  if (state.listedAt === undefined) return undefined;
  return new Date(Math.min(now.getTime() - refresh.daily * day, state.listedAt.getTime() - day));
}

/** Tonight's calls of an account, stream by stream. */
export function planAccount(
  connector: Connector,
  account: Account,
  states: ReadonlyMap<string, StreamState>,
  refresh: Refresh,
  now: Date
): PlannedCall[] {
  const {userContext} = authentication(connector, account);
  return Object.entries(connector.streams).flatMap(([name, stream]) => {
    const state = states.get(name) ?? {listedAt: undefined, due: [], publishedFrom: () => 0};
    const sets = Object.entries(stream.fields ?? {}).filter(([, set]) => userContext || !set.userContext);
    const asked = (youngest: number): string[] =>
      sets
        .filter(([, set]) => youngest < (set.youngerThanDays ?? Number.POSITIVE_INFINITY) * day - margin)
        .map(([key]) => key);
    const base = {account, stream: name};
    const calls: PlannedCall[] = [];
    if (stream.snapshot) {
      const ask = {account, asked: asked(0)};
      const endpoint = stream.snapshot.request(ask).endpoint;
      calls.push({...base, how: "snapshot", ask, endpoint, posts: 0, httpCalls: 1, bound: "exact"});
    }
    if (stream.list) {
      const from = listingStart(state, refresh, now);
      for (const window of windows(
        sets.map(([, set]) => set.youngerThanDays),
        from,
        now
      )) {
        const ask: Ask = {account, asked: asked(window.to ? now.getTime() - window.to.getTime() : 0), ...window};
        const isListed = state.listedAt !== undefined;
        const posts = isListed ? state.publishedFrom(window.from, window.to) : (stream.list.reachable ?? 0);
        calls.push({
          ...base,
          how: "list",
          ask,
          endpoint: stream.list.request(ask).endpoint,
          posts,
          httpCalls: Math.max(1, Math.ceil(posts / stream.list.size)),
          bound: isListed ? "exact" : "upper"
        });
      }
    }
    if (stream.lookup) {
      const bySets = grouped(state.due, post => asked(now.getTime() - post.publishedAt.getTime()).join());
      for (const [key, posts] of bySets) {
        for (let start = 0; start < posts.length; start += stream.lookup.size) {
          const ids = posts.slice(start, start + stream.lookup.size).map(({id}) => id);
          const ask: Ask = {account, asked: key === "" ? [] : key.split(","), ids};
          const endpoint = stream.lookup.request(ask).endpoint;
          calls.push({...base, how: "lookup", ask, endpoint, posts: ids.length, httpCalls: 1, bound: "exact"});
        }
      }
    }
    return calls;
  });
}

/**
 * Executes an account's plan, one call chain after the other. An AuthError ends the account; any other fault ends its
 * stream, and the account's other streams go on. What is no error of ours propagates: it is a bug.
 */
export async function extractAccount(
  connector: Connector,
  plan: readonly PlannedCall[],
  http: Http,
  now: () => Date
): Promise<Extracted[]> {
  const results: Extracted[] = [];
  const stopped = new Set<string>();
  for (const call of plan) {
    if (stopped.has(call.stream)) continue;
    const stream = connector.streams[call.stream]!;
    const result = await executeCall(stream, connector, call, http, now());
    results.push(result);
    for (const plain of withoutFields(stream, call, result.refusedIds)) {
      results.push(await executeCall(stream, connector, plain, http, now()));
    }
    if (result.error !== undefined) stopped.add(call.stream);
    if (result.error instanceof AuthError) break;
  }
  return results;
}

async function executeCall(
  stream: Stream,
  connector: Connector,
  call: PlannedCall,
  http: Http,
  capturedAt: Date
): Promise<Extracted> {
  const result: Extracted = {
    call,
    capturedAt,
    records: [],
    isComplete: false,
    httpCalls: 0,
    retries: 0,
    status: "ok",
    error: undefined,
    refusedIds: []
  };
  const request = stream[call.how]!.request(call.ask);
  const seen = new Set<string>();
  let token: string | undefined;
  try {
    for (let page = 0; page < mostPages; page++) {
      const paged = token === undefined ? request : {...request, query: {...request.query, [stream.list!.send]: token}};
      const response = await http.send(paged, {stream: call.stream});
      result.httpCalls += response.attempts;
      result.retries += response.attempts - 1;
      const answer = shaped(stream, response.body, call);
      const records = stream.records(answer, call.ask);
      refuseEmptyWithProblem(connector, response.problems, records, call);
      collectRefused(stream, connector, response.problems, records, result);
      for (const record of records) result.records.push(record);
      token = call.how === "list" ? stream.list!.next(answer) : undefined;
      if (token === undefined) {
        result.isComplete = true;
        return result;
      }
      if (seen.has(token)) {
        throw new ShapeError(`${who(call)}: the platform gave the same page token twice; the rest is read next time`);
      }
      seen.add(token);
    }
    throw new ShapeError(`${who(call)}: more than ${mostPages} pages; the rest is read next time`);
  } catch (error) {
    if (!(error instanceof MegaphoneError)) throw error;
    result.httpCalls += error.attempts;
    result.retries += Math.max(0, error.attempts - 1);
    result.status = statusOf(error);
    result.error = error;
    return result;
  }
}

/** Ids that a fault of a single field names and that are not among the records. */
function collectRefused(
  stream: Stream,
  connector: Connector,
  problems: readonly Problem[],
  records: readonly LandedRecord[],
  result: Extracted
): void {
  const given = new Set(records.map(record => record[stream.key]));
  for (const problem of problems) {
    if (problem.id === undefined || given.has(problem.id) || result.refusedIds.includes(problem.id)) continue;
    if (ruleFor(connector, problem)?.then === "drop the metric") result.refusedIds.push(problem.id);
  }
}

/** Lookups of records that a call left out, with the plain fields alone. */
function withoutFields(stream: Stream, call: PlannedCall, ids: readonly string[]): PlannedCall[] {
  const {lookup} = stream;
  if (lookup === undefined || call.ask.asked.length === 0) return [];
  return Array.from({length: Math.ceil(ids.length / lookup.size)}, (_, index) => {
    const ask: Ask = {account: call.account, asked: [], ids: ids.slice(index * lookup.size, (index + 1) * lookup.size)};
    const {endpoint} = lookup.request(ask);
    return {...call, how: "lookup", ask, endpoint, posts: ask.ids!.length, httpCalls: 1, bound: "upper"};
  });
}

/** The answer as its schema reads it. Throws ShapeError that names the field, never its content. */
function shaped(stream: Stream, body: unknown, call: PlannedCall): unknown {
  const answer = stream.answer.safeParse(body);
  if (answer.success) return answer.data;
  const issue = deepest(answer.error.issues);
  throw new ShapeError(
    `${who(call)}: ${issue.path.join(".") || "the answer"} is not as documented (${issue.code}); look for a newer version of Megaphone`
  );
}

/** Of a union's branches the issue that lies deepest, which is the one a reader can act on. */
function deepest(issues: readonly z.core.$ZodIssue[], prefix: PropertyKey[] = []): {path: PropertyKey[]; code: string} {
  const first = issues[0]!;
  const path = [...prefix, ...first.path];
  const inner = first.code === "invalid_union" ? first.errors.find(branch => branch.length > 0) : undefined;
  return inner === undefined ? {path, code: first.code} : deepest(inner, path);
}

/** Nothing but a fault that a person must mend is no empty page. */
function refuseEmptyWithProblem(
  connector: Connector,
  problems: readonly Problem[],
  records: readonly LandedRecord[],
  call: PlannedCall
): void {
  if (records.length > 0) return;
  for (const problem of problems) {
    const rule = ruleFor(connector, problem);
    const fact = `${who(call)}: ${problem.title ?? problem.type ?? "the platform reports a fault"}`;
    if (rule?.then === "tell a person") throw new AuthError(`${fact}; ${rule.action ?? "look at the account"}`);
    if (rule?.then === "gone" && call.how !== "lookup") throw new GoneError(`${fact}; check the account's id`);
  }
}

/** Stretches of a window in each of which the same field sets may be asked for, newest first. */
function windows(limits: (number | undefined)[], from: Date | undefined, now: Date): {from?: Date; to?: Date}[] {
  const cuts = [...new Set(limits.filter(limit => limit !== undefined))]
    .map(limit => new Date(now.getTime() - limit * day + margin))
    .filter(cut => from === undefined || cut > from)
    .sort((a, b) => b.getTime() - a.getTime());
  const edges = [undefined, ...cuts, from];
  return edges.slice(0, -1).map((to, index) => {
    const start = edges[index + 1];
    return {...(start === undefined ? {} : {from: start}), ...(to === undefined ? {} : {to})};
  });
}

function grouped<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return groups;
}

function statusOf(error: MegaphoneError): string {
  if (error instanceof AuthError) return "not_permitted";
  if (error instanceof GoneError) return "gone";
  if (error instanceof RetryableError) return "retry";
  return "failed";
}

function who(call: PlannedCall): string {
  return `${call.account.name} ${call.stream}`;
}
