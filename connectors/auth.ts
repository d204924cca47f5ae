/**
 * Authentication: a bearer token, OAuth 1.0a signatures (RFC 5849, HMAC-SHA1), and OAuth 2 access tokens that are
 * fetched for a refresh token, whose successor is on the disk before the access token is used.
 */
import {createHash, createHmac} from "node:crypto";
import {z} from "zod";
import type {Account, Authentication, Connector} from "./connector.ts";
import type {CredentialStore} from "./credentials.ts";
import {AuthError, ConfigError, type MegaphoneError, RetryableError} from "./errors.ts";
import type {Fault} from "./http.ts";

/** An access token is renewed this long before its end, so that none runs out on its way. */
const margin = 60_000;

/** What a signer may send while it prepares a call. */
export interface TokenEndpoint {
  /** Sends a form once, never twice; a fault when no answer came. `base` is the host where it is not the API's. */
  post: (
    place: {path: string; base: string | undefined},
    form: Record<string, string>,
    headers: Record<string, string>
  ) => Promise<TokenAnswer | Fault>;
  /** The error that a fault becomes in the name of the call. */
  fail: (fault: Fault) => MegaphoneError;
}

export interface TokenAnswer {
  status: number;
  /** Undefined when it is no JSON. */
  body: unknown;
}

/** Makes the Authorization headers of an account. */
export interface Signer {
  /** The header for one attempt; an OAuth 2 access token may have to be fetched for it. */
  authorization: (method: string, url: URL, endpoint: TokenEndpoint) => Promise<string>;
  /** Forgets an access token that the platform takes no longer; whether another can be had. */
  renew: () => boolean;
}

/** What tells the signer about time and chance. */
export interface SignerEffects {
  now: () => number;
  nonce: () => string;
}

/** The connector's way to authenticate that an account's `auth` asks for by its keys. Throws ConfigError if none is. */
export function authentication(connector: Connector, account: Account): Authentication {
  const accepted = connector.auth.map(({keys}) => keys.join(", ")).join("; or ");
  if (account.auth === undefined) {
    throw new ConfigError(`${account.name}: the account has no auth; give it ${accepted}`);
  }
  const given = Object.keys(account.auth);
  const found = connector.auth.find(({keys}) => keys.length === given.length && keys.every(key => given.includes(key)));
  if (found === undefined) {
    throw new ConfigError(`${account.name}: auth holds ${given.join(", ") || "nothing"}; give it ${accepted}`);
  }
  return found;
}

/** Hears of every token that the configuration does not hold, and of what an exchange says of the access. */
export interface TokenListener {
  onSecret: (secret: string) => void;
  onGrant?: ((grant: Grant) => void) | undefined;
}

/** The signer of an account. */
export function createSigner(
  connector: Connector,
  account: Account,
  credentials: CredentialStore,
  listener: TokenListener,
  effects: SignerEffects
): Signer {
  const way = authentication(connector, account);
  const {scheme} = way;
  const auth = account.auth!;
  for (const [key, value] of Object.entries(auth)) {
    if (!/^[\x21-\x7e]+$/.test(value)) {
      throw new ConfigError(`${account.name}: ${key} is empty or holds a space or a line break; copy it again`);
    }
  }
  const cannotRenew = () => false;
  if (scheme === "bearer") return {authorization: async () => `Bearer ${auth.token}`, renew: cannotRenew};
  if (scheme === "oauth1") {
    const authorization = async (method: string, url: URL): Promise<string> =>
      oauth1Header(method, url, auth, effects.nonce(), Math.floor(effects.now() / 1000));
    return {authorization, renew: cannotRenew};
  }
  return oauth2Signer(account.name, auth, way, credentials, listener, effects);
}

/** The Authorization header of RFC 5849 for `consumer_key`, `consumer_secret`, `token` and `token_secret`. */
export function oauth1Header(
  method: string,
  url: URL,
  keys: Record<string, string>,
  nonce: string,
  timestamp: number
): string {
  const own: [string, string][] = [
    ["oauth_consumer_key", keys.consumer_key!],
    ["oauth_nonce", nonce],
    ["oauth_signature_method", "HMAC-SHA1"],
    ["oauth_timestamp", String(timestamp)],
    ["oauth_token", keys.token!],
    ["oauth_version", "1.0"]
  ];
  const signature = oauth1Signature(method, url, own, keys.consumer_secret!, keys.token_secret!);
  const parts = [...own, ["oauth_signature", signature] as const].map(([key, value]) => `${key}="${encode(value)}"`);
  return `OAuth ${parts.join(", ")}`;
}

/** The HMAC-SHA1 signature of a request, over the URL's query and `params` (RFC 5849, 3.4.1 and 3.4.2). */
export function oauth1Signature(
  method: string,
  url: URL,
  params: readonly [string, string][],
  consumerSecret: string,
  tokenSecret: string
): string {
  const normalised = [...url.searchParams, ...params]
    .map(([key, value]): [string, string] => [encode(key), encode(value)])
    .sort(([aKey, aValue], [bKey, bValue]) => compare(aKey, bKey) || compare(aValue, bValue))
    .map(pair => pair.join("="))
    .join("&");
  const base = [method.toUpperCase(), `${url.origin}${url.pathname}`, normalised].map(encode).join("&");
  return createHmac("sha1", `${encode(consumerSecret)}&${encode(tokenSecret)}`)
    .update(base)
    .digest("base64");
}

/** Percent-encodes everything but the unreserved characters of RFC 3986, as RFC 5849 (3.6) demands. */
export function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`
  );
}

/** What an exchange says of the access beside the tokens. */
export interface Grant {
  /** When the refresh token ends. */
  endsAt: Date | undefined;
  permissions: string[] | undefined;
}

const tokens = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  refresh_token: z.string().min(1).optional(),
  expires_in: z.number().positive().optional(),
  refresh_token_expires_in: z.number().positive().optional(),
  scope: z.string().optional()
});

/**
 * A refresh token may be good for one exchange only. So an exchange is sent once, and after one that failed none
 * follows until the next run.
 */
function oauth2Signer(
  accountName: string,
  auth: Record<string, string>,
  {tokenPath, tokenBaseUrl, isClientInForm}: Authentication,
  credentials: CredentialStore,
  {onSecret, onGrant}: TokenListener,
  effects: SignerEffects
): Signer {
  let access: {token: string; endsAt: number} | undefined;
  let pending: Promise<string> | undefined;
  let refusal: Fault | undefined;

  async function exchange(endpoint: TokenEndpoint): Promise<string> {
    const current = currentRefreshToken(credentials, accountName, auth.refresh_token!);
    onSecret(current.refresh_token);
    // Shows that the successor can be kept, before this one is spent.
    credentials.replace(accountName, current);
    const form = {grant_type: "refresh_token", refresh_token: current.refresh_token};
    const {client_id: id, client_secret: secret} = auth;
    const place = {path: tokenPath!, base: tokenBaseUrl};
    const isInForm = secret === undefined || isClientInForm === true;
    const answer = await (isInForm
      ? endpoint.post(place, {...form, client_id: id!, ...(secret === undefined ? {} : {client_secret: secret})}, {})
      : endpoint.post(place, form, {Authorization: `Basic ${btoa(`${encode(id!)}:${encode(secret)}`)}`}));
    const given = "status" in answer && answer.status === 200 ? tokens.safeParse(answer.body) : undefined;
    if (!given?.success) {
      refusal = "status" in answer ? refused(answer) : answer;
      throw endpoint.fail(refusal);
    }
    const {access_token: token, refresh_token: successor, expires_in: lifetime, scope} = given.data;
    const refreshLifetime = given.data.refresh_token_expires_in;
    onSecret(token);
    if (successor !== undefined) {
      onSecret(successor);
      credentials.replace(accountName, {...current, refresh_token: successor});
    }
    onGrant?.({
      endsAt: refreshLifetime === undefined ? undefined : new Date(effects.now() + refreshLifetime * 1000),
      permissions: scope?.split(/[\s,]+/)
    });
    access = {token, endsAt: lifetime === undefined ? Number.POSITIVE_INFINITY : effects.now() + lifetime * 1000};
    return token;
  }

  async function accessToken(endpoint: TokenEndpoint): Promise<string> {
    if (refusal !== undefined) throw endpoint.fail(refusal);
    if (access !== undefined && effects.now() < access.endsAt - margin) return access.token;
    // Another process may spend the token that is stored now: it is read when nobody else can.
    pending ??= credentials
      .exclusively(() => exchange(endpoint))
      .finally(() => {
        pending = undefined;
      });
    return pending;
  }

  return {
    authorization: async (_method, _url, endpoint) => `Bearer ${await accessToken(endpoint)}`,
    renew: () => {
      access = undefined;
      return true;
    }
  };
}

/** The stored successor, unless another token was configured since. */
function currentRefreshToken(credentials: CredentialStore, accountName: string, configured: string) {
  const derivedFrom = createHash("sha256").update(configured).digest("hex");
  const stored = credentials.get(accountName);
  return stored?.derived_from === derivedFrom ? stored : {refresh_token: configured, derived_from: derivedFrom};
}

function refused({status, body}: TokenAnswer): Fault {
  const fact = `the token exchange was answered with HTTP ${status}`;
  if (status === 429 || status >= 500) {
    return {Kind: RetryableError, fact, advice: "it is tried again next time", isPassing: false};
  }
  const {data} = z.object({error: z.string()}).safeParse(body);
  const isClient = status === 401 || data?.error === "invalid_client" || data?.error === "unauthorized_client";
  return {
    Kind: AuthError,
    fact,
    advice: isClient
      ? "check client_id and client_secret"
      : "authorise the app again and put the new refresh token into .env",
    isPassing: false
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
