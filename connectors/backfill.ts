/** The plan of a backfill: an account's past, stream by stream, in chunks that are landed by themselves. */
import type {Account, Connector, Stream} from "./connector.ts";
import {
  call,
  type PlannedCall,
  type Planning,
  planPosts,
  type Refresh,
  type StreamState,
  type Tonight,
  unread
} from "./plan.ts";
import {liveMetrics} from "./quarantine.ts";

const day = 86_400_000;
/** Days of posts that are listed at once, where a listing takes a window. */
const windowDays = 90;

/** Days, YYYY-MM-DD, both ends inclusive. */
export interface Stretch {
  from: string;
  to: string;
}

/** What is read and landed at once. */
export interface Chunk extends Stretch {
  stream: string;
  calls: PlannedCall[];
}

/** A stream of which the platform does not keep all that is wanted. */
export interface Clamp {
  stream: string;
  /** Days that it keeps. */
  days: number;
  /** The first day that can be read; null: none of those wanted. */
  from: string | null;
}

export interface BackfillOptions {
  connector: Connector;
  account: Account;
  states: ReadonlyMap<string, StreamState>;
  refresh: Refresh;
  tonight: Tonight;
  wanted: Stretch;
  /** What an earlier backfill read whole of a stream. */
  done: (stream: string) => Stretch[];
  /** When a calendar day begins. */
  startOf: (day: string) => Date;
}

/**
 * The chunks that are not read yet. Series come oldest day first, because those are lost first, a call a chunk. Posts
 * come by windows of publication; where a listing takes no window all are one chunk, since each would page from today.
 */
export function planBackfill(options: BackfillOptions): {chunks: Chunk[]; clamps: Clamp[]} {
  const {connector, account, states, refresh, tonight, wanted, done} = options;
  const chunks: Chunk[] = [];
  const clamps: Clamp[] = [];
  for (const [name, stream] of Object.entries(connector.streams)) {
    if (stream.kinds !== undefined && !stream.kinds.includes(account.kind)) continue;
    if (stream.series === undefined && stream.lists === undefined) continue;
    const state = states.get(name) ?? unread;
    const metrics = liveMetrics(stream.series?.metrics, state.cursor?.refused ?? {}, tonight.today);
    if (stream.series?.metrics !== undefined && metrics.length === 0) continue;
    const planning: Planning = {connector, account, name, stream, state, refresh, tonight};
    const history = stream.series?.history ?? stream.lists?.[0]?.history;
    const from = latest(wanted.from, history === undefined ? wanted.from : before(tonight.today, history));
    if (from !== wanted.from) clamps.push({stream: name, days: history!, from: from <= wanted.to ? from : null});
    for (const stretch of missing({from, to: wanted.to}, done(name))) {
      for (const part of cut(stretch, stream)) {
        const calls =
          stream.series === undefined ? listed(planning, part, options.startOf) : [measured(planning, part, metrics)];
        chunks.push({stream: name, ...part, calls});
      }
    }
  }
  return {chunks, clamps};
}

function measured(planning: Planning, {from, to}: Stretch, metrics: string[]): PlannedCall {
  const ask = {account: planning.account, parts: [], metrics, size: 1, from: new Date(from), to: new Date(to)};
  return call(planning, {how: "series", ask});
}

function listed(planning: Planning, {from, to}: Stretch, startOf: (day: string) => Date): PlannedCall[] {
  return planPosts({...planning, past: {from: startOf(from), to: startOf(before(to, -1))}});
}

/** The days of a stretch that no other holds, as stretches, oldest first. */
export function missing({from, to}: Stretch, done: readonly Stretch[]): Stretch[] {
  const found: Stretch[] = [];
  for (let one = from; one <= to; one = before(one, -1)) {
    if (done.some(held => held.from <= one && one <= held.to)) continue;
    const last = found.at(-1);
    if (last !== undefined && before(one, 1) === last.to) last.to = one;
    else found.push({from: one, to: one});
  }
  return found;
}

/** What one chunk may hold. Stretches of a value for several days are whole, and the last of them ends with the stretch. */
function cut({from, to}: Stretch, {series, lists = []}: Stream): Stretch[] {
  const isWhole = series === undefined && lists.some(({isWindowless}) => isWindowless);
  const size = isWhole ? Number.POSITIVE_INFINITY : (series?.span ?? windowDays);
  const total = Math.round((Date.parse(to) - Date.parse(from)) / day) + 1;
  const first = series?.isRolling ? before(from, -(total % size)) : from;
  const parts: Stretch[] = [];
  for (let start = first; start <= to; ) {
    const end = isWhole ? to : earliest(to, before(start, 1 - size));
    parts.push({from: start, to: end});
    start = before(end, -1);
  }
  return parts;
}

/** The day so many days before another. */
function before(date: string, days: number): string {
  return new Date(Date.parse(date) - days * day).toISOString().slice(0, 10);
}

const latest = (a: string, b: string): string => (a > b ? a : b);
const earliest = (a: string, b: string): string => (a < b ? a : b);
