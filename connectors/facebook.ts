/**
 * Facebook Pages: the page and its followers, its posts with their insights, videos and reels, and its days.
 *
 * `period=lifetime` is sent with a post's insights: without it a metric comes twice, and the one of the day is 0. A day
 * is a Pacific one and `end_time` its end. Reels may be missing from a page's posts, so its videos are listed too.
 */
import {z} from "zod";
import {type Ask, connector, get, hashtags, type LandedRecord, listing, partRead, stream} from "./connector.ts";
import {
  dailyInsights,
  dailyValues,
  graph,
  type InsightValues,
  insights,
  instant,
  lifetimeValues,
  nextPage,
  paging,
  versioned
} from "./graph.ts";

const count = z.int();
const summary = z.object({summary: z.object({total_count: count})});
/** About 600 ranked posts of a calendar year can be listed, and Pages are twenty years old: a bound for the first night. */
const reachable = 20 * 600;

const attachment = z.object({
  media_type: z.string().optional(),
  type: z.string().optional(),
  unshimmed_url: z.string().optional(),
  target: z.object({id: z.string().optional()}).optional(),
  subattachments: z.object({data: z.array(z.object({}))}).optional()
});

const plainPost = z.object({
  id: z.string(),
  message: z.string().optional(),
  created_time: instant,
  // That a post is a reel stands nowhere else.
  permalink_url: z.string(),
  status_type: z.string().optional(),
  is_published: z.boolean().optional(),
  // Left out of a post that was never shared: the one zero that the platform defines.
  shares: z.object({count}).optional(),
  attachments: z.object({data: z.array(attachment)}).optional(),
  insights: insights.optional(),
  // Without the permission for them they are not asked for.
  reactions: z.undefined().optional(),
  comments: z.undefined().optional()
});
const countedPost = plainPost.extend({reactions: summary, comments: summary});
const pageOf = <T extends z.ZodType>(post: T) => z.object({data: z.array(post), paging: paging.optional()});
const posts = z.union([pageOf(countedPost), pageOf(plainPost)]);
type Post = z.infer<typeof plainPost> | z.infer<typeof countedPost>;

const video = z.object({
  id: z.string(),
  post_id: z.string().optional(),
  created_time: instant,
  description: z.string().optional(),
  permalink_url: z.string()
});
const videos = pageOf(video);

const postFields =
  "id,message,created_time,permalink_url,status_type,is_published,shares,attachments{media_type,type,unshimmed_url,target,subattachments}";

function fieldsFor({parts, metrics}: Ask): string {
  return [
    postFields,
    ...(parts.includes("summaries")
      ? ["reactions.limit(0).summary(total_count)", "comments.limit(0).summary(total_count)"]
      : []),
    ...(parts.includes("insights") && metrics.length > 0
      ? [`insights.metric(${metrics.join(",")}).period(lifetime)`]
      : [])
  ].join(",");
}

const seconds = (date: Date | undefined): string | undefined =>
  date === undefined ? undefined : String(Math.floor(date.getTime() / 1000));

export const facebook = connector({
  platform: "facebook",
  docs: "https://developers.facebook.com/docs/pages-api",
  ...graph("docs/facebook.md"),
  permissions: [
    {name: "pages_read_engagement", gives: "the page, its followers and its posts"},
    {name: "pages_read_user_content", gives: "the numbers of comments and reactions"},
    {name: "read_insights", gives: "views, reach, clicks, reactions by kind, and the page's days"}
  ],
  streams: {
    account: stream({
      docs: "https://developers.facebook.com/docs/graph-api/reference/page",
      answer: z.object({
        id: z.string(),
        name: z.string(),
        username: z.string().optional(),
        link: z.string().optional(),
        followers_count: count
      }),
      key: "id",
      records: page => [page],
      snapshot: {
        request: ({account}) =>
          get(versioned(account, account.id), "/{page}", {fields: "id,name,username,link,followers_count"})
      }
    }),
    account_days: stream({
      docs: "https://developers.facebook.com/docs/platforminsights/page",
      answer: dailyInsights,
      key: "metric",
      records: dailyValues,
      series: {
        request: ({account, metrics, from, to}) =>
          get(versioned(account, `${account.id}/insights`), "/{page}/insights", {
            metric: metrics.join(","),
            period: "day",
            // With `since` a day, the first value ends on the next one.
            since: from!.toISOString().slice(0, 10),
            until: dayAfter(to!)
          }),
        metrics: [
          "page_follows",
          "page_daily_follows_unique",
          "page_daily_unfollows_unique",
          "page_media_view",
          "page_total_media_view_unique",
          "page_post_engagements",
          "page_views_total",
          "page_video_views"
        ],
        days: 4,
        span: 90,
        history: 730,
        what: "views, reach and engagements of the page by day"
      }
    }),
    audience: stream({
      docs: "https://developers.facebook.com/documentation/pages-api/platforminsights/page/deprecated-metrics",
      answer: dailyInsights,
      key: "country",
      records: followersByCountry,
      snapshot: {
        request: ({account, metrics}) =>
          get(versioned(account, `${account.id}/insights`), "/{page}/insights", {
            metric: metrics.join(","),
            period: "day"
          }),
        metrics: ["page_follows_country"],
        isAlone: true,
        isAudience: true
      }
    }),
    posts: stream({
      docs: "https://developers.facebook.com/docs/graph-api/reference/page/feed",
      answer: posts,
      key: "id",
      publishedAt: ({published_at}) => (typeof published_at === "string" ? new Date(published_at) : undefined),
      records: ({data}) => data.filter(({is_published}) => is_published !== false).map(postRecord),
      parts: {
        summaries: {what: "how many reacted and commented", isNested: true},
        insights: {
          what: "views, reach, clicks and reactions by kind of a post",
          isNested: true,
          metrics: [
            "post_media_view",
            "post_total_media_view_unique",
            "post_clicks",
            "post_clicks_by_type",
            "post_reactions_by_type_total",
            "post_video_views"
          ]
        },
        video: {
          what: "plays and watch time of a video or reel",
          types: ["video", "short"],
          metrics: [
            "blue_reels_play_count",
            "post_video_view_time",
            "post_video_followers",
            "total_video_view_total_time"
          ],
          read: partRead({
            docs: "https://developers.facebook.com/docs/graph-api/reference/video/video_insights",
            id: ({video_id}) => video_id as string | null | undefined,
            request: ({account, ids, metrics}) =>
              get(versioned(account, `${ids![0]}/video_insights`), "/{video}/video_insights", {
                metric: metrics.join(",")
              }),
            size: 1,
            isBatched: true,
            answer: insights,
            values: (answer, {ids}) => new Map([[ids![0]!, lifetimeValues(answer)]])
          })
        }
      },
      lists: [
        {
          request: ask =>
            get(versioned(ask.account, `${ask.account.id}/published_posts`), "/{page}/published_posts", {
              fields: fieldsFor(ask),
              limit: String(ask.size),
              since: seconds(ask.from),
              until: seconds(ask.to)
            }),
          size: 100,
          send: "after",
          next: nextPage,
          reachable
        },
        listing<z.infer<typeof videos>>({
          answer: videos,
          records: ({data}, {account}) => data.map(item => videoRecord(item, account.id)),
          request: ({account, size}) =>
            get(versioned(account, `${account.id}/videos`), "/{page}/videos", {
              fields: "id,post_id,created_time,description,permalink_url",
              limit: String(size)
            }),
          size: 100,
          send: "after",
          next: nextPage,
          types: ["video", "short"],
          isPartial: true,
          reachable,
          isWindowless: true
        })
      ],
      lookup: {
        request: ask => get(versioned(ask.account, ask.ids![0]!), "/{post}", {fields: fieldsFor(ask)}),
        answer: z.union([countedPost, plainPost]).transform(one => ({data: [one]})),
        size: 50,
        isBatched: true
      }
    })
  }
});

function dayAfter(date: Date): string {
  return new Date(date.getTime() + 86_400_000).toISOString().slice(0, 10);
}

function postRecord(item: Post): LandedRecord {
  const [attached] = item.attachments?.data ?? [];
  const attachedVideo = attached?.media_type === "video" || attached?.type?.startsWith("video") ? attached : undefined;
  // What the staging model types as a video or reel.
  const isVideo =
    attachedVideo !== undefined || item.status_type === "added_video" || item.permalink_url.includes("/reel/");
  const isLink = attached?.media_type === "link" || attached?.type === "share";
  return {
    id: item.id,
    published_at: item.created_time,
    text: item.message ?? null,
    hashtags: hashtags(item.message),
    permalink: item.permalink_url ?? null,
    status_type: item.status_type ?? null,
    media_type: attached?.media_type ?? null,
    attachment_type: attached?.type ?? null,
    picture_count: attached?.subattachments?.data.length ?? 0,
    // Animated pictures and videos of elsewhere pass for videos, without an id of their own.
    ...(isVideo ? {video_id: attachedVideo?.target?.id ?? null} : {}),
    links: isLink && attached?.unshimmed_url !== undefined ? [attached.unshimmed_url] : [],
    // The platform leaves it out of a post that was never shared: the one zero that it tells in this way.
    share_count: item.shares?.count ?? 0,
    reaction_count: item.reactions?.summary.total_count ?? null,
    comment_count: item.comments?.summary.total_count ?? null,
    insights: item.insights === undefined ? null : renamed(lifetimeValues(item.insights))
  };
}

/** Kinds have names in lower case without spaces, also those that no column is for yet: `link clicks` is `link_clicks`. */
function renamed(values: InsightValues): InsightValues {
  return Object.fromEntries(
    Object.entries(values).map(([metric, value]) => [
      metric,
      typeof value === "number"
        ? value
        : Object.fromEntries(Object.entries(value).map(([kind, n]) => [kind.toLowerCase().replaceAll(" ", "_"), n]))
    ])
  );
}

/** A video that the page's posts may have left out; a post of the same night with the same id stands before it. */
function videoRecord(item: z.infer<typeof video>, pageId: string): LandedRecord {
  const post = item.post_id ?? item.id;
  return {
    id: post.includes("_") ? post : `${pageId}_${post}`,
    published_at: item.created_time,
    text: item.description ?? null,
    hashtags: hashtags(item.description),
    permalink: item.permalink_url ?? null,
    media_type: "video",
    video_id: item.id,
    links: [],
    insights: null
  };
}

function followersByCountry({data}: z.infer<typeof dailyInsights>): LandedRecord[] {
  return data.flatMap(({name, values}) => {
    const last = values.at(-1);
    if (last === undefined || typeof last.value === "number") return [];
    const {value: countries, end_time: endedAt} = last;
    return Object.entries(countries).map(([country, value]) => ({metric: name, ended_at: endedAt, country, value}));
  });
}
