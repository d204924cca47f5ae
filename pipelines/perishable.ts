/** What exists for a time only: counters that end at a post's age, and days that a platform keeps no longer. */
import type {Account, Connector} from "../connectors/connector.ts";
import {permittedParts} from "../connectors/plan.ts";
import {literal, type Warehouse} from "../warehouse/warehouse.ts";

/** What of a stream ends, and after how many days. */
export interface Ending {
  stream: string;
  what: string;
  days: number;
  /** Of a part of posts: their types in our words; absent: those that the stream holds. */
  types?: string[] | undefined;
  isPart: boolean;
  /** Of a series: so many of the oldest days are too few for a value of their own. */
  tooFew: number;
}

/** What ends of a platform; of an account, where it is named, only what it has and may ask for. */
export function endings(connector: Connector, account?: Account): Ending[] {
  return Object.entries(connector.streams)
    .filter(([, {kinds}]) => account === undefined || kinds === undefined || kinds.includes(account.kind))
    .flatMap(([stream, declaration]) => {
      const {lists = [], series} = declaration;
      const parts =
        account === undefined
          ? Object.entries(declaration.parts ?? {})
          : permittedParts(connector, account, declaration);
      const listed = lists[0]?.history;
      return [
        ...(series === undefined
          ? []
          : [
              {
                stream,
                what: series.what,
                days: series.history,
                isPart: false,
                tooFew: series.isRolling ? series.days - 1 : 0
              }
            ]),
        ...parts.flatMap(([, {what, types = declaration.types, youngerThanDays: days = listed}]) =>
          days === undefined ? [] : [{stream, what, days, types, isPart: true, tooFew: 0}]
        )
      ];
    });
}

/**
 * Fills `meta.perishable`: for each day on which something is lost, a row. Of posts it is the day on which a counter
 * ends; of a series the next day where the platform still has days from before the first night, which only `backfill`
 * reads, else the day on which the first unread one is gone.
 */
export async function writePerishable(warehouse: Warehouse, connectors: ReadonlyMap<string, Connector>): Promise<void> {
  const all = [...connectors.values()].flatMap(connector => {
    const claimed = Object.values(connector.streams).flatMap(({types}) => types ?? []);
    return endings(connector).map(({stream, what, days, types, isPart, tooFew}) => {
      const list = `[${(types ?? claimed).map(literal).join(", ")}]::varchar[]`;
      const texts = [connector.platform, stream, what].map(literal).join(", ");
      return `(${texts}, ${days}, ${list}, ${types !== undefined}, ${isPart}, ${tooFew})`;
    });
  });
  await warehouse.exec(`
    delete from meta.perishable;
    insert into meta.perishable
    with ending(platform, stream, what, days, types, is_only, is_part, too_few) as (values ${all.join(", ")}),
    stream_read as (
      select account_id, platform, stream, min(covers_from) as first_on, max(covers_to) as last_on
      from meta.load where source = 'api' group by account_id, platform, stream
    )
    select distinct r.account_id, e.stream, e.what, p.published_on + e.days as lost_on
    from ending as e
    join stream_read as r on r.platform = e.platform and r.stream = e.stream
    join core.account as a on a.account_id = r.account_id
    join core.post as p on p.account_key = a.account_key
    cross join core.setting as c
    where e.is_part and p.source_key = 1 and p.deleted_on is null and not p.is_repost and not p.is_reply
      and list_contains(e.types, coalesce(p.post_type, '')) = e.is_only and p.published_on + e.days > c.as_of_on
    union all
    select r.account_id, e.stream, e.what,
      case when r.first_on > c.as_of_on - e.days + e.too_few then c.as_of_on + 1 else r.last_on + e.days end
    from ending as e
    join stream_read as r on r.platform = e.platform and r.stream = e.stream
    cross join core.setting as c
    where not e.is_part`);
}
