/** Raw requests to a sandbox, signed or not, as no sane connector would send them. */
import {randomUUID} from "node:crypto";
import {oauth1Header} from "../../connectors/auth.ts";
import type {Sandbox} from "../../connectors/sandbox/sandbox.ts";

export type Way = "owner" | "app" | "nobody" | Record<string, string>;

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  /** Undefined when the body is no JSON. */
  body: unknown;
}

/** Sends a request below the platform's prefix, authenticated in a way, or with given headers. */
export async function ask(sandbox: Sandbox, path: string, way: Way = "owner", init: RequestInit = {}): Promise<Reply> {
  const url = new URL(`${sandbox.accounts[0]!.baseUrl}${path}`);
  const headers = headersFor(sandbox, url, way, init.method ?? "GET");
  const response = await fetch(url, {redirect: "manual", ...init, headers: {...headers, ...init.headers}});
  const text = await response.text();
  return {status: response.status, headers: response.headers, text, body: parsed(text)};
}

/** The Authorization header of the account's owner for a GET request. */
export function signed(
  sandbox: Sandbox,
  path: string,
  once?: {nonce: string; timestamp: number},
  keys: Record<string, string> = {}
): Record<string, string> {
  const url = new URL(`${sandbox.accounts[0]!.baseUrl}${path}`);
  const {nonce, timestamp} = once ?? onlyOnce();
  return {authorization: oauth1Header("GET", url, {...sandbox.accounts[0]!.auth, ...keys}, nonce, timestamp)};
}

/** The form of a token request. */
export function form(fields: Record<string, string>): RequestInit {
  const headers = {"content-type": "application/x-www-form-urlencoded"};
  return {method: "POST", headers, body: new URLSearchParams(fields).toString()};
}

function headersFor(sandbox: Sandbox, url: URL, way: Way, method: string): Record<string, string> {
  const {auth, otherAuth} = sandbox.accounts[0]!;
  if (way === "nobody") return {};
  if (way === "app") return {authorization: `Bearer ${otherAuth.bearer!.token}`};
  if (way !== "owner") return way;
  const {nonce, timestamp} = onlyOnce();
  return {authorization: oauth1Header(method, url, auth, nonce, timestamp)};
}

function onlyOnce(): {nonce: string; timestamp: number} {
  return {nonce: randomUUID(), timestamp: Math.floor(Date.now() / 1000)};
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
