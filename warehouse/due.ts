/** What the warehouse knows before a night: where each stream goes on, and which posts are read again. */
import {metrics} from "./metrics.ts";
import {literal, type Warehouse} from "./warehouse.ts";

/** Days of age up to which a post's counters are read again every day, every 7 and every 30 days. */
export interface RefreshByAge {
  daily: number;
  weekly: number;
  monthly: number;
}

/** What is asked about an account's stream of posts. */
export interface Asked {
  accountId: string;
  stream: string;
  /** Types of posts that it holds; of `except`, all others. */
  types: {only: string[]} | {except: string[]};
  /** Where tonight's listing starts; absent: the stream has none. */
  listedFrom: Date | undefined;
  /** The calendar day of the last listing that ended well. */
  listedOn: string | undefined;
  /** Posts that no listing gives: those known from files alone are due too. */
  isUnlisted: boolean;
  /** Ages in days at which something of a post is lost: it is read once more on the day before. */
  limits: number[];
}

export interface DuePost {
  accountId: string;
  stream: string;
  id: string;
  publishedAt: Date;
  type: string | null;
  /** Whether any of its counters was ever above zero. */
  isCounted: boolean;
  /** To be read again, and not in tonight's listing. */
  isDue: boolean;
}

/** The cursor of each stream that ever ended well, as JSON, by `account_id stream`. */
export async function cursors(warehouse: Warehouse): Promise<Map<string, string>> {
  const rows = await warehouse.rows<{account_id: string; stream: string; cursor: string}>(
    "select account_id, stream, cursor from core.cursor"
  );
  return new Map(rows.map(row => [`${row.account_id} ${row.stream}`, row.cursor]));
}

const counters = Object.keys(metrics).join(", ");

/**
 * The posts that tonight's listings will hold, those that are due by their age, and all that no listing gives, newest
 * first.
 */
export async function duePosts(
  warehouse: Warehouse,
  asked: readonly Asked[],
  refresh: RefreshByAge,
  today: string
): Promise<DuePost[]> {
  if (asked.length === 0) return [];
  const rows = asked.map(({accountId, stream, types, listedFrom, listedOn, isUnlisted, limits}) => {
    const [list, isOnly] = "only" in types ? [types.only, true] : [types.except, false];
    const since = listedFrom === undefined ? "null" : literal(listedFrom.toISOString());
    const expiring = limits.map(limit => `date ${literal(today)} - ${limit - 1}`);
    return `(${literal(accountId)}, ${literal(stream)}, [${list.map(literal).join(", ")}], ${isOnly},
      cast(${since} as timestamptz), cast(${listedOn === undefined ? "null" : literal(listedOn)} as date),
      cast([${expiring.join(", ")}] as date[]), ${isUnlisted})`;
  });
  const found = await warehouse.rows<{
    account_id: string;
    stream: string;
    id: string;
    at: string;
    post_type: string | null;
    is_counted: boolean;
    is_due: boolean;
  }>(`
    with asked(account_id, stream, types, is_only, since, listed_on, expiring, is_unlisted) as (values ${rows.join(", ")}),
    known as (
      select q.account_id, q.stream, coalesce(p.lookup_id, p.platform_post_id) as id, p.published_at, p.post_type,
        p.source_key = 1 and coalesce(p.published_at >= q.since, false) as is_listed,
        (r.post_key is not null or q.is_unlisted) and not p.is_repost and not p.is_reply
          and (date_diff('day', r.confirmed_on, date ${literal(today)}) >= case
              when date_diff('day', p.published_on, date ${literal(today)}) < ${refresh.daily} then 1
              when date_diff('day', p.published_on, date ${literal(today)}) < ${refresh.weekly} then 7
              when date_diff('day', p.published_on, date ${literal(today)}) < ${refresh.monthly} then 30
            end or r.post_key is null or (list_contains(q.expiring, p.published_on) and r.confirmed_on < date ${literal(today)}))
          and not coalesce(p.published_at >= q.since and r.confirmed_on >= q.listed_on, false)
          and p.deleted_on is null as is_due, p.post_key, q.is_unlisted
      from asked as q
      join core.account as a on a.account_id = q.account_id
      join core.post as p on p.account_key = a.account_key
      left join core.open_reading as r on r.post_key = p.post_key and r.source_key = 1
      where (p.deleted_on is null and p.lookup_id is not null or q.is_unlisted)
        and list_contains(q.types, coalesce(p.post_type, '')) = q.is_only
    ),
    counted as (select distinct post_key from core.all_reading semi join known using (post_key) where greatest(${counters}) > 0)
    select account_id, stream, id, epoch_ms(published_at)::varchar as at, post_type, c.post_key is not null as is_counted, is_due
    from known as k left join counted as c on c.post_key = k.post_key
    where is_listed or is_due or is_unlisted order by published_at desc, id`);
  return found.map(row => ({
    accountId: row.account_id,
    stream: row.stream,
    id: row.id,
    publishedAt: new Date(Number(row.at)),
    type: row.post_type,
    isCounted: row.is_counted,
    isDue: row.is_due
  }));
}
