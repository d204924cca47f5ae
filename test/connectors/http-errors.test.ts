import {mkdtempSync, readdirSync, readFileSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {inspect} from "node:util";
import {describe, expect, it} from "vitest";
import {oauth1Signature} from "../../connectors/auth.ts";
import {get} from "../../connectors/connector.ts";
import {openCredentials} from "../../connectors/credentials.ts";
import {
  AuthError,
  ConfigError,
  GoneError,
  MegaphoneError,
  MetricError,
  RetryableError,
  ShapeError
} from "../../connectors/errors.ts";
import {createHttp, ruleFor} from "../../connectors/http.ts";
import {
  accountAt,
  answering,
  ask,
  client,
  cut,
  errorOf,
  failure,
  good,
  type Handler,
  json,
  memory,
  packed,
  platform,
  reset,
  stillClock,
  text
} from "./answering.ts";

describe("a refusal", () => {
  const expected = "look for a newer version of Megaphone";
  it.each<[number, unknown, new (message: string) => Error, string]>([
    [401, {}, AuthError, "HTTP 401 Unauthorized; make a new token"],
    [
      403,
      {errors: [{code: 5}]},
      GoneError,
      "HTTP 403 Forbidden (5); check whether it still exists and its id is right"
    ],
    [403, {}, AuthError, "HTTP 403 Forbidden; look at the account on the platform"],
    [
      429,
      {errors: [{type: "usage-capped"}]},
      AuthError,
      "HTTP 429 Too Many Requests (usage-capped); the cap of the month is spent; raise it"
    ],
    [400, {}, ConfigError, `HTTP 400 Bad Request; ${expected}`],
    [
      400,
      {errors: [{title: "No Such Thing"}]},
      GoneError,
      "HTTP 400 Bad Request (No Such Thing); check whether it still exists and its id is right"
    ],
    [
      400,
      {errors: [{type: "not-authorized-for-field"}]},
      MetricError,
      "HTTP 400 Bad Request (not-authorized-for-field); the platform refuses a field that was asked for"
    ],
    [404, {}, GoneError, "HTTP 404 Not Found; check whether it still exists and its id is right"],
    [418, {}, ConfigError, `HTTP 418 I'm a Teapot; ${expected}`],
    [422, {}, ConfigError, `HTTP 422 Unprocessable Entity; ${expected}`],
    [304, {}, ShapeError, "HTTP 304 Not Modified; the redirect is refused; check base_url and the network"]
  ])("by the table is told in its class: %i %j", async (status, body, Kind, fact) => {
    await using server = await answering(json(body, status));
    const error = await failure(server.url);
    expect(error).toBeInstanceOf(Kind);
    expect(error).toMatchObject({message: `mandate posts: ${fact}`, attempts: 1});
    expect(server.requests).toHaveLength(1);
  });

  it("that asks to wait by a code is retried whatever its status", async () => {
    await using server = await answering(json({errors: [{code: 17}]}, 400), json(good));
    expect(await ask(client(server.url).http)).toMatchObject({attempts: 2});
  });

  it("in HTML is told by its status", async () => {
    await using server = await answering(text("<h1>Not Found</h1>", 404));
    expect(await failure(server.url)).toBeInstanceOf(GoneError);
  });

  it("falls under the first rule whose named parts one of the problems meets", () => {
    expect(ruleFor(platform, {status: 429, type: "usage-capped"})?.then).toBe("tell a person");
    expect(ruleFor(platform, {title: "No Such Thing"}, {code: 17})?.then).toBe("wait");
    expect(ruleFor(platform, {type: "new"})).toBeUndefined();
  });
});

describe("an error", () => {
  const canary = "cAnArY/+%&=0";
  const forms = [canary, encodeURIComponent(canary), btoa(canary), encodeURIComponent(btoa(canary))];

  it.each<[string, Handler]>([
    ...[200, 302, 400, 401, 403, 404, 429, 500].map((status): [string, Handler] => [`HTTP ${status}`, echo(status)]),
    ["a reset", reset],
    ["a cut answer", cut({"content-length": "1000"})],
    ["a time-out", () => {}],
    ["too much", text(Buffer.alloc(20_000))],
    ["bad packing", text("no gzip", 200, packed)],
    [
      "too long a header",
      (response, request) => json({}, 200, {"x-echo": `${request.url}`.repeat(500)})(response, request)
    ]
  ])("holds nothing of request or answer after %s", async (_name, handler) => {
    await using server = await answering(handler);
    const account = accountAt(server.url, {token: canary});
    const options = {connector: platform, account, credentials: memory(), requestTimeoutMs: 50, maxBytes: 10_000};
    const error = await errorOf(
      createHttp(options, stillClock()).send(get("/posts", "/posts", {secret: canary}), {stream: "posts"})
    );
    expect(error).toBeInstanceOf(MegaphoneError);
    expect(server.requests[0]!.headers.authorization).toBe(`Bearer ${canary}`);
    const shown = [error.message, error.stack, inspect(error, {depth: 9, showHidden: true}), JSON.stringify(error)];
    for (const form of forms) expect(shown.join("\n")).not.toContain(form);
    expect(shown.join("\n")).not.toMatch(/posts\?|Authorization|Bearer/);
  });

  it("that is none of ours propagates as it is", async () => {
    await using server = await answering(json(good));
    const bug = new TypeError("a bug");
    const broken = {
      ...platform,
      problems: () => {
        throw bug;
      }
    };
    expect(await failure(server.url, {connector: broken})).toBe(bug);
  });
});

describe("a token", () => {
  const keys = {client_id: "id", client_secret: "hush", refresh_token: "first"};

  it("is exchanged, and its successor is on the disk before the new one is used", async () => {
    const folder = mkdtempSync(join(tmpdir(), "megaphone-"));
    const path = join(folder, "credentials.json");
    let atFirstUse = "";
    await using server = await answering(
      json({access_token: "access", refresh_token: "second", expires_in: 7200}),
      (response, request) => {
        atFirstUse = readFileSync(path, "utf8");
        json(good)(response, request);
      }
    );
    const options = {account: accountAt(`${server.url}/made_up`, keys), credentials: openCredentials(path)};
    expect(await ask(client(server.url, options).http)).toMatchObject({body: good, attempts: 2});
    expect(server.requests.map(({method, url}) => `${method} ${url}`)).toEqual([
      "POST /made_up/token",
      "GET /made_up/posts?fields=a%2Cb%20c"
    ]);
    expect(server.requests[1]!.headers.authorization).toBe("Bearer access");
    // A connection kept alive may be cut at any time; the exchange has one of its own.
    expect(server.requests.map(({headers}) => headers.connection)).toEqual(["close", "keep-alive"]);
    expect(JSON.parse(atFirstUse)).toMatchObject({mandate: {refresh_token: "second"}});
    expect(readdirSync(folder)).toEqual(["credentials.json"]);
    rmSync(folder, {recursive: true});
  });

  it("that worked and is refused is renewed once, and the call made again", async () => {
    const fresh = (name: string) => json({access_token: name, refresh_token: `after ${name}`});
    const refused = json({}, 401);
    await using server = await answering(
      fresh("a"),
      json(good),
      refused,
      fresh("b"),
      json(good),
      refused,
      fresh("c"),
      refused
    );
    const {http} = client(server.url, {account: accountAt(server.url, keys)});
    expect(await ask(http)).toMatchObject({attempts: 2});
    expect(await ask(http)).toMatchObject({attempts: 3});
    const error = await errorOf(ask(http));
    expect(error).toBeInstanceOf(AuthError);
    expect(error).toMatchObject({message: "mandate posts: HTTP 401 Unauthorized; make a new token", attempts: 3});
    expect(server.requests.map(({headers}) => headers.authorization?.split(" ")[1])).toEqual([
      btoa("id:hush"),
      "a",
      "a",
      btoa("id:hush"),
      "b",
      "b",
      btoa("id:hush"),
      "c"
    ]);
  });

  it("that is refused at its first use is not renewed", async () => {
    await using server = await answering(json({access_token: "a"}), json({}, 401));
    const error = await failure(server.url, {account: accountAt(server.url, keys)});
    expect(error).toBeInstanceOf(AuthError);
    expect(server.requests).toHaveLength(2);
  });

  it.each<[string, Handler]>([
    ["a reset", reset],
    ["a cut answer", cut({"content-length": "1000"})],
    ["no answer", () => {}]
  ])("is not exchanged again after %s, whatever is called next", async (_name, handler) => {
    await using server = await answering(handler);
    const {http} = client(server.url, {account: accountAt(server.url, keys), requestTimeoutMs: 80});
    for (const attempts of [1, 0]) {
      const error = await errorOf(ask(http));
      expect(error).toBeInstanceOf(AuthError);
      expect(error).toMatchObject({
        message:
          "mandate posts: the token exchange got no answer, so the refresh token may be spent; run again; if it is refused then, authorise the app again",
        attempts
      });
    }
    expect(server.requests).toHaveLength(1);
  });

  it("that could not even be sent leaves the account for the next night", async () => {
    const down = await answering(json({}));
    await down[Symbol.asyncDispose]();
    const error = await failure(down.url, {account: accountAt(down.url, keys)});
    expect(error).toBeInstanceOf(RetryableError);
    expect(error).toMatchObject({attempts: 1});
  });

  it("is shown in no error of its exchange", async () => {
    for (const status of [200, 400, 401, 500]) {
      await using server = await answering((response, request) =>
        json({error: request.body, error_description: request.headers.authorization}, status)(response, request)
      );
      const error = await failure(server.url, {account: accountAt(server.url, keys)});
      expect(error).toBeInstanceOf(MegaphoneError);
      const shown = `${error.stack} ${inspect(error, {depth: 9, showHidden: true})} ${JSON.stringify(error)}`;
      for (const secret of ["first", "hush", btoa("id:hush")]) expect(shown).not.toContain(secret);
    }
  });

  it("by OAuth 1.0a is signed anew for each attempt, over the address as it is sent", async () => {
    const auth = {consumer_key: "ck", consumer_secret: "cs", token: "tk", token_secret: "ts"};
    await using server = await answering(json({}, 503), json(good));
    await ask(client(server.url, {account: accountAt(server.url, auth)}).http);
    const nonces = server.requests.map(({url, headers}) => {
      const parts = [...headers.authorization!.matchAll(/(\w+)="([^"]*)"/g)];
      const given = parts.map(([, key, value]): [string, string] => [key!, decodeURIComponent(value!)]);
      const own = given.filter(([key]) => key !== "oauth_signature");
      const signature = oauth1Signature("GET", new URL(url, server.url), own, "cs", "ts");
      expect(Object.fromEntries(given).oauth_signature).toBe(signature);
      return Object.fromEntries(given).oauth_nonce;
    });
    expect(new Set(nonces).size).toBe(2);
  });
});

/** Repeats the request in body, headers and Location, as a debugging server or an attacker would. */
function echo(status: number): Handler {
  return (response, {url, headers}) => {
    const whole = `${url} ${headers.authorization}`;
    const problem = {title: whole, type: whole, detail: whole};
    text(status === 200 ? whole : JSON.stringify({errors: [problem]}), status, {
      location: `/elsewhere${url}`,
      "x-echo": encodeURIComponent(whole)
    })(response, {url, headers, method: "GET", body: ""});
  };
}
