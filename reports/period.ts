/** Report periods as people write them, and as pages name them. */
import type {Words} from "./narrative/words.ts";

export interface Period {
  /** Name of the folder, `all`, `2020`, `2020-Q3`, `2020-07`, `2020-07..2020-12` or `2019-08-31..2020-11-30`. */
  key: string;
  /** First and last day, YYYY-MM-DD; null where nothing was ever measured. */
  start: string | null;
  end: string | null;
  /** The kind of period whose rows speak of it as a whole. */
  native: "all" | "year" | "quarter" | "month" | "range";
}

/** What relative periods are told from. */
export interface Bounds {
  /** The edition's day. */
  today: string;
  /** First and last day with data. */
  from: string | null;
  to: string | null;
  /** The ranges that the settings name. */
  ranges?: Readonly<Record<string, {from: string; to: string}>> | undefined;
}

/** A period that cannot be read: says which forms can. */
export class PeriodError extends Error {
  override name = "PeriodError";
}

/** Reads `2020-07..2020-12`, `2020-Q3`, `2020`, `2020-07`, two dates, `last-month`, `last-quarter`, `all` or a named range. */
export function periodOf(text: string, bounds: Bounds): Period {
  if (text === "all") return {key: "all", start: bounds.from, end: bounds.to, native: "all"};
  if (text === "last-month") return months(bounds.today, -1, 1);
  if (text === "last-quarter") {
    const month = Number(bounds.today.slice(5, 7));
    return months(bounds.today, -((month - 1) % 3) - 3, 3);
  }
  const named = bounds.ranges?.[text];
  if (named !== undefined) return periodOf(`${named.from}..${named.to}`, bounds);
  const year = /^(\d{4})$/.exec(text);
  if (year) return {key: text, start: `${text}-01-01`, end: `${text}-12-31`, native: "year"};
  const quarter = /^(\d{4})-Q([1-4])$/.exec(text);
  if (quarter) return months(`${quarter[1]}-01-01`, (Number(quarter[2]) - 1) * 3, 3);
  const dates = /^(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})$/.exec(text);
  if (dates && isDay(dates[1]!) && isDay(dates[2]!) && dates[1]! <= dates[2]!) {
    return {key: text, start: dates[1]!, end: dates[2]!, native: "range"};
  }
  const span = /^(\d{4}-\d{2})(?:\.\.(\d{4}-\d{2}))?$/.exec(text);
  if (span && isDay(`${span[1]}-01`) && isDay(`${span[2] ?? span[1]}-01`) && span[1]! <= (span[2] ?? span[1]!)) {
    const last = months(`${span[2] ?? span[1]}-01`, 0, 1);
    return {key: text, start: `${span[1]}-01`, end: last.end, native: span[2] === undefined ? "month" : "range"};
  }
  const [from, to] = text.split("..");
  if (to !== undefined && /^\d{4}(-\d{2}){1,2}$/.test(to) && from! > to) {
    throw new PeriodError(`--period ${text}: it ends before it begins; write the earlier one first`);
  }
  throw new PeriodError(
    `--period ${text}: expected last-month, last-quarter, all, 2020, 2020-Q3, 2020-07, 2020-07..2020-12 or 2019-08-31..2020-11-30`
  );
}

/** First and last day in words, the last no later than the edition's; empty where nothing was ever measured. */
export function spanOf({start, end}: Period, asOf: string, words: Words): {start: string; end: string} | undefined {
  return start === null || end === null
    ? undefined
    : {start: words.day(start), end: words.day(end < asOf ? end : asOf)};
}

/** The month or quarter that begins so many months from a day's month. */
function months(day: string, offset: number, count: 1 | 3): Period {
  const first = new Date(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)) - 1 + offset, 1));
  const last = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + count, 0));
  const start = first.toISOString().slice(0, 10);
  const key = count === 1 ? start.slice(0, 7) : `${start.slice(0, 4)}-Q${Math.floor(first.getUTCMonth() / 3) + 1}`;
  return {key, start, end: last.toISOString().slice(0, 10), native: count === 1 ? "month" : "quarter"};
}

function isDay(day: string): boolean {
  const at = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(day);
}
