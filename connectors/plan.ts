/**
 * The plan of a night: the calls of an account, stream by stream, made from what is known before it. `plan` prints the
 * very list that `run` executes.
 */
import {authentication} from "./auth.ts";
import type {Account, Ask, Connector, KnownPost, Listing, Part, PartRead, Stream} from "./connector.ts";
import {liveMetrics} from "./quarantine.ts";

const day = 86_400_000;
/** A part that ends at an age is asked for until an hour before, so that a slow night asks nothing too late. */
const margin = 3_600_000;
/** Posts that a first listing reads at most, where the platform names no bound: a plan would have none either. */
const mostPosts = 10_000;

/** How often something is read again, in days: a post's counters by its age, and audience breakdowns. */
export interface Refresh {
  daily: number;
  weekly: number;
  monthly: number;
  audience: number;
}

/** Where a stream goes on, kept with the last file of a night that ended well. */
export interface Cursor {
  /** ISO: when it was read. */
  read_at: string;
  /** The day of the night in which it was read, as its readings have it; absent in older cursors: that of `read_at`. */
  read_on?: string;
  /** Metrics that the platform refuses, each with the day of its last refusal. */
  refused?: Record<string, string>;
  /** Of those that were asked for again in vain: the day of the first refusal, with which their definition ended. */
  refused_since?: Record<string, string>;
  /** It is read again after so many days, and counts as stale 26 hours later; absent: 1. */
  every_days?: number;
  /** Ids that no listing but a partial one gave, so that they are looked up each night. */
  unlisted?: string[];
  /** By part: the ids of records that lack it though others of their type have it, each with when it was published (ISO). */
  lacking?: Record<string, Record<string, string>>;
}

/** What is known of an account's stream before the night. */
export interface StreamState {
  cursor: Cursor | undefined;
  /** Posts to read again that tonight's listing will not hold. */
  due: KnownPost[];
  /** Known posts since the listing's start. */
  known: KnownPost[];
  /** Ids of the posts of which any counter was ever above zero, whether or not the stream was ever read to its end. */
  counted: ReadonlySet<string>;
}

/** What is known of a stream that was never read. */
export const unread: StreamState = {cursor: undefined, due: [], known: [], counted: new Set()};

/** One planned chain of calls: a listing with its pages, a lookup, a part, a series or a snapshot. */
export interface PlannedCall {
  account: Account;
  stream: string;
  how: "snapshot" | "series" | "list" | "lookup" | "part";
  /** Of a listing: which of the stream's. */
  listing: number;
  /** Of a listing: how many pages at most; absent: all. */
  pages?: number;
  /** The part that is read. */
  part: string | undefined;
  ask: Ask;
  /** Posts it is expected to return. */
  posts: number;
  httpCalls: number;
  /** As the platform counts them: each item of a batch. */
  countedCalls: number;
  bound: "exact" | "upper";
  /** How many days there are between such calls. */
  everyDays: number;
  /** Days after which a post is read no more by its age. */
  lastAge: number;
}

/** The clock of a night. */
export interface Tonight {
  now: Date;
  /** The calendar day on which the night began, YYYY-MM-DD: it stays so when the night goes on past midnight. */
  today: string;
}

/** The day from which a stream's listing reads tonight: the daily refresh, and a day before the last good listing. */
export function listingStart(listedAt: Date | undefined, refresh: Pick<Refresh, "daily">, now: Date): Date | undefined {
  if (listedAt === undefined) return undefined;
  return new Date(Math.min(now.getTime() - refresh.daily * day, listedAt.getTime() - day));
}

/** Tonight's calls of an account, stream by stream. */
export function planAccount(
  connector: Connector,
  account: Account,
  states: ReadonlyMap<string, StreamState>,
  refresh: Refresh,
  tonight: Tonight
): PlannedCall[] {
  return Object.entries(connector.streams)
    .filter(([, {kinds}]) => kinds === undefined || kinds.includes(account.kind))
    .flatMap(([name, stream]) => {
      const state = states.get(name) ?? unread;
      return planStream({connector, account, name, stream, state, refresh, tonight});
    });
}

/** What the calls of a stream are made from. */
export interface Planning {
  connector: Connector;
  account: Account;
  name: string;
  stream: Stream;
  state: StreamState;
  refresh: Refresh;
  tonight: Tonight;
  /** A past window of publication times, which is listed instead of the night's, and nothing else is read. */
  past?: {from: Date; to: Date};
}

function planStream(planning: Planning): PlannedCall[] {
  const {stream} = planning;
  return [
    ...(stream.snapshot ? planSnapshot(planning) : []),
    ...(stream.series ? planSeries(planning) : []),
    ...planPosts(planning)
  ];
}

/** A planned call of a stream: one HTTP call exactly, unless told. */
export function call(
  {account, name, refresh}: Planning,
  rest: Pick<PlannedCall, "how" | "ask"> & Partial<PlannedCall>
): PlannedCall {
  const httpCalls = rest.httpCalls ?? 1;
  return {
    account,
    stream: name,
    listing: 0,
    part: undefined,
    posts: 0,
    bound: "exact",
    everyDays: 1,
    lastAge: Math.max(refresh.daily, refresh.weekly, refresh.monthly),
    ...rest,
    httpCalls,
    countedCalls: rest.countedCalls ?? httpCalls
  };
}

function planSnapshot(planning: Planning): PlannedCall[] {
  const {stream, state, refresh, tonight, account, connector} = planning;
  const {metrics, isAlone, isAudience, most = 0} = stream.snapshot!;
  if (isAudience && !isAudienceDue(state.cursor, refresh, tonight)) return [];
  const live = liveMetrics(metrics, state.cursor?.refused ?? {}, tonight.today);
  const sets = isAlone ? live.map(metric => [metric]) : metrics === undefined || live.length > 0 ? [live] : [];
  const calls = sets.map(metrics => {
    const ask: Ask = {account, parts: [], metrics, size: 1};
    return call(planning, {how: "snapshot", ask, everyDays: isAudience ? refresh.audience : 1});
  });
  // Which records there are is known only when they are read.
  const apart = permittedParts(connector, account, stream).flatMap(([part, {read}]) => {
    if (read === undefined || calls.length === 0) return [];
    const ask: Ask = {account, parts: [], metrics: [], size: 1, ids: []};
    return call(planning, {how: "part", part, ask, ...upperPartCalls(read, most, connector, account), bound: "upper"});
  });
  return [...calls, ...apart];
}

/** Breakdowns are read once in so many days, and on the last day of a quarter. */
function isAudienceDue(cursor: Cursor | undefined, refresh: Refresh, {now, today}: Tonight): boolean {
  const isQuarterEnd = /-(03-31|06-30|09-30|12-31)$/.test(today);
  if (cursor === undefined || isQuarterEnd) return true;
  // Half a day of grace: a night may begin a little earlier than the one before.
  return now.getTime() - Date.parse(cursor.read_at) >= refresh.audience * day - day / 2;
}

function planSeries(planning: Planning): PlannedCall[] {
  const {stream, state, tonight, account} = planning;
  const {metrics, days, span, isRolling} = stream.series!;
  const live = liveMetrics(metrics, state.cursor?.refused ?? {}, tonight.today);
  if (metrics !== undefined && live.length === 0) return [];
  // A day of the platform's, in UTC, may still be running when that of the calendar is over.
  const last = Math.min(Date.parse(tonight.today), Math.floor(tonight.now.getTime() / day) * day) - day;
  // After nights that were missed the series goes on where it ended.
  const nights = state.cursor === undefined ? 0 : nightsSince(state.cursor, tonight);
  const first = last - Math.min(days - 1 + Math.max(0, nights - 1), stream.series!.history) * day;
  return (isRolling ? [{from: new Date(last - (days - 1) * day), to: new Date(last)}] : spans(first, last, span)).map(
    ({from, to}) => {
      const ask: Ask = {account, parts: [], metrics: live, size: 1, from, to};
      return call(planning, {how: "series", ask});
    }
  );
}

/** How many nights ago a stream was read; a cursor that does not say in which night tells it by the hours. */
function nightsSince({read_at, read_on}: Cursor, {now, today}: Tonight): number {
  if (read_on === undefined) return Math.floor((now.getTime() - Date.parse(read_at)) / day);
  return (Date.parse(today) - Date.parse(read_on)) / day;
}

/** Stretches of at most so many days, both ends inclusive, oldest first. */
export function spans(first: number, last: number, days: number): {from: Date; to: Date}[] {
  const found = [];
  for (let from = first; from <= last; from += days * day) {
    found.push({from: new Date(from), to: new Date(Math.min(last, from + (days - 1) * day))});
  }
  return found;
}

/** Listings, lookups and parts of a stream of posts. */
export function planPosts(planning: Planning): PlannedCall[] {
  const {stream, state, connector, account, tonight, refresh, past} = planning;
  const parts = permittedParts(connector, account, stream);
  const {now} = tonight;
  const lacks = (name: string, id: string): boolean => state.cursor?.lacking?.[name]?.[id] !== undefined;
  const metricsOf = (names: string[]): string[] =>
    names.flatMap(name => liveMetrics(stream.parts![name]!.metrics, state.cursor?.refused ?? {}, tonight.today));
  /** Nested parts that may be asked of posts of these ages, but for some. */
  const nested = (youngest: number, isLeftOut: (name: string, part: Part) => boolean): string[] =>
    parts
      .filter(
        ([, part]) => part.isNested && youngest < (part.youngerThanDays ?? Number.POSITIVE_INFINITY) * day - margin
      )
      .filter(([name, part]) => !isLeftOut(name, part))
      .map(([name]) => name);
  /** An unlisted post may be known by an id by which the platform gives nothing. */
  const isReadable = ({read}: Part, id: string): boolean =>
    stream.stub === undefined || read?.id(stream.stub(id)) !== undefined;
  /** A post that gives no id to read a part of its type by is not listed with that type either. */
  const isWithoutId = ({id}: KnownPost): boolean => parts.some(([name, part]) => !part.isNested && lacks(name, id));
  const calls: PlannedCall[] = [];
  /** Posts whose parts are read by themselves. */
  const apart = new Map<string, KnownPost[]>(parts.map(([name]) => [name, []]));
  const addApart = (posts: readonly KnownPost[], asked: string[]): void => {
    for (const [name, part] of parts) {
      if (part.read === undefined || asked.includes(name)) continue;
      apart
        .get(name)!
        .push(...posts.filter(post => hasPart(part, post, now) && isReadable(part, post.id) && !lacks(name, post.id)));
    }
  };

  const listedAt = state.cursor === undefined ? undefined : new Date(state.cursor.read_at);
  const isListed = listedAt !== undefined;
  const {from, to} = past ?? {from: listingStart(listedAt, refresh, now), to: undefined};
  const unlisted = state.due.filter(({id}) => state.cursor?.unlisted?.includes(id));
  for (const [listing, list] of (stream.lists ?? []).entries()) {
    const limits = parts.filter(([, part]) => part.isNested).map(([, part]) => part.youngerThanDays);
    const stretches = list.isWindowless ? [windowOf(from, to)] : windows(limits, from, to, now);
    for (const window of stretches) {
      const isIn = (at: Date): boolean =>
        at >= (window.from ?? new Date(0)) && (window.to === undefined || at < window.to);
      // A page that holds a record which lacks a part is refused with it; where the part can be read by itself it is.
      const isRefused = (name: string, {read}: Part): boolean =>
        read !== undefined && Object.values(state.cursor?.lacking?.[name] ?? {}).some(at => isIn(new Date(at)));
      const youngest = window.to ? now.getTime() - window.to.getTime() : 0;
      const asked = list.isPartial ? [] : nested(youngest, isRefused);
      const ask: Ask = {account, parts: asked, metrics: metricsOf(asked), size: list.size, ...window};
      const shown = list.isPartial ? [...state.known, ...unlisted] : state.known;
      const known = shown.filter(
        post => isIn(post.publishedAt) && (listing === 0 || (isOfType(list, post) && !isWithoutId(post)))
      );
      if (listing === 0) addApart(known, asked);
      // At first all that is reachable is counted once, in the oldest window.
      const isRest = window === stretches.at(-1);
      const pages = isListed ? pagesOf(list, known.length) : isRest ? pagesOf(list, undefined) : 1;
      // A page that is refused because of a part is asked for again without it.
      const isRefusable = !isListed && asked.some(name => stream.parts![name]!.read !== undefined);
      const httpCalls = pages * (isRefusable ? 2 : 1);
      const bound = isListed ? "exact" : "upper";
      // A further listing shows posts of the first again.
      const most = isRest ? (list.reachable ?? mostPosts) : 0;
      const posts = listing > 0 ? 0 : isListed ? known.length : most;
      const isUnbounded = !isListed && past === undefined && list.reachable === undefined;
      const end = isUnbounded ? {pages} : {};
      calls.push(call(planning, {how: "list", listing, ask, posts, httpCalls, bound, ...end}));
    }
  }
  if (past !== undefined) return calls;
  const {lookup} = stream;
  if (lookup !== undefined) {
    const bySets = grouped(state.due, post =>
      nested(now.getTime() - post.publishedAt.getTime(), name => lacks(name, post.id)).join()
    );
    for (const [key, posts] of bySets) {
      const asked = key === "" ? [] : key.split(",");
      addApart(posts, asked);
      for (const ids of chunks(
        posts.map(({id}) => id),
        sizeOf(lookup, account, "")
      )) {
        const ask: Ask = {account, parts: asked, metrics: metricsOf(asked), size: ids.length, ids};
        const countedCalls = lookup.isBatched ? ids.length : 1;
        calls.push(call(planning, {how: "lookup", ask, posts: ids.length, countedCalls}));
      }
    }
  } else if (stream.isUnlisted) addApart(state.due, []);
  for (const [name, part] of parts) {
    if (part.read === undefined) continue;
    const metrics = liveMetrics(part.metrics, state.cursor?.refused ?? {}, tonight.today);
    if (part.metrics !== undefined && metrics.length === 0) continue;
    const posts = apart.get(name)!;
    if (isListed && posts.length === 0) continue;
    const ask: Ask = {account, parts: [], metrics, size: 1, ids: posts.map(({id}) => id)};
    const upper = Math.max(...(stream.lists ?? []).map(({reachable}) => reachable ?? mostPosts), 0);
    const count =
      isListed || stream.isUnlisted
        ? partCalls(
            part.read,
            posts.map(({id}) => id),
            connector,
            account
          )
        : upperPartCalls(part.read, upper, connector, account);
    if (count.httpCalls === 0) continue;
    calls.push(
      call(planning, {
        how: "part",
        part: name,
        ask,
        posts: posts.length,
        ...count,
        bound: isListed || stream.isUnlisted ? "exact" : "upper"
      })
    );
  }
  return calls;
}

/** Pages of a listing that holds so many posts, or, where nobody knows how many, of the longest there can be. */
function pagesOf({size, reachable, isWindowless}: Listing, posts: number | undefined): number {
  const most = reachable === undefined ? undefined : Math.ceil(reachable / size);
  if (posts === undefined) return most ?? Math.ceil(mostPosts / size);
  // Without a window the last page holds older ones: one that is full of newer ones is followed by another.
  const pages = isWindowless ? Math.floor(posts / size) + 1 : Math.max(1, Math.ceil(posts / size));
  return Math.min(pages, most ?? pages);
}

/** Whether a further listing holds a post, by the types that it says. */
function isOfType({types}: Listing, {type}: KnownPost): boolean {
  return type !== null && (types?.includes(type) ?? false);
}

/** The parts of a stream that an account's authentication may ask for. */
export function permittedParts(connector: Connector, account: Account, stream: Stream): [string, Part][] {
  const {userContext} = authentication(connector, account);
  return Object.entries(stream.parts ?? {}).filter(([, part]) => userContext || !part.userContext);
}

/** Whether a post can have a part: by its type and age. */
export function hasPart(part: Part, post: Pick<KnownPost, "publishedAt" | "type">, now: Date): boolean {
  if (part.types !== undefined && (post.type === null || !part.types.includes(post.type))) return false;
  return isYoungEnough(part, post.publishedAt, now);
}

/** Whether a post published then still has a part. */
export function isYoungEnough(part: Part, publishedAt: Date, now: Date): boolean {
  const age = now.getTime() - publishedAt.getTime();
  return age < (part.youngerThanDays ?? Number.POSITIVE_INFINITY) * day - margin;
}

/** The lists of ids by which a part is read, one a request. */
export function partLists(read: PartRead, ids: readonly string[], account: Account): string[][] {
  return [...grouped(ids, id => read.groups?.of(id) ?? "")].flatMap(([group, members]) =>
    chunks(members, sizeOf(read, account, group))
  );
}

function partCalls(read: PartRead, ids: readonly string[], connector: Connector, account: Account) {
  const requests = partLists(read, ids, account).length;
  return {httpCalls: read.isBatched ? Math.ceil(requests / connector.batch!.size) : requests, countedCalls: requests};
}

function upperPartCalls(read: PartRead, posts: number, connector: Connector, account: Account) {
  const groups = read.groups?.names ?? [""];
  const smallest = Math.min(...groups.map(group => sizeOf(read, account, group)));
  // However the posts are spread, each group but one can add a list that is not full.
  const requests = Math.ceil(posts / smallest) + groups.length - 1;
  return {httpCalls: read.isBatched ? Math.ceil(requests / connector.batch!.size) : requests, countedCalls: requests};
}

function sizeOf(
  {size}: {size: number | ((account: Account, group: string) => number)},
  account: Account,
  group: string
): number {
  return typeof size === "number" ? size : size(account, group);
}

/** Stretches of a window in each of which the same nested parts may be asked for, newest first. */
function windows(
  limits: (number | undefined)[],
  from: Date | undefined,
  to: Date | undefined,
  now: Date
): {from?: Date; to?: Date}[] {
  const cuts = [...new Set(limits.filter(limit => limit !== undefined))]
    .map(limit => new Date(now.getTime() - limit * day + margin))
    .filter(cut => (from === undefined || cut > from) && (to === undefined || cut < to))
    .sort((a, b) => b.getTime() - a.getTime());
  const edges = [to, ...cuts, from];
  return edges.slice(0, -1).map((end, index) => windowOf(edges[index + 1], end));
}

function windowOf(from: Date | undefined, to: Date | undefined): {from?: Date; to?: Date} {
  return {...(from === undefined ? {} : {from}), ...(to === undefined ? {} : {to})};
}

/** Lists of at most `size` items. */
export function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({length: Math.ceil(items.length / size)}, (_, index) =>
    items.slice(index * size, (index + 1) * size)
  );
}

/** Items by a key, in the order of their first. */
export function grouped<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return groups;
}
