/** A member's own statistics on LinkedIn: one metric of one post or of all a call, and the followers. */
import {countersAt, isThere, type LinkedInPost, memberPosts} from "./linkedin-posts.ts";
import * as refusals from "./linkedin-refusals.ts";
import type {Query, Value} from "./linkedin-restli.ts";
import {type Bucket, civilDate, daysOf} from "./linkedin-time.ts";
import type {Answer} from "./platform.ts";

const day = 86_400_000;
const firstFollowers = {at: Date.parse("2019-08-31T00:00:00Z"), count: 2100};

export const member = {id: "dEm0_m3Mb9", name: "A made-up member"};
const memberUrn = `urn:li:person:${member.id}`;

interface Metric {
  value: (post: LinkedInPost, now: number) => number;
  /** The version that has it first; the oldest live one unless told. */
  since?: string;
  /** DAILY is refused; for one post alone, or always. */
  noDaily?: "entity" | "always";
}

const newer = "202603";
const metrics = new Map<string, Metric>(
  Object.entries({
    IMPRESSION: {value: (post, now) => countersAt(post, now).impressions, noDaily: "entity"},
    MEMBERS_REACHED: {value: (post, now) => countersAt(post, now).uniqueImpressions, noDaily: "always"},
    RESHARE: {value: (post, now) => countersAt(post, now).shares},
    REACTION: {value: (post, now) => countersAt(post, now).likes},
    COMMENT: {value: (post, now) => countersAt(post, now).comments},
    POST_SAVE: {value: (post, now) => Math.floor(countersAt(post, now).likes / 5), since: newer},
    POST_SEND: {value: (post, now) => Math.floor(countersAt(post, now).shares / 2), since: newer},
    LINK_CLICKS: {value: (post, now) => countersAt(post, now).clicks, since: newer, noDaily: "always"},
    FOLLOWER_GAINED_FROM_CONTENT: {
      value: (post, now) => Math.floor(countersAt(post, now).clicks / 15),
      since: newer,
      noDaily: "always"
    },
    PROFILE_VIEW_FROM_CONTENT: {
      value: (post, now) => Math.floor(countersAt(post, now).clicks / 3),
      since: newer,
      noDaily: "always"
    }
  })
);

/** The URNs of the member's posts, oldest first; no endpoint lists them. */
export const memberPostUrns: readonly string[] = memberPosts(memberUrn).map(({urn}) => urn);

/** What a call of the member's endpoints asks for. */
export interface MemberCall {
  query: Query;
  /** YYYYMM. */
  version: string;
  now: number;
  /** The number stands under another name than `count`. */
  isMisshapen: boolean;
  /** Names and numbers come nested, as older versions gave them. */
  isNested: boolean;
  /** One metric was taken out of the API. */
  isRetired: boolean;
}

/** What a post is called as an entity, and in its URN. */
const entityTypes = new Map([
  ["share", "share"],
  ["ugc", "ugcPost"]
]);

const posts = memberPosts(memberUrn);
const byUrn = new Map(posts.map(post => [post.urn, post]));

/** Answers `/rest/memberCreatorPostAnalytics`: one metric of a post (`q=entity`) or of all together (`q=me`). */
export function postAnalytics(call: MemberCall): Answer {
  const {query, version, now} = call;
  const {q, queryType = "", aggregation = "TOTAL"} = query;
  if (queryType === "") return refusals.required("queryType");
  const metric = metrics.get(String(queryType));
  const isRetired = call.isRetired && queryType === "RESHARE";
  if (metric === undefined || (metric.since ?? "") > version || isRetired) return refusals.badValue("queryType");
  if (aggregation !== "TOTAL" && aggregation !== "DAILY") return refusals.badValue("aggregation");
  const isRefusedDaily = metric.noDaily === "always" || (metric.noDaily === "entity" && q === "entity");
  if (aggregation === "DAILY" && isRefusedDaily) {
    return refusals.plain(`DAILY aggregation is not supported for ${String(queryType)}`);
  }
  const days = query.dateRange === undefined ? undefined : daysOf(query.dateRange);
  if (query.dateRange !== undefined && days === undefined) return refusals.badValue("dateRange");
  const asked = q === "me" ? posts : postOf(query.entity, now);
  if ("status" in asked) return asked;
  const value = (moment: number): number =>
    asked.filter(post => isThere(post, moment)).reduce((sum, post) => sum + metric.value(post, moment), 0);
  const gained = ({start, end}: Bucket): number => value(Math.min(end, now)) - value(Math.min(start, now));
  if (aggregation === "TOTAL") {
    const range = days?.length ? {start: days[0]!.start, end: days.at(-1)!.end} : undefined;
    const count = range === undefined ? value(now) : gained(range);
    return elements([metricBody(count, range, String(queryType), call)]);
  }
  const shown = (days ?? everyDay(now)).filter(({start}) => start <= now);
  return elements(shown.map(bucket => metricBody(gained(bucket), bucket, String(queryType), call)));
}

/** Answers `/rest/memberFollowersCount`: how many there are (`q=me`), or how many came on each day (`q=dateRange`). */
export function followersCount({query, now, isNested}: MemberCall): Answer {
  if (query.q === "me") return elements([{memberFollowersCount: followersAt(now)}]);
  if (query.dateRange === undefined) return refusals.required("dateRange");
  const days = daysOf(query.dateRange);
  if (days === undefined) return refusals.badValue("dateRange");
  const shown = days.filter(({start}) => start <= now);
  return elements(
    shown.map(bucket => {
      const gain = followersAt(bucket.end - 1) - followersAt(bucket.start - 1);
      const dateRange = datesOf(bucket);
      return isNested
        ? {memberFollowersCount: {followerCount: gain, dateRange}}
        : {memberFollowersCount: gain, dateRange};
    })
  );
}

/** Three followers every two days. */
function followersAt(moment: number): number {
  const days = Math.max(0, Math.floor((moment - firstFollowers.at) / day));
  return firstFollowers.count + Math.floor(days * 1.5);
}

/** The post of `(share:urn)` or `(ugc:urn)`, whose URN must be of that kind; or a refusal. */
function postOf(entity: Value | undefined, now: number): LinkedInPost[] | Answer {
  if (entity === undefined) return refusals.required("entity");
  if (typeof entity === "string" || Array.isArray(entity)) return refusals.badValue("entity");
  const [kind = "", ...others] = Object.keys(entity);
  const urn = entity[kind];
  const type = entityTypes.get(kind);
  const isUrn = typeof urn === "string" && type !== undefined && new RegExp(`^urn:li:${type}:\\d+$`).test(urn);
  if (!isUrn || others.length > 0) return refusals.badValue("entity");
  const post = byUrn.get(urn);
  const isOwn = post !== undefined && isThere(post, now);
  return isOwn ? [post] : refusals.notFound(`Could not find entity ${urn}`);
}

function metricBody(count: number, range: Bucket | undefined, metricType: string, call: MemberCall): object {
  const type = "com.linkedin.adsexternalapi.memberanalytics.v1.CreatorPostAnalyticsMetricTypeV1";
  return {
    [call.isMisshapen ? "value" : "count"]: count,
    dateRange: range === undefined ? {} : datesOf(range),
    metricType: call.isNested ? {[type]: metricType} : metricType
  };
}

function datesOf({start, end}: Bucket): object {
  return {start: civilDate(start), end: civilDate(end)};
}

/** Without a range, the days of the last thirty. */
function everyDay(now: number): Bucket[] {
  const last = Math.floor(now / day);
  return Array.from({length: 30}, (_, index) => {
    const start = (last - 29 + index) * day;
    return {start, end: start + day};
  });
}

function elements(found: object[]): Answer {
  const paging = {start: 0, count: 10, links: [], total: found.length};
  return {status: 200, body: {paging, elements: found}};
}
