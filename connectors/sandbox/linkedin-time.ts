/** Stretches of time as LinkedIn takes and gives them: `timeIntervals` in milliseconds, and the dates of the member's API. */
import * as refusals from "./linkedin-refusals.ts";
import {type Value, wholeNumber} from "./linkedin-restli.ts";
import type {Answer} from "./platform.ts";

export type Granularity = "DAY" | "WEEK" | "MONTH";

/** From `start`, which belongs to it, to `end`, which does not; milliseconds since 1970. */
export interface Bucket {
  start: number;
  end: number;
}

export interface CivilDate {
  day: number;
  month: number;
  year: number;
}

const day = 86_400_000;
/** The widest range, in months (reported). */
const widest = 14;
const windowMonths = 12;

/** The buckets that a `timeIntervals` asks for, or its refusal. Those that begin after now are none. */
export function bucketsOf(value: Value, granularities: readonly Granularity[], now: number): Bucket[] | Answer {
  const read = intervalsOf(value, granularities);
  if (read === undefined) return refusals.invalidParameter("timeIntervals");
  const {start, end, granularity} = read;
  const shown = `[{timeGranularityType=${granularity}, timeRange={start=${start}, end=${end}}}]`;
  const refuse = (fault: string): Answer => refusals.plain(`Invalid timeIntervals parameter ${shown}. ${fault}`);
  if (stepFrom(start, granularity) > end) {
    return refuse(
      `End time must be greater than start time by at least one multiple of the granularity type [${granularity}]`
    );
  }
  if (monthsLater(start, widest) <= end) {
    return refuse(`Start time and end time must be less than ${widest} months apart.`);
  }
  if (start % day !== 0 || end % day !== 0) return refuse("Start time and end time must be at midnight UTC.");
  const first = granularity === "MONTH" ? monthFrom(start) : start;
  return steps(first, end, granularity).filter(bucket => bucket.start <= now);
}

/** The first moment of which time-bound statistics still speak: twelve months before now, at midnight. */
export function windowStart(now: number): number {
  return Math.floor(monthsLater(now, -windowMonths) / day) * day;
}

/** The days of a `dateRange`, whose end does not belong to it; undefined when it is none. */
export function daysOf(value: Value): Bucket[] | undefined {
  if (typeof value === "string" || Array.isArray(value)) return undefined;
  const [start, end] = [value.start, value.end].map(dateOf);
  if (start === undefined || end === undefined || start >= end) return undefined;
  return steps(start, end, "DAY");
}

/** The date of a moment, in UTC. */
export function civilDate(moment: number): CivilDate {
  const date = new Date(moment);
  return {day: date.getUTCDate(), month: date.getUTCMonth() + 1, year: date.getUTCFullYear()};
}

function intervalsOf(value: Value, granularities: readonly Granularity[]) {
  if (typeof value === "string" || Array.isArray(value)) return undefined;
  const {timeRange, timeGranularityType} = value;
  const granularity = granularities.find(one => one === timeGranularityType);
  if (granularity === undefined || timeRange === undefined) return undefined;
  if (typeof timeRange === "string" || Array.isArray(timeRange)) return undefined;
  const [start, end] = [timeRange.start, timeRange.end].map(wholeNumber);
  return start === undefined || end === undefined ? undefined : {start, end, granularity};
}

function dateOf(value: Value | undefined): number | undefined {
  if (value === undefined || typeof value === "string" || Array.isArray(value)) return undefined;
  const [year, month, date] = [value.year, value.month, value.day].map(wholeNumber);
  if (year === undefined || month === undefined || date === undefined) return undefined;
  const moment = Date.UTC(year, month - 1, date);
  const isDate = new Date(moment).getUTCMonth() === month - 1 && new Date(moment).getUTCDate() === date;
  return isDate ? moment : undefined;
}

function steps(first: number, end: number, granularity: Granularity): Bucket[] {
  const buckets: Bucket[] = [];
  for (let start = first; ; ) {
    const next = stepFrom(start, granularity);
    if (next > end) return buckets;
    buckets.push({start, end: next});
    start = next;
  }
}

function stepFrom(start: number, granularity: Granularity): number {
  if (granularity === "MONTH") return monthsLater(start, 1);
  return start + (granularity === "DAY" ? 1 : 7) * day;
}

/** The first beginning of a month from a moment on. */
function monthFrom(moment: number): number {
  const date = new Date(moment);
  const begin = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
  return begin === moment ? begin : monthsLater(begin, 1);
}

function monthsLater(moment: number, months: number): number {
  const date = new Date(moment);
  return date.setUTCMonth(date.getUTCMonth() + months);
}
