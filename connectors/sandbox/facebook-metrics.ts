/** Insights of posts and videos: the metrics that live, in what periods, and their values. All others are refused. */
import type {Counters, FacebookPost} from "./facebook-posts.ts";
import {badParameter} from "./graph-errors.ts";
import type {EdgeRequest} from "./graph-fields.ts";
import {
  type Insight,
  type InsightValue,
  insight,
  metricsOf,
  periodOf,
  windowOf,
  windowPaging
} from "./graph-insights.ts";
import type {Call} from "./graph-paging.ts";

/** The permission without which insights are empty. */
export const insightsScope = "read_insights";
/** What the fault retired-metric removes. */
export const retired = {post: "post_clicks", page: "page_views_total"};

export const periods = ["day", "week", "days_28", "month", "lifetime", "total_over_range"];
const mostDays = 90;

/** A metric: its title and what it says of counters. An undefined value leaves it out of the answer. */
export interface Metric<T> {
  title: string;
  value: (of: T) => unknown;
}

const byKind = (title: string, kind: keyof Counters["byKind"]): Metric<Grown> => ({
  title,
  value: ({counters}) => counters.byKind[kind] ?? 0
});

/** A post, and what it has gathered. */
export interface Grown {
  post: FacebookPost;
  counters: Counters;
}

const postMetrics: Record<string, Metric<Grown>> = {
  post_media_view: {title: "Lifetime Post Media Views", value: ({counters}) => counters.views},
  post_total_media_view_unique: {title: "Lifetime Post Media Viewers", value: ({counters}) => counters.reach},
  post_clicks: {title: "Lifetime Post Clicks", value: ({counters}) => counters.clicks},
  post_clicks_by_type: {title: "Lifetime Post Clicks by Type", value: clicksByType},
  post_reactions_by_type_total: {
    title: "Lifetime Total Post Reactions by Type",
    value: ({counters}) => counters.byKind
  },
  post_reactions_like_total: byKind("Lifetime Total Like Reactions of a Post", "like"),
  post_reactions_love_total: byKind("Lifetime Total Love Reactions of a Post", "love"),
  post_reactions_wow_total: byKind("Lifetime Total Wow Reactions of a Post", "wow"),
  post_reactions_haha_total: byKind("Lifetime Total Haha Reactions of a Post", "haha"),
  post_reactions_sorry_total: byKind("Lifetime Total Sorry Reactions of a Post", "sorry"),
  post_reactions_anger_total: byKind("Lifetime Total Anger Reactions of a Post", "anger"),
  post_activity_by_action_type: {title: "Lifetime Post Stories by Action Type", value: activity},
  post_activity_by_action_type_unique: {title: "Lifetime Post Story Tellers by Action Type", value: activity},
  post_video_views: {title: "Lifetime Post Video Views", value: videoViews}
};

/** Metrics that can be parted by whether an advertisement brought the views, or a follower saw them. */
export const partedMetrics = ["post_media_view", "page_media_view"];
const partings: Record<string, number> = {is_from_ads: 0, is_from_followers: 0.6};

const reelMetrics: Record<string, Metric<Grown>> = {
  blue_reels_play_count: {title: "Lifetime Reel Plays", value: grown => Math.floor(videoViews(grown) * 1.2)},
  fb_reels_total_plays: {title: "Lifetime Reel Total Plays", value: grown => Math.floor(videoViews(grown) * 1.4)},
  post_video_avg_time_watched: {title: "Lifetime Average Watch Time", value: averageTime},
  post_video_view_time: {title: "Lifetime Watch Time", value: watchTime},
  post_video_social_actions: {title: "Lifetime Social Actions", value: socialActions},
  post_video_followers: {title: "Lifetime New Followers", value: ({counters}) => Math.floor(counters.views / 400)}
};

const videoMetrics: Record<string, Metric<Grown>> = {
  total_video_views: {title: "Lifetime Total Video Views", value: videoViews},
  total_video_views_unique: {title: "Lifetime Unique Video Views", value: grown => Math.floor(videoViews(grown) * 0.8)},
  total_video_view_total_time: {title: "Lifetime Total Video View Time", value: watchTime},
  total_video_avg_time_watched: {title: "Lifetime Average Time Video Watched", value: averageTime},
  total_video_view_time_by_distribution_type: {
    title: "Lifetime Video View Time (in ms) by Distribution Type",
    value: grown => ({page_owned: watchTime(grown)})
  }
};

/** A post's `insights`. Without `period=lifetime` a metric comes twice, and the one of the day is 0. */
export function postInsights(grown: Grown, request: EdgeRequest, call: Call): object {
  const isRetired = call.moment.strikes("retired-metric");
  const metrics = metricsOf(request, name => Object.hasOwn(postMetrics, name) && !(isRetired && name === retired.post));
  const period = periodOf(request, periods);
  const window = windowOf(request, call.moment.now, mostDays);
  const {id} = grown.post;
  const data = metrics.flatMap((name): Insight[] => {
    const {title, value} = postMetrics[name]!;
    const all = value(grown);
    const about = {name, title, description: `${title}.`};
    const whole = insight(id, about, "lifetime", partsOf(name, all, request));
    const none = typeof all === "object" ? {} : 0;
    const ofDay = insight(id, {...about, title: title.replace("Lifetime", "Daily")}, "day", [{value: none}]);
    return [whole, ofDay].filter(one => period === undefined || one.period === period);
  });
  return insightsBody(data, call, windowPaging(request, window, call));
}

/** A video's `video_insights`: all metrics of its kind, unless some are named; those of the other kind have no data. */
export function videoInsights(grown: Grown, request: EdgeRequest, call: Call): object {
  const own = grown.post.type === "reel" ? reelMetrics : videoMetrics;
  const isNamed = request.parameters.has("metric");
  const metrics = isNamed ? metricsOf(request, isVideoMetric) : Object.keys(own);
  const period = periodOf(request, periods) ?? "lifetime";
  const data = metrics.flatMap((name): Insight[] => {
    const metric = own[name];
    if (metric === undefined || period !== "lifetime") return [];
    const {title, value} = metric;
    const one = insight("", {name, title, description: `${title}.`}, period, [{value: value(grown)}]);
    return [{...one, id: `${grown.post.video?.id}/video_insights/${name}/${period}`}];
  });
  return insightsBody(data, call, undefined);
}

/** What insights answer; empty without the permission for them. */
export function insightsBody(data: Insight[], {token, moment}: Call, paging: object | undefined): object {
  const isEmpty = !token.scopes.includes(insightsScope) || moment.strikes("empty-insights");
  return {data: isEmpty ? [] : data, ...(paging === undefined ? {} : {paging})};
}

/** The values of a metric, parted where `breakdown` asks for it; a part of 0 is missing. */
export function partsOf(name: string, value: unknown, {parameters}: EdgeRequest, endTime?: string): InsightValue[] {
  const end = endTime === undefined ? {} : {end_time: endTime};
  const breakdown = parameters.get("breakdown");
  if (breakdown === undefined) return [{value, ...end}];
  const share = Object.hasOwn(partings, breakdown) ? partings[breakdown] : undefined;
  if (share === undefined || !partedMetrics.includes(name)) {
    throw badParameter(`The breakdown ${breakdown} is not supported for the metric ${name}`);
  }
  const within = Math.floor(Number(value) * share);
  const parts = [
    {value: Number(value) - within, ...end, [breakdown]: "0"},
    {value: within, ...end, [breakdown]: "1"}
  ];
  return parts.filter(part => part.value > 0);
}

/** Views of at least three seconds. */
export function videoViews({post, counters}: Grown): number {
  return post.video === undefined ? 0 : Math.floor(counters.views * 0.5);
}

function isVideoMetric(name: string): boolean {
  return Object.hasOwn(reelMetrics, name) || Object.hasOwn(videoMetrics, name);
}

/** Milliseconds. */
function averageTime({post}: Grown): number {
  return Math.floor((post.video?.seconds ?? 0) * 350);
}

/** Milliseconds. */
export function watchTime(grown: Grown): number {
  return averageTime(grown) * videoViews(grown);
}

function socialActions({counters}: Grown): object {
  return withoutZeros({COMMENT: counters.comments, SHARE: counters.shares});
}

function activity({counters}: Grown): object {
  return withoutZeros({like: counters.reactions, comment: counters.comments, share: counters.shares});
}

function clicksByType({post, counters}: Grown): object {
  const names = {
    link: "link clicks",
    image: "photo view",
    album: "photo view",
    video: "video play",
    reel: "video play"
  };
  const named = names[post.type as keyof typeof names];
  const own = named === undefined ? 0 : Math.floor(counters.clicks * 0.7);
  return withoutZeros({"other clicks": counters.clicks - own, ...(named === undefined ? {} : {[named]: own})});
}

/** What nobody did has no key. */
export function withoutZeros(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}
