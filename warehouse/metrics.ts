/**
 * The one list of a post's metrics and their parts, in our words whatever the platform calls them.
 *
 * A reading is a wide row with a column for each: `reactions` is the total, `reactions__like` its part. The tables of
 * `core`, the long view `mart.post_metric` and the columns that a staging model may give all follow from this list.
 */
export const metrics = {
  reach: [],
  views: ["from_followers", "from_ads"],
  impressions: [],
  thumbnail_impressions: [],
  reactions: ["like", "love", "care", "haha", "wow", "sad", "angry", "celebrate", "support", "insightful", "funny"],
  comments: ["first_level", "reply", "own"],
  shares: ["repost", "quote", "send"],
  saves: [],
  clicks: ["link", "profile", "hashtag", "media", "detail"],
  engagements: [],
  video_views: [],
  watch_seconds: [],
  followers_gained: [],
  profile_visits: []
} as const satisfies Record<string, readonly string[]>;

export interface MetricColumn {
  column: string;
  metric: string;
  /** The part; null for the total. */
  kind: string | null;
}

/** Every metric and part, in the order of the list. */
export const metricColumns: readonly MetricColumn[] = Object.entries(metrics).flatMap(([metric, kinds]) => [
  {column: metric, metric, kind: null},
  ...kinds.map(kind => ({column: `${metric}__${kind}`, metric, kind}))
]);

/** Stocks of an account that a snapshot gives, each a column of the union `account`. */
export const accountStocks = ["followers"] as const;
