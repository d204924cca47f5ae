/** A connector's night against a sandbox or a hand-written server, and what it gave. */
import type {Account, Connector, KnownPost, LandedRecord} from "../../connectors/connector.ts";
import {type Extracted, extractAccount} from "../../connectors/extract.ts";
import {type PlannedCall, planAccount, type Refresh, type StreamState, unread} from "../../connectors/plan.ts";
import type {OfferedAccount} from "../../connectors/sandbox/sandbox.ts";
import {client, recorded} from "./loopback.ts";

export const lastNight = new Date("2020-11-30T23:59:59Z");
export const refresh: Refresh = {daily: 28, weekly: 90, monthly: 365, audience: 7};

export interface NightOptions {
  states?: Map<string, StreamState>;
  at?: Date;
  refresh?: Refresh;
  /** Folder of credentials. */
  stored?: string;
  timeout?: number;
}

/** An account of a sandbox as the settings give it, by one of its ways to authenticate. */
export function accountOf(connector: Connector, offered: OfferedAccount, auth = offered.auth): Account {
  const {platform, kind, id, baseUrl, aliases} = offered;
  return {platform, kind, id, aliases, name: "mandate", auth, apiVersion: connector.apiVersion, baseUrl};
}

/** What is known before a night of one stream. */
export function stateOf(stream: string, given: Partial<StreamState>): Map<string, StreamState> {
  return new Map([[stream, {...unread, ...given}]]);
}

export function known(id: string, publishedAt: Date, type: string | null = null): KnownPost {
  return {id, publishedAt, type};
}

export function plan(connector: Connector, account: Account, options: NightOptions = {}): PlannedCall[] {
  const {states = new Map(), at = lastNight, refresh: often = refresh} = options;
  return planAccount(connector, account, states, often, {now: at, today: at.toISOString().slice(0, 10)});
}

/** One call of a stream, as a plan would have it. */
export function plannedCall(stream: string, how: PlannedCall["how"], ask: PlannedCall["ask"]): PlannedCall {
  const one = {listing: 0, part: undefined, posts: 0, httpCalls: 1, countedCalls: 1, everyDays: 1, lastAge: 365};
  return {...one, account: ask.account, stream, how, ask, bound: "exact"};
}

/** Plans and executes a night. */
export async function night(connector: Connector, account: Account, options: NightOptions = {}): Promise<Extracted[]> {
  const {states = new Map(), at = lastNight, stored = "/nonexistent", timeout = 30_000} = options;
  const http = client(account, recorded(), {connector, requestTimeoutMs: timeout}, stored);
  const today = at.toISOString().slice(0, 10);
  return extractAccount(connector, plan(connector, account, options), states, http, () => ({now: at, today}));
}

/** What the night before leaves behind: each stream's cursor, and its posts as the warehouse would know them. */
export function statesAfter(
  results: readonly Extracted[],
  knownPosts: (stream: string, records: LandedRecord[]) => KnownPost[]
): Map<string, StreamState> {
  return new Map(
    results.map(({stream, cursor, records}) => [stream, {...unread, cursor, known: knownPosts(stream, records)}])
  );
}

export function streamOf(results: readonly Extracted[], stream: string): Extracted {
  const found = results.find(result => result.stream === stream);
  if (found === undefined) throw new Error(`${stream} was not read`);
  return found;
}

export function recordsOf(results: readonly Extracted[], stream = "posts"): LandedRecord[] {
  return results.filter(result => result.stream === stream).flatMap(({records}) => records);
}

export function callsOf(results: readonly Extracted[], stream: string): number {
  return results
    .filter(result => result.stream === stream)
    .flatMap(({requests}) => requests)
    .reduce((sum, {httpCalls}) => sum + httpCalls, 0);
}

/** The outcome of a stream: ok, the name of its error's class, or unread. */
export function outcome(results: readonly Extracted[], stream: string): string {
  const own = results.find(result => result.stream === stream);
  if (own === undefined) return "unread";
  return own.error?.name ?? (own.cursor === undefined ? "incomplete" : "ok");
}
