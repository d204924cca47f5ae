import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {createTokens, credentials, formerTokens} from "../../connectors/sandbox/linkedin-auth.ts";
import type {Asked} from "../../connectors/sandbox/platform.ts";
import {ask, form, type Reply} from "./sandbox-client.ts";
import {intervals, list, type Own, organisation, started} from "./sandbox-linkedin-client.ts";

let own: Own;

beforeAll(async () => {
  own = await started();
});
afterAll(() => own.sandbox.close());

const day = 86_400_000;
const posts = `/rest/posts?author=${organisation}&q=author`;
const shares = `/rest/organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity=${organisation}`;
const followers = `/rest/organizationalEntityFollowerStatistics?q=organizationalEntity&organizationalEntity=${organisation}`;
const raw = "urn:li:organization:990010480";

describe("LinkedIn in the sandbox takes", () => {
  it("a long query as a tunnelled form, whose lists stay lists", async () => {
    const {elements} = await own.body<{elements: {id: string}[]}>(`${posts}&count=100&sortBy=CREATED`);
    const urns = elements.map(({id}) => id).filter(id => id.includes(":share:"));
    const many = [
      ...urns,
      ...Array.from({length: 90}, (_, index) => `urn:li:share:${6000000000000000000n + BigInt(index)}`)
    ];
    const [path, query] = `${shares}&shares=${list(many)}`.split("?");
    expect(query!.length).toBeGreaterThan(4000);
    const init = {method: "POST", body: query!};
    const headers = {"x-http-method-override": "GET", "content-type": "application/x-www-form-urlencoded"};
    const tunnelled = await own.page(path!, headers, init);
    expect(tunnelled.status).toBe(200);
    expect(tunnelled.body).toEqual((await own.page(`${shares}&shares=${list(urns)}`)).body);
  });

  it("the old form of lists and intervals, raw URNs among them, without the new protocol (documented)", async () => {
    const old = {"x-restli-protocol-version": undefined};
    const dotted = `timeIntervals.timeGranularityType=DAY&timeIntervals.timeRange.start=${Date.parse("2020-10-01")}&timeIntervals.timeRange.end=${Date.parse("2020-10-08")}`;
    const bracketed = `timeIntervals=${intervals("2020-10-01", "2020-10-08", "DAY")}`;
    const unescaped = followers.replace(organisation, raw);
    expect((await own.page(`${unescaped}&${dotted}`, old)).body).toEqual(
      (await own.page(`${followers}&${bracketed}`)).body
    );
    const {elements} = await own.body<{elements: {id: string}[]}>(`${posts}&count=5`);
    const urns = elements.map(({id}) => id).filter(id => id.includes(":share:"));
    const indexed = urns.map((urn, index) => `shares[${index}]=${urn}`).join("&");
    expect((await own.page(`${shares}&${indexed}`, old)).body).toEqual(
      (await own.page(`${shares}&shares=${list(urns)}`)).body
    );
  });

  it("a revision of a version, a header that names the method, and fields to leave out the rest", async () => {
    const headers = {"linkedin-version": "202601.02", "x-restli-method": "FINDER"};
    const {status, body} = await own.page(`${posts}&count=2&fields=id,createdAt`, headers);
    expect(status).toBe(200);
    for (const post of (body as {elements: object[]}).elements) expect(Object.keys(post)).toEqual(["id", "createdAt"]);
  });
});

describe("LinkedIn's tokens in the sandbox", () => {
  const token = "/oauth/v2/accessToken";
  const {oauth2} = credentials.page;
  const send = (path: string, fields: Record<string, string>): Promise<Reply> =>
    ask(own.sandbox, path, "nobody", form(fields));

  it("are exchanged for a refresh token that does not change, and are good at once", async () => {
    const fields = {grant_type: "refresh_token", ...oauth2};
    const first = await send(token, fields);
    expect(first.status).toBe(200);
    const {access_token, ...rest} = first.body as Record<string, string | number>;
    expect(rest).toEqual({
      expires_in: (60 * day) / 1000,
      refresh_token: oauth2.refresh_token,
      refresh_token_expires_in: expect.closeTo((365 * day) / 1000, -2),
      scope: "r_organization_social,r_organization_social_feed,rw_organization_admin,r_basicprofile"
    });
    expect((await own.page(posts, {authorization: `Bearer ${access_token}`})).status).toBe(200);
    expect((await send(token, fields)).status).toBe(200);
    const introspected = await send("/oauth/v2/introspectToken", {...fields, token: String(access_token)});
    expect(introspected.body).toMatchObject({active: true, status: "active", auth_type: "3L", scope: rest.scope});
    const {expires_at} = introspected.body as {expires_at: number};
    expect(expires_at - Date.now() / 1000).toBeCloseTo((60 * day) / 1000, -2);
  });

  it.each([
    [
      "without a refresh token",
      {refresh_token: ""},
      400,
      "invalid_request",
      'A required parameter "refresh_token" is missing'
    ],
    ["without a client", {client_id: ""}, 400, "invalid_request", 'A required parameter "client_id" is missing'],
    ["with another's secret", {client_secret: "guessed"}, 401, "invalid_client", "Client authentication failed"],
    ["for another grant", {grant_type: "password"}, 400, "unsupported_grant_type", "The grant type is not supported"],
    [
      "for a token that never was",
      {refresh_token: "AQR"},
      400,
      "invalid_grant",
      "The provided authorization grant or refresh token is invalid, expired or revoked."
    ]
  ])("are not exchanged %s", async (_, change, status, error, error_description) => {
    const reply = await send(token, {grant_type: "refresh_token", ...oauth2, ...change});
    expect({status: reply.status, body: reply.body}).toEqual({status, body: {error, error_description}});
  });

  it.each([
    [formerTokens.expired, "expired"],
    [formerTokens.revoked, "revoked"],
    ["AQX", undefined]
  ])("introspect as no longer active: %s", async (one, status) => {
    const {body} = await send("/oauth/v2/introspectToken", {...oauth2, token: one});
    expect(body).toMatchObject({active: false, ...(status === undefined ? {} : {status})});
    const stranger = await send("/oauth/v2/introspectToken", {...oauth2, client_secret: "guessed", token: one});
    expect(stranger.status).toBe(401);
  });

  it("end with the refresh token, 365 days after consent, however often it was used", () => {
    let now = 0;
    const tokens = createTokens(() => now);
    const exchange = (atDay: number) => {
      now = atDay * day;
      const asked = {form: new URLSearchParams({grant_type: "refresh_token", ...oauth2})} as Asked;
      const {status, body} = tokens.exchange(asked);
      const {expires_in, refresh_token_expires_in} = body as Record<string, number>;
      return [status, expires_in! / 86_400, refresh_token_expires_in! / 86_400];
    };
    expect(exchange(59)).toEqual([200, 60, 306]);
    expect(exchange(360)).toEqual([200, 5, 5]);
    expect(exchange(365)[0]).toBe(400);
  });
});
