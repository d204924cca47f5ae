/**
 * The posts of an organisation's page. They are listed without their numbers; these come by lists of URNs: statistics,
 * each URN type in a parameter of its own, and reactions by kind.
 */
import {z} from "zod";
import {hashtags, type LandedRecord, listing, type Missing, type Part, partRead, stream} from "./connector.ts";
import {list, listSize, milliseconds, organisation, pageKinds, rest, typeOf, urn} from "./linkedin-rest.ts";

const count = z.int();

const post = z
  .object({
    id: z.string(),
    commentary: z.string().optional(),
    publishedAt: milliseconds.optional(),
    lifecycleState: z.string(),
    distribution: z.object({feedDistribution: z.string()}),
    content: z
      .object({
        media: z.object({id: z.string()}).optional(),
        multiImage: z.object({}).optional(),
        article: z.object({source: z.string().optional()}).optional(),
        poll: z.object({}).optional(),
        carousel: z.object({}).optional(),
        reference: z.object({}).optional()
      })
      .optional(),
    reshareContext: z.object({}).optional(),
    adContext: z.object({isDsc: z.boolean().optional()}).optional()
  })
  .refine(({lifecycleState, publishedAt}) => lifecycleState !== "PUBLISHED" || publishedAt !== undefined, {
    path: ["publishedAt"]
  });

const listed = z.object({
  elements: z.array(post),
  paging: z.object({
    start: count,
    count,
    links: z.array(z.object({rel: z.string(), href: z.string()}))
  })
});

const looked = z.object({
  results: z.record(z.string(), post),
  statuses: z.record(z.string(), z.int()).optional(),
  errors: z.record(z.string(), z.object({status: z.int().optional()})).optional()
});

/** Statistics of a post, or of all of a page's on a day. */
export const shareStatistics = z.object({
  impressionCount: count,
  uniqueImpressionsCount: count,
  clickCount: count,
  // Negative where a like on a sponsored share was undone.
  likeCount: count,
  commentCount: count,
  shareCount: count
});

/** What share statistics count. */
export const shareCounters = Object.keys(shareStatistics.shape);

/** Of posts, each named by its URN under its own type. */
const postStatistics = z.object({
  elements: z.array(
    z.union([
      z.object({totalShareStatistics: shareStatistics, share: z.string()}),
      z.object({totalShareStatistics: shareStatistics, ugcPost: z.string()})
    ])
  )
});

/**
 * An element that is left out has only zeros where tonight's reactions are known and none, there are no comments, and
 * the post was never counted.
 */
function leftOut(isCounted: boolean, {reactions, reactions_status}: LandedRecord): {value: unknown} | Missing {
  if (isCounted || reactions_status !== "ok") return "failed";
  const {total, comments} = reactions as Reactions;
  return total === 0 && comments === 0 ? {value: zeros} : "failed";
}

const zeros = {
  impressionCount: 0,
  uniqueImpressionsCount: 0,
  clickCount: 0,
  likeCount: 0,
  commentCount: 0,
  shareCount: 0
};

/** Reactions of a post by kind, and how many comments it has. */
interface Reactions {
  kinds: Record<string, number>;
  total: number;
  comments: number | null;
  first_level_comments: number | null;
}

/** Reactions come first: statistics that leave a post out are judged by them. */
const pageParts: Record<string, Part> = {
  reactions: {
    what: "reactions by kind of a post",
    metrics: ["reactionSummaries"],
    read: partRead({
      docs: "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/social-metadata-api",
      id: ({id}) => String(id),
      request: ({ids}) => rest("socialMetadata", "socialMetadata", {ids: list(ids!)}),
      size: account => listSize(account, ""),
      answer: z.object({
        results: z.record(
          z.string(),
          z.object({
            reactionSummaries: z.record(z.string(), z.object({count})),
            commentSummary: z.object({count, topLevelCount: count.optional()}).optional()
          })
        )
      }),
      values: ({results}) =>
        new Map(
          Object.entries(results).map(([id, {reactionSummaries, commentSummary}]): [string, Reactions] => {
            const kinds = Object.fromEntries(Object.entries(reactionSummaries).map(([kind, one]) => [kind, one.count]));
            return [
              id,
              {
                kinds,
                total: Object.values(kinds).reduce((sum, one) => sum + one, 0),
                comments: commentSummary?.count ?? null,
                first_level_comments: commentSummary?.topLevelCount ?? null
              }
            ];
          })
        )
    })
  },
  statistics: {
    what: "impressions, reach, clicks, comments and shares of a post",
    youngerThanDays: 365,
    metrics: shareCounters,
    read: partRead({
      docs: "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/share-statistics",
      id: ({id}) => String(id),
      request: ({account, ids}) =>
        rest("organizationalEntityShareStatistics", "organizationalEntityShareStatistics", {
          q: "organizationalEntity",
          organizationalEntity: organisation(account),
          [`${typeOf(ids![0]!)}s`]: list(ids!)
        }),
      size: listSize,
      groups: {names: ["share", "ugcPost"], of: typeOf},
      answer: postStatistics,
      values: ({elements}) =>
        new Map(
          elements.map(element => ["share" in element ? element.share : element.ugcPost, element.totalShareStatistics])
        ),
      absent: leftOut
    })
  },
  video: {
    what: "views of a video",
    types: ["video"],
    metrics: ["VIDEO_VIEW"],
    read: partRead({
      docs: "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/video-analytics-api",
      // Of a share nothing is documented.
      id: ({id, post_type: type}) =>
        type !== "video" ? undefined : typeOf(String(id)) === "ugcPost" ? String(id) : null,
      request: ({ids, metrics}) =>
        rest("videoAnalytics", "videoAnalytics", {q: "entity", entity: urn(ids![0]!), type: metrics[0]!}),
      size: 1,
      answer: z.object({elements: z.array(z.object({value: count}))}),
      values: ({elements}, {ids}) => new Map(elements.map(({value}) => [ids![0]!, value])),
      absent: () => "not_offered"
    })
  }
};

export const postStreams = {
  posts: stream({
    docs: "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/posts-api",
    kinds: pageKinds,
    answer: looked,
    key: "id",
    publishedAt: ({published_at}) => (typeof published_at === "string" ? new Date(published_at) : undefined),
    records: ({results, statuses = {}, errors = {}}) => [
      ...ownPosts(Object.values(results)),
      ...[...new Set([...Object.keys(statuses), ...Object.keys(errors)])]
        .filter(id => statuses[id] === 404 || errors[id]?.status === 404)
        .map(id => ({id, is_gone: true}))
    ],
    parts: pageParts,
    lists: [
      listing({
        answer: listed,
        records: ({elements}) => ownPosts(elements),
        // In this order: one of those who use it found that the author must come first.
        request: ({account, size}) =>
          rest("posts", "posts", {
            author: organisation(account),
            q: "author",
            count: String(size),
            sortBy: "CREATED"
          }),
        size: 100,
        send: "start",
        next: ({paging}) => nextStart(paging),
        isWindowless: true
      })
    ],
    lookup: {
      request: ({ids}) => rest("posts", "posts", {ids: list(ids!)}),
      size: account => listSize(account, "")
    }
  })
};

/** Where the next page starts: of its address nothing but that is taken. */
function nextStart({start, count: size, links}: z.infer<typeof listed>["paging"]): string | undefined {
  const next = links.find(({rel}) => rel === "next");
  if (next === undefined) return undefined;
  const named = new URLSearchParams(next.href.split("?")[1]).get("start") ?? "";
  return /^\d+$/.test(named) ? named : String(start + size);
}

function ownPosts(posts: readonly z.infer<typeof post>[]): LandedRecord[] {
  return posts.filter(isOwn).map(postRecord);
}

/** Published, and no advertisement that only its target group sees. */
function isOwn({lifecycleState, adContext, distribution}: z.infer<typeof post>): boolean {
  return lifecycleState === "PUBLISHED" && adContext?.isDsc !== true && distribution.feedDistribution !== "NONE";
}

function postRecord({id, commentary, content = {}, reshareContext, publishedAt}: z.infer<typeof post>): LandedRecord {
  const words = unescaped(commentary ?? "");
  const isRepost = reshareContext !== undefined;
  return {
    id,
    published_at: new Date(publishedAt!).toISOString(),
    text: words,
    post_type: typeOfContent(content),
    is_repost: isRepost && words === "",
    is_quote: isRepost && words !== "",
    hashtags: hashtags(words),
    links: content.article?.source === undefined ? [] : [content.article.source]
  };
}

function typeOfContent(content: NonNullable<z.infer<typeof post>["content"]>): string {
  const media = /^urn:li:(image|video|document):/.exec(content.media?.id ?? "")?.[1];
  if (media !== undefined) return media;
  if (content.multiImage !== undefined || content.carousel !== undefined) return "album";
  if (content.article !== undefined) return "link";
  if (content.poll !== undefined) return "poll";
  if (content.reference !== undefined) return "event";
  return content.media === undefined ? "text" : "other";
}

/** "Little text" as people read it: mentions and hashtags by their names, without the escapes. */
function unescaped(text: string): string {
  return text
    .replace(/\{hashtag\|\\?#\|([^}]*)\}/g, "#$1")
    .replace(/@\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/\\([\\|{}@[\]()<>#*_~])/g, "$1");
}
