/**
 * The Graph API that Facebook and Instagram stand on: versions, tokens, nodes and edges with field expressions, several
 * ids at once, batches, and usage headers. A platform brings its tokens and what it finds by id.
 */
import {createHash} from "node:crypto";
import {
  accountLimitReached,
  appLimitReached,
  badParameter,
  batchTooLarge,
  deprecatedSince,
  expiredToken,
  GraphRefusal,
  invalidatedToken,
  nonexistingField,
  noSuchObject,
  noToken,
  refusalAnswer,
  tooManyIds,
  unknownPath,
  unknownToken,
  unsupportedMethod
} from "./graph-errors.ts";
import {type GraphNode, own, parseFields, readNode} from "./graph-fields.ts";
import type {Call, GraphToken} from "./graph-paging.ts";
import type {Answer, Asked, Fault, Moment} from "./platform.ts";

/** Living versions, oldest first; a path without one is answered as the oldest. */
const versions = ["v21.0", "v22.0", "v23.0", "v24.0", "v25.0", "v26.0"];
/** From here on `date_format` and several ids at the root are refused. */
const withoutLegacy = "v26.0";
const most = 50;
const day = 86_400_000;
const appId = "310000000000001";

/** What a platform brings to the Graph API. */
export interface GraphApp {
  tokens: readonly GraphToken[];
  /** Whose calls are counted, under which type, with which code when they are spent, and how many a day there are. */
  usage: {account: string; type: "pages" | "instagram"; code: 80001 | 80002; calls: number};
  /** Undefined: nothing there, or not visible. */
  find: (id: string, call: Call) => GraphNode | undefined;
}

/** Fault switches that every platform of the Graph API shares. */
export const graphFaults: Record<string, Fault> = {
  "rate-limit": {
    what: "one answer is the error 4: the application's calls are spent, for no stated time",
    isOnce: true
  },
  "rate-limit-account": {
    what: "every answer is the error 80001 or 80002: the account's calls are spent, for 60 minutes"
  },
  "transient-once": {what: "one answer is the error 2, a passing one, with status 500", isOnce: true},
  "token-expired": {what: "every answer is the error 190 with subcode 463, whatever the token"},
  "token-invalidated": {what: "every answer is the error 190 with subcode 467, whatever the token"},
  "same-page-token": {what: "every page of a listing names the same next page, the first"},
  "foreign-next": {what: "the address of the next page is on another host"},
  "legacy-gone": {
    what: "what v26.0 dropped is refused in every version, as announced for 27 October 2026: `GET /?ids=`, `date_format`"
  },
  "null-item": {what: "the last item of one batch is null: it timed out", isOnce: true}
};

interface Part {
  method: string;
  /** With the version, if there is one. */
  path: string;
  parameters: ReadonlyMap<string, string>;
}

/** Opens the Graph API on what a platform brings. */
export function graphApi(app: GraphApp): (asked: Asked, moment: Moment) => Answer {
  const count = createCount(app);

  return (asked, moment) => {
    const given = new Map([...asked.query, ...asked.form]);
    const part: Part = {method: asked.method, path: asked.path, parameters: given};
    return answered(part.path, () => {
      const [version, path] = versionOf(part.path);
      const fault = struck(app, moment);
      if (fault !== undefined) throw fault;
      const bearer = /^Bearer (.+)$/i.exec(asked.headers.authorization ?? "")?.[1];
      const root = `${asked.url.origin}${asked.url.pathname.slice(0, asked.url.pathname.length - asked.path.length)}`;
      const open = (token: GraphToken, of: string): Call => ({moment, token, version: of, base: `${root}/${of}`});
      if (path === "" && part.method === "POST" && given.has("batch")) {
        const outer = tokenOf(app, given.get("access_token") ?? bearer, false);
        return batch(given, version, moment, item =>
          answered(item.path, () => {
            const [own, inner] = versionOf(item.path, version);
            const secret = item.parameters.get("access_token") ?? outer.secret;
            return single(app, {...item, path: inner}, open(tokenOf(app, secret, false), own), count);
          })
        );
      }
      const token = tokenOf(app, given.get("access_token") ?? bearer, path === "/me" || path.startsWith("/me/"));
      return single(app, {...part, path}, open(token, version), count);
    });
  };
}

/** One call, by itself or as an item of a batch. */
function single(app: GraphApp, part: Part, call: Call, count: Count): Answer {
  const calls = part.parameters.get("ids")?.split(",").length ?? 1;
  const headers = {"facebook-api-version": call.version, ...count(call.moment.night, calls)};
  try {
    return {status: 200, headers, body: bodyOf(app, part, call)};
  } catch (error) {
    if (!(error instanceof GraphRefusal)) throw error;
    throw new GraphRefusal(error.error, error.status, {...headers, ...error.headers});
  }
}

function bodyOf(app: GraphApp, {method, path, parameters}: Part, call: Call): unknown {
  const names = path.split("/").filter(name => name !== "");
  const [id, ...rest] = names;
  if (method !== "GET" && id !== undefined) throw noSuchObject(id, method.toLowerCase());
  if (parameters.has("date_format") && isWithoutLegacy(call)) throw deprecatedSince("date_format", withoutLegacy);
  const ids = parameters.get("ids")?.split(",");
  if (method === "GET" && ids !== undefined) return byIds(app, ids, names, parameters, call);
  if (id === undefined) throw unsupportedMethod(method);
  if (id === "debug_token") return debugged(app, parameters);
  return ofObject(app, id === "me" ? call.token.id : id, rest, parameters, call);
}

function isWithoutLegacy({version, moment}: Call): boolean {
  return version === withoutLegacy || moment.strikes("legacy-gone");
}

function byIds(
  app: GraphApp,
  ids: readonly string[],
  names: readonly string[],
  parameters: ReadonlyMap<string, string>,
  call: Call
): Record<string, unknown> {
  if (names.length === 0 && isWithoutLegacy(call)) throw deprecatedSince("GET /?ids=", withoutLegacy);
  if (ids.length > most) throw tooManyIds(ids.length);
  const kept = new Map([...parameters].filter(([name]) => name !== "ids"));
  return Object.fromEntries(ids.map(id => [id, ofObject(app, id, names, kept, call)]));
}

function ofObject(
  app: GraphApp,
  id: string,
  [edge, ...more]: readonly string[],
  parameters: ReadonlyMap<string, string>,
  call: Call
): unknown {
  const node = app.find(id, call);
  if (node === undefined) throw noSuchObject(id);
  const text = parameters.get("fields");
  const fields = text === undefined || text === "" ? undefined : parseFields(text);
  if (edge === undefined) return readNode(node, fields);
  const answer = own(node.edges, edge);
  if (answer === undefined) throw nonexistingField(edge, node.type);
  if (more.length > (edge === "insights" ? 2 : 0)) throw unknownPath(`/${more.join("/")}`);
  // `/insights/{metric}/{period}` says in the path what the query may say.
  const [metric, period] = more;
  const named: [string, string][] = [
    ...(metric === undefined ? [] : [["metric", metric] as [string, string]]),
    ...(period === undefined ? [] : [["period", period] as [string, string]])
  ];
  return answer({parameters: new Map([...parameters, ...named]), fields, path: `${id}/${edge}`});
}

function batch(
  given: ReadonlyMap<string, string>,
  version: string,
  moment: Moment,
  answer: (item: Part) => Answer
): Answer {
  const items = itemsOf(given.get("batch") ?? "");
  if (items.length > most) throw batchTooLarge();
  const isBare = given.get("include_headers") === "false";
  const isCut = moment.strikes("null-item");
  const body = items.map(({method = "GET", relative_url}, index) => {
    if (isCut && index === items.length - 1) return null;
    const url = new URL(`http://graph/${(relative_url ?? "").replace(/^\//, "")}`);
    const reply = answer({method, path: url.pathname.replace(/\/$/, ""), parameters: new Map(url.searchParams)});
    const headers = Object.entries(reply.headers ?? {}).map(([name, value]) => ({name, value}));
    return {code: reply.status, ...(isBare ? {} : {headers}), body: JSON.stringify(reply.body)};
  });
  return {status: 200, headers: {"facebook-api-version": version}, body};
}

function itemsOf(text: string): {method?: string; relative_url?: string}[] {
  try {
    const items: unknown = JSON.parse(text);
    if (Array.isArray(items) && items.every(item => typeof item === "object" && item !== null)) return items;
  } catch {
    // Said below.
  }
  throw badParameter("param batch must be an array.");
}

function versionOf(path: string, unsaid = versions[0]!): [version: string, path: string] {
  const named = /^\/(v\d+(?:\.\d+)?)(?=\/|$)/.exec(path)?.[1];
  if (named === undefined) return [unsaid, path.replace(/\/$/, "")];
  if (!versions.includes(named)) throw unknownPath(path);
  return [named, path.slice(named.length + 1).replace(/\/$/, "")];
}

function tokenOf({tokens}: GraphApp, secret: string | undefined, isMe: boolean): GraphToken {
  if (secret === undefined || secret === "") throw noToken(isMe);
  const token = tokens.find(one => one.secret === secret);
  if (token === undefined) throw unknownToken();
  const fault = faultOf(token);
  if (fault !== undefined) throw fault;
  return token;
}

/** Why a token is not taken any more. */
function faultOf({expiresAt, isInvalidated}: GraphToken): GraphRefusal | undefined {
  if (isInvalidated) return invalidatedToken();
  return expiresAt !== undefined && expiresAt <= Date.now() ? expiredToken(expiresAt, Date.now()) : undefined;
}

/** What `debug_token` says of the token in `input_token`. */
function debugged({tokens}: GraphApp, parameters: ReadonlyMap<string, string>): object {
  const secret = parameters.get("input_token");
  if (secret === undefined || secret === "") throw badParameter("The parameter input_token is required");
  const token = tokens.find(one => one.secret === secret);
  const fault = token === undefined ? unknownToken() : faultOf(token);
  const error = fault && {
    code: fault.error.code,
    message: fault.error.message,
    ...(fault.error.error_subcode === undefined ? {} : {subcode: fault.error.error_subcode})
  };
  if (token === undefined) return {data: {error, is_valid: false, scopes: []}};
  const now = Date.now();
  return {
    data: {
      app_id: appId,
      type: token.type,
      application: "A made-up application",
      data_access_expires_at: Math.floor((now + 90 * day) / 1000),
      ...(error === undefined ? {} : {error}),
      expires_at: Math.floor((token.expiresAt ?? 0) / 1000),
      is_valid: error === undefined,
      issued_at: Math.floor((now - 30 * day) / 1000),
      ...(token.type === "PAGE" ? {profile_id: token.id} : {}),
      scopes: token.scopes,
      user_id: token.userId
    }
  };
}

/** What a fault makes of every request, whoever asks. */
function struck({usage}: GraphApp, {strikes}: Moment): GraphRefusal | undefined {
  if (strikes("token-expired")) return expiredToken(Date.now() - day, Date.now());
  if (strikes("token-invalidated")) return invalidatedToken();
  if (strikes("rate-limit")) return appLimitReached();
  if (strikes("rate-limit-account")) return accountLimitReached(usage.code, usageHeaders(usage, 100, 60));
  if (strikes("transient-once")) {
    const message = "An unexpected error has occurred. Please retry your request later.";
    return new GraphRefusal({message, type: "OAuthException", code: 2, is_transient: true}, 500);
  }
  return undefined;
}

type Count = (night: string, calls: number) => Record<string, string>;

/** Counts calls, each id and each item of a batch as one; a new night begins anew. Throws GraphRefusal when they are spent. */
function createCount({usage}: GraphApp): Count {
  let current = "";
  let used = 0;
  return (night, calls) => {
    if (night !== current) used = 0;
    current = night;
    used += calls;
    const percent = Math.floor((100 * used) / usage.calls);
    if (percent > 100) throw accountLimitReached(usage.code, usageHeaders(usage, percent, 60));
    return usageHeaders(usage, percent, 0);
  };
}

function usageHeaders({account, type}: GraphApp["usage"], percent: number, minutes: number): Record<string, string> {
  const shares = {call_count: percent, total_cputime: Math.ceil(percent / 4), total_time: Math.ceil(percent / 4)};
  const ofAccount = [{type, ...shares, estimated_time_to_regain_access: minutes}];
  return {
    "x-app-usage": JSON.stringify(shares),
    "x-business-use-case-usage": JSON.stringify({[account]: ofAccount})
  };
}

function answered(path: string, answer: () => Answer): Answer {
  try {
    return answer();
  } catch (error) {
    if (!(error instanceof GraphRefusal)) throw error;
    const digest = createHash("sha256").update(`${path} ${error.message}`).digest("base64url");
    return refusalAnswer(error, `A${digest.slice(0, 22)}`);
  }
}
