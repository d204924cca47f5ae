/** Insights of the Graph API: metrics as they are asked for and answered, and windows of Pacific days. */
import {badMetric, badParameter, noMetric} from "./graph-errors.ts";
import type {EdgeRequest} from "./graph-fields.ts";
import {addressOf, type Call} from "./graph-paging.ts";
import {graphTime, momentOf, nextDate, pacificDate, pacificMidnight} from "./graph-time.ts";

const day = 86_400_000;
/** Without `since` and `until`: the last two days. */
const usualDays = 2;

export interface InsightValue {
  value: unknown;
  end_time?: string;
}

/** One metric in one period, as it is answered. */
export interface Insight {
  name: string;
  period: string;
  values: InsightValue[];
  title: string | null;
  description: string | null;
  id: string;
}

/** Days that are asked for, each by the Pacific date that is measured; its `end_time` is the midnight after it. */
export interface Window {
  dates: string[];
  /** Milliseconds. */
  since: number;
  until: number;
}

/** The metrics that a request names, in its order. Throws GraphRefusal for none, and for one that `isServed` denies. */
export function metricsOf({parameters}: EdgeRequest, isServed: (metric: string) => boolean): string[] {
  const text = parameters.get("metric") ?? "";
  const listed = text.startsWith("[") ? parsedList(text) : text.split(",");
  const metrics = [...new Set(listed.map(name => name.trim()).filter(name => name !== ""))];
  if (metrics.length === 0) throw noMetric();
  if (!metrics.every(isServed)) throw badMetric();
  return metrics;
}

/** The period that is asked for; undefined: all that the metric has. Throws GraphRefusal for an unknown one. */
export function periodOf({parameters}: EdgeRequest, known: readonly string[]): string | undefined {
  const period = parameters.get("period");
  if (period === undefined || known.includes(period)) return period;
  throw badParameter(`period must be one of the following values: ${known.join(", ")}`);
}

/**
 * The days between `since` and `until`: those that end after the one and not after the other, and not after now.
 * Throws GraphRefusal for more than `mostDays` between them, and for a window that ends before it begins.
 */
export function windowOf({parameters}: EdgeRequest, now: number, mostDays: number): Window {
  const until = momentOf("until", parameters.get("until"), now) ?? now;
  const since = momentOf("since", parameters.get("since"), now) ?? until - usualDays * day;
  if (since > until) throw badParameter("Invalid parameter: param since must be before param until");
  // An hour more, because a window over the change to winter time is that much longer.
  if (until - since > mostDays * day + day / 24) {
    const seconds = mostDays * 86_400;
    throw badParameter(`There cannot be more than ${mostDays} days (${seconds} s) between since and until`);
  }
  const dates: string[] = [];
  for (let date = pacificDate(since); ; date = nextDate(date)) {
    const end = pacificMidnight(nextDate(date));
    if (end > Math.min(until, now)) break;
    if (end > since) dates.push(date);
  }
  return {dates, since, until};
}

/** The `end_time` of a Pacific date. */
export function endOf(date: string): string {
  return graphTime(pacificMidnight(nextDate(date)));
}

/** An insight of an object, with the id that the API gives it. */
export function insight(
  objectId: string,
  {name, title, description}: {name: string; title: string; description: string},
  period: string,
  values: InsightValue[]
): Insight {
  return {name, period, values, title, description, id: `${objectId}/insights/${name}/${period}`};
}

/** The windows of the same length before and after, as insights link them even where time means nothing. */
export function windowPaging(request: EdgeRequest, {since, until}: Window, call: Call): object {
  const kept = [...request.parameters].filter(([name]) => !["since", "until", "access_token"].includes(name));
  const link = (from: number, to: number): string =>
    addressOf(
      request.path,
      [...kept, ["since", String(Math.floor(from / 1000))], ["until", String(Math.floor(to / 1000))]],
      call
    );
  const length = until - since;
  return {previous: link(since - length, since), next: link(until, until + length)};
}

function parsedList(text: string): string[] {
  try {
    const list: unknown = JSON.parse(text.replaceAll("'", '"'));
    if (Array.isArray(list)) return list.map(String);
  } catch {
    // Said below.
  }
  throw badMetric();
}
