/**
 * X's API v2 as documented (OpenAPI 2.167, the prose beside it) and as recorded: what the platform would refuse is
 * refused here in the platform's words. What no document or recording shows is marked `assumed` in `docs/sandbox.md`.
 */
import {createHash, createHmac} from "node:crypto";
import {type Answer, type Asked, platformSandbox, type State} from "./platform.ts";
import {type ContentItem, chance, contentItems, followersOn, grownAt} from "./world.ts";

const day = 86_400_000;
const epoch = 1_288_834_974_657; // Snowflake ids count milliseconds from here
const account = {id: "1180000000000000007", username: "IESOGI_demo", name: "IE SOGI (demo)"};
const stranger = "1190000000000000009";
const secrets = {
  consumer_key: "demo-consumer-key",
  consumer_secret: "demo-consumer-secret",
  token: "demo-user-token",
  token_secret: "demo-user-token-secret"
};
const appToken = "demo-app-token";
const client = {id: "demo-client", secret: "demo-client-secret", firstRefresh: "demo-refresh-0"};

interface Post {
  id: string;
  at: number;
  text: string;
  lang: string;
  type: ContentItem["type"];
  /** Counters that it has when grown. */
  final: {
    shown: number;
    likes: number;
    replies: number;
    reposts: number;
    quotes: number;
    bookmarks: number;
    links: number;
    profiles: number;
  };
  repostOf?: string;
  replyTo?: {id: string; author: string};
  quoteOf?: string;
  history?: string[];
  goneAt?: number;
}

const statements: Record<string, string> = {
  "invalid-request": "One or more parameters to your request was invalid.",
  unauthorized: "Unauthorized"
};

const fieldNames = {
  "tweet.fields":
    "article attachments author_id card_uri community_id context_annotations conversation_id created_at display_text_range edit_controls edit_history_tweet_ids entities geo id in_reply_to_user_id lang media_metadata non_public_metrics note_tweet organic_metrics paid_partnership possibly_sensitive promoted_metrics public_metrics referenced_tweets reply_settings scopes source suggested_source_links text withheld",
  expansions:
    "attachments.media_keys attachments.media_source_tweet attachments.poll_ids author_id edit_history_tweet_ids entities.mentions.username geo.place_id in_reply_to_user_id referenced_tweets.id referenced_tweets.id.author_id",
  "media.fields":
    "alt_text duration_ms height media_key non_public_metrics organic_metrics preview_image_url promoted_metrics public_metrics type url variants width",
  "poll.fields": "duration_minutes end_datetime id options voting_status",
  "user.fields":
    "created_at description entities id location name pinned_tweet_id profile_image_url protected public_metrics url username verified verified_type withheld",
  "place.fields": "contained_within country country_code full_name geo id name place_type",
  exclude: "replies retweets"
};
const lists = Object.fromEntries(
  Object.entries(fieldNames).map(([name, values]) => [name, new Set(values.split(" "))])
);
/** The names of the OpenAPI file for the same things. */
const renamed: Record<string, string> = {
  "post.fields": "tweet.fields",
  edit_history_post_ids: "edit_history_tweet_ids",
  note_post: "note_tweet",
  referenced_posts: "referenced_tweets"
};
const common = [
  "tweet.fields",
  "post.fields",
  "expansions",
  "media.fields",
  "poll.fields",
  "user.fields",
  "place.fields"
];

export const x = platformSandbox({
  platform: "x",
  accounts: [
    {platform: "x", kind: "page", id: account.id, name: "IESOGI", aliases: [account.username], auth: {...secrets}}
  ],
  faults: {
    "x-rate-limit-once": "one answer is 429 with the code 88 and a reset in a second",
    "x-rate-limit-always": "every answer is 429 about:blank, with a reset in an hour",
    "x-usage-capped": "every answer is 429 UsageCapExceeded: the monthly cap of reads is spent",
    "x-credits-402": "every answer is 402: the credits are spent",
    "x-token-expired": "every answer is 401",
    "x-suspended": "every answer with data is 200 with errors alone: not authorised for the resource",
    "x-wrong-shape": "posts come without like_count",
    "x-same-page-token": "every page of a listing names one and the same next page",
    "x-duplicate-posts": "the first post of a page stands there twice",
    "x-missing-posts": "the newest two posts are gone",
    "x-new-names": "answers use the OpenAPI file's names (repost_count, referenced_posts …)",
    "x-refresh-lost": "the token endpoint answers 500"
  },
  answer
});

function answer(asked: Asked, state: State, memory: Map<string, unknown>): Answer {
  const {faults} = state;
  const limits = rateLimits(memory, state);
  if (asked.path === "/2/oauth2/token") return token(asked, state, memory);
  if (faults.has("x-usage-capped"))
    return {
      status: 429,
      headers: limits,
      body: {
        account_id: 1,
        product_name: "standard-basic",
        title: "UsageCapExceeded",
        period: "Monthly",
        scope: "Product",
        detail: "Usage cap exceeded: Monthly product cap",
        type: "https://api.twitter.com/2/problems/usage-capped"
      }
    };
  if (faults.has("x-credits-402"))
    return {
      status: 402,
      headers: limits,
      body: {title: "Payment Required", detail: "Your account has no credits left.", type: "about:blank", status: 402}
    };
  if (faults.has("x-token-expired")) return unauthorized();
  if (faults.has("x-rate-limit-always"))
    return {
      status: 429,
      headers: {
        ...limits,
        "x-rate-limit-remaining": "0",
        "x-rate-limit-reset": String(Math.floor(Date.now() / 1000) + 3600)
      },
      body: {title: "Too Many Requests", detail: "Too Many Requests", type: "about:blank", status: 429}
    };
  if (faults.has("x-rate-limit-once") && !memory.get("limited")) {
    memory.set("limited", true);
    return {
      status: 429,
      headers: {...limits, "x-rate-limit-reset": String(Math.floor(Date.now() / 1000) + 1)},
      body: {errors: [{code: 88, message: "Rate limit exceeded"}]}
    };
  }
  const who = caller(asked, memory);
  const known = route(asked, state, memory, who);
  if (known === undefined)
    return {status: 404, headers: limits, body: "<!doctype html><html><title>X / ?</title></html>"};
  if (known.status === 200 && faults.has("x-suspended")) {
    return {
      status: 200,
      headers: limits,
      body: {
        errors: [
          {
            value: account.id,
            detail: `Sorry, you are not authorized to see the user with id: [${account.id}].`,
            title: "Authorization Error",
            resource_type: "user",
            parameter: "id",
            resource_id: account.id,
            type: "https://api.twitter.com/2/problems/not-authorized-for-resource"
          }
        ]
      }
    };
  }
  return {...known, headers: {...limits, ...known.headers}};
}

type Caller = "user" | "app" | undefined;

function route(asked: Asked, state: State, memory: Map<string, unknown>, who: Caller): Answer | undefined {
  const routes: [pattern: RegExp, allowed: string[], handle: (id: string) => Answer][] = [
    [/^\/2\/users\/me$/, [...common], () => users([account.id], asked, state, who, "me")],
    [
      /^\/2\/users$/,
      ["ids", ...common],
      () => users(asked.query.get("ids")?.split(",") ?? [], asked, state, who, "ids")
    ],
    [
      /^\/2\/users\/by\/username\/([^/]+)$/,
      [...common],
      name =>
        users(
          [name.toLowerCase() === account.username.toLowerCase() ? account.id : name],
          asked,
          state,
          who,
          "username"
        )
    ],
    [/^\/2\/users\/([^/]+)$/, [...common], id => users([id], asked, state, who, "id")],
    [
      /^\/2\/users\/([^/]+)\/tweets$/,
      ["max_results", "pagination_token", "start_time", "end_time", "since_id", "until_id", "exclude", ...common],
      id => timeline(id, asked, state, memory, who)
    ],
    [/^\/2\/tweets$/, ["ids", ...common], () => lookup(asked.query.get("ids"), asked, state, who)],
    [/^\/2\/tweets\/([^/]+)$/, [...common], id => single(id, asked, state, who)],
    [
      /^\/2\/usage\/tweets$/,
      ["days", "usage.fields"],
      () => ({
        status: 200,
        body: {data: {cap_reset_day: 28, project_cap: "3000000", project_id: "1", project_usage: "1174"}}
      })
    ]
  ];
  for (const [pattern, allowed, handle] of routes) {
    const match = pattern.exec(asked.path);
    if (match === null) continue;
    if (asked.method !== "GET")
      return {
        status: 405,
        body: {
          title: "Method Not Allowed",
          detail: `${asked.method} is not allowed here`,
          type: "about:blank",
          status: 405
        }
      };
    if (who === undefined) return unauthorized();
    return badParameters(asked, allowed) ?? handle(decodeURIComponent(match[1] ?? ""));
  }
  return undefined;
}

/** Parameters that no endpoint knows, or values that a list does not hold. */
function badParameters(asked: Asked, allowed: string[]): Answer | undefined {
  const errors: [parameter: string, value: string, message: string][] = [];
  for (const [name, value] of asked.query) {
    if (!allowed.includes(name)) {
      errors.push([name, value, `The query parameter [${name}] is not one of [${allowed.join(",")}]`]);
      continue;
    }
    const list = lists[renamed[name] ?? name];
    if (list === undefined) continue;
    for (const item of value.split(",")) {
      if (!list.has(renamed[item] ?? item))
        errors.push([
          name,
          value,
          `The \`${name}\` query parameter value [${item}] is not one of [${[...list].join(",")}]`
        ]);
    }
  }
  return errors.length === 0 ? undefined : invalid(errors);
}

function timeline(id: string, asked: Asked, state: State, memory: Map<string, unknown>, who: Caller): Answer {
  const {query} = asked;
  const errors: [string, string, string][] = [];
  if (!/^\d{1,19}$/.test(id)) errors.push(["id", id, `The \`id\` query parameter value [${id}] is not valid`]);
  const size = query.get("max_results") ?? "10";
  if (!/^\d+$/.test(size) || Number(size) < 5 || Number(size) > 100)
    errors.push(["max_results", size, `The \`max_results\` query parameter value [${size}] is not between 5 and 100`]);
  const from = time(query, "start_time", errors);
  const to = time(query, "end_time", errors);
  if (from !== undefined && from < Date.parse("2010-11-06T00:00:00Z"))
    errors.push([
      "start_time",
      query.get("start_time")!,
      "Invalid 'start_time'. 'start_time' must be on or after 2010-11-06T00:00:00Z"
    ]);
  if (from !== undefined && to !== undefined && from >= to)
    errors.push(["end_time", query.get("end_time")!, "Invalid 'end_time'. 'end_time' must be after 'start_time'"]);
  for (const name of ["since_id", "until_id"]) {
    const value = query.get(name);
    if (value !== null && !/^\d{1,19}$/.test(value))
      errors.push([name, value, `The \`${name}\` query parameter value [${value}] is not valid`]);
  }
  // A token belongs to the query that it was given for.
  const shape = createHash("sha256")
    .update(
      [
        id,
        ...[...query]
          .filter(([name]) => name !== "pagination_token")
          .map(pair => pair.join("="))
          .sort()
      ].join("&")
    )
    .digest("hex");
  const tokenText = query.get("pagination_token");
  const page =
    tokenText === null ? undefined : (memory.get(`page ${tokenText}`) as {shape: string; start: number} | undefined);
  if (tokenText !== null && page?.shape !== shape)
    errors.push([
      "pagination_token",
      tokenText,
      `The \`pagination_token\` query parameter value [${tokenText}] is not valid`
    ]);
  if (errors.length > 0) return invalid(errors);
  if (id !== account.id) return notFound("user", "id", id, 200);
  const excluded = new Set(query.get("exclude")?.split(","));
  const all = visible(state)
    .slice(0, 3200)
    .filter(post => !(excluded.has("replies") && post.replyTo) && !(excluded.has("retweets") && post.repostOf))
    .filter(post => (from === undefined || post.at >= from) && (to === undefined || post.at < to))
    .filter(
      post =>
        (query.get("since_id") === null || BigInt(post.id) > BigInt(query.get("since_id")!)) &&
        (query.get("until_id") === null || BigInt(post.id) < BigInt(query.get("until_id")!))
    );
  const start = page?.start ?? 0;
  // Recorded: a page may be short and still have a next one.
  const short = start > 0 && (start / Number(size)) % 3 < 1 ? 1 : 0;
  const items = all.slice(start, start + Number(size) - short);
  const next = start + items.length;
  if (items.length === 0) return {status: 200, body: {meta: {result_count: 0}}};
  const body = {...rendered(items, asked, state, who), meta: {} as Record<string, unknown>};
  body.meta = {result_count: items.length, newest_id: items[0]!.id, oldest_id: items.at(-1)!.id};
  if (next < all.length || state.faults.has("x-same-page-token")) {
    const key = state.faults.has("x-same-page-token")
      ? "7140dibdnow9c7btw3w4"
      : createHash("sha256").update(`${shape} ${next}`).digest("hex").slice(0, 32);
    memory.set(`page ${key}`, {shape, start: next < all.length ? next : 0});
    body.meta.next_token = key;
  }
  return {status: 200, body};
}

function lookup(ids: string | null, asked: Asked, state: State, who: Caller): Answer {
  const wanted = ids === null || ids === "" ? [] : ids.split(",");
  if (wanted.length === 0) return invalid([["ids", ids ?? "", "The `ids` query parameter can not be empty"]]);
  if (wanted.length > 100) return invalid([["ids", ids!, `size must be between 1 and 100, but is ${wanted.length}`]]);
  const bad = wanted.find(id => !/^\d{1,19}$/.test(id));
  if (bad !== undefined) return invalid([["ids", ids!, `The \`ids\` query parameter value [${bad}] is not valid`]]);
  const byId = new Map(visible(state).map(post => [post.id, post]));
  const items = wanted.flatMap(id => byId.get(id) ?? []);
  const missing = wanted.filter(id => !byId.has(id)).map(id => missingError("tweet", "ids", id));
  const body = items.length === 0 ? {errors: [] as object[]} : rendered(items, asked, state, who);
  const errors = [...(body.errors ?? []), ...missing];
  return {status: 200, body: {...body, ...(errors.length > 0 ? {errors} : {errors: undefined})}};
}

function single(id: string, asked: Asked, state: State, who: Caller): Answer {
  if (!/^\d{1,19}$/.test(id)) return invalid([["id", id, `The \`id\` query parameter value [${id}] is not valid`]]);
  const post = visible(state).find(item => item.id === id);
  if (post === undefined) return notFound("tweet", "id", id, 200);
  const body = rendered([post], asked, state, who);
  return {status: 200, body: {...body, data: (body.data as object[])[0]}};
}

function users(ids: string[], asked: Asked, state: State, who: Caller, by: "me" | "ids" | "id" | "username"): Answer {
  if (ids.length === 0) return invalid([["ids", "", "The `ids` query parameter can not be empty"]]);
  if (ids.length > 100)
    return invalid([["ids", ids.join(","), `size must be between 1 and 100, but is ${ids.length}`]]);
  const bad = by === "username" ? undefined : ids.find(id => !/^\d{1,19}$/.test(id));
  if (bad !== undefined)
    return invalid([[by, ids.join(","), `The \`${by}\` query parameter value [${bad}] is not valid`]]);
  if (by === "me" && who !== "user")
    return {
      status: 403,
      body: {
        title: "Unsupported Authentication",
        detail:
          "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.  Supported authentication types are [OAuth 1.0a User Context, OAuth 2.0 User Context].",
        type: "https://api.twitter.com/2/problems/unsupported-authentication",
        status: 403
      }
    };
  const fields = new Set(asked.query.get("user.fields")?.split(","));
  const found = ids.includes(account.id)
    ? [
        {
          id: account.id,
          name: account.name,
          username: account.username,
          ...(fields.has("created_at") ? {created_at: "2019-09-01T08:00:00.000Z"} : {}),
          ...(fields.has("public_metrics")
            ? {
                public_metrics: {
                  followers_count: state.posts === undefined ? followersOn("x", state.night) : 5000,
                  following_count: 212,
                  [state.faults.has("x-new-names") ? "post_count" : "tweet_count"]: visible(state).length,
                  listed_count: 31
                }
              }
            : {})
        }
      ]
    : [];
  const missing = ids.filter(id => id !== account.id);
  if (by !== "ids")
    return found.length === 1 ? {status: 200, body: {data: found[0]}} : notFound("user", by, ids[0]!, 200);
  return {
    status: 200,
    body: {
      ...(found.length > 0 ? {data: found} : {}),
      ...(missing.length > 0 ? {errors: missing.map(id => missingError("user", "ids", id))} : {})
    }
  };
}

/** Posts with the fields that were asked for, what they refer to, and the faults of single fields beside them. */
function rendered(
  items: Post[],
  asked: Asked,
  state: State,
  who: Caller
): {data: object[]; includes?: object; errors?: object[]} {
  const fields = new Set(
    [...(asked.query.get("tweet.fields") ?? asked.query.get("post.fields") ?? "").split(",")].map(
      name => renamed[name] ?? name
    )
  );
  const expansions = new Set(asked.query.get("expansions")?.split(","));
  const mediaFields = new Set(asked.query.get("media.fields")?.split(","));
  const isNew = state.faults.has("x-new-names") || asked.query.has("post.fields");
  const errors: object[] = [];
  const media = new Map<string, object>();
  const data: Record<string, unknown>[] = items.map(post => {
    const counters = countersOf(post, state);
    const whole = post.text.length > 280;
    const keys = mediaOf(post);
    for (const key of expansions.has("attachments.media_keys") ? keys : [])
      media.set(key.key, {
        media_key: key.key,
        type: key.type,
        ...(mediaFields.has("public_metrics") && key.type === "video"
          ? {public_metrics: {view_count: counters.shown}}
          : {})
      });
    const references = [
      ...(post.repostOf ? [{type: isNew ? "reposted" : "retweeted", id: post.repostOf}] : []),
      ...(post.quoteOf ? [{type: "quoted", id: post.quoteOf}] : []),
      ...(post.replyTo ? [{type: "replied_to", id: post.replyTo.id}] : [])
    ];
    const own = {
      id: post.id,
      text: whole ? `${post.text.slice(0, 276)}…` : post.text,
      [isNew ? "edit_history_post_ids" : "edit_history_tweet_ids"]: post.history ?? [post.id]
    };
    const optional: Record<string, unknown> = {
      author_id: account.id,
      created_at: new Date(post.at).toISOString().replace(/\.\d{3}Z$/, ".000Z"),
      lang: post.lang,
      conversation_id: post.replyTo?.author === account.id ? post.replyTo.id : post.id,
      in_reply_to_user_id: post.replyTo?.author,
      referenced_tweets: references.length > 0 ? references : undefined,
      attachments: attachments(post, keys),
      entities: entities(post, keys),
      note_tweet: whole ? {text: post.text} : undefined,
      possibly_sensitive: false,
      public_metrics: {
        [isNew ? "repost_count" : "retweet_count"]: counters.reposts,
        reply_count: counters.replies,
        ...(state.faults.has("x-wrong-shape") ? {} : {like_count: counters.likes}),
        quote_count: counters.quotes,
        bookmark_count: counters.bookmarks,
        impression_count: counters.shown
      }
    };
    const shown: Record<string, unknown> = {...own};
    for (const name of fields) {
      if (optional[name] !== undefined) shown[isNew ? (newName[name] ?? name) : name] = optional[name];
    }
    for (const name of ["non_public_metrics", "organic_metrics"]) {
      if (!fields.has(name)) continue;
      const isYoung = state.now.getTime() - post.at < 30 * day;
      if (who !== "user" || !isYoung || post.repostOf !== undefined) {
        errors.push({
          resource_id: post.id,
          parameter: name,
          resource_type: "tweet",
          section: "data",
          title: "Field Authorization Error",
          value: post.id,
          detail: `Sorry, you are not authorized to access '${name}' on the Tweet with id : [${post.id}].`,
          field: name,
          type: "https://api.twitter.com/2/problems/not-authorized-for-field"
        });
      } else if (name === "non_public_metrics") {
        const engagements =
          counters.likes + counters.replies + counters.reposts + counters.quotes + counters.links + counters.profiles;
        shown[name] = {
          engagements,
          url_link_clicks: counters.links,
          user_profile_clicks: counters.profiles,
          impression_count: counters.shown
        };
      } else {
        shown[name] = {
          impression_count: counters.shown,
          like_count: counters.likes,
          reply_count: counters.replies,
          retweet_count: counters.reposts,
          url_link_clicks: counters.links,
          user_profile_clicks: counters.profiles
        };
      }
    }
    return shown;
  });
  if (state.faults.has("x-duplicate-posts")) data.push({...data[0]!});
  return {
    data,
    ...(media.size > 0 ? {includes: {media: [...media.values()]}} : {}),
    ...(errors.length > 0 ? {errors} : {})
  };
}

const newName: Record<string, string> = {referenced_tweets: "referenced_posts", note_tweet: "note_post"};

function mediaOf(post: Post): {key: string; type: string}[] {
  const count = post.type === "album" ? 3 : post.type === "image" || post.type === "video" ? 1 : 0;
  return Array.from({length: count}, (_, index) => ({
    key: `${post.type === "video" ? 13 : 3}_${post.id}${index}`,
    type: post.type === "video" ? "video" : "photo"
  }));
}

function attachments(post: Post, keys: {key: string}[]): object | undefined {
  if (post.type === "poll") return {poll_ids: [`9${post.id.slice(1)}`]};
  return keys.length > 0 ? {media_keys: keys.map(({key}) => key)} : undefined;
}

function entities(post: Post, keys: {key: string}[]): object {
  const link =
    post.type === "link"
      ? [
          {
            start: 0,
            end: 23,
            url: "https://t.co/report",
            expanded_url: "https://www.ohchr.org/en/special-procedures",
            display_url: "ohchr.org"
          }
        ]
      : [];
  const own = keys.map(({key}) => ({
    start: 0,
    end: 23,
    url: "https://t.co/media",
    expanded_url: `https://x.com/i/status/${post.id}/photo/1`,
    media_key: key
  }));
  return {
    hashtags: [{start: 0, end: 5, tag: "SOGI"}],
    ...(link.length + own.length > 0 ? {urls: [...link, ...own]} : {}),
    ...(post.replyTo && post.replyTo.author !== account.id
      ? {mentions: [{start: 0, end: 8, username: "somebody", id: stranger}]}
      : {})
  };
}

function countersOf(post: Post, state: State): Post["final"] {
  if (post.repostOf)
    return {shown: 0, likes: 0, replies: 0, reposts: 48, quotes: 0, bookmarks: 0, links: 0, profiles: 0};
  const share = grownAt((state.now.getTime() - post.at) / day);
  const grown = Object.fromEntries(
    Object.entries(post.final).map(([name, value]) => [name, Math.floor(value * share + 1e-9)])
  ) as unknown as Post["final"];
  // A few likes are taken back: counters also fall.
  if (share === 1 && state.now.getTime() - post.at > 33 * day && chance("unlike", post.id) < 0.04) grown.likes -= 1;
  return grown;
}

/** Posts that exist on the night, newest first. */
function visible(state: State): Post[] {
  const now = state.now.getTime();
  const all = state.posts === undefined ? demoPosts : madeUp(state.posts, state.night);
  const there = all.filter(post => post.at <= now && (post.goneAt === undefined || post.goneAt > now));
  return state.faults.has("x-missing-posts") ? there.slice(2) : there;
}

/** P3 of the toy data, as given. */
const toy: Post["final"] = {
  shown: 4000,
  likes: 80,
  replies: 10,
  reposts: 30,
  quotes: 6,
  bookmarks: 4,
  links: 20,
  profiles: 9
};

const demoPosts = makeDemoPosts();

function makeDemoPosts(): Post[] {
  const posts = contentItems
    .filter(item => item.platforms.includes("x"))
    .map((item): Post => {
      const at = Date.parse(item.publishedAt);
      return {
        id: snowflake(at, item.number),
        at,
        text: item.text,
        lang: item.language,
        type: item.type,
        final: item.toy === "P3" ? toy : finalOf(`item ${item.number}`)
      };
    });
  const extra = (date: string, number: number, more: Partial<Post> & {text: string}): Post => {
    const at = Date.parse(date);
    return {id: snowflake(at, number), at, lang: "en", type: "text", final: finalOf(`extra ${number}`), ...more};
  };
  const long = `${"Violence and discrimination based on sexual orientation and gender identity are not confined to one region or one time. ".repeat(3)}The full statement is on our page.`;
  posts.find(post => post.at >= Date.parse("2020-02-01"))!.text = long;
  const head = posts.find(post => post.at >= Date.parse("2020-03-01"))!;
  posts.push(
    extra("2019-11-14T09:30:00Z", 101, {
      text: "RT @UNHumanRights: Human rights are for everyone.",
      repostOf: snowflake(Date.parse("2019-11-14T08:00:00Z"), 901)
    }),
    extra("2020-05-17T10:30:00Z", 102, {
      text: "RT @UN: Today is the International Day against Homophobia, Biphobia and Transphobia.",
      repostOf: snowflake(Date.parse("2020-05-17T08:00:00Z"), 902)
    }),
    extra("2020-01-21T11:30:00Z", 103, {
      text: "@somebody Thank you for your question; the report is on our page.",
      replyTo: {id: snowflake(Date.parse("2020-01-21T11:00:00Z"), 903), author: stranger}
    }),
    extra(new Date(head.at + 600_000).toISOString(), 104, {
      text: "2/2 The findings are in the second part of the report.",
      replyTo: {id: head.id, author: account.id}
    }),
    extra("2020-08-05T14:00:00Z", 105, {
      text: "Worth reading again.",
      quoteOf: snowflake(Date.parse("2020-08-05T08:00:00Z"), 904)
    }),
    extra("2020-04-09T15:00:00Z", 106, {
      text: "The dialogue is moved to next week.",
      goneAt: Date.parse("2020-04-16T00:00:00Z")
    })
  );
  const editedAt = Date.parse("2020-09-21T13:00:00Z");
  const [first, second] = [snowflake(editedAt, 107), snowflake(editedAt + 900_000, 108)];
  posts.push(
    extra(new Date(editedAt + 900_000).toISOString(), 108, {
      text: "The presentation is on 29 October, at 15:00 New York time.",
      history: [first, second]
    })
  );
  return posts.sort((a, b) => b.at - a.at);
}

function finalOf(seed: string): Post["final"] {
  const shown = 600 + Math.floor(4200 * chance(seed, "shown") ** 2);
  const likes = Math.floor(shown * (0.012 + 0.02 * chance(seed, "likes")));
  return {
    shown,
    likes,
    replies: Math.floor(likes * 0.12 * chance(seed, "replies")),
    reposts: Math.floor(likes * (0.2 + 0.25 * chance(seed, "reposts"))),
    quotes: Math.floor(likes * 0.08 * chance(seed, "quotes")),
    bookmarks: Math.floor(likes * 0.1 * chance(seed, "bookmarks")),
    links: Math.floor(shown * 0.008 * chance(seed, "links")),
    profiles: Math.floor(shown * 0.004 * chance(seed, "profiles"))
  };
}

const worlds = new Map<string, Post[]>();

/** N made-up posts, spread over the three years before the night on which they were first asked for. */
function madeUp(count: number, night: string): Post[] {
  const known = worlds.get(String(count));
  if (known !== undefined) return known;
  const end = Date.parse(`${night}T12:00:00Z`);
  const types: ContentItem["type"][] = ["text", "link", "image", "video", "album"];
  const made = Array.from({length: count}, (_, index): Post => {
    const at = Math.floor((end - (index * 1095 * day) / count) / 1000) * 1000;
    return {
      id: snowflake(at, index % 4096),
      at,
      text: `Made-up post ${count - index}`,
      lang: "en",
      type: types[index % types.length]!,
      final: finalOf(`made ${index}`)
    };
  });
  worlds.set(String(count), made);
  return made;
}

function snowflake(at: number, sequence: number): string {
  return String((BigInt(at - epoch) << 22n) | BigInt(sequence));
}

function time(query: URLSearchParams, name: string, errors: [string, string, string][]): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/.test(value) && !Number.isNaN(Date.parse(value)))
    return Date.parse(value);
  errors.push([name, value, `Invalid '${name}':'${value}'. Must be in RFC 3339 format`]);
  return undefined;
}

/** Who asks: the account's owner, the app alone, or nobody whom the platform knows. */
function caller(asked: Asked, memory: Map<string, unknown>): Caller {
  const header = asked.headers.authorization ?? "";
  if (header === `Bearer ${appToken}`) return "app";
  if (header.startsWith("Bearer ") && memory.get(`access ${header.slice(7)}`) === true) return "user";
  return header.startsWith("OAuth ") && isSigned(header, asked, memory) ? "user" : undefined;
}

/** RFC 5849: the signature over method, address and all parameters; a nonce is good once. */
function isSigned(header: string, asked: Asked, memory: Map<string, unknown>): boolean {
  const given = new Map(
    [...header.slice(6).matchAll(/([a-z_]+)="([^"]*)"/g)].map(match => [match[1]!, decodeURIComponent(match[2]!)])
  );
  const signature = given.get("oauth_signature");
  const nonce = `nonce ${given.get("oauth_nonce")}`;
  if (
    memory.has(nonce) ||
    given.get("oauth_consumer_key") !== secrets.consumer_key ||
    given.get("oauth_token") !== secrets.token
  )
    return false;
  if (Math.abs(Number(given.get("oauth_timestamp")) * 1000 - Date.now()) > 5 * 60_000) return false;
  given.delete("oauth_signature");
  const pairs = [...given, ...asked.query, ...asked.form].map(
    ([key, value]) => [percent(key), percent(value)] as const
  );
  const sorted = pairs
    .sort(([a, av], [b, bv]) => (a < b ? -1 : a > b ? 1 : av < bv ? -1 : 1))
    .map(pair => pair.join("="))
    .join("&");
  const base = [asked.method, `${asked.url.origin}${asked.url.pathname}`, sorted].map(percent).join("&");
  const expected = createHmac("sha1", `${secrets.consumer_secret}&${secrets.token_secret}`)
    .update(base)
    .digest("base64");
  memory.set(nonce, true);
  return signature === expected;
}

function percent(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, letter => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** OAuth 2: a refresh token works once and is answered by the next one. */
function token(asked: Asked, state: State, memory: Map<string, unknown>): Answer {
  if (state.faults.has("x-refresh-lost"))
    return {status: 500, body: {title: "Internal Error", type: "about:blank", status: 500}};
  if (asked.method !== "POST")
    return {status: 405, body: {title: "Method Not Allowed", type: "about:blank", status: 405}};
  const basic = `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString("base64")}`;
  if (asked.headers.authorization !== basic && asked.form.get("client_id") !== client.id)
    return {status: 401, body: {error: "unauthorized_client", error_description: "Missing valid authorization header"}};
  const current = (memory.get("refresh") as string | undefined) ?? client.firstRefresh;
  if (asked.form.get("grant_type") !== "refresh_token")
    return {
      status: 400,
      body: {error: "unsupported_grant_type", error_description: "Value passed for the grant type was invalid."}
    };
  if (asked.form.get("refresh_token") !== current)
    return {status: 400, body: {error: "invalid_grant", error_description: "Value passed for the token was invalid."}};
  const count = ((memory.get("refreshes") as number | undefined) ?? 0) + 1;
  memory.set("refreshes", count);
  memory.set("refresh", `demo-refresh-${count}`);
  memory.set(`access demo-access-${count}`, true);
  return {
    status: 200,
    body: {
      token_type: "bearer",
      expires_in: 7200,
      access_token: `demo-access-${count}`,
      scope: "tweet.read users.read offline.access",
      refresh_token: `demo-refresh-${count}`
    }
  };
}

function rateLimits(memory: Map<string, unknown>, state: State): Record<string, string> {
  const used = ((memory.get("used") as number | undefined) ?? 0) + 1;
  memory.set("used", used);
  return {
    "api-version": "2.167",
    "x-rate-limit-limit": "10000",
    "x-rate-limit-remaining": String(10_000 - (used % 9000)),
    "x-rate-limit-reset": String(Math.floor(state.now.getTime() / 1000) + 900)
  };
}

function unauthorized(): Answer {
  return {
    status: 401,
    body: {title: "Unauthorized", type: "about:blank", status: 401, detail: statements.unauthorized}
  };
}

function invalid(errors: [parameter: string, value: string, message: string][]): Answer {
  return {
    status: 400,
    body: {
      errors: errors.map(([parameter, value, message]) => ({parameters: {[parameter]: [value]}, message})),
      title: "Invalid Request",
      detail: statements["invalid-request"],
      type: "https://api.twitter.com/2/problems/invalid-request"
    }
  };
}

function missingError(resource: string, parameter: string, id: string): object {
  return {
    value: id,
    detail: `Could not find ${resource} with ${parameter}: [${id}].`,
    title: "Not Found Error",
    resource_type: resource,
    parameter,
    resource_id: id,
    type: "https://api.twitter.com/2/problems/resource-not-found"
  };
}

/** Recorded: a resource that does not exist is a 200 with errors alone. */
function notFound(resource: string, parameter: string, id: string, status: number): Answer {
  return {status, body: {errors: [missingError(resource, parameter, id)]}};
}
