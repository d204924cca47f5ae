/** LinkedIn's answers about posts: their bodies, the statistics of one and of all, reactions by kind, views of videos. */
import {
  type Counters,
  countersAt,
  isThere,
  type LinkedInPost,
  lastModified,
  organisation,
  reactionKinds
} from "./linkedin-posts.ts";
import {type Bucket, windowStart} from "./linkedin-time.ts";

const day = 86_400_000;
/** No counter moves after this age. */
const grownDays = 35;
/** Unique views are counted anew in every stretch of time, so that those of days exceed those of their month. */
const uniqueShare = {day: 0.8, longer: 0.55};
const viewerDays = 183;

export const organisationUrn = `urn:li:organization:${organisation.id}`;

/** What the faults change about counters. */
export interface Bent {
  /** One like more on this post. */
  likedMore?: LinkedInPost | undefined;
  /** A counter that is required is missing. */
  isMisshapen: boolean;
  /** The last days of a series are not settled yet. */
  isUnsettled: boolean;
}

export interface Statistics {
  uniqueImpressionsCount: number;
  shareCount: number;
  engagement: number;
  clickCount: number;
  likeCount?: number;
  impressionCount: number;
  commentCount: number;
}

/** A post as the Posts API gives it. */
export function postBody(post: LinkedInPost, now: number): Record<string, unknown> {
  const isEditedByAuthor = post.editedAt !== undefined && post.editedAt <= now;
  return {...post.fixed, lastModifiedAt: lastModified(post, now), lifecycleStateInfo: {isEditedByAuthor}};
}

/** Whether share statistics still speak of a post: published in the last twelve months, and not deleted. */
export function isCounted(post: LinkedInPost, now: number): boolean {
  return isThere(post, now) && post.at >= windowStart(now);
}

/** The lifetime statistics of a post; undefined when all are zero, for then it is left out (documented). */
export function postStatistics(post: LinkedInPost, now: number, bent: Bent): object | undefined {
  const counters = countersAt(post, now);
  if (bent.likedMore === post) counters.likes += 1;
  const totals = totalsOf(counters);
  if (Object.values(totals).every(value => value === 0)) return undefined;
  return {
    totalShareStatistics: statistics(totals, bent),
    [post.urn.startsWith("urn:li:share:") ? "share" : "ugcPost"]: post.urn,
    organizationalEntity: organisationUrn
  };
}

/** The statistics of all the organisation's posts of twelve months together. */
export function organisationStatistics(posts: readonly LinkedInPost[], now: number, bent: Bent): object {
  const all = posts.filter(post => isCounted(post, now)).map(post => totalsOf(countersAt(post, now)));
  const totals = added(all);
  totals.unique = Math.floor(totals.unique * uniqueShare.longer);
  return {totalShareStatistics: mentioned(statistics(totals, bent)), organizationalEntity: organisationUrn};
}

/** The statistics of all posts in a stretch of time: what their counters gained in it. */
export function statisticsBetween(posts: readonly LinkedInPost[], bucket: Bucket, now: number, bent: Bent): object {
  const to = Math.min(bucket.end, now);
  const moving = posts.filter(post => post.at < to && post.at > bucket.start - grownDays * day && isThere(post, to));
  const totals = added(
    moving.map(post => {
      const after = totalsOf(countersAt(post, to));
      const before = post.at > bucket.start ? undefined : totalsOf(countersAt(post, bucket.start));
      return before === undefined ? after : less(after, before);
    })
  );
  if (bent.isUnsettled && bucket.start > now - 2 * day) totals.impressions = Math.floor(totals.impressions * 0.9);
  const isDay = bucket.end - bucket.start === day;
  totals.unique = Math.floor(totals.impressions * (isDay ? uniqueShare.day : uniqueShare.longer));
  return {
    totalShareStatistics: mentioned(statistics(totals, bent)),
    organizationalEntity: organisationUrn,
    timeRange: {start: bucket.start, end: bucket.end}
  };
}

/** Reactions by kind and comments of a post. */
export function socialMetadata(post: LinkedInPost, now: number, {likedMore}: Bent): object {
  const {reactions, comments} = countersAt(post, now);
  if (likedMore === post) reactions.LIKE += 1;
  const shown = reactionKinds.filter(kind => reactions[kind] > 0);
  return {
    entity: post.urn,
    reactionSummaries: Object.fromEntries(shown.map(kind => [kind, {reactionType: kind, count: reactions[kind]}])),
    commentsState: "OPEN",
    commentSummary: {count: comments, topLevelCount: comments - Math.floor(comments / 4)}
  };
}

/** What `videoAnalytics` counts; the times in milliseconds. */
export const videoTypes = ["VIDEO_VIEW", "VIEWER", "TIME_WATCHED", "TIME_WATCHED_FOR_VIDEO_VIEWS"] as const;

/** One kind of a video's analytics; nothing of viewers and of their times after six months (documented). */
export function videoAnalytics(post: LinkedInPost, type: (typeof videoTypes)[number], now: number): object[] {
  const isGone = type !== "TIME_WATCHED" && type !== "VIDEO_VIEW" && now - post.at > viewerDays * day;
  if (isGone || !post.isVideo) return [];
  const {impressions} = countersAt(post, now);
  const views = Math.floor(impressions * 0.4);
  const value = {
    VIDEO_VIEW: views,
    VIEWER: Math.floor(views * 0.8),
    TIME_WATCHED: views * 21_000,
    TIME_WATCHED_FOR_VIDEO_VIEWS: views * 17_000
  }[type];
  return [{entity: post.urn, statisticsType: type, value}];
}

interface Totals {
  impressions: number;
  unique: number;
  clicks: number;
  likes: number;
  comments: number;
  shares: number;
}

function totalsOf({impressions, uniqueImpressions, clicks, likes, comments, shares}: Counters): Totals {
  return {impressions, unique: uniqueImpressions, clicks, likes, comments, shares};
}

function added(all: Totals[]): Totals {
  const totals = {impressions: 0, unique: 0, clicks: 0, likes: 0, comments: 0, shares: 0};
  for (const one of all) for (const name of namesOf(totals)) totals[name] += one[name];
  return totals;
}

function less(after: Totals, before: Totals): Totals {
  const gained = {...after};
  for (const name of namesOf(gained)) gained[name] -= before[name];
  return gained;
}

function namesOf(totals: Totals): (keyof Totals)[] {
  return Object.keys(totals) as (keyof Totals)[];
}

function statistics(totals: Totals, {isMisshapen}: Bent): Statistics {
  const {impressions, unique, clicks, likes, comments, shares} = totals;
  return {
    uniqueImpressionsCount: unique,
    shareCount: shares,
    engagement: impressions === 0 ? 0 : (clicks + likes + comments + shares) / impressions,
    clickCount: clicks,
    ...(isMisshapen ? {} : {likeCount: likes}),
    impressionCount: impressions,
    commentCount: comments
  };
}

/** The organisation's totals have two counters more. */
function mentioned(of: Statistics): object {
  return {...of, shareMentionsCount: 0, commentMentionsCount: 0};
}
