/** Servers with a script of answers, a made-up platform that they may stand for, and a clock that stands still. */
import type {IncomingMessage, ServerResponse} from "node:http";
import {type Account, type Connector, connector, get} from "../../connectors/connector.ts";
import type {CredentialStore} from "../../connectors/credentials.ts";
import {createHttp, type Http, type HttpEffects, type HttpOptions} from "../../connectors/http.ts";
import {serve} from "./loopback.ts";

export interface Received {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
}

/** Answers one request; a later handler answers the next one, and the last all that follow. */
export type Handler = (response: ServerResponse, request: Received) => void;

/** Starts a server. Its requests are those that arrived, in order. */
export async function answering(...handlers: Handler[]) {
  const requests: Received[] = [];
  const loopback = await serve((response, index, {method = "", url = "", headers}) => {
    const received = {method, url, headers, body: loopback.requests[index]!.form};
    requests.push(received);
    handlers[Math.min(index, handlers.length - 1)]!(response, received);
  });
  return {...loopback, requests};
}

/** A handler that sends JSON. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Handler {
  return text(JSON.stringify(body), status, {"content-type": "application/json", ...headers});
}

/** A handler that sends a text or bytes as they are. */
export function text(body: string | Buffer, status = 200, headers: Record<string, string> = {}): Handler {
  return response => response.writeHead(status, headers).end(body);
}

/** A handler that cuts the connection without a word. */
export const reset: Handler = response => response.socket!.resetAndDestroy();

/** Sends half a body and cuts the connection. */
export function cut(headers: Record<string, string>): Handler {
  return response => {
    response.writeHead(200, headers);
    response.write('{"data":[', () => setImmediate(() => response.destroy()));
  };
}

/** The header of an answer that claims to be packed. */
export const packed = {"content-encoding": "gzip"};

/** A platform with a rule of each kind. */
export const platform: Connector = connector({
  platform: "made_up",
  docs: "https://api.example.org/docs",
  baseUrl: "https://api.example.org",
  apiVersion: "1",
  auth: [
    {scheme: "oauth1", keys: ["consumer_key", "consumer_secret", "token", "token_secret"], userContext: true},
    {scheme: "oauth2", keys: ["client_id", "client_secret", "refresh_token"], userContext: true, tokenPath: "/token"},
    {scheme: "oauth2", keys: ["client_id", "refresh_token"], userContext: true, tokenPath: "/token"},
    {scheme: "bearer", keys: ["token"], userContext: false}
  ],
  limits: {limit: "x-limit", remaining: "x-remaining", reset: "x-reset", resetIs: "epoch"},
  errors: [
    {type: "usage-capped", then: "tell a person", action: "the cap of the month is spent; raise it"},
    {status: 429, then: "wait"},
    {code: 17, then: "wait"},
    {type: "not-authorized-for-field", then: "drop the metric"},
    {status: 401, then: "tell a person", action: "make a new token"},
    {title: "No Such Thing", then: "gone"},
    {status: 403, code: 5, then: "gone"},
    {status: 400, then: "refuse"}
  ],
  problems: body => (body as {errors?: []}).errors ?? [],
  streams: {}
});

/** The account that asks. */
export function accountAt(baseUrl: string, auth: Record<string, string> = {token: "t0ken"}): Account {
  return {platform: "made_up", kind: "account", id: "1", aliases: [], name: "mandate", apiVersion: "1", auth, baseUrl};
}

/** A store in memory. */
export function memory(): CredentialStore {
  const kept = new Map<string, {refresh_token: string; derived_from: string}>();
  return {
    get: name => kept.get(name),
    replace: (name, value) => void kept.set(name, value),
    exclusively: work => work()
  };
}

/** A clock that stands still but for the waiting, which is noted and takes no time; chance is always a half. */
export function stillClock(start = Date.UTC(2026, 0, 15)): HttpEffects & {waits: number[]; time: () => number} {
  let time = start;
  const waits: number[] = [];
  return {
    waits,
    time: () => time,
    now: () => time,
    random: () => 0.5,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      waits.push(ms);
      time += ms;
    }
  };
}

/** A client of a server, with a clock that waits for nothing. */
export function client(url: string, options: Partial<HttpOptions> = {}) {
  const clock = stillClock();
  const http = createHttp({connector: platform, account: accountAt(url), credentials: memory(), ...options}, clock);
  return {http, clock, waits: clock.waits};
}

/** An answer as it should be. */
export const good = {data: [{id: "1"}]};

export const page = get("/posts", "/posts", {fields: "a,b c"});

/** Asks for a page of posts. */
export function ask(http: Http, request = page) {
  return http.send(request, {stream: "posts"});
}

/** The error that a promise ends in. */
export async function errorOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("there was no error");
}

/** The error that asking a server ends in. */
export function failure(url: string, options: Partial<HttpOptions> = {}, request = page): Promise<Error> {
  return errorOf(ask(client(url, options).http, request));
}
