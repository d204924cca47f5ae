/**
 * X (Twitter) API v2: accounts, posts and their counters.
 *
 * The platform's prose and recordings speak of tweets, its OpenAPI file (2.167) of posts, in the same commit; no live
 * answer with the new names was seen. So requests use the old names and the parser takes either. What the account's
 * owner alone may see (clicks, engagements) exists for 30 days after a post is out and is asked for in that time only.
 */
import {z} from "zod";
import {type Ask, connector, get, type LandedRecord, type Problem, stream} from "./connector.ts";

const count = z.int();

/** A field under the name of the prose or, failing that, of the OpenAPI file; one of the two must be there. */
function renamed<A extends string, B extends string>(old: A, current: B) {
  return z.preprocess(
    value =>
      typeof value === "object" && value !== null && !(old in value) && current in value
        ? {...value, [old]: (value as Record<string, unknown>)[current]}
        : value,
    z.looseObject({[old]: z.unknown()})
  );
}

const publicMetrics = renamed("retweet_count", "repost_count").pipe(
  z.object({
    retweet_count: count,
    reply_count: count,
    like_count: count,
    quote_count: count,
    // Later additions of the platform: older recordings have neither.
    bookmark_count: count.optional(),
    impression_count: count.optional()
  })
);

const privateMetrics = z.object({
  engagements: count.optional(),
  url_link_clicks: count.optional(),
  user_profile_clicks: count.optional()
});

const reference = z.object({type: z.string()});

// The platform answers `{}` for lists that are empty.
const listOf = <T extends z.ZodType>(item: T) => z.union([z.array(item), z.object({}).transform(() => [])]).optional();

/** Of a post: it holds a time, so nothing but digits, and no more of them than 64 bits have. */
const postId = z.string().regex(/^\d{1,19}$/);

const post = z.object({
  id: postId,
  author_id: z.string(),
  created_at: z.iso.datetime(),
  text: z.string(),
  note_tweet: z.object({text: z.string()}).optional(),
  note_post: z.object({text: z.string()}).optional(),
  lang: z.string().optional(),
  in_reply_to_user_id: z.string().optional(),
  referenced_tweets: listOf(reference),
  referenced_posts: listOf(reference),
  edit_history_tweet_ids: z.array(postId).optional(),
  edit_history_post_ids: z.array(postId).optional(),
  attachments: z
    .object({media_keys: z.array(z.string()).optional(), poll_ids: z.array(z.string()).optional()})
    .optional(),
  entities: z
    .object({
      hashtags: listOf(z.object({tag: z.string()})),
      urls: listOf(z.object({expanded_url: z.string().optional(), media_key: z.string().optional()}))
    })
    .optional(),
  public_metrics: publicMetrics,
  non_public_metrics: privateMetrics.optional()
});

const problem = z.object({
  type: z.string().optional(),
  title: z.string().optional(),
  status: z.int().optional(),
  code: z.int().optional(),
  resource_id: z.string().optional(),
  value: z.string().optional(),
  parameter: z.string().optional(),
  section: z.string().optional(),
  field: z.string().optional()
});

const posts = z
  .object({
    data: z.array(post).optional(),
    includes: z.object({media: z.array(z.object({media_key: z.string(), type: z.string()})).optional()}).optional(),
    errors: z.array(problem).optional(),
    meta: z.object({result_count: z.int().optional(), next_token: z.string().optional()}).optional()
  })
  .refine(({data, errors, meta}) => data !== undefined || errors !== undefined || meta !== undefined, {path: ["data"]});

const user = z
  .object({
    data: z
      .object({
        id: z.string(),
        name: z.string(),
        username: z.string(),
        public_metrics: z.object({followers_count: count})
      })
      .optional(),
    errors: z.array(problem).optional()
  })
  .refine(({data, errors}) => data !== undefined || errors !== undefined, {path: ["data"]});

const plainFields =
  "author_id,created_at,lang,in_reply_to_user_id,referenced_tweets,edit_history_tweet_ids,note_tweet,attachments,entities,public_metrics";

function fieldsFor(ask: Ask): Record<string, string> {
  return {
    "tweet.fields": ask.parts.includes("private") ? `${plainFields},non_public_metrics` : plainFields,
    expansions: "attachments.media_keys",
    "media.fields": "type"
  };
}

/** Windows that begin before are refused. */
const earliest = Date.parse("2010-11-06T00:00:00Z");

const untilRevoked = "it does not end until somebody revokes it";

export const x = connector({
  platform: "x",
  docs: "https://docs.x.com/x-api",
  baseUrl: "https://api.x.com",
  apiVersion: "2",
  auth: [
    {
      scheme: "oauth1",
      keys: ["consumer_key", "consumer_secret", "token", "token_secret"],
      userContext: true,
      lasts: untilRevoked
    },
    {
      scheme: "oauth2",
      keys: ["client_id", "client_secret", "refresh_token"],
      userContext: true,
      tokenPath: "/2/oauth2/token"
    },
    {scheme: "oauth2", keys: ["client_id", "refresh_token"], userContext: true, tokenPath: "/2/oauth2/token"},
    {scheme: "bearer", keys: ["token"], userContext: false, lasts: untilRevoked}
  ],
  permissions: [
    {name: "tweet.read", gives: "the posts"},
    {name: "users.read", gives: "the account and its followers"}
  ],
  limits: {
    limit: "x-rate-limit-limit",
    remaining: "x-rate-limit-remaining",
    reset: "x-rate-limit-reset",
    resetIs: "epoch"
  },
  // docs.x.com/x-api/fundamentals/rate-limits; the headers decide, and a plan may have other limits.
  quotas: [
    {endpoint: "/2/users/{id}", minutes: 15, user: 900, app: 300},
    {endpoint: "/2/users/{id}/tweets", minutes: 15, user: 900, app: 10_000},
    {endpoint: "/2/tweets", minutes: 15, user: 5000, app: 3500}
  ],
  errors: [
    {
      type: "usage-capped",
      then: "tell a person",
      action: "the monthly cap of reads is spent; raise it or wait for the next cycle"
    },
    {
      title: "UsageCapExceeded",
      then: "tell a person",
      action: "the monthly cap of reads is spent; raise it or wait for the next cycle"
    },
    {status: 402, then: "tell a person", action: "the credits are spent; buy credits in the developer console"},
    {status: 429, then: "wait"},
    {code: 88, then: "wait"},
    {type: "not-authorized-for-field", then: "drop the metric"},
    {type: "field-unauthorized", then: "drop the metric"},
    {title: "Field Authorization Error", then: "drop the metric"},
    {type: "field-hydration-failure", then: "drop the metric"},
    {
      status: 401,
      then: "tell a person",
      action: "the token is no longer accepted; make a new one and put it into .env"
    },
    {
      type: "unsupported-authentication",
      then: "tell a person",
      action: "this kind of token may not ask this; use OAuth 1.0a keys"
    },
    {
      type: "client-forbidden",
      then: "tell a person",
      action: "the developer app may not use this API; check its project and access level"
    },
    {status: 403, then: "tell a person", action: "the platform refuses this account; check the app's permissions"},
    {
      type: "not-authorized-for-resource",
      then: "tell a person",
      action: "the account is protected or suspended; sign in and look"
    },
    {type: "resource-not-found", then: "gone"},
    {status: 404, then: "gone"},
    {type: "invalid-request", then: "refuse"},
    {status: 400, then: "refuse"}
  ],
  problems,
  streams: {
    account: stream({
      docs: "https://docs.x.com/x-api/users/get-user-by-id",
      answer: user,
      key: "id",
      records: ({data}) =>
        data === undefined
          ? []
          : [
              {
                id: data.id,
                name: data.name,
                username: data.username,
                followers_count: data.public_metrics.followers_count
              }
            ],
      snapshot: {
        request: ({account}) => get(`/2/users/${account.id}`, "/2/users/{id}", {"user.fields": "public_metrics"})
      },
      price: {snapshot: 0.01}
    }),
    posts: stream({
      docs: "https://docs.x.com/x-api/posts/timelines/introduction",
      answer: posts,
      key: "id",
      publishedAt: ({published_at}) => (typeof published_at === "string" ? new Date(published_at) : undefined),
      records: postRecords,
      parts: {
        private: {
          what: "link clicks, profile clicks and engagements of a post",
          youngerThanDays: 30,
          userContext: true,
          isNested: true
        }
      },
      lists: [
        {
          request: ask =>
            get(`/2/users/${ask.account.id}/tweets`, "/2/users/{id}/tweets", {
              max_results: String(ask.size),
              start_time: ask.from && new Date(Math.max(ask.from.getTime(), earliest)).toISOString(),
              end_time: ask.to?.toISOString(),
              ...fieldsFor(ask)
            }),
          size: 100,
          smallest: 5,
          send: "pagination_token",
          next: ({meta}) => meta?.next_token,
          reachable: 3200
        }
      ],
      lookup: {
        request: ask => get("/2/tweets", "/2/tweets", {ids: ask.ids?.join(","), ...fieldsFor(ask)}),
        size: 100
      },
      price: {list: 0.001, lookup: 0.005}
    })
  }
});

/** The body of a refusal, or the `errors` beside data in an answer with status 200. */
function problems(body: unknown): Problem[] {
  const whole = z.looseObject({errors: z.array(problem).optional()}).safeParse(body);
  if (!whole.success) return [];
  const {errors, ...own} = whole.data;
  const top = problem.safeParse(own);
  const listed = (errors ?? []).map(fault);
  return top.success && (top.data.type !== undefined || top.data.title !== undefined)
    ? [fault(top.data), ...listed]
    : listed;
}

function fault(given: z.infer<typeof problem>): Problem {
  return {
    status: given.status,
    type: given.type?.split("/").at(-1),
    code: given.code,
    title: given.title,
    id: given.resource_id ?? given.value,
    field: given.field
  };
}

/**
 * The posts of an answer, and a mark for each id that the platform no longer finds. Whom a reply answers is known only
 * as "self or somebody else"; a reply to somebody else and a repost hold other people's words, so their text is left.
 */
function postRecords(answer: z.infer<typeof posts>): LandedRecord[] {
  const media = new Map(answer.includes?.media?.map(item => [item.media_key, item.type]));
  const found = (answer.data ?? []).map(item => {
    const types = (item.referenced_tweets ?? item.referenced_posts ?? []).map(({type}) => type);
    const history = item.edit_history_tweet_ids ?? item.edit_history_post_ids ?? [item.id];
    const first = history[0] ?? item.id;
    const isRepost = types.includes("retweeted") || types.includes("reposted");
    const isReply = types.includes("replied_to") && item.in_reply_to_user_id !== item.author_id;
    const links = (item.entities?.urls ?? []).filter(url => url.media_key === undefined).map(url => url.expanded_url);
    return {
      id: item.id,
      first_id: first,
      other_ids: history.filter(id => id !== first),
      published_at: first === item.id ? item.created_at : publishedAt(first),
      text: isRepost || isReply ? null : (item.note_tweet?.text ?? item.note_post?.text ?? item.text),
      lang: item.lang ?? null,
      is_repost: isRepost,
      is_reply: isReply,
      is_quote: types.includes("quoted"),
      hashtags: isRepost || isReply ? [] : (item.entities?.hashtags ?? []).map(({tag}) => tag),
      links: isRepost || isReply ? [] : links.filter(link => link !== undefined),
      media_types: (item.attachments?.media_keys ?? []).map(key => media.get(key) ?? "unknown"),
      has_poll: (item.attachments?.poll_ids ?? []).length > 0,
      public_metrics: item.public_metrics,
      non_public_metrics: item.non_public_metrics ?? null
    };
  });
  const gone = (answer.errors ?? []).filter(
    error => error.parameter === "ids" && error.type?.endsWith("/resource-not-found") && error.value !== undefined
  );
  return [...found, ...gone.map(error => ({id: error.value, first_id: error.value, is_gone: true}))];
}

/** An id holds its post's time: `(id >> 22) + 1288834974657` milliseconds (Snowflake). */
function publishedAt(id: string): string {
  return new Date(Number(BigInt(id) >> 22n) + 1288834974657).toISOString();
}
