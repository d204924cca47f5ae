/** What the calls of LinkedIn's endpoints have in common: their answers, batches, stretches of time, and whose page it is. */
import {organisationUrn} from "./linkedin-answers.ts";
import * as refusals from "./linkedin-refusals.ts";
import type {Query, Value} from "./linkedin-restli.ts";
import {type Bucket, bucketsOf, type Granularity} from "./linkedin-time.ts";
import type {Answer, Moment} from "./platform.ts";

export const defaultPage = 10;

/** One call that may be answered. */
export interface Call {
  query: Query;
  /** What the path holds, decoded; empty without. */
  key: string;
  /** YYYYMM. */
  version: string;
  /** The method as refusals name it: resource, method, version. */
  method: string;
  moment: Moment;
}

/** An answer with a body. */
export function ok(body: object): Answer {
  return {status: 200, body};
}

/** The answer of a finder whose elements are all on one page. */
export function found(elements: object[]): Answer {
  return ok({paging: {start: 0, count: defaultPage, links: []}, elements});
}

/** The refusal of a parameter that is no organisation, or not the token's own. */
export function refusedOrganisation(name: string, {query, method}: Call): Answer | undefined {
  const urn = query[name];
  if (urn === undefined) return refusals.required(name);
  if (typeof urn !== "string" || !/^urn:li:organization:\d+$/.test(urn)) return refusals.badValue(name);
  return urn === organisationUrn ? undefined : refusals.accessDenied(method);
}

/** Results, and what went wrong with each other one, in an answer that is 200 all the same. */
export function batch(ids: string[], find: (id: string) => Answer, moment: Moment): Answer {
  const body: Record<"results" | "statuses" | "errors", Record<string, unknown>> = {
    results: {},
    statuses: {},
    errors: {}
  };
  const isPartial = moment.strikes("partial-429");
  for (const [index, id] of [...new Set(ids)].entries()) {
    const one = isPartial && index === 0 ? refusals.rateLimited() : find(id);
    body[one.status === 200 ? "results" : "errors"][id] = one.body;
    body.statuses[id] = one.status;
  }
  return ok(body);
}

/** One element or none for each stretch of time that `timeIntervals` asks for. */
export function inBuckets(
  intervals: Value,
  granularities: Granularity[],
  now: number,
  body: (bucket: Bucket) => object[]
): Answer {
  const buckets = bucketsOf(intervals, granularities, now);
  return "status" in buckets ? buckets : found(buckets.flatMap(body));
}
