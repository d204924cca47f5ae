/**
 * The only way out to the network.
 *
 * A call goes to the account's own API server and nowhere else, within a time limit, a size limit and a limit of
 * waiting; its answer is strict JSON or an error of ours, which never holds the request.
 */
import {randomUUID} from "node:crypto";
import http, {STATUS_CODES} from "node:http";
import https from "node:https";
import {setTimeout as sleep} from "node:timers/promises";
import axios, {type AxiosError, type AxiosRequestConfig, type AxiosResponse} from "axios";
import axiosRetry from "axios-retry";
import {serverAddress} from "./address.ts";
import {createSigner, encode, type Grant, type TokenAnswer} from "./auth.ts";
import type {Account, ApiRequest, Connector, ErrorRule, Missing, Problem} from "./connector.ts";
import type {CredentialStore} from "./credentials.ts";
import {
  AuthError,
  ConfigError,
  GoneError,
  MegaphoneError,
  MetricError,
  PartError,
  RetryableError,
  ShapeError,
  SizeError,
  WithdrawnError
} from "./errors.ts";
import {parseJson} from "./json.ts";
import {askedWait, backoff, waitBeforeNext} from "./limits.ts";

const mostAttempts = 5;

export interface HttpOptions {
  connector: Connector;
  account: Account;
  credentials: CredentialStore;
  /** Stops the calls and the waiting of the run. */
  runSignal?: AbortSignal | undefined;
  /** The end of the run on the real clock; nothing waits past it. */
  deadline?: Date | undefined;
  /** Hears of tokens that the configuration does not hold, so that the log can hide them. */
  onSecret?: (secret: string) => void;
  /** Hears what an exchange of tokens says of the access. */
  onGrant?: ((grant: Grant) => void) | undefined;
  /** For one attempt from connecting to the last byte. */
  requestTimeoutMs?: number;
  /** Of an answer, when unpacked. */
  maxBytes?: number;
  /** Of waiting for this account in all. */
  maxWaitMs?: number;
}

/** Clock, waiting and chance. */
export interface HttpEffects {
  now: () => number;
  /** Rejects when the signal aborts. */
  sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** From 0 to below 1. */
  random: () => number;
}

export interface ApiResponse {
  status: number;
  /** By names in lower case. */
  headers: Record<string, string>;
  body: unknown;
  /** HTTP requests sent for it, an exchange of tokens among them. */
  attempts: number;
  /** The faults that an answer reports beside its data. */
  problems: Problem[];
}

/** The calls of one account, which are made one after the other. */
export interface Http {
  /**
   * The answer to a request, after retries if it is a GET. Throws the MegaphoneError that says what to do when there
   * is none; its `attempts` counts the HTTP requests sent.
   */
  send: (request: ApiRequest, who: {stream: string}) => Promise<ApiResponse>;
}

/** What went wrong with one attempt. */
export interface Fault {
  Kind: typeof MegaphoneError | typeof GoneError | typeof PartError | typeof RetryableError;
  fact: string;
  advice: string;
  /** Whether the same request may succeed in a while. */
  isPassing: boolean;
  cause?: {code: string | undefined; message: string};
  resumeAt?: Date | undefined;
  /** Of a part that a record has not: why. */
  missing?: Missing | undefined;
  /** The status is one that speaks of the address. */
  isOfAddress?: boolean | undefined;
}

const realEffects: HttpEffects = {
  now: Date.now,
  sleep: (ms, signal) => sleep(ms, undefined, {signal}),
  random: Math.random
};

/** Makes the calls of one account. Throws ConfigError when its `auth` or its address is none to work with. */
export function createHttp(options: HttpOptions, effects: HttpEffects = realEffects): Http {
  const {connector, account, credentials, runSignal, deadline, onSecret = () => {}, onGrant} = options;
  const {requestTimeoutMs = 60_000, maxBytes = 32 * 1024 * 1024, maxWaitMs = 15 * 60_000} = options;
  const base = baseOf(account.name, account.baseUrl ?? connector.baseUrl);
  const signer = createSigner(
    connector,
    account,
    credentials,
    {onSecret, onGrant},
    {now: effects.now, nonce: randomUUID}
  );
  const transport: AxiosRequestConfig = {
    adapter: "http",
    responseType: "arraybuffer",
    proxy: false,
    maxRedirects: 0,
    maxContentLength: maxBytes,
    maxBodyLength: maxBytes,
    validateStatus: () => true,
    headers: {Accept: "application/json", "User-Agent": "megaphone", ...connector.headers?.(account)},
    httpAgent: new http.Agent({keepAlive: true}),
    // Said aloud, or the environment could switch it off.
    httpsAgent: new https.Agent({keepAlive: true, rejectUnauthorized: true})
  };
  /** By endpoint, when a spent rate limit starts afresh. */
  const freeAt = new Map<string, number>();
  let waitedMs = 0;
  let isTokenAccepted = false;

  const runLeft = (): number =>
    deadline === undefined ? Number.POSITIVE_INFINITY : deadline.getTime() - effects.now();
  const mayWait = (ms: number): boolean => ms <= Math.min(maxWaitMs - waitedMs, runLeft());

  async function wait(ms: number): Promise<void> {
    waitedMs += ms;
    await effects.sleep(ms, runSignal);
  }

  async function send(request: ApiRequest, {stream}: {stream: string}): Promise<ApiResponse> {
    const isRepeatable = request.method === "GET" || request.form !== undefined;
    let attempts = 0;
    let answer: Answer | undefined;
    let delay = 0;
    // Kept here for as long as an attempt lasts: `AbortSignal.any` alone would let it be collected.
    let timeLimit: AbortSignal | undefined;

    function fail({Kind, fact, advice, ...rest}: Fault): MegaphoneError {
      const until = rest.resumeAt === undefined ? "" : `, until ${rest.resumeAt.toISOString()}`;
      return new Kind(`${account.name} ${stream}: ${fact}${until}; ${advice}`, {...rest, attempts});
    }

    /** Counts an attempt and gives the signal that ends it. */
    function begin(): AbortSignal {
      attempts++;
      answer = undefined;
      timeLimit = AbortSignal.timeout(Math.max(0, Math.ceil(Math.min(requestTimeoutMs, runLeft()))));
      return runSignal === undefined ? timeLimit : AbortSignal.any([runSignal, timeLimit]);
    }

    function faultOf(error: AxiosError): Fault {
      if (answer !== undefined) {
        const asked = connector.regain?.(answer.headers) ?? askedWait(answer.headers, connector.limits, effects.now());
        const fault = faultOfAnswer(connector, answer)!;
        const isAsked = asked !== undefined && asked > 0 && fault.Kind === RetryableError;
        return isAsked ? {...fault, resumeAt: new Date(effects.now() + asked)} : fault;
      }
      if (runSignal?.aborted) return stopped;
      return faultOfTransport(error, timeLimit?.aborted ?? false, maxBytes);
    }

    /** Whether the request is sent again, and, in `delay`, after which time. */
    function isWorthRepeating(error: AxiosError): boolean {
      if (answer?.status === 401 && isTokenAccepted && signer.renew()) {
        isTokenAccepted = false;
        delay = 0;
        return true;
      }
      const {isPassing, resumeAt} = faultOf(error);
      delay =
        resumeAt === undefined
          ? backoff(attempts, effects.random())
          : resumeAt.getTime() - effects.now() + 1000 * effects.random();
      return isPassing && mayWait(delay);
    }

    /** Sends a form on a connection of its own: one kept alive may be cut just then, and the fate of the form unknown. */
    async function post(
      {path, base: own}: {path: string; base: string | undefined},
      form: Record<string, string>,
      headers: Record<string, string>
    ): Promise<TokenAnswer | Fault> {
      const root = own === undefined || account.baseUrl !== undefined ? base : baseOf(account.name, own);
      const url = addressOf(root, {path, query: {}}, encode, fail);
      const agents = {httpAgent: new http.Agent(), httpsAgent: new https.Agent({rejectUnauthorized: true})};
      const config = {...transport, ...agents, signal: begin(), headers: {...transport.headers, ...headers}};
      try {
        const {status, data} = await axios.post<Buffer>(url.href, new URLSearchParams(form).toString(), config);
        return {status, body: jsonOf(data)};
      } catch (error) {
        if (!axios.isAxiosError(error)) throw error;
        const fault = faultOf(error);
        return isUnsent(error) ? fault : {...fault, ...unknownExchange};
      }
    }

    const url = addressOf(base, request, connector.encodeQuery ?? encode, fail);
    const free = freeAt.get(request.endpoint);
    if (runSignal?.aborted) throw fail(stopped);
    if (runLeft() <= 0) throw fail(outOfTime);
    try {
      if (free !== undefined && free > effects.now()) {
        if (!mayWait(free - effects.now())) throw fail({...limitSpent, resumeAt: new Date(free)});
        await wait(free - effects.now());
      }
      const client = axios.create(transport);
      client.interceptors.request.use(async config => {
        const header = await signer.authorization(request.method, url, {post, fail});
        config.headers.set("Authorization", header);
        config.signal = begin();
        return config;
      });
      axiosRetry(client, {
        retries: isRepeatable ? mostAttempts - 1 : 0,
        validateResponse: response => {
          // A body that broke off has a status too, and no data.
          answer = response.data === undefined ? undefined : answerOf(connector, response);
          return answer !== undefined && faultOfAnswer(connector, answer) === undefined;
        },
        retryCondition: isWorthRepeating,
        // The waiting is done below, where it can be stopped and counted.
        retryDelay: () => 0,
        onRetry: () => wait(delay)
      });
      const data = request.form === undefined ? {} : {data: new URLSearchParams(request.form).toString()};
      await client.request({method: request.method, url: url.href, ...data});
    } catch (error) {
      if (error instanceof MegaphoneError) throw error;
      if (axios.isAxiosError(error)) throw fail(faultOf(error));
      if (runSignal?.aborted) throw fail(stopped);
      throw error;
    }
    const {status, headers, body, problems} = answer!;
    isTokenAccepted = true;
    const busy = waitBeforeNext(headers, connector.limits, effects.now());
    if (busy !== undefined) freeAt.set(request.endpoint, effects.now() + busy);
    return {status, headers, body, attempts, problems};
  }

  return {send};
}

/** The first rule of a connector's table that one of the problems meets. */
export function ruleFor(connector: Connector, ...problems: Problem[]): ErrorRule | undefined {
  const parts = ["status", "type", "code", "subcode", "title"] as const;
  return connector.errors.find(rule =>
    problems.some(problem => parts.every(part => rule[part] === undefined || rule[part] === problem[part]))
  );
}

interface Answer {
  status: number;
  headers: Record<string, string>;
  /** Undefined when it is no JSON. */
  body: unknown;
  problems: Problem[];
}

const again = "it is read again next time";
const stopped: Fault = {Kind: RetryableError, fact: "the run was stopped", advice: again, isPassing: false};
const outOfTime: Fault = {Kind: RetryableError, fact: "the time of the run is over", advice: again, isPassing: false};
const limitSpent: Fault = {Kind: RetryableError, fact: "the rate limit is spent", advice: again, isPassing: false};
const unknownExchange = {
  Kind: AuthError,
  fact: "the token exchange got no answer, so the refresh token may be spent",
  advice: "run again; if it is refused then, authorise the app again"
};
/** What each word of the table comes to for an answer that is no success. */
const byThen = {
  wait: {Kind: RetryableError, advice: again, isPassing: true},
  "tell a person": {Kind: AuthError, advice: "look at the account on the platform", isPassing: false},
  "next night": {Kind: RetryableError, advice: again, isPassing: false},
  gone: {Kind: GoneError, advice: "check whether it still exists and its id is right", isPassing: false},
  withdrawn: {Kind: WithdrawnError, advice: "the platform no longer serves this", isPassing: false},
  "drop the metric": {Kind: MetricError, advice: "the platform refuses a field that was asked for", isPassing: false},
  "drop the part": {Kind: PartError, advice: "the record has none", isPassing: false},
  "ask for less": {Kind: SizeError, advice: "fewer records are asked for at once", isPassing: false},
  refuse: {Kind: ConfigError, advice: "look for a newer version of Megaphone", isPassing: false}
} satisfies Record<ErrorRule["then"], Omit<Fault, "fact">>;

/** Not Found and Gone. */
const goneStatuses = [404, 410];

/** Undefined for a success. An answer is told by the table; its own words are not repeated. */
function faultOfAnswer(connector: Connector, {status, body, problems}: Answer): Fault | undefined {
  const fact = `HTTP ${status} ${STATUS_CODES[status] ?? ""}`.trim();
  if (status >= 200 && status < 300) {
    if (body === undefined) {
      return {
        Kind: ShapeError,
        fact: `${fact}, but the answer is not JSON`,
        advice: "look whether the network puts a page of its own in between",
        isPassing: true
      };
    }
    const isBusy = problems.some(problem => ruleFor(connector, problem)?.then === "wait");
    return isBusy ? {...byThen.wait, fact: `${fact}, but the answer asks to wait`} : undefined;
  }
  const reported = problems.map(problem => ({...problem, status: problem.status ?? status}));
  // A page in HTML may be a gateway's.
  const isOfAddress = goneStatuses.includes(status) && body !== undefined;
  const rule = ruleFor(connector, ...reported, {status});
  if (rule === undefined) return {...unlisted(status), fact, isOfAddress};
  const name = rule.type ?? rule.title ?? rule.code;
  const known = byThen[rule.then];
  const advice = rule.action ?? known.advice;
  return {...known, fact: name === undefined ? fact : `${fact} (${name})`, advice, missing: rule.as, isOfAddress};
}

/** The error that an answer inside a batch is, in the name of a call; undefined for a success. */
export function errorOf(connector: Connector, who: string, status: number, body: unknown): MegaphoneError | undefined {
  const fault = faultOfAnswer(connector, {status, headers: {}, body, problems: connector.problems(body)});
  return fault && new fault.Kind(`${who}: ${fault.fact}; ${fault.advice}`, fault);
}

function unlisted(status: number): Omit<Fault, "fact"> {
  if (status >= 500) return byThen.wait;
  if (status === 401 || status === 403) return byThen["tell a person"];
  if (goneStatuses.includes(status)) return byThen.gone;
  if (status >= 400) return byThen.refuse;
  return {Kind: ShapeError, advice: "the redirect is refused; check base_url and the network", isPassing: false};
}

function faultOfTransport(error: AxiosError, isTimeout: boolean, maxBytes: number): Fault {
  const code = error.code ?? "no code";
  const cause = {code: error.code, message: error.message};
  const advice = `check the network; ${again}`;
  if (isTimeout) return {Kind: RetryableError, fact: "no whole answer in time", advice, isPassing: true};
  if (error.message.startsWith("maxContentLength")) {
    const fact = `the answer is larger than ${maxBytes} bytes`;
    return {Kind: ShapeError, fact, advice: "look for a newer version of Megaphone", isPassing: false, cause};
  }
  if (code === "HPE_HEADER_OVERFLOW") {
    const fact = "the answer's headers are too large";
    return {Kind: ShapeError, fact, advice: "check base_url and the network", isPassing: false, cause};
  }
  if (isUntrusted(error)) {
    const fact = `the server's certificate is not to be trusted (${code})`;
    return {Kind: ConfigError, fact, advice: "check base_url and who is on the network", isPassing: false, cause};
  }
  return {Kind: RetryableError, fact: `no whole answer (${code})`, advice, isPassing: true, cause};
}

function isUntrusted({code = ""}: AxiosError): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|EPROTO/.test(code);
}

/** Whether the request never left: there was nobody to send it to. */
function isUnsent(error: AxiosError): boolean {
  return isUntrusted(error) || ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH"].includes(error.code ?? "");
}

function answerOf(connector: Connector, response: AxiosResponse<Buffer>): Answer {
  const headers = Object.entries(response.headers).filter((entry): entry is [string, string] => {
    return typeof entry[1] === "string";
  });
  const body = jsonOf(response.data);
  const problems = body === undefined ? [] : connector.problems(body);
  return {status: response.status, headers: Object.fromEntries(headers), body, problems};
}

/** Undefined when the bytes are not UTF-8 or their text is not JSON. */
function jsonOf(bytes: Buffer): unknown {
  try {
    return parseJson(new TextDecoder("utf-8", {fatal: true}).decode(bytes));
  } catch {
    return undefined;
  }
}

/** The address that all calls of an account stay below. */
function baseOf(name: string, given: string): URL {
  const url = serverAddress(given);
  if (url === undefined) {
    throw new ConfigError(
      `${name}: base_url is neither https nor http on loopback, or holds more than host and path; correct it`
    );
  }
  url.pathname = url.pathname.replace(/\/+$/, "");
  return url;
}

/** A request's address. Throws ShapeError, before anything is sent, when it leaves the account's API server. */
function addressOf(
  base: URL,
  {path, query}: Pick<ApiRequest, "path" | "query">,
  encodeValue: (value: string) => string,
  fail: (fault: Fault) => Error
): URL {
  const prefix = base.pathname.replace(/\/$/, "");
  const isBelow = path.startsWith("/") && !path.startsWith("//");
  const target = isBelow ? `${base.origin}${prefix}${path}` : path;
  const url = URL.canParse(target, base.href) ? new URL(target, base.href) : undefined;
  if (url?.origin !== base.origin || url.username || url.password || !url.pathname.startsWith(`${prefix}/`)) {
    throw fail({
      Kind: ShapeError,
      fact: "the address of a call lies outside the account's API server, and nothing was sent",
      advice: "check base_url and who is on the network",
      isPassing: false
    });
  }
  url.hash = "";
  const own = [...url.searchParams].map(([key, value]): [string, string] => [key, encode(value)]);
  const added = Object.entries(query).map(([key, value]): [string, string] => [key, encodeValue(value)]);
  url.search = [...new Map([...own, ...added])].map(([key, value]) => `${encode(key)}=${value}`).join("&");
  return url;
}
