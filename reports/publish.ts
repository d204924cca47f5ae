/** What a report reads: the schema `publish` of a published copy, and nothing else. */

/** Runs a query with named parameters; numbers come as numbers, dates and times as ISO text. */
export type Query = (sql: string, params?: Record<string, unknown>) => Promise<Record<string, unknown>[]>;

export const valueColumns = [
  "indicator",
  "period",
  "period_start",
  "period_end",
  "scheme",
  "platform",
  "account_id",
  "campaign_id",
  "stage",
  "post_type",
  "language",
  "dimension",
  "category",
  "part",
  "value",
  "lower",
  "upper",
  "numerator",
  "denominator",
  "n",
  "basis",
  "status",
  "note",
  "definition_id",
  "source",
  "run_id"
] as const;

type NumberColumn = "value" | "lower" | "upper" | "numerator" | "denominator" | "n";
type FirmColumn = "indicator" | "period" | "period_start" | "period_end" | "status";
export type ValueColumn = (typeof valueColumns)[number];

/** A row of `publish.value`. */
export type Value = {
  [column in ValueColumn]: column extends NumberColumn ? number | null : column extends FirmColumn ? string : string | null;
};

export interface Edition {
  edition: string;
  organisation: string | null;
  timezone: string | null;
  as_of_on: string;
  published_at: string;
  run_id: string;
}

export interface Account {
  account_id: string;
  platform: string;
  name: string | null;
  handle: string | null;
  display_name: string | null;
}

export interface CatalogueEntry {
  indicator: string;
  title: string;
  definition: string | null;
  formula: string | null;
  unit: string | null;
  caveats: string | null;
}

export interface Definition {
  definition_id: string;
  platform: string;
  valid_from: string | null;
}

export interface Freshness {
  account_id: string;
  stream: string;
  last_success_at: string | null;
  newest_data_on: string | null;
  is_stale: boolean | null;
}

/** What an edition holds beside its values. */
export interface Published {
  edition: Edition;
  accounts: Account[];
  catalogue: CatalogueEntry[];
  definitions: Definition[];
  freshness: Freshness[];
}

/** A column's wanted value; null: empty; `any`: filled. */
export type Where = Partial<Record<ValueColumn, string | string[] | null>>;

/** Which rows of an indicator: of one kind of period, within two days. */
export interface Rows {
  indicator: string;
  period: string;
  from: string;
  to: string;
  where: Where;
}

/** Columns that are empty unless a chart names them: all together, no single post, no part. */
const quietColumns: ValueColumn[] = [
  "scheme",
  "account_id",
  "campaign_id",
  "stage",
  "post_type",
  "language",
  "dimension",
  "category",
  "part"
];

const firmOrder = "platform, account_id, period_start, post_type, language, category, part, basis, definition_id";

/** Reads what the edition holds beside its values; control characters, which no XML may hold, are left out. */
export async function readPublished(query: Query): Promise<Published> {
  const [edition] = await read<Edition>(query, "select * from publish.edition");
  if (edition === undefined) throw new Error("the published copy holds no edition");
  return {
    edition,
    accounts: await read(query, "select * from publish.account order by platform, account_id"),
    catalogue: await read(query, "select * from publish.catalogue order by indicator"),
    definitions: await read(query, "select * from publish.metric_definition order by definition_id"),
    freshness: await read(query, "select * from publish.freshness order by account_id, stream")
  };
}

/** Reads rows of one indicator in a firm order, only on the bases that the report shows. */
export async function readValues(query: Query, rows: Rows): Promise<Value[]> {
  const params: Record<string, unknown> = {
    indicator: rows.indicator,
    period: rows.period,
    from: rows.from,
    to: rows.to
  };
  const wanted: Where = {...Object.fromEntries(quietColumns.map(column => [column, null])), ...rows.where};
  const conditions = Object.entries(wanted).map(([column, value]) => {
    if (!valueColumns.includes(column as ValueColumn)) throw new Error(`publish.value has no column ${column}`);
    if (value === null) return `${column} is null`;
    if (value === "any") return `${column} is not null`;
    const names = [value].flat().map((item, i) => {
      params[`${column}_${i}`] = item;
      return `$${column}_${i}`;
    });
    return `${column} in (${names.join(", ")})`;
  });
  return read<Value>(
    query,
    `select ${valueColumns.join(", ")} from publish.value
     where indicator = $indicator and period = $period and period_start >= cast($from as date)
       and period_end <= cast($to as date) and (basis is null or basis in ('age_28', 'latest'))
       ${conditions.map(condition => `and ${condition}`).join(" ")}
     order by ${firmOrder}`,
    params
  );
}

/** The kind of period whose rows span exactly these days; undefined when no total of them was published. */
export async function periodKind(query: Query, from: string, to: string): Promise<string | undefined> {
  const kinds = await read<{period: string}>(
    query,
    `select distinct period from publish.value where period_start = cast($from as date) and period_end = cast($to as date)
     and period in ('range', 'all', 'year', 'quarter', 'month')`,
    {from, to}
  );
  return ["range", "all", "year", "quarter", "month"].find(kind => kinds.some(({period}) => period === kind));
}

async function read<T>(query: Query, sql: string, params?: Record<string, unknown>): Promise<T[]> {
  const rows = await query(sql, params);
  return rows.map(
    row =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, typeof value === "string" ? withoutControls(value) : value])
      ) as T
  );
}

/** A text without what XML 1.0 cannot hold. */
export function withoutControls(text: string): string {
  return text.toWellFormed().replace(/[^\t\n\r\x20-\x7e\x80-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "");
}
