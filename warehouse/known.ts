/** What the warehouse knows before a night: where each stream goes on, and the posts that may be read again. */
import {metrics} from "./metrics.ts";
import {literal, type Warehouse} from "./warehouse.ts";

/** A post as the warehouse knows it. */
export interface StoredPost {
  accountId: string;
  /** The id that the platform is asked by. */
  id: string;
  publishedAt: Date;
  /** In our words, such as `video`. */
  type: string | null;
  /** Whether any of its counters is above zero. */
  isCounted: boolean;
  /** Neither a repost nor a reply to somebody else. */
  isOriginal: boolean;
  /** The API gave it, not only a file. */
  isFromApi: boolean;
  /** The calendar day, YYYY-MM-DD, on which the API last gave its counters. */
  readOn: string | undefined;
}

/** The cursor of each stream that ever ended well, as JSON, by `account_id stream`. */
export async function storedCursors(warehouse: Warehouse): Promise<Map<string, string>> {
  const rows = await warehouse.rows<{account_id: string; stream: string; cursor: string}>(
    "select account_id, stream, cursor from core.cursor"
  );
  return new Map(rows.map(row => [`${row.account_id} ${row.stream}`, row.cursor]));
}

const anyCounter = Object.keys(metrics)
  .map(metric => `r.${metric}`)
  .join(", ");

/** The posts of some accounts that were published from a day on and that the platform still has. */
export async function storedPosts(
  warehouse: Warehouse,
  accountIds: readonly string[],
  from: string
): Promise<StoredPost[]> {
  if (accountIds.length === 0) return [];
  const rows = await warehouse.rows<{
    account_id: string;
    id: string;
    at: string;
    post_type: string | null;
    is_counted: boolean;
    is_original: boolean;
    is_from_api: boolean;
    read_on: string | null;
  }>(`
    select a.account_id, coalesce(p.lookup_id, p.platform_post_id) as id, epoch_ms(p.published_at)::varchar as at,
      p.post_type, coalesce(greatest(${anyCounter}) > 0, false) as is_counted, not p.is_repost and not p.is_reply as is_original,
      p.source_key = 1 as is_from_api, r.confirmed_on::varchar as read_on
    from core.account as a
    join core.post as p on p.account_key = a.account_key
    left join core.open_reading as r on r.post_key = p.post_key and r.source_key = 1
    where p.deleted_on is null and p.published_on >= date ${literal(from)}
      and a.account_id in (${accountIds.map(literal).join(", ")})`);
  return rows.map(row => ({
    accountId: row.account_id,
    id: row.id,
    publishedAt: new Date(Number(row.at)),
    type: row.post_type,
    isCounted: row.is_counted,
    isOriginal: row.is_original,
    isFromApi: row.is_from_api,
    readOn: row.read_on ?? undefined
  }));
}
