/** The Graph API's times: `2020-06-18T10:00:00+0000`, days that end at midnight in Los Angeles, and what `since` may say. */
import {badParameter} from "./graph-errors.ts";

const hour = 3_600_000;
const day = 24 * hour;
const pacificClock = new Intl.DateTimeFormat("en-US", {
  timeZone: "America/Los_Angeles",
  hour: "numeric",
  hourCycle: "h23"
});
const midnights = new Map<string, number>();

/** A time as the API writes it. */
export function graphTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}+0000`;
}

/** The moment at which a Pacific day begins: 07:00 UTC in summer, 08:00 in winter. */
export function pacificMidnight(date: string): number {
  const known = midnights.get(date);
  if (known !== undefined) return known;
  const summer = Date.parse(date) + 7 * hour;
  const at = Number(pacificClock.format(summer)) === 0 ? summer : summer + hour;
  midnights.set(date, at);
  return at;
}

/** The Pacific day of a moment. */
export function pacificDate(at: number): string {
  const date = new Date(at - 8 * hour).toISOString().slice(0, 10);
  const next = nextDate(date);
  return at >= pacificMidnight(next) ? next : date;
}

/** The day after a date. */
export function nextDate(date: string, days = 1): string {
  return new Date(Date.parse(date) + days * day).toISOString().slice(0, 10);
}

/**
 * The moment that `since` or `until` names, as strtotime reads it: seconds since 1970, a date (midnight in Los Angeles),
 * a time, or a few words. Undefined when the parameter is not given; throws GraphRefusal for anything else.
 */
export function momentOf(name: "since" | "until", text: string | undefined, now: number): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (/^\d{1,11}$/.test(text)) return Number(text) * 1000;
  const at = dateOf(text) ?? timeOf(text) ?? wordsOf(text, now);
  if (at === undefined || Number.isNaN(at)) {
    throw badParameter(
      `Invalid parameter: param ${name} must be a unix timestamp or a date that strtotime understands`
    );
  }
  return at;
}

function dateOf(text: string): number | undefined {
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));
  return isDate ? pacificMidnight(text) : undefined;
}

function timeOf(text: string): number | undefined {
  const parts = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(Z|[+-]\d{2}:?\d{2})?$/.exec(text);
  if (parts === null) return undefined;
  const [, date, clock, zone] = parts;
  if (zone === undefined) return pacificMidnight(date!) + Date.parse(`1970-01-01T${clock}Z`);
  return Date.parse(`${date}T${clock}${zone.replace(/(\d{2})(\d{2})$/, "$1:$2")}`);
}

function wordsOf(text: string, now: number): number | undefined {
  const today = pacificDate(now);
  if (text === "now") return now;
  if (text === "today") return pacificMidnight(today);
  if (text === "yesterday") return pacificMidnight(nextDate(today, -1));
  const ago = /^(?:-(\d{1,4}) days?|(\d{1,4}) days? ago)$/.exec(text);
  return ago === null ? undefined : now - Number(ago[1] ?? ago[2]) * day;
}
