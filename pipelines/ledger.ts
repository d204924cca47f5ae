/**
 * What a night must know of the nights before: where each stream goes on, and which posts it lists or reads again.
 *
 * It is read from the warehouse once and then noted down from what each night lands, so that many nights in a row, as in
 * the demo, need not be loaded one by one.
 */
import type {Account, Connector, KnownPost, LandedRecord, Stream} from "../connectors/connector.ts";
import type {Extracted} from "../connectors/extract.ts";
import {type Cursor, listingStart, type Refresh, type StreamState, type Tonight, unread} from "../connectors/plan.ts";
import {type StoredPost, storedCursors, storedPosts} from "../warehouse/known.ts";
import type {Warehouse} from "../warehouse/warehouse.ts";
import {dayIn, daysBetween, plusDays} from "./calendar.ts";

/** Days for which platforms leave counters of zero out, so that a count of before must be known: LinkedIn's year. */
const countedDays = 366;

/** The calendar of a night. */
export interface Calendar extends Tonight {
  timezone: string;
}

export class Ledger {
  private constructor(
    private readonly cursors: Map<string, Cursor>,
    /** By account and id. */
    private readonly posts: Map<string, Map<string, StoredPost>>,
    /** The first day of publication that the refresh by age and the listing reach. */
    private readonly oldest: string
  ) {}

  /** What the warehouse knows of some accounts: of the last year, and as far back as the refresh and the listing reach. */
  static async read(
    warehouse: Warehouse,
    accounts: readonly Account[],
    refresh: Refresh,
    today: string,
    listedFrom?: Date
  ): Promise<Ledger> {
    const ids = accounts.map(accountId);
    const cursors = [...(await storedCursors(warehouse))].map(([key, text]): [string, Cursor] => [
      key,
      JSON.parse(text) as Cursor
    ]);
    const posts = new Map(ids.map(id => [id, new Map<string, StoredPost>()]));
    const reach = plusDays(today, -Math.max(refresh.daily, refresh.weekly, refresh.monthly) - 1);
    const listed = listedFrom === undefined ? reach : plusDays(listedFrom.toISOString().slice(0, 10), -1);
    const oldest = [listed, reach].sort()[0]!;
    const from = [oldest, plusDays(today, -countedDays)].sort()[0]!;
    const named = accounts.flatMap(account => account.posts ?? []);
    for (const post of await storedPosts(warehouse, ids, from, named)) posts.get(post.accountId)!.set(post.id, post);
    return new Ledger(new Map(cursors), posts, oldest);
  }

  /** The state of each stream of an account before a night, or before a listing from another day on. */
  states(
    connector: Connector,
    account: Account,
    refresh: Refresh,
    calendar: Calendar,
    listedFrom?: Date
  ): Map<string, StreamState> {
    const streams = Object.entries(connector.streams);
    const claimed = streams.flatMap(([, {types}]) => types ?? []);
    const posts = [...(this.posts.get(accountId(account))?.values() ?? [])];
    return new Map(
      streams.map(([name, stream]): [string, StreamState] => {
        const cursor = this.cursors.get(`${accountId(account)} ${name}`);
        const isKnown = cursor !== undefined || stream.isUnlisted || listedFrom !== undefined;
        if (!isOfPosts(stream)) return [name, {...unread, cursor}];
        const own = posts.filter(({type}) =>
          stream.types === undefined
            ? type === null || !claimed.includes(type)
            : type !== null && stream.types.includes(type)
        );
        const counted = new Set(own.filter(({isCounted}) => isCounted).map(({id}) => id));
        // A first listing gives all that there is.
        if (!isKnown) return [name, {...unread, counted}];
        const reached = own.filter(
          ({id, publishedAt}) =>
            dayIn(calendar.timezone, publishedAt) >= this.oldest || account.posts?.includes(id) === true
        );
        return [name, {cursor, counted, ...sorted(stream, reached, cursor, refresh, calendar, account, listedFrom)}];
      })
    );
  }

  /** Notes what a night gave of an account, as loading it would. */
  note(connector: Connector, account: Account, results: readonly Extracted[], today: string): void {
    const id = accountId(account);
    const posts = this.posts.get(id) ?? new Map<string, StoredPost>();
    this.posts.set(id, posts);
    for (const {stream: name, cursor, records} of results) {
      if (cursor !== undefined) this.cursors.set(`${id} ${name}`, cursor);
      const stream = connector.streams[name]!;
      if (!isOfPosts(stream)) continue;
      for (const record of records) {
        const key = String(record[stream.key]);
        if (record.is_gone === true) posts.delete(key);
        else posts.set(key, notedPost(id, key, stream, record, posts.get(key), today));
      }
    }
  }
}

/** The contract's `account_id`. */
export function accountId(account: Pick<Account, "platform" | "id">): string {
  return `${account.platform}:${account.id}`;
}

function isOfPosts({lists, lookup, isUnlisted}: Stream): boolean {
  return lists !== undefined || lookup !== undefined || isUnlisted === true;
}

function notedPost(
  account: string,
  id: string,
  stream: Stream,
  record: LandedRecord,
  before: StoredPost | undefined,
  today: string
): StoredPost {
  const given = typeof record.post_type === "string" ? record.post_type : stream.types?.[0];
  return {
    accountId: account,
    id,
    publishedAt: stream.publishedAt?.(record) ?? before?.publishedAt ?? new Date(0),
    type: given ?? before?.type ?? null,
    isCounted: before?.isCounted === true || hasCounter(stream, record),
    isOriginal: record.is_repost !== true && record.is_reply !== true,
    isFromApi: true,
    readOn: today
  };
}

/** Whether any counter among a record's parts is above zero. */
function hasCounter(stream: Stream, record: LandedRecord): boolean {
  const isPositive = (value: unknown): boolean =>
    typeof value === "number"
      ? value > 0
      : typeof value === "object" && value !== null && Object.values(value).some(isPositive);
  return Object.keys(stream.parts ?? {}).some(part => isPositive(record[part]));
}

/** The posts that tonight's listing holds, and those that are due by their age and not in it; newest first. */
function sorted(
  stream: Stream,
  posts: readonly StoredPost[],
  cursor: Cursor | undefined,
  refresh: Refresh,
  {now, today, timezone}: Calendar,
  account: Account,
  listedFrom: Date | undefined
): Pick<StreamState, "due" | "known"> {
  const listedAt = cursor && new Date(cursor.read_at);
  const from = stream.lists && (listedFrom ?? listingStart(listedAt, refresh, now));
  const listedOn = cursor?.read_on ?? (listedAt && dayIn(timezone, listedAt));
  const limits = Object.values(stream.parts ?? {}).flatMap(({youngerThanDays}) => youngerThanDays ?? []);
  const due: KnownPost[] = [];
  const known: KnownPost[] = [];
  for (const post of posts) {
    const isListed = from !== undefined && post.publishedAt >= from;
    const isRead = post.readOn !== undefined && listedOn !== undefined && post.readOn >= listedOn;
    if (isListed && cursor?.unlisted?.includes(post.id)) due.push(post);
    else if (post.isFromApi && isListed && isRead) known.push(post);
    else if (isDue(post, limits, refresh, today, timezone, stream)) due.push(post);
    else if (post.isFromApi && isListed) known.push(post);
  }
  if (stream.stub !== undefined) due.push(...given(stream, account, posts));
  const byTime = (a: KnownPost, b: KnownPost): number =>
    b.publishedAt.getTime() - a.publishedAt.getTime() || (a.id < b.id ? -1 : 1);
  return {due: due.sort(byTime), known: known.sort(byTime)};
}

function isDue(
  {publishedAt, readOn, isOriginal}: StoredPost,
  limits: readonly number[],
  refresh: Refresh,
  today: string,
  timezone: string,
  {isUnlisted}: Stream
): boolean {
  if (!isOriginal || (readOn === undefined && !isUnlisted)) return false;
  if (readOn === undefined) return true;
  const age = daysBetween(dayIn(timezone, publishedAt), today);
  const unread = daysBetween(readOn, today);
  const every =
    age < refresh.daily ? 1 : age < refresh.weekly ? 7 : age < refresh.monthly ? 30 : Number.POSITIVE_INFINITY;
  // The last day on which a part of it can be had.
  return unread >= every || (unread > 0 && limits.includes(age + 1));
}

/** Posts that the configuration names and nothing else knows. */
function given({stub, publishedAt}: Stream, account: Account, posts: readonly StoredPost[]): KnownPost[] {
  return (account.posts ?? [])
    .filter(id => !posts.some(post => post.id === id))
    .map(id => ({id, publishedAt: publishedAt?.(stub!(id)) ?? new Date(0), type: null}));
}
