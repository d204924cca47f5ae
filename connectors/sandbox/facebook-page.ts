/** Insights of the Page by Pacific day: followers, views and engagements, and countries where a switch serves them. */

import {
  insightsBody,
  type Metric,
  partsOf,
  periods,
  retired,
  videoViews,
  watchTime,
  withoutZeros
} from "./facebook-metrics.ts";
import {type Counters, countersAt, type FacebookPost} from "./facebook-posts.ts";
import {apportion} from "./graph-apportion.ts";
import {pageTokenNeeded} from "./graph-errors.ts";
import type {EdgeRequest} from "./graph-fields.ts";
import {endOf, type Insight, insight, metricsOf, periodOf, windowOf, windowPaging} from "./graph-insights.ts";
import type {Call} from "./graph-paging.ts";
import {nextDate, pacificDate, pacificMidnight} from "./graph-time.ts";
import {chance} from "./world.ts";

const day = 86_400_000;
const grownDays = 28;
const mostDays = 90;
/** Two years of history. */
const historyDays = 730;
const rolling: Record<string, number> = {day: 1, week: 7, days_28: 28, month: 30};
/** Whoever saw several posts of one window is counted once. */
const distinct: Record<string, number> = {day: 0.95, week: 0.7, days_28: 0.55, month: 0.54};
const countryMetric = "page_follows_country";

/** Followers by country on the demo's last night; 31 are of no known country. */
const countries: Record<string, number> = Object.fromEntries(
  "US 2300 KE 160 NG 150 ZA 140 GH 85 UG 70 MZ 50 MX 300 AR 250 CO 220 BR 160 CR 120 PE 80 GB 240 ES 210 FR 130 DE 110 GE 90 UA 80 IN 310 PH 270 RU 190 ID 90 TH 60 JP 40 TN 51 EG 15 MA 9 DZ 4 LB 5 JO 3 IQ 1 CA 60 AU 36"
    .split(/ (?=[A-Z])/)
    .map(pair => pair.split(" "))
    .map(([code, count]) => [code!, Number(count)])
);
const unknownCountry = 31;

/** What a Page's insights are worked out from. */
export interface PageWorld {
  posts: readonly FacebookPost[];
  /** At the end of a date. */
  followers: (date: string) => number;
}

/** What happened on a Pacific day. */
interface Day {
  views: number;
  reach: number;
  engagements: number;
  videoViews: number;
  watchTime: number;
  reactions: Record<string, number>;
  follows: number;
  unfollows: number;
}

type DayMetric = Metric<Day> & {
  /** The same people may stand in several days. */
  isUnique?: boolean;
};

const additive: Record<string, DayMetric> = {
  page_media_view: {title: "Media Views", value: ({views}) => views},
  page_total_media_view_unique: {title: "Media Viewers", value: ({reach}) => reach, isUnique: true},
  page_post_engagements: {title: "Post Engagements", value: ({engagements}) => engagements},
  page_views_total: {title: "Page Views", value: ({views}) => 9 + (views % 23)},
  page_total_actions: {title: "Total Actions on Page", value: ({views}) => views % 3},
  page_video_views: {title: "Video Views", value: day => day.videoViews},
  page_video_view_time: {title: "Video View Time", value: day => day.watchTime},
  page_actions_post_reactions_total: {title: "Reactions on Posts by Type", value: ({reactions}) => reactions},
  page_daily_follows: {title: "New Follows", value: ({follows}) => follows},
  page_daily_follows_unique: {title: "New Followers", value: ({follows}) => follows},
  page_daily_unfollows_unique: {title: "Unfollows", value: ({unfollows}) => unfollows},
  page_fan_adds_by_paid_non_paid_unique: {
    title: "New Likes, Paid and Not",
    value: ({follows}) => ({total: follows, unpaid: follows, paid: 0})
  }
};

/** Totals at the end of a day; they have no other period. */
const totals: Record<string, {title: string; share: number}> = {
  page_follows: {title: "Daily Total Follows", share: 1},
  page_lifetime_engaged_followers_unique: {title: "Daily Engaged Followers", share: 0.08}
};

/** Opens the Page's `insights`; days are worked out once. */
export function createPageInsights(world: PageWorld): (pageId: string, request: EdgeRequest, call: Call) => object {
  const dayOf = createDays(world);

  const measured = (metric: DayMetric, date: string, period: string): unknown => {
    const days = Array.from({length: rolling[period] ?? 1}, (_, back) => dayOf(nextDate(date, -back)));
    const sum = days.map(metric.value).reduce(added);
    return metric.isUnique ? Math.floor(Number(sum) * distinct[period]!) : sum;
  };

  return (pageId, request, call) => {
    if (call.token.type === "USER") throw pageTokenNeeded();
    const {now, strikes} = call.moment;
    const isRetired = strikes("retired-metric");
    const hasCountries = strikes("serve-demographics");
    const isServed = (name: string): boolean =>
      (Object.hasOwn(additive, name) && !(isRetired && name === retired.page)) ||
      Object.hasOwn(totals, name) ||
      (hasCountries && name === countryMetric);
    const metrics = metricsOf(request, isServed);
    const asked = periodOf(request, periods);
    const window = windowOf(request, now, mostDays);
    const dates = window.dates.filter(date => pacificMidnight(date) >= now - historyDays * day);

    const series = (name: string, period: string): Insight => {
      const metric = additive[name]!;
      const title = `${{day: "Daily", week: "Weekly", days_28: "28 Days", month: "Monthly"}[period]} ${metric.title}`;
      const values = dates.flatMap(date => partsOf(name, measured(metric, date, period), request, endOf(date)));
      return insight(pageId, {name, title, description: `${title}.`}, period, values);
    };
    const total = (name: string): Insight => {
      const {title, share} = totals[name]!;
      const values = dates.flatMap(date =>
        partsOf(name, Math.floor(world.followers(date) * share), request, endOf(date))
      );
      return insight(pageId, {name, title, description: `${title}.`}, "day", values);
    };
    const ofMetric = (name: string): Insight[] => {
      if (name === countryMetric) return byCountry(pageId, asked, dates, now, world);
      // A Page has no lifetime: the API gives 0.
      if (asked === "lifetime") {
        return [insight(pageId, {name, title: `Lifetime ${name}`, description: ""}, "lifetime", [{value: 0}])];
      }
      if (Object.hasOwn(totals, name)) return asked === undefined || asked === "day" ? [total(name)] : [];
      const wanted = asked === undefined ? ["day", "week", "days_28"] : [asked];
      return wanted.filter(period => period in rolling).map(period => series(name, period));
    };
    return insightsBody(metrics.flatMap(ofMetric), call, windowPaging(request, window, call));
  };
}

/** Followers by country: the last night's, scaled to another day's total. Those of no known country have no key. */
function byCountry(
  pageId: string,
  period: string | undefined,
  dates: readonly string[],
  now: number,
  {followers}: PageWorld
): Insight[] {
  const about = {name: countryMetric, title: "Follows by Country", description: "Follows by country."};
  const counts = (date: string): object => {
    const parts = apportion(followers(date), [...Object.values(countries), unknownCountry]);
    return withoutZeros(Object.fromEntries(Object.keys(countries).map((code, index) => [code, parts[index]!])));
  };
  const newest = nextDate(pacificDate(now), -1);
  const ofDays = dates.map(date => ({value: counts(date), end_time: endOf(date)}));
  const ofLast = [{value: counts(newest), end_time: endOf(newest)}];
  return [insight(pageId, about, "day", ofDays), insight(pageId, about, "lifetime", ofLast)].filter(
    one => one.period === (period ?? "day")
  );
}

function createDays({posts, followers}: PageWorld): (date: string) => Day {
  const known = new Map<string, Day>();
  const workedOut = (date: string): Day => {
    const start = pacificMidnight(date);
    const end = pacificMidnight(nextDate(date));
    const living = posts.filter(({at}) => at < end && at + (grownDays + 1) * day > start);
    const gains = living.map(post => gainOf(post, start, end));
    const sum = (part: (gain: Gain) => number): number => gains.reduce((all, gain) => all + part(gain), 0);
    const net = followers(date) - followers(nextDate(date, -1));
    const unfollows = Math.floor(3 * chance("unfollows", date)) + Math.max(0, -net);
    return {
      views: sum(gain => gain.views) + 6 + Math.floor(12 * chance("views", date)),
      reach: sum(gain => gain.reach) + 4 + Math.floor(8 * chance("reach", date)),
      engagements: sum(gain => gain.engagements),
      videoViews: sum(gain => gain.videoViews),
      watchTime: sum(gain => gain.watchTime),
      reactions: gains
        .map(gain => gain.reactions)
        .reduce<Record<string, number>>((all, one) => addedByKey(all, one), {}),
      follows: net + unfollows,
      unfollows
    };
  };
  return date => {
    const day = known.get(date) ?? workedOut(date);
    known.set(date, day);
    return day;
  };
}

type Gain = Omit<Day, "follows" | "unfollows">;

function gainOf(post: FacebookPost, start: number, end: number): Gain {
  const before = start > post.at ? countersAt(post, start) : undefined;
  const after = countersAt(post, end);
  const gained = (of: (counters: Counters) => number): number => of(after) - (before === undefined ? 0 : of(before));
  const reactions = Object.entries(after.byKind).map(([kind, count]): [string, number] => [
    kind,
    count - (before?.byKind[kind as keyof Counters["byKind"]] ?? 0)
  ]);
  return {
    views: gained(({views}) => views),
    reach: gained(({reach}) => reach),
    engagements: gained(({reactions, comments, shares, clicks}) => reactions + comments + shares + clicks),
    videoViews: gained(counters => videoViews({post, counters})),
    watchTime: gained(counters => watchTime({post, counters})),
    reactions: withoutZeros(Object.fromEntries(reactions))
  };
}

/** Numbers added, or objects of numbers by key. */
function added(a: unknown, b: unknown): unknown {
  if (typeof a === "number") return a + Number(b);
  return addedByKey(a as Record<string, number>, b as Record<string, number>);
}

function addedByKey(a: Record<string, number>, b: Record<string, number>): Record<string, number> {
  const sum = {...a};
  for (const [key, count] of Object.entries(b)) sum[key] = (sum[key] ?? 0) + count;
  return sum;
}
