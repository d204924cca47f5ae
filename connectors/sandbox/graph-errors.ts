/**
 * What the Graph API refuses, in its words. Where each sentence comes from (a document, a report, our guess) stands in
 * `docs/sandbox-facebook.md`.
 */
import type {Answer} from "./platform.ts";

const documentation = "https://developers.facebook.com/docs/graph-api";

/** The members of `error` that the API gives beside its trace. */
export interface GraphError {
  message: string;
  type: string;
  code: number;
  error_subcode?: number;
  is_transient?: boolean;
  error_user_title?: string;
  error_user_msg?: string;
}

/** Thrown by whatever answers a call; becomes the whole answer of the request, or of one item of a batch. */
export class GraphRefusal extends Error {
  readonly error: GraphError;
  readonly status: number;
  readonly headers: Record<string, string>;

  constructor(error: GraphError, status = 400, headers: Record<string, string> = {}) {
    super(error.message);
    this.error = error;
    this.status = status;
    this.headers = headers;
  }
}

/** The answer that a refusal becomes. `trace` tells one refusal from another in the platform's own logs. */
export function refusalAnswer({error, status, headers}: GraphRefusal, trace: string): Answer {
  const reason = error.code === 190 ? "invalid_token" : "invalid_request";
  const challenge = `OAuth "Facebook Platform" "${reason}" "${error.message.replaceAll('"', "'")}"`;
  return {
    status,
    headers: {"www-authenticate": challenge, ...headers},
    body: {error: {...error, fbtrace_id: trace}}
  };
}

/** A path whose version or shape nobody knows. */
export function unknownPath(path: string): GraphRefusal {
  return oauth(`Unknown path components: ${path}`, 2500);
}

/** No token at all; `/me` says it in other words. */
export function noToken(isMe: boolean): GraphRefusal {
  return isMe
    ? oauth("An active access token must be used to query information about the current user.", 2500)
    : oauth("An access token is required to request this resource.", 104);
}

/** A token that nobody issued. */
export function unknownToken(): GraphRefusal {
  return oauth("Invalid OAuth access token - Cannot parse access token", 190);
}

/** A token whose time is over (463). `ended` and `now` are milliseconds of the real clock. */
export function expiredToken(ended: number, now: number): GraphRefusal {
  const words = `Session has expired on ${longTime(ended)}. The current time is ${longTime(now)}.`;
  return oauth(`Error validating access token: ${words}`, 190, {error_subcode: 463});
}

/** A token that was invalidated: its person logged out (467). */
export function invalidatedToken(): GraphRefusal {
  const words = "The session is invalid because the user logged out.";
  return oauth(`Error validating access token: ${words}`, 190, {error_subcode: 467});
}

/** A user's token where a Page's is needed. */
export function pageTokenNeeded(): GraphRefusal {
  return oauth("(#190) This method must be called with a Page Access Token", 190);
}

/** An object that is not there, is not visible, or does not do this. */
export function noSuchObject(id: string, method = "get"): GraphRefusal {
  const words = `Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation. Please read the Graph API documentation at ${documentation}`;
  const message = `Unsupported ${method} request. ${words}`;
  return new GraphRefusal({message, type: "GraphMethodException", code: 100, error_subcode: 33});
}

/** A method that the path does not take. */
export function unsupportedMethod(method: string): GraphRefusal {
  const message = `Unsupported ${method.toLowerCase()} request. Please read the Graph API documentation at ${documentation}`;
  return new GraphRefusal({message, type: "GraphMethodException", code: 100});
}

/** A field or an edge that a type of node does not have. */
export function nonexistingField(name: string, type: string): GraphRefusal {
  return badParameter(`Tried accessing nonexisting field (${name}) on node type (${type})`);
}

/** A field expression that cannot be read; `at` is counted from 0. */
export function badSyntax(fault: string, at: number, text: string): GraphRefusal {
  return oauth(`Syntax error "${fault}" at character ${at}: ${text}`, 2500);
}

/** Code 100 with words of its own. */
export function badParameter(words: string, more: Partial<GraphError> = {}): GraphRefusal {
  return oauth(`(#100) ${words}`, 100, more);
}

/** A cursor that nobody gave. */
export function badCursor(): GraphRefusal {
  return oauth("(#2642) Invalid cursors values", 2642);
}

/** Something that later versions no longer do. */
export function deprecatedSince(what: string, version: string): GraphRefusal {
  return oauth(`(#12) ${what} is deprecated for versions ${version} and higher`, 12);
}

/** A metric that never was one, or that was removed; the whole call fails. */
export function badMetric(): GraphRefusal {
  return badParameter("The value must be a valid insights metric");
}

/** Insights without a metric. */
export function noMetric(): GraphRefusal {
  return oauth("(#3001) Invalid query", 3001, {
    error_subcode: 1504028,
    is_transient: false,
    error_user_title: "No Metric Specified",
    error_user_msg:
      "No metric was specified to be fetched. Please specify one or more metrics to be fetched and try again."
  });
}

/** An answer that would be too large: 500, and a smaller `limit` helps. */
export function tooMuchData(): GraphRefusal {
  const message = "Please reduce the amount of data you're asking for, then retry your request";
  return oauth(message, 1, {}, 500);
}

/** A batch of more than fifty. */
export function batchTooLarge(): GraphRefusal {
  return new GraphRefusal({message: "Maximum batch size is 50", type: "GraphBatchException", code: 3});
}

/** More than fifty ids at once. */
export function tooManyIds(count: number): GraphRefusal {
  return badParameter(`Too many IDs. Maximum: 50. Provided: ${count}.`);
}

/** The application's calls are spent (4); nothing says for how long. */
export function appLimitReached(): GraphRefusal {
  const usage = JSON.stringify({call_count: 100, total_cputime: 25, total_time: 25});
  return oauth("(#4) Application request limit reached", 4, {is_transient: true}, 403, {"x-app-usage": usage});
}

/** The account's calls are spent (80001 for Pages, 80002 for Instagram), for so many minutes. */
export function accountLimitReached(code: number, headers: Record<string, string>): GraphRefusal {
  const what = code === 80001 ? "Page" : "Instagram";
  const words = `There have been too many calls to this ${what} account. Wait a bit and try again. For more info, please refer to ${documentation}/overview/rate-limiting.`;
  return oauth(`(#${code}) ${words}`, code, {}, 400, headers);
}

/** A permission that the token lacks (10 or 200). */
export function noPermission(code: number, words: string): GraphRefusal {
  return oauth(`(#${code}) ${words}`, code);
}

function oauth(
  message: string,
  code: number,
  more: Partial<GraphError> = {},
  status = 400,
  headers: Record<string, string> = {}
): GraphRefusal {
  return new GraphRefusal({message, type: "OAuthException", code, ...more}, status, headers);
}

/** As in "Thursday, 29-Jul-21 10:00:00 PDT". */
function longTime(at: number): string {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: "America/Los_Angeles",
    weekday: "long",
    day: "2-digit",
    month: "short",
    year: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZoneName: "short"
  }).formatToParts(at);
  const part = (type: string): string => parts.find(one => one.type === type)?.value ?? "";
  const date = `${part("weekday")}, ${part("day")}-${part("month")}-${part("year")}`;
  return `${date} ${part("hour")}:${part("minute")}:${part("second")} ${part("timeZoneName")}`;
}
