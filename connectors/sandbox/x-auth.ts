/** Who asks X: the app alone, or the account's owner by OAuth 1.0a (RFC 5849) or OAuth 2.0 with single-use refresh tokens. */
import {createHmac} from "node:crypto";
import type {Answer, Asked} from "./platform.ts";

/** How a caller authenticated, in X's words. */
export type Caller = "OAuth 1.0a User Context" | "OAuth 2.0 User Context" | "OAuth 2.0 Application-Only";

/** The demo's secrets. They hold signs that signing and URL-encoding change, so that a slip shows. */
export const credentials = {
  oauth1: {
    consumer_key: "sandboxConsumerKey7Qm",
    consumer_secret: "sandbox-consumer-secret/4f+9=",
    token: "1234567-sandboxUserToken3Zt",
    token_secret: "sandbox-token-secret/8k+2="
  },
  oauth2: {
    client_id: "sandboxClientId5Rw",
    client_secret: "sandbox-client-secret/6h+1=",
    refresh_token: "sandbox-refresh/0+a:1:rt:1"
  },
  bearer: {token: "sandboxAppToken%2F9x%3D1"}
};

/** How far a signed time may be off, either way. */
const clockTolerance = 5 * 60_000;
const accessSeconds = 7200;

export interface Tokens {
  /** Undefined: nobody whom X knows. */
  callerOf: (asked: Asked) => Caller | undefined;
  /** Answers `POST /2/oauth2/token`. */
  exchange: (asked: Asked) => Answer;
}

/** The tokens that are valid now, and the nonces that were used. */
export function createTokens(now: () => number = Date.now): Tokens {
  const nonces = new Set<string>();
  const endOfAccess = new Map<string, number>();
  let refreshToken = credentials.oauth2.refresh_token;
  let exchanges = 0;

  return {
    callerOf({headers, ...asked}) {
      const header = headers.authorization ?? "";
      if (header === `Bearer ${credentials.bearer.token}`) return "OAuth 2.0 Application-Only";
      const end = header.startsWith("Bearer ") ? endOfAccess.get(header.slice(7)) : undefined;
      if (end !== undefined && end > now()) return "OAuth 2.0 User Context";
      if (!header.startsWith("OAuth ")) return undefined;
      return isSigned(header, {headers, ...asked}, nonces, now()) ? "OAuth 1.0a User Context" : undefined;
    },
    exchange({headers, form}) {
      const {client_id, client_secret} = credentials.oauth2;
      const basic = `Basic ${Buffer.from(`${percent(client_id!)}:${percent(client_secret!)}`).toString("base64")}`;
      const isClient =
        headers.authorization === undefined ? form.get("client_id") === client_id : headers.authorization === basic;
      if (!isClient) return refused(401, "unauthorized_client", "Missing valid authorization header");
      if (form.get("grant_type") !== "refresh_token") {
        return refused(400, "unsupported_grant_type", "Value passed for the grant type was invalid.");
      }
      if (form.get("refresh_token") !== refreshToken) {
        return refused(400, "invalid_request", "Value passed for the token was invalid.");
      }
      exchanges += 1;
      refreshToken = `sandbox-refresh/${exchanges}+a:1:rt:1`;
      const access_token = `sandbox-access/${exchanges}+a:1:at:1`;
      endOfAccess.set(access_token, now() + accessSeconds * 1000);
      const scope = "users.read tweet.read offline.access";
      return {
        status: 200,
        body: {token_type: "bearer", expires_in: accessSeconds, access_token, scope, refresh_token: refreshToken}
      };
    }
  };
}

function refused(status: number, error: string, error_description: string): Answer {
  return {status, body: {error, error_description}};
}

/** Whether the header signs this very request, now, for the first time: method, address and all parameters. */
function isSigned(header: string, asked: Asked, nonces: Set<string>, now: number): boolean {
  const keys = credentials.oauth1;
  const given = new Map(
    [...header.slice("OAuth ".length).matchAll(/([a-z_]+)="([^"]*)"/g)].map(match => [
      match[1]!,
      decodeURIComponent(match[2]!)
    ])
  );
  const nonce = given.get("oauth_nonce") ?? "";
  const isKnown =
    given.get("oauth_consumer_key") === keys.consumer_key &&
    given.get("oauth_token") === keys.token &&
    given.get("oauth_signature_method") === "HMAC-SHA1" &&
    nonce !== "" &&
    !nonces.has(nonce) &&
    Math.abs(Number(given.get("oauth_timestamp")) * 1000 - now) <= clockTolerance;
  const signature = given.get("oauth_signature");
  given.delete("oauth_signature");
  const pairs = [...given, ...asked.query, ...asked.form].map(pair => pair.map(percent).join("="));
  const address = `${asked.url.origin}${asked.url.pathname}`;
  const base = [asked.method, address, pairs.sort(byNameAndValue).join("&")].map(percent).join("&");
  const key = `${percent(keys.consumer_secret)}&${percent(keys.token_secret)}`;
  const isValid = isKnown && signature === createHmac("sha1", key).update(base).digest("base64");
  if (isValid) nonces.add(nonce);
  return isValid;
}

function byNameAndValue(a: string, b: string): number {
  const [left, right] = [a.split("=", 2), b.split("=", 2)];
  const part = left[0] === right[0] ? 1 : 0;
  return left[part]! < right[part]! ? -1 : left[part]! > right[part]! ? 1 : 0;
}

/** RFC 3986, stricter than encodeURIComponent. */
function percent(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, letter => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
}
