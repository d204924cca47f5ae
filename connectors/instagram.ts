/**
 * Instagram's API with Facebook Login: the account and its followers, its posts and stories with their insights, its
 * days, and who the followers are.
 *
 * One metric that a medium has not fails the call, so only those are asked for that pictures and reels have alike. Media
 * from before the account was a professional one have no insights, and one of them refuses a whole page.
 */
import {z} from "zod";
import {type Ask, connector, get, hashtags, type LandedRecord, type PartRead, partRead, stream} from "./connector.ts";
import {graph, insights, instant, lifetimeValues, nextPage, paging, versioned} from "./graph.ts";

const count = z.int();

const media = z.object({
  id: z.string(),
  media_type: z.string(),
  media_product_type: z.string(),
  caption: z.string().optional(),
  permalink: z.string().optional(),
  shortcode: z.string().optional(),
  timestamp: instant,
  // Left out where the owner hides it.
  like_count: count.optional(),
  comments_count: count.optional(),
  insights: insights.optional()
});
const page = z.object({data: z.array(media), paging: paging.optional()});

/** Insights of the account: one number for a window, or its parts, which have no sum. */
const totals = z.object({data: z.array(z.object({name: z.string(), total_value: z.object({value: count})}))});
const part = z.object({dimension_values: z.array(z.string()), value: count});
const breakdown = z.object({results: z.array(part).optional()});
const breakdowns = z.object({
  data: z.array(z.object({total_value: z.object({breakdowns: z.array(breakdown)})}))
});

/** The parts of a metric that is broken down by one thing: its value, and how many. */
function partsOf({data}: z.infer<typeof breakdowns>): [value: string, count: number][] {
  return data
    .flatMap(({total_value: {breakdowns}}) => breakdowns.flatMap(({results = []}) => results))
    .map(({dimension_values: [value], value: count}) => [value!, count]);
}

const fields = "id,media_type,media_product_type,caption,permalink,shortcode,timestamp,like_count,comments_count";

function fieldsFor({parts, metrics}: Ask): string {
  return parts.includes("insights") && metrics.length > 0 ? `${fields},insights.metric(${metrics.join(",")})` : fields;
}

const unix = (date: Date | undefined): string | undefined =>
  date === undefined ? undefined : String(Math.floor(date.getTime() / 1000));

const insightsOfOne: PartRead = partRead({
  docs: "https://developers.facebook.com/documentation/instagram-platform/reference/instagram-media/insights",
  id: ({id}) => String(id),
  request: ({account, ids, metrics}) =>
    get(versioned(account, `${ids![0]}/insights`), "/{media}/insights", {metric: metrics.join(",")}),
  size: 1,
  isBatched: true,
  answer: insights,
  values: (answer, {ids}) => new Map([[ids![0]!, lifetimeValues(answer)]])
});

export const instagram = connector({
  platform: "instagram",
  docs: "https://developers.facebook.com/documentation/instagram-platform",
  ...graph("docs/instagram.md"),
  permissions: [
    {name: "instagram_basic", gives: "the account, its followers and its posts"},
    {name: "instagram_manage_insights", gives: "views, reach, saves and shares, the account's days and its audience"},
    {name: "pages_read_engagement", gives: "the way from the Facebook Page to the account"}
  ],
  streams: {
    account: stream({
      docs: "https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user",
      answer: z.object({
        id: z.string(),
        username: z.string(),
        name: z.string().optional(),
        followers_count: count
      }),
      key: "id",
      records: account => [account],
      snapshot: {
        request: ({account}) =>
          get(versioned(account, account.id), "/{user}", {fields: "id,username,name,followers_count"})
      }
    }),
    account_days: stream({
      docs: "https://developers.facebook.com/documentation/instagram-platform/api-reference/instagram-user/insights",
      answer: totals,
      key: "metric",
      records: ({data}, {to}) =>
        data.map(({name, total_value: {value}}) => ({metric: name, on_date: dayOf(to!), value})),
      series: {
        request: ask =>
          accountInsights(ask, {metric: ask.metrics.join(","), period: "day", metric_type: "total_value"}),
        metrics: [
          "reach",
          "views",
          "accounts_engaged",
          "total_interactions",
          "likes",
          "comments",
          "saves",
          "shares",
          "profile_links_taps"
        ],
        days: 3,
        // One number a call: for a series by day each day is asked for by itself.
        span: 1,
        history: 90,
        what: "views, reach and engagements of the account by day"
      }
    }),
    follows: stream({
      docs: "https://developers.facebook.com/documentation/instagram-platform/api-reference/instagram-user/insights",
      answer: breakdowns,
      key: "metric",
      records: (answer, {from, to}) =>
        partsOf(answer).flatMap(([kind, value]) => {
          const metric = {FOLLOWER: "follows", NON_FOLLOWER: "unfollows"}[kind];
          const window_days = Math.round((to!.getTime() - from!.getTime()) / 86_400_000) + 1;
          return metric === undefined ? [] : [{metric, window_days, on_date: dayOf(to!), value}];
        }),
      series: {
        request: ask =>
          accountInsights(ask, {
            metric: ask.metrics.join(","),
            period: "day",
            metric_type: "total_value",
            breakdown: "follow_type"
          }),
        metrics: ["follows_and_unfollows"],
        // Refused for a single day.
        days: 7,
        span: 7,
        isRolling: true,
        history: 90,
        what: "follows and unfollows"
      }
    }),
    audience: stream({
      docs: "https://developers.facebook.com/documentation/instagram-platform/api-reference/instagram-user/insights",
      answer: breakdowns,
      key: "category",
      records: (answer, {metrics}) =>
        partsOf(answer).map(([category, value]) => ({metric: metrics[0], category, value})),
      snapshot: {
        request: ({account, metrics}) =>
          get(versioned(account, `${account.id}/insights`), "/{user}/insights", {
            metric: "follower_demographics",
            period: "lifetime",
            metric_type: "total_value",
            timeframe: "this_month",
            breakdown: metrics[0]
          }),
        // Cities are never asked for: they point at people.
        metrics: ["age", "gender", "country"],
        isAlone: true,
        isAudience: true
      }
    }),
    posts: stream<z.infer<typeof page>>({
      docs: "https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media",
      answer: page,
      key: "id",
      publishedAt,
      records: ({data}) => data.filter(({media_product_type: type}) => type !== "AD").map(mediaRecord),
      parts: {
        insights: {
          what: "views, reach, saves and shares of a post",
          isNested: true,
          metrics: ["views", "reach", "likes", "comments", "saved", "shares", "total_interactions"],
          read: insightsOfOne
        }
      },
      lists: [
        {
          request: ask =>
            get(versioned(ask.account, `${ask.account.id}/media`), "/{user}/media", {
              fields: fieldsFor(ask),
              limit: String(ask.size),
              since: unix(ask.from),
              until: unix(ask.to)
            }),
          size: 100,
          send: "after",
          next: nextPage,
          reachable: 10_000
        }
      ],
      lookup: {
        request: ask => get(versioned(ask.account, ask.ids![0]!), "/{media}", {fields: fieldsFor(ask)}),
        answer: media.transform(one => ({data: [one]})),
        size: 50,
        isBatched: true
      }
    }),
    stories: stream<z.infer<typeof page>>({
      docs: "https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/stories",
      answer: page,
      key: "id",
      types: ["story"],
      publishedAt,
      records: ({data}) => data.map(mediaRecord),
      parts: {
        insights: {
          what: "views and reach of a story, which exist for 24 hours",
          isNested: true,
          metrics: ["views", "reach", "shares", "total_interactions", "replies", "follows", "profile_visits"],
          read: insightsOfOne
        }
      },
      lists: [
        {
          request: ask =>
            get(versioned(ask.account, `${ask.account.id}/stories`), "/{user}/stories", {
              fields: fieldsFor(ask),
              limit: String(ask.size)
            }),
          size: 100,
          send: "after",
          next: nextPage,
          isWindowless: true,
          reachable: 100,
          history: 1
        }
      ]
    })
  }
});

/** The account's insights from a day's start to another's end. */
function accountInsights({account, from, to}: Ask, query: Record<string, string>) {
  return get(versioned(account, `${account.id}/insights`), "/{user}/insights", {
    ...query,
    since: unix(from),
    until: unix(new Date(to!.getTime() + 86_399_000))
  });
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function publishedAt({published_at}: LandedRecord): Date | undefined {
  return typeof published_at === "string" ? new Date(published_at) : undefined;
}

function mediaRecord(item: z.infer<typeof media>): LandedRecord {
  return {
    id: item.id,
    media_type: item.media_type,
    product_type: item.media_product_type,
    text: item.caption ?? null,
    hashtags: hashtags(item.caption),
    permalink: item.permalink ?? null,
    aliases: item.shortcode === undefined ? [] : [item.shortcode],
    published_at: item.timestamp,
    like_count: item.like_count ?? null,
    comment_count: item.comments_count ?? null,
    insights: item.insights === undefined ? null : lifetimeValues(item.insights)
  };
}
