/** Ways to authenticate: a bearer token, OAuth 1.0a signatures (RFC 5849), and OAuth 2 with rotating refresh tokens. */
import {createHmac, randomBytes} from "node:crypto";
import type {Account, Authentication, Connector} from "./connector.ts";
import {ConfigError} from "./errors.ts";

/** The way an account authenticates, by the keys of its `auth`. Throws ConfigError that names those accepted. */
export function authentication(connector: Connector, account: Account): Authentication {
  const keys = Object.keys(account.auth ?? {})
    .sort()
    .join();
  const way = connector.auth.find(candidate => [...candidate.keys].sort().join() === keys);
  if (way !== undefined) return way;
  const accepted = connector.auth.map(candidate => candidate.keys.join(" + ")).join(", or ");
  throw new ConfigError(`${account.name}: ${connector.platform} takes ${accepted} under auth`);
}

export interface OAuth1Keys {
  consumer_key: string;
  consumer_secret: string;
  token: string;
  token_secret: string;
}

/** The Authorization header of an OAuth 1.0a request, signed with HMAC-SHA1 over method, address and parameters. */
export function oauth1Header(
  method: string,
  url: URL,
  keys: OAuth1Keys,
  once: {nonce: string; timestamp: number} = {
    nonce: randomBytes(16).toString("hex"),
    timestamp: Math.floor(Date.now() / 1000)
  },
  form: Record<string, string> = {}
): string {
  const own = {
    oauth_consumer_key: keys.consumer_key,
    oauth_nonce: once.nonce,
    oauth_signature_method: "HMAC-SHA1",
    oauth_timestamp: String(once.timestamp),
    oauth_token: keys.token,
    oauth_version: "1.0"
  };
  const signed = [...Object.entries(own), ...url.searchParams, ...Object.entries(form)]
    .map(([key, value]) => [encode(key), encode(value)] as const)
    .sort(([a, av], [b, bv]) => (a === b ? compare(av, bv) : compare(a, b)))
    .map(([key, value]) => `${key}=${value}`)
    .join("&");
  const base = [method, `${url.origin}${url.pathname}`, signed].map(encode).join("&");
  const signature = createHmac("sha1", `${encode(keys.consumer_secret)}&${encode(keys.token_secret)}`)
    .update(base)
    .digest("base64");
  const parts = Object.entries({...own, oauth_signature: signature}).map(
    ([key, value]) => `${encode(key)}="${encode(value)}"`
  );
  return `OAuth ${parts.join(", ")}`;
}

/** RFC 3986 encoding, which RFC 5849 asks for: stricter than encodeURIComponent. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, letter => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
