/** Insights of Instagram's media: which metrics each kind has, and how they are refused. One that is wrong fails the call. */
import type {EdgeRequest} from "./graph-fields.ts";
import {type InsightValue, insight, metricsOf, periodOf} from "./graph-insights.ts";
import {type Counters, fewestViewers, interactionsOf, type Media, type ProductType} from "./instagram-media.ts";
import * as refusals from "./instagram-refusals.ts";
import {chance} from "./world.ts";

/** `impressions` lives on for media from before this day. */
const withoutImpressions = Date.parse("2024-07-02T00:00:00Z");
/** The metric that the fault `retired-metric` removes. */
export const retiredMediaMetric = "saved";

const all: readonly ProductType[] = ["FEED", "REELS", "STORY"];
const posts: readonly ProductType[] = ["FEED", "REELS"];
const notReels: readonly ProductType[] = ["FEED", "STORY"];
const reels: readonly ProductType[] = ["REELS"];
const stories: readonly ProductType[] = ["STORY"];

interface Breakdown {
  key: string;
  parts: (counters: Counters) => [value: string, count: number][];
}

interface MediaMetric {
  products: readonly ProductType[];
  title: string;
  description: string;
  value: (counters: Counters, media: Media) => number;
  breakdown?: Breakdown;
}

const profileActions: Breakdown = {
  key: "action_type",
  parts: ({bioLinkClicks}) => [
    ["bio_link_clicked", bioLinkClicks],
    ["other", Math.floor(bioLinkClicks / 4)]
  ]
};
const navigationActions: Breakdown = {
  key: "story_navigation_action_type",
  parts: ({tapsForward, tapsBack, exits}) => [
    ["tap_forward", tapsForward],
    ["tap_back", tapsBack],
    ["tap_exit", exits],
    ["swipe_forward", Math.floor(exits / 2)]
  ]
};

/** In the order in which Instagram lists them when it refuses one. */
const mediaMetrics: Record<string, MediaMetric> = {
  impressions: {
    products: ["FEED"],
    title: "Impressions",
    description: "How often the media was seen.",
    value: ({views}) => Math.floor(views * 0.95)
  },
  reach: {
    products: all,
    title: "Accounts reached",
    description: "The number of unique accounts that have seen this media. Estimated.",
    value: ({reach}) => reach
  },
  replies: {products: stories, title: "Replies", description: "Replies to the story.", value: ({replies}) => replies},
  saved: {products: posts, title: "Saved", description: "How often the media was saved.", value: ({saved}) => saved},
  likes: {products: posts, title: "Likes", description: "Likes of the media.", value: ({likes}) => likes},
  comments: {products: posts, title: "Comments", description: "Comments on it.", value: ({comments}) => comments},
  shares: {products: all, title: "Shares", description: "How often it was shared.", value: ({shares}) => shares},
  total_interactions: {
    products: all,
    title: "Interactions",
    description: "Likes, saves, comments and shares, less those that were taken back.",
    value: interactionsOf
  },
  follows: {
    products: notReels,
    title: "Follows",
    description: "Accounts that began to follow because of it.",
    value: ({follows}) => follows
  },
  profile_visits: {
    products: notReels,
    title: "Profile visits",
    description: "Visits of the profile because of it.",
    value: ({profileVisits}) => profileVisits
  },
  profile_activity: {
    products: notReels,
    title: "Profile activity",
    description: "What people did on the profile after it.",
    value: counters => sum(profileActions.parts(counters)),
    breakdown: profileActions
  },
  navigation: {
    products: stories,
    title: "Navigation",
    description: "Taps forward and back, and exits.",
    value: counters => sum(navigationActions.parts(counters)),
    breakdown: navigationActions
  },
  ig_reels_video_view_total_time: {
    products: reels,
    title: "Total view time",
    description: "Milliseconds for which the reel was watched.",
    value: ({views}, media) => views * watchTime(media)
  },
  ig_reels_avg_watch_time: {
    products: reels,
    title: "Average watch time",
    description: "Milliseconds for which the reel was watched at a time.",
    value: (_, media) => watchTime(media)
  },
  views: {products: all, title: "Views", description: "How often it was played or shown.", value: ({views}) => views},
  reels_skip_rate: {
    products: reels,
    title: "Skip rate",
    description: "Percent of views that ended within three seconds.",
    value: (_, media) => 30 + Math.floor(300 * chance(media.id, "skipped")) / 10
  },
  reposts: {products: all, title: "Reposts", description: "How often it was reposted.", value: ({reposts}) => reposts},
  // Refused for whatever was not shared to Facebook, and nothing here was.
  facebook_views: {products: [], title: "Facebook views", description: "", value: () => 0},
  crossposted_views: {products: [], title: "Crossposted views", description: "", value: () => 0},
  total_views: {
    products: all,
    title: "Total views",
    description: "Views on all surfaces, with advertisements.",
    value: ({views}) => views
  },
  total_likes: {
    products: posts,
    title: "Total likes",
    description: "Likes on all surfaces, with advertisements.",
    value: ({likes}) => likes
  },
  total_comments: {
    products: posts,
    title: "Total comments",
    description: "Comments on all surfaces, with advertisements.",
    value: ({comments}) => comments
  },
  link_clicks: {
    products: stories,
    title: "Link clicks",
    description: "Taps on the story's link.",
    value: ({linkClicks}) => linkClicks
  }
};
/** All that `period` may say, of media and of the account. */
export const periods = ["day", "week", "days_28", "month", "lifetime", "total_over_range"];
const breakdowns = ["action_type", "follow_type", "story_navigation_action_type", "surface_type"];

/** A medium as its insights are asked for. */
export interface Measured {
  media: Media;
  counters: Counters;
  /** It has none: it is from before the account's conversion, or a fault says so. */
  isWithout: boolean;
  /** The fault `retired-metric` is on. */
  isRetired: boolean;
}

/** The insights of a medium that are asked for. Throws GraphRefusal when a single one cannot be had. */
export function mediaInsights(measured: Measured, request: EdgeRequest): {data: object[]} {
  const {media, counters, isWithout, isRetired} = measured;
  const {parameters} = request;
  const known = Object.keys(mediaMetrics).filter(name => !(isRetired && name === retiredMediaMetric));
  const names = namesOf(request, known);
  periodOf(request, periods);
  const broken = breakdownsOf(parameters, breakdowns);
  if (isWithout) throw refusals.beforeConversion();
  const unsupported = names.filter(name => !mediaMetrics[name]!.products.includes(media.product));
  if (unsupported.length > 0) throw refusals.notForProduct(unsupported);
  if (names.includes("impressions")) refuseImpressions(media);
  const bad = names.find(name => broken.some(key => key !== mediaMetrics[name]!.breakdown?.key));
  if (bad !== undefined) throw refusals.badBreakdowns(broken, bad);
  if (media.product === "STORY" && counters.reach < fewestViewers) throw refusals.tooFewViewers();
  return {data: names.map(name => shown(name, media, counters, broken.length > 0))};
}

/** The metrics that a request names. Throws GraphRefusal for none, and for one that is not known. */
export function namesOf(request: EdgeRequest, known: readonly string[]): string[] {
  if ((request.parameters.get("metric") ?? "") === "") throw refusals.required("metric");
  const names = metricsOf(request, () => true);
  const stranger = names.findIndex(name => !known.includes(name));
  if (stranger >= 0) throw refusals.notOneOf(`metric[${stranger}]`, known);
  return names;
}

/** The breakdowns that a request names. Throws GraphRefusal for one that is none. */
export function breakdownsOf(parameters: ReadonlyMap<string, string>, known: readonly string[]): string[] {
  const given = (parameters.get("breakdown") ?? "").split(",").filter(name => name !== "");
  const stranger = given.findIndex(name => !known.includes(name));
  if (stranger >= 0) throw refusals.notOneOf(`breakdown[${stranger}]`, known);
  return given;
}

/** The parts of a number, as `total_value` gives them. */
export function breakdownBody(key: string, parts: readonly [value: string, count: number][]): object[] {
  return [{dimension_keys: [key], results: parts.map(([part, value]) => ({dimension_values: [part], value}))}];
}

function refuseImpressions({type, at}: Media): void {
  if (at < withoutImpressions) return;
  throw type === "VIDEO" ? refusals.notForProduct(["impressions"]) : refusals.noLongerForMedia("impressions");
}

function shown(name: string, media: Media, counters: Counters, isBroken: boolean): object {
  const {title, description, value: measure, breakdown} = mediaMetrics[name]!;
  const value = measure(counters, media);
  const values: InsightValue[] = [{value}];
  const plain = insight(media.id, {name, title, description}, "lifetime", values);
  if (!isBroken || breakdown === undefined) return plain;
  return {...plain, total_value: {value, breakdowns: breakdownBody(breakdown.key, breakdown.parts(counters))}};
}

function watchTime({id}: Media): number {
  return 4000 + Math.floor(9000 * chance(id, "watched"));
}

function sum(parts: readonly [value: string, count: number][]): number {
  return parts.reduce((total, [, count]) => total + count, 0);
}
