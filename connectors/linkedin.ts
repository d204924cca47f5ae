/**
 * LinkedIn: an organisation's page with its posts, their statistics and its days, and a member's own profile.
 *
 * Posts are listed without their numbers; these come by lists of URNs: statistics, each URN type in a parameter of its
 * own, and reactions by kind. Days are UTC days. A query is written by Rest.li's grammar, in which brackets and commas
 * are structure and what is text is percent-encoded.
 */
import {z} from "zod";
import {
  type Account,
  type ApiRequest,
  type Ask,
  accessCheck,
  connector,
  hashtags,
  type KnownPost,
  type LandedRecord,
  listing,
  type Missing,
  type Part,
  type Problem,
  partRead,
  stream
} from "./connector.ts";
import {countryCode, nameOf} from "./linkedin-names.ts";

const count = z.int();
const milliseconds = z.int();
const day = 86_400_000;

const pageKinds = ["page", "organisation"];

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

const shareStatistics = z.object({
  impressionCount: count,
  uniqueImpressionsCount: count,
  clickCount: count,
  // Negative where a like on a sponsored share was undone.
  likeCount: count,
  commentCount: count,
  shareCount: count
});

/** Of posts, each named by its URN under its own type. */
const postStatistics = z.object({
  elements: z.array(
    z.union([
      z.object({totalShareStatistics: shareStatistics, share: z.string()}),
      z.object({totalShareStatistics: shareStatistics, ugcPost: z.string()})
    ])
  )
});

const followerCounts = z.object({organicFollowerCount: count, paidFollowerCount: count});

/** A facet of the followers: its classes, each URN cut to what stands behind its last colon. A page may lack it. */
function facet(key: string, category: z.ZodType<string> = z.string()) {
  return z
    .array(z.object({followerCounts}).and(z.object({[key]: category})))
    .transform(classes =>
      classes.map(({followerCounts: {organicFollowerCount, paidFollowerCount}, ...named}) => ({
        category: named[key]!.split(":").at(-1)!,
        followers: organicFollowerCount + paidFollowerCount
      }))
    )
    .optional();
}

const urn = (id: string): string => encodeURIComponent(id);
const list = (ids: readonly string[]): string => `List(${ids.map(urn).join(",")})`;
const organisation = ({id}: Account): string => urn(`urn:li:organization:${id}`);

/** A GET request whose values are written in Rest.li's grammar already. */
function rest(path: string, endpoint: string, query: Record<string, string>): ApiRequest {
  return {method: "GET", path: `/rest/${path}`, endpoint: `/rest/${endpoint}`, query};
}

/** Days as Rest.li's interval: from midnight to midnight UTC, the end exclusive. */
function byDay({from, to}: Ask): string {
  const range = `(start:${from!.getTime()},end:${to!.getTime() + day})`;
  return `(timeRange:${range},timeGranularityType:DAY)`;
}

/** A list of at most the account's `ids_per_call`, 50 unless told; 95 of the longer URNs fill a query of 4,000 characters. */
function listSize({idsPerCall = 50}: Account, group: string): number {
  return group === "share" ? Math.min(100, idsPerCall) : Math.min(95, idsPerCall);
}

const typeOf = (id: string): string => (id.startsWith("urn:li:share:") ? "share" : "ugcPost");

/** An element that is left out has only zeros, unless the post was ever counted or has reactions or comments tonight. */
function leftOut(known: KnownPost | undefined, {reactions}: LandedRecord): {value: unknown} | Missing {
  const {total = 0, comments = 0} = (reactions ?? {}) as Partial<Reactions>;
  return known?.isCounted || total > 0 || (comments ?? 0) > 0 ? "failed" : {value: zeros};
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
      id: ({id, post_type: type}) => (type === "video" && typeOf(String(id)) === "ugcPost" ? String(id) : undefined),
      request: ({ids, metrics}) =>
        rest("videoAnalytics", "videoAnalytics", {q: "entity", entity: urn(ids![0]!), type: metrics[0]!}),
      size: 1,
      answer: z.object({elements: z.array(z.object({value: count}))}),
      values: ({elements}, {ids}) => new Map(elements.map(({value}) => [ids![0]!, value])),
      absent: () => "not_offered"
    })
  }
};

/** What of a member's post is counted, each asked for by a call of its own. */
const memberMetrics = {
  impressions: "IMPRESSION",
  reach: "MEMBERS_REACHED",
  reshares: "RESHARE",
  reactions: "REACTION",
  comments: "COMMENT"
};

const memberParts: Record<string, Part> = Object.fromEntries(
  Object.entries(memberMetrics).map(([name, queryType]) => [
    name,
    {
      what: `${name} of a member's post`,
      metrics: [queryType],
      read: partRead({
        docs: "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/members/post-statistics",
        // An activity, as addresses of posts name it, is not taken.
        id: ({id}) => (/^urn:li:(share|ugcPost):\d+$/.test(String(id)) ? String(id) : undefined),
        request: ({ids, metrics}) => {
          const [id] = ids!;
          const kind = typeOf(id!) === "share" ? "share" : "ugc";
          return rest("memberCreatorPostAnalytics", `memberCreatorPostAnalytics?queryType=${queryType}`, {
            q: "entity",
            entity: `(${kind}:${urn(id!)})`,
            queryType: metrics[0]!,
            aggregation: "TOTAL"
          });
        },
        size: 1,
        answer: z.object({elements: z.array(z.object({count}))}),
        values: ({elements}, {ids}) => new Map(elements.map(element => [ids![0]!, element.count])),
        absent: () => "not_offered"
      })
    }
  ])
);

const notThere =
  "LinkedIn has no such thing, or not for this app: a member's profile needs the upgraded tier of the Community Management product, else check the account's id and kind (docs/linkedin.md)";

const sixtyDays = "it ends 60 days after it was made";

export const linkedin = connector({
  platform: "linkedin",
  docs: "https://learn.microsoft.com/en-us/linkedin/marketing/community-management",
  baseUrl: "https://api.linkedin.com",
  apiVersion: "202609",
  auth: [
    {
      scheme: "oauth2",
      keys: ["client_id", "client_secret", "refresh_token"],
      userContext: true,
      tokenPath: "/oauth/v2/accessToken",
      tokenBaseUrl: "https://www.linkedin.com",
      isClientInForm: true
    },
    {scheme: "bearer", keys: ["token"], userContext: true, lasts: sixtyDays},
    // The app's id and secret let `check` ask when the token ends.
    {scheme: "bearer", keys: ["client_id", "client_secret", "token"], userContext: true, lasts: sixtyDays}
  ],
  access: accessCheck({
    docs: "https://learn.microsoft.com/en-us/linkedin/shared/authentication/token-introspection",
    baseUrl: "https://www.linkedin.com",
    request: ({auth: {client_id, client_secret, token} = {}}) =>
      client_id === undefined || client_secret === undefined || token === undefined
        ? undefined
        : {
            method: "POST",
            path: "/oauth/v2/introspectToken",
            endpoint: "/oauth/v2/introspectToken",
            query: {},
            form: {client_id, client_secret, token}
          },
    answer: z.object({
      active: z.boolean(),
      expires_at: z.int().optional(),
      scope: z.string().optional()
    }),
    access: ({active, expires_at: seconds, scope}) => ({
      isValid: active,
      endsAt: seconds === undefined ? undefined : new Date(seconds * 1000),
      permissions: scope?.split(/[\s,]+/)
    })
  }),
  permissions: [
    {name: "r_organization_social", kinds: pageKinds, gives: "the posts"},
    {name: "rw_organization_admin", kinds: pageKinds, gives: "followers, statistics and views of the page"},
    {name: "r_member_postAnalytics", kinds: ["member"], gives: "the counters of the member's posts"},
    {name: "r_member_profileAnalytics", kinds: ["member"], gives: "the member's followers"}
  ],
  headers: ({apiVersion}) => ({"LinkedIn-Version": apiVersion, "X-Restli-Protocol-Version": "2.0.0"}),
  encodeQuery: value => value,
  isFree: true,
  errors: [
    {type: "day-limit", then: "next night"},
    {status: 429, then: "wait"},
    {
      status: 401,
      then: "tell a person",
      action: "the access has ended; sign in again (docs/linkedin.md) and put the new token into .env"
    },
    {
      status: 403,
      then: "drop the part",
      as: "not_permitted",
      action: "the app or the person behind it lacks a permission; see docs/linkedin.md"
    },
    {
      status: 426,
      then: "tell a person",
      action: "this version of LinkedIn's API has ended; set api_version in megaphone.yaml to a newer month"
    },
    {type: "no-metric", then: "drop the metric"},
    {title: "RESOURCE_NOT_FOUND", then: "refuse", action: notThere},
    {status: 404, then: "gone", action: notThere},
    {status: 422, then: "refuse"},
    {status: 400, then: "refuse"}
  ],
  problems,
  streams: {
    account: stream({
      docs: "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/organization-lookup-api",
      kinds: pageKinds,
      answer: z.object({firstDegreeSize: count}),
      key: "followers",
      records: ({firstDegreeSize}) => [{followers: firstDegreeSize}],
      snapshot: {
        request: ({account}) =>
          rest(`networkSizes/${organisation(account)}`, "networkSizes/{organization}", {
            edgeType: "COMPANY_FOLLOWED_BY_MEMBER"
          })
      }
    }),
    organisation: stream({
      docs: "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/organization-lookup-api",
      kinds: pageKinds,
      answer: z.object({id: z.int(), localizedName: z.string(), vanityName: z.string().optional()}),
      key: "id",
      records: ({localizedName, vanityName}) => [{name: localizedName, vanity_name: vanityName ?? null}],
      snapshot: {
        request: ({account}) => rest(`organizations/${account.id}`, "organizations/{id}", {}),
        isAudience: true
      }
    }),
    follower_gains: stream({
      docs: "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/follower-statistics",
      kinds: pageKinds,
      answer: z.object({
        elements: z.array(
          z.object({
            timeRange: z.object({start: milliseconds}),
            followerGains: z.object({organicFollowerGain: count, paidFollowerGain: count})
          })
        )
      }),
      key: "on_date",
      records: ({elements}) =>
        elements.map(({timeRange, followerGains}) => ({
          on_date: dayOf(timeRange.start),
          organic: followerGains.organicFollowerGain,
          paid: followerGains.paidFollowerGain
        })),
      series: {
        request: ask =>
          rest("organizationalEntityFollowerStatistics", "organizationalEntityFollowerStatistics", {
            q: "organizationalEntity",
            organizationalEntity: organisation(ask.account),
            timeIntervals: byDay(ask)
          }),
        days: 4,
        span: 365,
        history: 365,
        what: "followers gained by day"
      }
    }),
    page_days: stream({
      docs: "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/share-statistics",
      kinds: pageKinds,
      answer: z.object({
        elements: z.array(z.object({totalShareStatistics: shareStatistics, timeRange: z.object({start: milliseconds})}))
      }),
      key: "on_date",
      records: ({elements}) =>
        elements.map(({timeRange, totalShareStatistics}) => ({
          on_date: dayOf(timeRange.start),
          ...totalShareStatistics
        })),
      series: {
        request: ask =>
          rest("organizationalEntityShareStatistics", "organizationalEntityShareStatistics", {
            q: "organizationalEntity",
            organizationalEntity: organisation(ask.account),
            timeIntervals: byDay(ask)
          }),
        days: 4,
        span: 365,
        history: 365,
        what: "impressions, reach and engagements of the page by day"
      }
    }),
    page_views: stream({
      docs: "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/page-statistics",
      kinds: pageKinds,
      answer: z.object({
        elements: z.array(
          z.object({
            timeRange: z.object({start: milliseconds}),
            totalPageStatistics: z.object({
              views: z.object({allPageViews: z.object({pageViews: count})})
            })
          })
        )
      }),
      key: "on_date",
      records: ({elements}) =>
        elements.map(({timeRange, totalPageStatistics}) => ({
          on_date: dayOf(timeRange.start),
          page_views: totalPageStatistics.views.allPageViews.pageViews
        })),
      series: {
        request: ask =>
          rest("organizationPageStatistics", "organizationPageStatistics", {
            q: "organization",
            organization: organisation(ask.account),
            timeIntervals: byDay(ask)
          }),
        days: 4,
        span: 365,
        history: 365,
        what: "views of the page by day"
      }
    }),
    audience: stream({
      docs: "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/follower-statistics",
      kinds: pageKinds,
      answer: z.object({
        elements: z.array(
          z.object({
            // Who is no employee is of no type.
            followerCountsByAssociationType: facet("associationType", z.string().default("OTHER")),
            followerCountsBySeniority: facet("seniority"),
            followerCountsByIndustry: facet("industry"),
            followerCountsByFunction: facet("function"),
            followerCountsByStaffCountRange: facet("staffCountRange"),
            followerCountsByGeoCountry: facet("geo")
          })
        )
      }),
      key: "category",
      records: ({elements}) =>
        elements.flatMap(element =>
          Object.entries(element).flatMap(([key, classes]) =>
            (classes ?? []).map(({category, followers}) =>
              audienceRecord(key.replace("followerCountsBy", ""), category, followers)
            )
          )
        ),
      parts: {
        name: {
          what: "the code of a country",
          read: partRead({
            docs: "https://learn.microsoft.com/en-us/linkedin/shared/references/v2/standardized-data/locations/geo",
            id: ({dimension, category}) => (dimension === "GeoCountry" ? String(category) : undefined),
            request: ({ids}) => rest("geo", "geo", {ids: list(ids!)}),
            size: account => listSize(account, ""),
            answer: z.object({
              results: z.record(z.string(), z.object({defaultLocalizedName: z.object({value: z.string()})}))
            }),
            values: ({results}) =>
              new Map(
                Object.entries(results).map(([id, place]) => [
                  id,
                  countryCode(place.defaultLocalizedName.value) ?? null
                ])
              )
          })
        }
      },
      snapshot: {
        request: ({account}) =>
          rest("organizationalEntityFollowerStatistics", "organizationalEntityFollowerStatistics", {
            q: "organizationalEntity",
            organizationalEntity: organisation(account)
          }),
        isAudience: true,
        most: 250
      }
    }),
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
    }),
    member_account: stream({
      docs: "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/members/follower-statistics",
      kinds: ["member"],
      answer: z.object({elements: z.array(z.object({memberFollowersCount: count})).min(1)}),
      key: "followers",
      records: ({elements}) => [{followers: elements[0]!.memberFollowersCount}],
      snapshot: {request: () => rest("memberFollowersCount", "memberFollowersCount?q=me", {q: "me"})}
    }),
    member_posts: stream({
      docs: "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/members/post-statistics",
      kinds: ["member"],
      // A member's posts cannot be listed: what is read of them are their parts.
      answer: z.never(),
      key: "id",
      records: () => [],
      publishedAt: ({id}) => new Date(timeOf(String(id))),
      isUnlisted: true,
      stub: id => ({id, published_at: timeOf(id)}),
      parts: memberParts
    })
  }
});

function audienceRecord(dimension: string, category: string, value: number): LandedRecord {
  const name = nameOf(dimension, category);
  return {dimension, category, value, ...(name === undefined ? {} : {name, name_status: "ok"})};
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

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

/** The number of a URN holds its post's time: `id >> 22` milliseconds since 1970 (reported, not documented). */
function timeOf(id: string): string {
  const number = /:(\d{15,20})$/.exec(id)?.[1];
  return new Date(number === undefined ? 0 : Number(BigInt(number) >> 22n)).toISOString();
}

/** "Little text" as people read it: mentions and hashtags by their names, without the escapes. */
function unescaped(text: string): string {
  return text
    .replace(/\{hashtag\|\\?#\|([^}]*)\}/g, "#$1")
    .replace(/@\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/\\([\\|{}@[\]()<>#*_~])/g, "$1");
}

const refusal = z.object({
  status: z.int(),
  code: z.string().optional(),
  serviceErrorCode: z.int().optional(),
  message: z.string().optional(),
  errorDetails: z
    .object({inputErrors: z.array(z.object({input: z.object({inputPath: z.object({fieldPath: z.string()})})}))})
    .optional()
});

/** The fault of a body. That a limit lasts for the day, or that a metric is refused, no code of its own tells. */
function problems(body: unknown): Problem[] {
  const {data} = refusal.safeParse(body);
  if (data === undefined || data.status < 400) return [];
  const {status, code: title, serviceErrorCode: code, message = "", errorDetails} = data;
  const field = errorDetails?.inputErrors[0]?.input.inputPath.fieldPath;
  const isOfDay = status === 429 && message.includes("DAY limit");
  const isOfMetric = status === 400 && (field === "type" || field === "queryType");
  return [{status, code, title, field, type: isOfDay ? "day-limit" : isOfMetric ? "no-metric" : undefined}];
}
