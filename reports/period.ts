/** The period that a report speaks of, from what a person writes. */

/** A stretch of calendar days, both ends in it; without ends when nothing has been measured yet. */
export interface Period {
  /** As it was asked for; the name of the report's folder. */
  key: string;
  start: string | null;
  end: string | null;
  label: string;
}

/** A period that cannot be read; the message says which forms are accepted. */
export class PeriodError extends Error {
  constructor(text: string, reason: string) {
    super(`period ${JSON.stringify(text)}: ${reason}; expected ${forms}`);
    this.name = "PeriodError";
  }
}

const forms =
  "2020, 2020-Q3, 2020-07, 2020-07..2020-12, 2020-07-01..2020-12-31, last-month, last-quarter or all (dates as YYYY-MM-DD)";

interface Span {
  start: string;
  end: string;
}

/**
 * Reads a period. `today` is the day that the published edition stands on, so that `last-month` and `last-quarter` are
 * the last whole ones before it; `from` and `to` are the ends of what was measured, for `all`.
 */
export function periodOf(text: string, known: {today: string; from: string | null; to: string | null}): Period {
  const key = text.trim();
  if (key === "all") {
    const {from: start, to: end} = known;
    return {key, start, end, label: start === null || end === null ? "all" : `${start}..${end}`};
  }
  const span = relative(key, known.today) ?? between(key, text);
  return {key, ...span, label: `${span.start}..${span.end}`};
}

function relative(key: string, today: string): Span | undefined {
  const year = Number(today.slice(0, 4));
  const month = Number(today.slice(5, 7));
  if (key === "last-month") return months(year, month - 1, 1);
  if (key === "last-quarter") return months(year, month - ((month - 1) % 3) - 3, 3);
  return undefined;
}

function between(key: string, text: string): Span {
  const [first, last, ...more] = key.split("..");
  if (first === undefined || more.length > 0) throw new PeriodError(text, "not understood");
  const from = side(first, text);
  const to = last === undefined ? from : side(last, text);
  if (last === undefined && /^\d{4}-\d\d-\d\d$/.test(first)) throw new PeriodError(text, "a single day is no period");
  if (from.start > to.end) throw new PeriodError(text, "it ends before it starts");
  return {start: from.start, end: to.end};
}

function side(name: string, text: string): Span {
  const parts = /^([1-9]\d{3})(?:-(?:Q([1-4])|(\d\d)(?:-(\d\d))?))?$/i.exec(name);
  if (parts === null) throw new PeriodError(text, "not understood");
  const [, yearText, quarter, monthText, day] = parts;
  const year = Number(yearText);
  if (quarter !== undefined) return months(year, Number(quarter) * 3 - 2, 3);
  if (monthText === undefined) return months(year, 1, 12);
  const month = Number(monthText);
  if (month < 1 || month > 12) throw new PeriodError(text, `there is no month ${monthText}`);
  if (day === undefined) return months(year, month, 1);
  if (iso(year, month, Number(day)) !== name) throw new PeriodError(text, `there is no day ${name}`);
  return {start: name, end: name};
}

/** A stretch of whole months; months count on over the turn of a year. */
function months(year: number, month: number, count: number): Span {
  return {start: iso(year, month, 1), end: iso(year, month + count, 0)};
}

function iso(year: number, month: number, day: number): string {
  return new Date(Date.UTC(year, month - 1, day)).toISOString().slice(0, 10);
}
