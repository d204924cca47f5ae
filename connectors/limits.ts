/** How long to leave a platform alone: what its headers ask for, and what we choose where it says nothing. */
import type {LimitHeaders} from "./connector.ts";

/** Header names in lower case. */
export type Headers = Readonly<Record<string, string | undefined>>;

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/** The three forms of an HTTP date (RFC 9110, 5.6.7): IMF-fixdate, RFC 850 and asctime, all in UTC. */
const dateForms = [
  /^\w{3}, (?<day>\d\d) (?<month>\w{3}) (?<year>\d{4}) (?<time>\d\d:\d\d:\d\d) GMT$/,
  /^\w{6,9}, (?<day>\d\d)-(?<month>\w{3})-(?<year>\d\d) (?<time>\d\d:\d\d:\d\d) GMT$/,
  /^\w{3} (?<month>\w{3}) (?<day>[ \d]\d) (?<time>\d\d:\d\d:\d\d) (?<year>\d{4})$/
];
/** Whole seconds of at most ten digits; anything else that claims to be seconds is ignored. */
const seconds = /^\d{1,10}$/;

/**
 * Milliseconds that a refusal asks us to wait: by Retry-After or, where that is absent or no valid value, by the rate
 * limit's reset if nothing of the limit is left. Undefined when it asks nothing. Dates are judged by the server's clock.
 */
export function askedWait(headers: Headers, names: LimitHeaders | undefined, now: number): number | undefined {
  const given = headers["retry-after"]?.trim();
  if (given !== undefined) {
    if (seconds.test(given)) return Number(given) * 1000;
    const date = parseHttpDate(given, now);
    if (date !== undefined) return Math.max(0, date - serverNow(headers, now));
  }
  return names === undefined || Number(headers[names.remaining]) > 0 ? undefined : untilReset(headers, names, now);
}

/** Milliseconds until the next call may be made, when an answer says that it was the last of the limit. */
export function waitBeforeNext(headers: Headers, names: LimitHeaders | undefined, now: number): number | undefined {
  return names !== undefined && headers[names.remaining]?.trim() === "0" ? untilReset(headers, names, now) : undefined;
}

/** Milliseconds before the attempt after `attempts` of them, full jitter: up to 2, 4, 8 … seconds, at most 30. */
export function backoff(attempts: number, random: number): number {
  return random * Math.min(30_000, 1000 * 2 ** attempts);
}

/** The instant of an HTTP date in any of its three forms, in milliseconds; undefined when it is none. */
export function parseHttpDate(text: string, now: number): number | undefined {
  for (const form of dateForms) {
    const found = form.exec(text)?.groups;
    if (found === undefined) continue;
    const month = months.indexOf(found.month!);
    const [hour, minute, second] = found.time!.split(":").map(Number);
    const year = fullYear(found.year!, now);
    return month < 0 ? undefined : Date.UTC(year, month, Number(found.day), hour, minute, second);
  }
  return undefined;
}

/** Two digits that would lie more than 50 years ahead mean the past (RFC 9110). */
function fullYear(digits: string, now: number): number {
  if (digits.length === 4) return Number(digits);
  const thisYear = new Date(now).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(digits);
  return year > thisYear + 50 ? year - 100 : year;
}

function untilReset(headers: Headers, names: LimitHeaders, now: number): number | undefined {
  const given = headers[names.reset]?.trim();
  if (given === undefined || !seconds.test(given)) return undefined;
  const milliseconds = Number(given) * 1000;
  return names.resetIs === "delta" ? milliseconds : Math.max(0, milliseconds - serverNow(headers, now));
}

function serverNow(headers: Headers, now: number): number {
  const date = headers.date;
  return (date === undefined ? undefined : parseHttpDate(date, now)) ?? now;
}
