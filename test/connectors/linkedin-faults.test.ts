import {afterAll, afterEach, beforeAll, describe, expect, it} from "vitest";
import type {Account} from "../../connectors/connector.ts";
import {openCredentials} from "../../connectors/credentials.ts";
import {AuthError, MegaphoneError, ShapeError} from "../../connectors/errors.ts";
import {type Extracted, extractAccount} from "../../connectors/extract.ts";
import {createHttp} from "../../connectors/http.ts";
import {linkedin} from "../../connectors/linkedin.ts";
import {faultsOf, type Sandbox, startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {daysAgo, pageOf, post, postsOn, share, shown, streamFrom} from "./linkedin-server.ts";
import {client, folder, recorded, sendJson, serve} from "./loopback.ts";
import {accountOf, lastNight, type NightOptions, night as nightOf, outcome, plan} from "./night.ts";

let demo: Sandbox;
beforeAll(async () => {
  demo = await startSandbox({only: ["linkedin"]});
});
afterAll(() => demo.close());
afterEach(() => demo.setFaults([]));

function account(way: "bearer" | "oauth2" = "bearer"): Account {
  const offered = demo.accounts[0]!;
  return accountOf(linkedin, offered, way === "bearer" ? offered.auth : offered.otherAuth!.oauth2!);
}

const night = (given: Account, options: NightOptions = {}) => nightOf(linkedin, given, options);

/** Streams in the order in which they are read. */
const streams = ["account", "organisation", "follower_gains", "page_days", "page_views", "audience", "posts"];

describe("a fault", () => {
  const all = (kind: string): Record<string, string> => Object.fromEntries(streams.map(stream => [stream, kind]));
  const first = (kind: string): Record<string, string> => ({...all("unread"), account: kind});
  const outcomes: Record<string, Record<string, string>> = {
    "http-500-once": {},
    "http-503-always": all("RetryableError"),
    "html-200": all("ShapeError"),
    "bad-json": all("ShapeError"),
    "gzip-bomb": all("ShapeError"),
    "redirect-foreign": all("ShapeError"),
    "echo-token": all("ConfigError"),
    "slow-body": {},
    drip: {},
    reset: {},
    "cut-body": {},
    "rate-limit": {},
    "day-limit": all("RetryableError"),
    "token-expired": first("AuthError"),
    "token-revoked": first("AuthError"),
    "token-ends-soon": {},
    "version-sunset": first("AuthError"),
    "no-permission": all("PartError"),
    unprocessable: all("ConfigError"),
    "member-tier-missing": {},
    "retired-metric": {},
    "wrong-shape": {page_days: "ShapeError", posts: "ShapeError"},
    "nested-counts": {},
    "same-page-token": {posts: "ShapeError"},
    "foreign-next": {},
    "duplicate-posts": {},
    "missing-posts": {},
    "missing-elements": {},
    "partial-429": {},
    "unsettled-days": {},
    "no-facets": {},
    "one-more-like": {}
  };

  it.each(Object.entries(outcomes))("%s leaves every stream ok but for %j", async (fault, expected) => {
    demo.setFaults([fault]);
    const results = await night(account(), {timeout: 1000});
    const found = Object.fromEntries(streams.map(stream => [stream, outcome(results, stream)]));
    expect(found).toEqual({...all("ok"), ...expected});
    for (const {error} of results) {
      if (error === undefined) continue;
      expect(error).toBeInstanceOf(MegaphoneError);
      expect(error.message).toMatch(new RegExp(`^mandate (${streams.join("|")}): .+; .+$`, "s"));
    }
  });

  it("refresh-lost ends the account with advice to a person, without a second exchange", async () => {
    using stored = folder();
    demo.resetRequests();
    demo.setFaults(["refresh-lost"]);
    const results = await night(account("oauth2"), {stored: stored.path});
    expect(results.map(({stream, error}) => [stream, error?.name])).toEqual([["account", "AuthError"]]);
    expect(demo.requests().map(({method, path}) => `${method} ${path}`)).toEqual([
      "POST /linkedin/oauth/v2/accessToken"
    ]);
  });

  it("of every switch has its outcome here", () => {
    expect([...Object.keys(outcomes), "refresh-lost"].sort()).toEqual(Object.keys(faultsOf("linkedin")).sort());
  });

  it.each([
    ["token-expired", "sign in again (docs/linkedin.md) and put the new token into .env"],
    ["version-sunset", "set api_version in megaphone.yaml to a newer month"],
    ["no-permission", "lacks a permission"],
    ["day-limit", "it is read again next time"]
  ])("%s says %j", async (fault, says) => {
    demo.setFaults([fault]);
    const [result] = await night(account());
    expect(result!.error!.message).toContain(says);
  });

  it.each(["bearer", "oauth2"] as const)(
    "of any kind shows no secret of %s",
    async way => {
      const secrets = new Set(Object.values(account(way).auth!));
      for (const fault of Object.keys(faultsOf("linkedin"))) {
        using stored = folder();
        demo.setFaults([fault]);
        const given = account(way);
        const credentials = openCredentials(`${stored.path}/credentials.json`);
        const onSecret = (secret: string) => void secrets.add(secret);
        const options = {connector: linkedin, account: given, credentials, onSecret, requestTimeoutMs: 1000};
        const clock = () => ({now: lastNight, today: "2020-11-30"});
        const http = createHttp(options, recorded());
        const results = await extractAccount(linkedin, plan(linkedin, given), new Map(), http, clock);
        const told = JSON.stringify(results.map(({error, ...rest}) => [rest, error, error?.message, error?.stack]));
        for (const secret of secrets) {
          for (const form of [secret, encodeURIComponent(secret), btoa(secret).replace(/=+$/, "")]) {
            expect(told.includes(form), `${fault}: ${form}`).toBe(false);
          }
        }
      }
      // A token that was exchanged is told to the log, so that it can be hidden there.
      expect(secrets.size).toBeGreaterThan(way === "oauth2" ? 3 : 0);
    },
    60_000
  );
});

describe("the exchange of a refresh token", () => {
  it("is made at base_url in the sandbox, and serves every night, because the token does not rotate", async () => {
    using stored = folder();
    for (const _night of [1, 2]) {
      demo.resetRequests();
      const results = await night(account("oauth2"), {stored: stored.path});
      expect(results.map(({error}) => error)).toEqual(results.map(() => undefined));
      const exchanges = demo.requests().filter(({method}) => method === "POST");
      expect(exchanges.map(({path, status}) => [path, status])).toEqual([["/linkedin/oauth/v2/accessToken", 200]]);
    }
    const {refresh_token} = account("oauth2").auth!;
    expect(openCredentials(`${stored.path}/credentials.json`).get("mandate")).toMatchObject({refresh_token});
  });

  it("is made at www.linkedin.com where no base_url is told, with the client in the form", async () => {
    const way = linkedin.auth.find(({scheme}) => scheme === "oauth2")!;
    expect([linkedin.baseUrl, `${way.tokenBaseUrl}${way.tokenPath}`]).toEqual([
      "https://api.linkedin.com",
      "https://www.linkedin.com/oauth/v2/accessToken"
    ]);
    await using www = await serve(response => sendJson(response, 200, {access_token: "access-1", expires_in: 5184000}));
    const headers: (string | undefined)[] = [];
    await using api = await serve((response, _index, request) => {
      headers.push(request.headers.authorization);
      sendJson(response, 200, {firstDegreeSize: 5});
    });
    using stored = folder();
    const moved = {...linkedin, baseUrl: api.url, auth: [{...way, tokenBaseUrl: www.url}]};
    const {baseUrl: _, ...given} = account("oauth2");
    const http = client(given, recorded(), {connector: moved}, stored.path);
    const calls = plan(moved, given).filter(({stream}) => stream === "account");
    const clock = () => ({now: lastNight, today: "2020-11-30"});
    const [result] = await extractAccount(moved, calls, new Map(), http, clock);
    expect(result).toMatchObject({error: undefined, records: [{followers: 5}]});
    expect(headers).toEqual(["Bearer access-1"]);
    expect(www.requests.map(({method, url}) => `${method} ${url}`)).toEqual(["POST /oauth/v2/accessToken"]);
    const {client_id, client_secret, refresh_token} = given.auth!;
    expect(Object.fromEntries(new URLSearchParams(www.requests[0]!.form))).toEqual({
      grant_type: "refresh_token",
      refresh_token,
      client_id,
      client_secret
    });
  });

  it("is made once more where the access token is refused in mid-night", async () => {
    let exchanges = 0;
    let calls = 0;
    await using server = await serve((response, _index, request) => {
      if (request.method === "POST") sendJson(response, 200, {access_token: `access-${++exchanges}`});
      else if (++calls === 2) sendJson(response, 401, {status: 401, serviceErrorCode: 65602, message: "expired"});
      else sendJson(response, 200, {firstDegreeSize: 5});
    });
    using stored = folder();
    const given = {...account("oauth2"), baseUrl: server.url};
    const http = client(given, recorded(), {connector: linkedin}, stored.path);
    const request = linkedin.streams.account!.snapshot!.request({account: given, parts: [], metrics: [], size: 1});
    await http.send(request, {stream: "account"});
    await http.send(request, {stream: "account"});
    expect(exchanges).toBe(2);
  });

  it("that is refused ends the account", async () => {
    using stored = folder();
    const given = account("oauth2");
    const results = await night({...given, auth: {...given.auth, refresh_token: "gone"}}, {stored: stored.path});
    expect(results.map(({error}) => error)).toEqual([expect.any(AuthError)]);
    expect(results[0]!.error!.message).toContain("authorise the app again");
  });
});

describe("an answer that lacks a field", () => {
  const start = daysAgo(1).getTime();
  const followerCounts = {organicFollowerCount: 3, paidFollowerCount: 0};
  const {author: _author, commentary: _commentary, createdAt: _createdAt, ...least} = post(share(1), daysAgo(1));
  /** The least that an answer may hold, by stream and the tail of its path. */
  const answers: [stream: string, tail: string, whole: object][] = [
    ["account", "urn%3Ali%3Aorganization%3A7", {firstDegreeSize: 3}],
    ["organisation", "7", {id: 7, localizedName: "The mandate"}],
    [
      "follower_gains",
      "organizationalEntityFollowerStatistics",
      {elements: [{timeRange: {start}, followerGains: {organicFollowerGain: 1, paidFollowerGain: 0}}]}
    ],
    [
      "page_days",
      "organizationalEntityShareStatistics",
      {elements: [{timeRange: {start}, totalShareStatistics: shown(3)}]}
    ],
    [
      "page_views",
      "organizationPageStatistics",
      {elements: [{timeRange: {start}, totalPageStatistics: {views: {allPageViews: {pageViews: 3}}}}]}
    ],
    [
      "audience",
      "organizationalEntityFollowerStatistics",
      {
        elements: [
          {
            followerCountsByFunction: [{function: "urn:li:function:14", followerCounts}],
            followerCountsByIndustry: [{industry: "urn:li:industry:1", followerCounts}],
            followerCountsByGeoCountry: [{geo: "urn:li:geo:1", followerCounts}]
          }
        ]
      }
    ],
    ["audience", "geo", {results: {"1": {defaultLocalizedName: {value: "Kenya"}}}}],
    ["audience", "industries", {results: {"1": {name: {localized: {en_US: "Law Practice"}}}}}],
    ["posts", "posts", pageOf([least])],
    ["posts", "socialMetadata", {results: {[share(1)]: {reactionSummaries: {LIKE: {count: 1}}}}}],
    ["posts", "organizationalEntityShareStatistics", {elements: [{share: share(1), totalShareStatistics: shown(3)}]}],
    ["posts", "videoAnalytics", {elements: [{value: 3}]}]
  ];
  /** What an answer may leave out: an entry of what is kept by its id or kind, and a facet. */
  const mayLack = /\.(urn:li:share:\d+|LIKE|1|followerCountsBy\w+)$/;

  const video = {...least, id: "urn:li:ugcPost:7000000000000000002", content: {media: {id: "urn:li:video:A"}}};
  const ofAudience = Object.fromEntries(
    answers.filter(([stream]) => stream === "audience").map(([, tail, whole]) => [tail, () => whole])
  );

  async function read(stream: string, tail: string, whole: object): Promise<Extracted> {
    const others = stream === "audience" ? ofAudience : {};
    await using server = await postsOn([least, video], {...others, [tail]: () => whole});
    return await streamFrom(server, stream);
  }

  it.each(answers)("is read when nothing lacks: %s, %s", async (stream, tail, whole) => {
    const {error, records} = await read(stream, tail, whole);
    expect(error).toBeUndefined();
    expect(records.length).toBeGreaterThan(0);
  });

  it.each(
    answers.flatMap(([stream, tail, whole]) =>
      paths(whole)
        .filter(path => !mayLack.test(path))
        .map(path => [stream, tail, path, whole] as const)
    )
  )("of %s in %s is a ShapeError that names it: %s", async (stream, tail, path, whole) => {
    const {error, cursor} = await read(stream, tail, without(whole, path.split(".")));
    expect(error).toBeInstanceOf(ShapeError);
    expect(error!.message).toContain(`mandate ${stream}: ${path} is not as documented`);
    expect(cursor).toBeUndefined();
  });
});

/** The places of an answer's fields, through its lists. */
function paths(whole: object): string[] {
  return Object.entries(whole).flatMap(([key, value]) => {
    const inner = typeof value === "object" ? paths(value as object).map(path => `${key}.${path}`) : [];
    return Array.isArray(whole) ? inner : [key, ...inner];
  });
}

/** A copy of an answer without one field. */
function without(whole: object, [first, ...rest]: string[]): object {
  const copy = (Array.isArray(whole) ? [...whole] : {...whole}) as Record<string, unknown>;
  if (rest.length === 0) delete copy[first!];
  else copy[first!] = without(copy[first!] as object, rest);
  return copy;
}
