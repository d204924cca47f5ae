/** Insights of Instagram's account: what its media gained in a window, who came and went, and who the followers are. */
import type {EdgeRequest} from "./graph-fields.ts";
import {endOf, insight, periodOf, type Window, windowOf, windowPaging} from "./graph-insights.ts";
import type {Call} from "./graph-paging.ts";
import {momentOf, nextDate, pacificDate, pacificMidnight} from "./graph-time.ts";
import {type Audience, type Demographic, followersBy} from "./instagram-audience.ts";
import {type Counters, countersAt, interactionsOf, type Media, owner} from "./instagram-media.ts";
import {breakdownBody, breakdownsOf, namesOf, periods} from "./instagram-metrics.ts";
import * as refusals from "./instagram-refusals.ts";
import type {Moment} from "./platform.ts";

const day = 86_400_000;
const mostDays = 30;
/** Insights of the account are kept for so long. */
const keptDays = 90;
/** A post gains nothing after this age. */
const growingDays = 28;
/** With fewer followers, or fewer who did something, some metrics are empty. */
const fewestPeople = 100;
/** Accounts that did something, of what was done: some do more than one thing (assumed). */
const engagedShare = 0.8;
/** The metric that the fault `retired-metric` removes. */
export const retiredAccountMetric = "accounts_engaged";

type MetricType = "time_series" | "total_value";
type Parts = [value: string, count: number][];

interface AccountMetric {
  title: string;
  types: readonly MetricType[];
  periods: readonly string[];
  breakdowns: readonly string[];
  /** What was gained in a window; without it the metric is shown in a way of its own, or is always empty. */
  gained?: (gains: Counters, days: number) => number;
}

const numberOnly = {types: ["total_value"], periods: ["day"]} as const;
const demographic = {
  types: ["total_value"],
  periods: ["lifetime"],
  breakdowns: ["age", "city", "country", "gender"]
} as const;
const empty = {types: ["time_series", "total_value"], periods: ["day", "lifetime"], breakdowns: []} as const;
const byProduct = ["media_product_type"];

/** In the order in which Instagram lists them when it refuses one. */
const accountMetrics: Record<string, AccountMetric> = {
  reach: {
    title: "Accounts reached",
    types: ["time_series", "total_value"],
    periods: ["day", "week", "days_28"],
    breakdowns: ["media_product_type", "follow_type"],
    // Fewer than the media reached one by one, and the fewer the longer the window: people come back.
    gained: ({reach}, days) => Math.floor((reach * 0.85) / Math.max(1, days) ** 0.1)
  },
  follower_count: {title: "Follower count", types: ["time_series"], periods: ["day"], breakdowns: []},
  online_followers: {...empty, title: "Online followers"},
  accounts_engaged: {
    ...numberOnly,
    title: "Accounts engaged",
    breakdowns: [],
    gained: gains => Math.floor(interactionsOf(gains) * engagedShare)
  },
  total_interactions: {...numberOnly, title: "Content interactions", breakdowns: byProduct, gained: interactionsOf},
  likes: {...numberOnly, title: "Likes", breakdowns: byProduct, gained: ({likes}) => likes},
  comments: {...numberOnly, title: "Comments", breakdowns: byProduct, gained: ({comments}) => comments},
  shares: {...numberOnly, title: "Shares", breakdowns: byProduct, gained: ({shares}) => shares},
  saves: {...numberOnly, title: "Saves", breakdowns: byProduct, gained: ({saved}) => saved},
  replies: {...numberOnly, title: "Replies", breakdowns: [], gained: ({replies}) => replies},
  engaged_audience_demographics: {...demographic, title: "Engaged audience demographics"},
  reached_audience_demographics: {...demographic, title: "Reached audience demographics"},
  follower_demographics: {...demographic, title: "Follower demographics"},
  follows_and_unfollows: {...numberOnly, title: "Follows and unfollows", breakdowns: ["follow_type"]},
  profile_links_taps: {
    ...numberOnly,
    title: "Profile links taps",
    breakdowns: ["contact_button_type"],
    gained: ({bioLinkClicks}) => bioLinkClicks
  },
  views: {
    ...numberOnly,
    title: "Views",
    breakdowns: ["media_product_type", "follower_type", "follow_type"],
    gained: ({views}) => views
  },
  threads_likes: {...empty, title: "Threads likes"},
  threads_replies: {...empty, title: "Threads replies"},
  reposts: {...numberOnly, title: "Reposts", breakdowns: [], gained: ({reposts}) => reposts},
  quotes: {...empty, title: "Quotes"},
  threads_followers: {...empty, title: "Threads followers"},
  threads_follower_demographics: {...empty, title: "Threads follower demographics"},
  content_views: {...empty, title: "Content views"},
  threads_views: {...empty, title: "Threads views"},
  threads_clicks: {...empty, title: "Threads clicks"},
  threads_reposts: {...empty, title: "Threads reposts"}
};
const metricTypes: readonly MetricType[] = ["time_series", "total_value"];
const timeframes = ["last_14_days", "last_30_days", "last_90_days", "prev_month", "this_month", "this_week"];
const liveTimeframes = ["this_month", "this_week"];
const breakdowns = [
  ...["age", "city", "contact_button_type", "country", "follow_type", "follower_type", "gender"],
  "media_product_type"
];

/** Media by the names that breakdowns of the account give them. */
const surfaces: [name: string, is: (media: Media) => boolean][] = [
  ["POST", ({product, type}) => product === "FEED" && type !== "CAROUSEL_ALBUM"],
  ["CAROUSEL_CONTAINER", ({type}) => type === "CAROUSEL_ALBUM"],
  ["REEL", ({product}) => product === "REELS"],
  ["STORY", ({product}) => product === "STORY"]
];

/** The account as its insights are asked for. */
export interface Account {
  /** Posts and stories. */
  media: readonly Media[];
  audience: Audience;
}

/** The insights of the account that are asked for. Throws GraphRefusal when a single one cannot be had. */
export function accountInsights(account: Account, request: EdgeRequest, call: Call): object {
  const {parameters} = request;
  const {now, strikes} = call.moment;
  const isRetired = strikes("retired-metric");
  const known = Object.keys(accountMetrics).filter(name => !(isRetired && name === retiredAccountMetric));
  const names = namesOf(request, known);
  const period = periodOf(request, periods);
  if (period === undefined) throw refusals.required("period");
  const type = typeOf(names, parameters);
  const misfit = names.find(name => !accountMetrics[name]!.periods.includes(period));
  if (misfit !== undefined) throw refusals.incompatible(misfit, "period", period);
  const breakdown = breakdownOf(names, type, parameters);
  if (period === "lifetime") {
    return {data: names.flatMap(name => demographicsOf(name, account, parameters, breakdown, call))};
  }
  const asked = asked30Days(request, now);
  const all = windowOf(asked, now, mostDays);
  const kept = now - keptDays * day;
  const window = {...all, dates: all.dates.filter(date => pacificMidnight(date) >= kept)};
  const show = (name: string): object[] => {
    if (name === "follower_count") return followerCount(account, window, call);
    if (name === "follows_and_unfollows") return follows(account, window, breakdown, call);
    const {gained} = accountMetrics[name]!;
    if (gained === undefined) return [];
    return type === "time_series"
      ? [series(name, account, window, period)]
      : [total(name, gained, account, window, breakdown, now)];
  };
  return {data: window.until < kept ? [] : names.flatMap(show), paging: windowPaging(asked, window, call)};
}

/** The type that all the metrics must share. */
function typeOf(names: readonly string[], parameters: ReadonlyMap<string, string>): MetricType {
  const given = parameters.get("metric_type");
  const type = metricTypes.find(one => one === given);
  if (given !== undefined && type === undefined) throw refusals.notOneOf("metric_type", metricTypes);
  const without = names.filter(name => !accountMetrics[name]!.types.includes(type ?? "time_series"));
  if (without.length === 0) return type ?? "time_series";
  throw type === undefined
    ? refusals.totalValueNeeded(without)
    : refusals.incompatible(without[0]!, "metric type", type);
}

/** The breakdown that all the metrics must have; a series is answered without one. */
function breakdownOf(
  names: readonly string[],
  type: MetricType,
  parameters: ReadonlyMap<string, string>
): string | undefined {
  const given = breakdownsOf(parameters, breakdowns);
  const [breakdown, ...more] = given;
  if (type === "time_series" || breakdown === undefined) return undefined;
  const bad = names.find(name => more.length > 0 || !accountMetrics[name]!.breakdowns.includes(breakdown));
  if (bad !== undefined) throw refusals.badBreakdowns(given, bad);
  return breakdown;
}

/** The request with a window of a day unless it names another. Throws GraphRefusal for more than thirty days. */
function asked30Days(request: EdgeRequest, now: number): EdgeRequest {
  const until = momentOf("until", request.parameters.get("until"), now) ?? now;
  const since = momentOf("since", request.parameters.get("since"), now) ?? until - day;
  if (until - since > mostDays * day) throw refusals.windowTooLong();
  const seconds = (moment: number): string => String(Math.floor(moment / 1000));
  return {
    ...request,
    parameters: new Map([...request.parameters, ["since", seconds(since)], ["until", seconds(until)]])
  };
}

/** What the media gained between two moments. */
function gainsOf(media: readonly Media[], from: number, to: number): Counters {
  const gains: Record<string, number> = Object.fromEntries(Object.keys(media[0]?.final ?? {}).map(name => [name, 0]));
  for (const one of media) {
    if (one.at > to || one.at + growingDays * day < from) continue;
    const [before, after] = [countersAt(one, from), countersAt(one, to)];
    for (const [name, count] of Object.entries(after)) gains[name]! += count - before[name as keyof Counters];
  }
  return gains as unknown as Counters;
}

function series(name: string, {media}: Account, {dates}: Window, period: string): object {
  const {title, gained} = accountMetrics[name]!;
  const days = {week: 7, days_28: 28}[period] ?? 1;
  const values = dates.map(date => {
    const from = pacificMidnight(nextDate(date, 1 - days));
    const value = gained!(gainsOf(media, from, pacificMidnight(nextDate(date))), days);
    return {value, end_time: endOf(date)};
  });
  return insight(owner.id, {name, title, description: describe(title)}, period, values);
}

function total(
  name: string,
  gained: NonNullable<AccountMetric["gained"]>,
  {media}: Account,
  {since, until}: Window,
  breakdown: string | undefined,
  now: number
): object {
  const from = Math.max(since, now - keptDays * day);
  const days = Math.ceil((until - from) / day);
  const of = (some: readonly Media[]): number => gained(gainsOf(some, from, Math.min(until, now)), days);
  const value = of(media);
  const parts = (): Parts => {
    if (breakdown === "media_product_type") return surfaces.map(([surface, is]) => [surface, of(media.filter(is))]);
    if (breakdown === "contact_button_type") return [["UNDEFINED", value]];
    const followers = Math.floor(value * 0.62);
    return [
      ["FOLLOWER", followers],
      ["NON_FOLLOWER", value - followers]
    ];
  };
  const broken = breakdown === undefined ? {} : {breakdowns: breakdownBody(breakdown, parts())};
  return number(name, "day", {value, ...broken});
}

/** New followers by day, without those who left. */
function followerCount({audience}: Account, {dates, since}: Window, {moment}: Call): object[] {
  const today = pacificDate(moment.now);
  if (since < pacificMidnight(nextDate(today, -mostDays))) throw refusals.onlyLastMonth();
  if (isSmall(audience, moment)) return [];
  const {title} = accountMetrics.follower_count!;
  const values = dates.map(date => ({value: audience.changes(date).follows, end_time: endOf(date)}));
  return [insight(owner.id, {name: "follower_count", title, description: describe(title)}, "day", values)];
}

/** Who came and who left; unless they are told apart there is no number at all. */
function follows({audience}: Account, {since, until}: Window, breakdown: string | undefined, {moment}: Call): object[] {
  if (until - since <= day) throw refusals.bucketsMissing();
  if (isSmall(audience, moment)) return [];
  if (breakdown === undefined) return [number("follows_and_unfollows", "day", undefined)];
  const from = Math.max(since, moment.now - keptDays * day);
  const {follows, unfollows} = audience.changesBetween(from, Math.min(until, moment.now));
  const parts: Parts = [
    ["FOLLOWER", follows],
    ["NON_FOLLOWER", unfollows]
  ];
  return [number("follows_and_unfollows", "day", {breakdowns: breakdownBody(breakdown, parts)})];
}

/** Who the followers are, or those who did something: one attribute at a time, and no total. */
function demographicsOf(
  name: string,
  {media, audience}: Account,
  parameters: ReadonlyMap<string, string>,
  breakdown: string | undefined,
  {moment}: Call
): object[] {
  if (accountMetrics[name]!.breakdowns.length === 0) return [];
  const timeframe = parameters.get("timeframe");
  if (timeframe === undefined) throw refusals.required("timeframe");
  if (!timeframes.includes(timeframe)) throw refusals.notOneOf("timeframe", timeframes);
  if (breakdown === undefined) throw refusals.required("breakdown");
  const isOfFollowers = name === "follower_demographics";
  if (!isOfFollowers && !liveTimeframes.includes(timeframe)) throw refusals.incompatible(name, "timeframe", timeframe);
  const people = (): number => {
    if (isOfFollowers) return isSmall(audience, moment) ? 0 : audience.followers(moment.night);
    const days = timeframe === "this_week" ? 7 : 30;
    const engaged = interactionsOf(gainsOf(media, moment.now - days * day, moment.now));
    const isShown = name === "engaged_audience_demographics" && engaged >= fewestPeople;
    return isShown ? Math.floor(engaged * engagedShare) : 0;
  };
  const parts = followersBy(breakdown as Demographic, people());
  return parts.length === 0 ? [] : [number(name, "lifetime", {breakdowns: breakdownBody(breakdown, parts)})];
}

function isSmall(audience: Audience, {night, strikes}: Moment): boolean {
  return strikes("few-followers") || audience.followers(night) < fewestPeople;
}

function number(name: string, period: string, total_value: object | undefined): object {
  const {title} = accountMetrics[name]!;
  const {values: _, ...plain} = insight(owner.id, {name, title, description: describe(title)}, period, []);
  return total_value === undefined ? plain : {...plain, total_value};
}

function describe(title: string): string {
  return `${title} of the account in the time asked for. Estimated.`;
}
