/** X's answers: users and posts with the fields that were asked for, what they refer to, and the faults of single fields. */
import {
  type Counters,
  countersAt,
  isThere,
  owner,
  type XMedia,
  type XPost,
  type XUser,
  type XWorld
} from "./x-posts.ts";
import {fieldErrors, privateCounters} from "./x-refusals.ts";

const day = 86_400_000;
/** Private counters exist for posts younger than this. */
const privateDays = 30;
const pollMinutes = 1440;
const videoSeconds = 60;

/** What is asked for, and by whom. */
export interface Wanted {
  query: URLSearchParams;
  /** The simulated now. */
  now: number;
  /** Whether the account's owner asks. */
  isOwner: boolean;
  /** The parameter that named the posts, as errors repeat it. */
  parameter: string;
  /** Answers speak the OpenAPI file's names. */
  isNewNames: boolean;
  /** A counter that is required is missing. */
  isMisshapen: boolean;
  /** An author, with the fields that the query names. */
  userBody: (user: XUser) => object;
  /** Likes beside those of the post's age. */
  likesMore: (post: XPost) => number;
}

export interface PostsBody {
  data?: Record<string, unknown>[];
  includes?: Record<string, object[]>;
  errors?: object[];
}

/** The OpenAPI file's names, by those of the prose. */
const newNames: Record<string, string> = {
  edit_history_tweet_ids: "edit_history_post_ids",
  referenced_tweets: "referenced_posts",
  note_tweet: "note_post",
  retweet_count: "repost_count",
  tweet_count: "post_count"
};
const oldNames = Object.fromEntries(Object.entries(newNames).map(([old, current]) => [current, old]));
const always = ["id", "text", "edit_history_tweet_ids"];

/** Posts as X gives them. One whose private counters are asked for in vain is left out and stands in `errors`. */
export function postsBody(posts: readonly XPost[], world: XWorld, wanted: Wanted): PostsBody {
  const {query} = wanted;
  const fields = [...always, ...listed(query, "tweet.fields"), ...listed(query, "post.fields")].map(
    name => oldNames[name] ?? name
  );
  const expansions = new Set(listed(query, "expansions"));
  const errors: object[] = [];
  const shown = posts.filter(post => isAllowed(post, fields, "data", wanted, errors));
  const included = includes(shown, world, fields, expansions, wanted, errors);
  return {
    ...(shown.length > 0 ? {data: shown.map(post => postBody(post, fields, wanted))} : {}),
    ...(Object.keys(included).length > 0 ? {includes: included} : {}),
    ...(errors.length > 0 ? {errors} : {})
  };
}

/** A user as X gives it. */
export function userBody(
  user: XUser,
  query: URLSearchParams,
  followers: number,
  posts: number,
  isNewNames: boolean
): object {
  const optional: Record<string, unknown> = {
    created_at: user.createdAt,
    description: "A made-up account for trying software.",
    location: "Geneva",
    protected: false,
    verified: false,
    verified_type: "none",
    public_metrics: {
      followers_count: followers,
      following_count: 212,
      [isNewNames ? "post_count" : "tweet_count"]: posts,
      listed_count: 31
    }
  };
  const asked = listed(query, "user.fields").filter(name => name in optional);
  return {
    id: user.id,
    name: user.name,
    username: user.username,
    ...Object.fromEntries(asked.map(name => [name, optional[name]]))
  };
}

function listed(query: URLSearchParams, name: string): string[] {
  return query.get(name)?.split(",") ?? [];
}

function isAllowed(
  post: XPost,
  fields: readonly string[],
  section: "data" | "includes",
  {now, isOwner, parameter}: Wanted,
  errors: object[]
): boolean {
  const isPrivateOpen =
    isOwner && post.author === owner && post.reference?.type !== "retweeted" && now - post.at < privateDays * day;
  if (isPrivateOpen) return true;
  const asked = fields.filter(name => name in privateCounters);
  const named = section === "data" ? parameter : "referenced_tweets.id";
  for (const field of asked) errors.push(...fieldErrors(field, post.id, named, section));
  return asked.length === 0;
}

function postBody(post: XPost, fields: readonly string[], wanted: Wanted): Record<string, unknown> {
  const counters = countersAt(post, wanted.now);
  const body: Record<string, unknown> = {};
  for (const name of fields) {
    const value = name in post.fixed ? post.fixed[name] : metrics(name, counters, post, wanted);
    if (value !== undefined) body[wanted.isNewNames ? (newNames[name] ?? name) : name] = value;
  }
  return body;
}

function metrics(name: string, counters: Counters, post: XPost, wanted: Wanted): object | undefined {
  const {views, replies, reposts, quotes, bookmarks, linkClicks, profileClicks} = counters;
  const likes = counters.likes + wanted.likesMore(post);
  switch (name) {
    case "public_metrics":
      return {
        [wanted.isNewNames ? "repost_count" : "retweet_count"]: reposts,
        reply_count: replies,
        ...(wanted.isMisshapen ? {} : {like_count: likes}),
        quote_count: quotes,
        bookmark_count: bookmarks,
        impression_count: views
      };
    case "non_public_metrics":
      return {
        impression_count: views,
        engagements: likes + replies + reposts + quotes + bookmarks + linkClicks + profileClicks,
        url_link_clicks: linkClicks,
        user_profile_clicks: profileClicks
      };
    case "organic_metrics":
      return {
        impression_count: views,
        like_count: likes,
        reply_count: replies,
        retweet_count: reposts,
        url_link_clicks: linkClicks,
        user_profile_clicks: profileClicks
      };
    default:
      return undefined;
  }
}

function includes(
  posts: readonly XPost[],
  world: XWorld,
  fields: readonly string[],
  expansions: ReadonlySet<string>,
  wanted: Wanted,
  errors: object[]
): Record<string, object[]> {
  const {now} = wanted;
  const found: Record<string, object[]> = {};
  const add = (name: string, items: object[]): void => {
    if (items.length > 0) found[name] = [...(found[name] ?? []), ...items];
  };
  if (expansions.has("attachments.media_keys")) {
    add(
      "media",
      posts.flatMap(post => post.media.map(media => mediaBody(media, post, wanted)))
    );
  }
  if (expansions.has("attachments.poll_ids")) {
    add(
      "polls",
      posts.flatMap(post => (post.pollId === undefined ? [] : [pollBody(post.pollId, post, wanted)]))
    );
  }
  if (expansions.has("author_id")) add("users", [...new Set(posts.map(({author}) => author))].map(wanted.userBody));
  if (expansions.has("referenced_tweets.id") || expansions.has("referenced_posts")) {
    const referred = new Set(posts.flatMap(post => world.byId.get(post.reference?.id ?? "") ?? []));
    const shown = [...referred].filter(
      post => isThere(post, now) && isAllowed(post, fields, "includes", wanted, errors)
    );
    add(
      wanted.isNewNames ? "posts" : "tweets",
      shown.map(post => postBody(post, fields, wanted))
    );
  }
  return found;
}

function mediaBody(media: XMedia, post: XPost, {query, now, isOwner}: Wanted): object {
  const {views} = countersAt(post, now);
  const file = `https://pbs.example.org/${media.key}`;
  const isVideo = media.type === "video";
  const isPrivateOpen = isOwner && post.author === owner && now - post.at < privateDays * day;
  const started = Math.floor(views * 0.6);
  const optional: Record<string, unknown> = {
    width: 1280,
    height: 720,
    alt_text: "A made-up picture",
    ...(media.type === "photo" ? {url: `${file}.jpg`} : {preview_image_url: `${file}.jpg`}),
    ...(isVideo ? {duration_ms: videoSeconds * 1000, public_metrics: {view_count: started}} : {}),
    ...(isVideo && isPrivateOpen
      ? {
          non_public_metrics: {
            playback_0_count: started,
            playback_25_count: Math.floor(started * 0.5),
            playback_50_count: Math.floor(started * 0.35),
            playback_75_count: Math.floor(started * 0.25),
            playback_100_count: Math.floor(started * 0.2)
          }
        }
      : {})
  };
  const asked = listed(query, "media.fields").filter(name => name in optional);
  return {media_key: media.key, type: media.type, ...Object.fromEntries(asked.map(name => [name, optional[name]]))};
}

function pollBody(id: string, post: XPost, {query, now}: Wanted): object {
  const {likes} = countersAt(post, now);
  const end = post.at + pollMinutes * 60_000;
  const options = [
    {position: 1, label: "Yes", votes: likes * 2},
    {position: 2, label: "No", votes: likes}
  ];
  const optional: Record<string, unknown> = {
    duration_minutes: pollMinutes,
    end_datetime: new Date(end).toISOString(),
    voting_status: now < end ? "open" : "closed"
  };
  const asked = listed(query, "poll.fields").filter(name => name in optional);
  return {id, options, ...Object.fromEntries(asked.map(name => [name, optional[name]]))};
}
