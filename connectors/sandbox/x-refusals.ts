/**
 * What X refuses, in its words: a table of parameters with the message for each bad value, and the bodies of refusals.
 * `basis` says where the words come from; `docs/sandbox.md` lists the sources.
 */
import type {Answer} from "./platform.ts";

/** Seen in a recording; stated in prose or OpenAPI file; quoted by people who met it; or our guess. */
export type Basis = "recorded" | "documented" | "reported" | "assumed";

export interface ParameterRule {
  basis: Basis;
  /** X's message when the value is refused. */
  refuse: (value: string) => string | undefined;
}

/** One parameter that was refused. */
export interface BadParameter {
  name: string;
  values: string[];
  message: string;
}

const problems = "https://api.twitter.com/2/problems";
const idPattern = /^[0-9]{1,19}$/;
const firstTime = Date.parse("2010-11-06T00:00:00Z");

const postFields =
  "id text withheld rest_id created_at author_id conversation_id in_reply_to_user_id attachments lang possibly_sensitive paid_partnership reply_settings source display_text_range card_uri community_id scopes username suggested_source_links suggested_source_links_with_counts matched_media_notes note_request_suggestions public_metrics context_annotations entities geo edit_controls media_metadata non_public_metrics organic_metrics promoted_metrics article";

/** Every parameter that the served endpoints know. */
export const parameterRules: Record<string, ParameterRule> = {
  id: {basis: "reported", refuse: value => unless(idPattern.test(value), quoted("id", value, "is not valid"))},
  username: {
    basis: "reported",
    refuse: value =>
      unless(/^[A-Za-z0-9_]{1,15}$/.test(value), quoted("username", value, "does not match ^[A-Za-z0-9_]{1,15}$"))
  },
  ids: {basis: "recorded", refuse: refuseIds},
  max_results: {
    basis: "reported",
    refuse: value =>
      unless(/^\d+$/.test(value), quoted("max_results", value, "is not a valid integer")) ??
      unless(Number(value) >= 5 && Number(value) <= 100, quoted("max_results", value, "is not between 5 and 100"))
  },
  days: {
    basis: "documented",
    refuse: value =>
      unless(
        /^\d+$/.test(value) && Number(value) >= 1 && Number(value) <= 90,
        quoted("days", value, "is not between 1 and 90")
      )
  },
  start_time: {basis: "assumed", refuse: value => refuseTime("start_time", value)},
  end_time: {basis: "assumed", refuse: value => refuseTime("end_time", value)},
  since_id: {
    basis: "documented",
    refuse: value => unless(idPattern.test(value), quoted("since_id", value, "does not match ^[0-9]{1,19}$"))
  },
  until_id: {
    basis: "documented",
    refuse: value => unless(idPattern.test(value), quoted("until_id", value, "does not match ^[0-9]{1,19}$"))
  },
  pagination_token: {basis: "documented", refuse: value => unless(value !== "", empty("pagination_token"))},
  exclude: {basis: "documented", refuse: oneOf("exclude", "replies retweets")},
  "tweet.fields": {
    basis: "reported",
    refuse: oneOf("tweet.fields", `${postFields} edit_history_tweet_ids referenced_tweets note_tweet`)
  },
  "post.fields": {
    basis: "reported",
    refuse: oneOf("post.fields", `${postFields} edit_history_post_ids referenced_posts note_post article_title`)
  },
  expansions: {
    basis: "reported",
    refuse: oneOf(
      "expansions",
      "edit_history_tweet_ids author_id in_reply_to_user_id referenced_tweets attachments.media_keys attachments.poll_ids attachments.media_source_tweet username entities.mentions.username geo.place_id article.cover_media article.media_entities",
      // Taken, though the message does not list them.
      "referenced_tweets.id referenced_tweets.id.author_id referenced_tweets.id.attachments.media_keys referenced_posts edit_history_post_ids"
    )
  },
  "media.fields": {
    basis: "reported",
    refuse: oneOf(
      "media.fields",
      "media_key type url preview_image_url width height alt_text duration_ms variants public_metrics organic_metrics promoted_metrics non_public_metrics"
    )
  },
  "poll.fields": {
    basis: "documented",
    refuse: oneOf("poll.fields", "duration_minutes end_datetime id options voting_status")
  },
  "place.fields": {
    basis: "documented",
    refuse: oneOf("place.fields", "contained_within country country_code full_name geo id name place_type")
  },
  "user.fields": {
    basis: "reported",
    refuse: oneOf(
      "user.fields",
      "id name username withheld created_at description entities location pinned_tweet_id profile_banner_url profile_image_url protected public_metrics url verified subscription_type verified_type most_recent_tweet_id is_identity_verified affiliation connection_status receives_your_dm verified_followers_count parody subscribes_to_you subscription confirmed_email"
    )
  },
  "usage.fields": {
    basis: "documented",
    refuse: oneOf(
      "usage.fields",
      "cap_reset_day daily_client_app_usage daily_project_usage project_cap project_id project_usage"
    )
  }
};

/** What is wrong with the parameters of a request: those in the path, and those of the query against the names allowed. */
export function badParameters(
  inPath: Record<string, string>,
  query: URLSearchParams,
  allowed: string[]
): BadParameter[] {
  const names = [...Object.keys(inPath), ...allowed];
  const bad: BadParameter[] = [];
  const refuse = (name: string, value: string): void => {
    const message = parameterRules[name]?.refuse(value);
    if (message !== undefined) bad.push({name, values: [value], message});
  };
  for (const [name, value] of Object.entries(inPath)) refuse(name, value);
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name);
    if (!allowed.includes(name)) {
      bad.push({name, values, message: `The query parameter [${name}] is not one of [${names.join(",")}]`});
    } else if (values.length > 1) {
      bad.push({name, values, message: `Duplicate parameters are not allowed: the \`${name}\` query parameter`});
    } else refuse(name, values[0]!);
  }
  if (allowed.includes("ids") && !query.has("ids")) bad.push({name: "ids", values: [], message: empty("ids")});
  return bad;
}

/** A page token that nobody gave, or that was given for another query. */
export function badPageToken(token: string): BadParameter {
  return {name: "pagination_token", values: [token], message: quoted("pagination_token", token, "is not valid")};
}

/** A window that ends before it begins. */
export function badWindow(start: string, end: string): BadParameter {
  return {
    name: "end_time",
    values: [end],
    message: `Invalid 'end_time':'${minuteOf(end)}'. 'end_time' must be after 'start_time':'${minuteOf(start)}'`
  };
}

/** 400, one entry a parameter (recorded). */
export function invalid(bad: BadParameter[]): Answer {
  const errors = bad.map(({name, values, message}) => ({parameters: {[name]: values}, message}));
  const detail = "One or more parameters to your request was invalid.";
  return {status: 400, body: {errors, title: "Invalid Request", detail, type: `${problems}/invalid-request`}};
}

/** 401 (recorded). */
export function unauthorized(): Answer {
  return {status: 401, body: {title: "Unauthorized", type: "about:blank", status: 401, detail: "Unauthorized"}};
}

/** 403 for a way of authentication that the endpoint does not take (reported, with the two spaces). */
export function unsupportedAuthentication(used: string, supported: string[]): Answer {
  const detail = `Authenticating with ${used} is forbidden for this endpoint.  Supported authentication types are [${supported.join(", ")}].`;
  const type = `${problems}/unsupported-authentication`;
  return {status: 403, body: {title: "Unsupported Authentication", detail, type, status: 403}};
}

/** A refusal with no more to say than its status: 403 (reported for analytics), 405 (assumed). */
export function blank(status: number, title: string): Answer {
  return {status, body: {title, type: "about:blank", status, detail: title}};
}

/** 404 for a path that does not exist: a page of HTML (recorded). */
export function noSuchPage(): Answer {
  return {
    status: 404,
    body: "<!doctype html><html><head><title>X / ?</title></head><body>Nothing to see here</body></html>"
  };
}

/** 429 in the words of version 1 (recorded). */
export function rateLimited(): Answer {
  return {status: 429, body: {errors: [{code: 88, message: "Rate limit exceeded"}]}};
}

/** 429 in the words of the documentation. */
export function tooManyRequests(): Answer {
  const body = {title: "Too Many Requests", detail: "Too Many Requests", type: "about:blank", status: 429};
  return {status: 429, body};
}

/** 429 that is about money: the monthly cap of reads is spent (reported in full). */
export function usageCapped(): Answer {
  const body = {
    account_id: 1234567890,
    product_name: "standard-basic",
    title: "UsageCapExceeded",
    period: "Monthly",
    scope: "Product",
    detail: "Usage cap exceeded: Monthly product cap",
    type: `${problems}/usage-capped`
  };
  return {status: 429, body};
}

/** 402: no credits left (reported in full; the recorded length of 185 bytes fits it). */
export function creditsDepleted(): Answer {
  const detail = "Your enrolled account [1960000000000000001] does not have any credits to fulfill this request.";
  return {status: 402, body: {title: "CreditsDepleted", detail, type: `${problems}/credits`}};
}

/** The entry of `errors` for an id or name that does not exist (recorded). */
export function notFound(resource: "tweet" | "user", parameter: string, value: string): object {
  return {
    value,
    detail: `Could not find ${resource} with ${parameter}: [${value}].`,
    title: "Not Found Error",
    resource_type: resource,
    parameter,
    resource_id: value,
    type: `${problems}/resource-not-found`
  };
}

/** The entry of `errors` for an account that hides itself (recorded for posts). */
export function hidden(value: string): object {
  return {
    value,
    parameter: "id",
    resource_type: "user",
    resource_id: value,
    section: "data",
    title: "Authorization Error",
    detail: `Sorry, you are not authorized to see the user with id: [${value}].`,
    type: `${problems}/not-authorized-for-resource`
  };
}

/** Entries of `errors` for a private field of a post: one for each counter in it, and the post is left out (recorded). */
export function fieldErrors(field: string, postId: string, parameter: string, section: "data" | "includes"): object[] {
  return (privateCounters[field] ?? []).map(counter => ({
    resource_type: "tweet",
    field: `${field}.${counter}`,
    parameter,
    resource_id: postId,
    title: "Field Authorization Error",
    section,
    detail: `Sorry, you are not authorized to access '${field}.${counter}' on the Tweet with ${parameter} : [${postId}].`,
    value: postId,
    type: `${problems}/not-authorized-for-field`
  }));
}

const paidCounters = [
  "impression_count",
  "like_count",
  "reply_count",
  "retweet_count",
  "url_link_clicks",
  "user_profile_clicks"
];

/** Fields that only the account's owner may ask for, and what they hold. */
export const privateCounters: Record<string, string[]> = {
  non_public_metrics: ["impression_count", "url_link_clicks", "user_profile_clicks"],
  organic_metrics: paidCounters,
  promoted_metrics: paidCounters
};

function refuseIds(value: string): string | undefined {
  if (value === "") return empty("ids");
  const ids = value.split(",");
  const bad = ids.find(id => !idPattern.test(id));
  return (
    unless(
      ids.length <= 100,
      `The number of values in the \`ids\` query parameter list [${ids.length}] is not between 1 and 100`
    ) ?? (bad === undefined ? undefined : quoted("ids", bad, "does not match ^[0-9]{1,19}$"))
  );
}

function refuseTime(name: string, value: string): string | undefined {
  const isTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(value);
  const at = Date.parse(value);
  return (
    unless(isTime && !Number.isNaN(at), quoted(name, value, "is not a valid RFC3339 date-time")) ??
    unless(at >= firstTime, `Invalid '${name}':'${minuteOf(value)}'. '${name}' must be on or after 2010-11-06T00:00Z`)
  );
}

function oneOf(name: string, listed: string, taken = ""): (value: string) => string | undefined {
  const shown = listed.split(" ").join(",");
  const known = new Set([...listed.split(" "), ...taken.split(" ")]);
  return value => {
    if (value === "") return empty(name);
    const stranger = value.split(",").find(item => !known.has(item));
    return stranger === undefined ? undefined : quoted(name, stranger, `is not one of [${shown}]`);
  };
}

function quoted(name: string, value: string, fault: string): string {
  return `The \`${name}\` query parameter value [${value}] ${fault}`;
}

function empty(name: string): string {
  return `The \`${name}\` query parameter can not be empty`;
}

/** X repeats times to the minute. */
function minuteOf(time: string): string {
  return `${new Date(time).toISOString().slice(0, 16)}Z`;
}

function unless(isGood: boolean, message: string): string | undefined {
  return isGood ? undefined : message;
}
