/** Who asks LinkedIn: tokens of 60 days, a refresh token whose end is 365 days after consent, and what each may see. */
import * as refusals from "./linkedin-refusals.ts";
import type {Answer, Asked} from "./platform.ts";

/** A permission that a member grants to an application. */
export type Scope =
  | "r_organization_social"
  | "r_organization_social_feed"
  | "rw_organization_admin"
  | "r_basicprofile"
  | "r_member_postAnalytics"
  | "r_member_profileAnalytics";

const pageScopes: Scope[] = [
  "r_organization_social",
  "r_organization_social_feed",
  "rw_organization_admin",
  "r_basicprofile"
];
const memberScopes: Scope[] = ["r_member_postAnalytics", "r_member_profileAnalytics"];

const client = {client_id: "86sandboxClient7q", client_secret: "WPL_AP1.sandboxSecret/4f+9=="};

/** The demo's secrets, of the page and of the member. They hold signs that URL-encoding changes, so that a slip shows. */
export const credentials = {
  page: {token: "AQXsandboxPage-3Zt_8k", oauth2: {...client, refresh_token: "AQRsandboxPage/0+a=="}},
  member: {token: "AQXsandboxMember-5Rw_2m", oauth2: {...client, refresh_token: "AQRsandboxMember/0+b=="}}
};

/** Tokens that were good once, or may see nothing; for trying refusals. */
export const formerTokens = {
  expired: "AQXsandboxExpired-1",
  revoked: "AQXsandboxRevoked-1",
  unprivileged: "AQXsandboxUnprivileged-1"
};

const day = 86_400_000;
const accessDays = 60;
const refreshDays = 365;

/** What introspection calls the state of a token. */
export type TokenState = "active" | "expired" | "revoked";

/** What is left of a token that ends soon, in days. */
const soon = {access: 3, refresh: 10};

interface Token {
  scopes: Scope[];
  /** Milliseconds since 1970. */
  createdAt: number;
  endsAt: number;
  isRevoked?: boolean;
}

export interface Tokens {
  /** What the caller may see, or the refusal of the token. */
  scopesOf: (asked: Asked) => Scope[] | Answer;
  /** Answers `POST /oauth/v2/accessToken`. */
  exchange: (asked: Asked, endsSoon?: boolean) => Answer;
  /** Answers `POST /oauth/v2/introspectToken`; a fault may have ended every token. */
  introspect: (asked: Asked, endsSoon?: boolean, forced?: TokenState) => Answer;
}

/** The refusal of a token that is no longer active. */
export function refusedToken(state: Exclude<TokenState, "active">): Answer {
  return state === "expired" ? refusals.expiredToken() : refusals.revokedToken();
}

/** The tokens of an application whose members consented now. */
export function createTokens(now: () => number = Date.now): Tokens {
  const consentedAt = now();
  const endOfRefresh = consentedAt + refreshDays * day;
  const given = (scopes: Scope[], createdAt: number): Token => ({
    scopes,
    createdAt,
    endsAt: Math.min(createdAt + accessDays * day, endOfRefresh)
  });
  const tokens = new Map<string, Token>([
    [credentials.page.token, given(pageScopes, consentedAt)],
    [credentials.member.token, given(memberScopes, consentedAt)],
    [formerTokens.unprivileged, given([], consentedAt)],
    [formerTokens.expired, given(pageScopes, consentedAt - (accessDays + 1) * day)],
    [formerTokens.revoked, {...given(pageScopes, consentedAt), isRevoked: true}]
  ]);
  let exchanges = 0;

  const stateOf = ({isRevoked, endsAt}: Token): TokenState =>
    isRevoked === true ? "revoked" : endsAt <= now() ? "expired" : "active";

  return {
    scopesOf({headers}) {
      const header = headers.authorization ?? "";
      if (header === "" || header === "Bearer") return refusals.emptyToken();
      const token = header.startsWith("Bearer ") ? tokens.get(header.slice("Bearer ".length)) : undefined;
      if (token === undefined) return refusals.invalidToken();
      const state = stateOf(token);
      return state === "active" ? token.scopes : refusedToken(state);
    },
    exchange({form}, endsSoon = false) {
      const at = now();
      const refusal = missing(form, ["grant_type"]) ?? refusedGrant(form) ?? missing(form, ["refresh_token"]);
      const stranger = refusal ?? refusedClient(form);
      if (stranger !== undefined) return stranger;
      const isPage = form.get("refresh_token") === credentials.page.oauth2.refresh_token;
      const {oauth2} = isPage ? credentials.page : credentials.member;
      if (form.get("refresh_token") !== oauth2.refresh_token || endOfRefresh <= at) {
        const words = "The provided authorization grant or refresh token is invalid, expired or revoked.";
        return refusals.oauthError(400, "invalid_grant", words);
      }
      exchanges += 1;
      const scopes = isPage ? pageScopes : memberScopes;
      const token = given(scopes, at);
      const access_token = `AQXsandbox${isPage ? "Page" : "Member"}-${exchanges}`;
      tokens.set(access_token, token);
      const body = {
        access_token,
        expires_in: seconds(token.endsAt - at),
        refresh_token: oauth2.refresh_token,
        refresh_token_expires_in: endsSoon ? seconds(soon.refresh * day) : seconds(endOfRefresh - at),
        scope: scopes.join(",")
      };
      return {status: 200, body};
    },
    introspect({form}, endsSoon = false, forced) {
      const refusal = missing(form, ["token"]) ?? refusedClient(form);
      if (refusal !== undefined) return refusal;
      const token = tokens.get(form.get("token")!);
      if (token === undefined) return {status: 200, body: {active: false}};
      const state = forced ?? stateOf(token);
      const body = {
        active: state === "active",
        client_id: client.client_id,
        authorized_at: seconds(token.createdAt),
        created_at: seconds(token.createdAt),
        status: state,
        expires_at: seconds(endsSoon ? now() + soon.access * day : token.endsAt),
        scope: token.scopes.join(","),
        auth_type: "3L"
      };
      return {status: 200, body};
    }
  };
}

/** The refusal of a form without one of the fields (reported for the refresh token). */
function missing(form: URLSearchParams, names: string[]): Answer | undefined {
  const name = names.find(one => (form.get(one) ?? "") === "");
  if (name === undefined) return undefined;
  return refusals.oauthError(400, "invalid_request", `A required parameter "${name}" is missing`);
}

function refusedGrant(form: URLSearchParams): Answer | undefined {
  if (form.get("grant_type") === "refresh_token") return undefined;
  return refusals.oauthError(400, "unsupported_grant_type", "The grant type is not supported");
}

/** The client's id and secret stand in the form; a Basic header is not looked at. */
function refusedClient(form: URLSearchParams): Answer | undefined {
  const absent = missing(form, ["client_id", "client_secret"]);
  if (absent !== undefined) return absent;
  const isClient = form.get("client_id") === client.client_id && form.get("client_secret") === client.client_secret;
  return isClient ? undefined : refusals.oauthError(401, "invalid_client", "Client authentication failed");
}

function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
