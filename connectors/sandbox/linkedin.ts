/**
 * LinkedIn's Community Management API as documented for versions 202601 to 202609, and as recorded: an organisation's
 * page, and a member's own profile. What the platform would refuse is refused in its words (`linkedin-refusals.ts`);
 * `docs/sandbox-linkedin.md` says which of it is documented and which assumed.
 */
import {createTokens, credentials, refusedToken, type Scope, type TokenState} from "./linkedin-auth.ts";
import {member} from "./linkedin-member.ts";
import {demoWorld, madeUpWorld, organisation} from "./linkedin-posts.ts";
import * as refusals from "./linkedin-refusals.ts";
import {parseQuery, type Query, queryOfForm} from "./linkedin-restli.ts";
import {createRoutes, type Route} from "./linkedin-routes.ts";
import {type Answer, type Asked, type Moment, platformSandbox, type World} from "./platform.ts";
import {followersOn} from "./world.ts";

const versions = {oldest: "202601", newest: "202609"};
/** A longer query must be tunnelled; 4 KB in the documentation, this in LinkedIn's own client. */
const longestQuery = 4000;
const madeUpFollowers = 5000;
/** What every finder takes beside its own. */
const ofEveryFinder = ["q", "start", "count"];

export const linkedin = platformSandbox({
  platform: "linkedin",
  accounts: [
    {
      platform: "linkedin",
      kind: "organisation",
      id: organisation.id,
      name: "IESOGI-LinkedIn",
      aliases: [organisation.vanityName],
      auth: {token: credentials.page.token},
      otherAuth: {oauth2: credentials.page.oauth2}
    }
  ],
  otherAccounts: [
    {
      platform: "linkedin",
      kind: "member",
      id: member.id,
      name: "IESOGI-LinkedIn-member",
      aliases: [],
      auth: {token: credentials.member.token},
      otherAuth: {oauth2: credentials.member.oauth2}
    }
  ],
  faults: {
    "rate-limit": {what: "one answer is 429 of a moment, and no header says until when", isOnce: true},
    "day-limit": {what: "every answer is 429: the day's limit of the application is reached"},
    "token-expired": {what: "every answer is 401, whatever the token: it has expired"},
    "token-revoked": {what: "every answer is 401, whatever the token: the member took it back"},
    "token-ends-soon": {
      what: "introspection gives the access token three days, an exchange gives the refresh token ten"
    },
    "version-sunset": {what: "every answer is 426, whatever the version: it is not active"},
    "no-permission": {what: "every answer is 403: the role or the permission is not enough"},
    unprocessable: {what: "every answer is 422: what was asked does not hold"},
    "member-tier-missing": {what: "the member's endpoints are 404: the product's upgraded tier is missing"},
    "retired-metric": {
      what: "the type VIDEO_VIEW and the member's RESHARE are refused, and organizationPageStatistics is 404"
    },
    "wrong-shape": {what: "statistics come without likeCount, and a member's number as value in place of count"},
    "nested-counts": {what: "a member's metricType and daily followers come nested, as older versions gave them"},
    "same-page-token": {what: "the next page of a listing is the first, for ever"},
    "foreign-next": {what: "the link to the next page is an address on another host"},
    "duplicate-posts": {what: "the first post of a page stands there twice"},
    "missing-posts": {what: "the two newest posts are deleted"},
    "missing-elements": {what: "share statistics leave out the first post that they should speak of"},
    "partial-429": {what: "the first of a batch is 429 inside an answer that is 200"},
    "unsettled-days": {what: "the last two days of share statistics lack a tenth of their impressions"},
    "no-facets": {what: "every facet of the followers is empty, as for a small page"},
    "one-more-like": {what: "the newest post has one like more than its age gives it"},
    "refresh-lost": {what: "a refresh token is exchanged, and the connection breaks before the answer"}
  },
  open
});

function open(world: World): (asked: Asked, moment: Moment) => Answer {
  const posts = world.posts === undefined ? demoWorld() : madeUpWorld(world.posts, world.firstNight);
  const followers = (night: string): number =>
    world.posts === undefined ? followersOn("linkedin", night) : madeUpFollowers;
  const routes = createRoutes(posts, followers);
  const tokens = createTokens();

  return (asked, moment) => {
    if (asked.method === "POST" && asked.path === "/oauth/v2/accessToken") {
      return {...tokens.exchange(asked, endsSoon(moment)), isLost: moment.strikes("refresh-lost")};
    }
    if (asked.method === "POST" && asked.path === "/oauth/v2/introspectToken") {
      return tokens.introspect(asked, endsSoon(moment), stateByFault(moment));
    }
    const route = routes.find(({path}) => path.test(asked.path));
    if (route === undefined) return refusals.noVirtualResource();
    const caller = tokens.scopesOf(asked);
    const refusal = "status" in caller ? caller : (refusedByFault(moment) ?? refusedByHeaders(asked, moment));
    return refusal ?? answered(route, asked, moment, caller as Scope[]);
  };
}

function endsSoon({strikes}: Moment): boolean {
  return strikes("token-ends-soon");
}

/** What a fault makes of every token. */
function stateByFault({strikes}: Moment): Exclude<TokenState, "active"> | undefined {
  if (strikes("token-expired")) return "expired";
  return strikes("token-revoked") ? "revoked" : undefined;
}

function refusedByFault(moment: Moment): Answer | undefined {
  const {strikes} = moment;
  const state = stateByFault(moment);
  if (state !== undefined) return refusedToken(state);
  if (strikes("unprocessable")) return refusals.unprocessable();
  if (strikes("day-limit")) return refusals.dayLimit();
  return strikes("rate-limit") ? refusals.rateLimited() : undefined;
}

/** What the headers and the length of a request keep from an answer. */
function refusedByHeaders({headers, url}: Asked, {strikes}: Moment): Answer | undefined {
  const version = headers["linkedin-version"];
  if (version === undefined || version === "") return refusals.versionMissing();
  const [, month] = /^(\d{6})(?:\.\d{2})?$/.exec(String(version)) ?? [];
  const isActive = month !== undefined && month >= versions.oldest && month <= versions.newest;
  if (!isActive || strikes("version-sunset")) return refusals.nonexistentVersion(String(version));
  return url.search.length - 1 > longestQuery ? refusals.tooLong() : undefined;
}

/** The answer to a request whose token and version are good. */
function answered(route: Route, asked: Asked, moment: Moment, scopes: Scope[]): Answer {
  const {headers, url} = asked;
  const version = String(headers["linkedin-version"]).slice(0, 6);
  const isTunnelled = asked.method === "POST" && headers["x-http-method-override"] === "GET";
  if (asked.method !== "GET" && !isTunnelled) {
    return refusals.accessDenied(`${route.name}.${writes[asked.method] ?? "ACTION"}.${version}01`);
  }
  const isVersion2 = headers["x-restli-protocol-version"] === "2.0.0";
  const query = parseQuery(isTunnelled ? queryOfForm(asked.form) : url.search, isVersion2);
  if (query === undefined) return refusals.invalidQuery();
  const key = keyOf(route, asked.path, isVersion2);
  if (key === undefined) return refusals.pathSyntax();
  const {fields, ...rest} = query;
  const called = methodOf(route, key, rest);
  if ("status" in called) return called;
  const named = headers["x-restli-method"];
  if (named !== undefined && String(named).toUpperCase() !== called.method) return refusals.unresolvedMethod();
  const shown = called.method === "FINDER" ? `FINDER-${String(rest.q)}` : called.method;
  const method = `${route.name}.${shown}.${version}01`;
  const isPermitted = route.scopes.length === 0 || route.scopes.some(scope => scopes.includes(scope));
  if (!isPermitted || moment.strikes("no-permission")) return refusals.accessDenied(method);
  const strange = Object.keys(rest).filter(name => !called.parameters.includes(name));
  if (strange.length > 0) return refusals.notAllowed(strange);
  return masked(route.handle({query: rest, key, version, method, moment}), fields);
}

const writes: Record<string, string> = {POST: "CREATE", PUT: "UPDATE", DELETE: "DELETE"};

/** What the path holds; undefined when it is not encoded as the protocol demands. */
function keyOf(route: Route, path: string, isVersion2: boolean): string | undefined {
  const raw = route.path.exec(path)?.[1] ?? "";
  if (isVersion2 && /[:(),]/.test(raw)) return undefined;
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined;
  }
}

/** The method that a request means, and the parameters that it takes. */
function methodOf(route: Route, key: string, query: Query): {method: string; parameters: string[]} | Answer {
  if (key !== "") return {method: "GET", parameters: route.parameters ?? []};
  if (query.q !== undefined) {
    const own = new Map(Object.entries(route.finders ?? {})).get(String(query.q));
    return own === undefined
      ? refusals.noVirtualResource()
      : {method: "FINDER", parameters: [...ofEveryFinder, ...own]};
  }
  if (query.ids !== undefined && route.isBatch === true) return {method: "BATCH_GET", parameters: ["ids"]};
  return route.isAll === true ? {method: "GET_ALL", parameters: ["start", "count"]} : refusals.unresolvedMethod();
}

/** The answer with only the fields that are asked for, of each element or of the one thing. */
function masked(answer: Answer, fields: Query[string] | undefined): Answer {
  if (answer.status !== 200 || typeof fields !== "string" || fields === "") return answer;
  const wanted = fields.split(",");
  const only = (body: object): object =>
    Object.fromEntries(Object.entries(body).filter(([name]) => wanted.includes(name)));
  const body = answer.body as {elements?: object[]; results?: Record<string, object>};
  if (body.elements !== undefined) return {...answer, body: {...body, elements: body.elements.map(only)}};
  if (body.results === undefined) return {...answer, body: only(body)};
  const results = Object.fromEntries(Object.entries(body.results).map(([id, one]) => [id, only(one)]));
  return {...answer, body: {...body, results}};
}
