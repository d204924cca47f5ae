/**
 * X's API v2 as documented (OpenAPI 2.167, the prose beside it) and as recorded. What the platform would refuse is
 * refused in its words (`x-refusals.ts`); `docs/sandbox.md` says which of it is documented and which assumed.
 */
import {type Answer, type Asked, type Moment, platformSandbox, type World} from "./platform.ts";
import {followersOn} from "./world.ts";
import {type PostsBody, postsBody, userBody, type Wanted} from "./x-answers.ts";
import {type Caller, createTokens, credentials} from "./x-auth.ts";
import {createLimits, createPages, type Limit, type Limits} from "./x-memory.ts";
import {demoWorld, isThere, madeUpWorld, owner, type XPost, type XUser, type XWorld} from "./x-posts.ts";
import * as refusals from "./x-refusals.ts";

/** Only the newest so many are reachable by the listing; `exclude` thins these, it does not reach past them. */
const reachable = 3200;
const defaultPage = 10;
/** Every third page is one short, though a next one follows: recorded (99 of 100 with a token). */
const shortPage = 3;
const madeUpFollowers = 5000;

const userContext: Caller[] = ["OAuth 1.0a User Context", "OAuth 2.0 User Context"];
const anyone: Caller[] = ["OAuth 2.0 Application-Only", ...userContext];
const objectFields = [
  "tweet.fields",
  "post.fields",
  "expansions",
  "user.fields",
  "media.fields",
  "poll.fields",
  "place.fields"
];
const userFields = ["user.fields", "expansions", "tweet.fields", "post.fields"];

export const x = platformSandbox({
  platform: "x",
  accounts: [
    {
      platform: "x",
      kind: "page",
      id: owner.id,
      name: "IESOGI",
      aliases: [owner.username],
      auth: credentials.oauth1,
      otherAuth: {oauth2: credentials.oauth2, bearer: credentials.bearer}
    }
  ],
  faults: {
    "rate-limit": {what: "one answer is 429 with the code 88 and a reset in two seconds", isOnce: true},
    "rate-limit-title": {what: "every answer is 429 Too Many Requests, with a reset in an hour"},
    "usage-capped": {
      what: "every answer is 429 UsageCapExceeded, the monthly cap of reads, with calls left in the window"
    },
    "credits-402": {what: "every answer is 402: the credits are spent"},
    "token-expired": {what: "every answer is 401, whatever the token"},
    suspended: {what: "every answer is 200 with nothing but an error: not authorised to see the account"},
    "wrong-shape": {what: "posts come without like_count"},
    "same-page-token": {what: "every page of a listing names the same next page, the first"},
    "foreign-next": {what: "the token of the next page is an address on another host"},
    "duplicate-posts": {what: "the first post of an answer stands there twice"},
    "missing-posts": {what: "the two newest posts are deleted"},
    "partial-errors": {what: "beside the posts stands an error about a user whom one of them mentions"},
    "one-more-like": {what: "the newest post has one like more than its age gives it"},
    "new-names": {
      what: "answers speak the OpenAPI file's names: repost_count, referenced_posts, edit_history_post_ids …"
    },
    "refresh-lost": {what: "a refresh token is exchanged, and the connection breaks before the answer"}
  },
  open
});

interface Call {
  asked: Asked;
  moment: Moment;
  caller: Caller;
  /** What the path holds: an id, a name, or nothing. */
  value: string;
}

interface Route {
  path: RegExp;
  /** The name of what the path holds. */
  inPath?: "id" | "username";
  parameters: string[];
  callers: Caller[];
  limits: Limits;
  handle: (call: Call) => Answer;
}

function open(world: World): (asked: Asked, moment: Moment) => Answer {
  const account = world.posts === undefined ? demoWorld() : madeUpWorld(world.posts, world.firstNight);
  const tokens = createTokens();
  const count = createLimits();
  const routes = createRoutes(account, world);

  return (asked, moment) => {
    if (asked.path === "/2/oauth2/token" && asked.method === "POST") {
      return {...tokens.exchange(asked), isLost: moment.strikes("refresh-lost")};
    }
    const route = routes.find(({path}) => path.test(asked.path));
    if (route === undefined) return refusals.noSuchPage();
    const caller = moment.strikes("token-expired") ? undefined : tokens.callerOf(asked);
    if (caller === undefined) return refusals.unauthorized();
    const call: Call = {asked, moment, caller, value: route.path.exec(asked.path)?.[1] ?? ""};
    const limit = count(route.limits, caller, moment.night);
    const answer = refusedBeforehand(call, route, limit) ?? route.handle(call);
    return {
      ...answer,
      headers: {"api-version": "2.167", "x-access-level": "read", ...limit.headers, ...answer.headers}
    };
  };
}

/** What keeps a known caller from an answer, in the order in which it is looked at. */
function refusedBeforehand({asked, moment, caller, value}: Call, route: Route, limit: Limit): Answer | undefined {
  const {strikes} = moment;
  const waiting = (answer: Answer, seconds: number): Answer => ({
    ...answer,
    headers: {
      "x-rate-limit-remaining": "0",
      "x-rate-limit-reset": String(Math.floor(Date.now() / 1000) + seconds)
    }
  });
  if (strikes("usage-capped")) return refusals.usageCapped();
  if (strikes("credits-402")) return refusals.creditsDepleted();
  if (strikes("rate-limit")) return waiting(refusals.rateLimited(), 2);
  if (strikes("rate-limit-title")) return waiting(refusals.tooManyRequests(), 3600);
  if (limit.isSpent) return refusals.tooManyRequests();
  if (asked.method !== "GET") return refusals.blank(405, "Method Not Allowed");
  if (!route.callers.includes(caller)) return refusals.unsupportedAuthentication(caller, route.callers);
  const inPath = route.inPath === undefined ? {} : {[route.inPath]: value};
  const bad = refusals.badParameters(inPath, asked.query, route.parameters);
  if (bad.length > 0) return refusals.invalid(bad);
  if (strikes("suspended")) return {status: 200, body: {errors: [refusals.hidden(owner.id)]}};
  return undefined;
}

function createRoutes(account: XWorld, world: World): Route[] {
  const view = createView(account);
  const pages = createPages();
  let postsRead = 0;

  const wantedOf = ({asked, moment, caller}: Call, parameter: string): Wanted => {
    const isNewNames = moment.strikes("new-names") || asked.query.has("post.fields");
    const newest = view(moment).posts[0];
    const moreLikes = moment.strikes("one-more-like") ? 1 : 0;
    return {
      query: asked.query,
      now: moment.now,
      isOwner: userContext.includes(caller),
      parameter,
      isNewNames,
      isMisshapen: moment.strikes("wrong-shape"),
      userBody: user => shownUser(user, asked.query, moment, isNewNames),
      likesMore: post => (post === newest ? moreLikes : 0)
    };
  };

  const shownUser = (user: XUser, query: URLSearchParams, moment: Moment, isNewNames: boolean): object => {
    const followers = world.posts === undefined ? followersOn("x", moment.night) : madeUpFollowers;
    return userBody(user, query, followers, view(moment).posts.length, isNewNames);
  };

  /** The body of posts, and what the faults put into it. */
  const shownPosts = (posts: readonly XPost[], call: Call, parameter: string): PostsBody => {
    const body = postsBody(posts, account, wantedOf(call, parameter));
    const [first] = body.data ?? [];
    postsRead += (body.data ?? []).length;
    if (first !== undefined && call.moment.strikes("duplicate-posts")) body.data?.push(first);
    if (first !== undefined && call.moment.strikes("partial-errors")) {
      body.errors = [...(body.errors ?? []), refusals.notFound("user", "entities.mentions.username", "gone_demo")];
    }
    return body;
  };

  const users = (call: Call, wanted: string[], parameter: string): {data: object[]; errors: object[]} => {
    const isOwn = (value: string): boolean =>
      parameter === "username" ? value.toLowerCase() === owner.username.toLowerCase() : value === owner.id;
    const {userBody} = wantedOf(call, parameter);
    return {
      data: wanted.some(isOwn) ? [userBody(owner)] : [],
      errors: wanted.filter(value => !isOwn(value)).map(value => refusals.notFound("user", parameter, value))
    };
  };

  /** One thing: data, or the error alone, with status 200 (recorded). */
  const one = <T>(data: T[] | undefined, errors: object[] | undefined, rest: object = {}): Answer => ({
    status: 200,
    body: {...(data?.[0] === undefined ? {} : {data: data[0], ...rest}), ...(errors?.length ? {errors} : {})}
  });

  const oneUser = (call: Call, value: string, parameter: string): Answer => {
    const {data, errors} = users(call, [value], parameter);
    return one(data, errors);
  };

  /** The posts of a list of ids that exist, in the order asked, and an error for each other one. */
  const lookUp = (call: Call, ids: string[], parameter: string): PostsBody => {
    const {hidden} = view(call.moment);
    const there = [...new Set(ids)].map(id => {
      const post = account.byId.get(id);
      return {
        id,
        post: post !== undefined && isThere(post, call.moment.now) && !hidden.includes(post) ? post : undefined
      };
    });
    const body = shownPosts(
      there.flatMap(({post}) => post ?? []),
      call,
      parameter
    );
    const missing = there
      .filter(({post}) => post === undefined)
      .map(({id}) => refusals.notFound("tweet", parameter, id));
    return missing.length === 0 ? body : {...body, errors: [...(body.errors ?? []), ...missing]};
  };

  const timeline = (call: Call): Answer => {
    const id = call.value;
    const {query} = call.asked;
    const start = query.get("start_time");
    const end = query.get("end_time");
    const bad =
      start !== null && end !== null && Date.parse(start) >= Date.parse(end) ? [refusals.badWindow(start, end)] : [];
    const token = query.get("pagination_token");
    const page = pages.find(token, id, query);
    if (page === undefined) bad.push(refusals.badPageToken(token ?? ""));
    if (page === undefined || bad.length > 0) return refusals.invalid(bad);
    if (id !== owner.id) return {status: 200, body: {errors: [refusals.notFound("user", "id", id)]}};
    const all = view(call.moment).posts.slice(0, reachable).filter(filterOf(query));
    const size = Number(query.get("max_results") ?? defaultPage);
    const isLast = page.start + size >= all.length;
    const isShort = !isLast && page.number % shortPage === 1;
    const items = all.slice(page.start, page.start + size - (isShort ? 1 : 0));
    const next = page.start + items.length;
    const following = (): string | undefined => {
      if (call.moment.strikes("foreign-next")) return "http://127.0.0.2:9/2/next";
      if (call.moment.strikes("same-page-token")) return pages.token(id, query, undefined);
      return next < all.length
        ? pages.token(id, query, {start: next, number: page.number + 1, before: page})
        : undefined;
    };
    const next_token = following();
    const ends = items.length > 0 ? {newest_id: items[0]!.id, oldest_id: items.at(-1)!.id} : {};
    const tokens = {
      ...(next_token === undefined ? {} : {next_token}),
      ...(page.before === undefined ? {} : {previous_token: pages.token(id, query, page.before)})
    };
    const body = shownPosts(items, call, "id");
    return {status: 200, body: {...body, meta: {result_count: (body.data ?? []).length, ...ends, ...tokens}}};
  };

  const usage = (): Answer => {
    const data = {cap_reset_day: 28, project_cap: "3000000", project_id: "1", project_usage: String(postsRead)};
    return {status: 200, body: {data}};
  };

  const idsOf = ({asked}: Call): string[] => (asked.query.get("ids") ?? "").split(",");
  return [
    {
      path: /^\/2\/users\/me$/,
      parameters: userFields,
      callers: userContext,
      limits: {app: 75, user: 75},
      handle: call => oneUser(call, owner.id, "id")
    },
    {
      path: /^\/2\/users$/,
      parameters: ["ids", ...userFields],
      callers: anyone,
      limits: {app: 300, user: 900},
      handle: call => {
        const {data, errors} = users(call, [...new Set(idsOf(call))], "ids");
        return {status: 200, body: {...(data.length > 0 ? {data} : {}), ...(errors.length > 0 ? {errors} : {})}};
      }
    },
    {
      path: /^\/2\/users\/by\/username\/([^/]+)$/,
      inPath: "username",
      parameters: userFields,
      callers: anyone,
      limits: {app: 300, user: 900},
      handle: call => oneUser(call, call.value, "username")
    },
    {
      path: /^\/2\/users\/([^/]+)$/,
      inPath: "id",
      parameters: userFields,
      callers: anyone,
      limits: {app: 300, user: 900},
      handle: call => oneUser(call, call.value, "id")
    },
    {
      path: /^\/2\/users\/([^/]+)\/tweets$/,
      inPath: "id",
      parameters: [
        "max_results",
        "pagination_token",
        "start_time",
        "end_time",
        "since_id",
        "until_id",
        "exclude",
        ...objectFields
      ],
      callers: anyone,
      limits: {app: 10_000, user: 900},
      handle: timeline
    },
    {
      path: /^\/2\/tweets$/,
      parameters: ["ids", ...objectFields],
      callers: anyone,
      limits: {app: 3500, user: 5000},
      handle: call => ({status: 200, body: lookUp(call, idsOf(call), "ids")})
    },
    {
      path: /^\/2\/tweets\/analytics$/,
      parameters: ["ids", "start_time", "end_time", "granularity", "analytics.fields"],
      callers: userContext,
      limits: {app: 300, user: 300},
      handle: () => refusals.blank(403, "Forbidden")
    },
    {
      path: /^\/2\/tweets\/([^/]+)$/,
      inPath: "id",
      parameters: objectFields,
      callers: anyone,
      limits: {app: 450, user: 900},
      handle: call => {
        const {data, errors, ...rest} = lookUp(call, [call.value], "id");
        return one(data, errors, rest);
      }
    },
    {
      path: /^\/2\/usage\/tweets$/,
      parameters: ["days", "usage.fields"],
      callers: ["OAuth 2.0 Application-Only"],
      limits: {app: 50, user: 50},
      handle: usage
    }
  ];
}

interface View {
  /** The account's posts that exist, newest first. */
  posts: readonly XPost[];
  /** Those that a fault deleted. */
  hidden: readonly XPost[];
}

/** What exists at a moment; worked out once a night. */
function createView(account: XWorld): (moment: Moment) => View {
  let night = "";
  let there: readonly XPost[] = [];
  return moment => {
    if (night !== moment.night) {
      night = moment.night;
      there = account.posts.filter(post => isThere(post, moment.now));
    }
    const deleted = moment.strikes("missing-posts") ? 2 : 0;
    return {posts: there.slice(deleted), hidden: there.slice(0, deleted)};
  };
}

function filterOf(query: URLSearchParams): (post: XPost) => boolean {
  const excluded = new Set(query.get("exclude")?.split(","));
  const time = (name: string, open: number): number => (query.has(name) ? Date.parse(query.get(name)!) : open);
  const from = time("start_time", Number.NEGATIVE_INFINITY);
  const to = time("end_time", Number.POSITIVE_INFINITY);
  const since = query.get("since_id");
  const until = query.get("until_id");
  return post =>
    post.at >= from &&
    post.at < to &&
    !(excluded.has("replies") && post.reference?.type === "replied_to") &&
    !(excluded.has("retweets") && post.reference?.type === "retweeted") &&
    (since === null || BigInt(post.id) > BigInt(since)) &&
    (until === null || BigInt(post.id) < BigInt(until));
}
