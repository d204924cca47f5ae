/**
 * The only way out to the network: one origin an account, a deadline for each request and for the run, size limits,
 * retries with jitter inside a budget, rate limits obeyed, strict JSON, and errors that hold nothing of the request.
 */
import {setTimeout as wait} from "node:timers/promises";
import axios, {type AxiosInstance, type AxiosResponse, isAxiosError} from "axios";
import {authentication, type OAuth1Keys, oauth1Header} from "./auth.ts";
import type {Account, ApiRequest, Authentication, Connector, ErrorRule, Problem} from "./connector.ts";
import type {CredentialStore} from "./credentials.ts";
import {AuthError, ConfigError, GoneError, type MegaphoneError, RetryableError, ShapeError} from "./errors.ts";
import {parseJson} from "./json.ts";

export interface ApiResponse {
  status: number;
  body: unknown;
  /** Requests sent for it, retries included. */
  attempts: number;
  /** Faults that the body reports beside its data. */
  problems: Problem[];
}

export interface Http {
  /** Sends a request and gives the answer of the last attempt. Throws the error class that says what to do. */
  send: (request: ApiRequest, who: {stream: string}) => Promise<ApiResponse>;
}

export interface HttpOptions {
  connector: Connector;
  account: Account;
  credentials: CredentialStore;
  /** When the run must be over, on the real clock. */
  deadline?: Date;
  signal?: AbortSignal;
  /** Told each new token, so that the log hides it. */
  onSecret?: (secret: string) => void;
  requestTimeoutMs?: number;
  /** Of an answer, after decompression. */
  maxBytes?: number;
  /** Waiting in all, for retries and rate limits. */
  maxWaitMs?: number;
}

export interface HttpEffects {
  now: () => number;
  sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  random: () => number;
}

const mostAttempts = 5;
const firstDelay = 500;
const longestDelay = 60_000;
const realEffects: HttpEffects = {
  now: Date.now,
  sleep: (milliseconds, signal) => wait(milliseconds, undefined, signal === undefined ? {} : {signal}),
  random: Math.random
};

/** What one attempt gave: an answer to use, or an error, perhaps of a kind that another attempt may mend. */
type Judged =
  | {answer: Omit<ApiResponse, "attempts">}
  | {error: MegaphoneError; isRetryable: boolean; waitMs?: number | undefined};

/** The rule of a connector's table that a fault falls under: the first whose named parts all match. */
export function ruleFor(connector: Connector, problem: Problem): ErrorRule | undefined {
  return connector.errors.find(rule =>
    (["status", "type", "code", "title"] as const).every(
      part => rule[part] === undefined || rule[part] === problem[part]
    )
  );
}

/** A client for one account of a platform. */
export function createHttp(options: HttpOptions, effects: HttpEffects = realEffects): Http {
  const {connector, account} = options;
  const base = new URL(account.baseUrl ?? connector.baseUrl);
  const way = authentication(connector, account);
  const budget = {left: options.maxWaitMs ?? 15 * 60_000};
  const timeout = options.requestTimeoutMs ?? 60_000;
  const session: Session = {accessToken: undefined, expiresAt: 0};
  let blockedUntil = 0;
  const client = axios.create({
    maxRedirects: 0,
    proxy: false,
    decompress: true,
    responseType: "arraybuffer",
    maxContentLength: options.maxBytes ?? 32 * 1024 * 1024,
    maxBodyLength: 1024 * 1024,
    validateStatus: () => true,
    transformResponse: [(data: unknown) => data],
    headers: {Accept: "application/json", "User-Agent": "megaphone"}
  });

  /** Waits, or says that there is no time left to. */
  async function pause(milliseconds: number, name: string, attempts: number): Promise<void> {
    const resumeAt = new Date(effects.now() + milliseconds);
    const isLate = options.deadline !== undefined && resumeAt > options.deadline;
    if (milliseconds > budget.left || isLate) {
      throw new RetryableError(
        `${name}: the platform asks to wait until ${resumeAt.toISOString().slice(0, 16)}Z; the next night goes on`,
        {attempts, resumeAt}
      );
    }
    budget.left -= milliseconds;
    await effects.sleep(milliseconds, options.signal);
  }

  return {
    async send(request, {stream}) {
      const name = `${account.name} ${stream}`;
      const url = addressOf(base, request, name);
      for (let attempt = 1; ; attempt++) {
        if (blockedUntil > effects.now()) await pause(blockedUntil - effects.now(), name, attempt - 1);
        const headers = await authorise({way, options, session, client, url, request, effects, name});
        const outcome = await exchange(client, request, url, headers, timeout, options.signal);
        if ("response" in outcome) blockedUntil = limitReset(connector, outcome.response, effects.now());
        const judged =
          "response" in outcome ? judge(connector, outcome.response, name, attempt) : lost(outcome.code, name, attempt);
        if ("answer" in judged) return {...judged.answer, attempts: attempt};
        if (!judged.isRetryable || request.method !== "GET" || attempt >= mostAttempts) throw judged.error;
        const jittered = effects.random() * Math.min(longestDelay, firstDelay * 2 ** attempt);
        await pause(judged.waitMs ?? jittered, name, attempt);
      }
    }
  };
}

interface Session {
  accessToken: string | undefined;
  expiresAt: number;
}

interface Authorising {
  way: Authentication;
  options: HttpOptions;
  session: Session;
  client: AxiosInstance;
  url: URL;
  request: ApiRequest;
  effects: HttpEffects;
  name: string;
}

/** The address of a request, which must stay on the account's own origin: a page link never leads elsewhere. */
function addressOf(base: URL, request: ApiRequest, name: string): URL {
  const isLoopback = ["localhost", "[::1]"].includes(base.hostname) || base.hostname.startsWith("127.");
  const prefix = base.pathname.replace(/\/$/, "");
  const url =
    /^[a-z]+:/i.test(request.path) || request.path.startsWith("//")
      ? new URL(request.path, base)
      : new URL(`${prefix}${request.path}`, base.origin);
  if (url.origin !== base.origin || (url.protocol !== "https:" && !isLoopback)) {
    throw new ShapeError(`${name}: the platform points to another host (${url.host}); nothing was sent there`);
  }
  for (const [key, value] of Object.entries(request.query)) url.searchParams.set(key, value);
  return url;
}

/** The headers that authenticate a request; a refresh token is exchanged when the access token is about to end. */
async function authorise({
  way,
  options,
  session,
  client,
  url,
  request,
  effects,
  name
}: Authorising): Promise<Record<string, string>> {
  const auth = options.account.auth!;
  if (way.scheme === "bearer") return {Authorization: `Bearer ${auth.token}`};
  if (way.scheme === "oauth1") return {Authorization: oauth1Header(request.method, url, auth as unknown as OAuth1Keys)};
  if (session.accessToken === undefined || session.expiresAt < effects.now() + 60_000) {
    await refresh({way, options, session, client, url, request, effects, name});
  }
  return {Authorization: `Bearer ${session.accessToken}`};
}

/**
 * Exchanges the refresh token for an access token. The token works once: it is never sent twice, and the new one is on
 * disk before the access token is used.
 */
async function refresh({way, options, session, client, effects, name}: Authorising): Promise<void> {
  const {account, connector, credentials} = options;
  const auth = account.auth!;
  const configured = auth.refresh_token!;
  const base = new URL(account.baseUrl ?? connector.baseUrl);
  const url = addressOf(base, {method: "POST", path: way.tokenPath!, endpoint: way.tokenPath!, query: {}}, name);
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    refresh_token: credentials.get(account.name, configured) ?? configured,
    client_id: auth.client_id!
  });
  const basic =
    auth.client_secret === undefined
      ? undefined
      : Buffer.from(`${auth.client_id}:${auth.client_secret}`).toString("base64");
  const outcome = await exchange(
    client,
    {method: "POST", path: "", endpoint: way.tokenPath!, query: {}},
    url,
    {
      "Content-Type": "application/x-www-form-urlencoded",
      ...(basic === undefined ? {} : {Authorization: `Basic ${basic}`})
    },
    options.requestTimeoutMs ?? 60_000,
    options.signal,
    form.toString()
  );
  const action = "authorise the account again and put the new refresh token into .env";
  if (!("response" in outcome)) {
    throw new RetryableError(
      `${name}: the token could not be refreshed (${outcome.code}); if the next night fails too, ${action}`,
      {attempts: 1}
    );
  }
  const answer = bodyOf(outcome.response) as
    | {access_token?: unknown; refresh_token?: unknown; expires_in?: unknown}
    | undefined;
  if (outcome.response.status !== 200 || typeof answer?.access_token !== "string") {
    throw new AuthError(`${name}: the refresh token is no longer accepted; ${action}`, {attempts: 1});
  }
  options.onSecret?.(answer.access_token);
  if (typeof answer.refresh_token === "string" && answer.refresh_token !== form.get("refresh_token")) {
    options.onSecret?.(answer.refresh_token);
    credentials.replace(account.name, configured, answer.refresh_token);
  }
  session.accessToken = answer.access_token;
  session.expiresAt = effects.now() + (typeof answer.expires_in === "number" ? answer.expires_in : 3600) * 1000;
}

/** One request on the wire, with a limit on its whole time: `timeout` alone lets a body drip for ever. */
async function exchange(
  client: AxiosInstance,
  request: ApiRequest,
  url: URL,
  headers: Record<string, string>,
  timeout: number,
  signal: AbortSignal | undefined,
  data?: string
): Promise<{response: AxiosResponse<Buffer>} | {code: string}> {
  const limit = AbortSignal.timeout(timeout);
  try {
    const response = await client.request<Buffer>({
      method: request.method,
      url: url.href,
      headers,
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
      ...(data === undefined ? {} : {data})
    });
    return {response};
  } catch (error) {
    if (signal?.aborted) return {code: "the run was stopped"};
    if (limit.aborted) return {code: `no whole answer in ${timeout / 1000} s`};
    if (!isAxiosError(error)) throw error;
    return {
      code: error.message.includes("maxContentLength")
        ? "the answer is too large"
        : (error.code ?? "the connection failed")
    };
  }
}

/** A request without an answer. The error keeps the code alone: the original holds the headers. */
function lost(code: string, name: string, attempts: number): Judged {
  const isTooLarge = code === "the answer is too large";
  const message = `${name}: ${code}; ${isTooLarge ? "look for a newer version of Megaphone" : "the next night reads it again"}`;
  const error = isTooLarge ? new ShapeError(message, {attempts}) : new RetryableError(message, {attempts});
  return {error, isRetryable: !isTooLarge && code !== "the run was stopped"};
}

function judge(connector: Connector, response: AxiosResponse<Buffer>, name: string, attempts: number): Judged {
  const {status} = response;
  const body = bodyOf(response);
  const problems = problemsOf(connector, status, body);
  if (status >= 200 && status < 300) {
    if (body !== undefined) return {answer: {status, body, problems}};
    const message = `${name}: the answer is not JSON; look for a newer version of Megaphone`;
    return {error: new ShapeError(message, {attempts}), isRetryable: true};
  }
  const found = problems
    .map(problem => ({problem, rule: ruleFor(connector, problem)}))
    .find(({rule}) => rule !== undefined);
  const title = found?.problem.title ?? problems[0]?.title;
  const fact = `${name}: the platform answers ${status}${title === undefined ? "" : ` ${title}`}`;
  const action = found?.rule?.action;
  switch (found?.rule?.then ?? standard(status)) {
    case "wait": {
      const error = new RetryableError(`${fact}; the next night reads it again`, {attempts});
      return {error, isRetryable: true, waitMs: retryAfter(connector, response)};
    }
    case "gone":
      return {error: new GoneError(`${fact}; check the account's id`, {attempts}), isRetryable: false};
    case "tell a person":
      return {
        error: new AuthError(`${fact}; ${action ?? "look at the account's access"}`, {attempts}),
        isRetryable: false
      };
    case "drop the metric":
    case "refuse":
      return {
        error: new ConfigError(`${fact}; ${action ?? "look for a newer version of Megaphone"}`, {attempts}),
        isRetryable: false
      };
    case "redirect":
      return {
        error: new ShapeError(`${fact}, a redirect, which is not followed; check base_url`, {attempts}),
        isRetryable: false
      };
  }
}

/** What a status means that no rule of the platform names. */
function standard(status: number): "wait" | "tell a person" | "gone" | "refuse" | "redirect" {
  if (status >= 300 && status < 400) return "redirect";
  if (status === 401 || status === 403) return "tell a person";
  if (status === 404 || status === 410) return "gone";
  return status === 408 || status === 429 || status >= 500 ? "wait" : "refuse";
}

/** The faults of a body with the status filled in; a refusal whose body says nothing is a fault by its status. */
function problemsOf(connector: Connector, status: number, body: unknown): Problem[] {
  const isGood = status >= 200 && status < 300;
  const told = body === undefined ? [] : connector.problems(body);
  const filled = told.map(problem => (isGood ? problem : {...problem, status}));
  return filled.length === 0 && !isGood ? [{status}] : filled;
}

/** The body as strict JSON in strict UTF-8, undefined when it is neither. */
function bodyOf(response: AxiosResponse<Buffer>): unknown {
  try {
    return parseJson(new TextDecoder("utf-8", {fatal: true}).decode(response.data));
  } catch {
    return undefined;
  }
}

/** How long the platform asks to wait: Retry-After in seconds or as a date by the server's own clock, else the reset. */
function retryAfter(connector: Connector, response: AxiosResponse): number | undefined {
  const date = Date.parse(header(response, "date") ?? "");
  const serverNow = Number.isNaN(date) ? Date.now() : date;
  const asked = header(response, "retry-after");
  if (asked !== undefined && /^\d+$/.test(asked.trim())) return Number(asked) * 1000;
  const until = Date.parse(asked ?? "");
  if (!Number.isNaN(until)) return Math.max(0, until - serverNow);
  const reset = resetTime(connector, response, serverNow);
  return reset === undefined ? undefined : Math.max(0, reset - serverNow);
}

/** When the next call may be sent: now, or at the reset when the platform says that none is left. */
function limitReset(connector: Connector, response: AxiosResponse, now: number): number {
  if (header(response, connector.limits.remaining)?.trim() !== "0") return 0;
  const date = Date.parse(header(response, "date") ?? "");
  const serverNow = Number.isNaN(date) ? now : date;
  const reset = resetTime(connector, response, serverNow);
  return reset === undefined ? 0 : now + Math.max(0, reset - serverNow);
}

function resetTime({limits}: Connector, response: AxiosResponse, serverNow: number): number | undefined {
  const reset = header(response, limits.reset)?.trim();
  if (reset === undefined || !/^\d+$/.test(reset)) return undefined;
  return limits.resetIs === "epoch" ? Number(reset) * 1000 : serverNow + Number(reset) * 1000;
}

function header(response: AxiosResponse, name: string): string | undefined {
  const value: unknown = response.headers[name.toLowerCase()];
  return typeof value === "string" ? value : undefined;
}
