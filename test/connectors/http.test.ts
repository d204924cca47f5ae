import {mkdtempSync, readdirSync, readFileSync, rmSync} from "node:fs";
import {createServer} from "node:https";
import {type AddressInfo, createServer as createSocketServer, type Socket} from "node:net";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {inspect} from "node:util";
import {gzipSync} from "node:zlib";
import {afterEach, describe, expect, it, vi} from "vitest";
import {oauth1Signature} from "../../connectors/auth.ts";
import {get} from "../../connectors/connector.ts";
import {openCredentials} from "../../connectors/credentials.ts";
import {
  AuthError,
  ConfigError,
  GoneError,
  MegaphoneError,
  RetryableError,
  ShapeError
} from "../../connectors/errors.ts";
import {createHttp, type HttpOptions, ruleFor} from "../../connectors/http.ts";
import {
  accountAt,
  answering,
  ask,
  errorOf,
  type Handler,
  json,
  memory,
  page,
  platform,
  reset,
  stillClock,
  text
} from "./answering.ts";

const good = {data: [{id: "1"}]};

/** A client of a server, with a clock that waits for nothing. */
function client(url: string, options: Partial<HttpOptions> = {}) {
  const clock = stillClock();
  const http = createHttp({connector: platform, account: accountAt(url), credentials: memory(), ...options}, clock);
  return {http, clock, waits: clock.waits};
}

describe("a call", () => {
  it("goes below the account's address with its token, and gives status, headers, body and attempts", async () => {
    await using server = await answering(json(good, 200, {"X-Remaining": "9"}));
    const {http} = client(`${server.url}/made_up/`);
    const response = await ask(http);
    expect(response).toMatchObject({status: 200, body: good, attempts: 1, problems: []});
    expect(response.headers["x-remaining"]).toBe("9");
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]).toMatchObject({method: "GET", url: "/made_up/posts?fields=a%2Cb%20c"});
    expect(server.requests[0]!.headers.authorization).toBe("Bearer t0ken");
  });

  it("keeps ids above 2^53 whole", async () => {
    await using server = await answering(text('{"data":[{"id":1800000000000000001,"likes":3}]}'));
    const {body} = await ask(client(server.url).http);
    expect(body).toEqual({data: [{id: "1800000000000000001", likes: 3}]});
  });

  it("puts an answer together byte for byte that comes in crumbs, after a byte order mark", async () => {
    const bytes = Buffer.from(`\uFEFF${JSON.stringify({text: "é 文 😀 العربية"})}`);
    await using server = await answering(async response => {
      for (let at = 0; at < bytes.length; at += 2) {
        response.write(bytes.subarray(at, at + 2));
        await new Promise(resolve => setImmediate(resolve));
      }
      response.end();
    });
    expect((await ask(client(server.url).http)).body).toEqual({text: "é 文 😀 العربية"});
  });

  it("gives the faults that an answer reports beside its data", async () => {
    const problem = {type: "resource-not-found", id: "9"};
    await using server = await answering(json({...good, errors: [problem]}));
    const response = await ask(client(server.url).http);
    expect(response).toMatchObject({attempts: 1, body: good, problems: [problem]});
  });

  it("takes no proxy from the environment", async () => {
    await using proxy = await answering(json(good));
    await using server = await answering(json(good));
    for (const name of ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"]) vi.stubEnv(name, proxy.url);
    await ask(client(server.url).http);
    expect([proxy.requests.length, server.requests.length]).toEqual([0, 1]);
  });

  afterEach(() => {
    vi.unstubAllEnvs();
  });
});

describe("a passing fault", () => {
  it.each([500, 502, 503, 504, 520, 599, 429])("HTTP %i is retried until the answer is there", async status => {
    await using server = await answering(json({}, status), json({}, status), json(good));
    const {http, waits} = client(server.url);
    expect(await ask(http)).toMatchObject({body: good, attempts: 3});
    expect(waits).toEqual([1000, 2000]);
    expect(server.requests).toHaveLength(3);
  });

  it.each<[string, Handler]>([
    ["a connection reset before the answer", reset],
    ["an answer cut short of its length", cut({"content-length": "1000"})],
    ["an answer cut in a chunk", cut({})],
    ["an answer cut while packed", text(gzipSync(JSON.stringify(good)).subarray(0, 20), 200, packed())],
    ["an answer packed wrongly", text("no gzip at all", 200, packed())],
    ["an empty answer", text("")],
    ["an answer without content", text("", 204)],
    ["half an answer", text('{"data":[{"id":')],
    ["a page of a hotel's network", text("<html>sign in</html>", 200, {"content-type": "text/html"})],
    ["text in another encoding", text(Buffer.from('{"text":"caf\xe9"}', "latin1"))],
    ["a success that asks to wait", json({errors: [{code: 17}]})]
  ])("%s is retried", async (_name, handler) => {
    await using server = await answering(handler, handler, json(good));
    expect(await ask(client(server.url).http)).toMatchObject({body: good, attempts: 3});
    expect(server.requests).toHaveLength(3);
  });

  it("that lasts ends after five attempts in a RetryableError", async () => {
    await using server = await answering(json({}, 503));
    const {http, waits} = client(server.url);
    const error = await errorOf(ask(http));
    expect(error).toBeInstanceOf(RetryableError);
    expect(error).toMatchObject({
      message: "mandate posts: HTTP 503 Service Unavailable; it is read again next time",
      attempts: 5,
      resumeAt: undefined
    });
    expect(waits).toEqual([1000, 2000, 4000, 8000]);
    expect(server.requests).toHaveLength(5);
  });

  it("of the connection that lasts names its code", async () => {
    await using server = await answering(reset);
    const error = await errorOf(ask(client(server.url).http));
    expect(error).toBeInstanceOf(RetryableError);
    expect(error).toMatchObject({
      message: "mandate posts: no whole answer (ECONNRESET); check the network; it is read again next time",
      attempts: 5
    });
    expect(Object.keys(error.cause as object)).toEqual(["code", "message"]);
  });

  it("of the connection in every body is no fault of its shape", async () => {
    await using server = await answering(cut({"content-length": "1000"}));
    const error = await errorOf(ask(client(server.url).http));
    expect(error).toBeInstanceOf(RetryableError);
    expect(error.message).toContain("mandate posts: no whole answer (");
  });

  it.each(["", "<html></html>", "{"])("of the JSON that lasts is a ShapeError (%j)", async body => {
    await using server = await answering(text(body));
    const error = await errorOf(ask(client(server.url).http));
    expect(error).toBeInstanceOf(ShapeError);
    expect(error).toMatchObject({
      message:
        "mandate posts: HTTP 200 OK, but the answer is not JSON; look whether the network puts a page of its own in between",
      attempts: 5
    });
  });

  it("of an address that does not exist or answer is retried too", async () => {
    const gone = await answering(json(good));
    await gone[Symbol.asyncDispose]();
    const error = await errorOf(ask(client(gone.url).http));
    expect(error).toBeInstanceOf(RetryableError);
    expect(error.message).toContain("no whole answer (ECONNREFUSED)");
    expect(error).toMatchObject({attempts: 5});
  });

  it("is not retried when the request is a POST", async () => {
    for (const handler of [json({}, 503), reset, text("<html>")]) {
      await using server = await answering(handler);
      const error = await errorOf(ask(client(server.url).http, {...page, method: "POST"}));
      expect(error).toMatchObject({attempts: 1});
      expect(server.requests).toHaveLength(1);
    }
  });

  it("of a connection that the server closes between two calls costs one attempt", async () => {
    await using server = await answering(json(good), reset, json(good));
    const {http} = client(server.url);
    expect(await ask(http)).toMatchObject({attempts: 1});
    expect(await ask(http)).toMatchObject({attempts: 2});
  });
});

describe("waiting", () => {
  it("is as long as the platform asks, in seconds", async () => {
    await using server = await answering(
      json({}, 429, {"retry-after": "2"}),
      json({}, 503, {"retry-after": "3"}),
      json(good)
    );
    const {http, waits} = client(server.url);
    expect(await ask(http)).toMatchObject({attempts: 3});
    expect(waits).toEqual([2500, 3500]);
  });

  it.each(["Thu, 15 Jan 2026 12:10:03 GMT", "Thursday, 15-Jan-26 12:10:03 GMT", "Thu Jan 15 12:10:03 2026"])(
    "is until a date by the server's clock: %s",
    async date => {
      const headers = {"retry-after": date, date: "Thu, 15 Jan 2026 12:10:00 GMT"};
      await using server = await answering(json({}, 429, headers), json(good));
      const {http, waits} = client(server.url);
      await ask(http);
      expect(waits).toEqual([3500]);
    }
  );

  it.each(["-1", "abc", "0x10", "1e9", ""])("is our own when the platform asks for %j", async value => {
    await using server = await answering(json({}, 429, {"retry-after": value}), json(good));
    const {http, waits} = client(server.url);
    await ask(http);
    expect(waits).toEqual([1000]);
  });

  it("is until the rate limit starts afresh", async () => {
    await using server = await answering((response, request) =>
      json({}, 429, limitSpent(stillClock().time(), 60))(response, request)
    );
    const {http, waits} = client(server.url);
    expect(await errorOf(ask(http))).toBeInstanceOf(RetryableError);
    expect(waits[0]).toBe(60_500);
  });

  it.each<[string, Partial<HttpOptions>, string]>([
    ["a day", {}, "86400"],
    ["more than the account may wait", {maxWaitMs: 5000}, "6"],
    ["past the end of the run", {deadline: new Date(Date.UTC(2026, 0, 15, 0, 1))}, "61"]
  ])("for %s is refused, and the error says when to go on", async (_name, options, seconds) => {
    await using server = await answering(json({}, 429, {"retry-after": seconds}));
    const {http, waits} = client(server.url, options);
    const resumeAt = new Date(Date.UTC(2026, 0, 15) + Number(seconds) * 1000);
    const error = await errorOf(ask(http));
    expect(error).toBeInstanceOf(RetryableError);
    expect(error).toMatchObject({
      message: `mandate posts: HTTP 429 Too Many Requests, until ${resumeAt.toISOString()}; it is read again next time`,
      attempts: 1,
      resumeAt
    });
    expect(waits).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });

  it("of an account ends after a quarter of an hour in all", async () => {
    await using server = await answering(
      json({}, 429, {"retry-after": "299"}),
      json(good),
      json({}, 429, {"retry-after": "299"})
    );
    const {http, waits} = client(server.url);
    await ask(http);
    const error = await errorOf(ask(http));
    expect(error).toMatchObject({attempts: 3, resumeAt: expect.any(Date)});
    expect(waits.reduce((sum, wait) => sum + wait)).toBeLessThanOrEqual(15 * 60_000);
    expect(waits).toHaveLength(3);
  });

  it("comes before the next call to an endpoint whose limit is spent, and to that alone", async () => {
    await using server = await answering(json(good, 200, limitSpent(stillClock().time(), 90)), json(good));
    const {http, waits} = client(server.url);
    await ask(http);
    await ask(http, get("/account", "/account"));
    expect(waits).toEqual([]);
    await ask(http);
    expect(waits).toEqual([90_000]);
    await ask(http);
    expect(waits).toEqual([90_000]);
  });

  it("before a call is refused when it would be too long, and nothing is sent", async () => {
    await using server = await answering(json(good, 200, limitSpent(stillClock().time(), 3600)));
    const {http, waits} = client(server.url);
    await ask(http);
    const error = await errorOf(ask(http));
    expect(error).toBeInstanceOf(RetryableError);
    expect(error).toMatchObject({
      message: "mandate posts: the rate limit is spent, until 2026-01-15T01:00:00.000Z; it is read again next time",
      attempts: 0,
      resumeAt: new Date(Date.UTC(2026, 0, 15, 1))
    });
    expect(waits).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });

  it("stops with the run", async () => {
    const run = new AbortController();
    await using server = await answering((response, request) => {
      run.abort();
      json({}, 503)(response, request);
    });
    const error = await errorOf(ask(client(server.url, {runSignal: run.signal}).http));
    expect(error).toBeInstanceOf(RetryableError);
    expect(error).toMatchObject({
      message: "mandate posts: the run was stopped; it is read again next time",
      attempts: 1
    });
    expect(server.requests).toHaveLength(1);
  });

  it("really takes place and really stops when no clock is given", async () => {
    const run = new AbortController();
    await using server = await answering((response, request) => {
      json({}, 429, {"retry-after": "60"})(response, request);
      setTimeout(() => run.abort(), 50);
    });
    const http = createHttp({
      connector: platform,
      account: accountAt(server.url),
      credentials: memory(),
      runSignal: run.signal
    });
    expect((await errorOf(ask(http))).message).toContain("the run was stopped");
  });
});

describe("a limit", () => {
  it("of time holds for the whole answer, also one that drips", async () => {
    let closed = 0;
    await using server = await answering(response => {
      response.writeHead(200, {"content-type": "application/json"});
      const drip = setInterval(() => response.write(" "), 10);
      response.on("close", () => {
        closed++;
        clearInterval(drip);
      });
    });
    const error = await errorOf(ask(client(server.url, {requestTimeoutMs: 80}).http));
    expect(error).toBeInstanceOf(RetryableError);
    expect(error).toMatchObject({
      message: "mandate posts: no whole answer in time; check the network; it is read again next time",
      attempts: 5
    });
    await vi.waitFor(() => expect(closed).toBe(5));
  });

  it("of time holds for a server that accepts and never answers, which is asked again", async () => {
    await using server = await answering(() => {}, json(good));
    expect(await ask(client(server.url, {requestTimeoutMs: 80}).http)).toMatchObject({attempts: 2});
  });

  it("of the run stops a call that is under way, and lets none begin after it", async () => {
    await using server = await answering(() => {});
    const deadline = new Date(Date.UTC(2026, 0, 15) + 60);
    const {http} = client(server.url, {deadline, requestTimeoutMs: 60_000});
    expect(await errorOf(ask(http))).toMatchObject({attempts: 1});
    const late = client(server.url, {deadline: new Date(Date.UTC(2026, 0, 15))});
    const error = await errorOf(ask(late.http));
    expect(error).toBeInstanceOf(RetryableError);
    expect(error).toMatchObject({
      message: "mandate posts: the time of the run is over; it is read again next time",
      attempts: 0
    });
    expect(server.requests).toHaveLength(1);
  });

  it("of the run's signal stops a call that is under way", async () => {
    const run = new AbortController();
    await using server = await answering(() => run.abort());
    const error = await errorOf(ask(client(server.url, {runSignal: run.signal}).http));
    expect(error).toMatchObject({
      message: "mandate posts: the run was stopped; it is read again next time",
      attempts: 1
    });
  });

  it("of the run's signal holds for a POST", async () => {
    const run = new AbortController();
    await using server = await answering(() => run.abort());
    const error = await errorOf(ask(client(server.url, {runSignal: run.signal}).http, {...page, method: "POST"}));
    expect(error.message).toBe("mandate posts: the run was stopped; it is read again next time");
  });

  it.each<[string, Handler]>([
    ["a small packed answer that unpacks to 50 MB", text(gzipSync(Buffer.alloc(50_000_000)), 200, packed())],
    [
      "an answer without end",
      response => {
        const more = () => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        };
        response.on("drain", more);
        more();
      }
    ]
  ])("of size stops %s", async (_name, handler) => {
    await using server = await answering(handler);
    const error = await errorOf(ask(client(server.url, {maxBytes: 1_000_000}).http));
    expect(error).toBeInstanceOf(ShapeError);
    expect(error).toMatchObject({
      message: "mandate posts: the answer is larger than 1000000 bytes; look for a newer version of Megaphone",
      attempts: 1
    });
  });

  it("of size holds for headers", async () => {
    await using server = await answering(json(good, 200, {"x-long": "x".repeat(20_000)}));
    const error = await errorOf(ask(client(server.url).http));
    expect(error).toBeInstanceOf(ShapeError);
    expect(error).toMatchObject({attempts: 1});
  });
});

describe("a foreign address", () => {
  it("is not followed in a redirect, nor is one at home", async () => {
    await using foreign = await answering(json(good));
    for (const location of [`${foreign.url}/posts`, "/elsewhere", "/posts"]) {
      await using server = await answering(json({}, 302, {location}), json(good));
      const error = await errorOf(ask(client(server.url).http));
      expect(error).toBeInstanceOf(ShapeError);
      expect(error).toMatchObject({
        message: "mandate posts: HTTP 302 Found; the redirect is refused; check base_url and the network",
        attempts: 1
      });
      expect(server.requests).toHaveLength(1);
    }
    expect(foreign.requests).toEqual([]);
  });

  it("of a next page is refused before anything is sent", async () => {
    await using foreign = await answering(json(good));
    await using server = await answering(json(good));
    const {host, port} = new URL(server.url);
    const {http} = client(`${server.url}/made_up`);
    for (const path of [
      `${foreign.url}/made_up/posts`,
      `//${new URL(foreign.url).host}/made_up/posts`,
      `https://${host}/made_up/posts`,
      `http://localhost:${port}/made_up/posts`,
      `http://127.0.0.1.evil.test:${port}/made_up/posts`,
      `http://127.0.0.1:${port}@evil.test/made_up/posts`,
      `http://user:password@${host}/made_up/posts`,
      `http://${host}/other/posts`,
      `http://${host}/made_up/../other/posts`,
      "/../other/posts",
      "/%2e%2e/other/posts",
      "http://169.254.169.254/made_up/latest",
      "file:///etc/hostname",
      "data:application/json,{}",
      "http://[",
      "other"
    ]) {
      const error = await errorOf(ask(http, get(path, "/posts")));
      expect(error, path).toBeInstanceOf(ShapeError);
      expect(error).toMatchObject({
        message:
          "mandate posts: the address of a call lies outside the account's API server, and nothing was sent; check base_url and who is on the network",
        attempts: 0
      });
    }
    expect([foreign.requests, server.requests]).toEqual([[], []]);
  });

  it("is not made of a path by backslashes", async () => {
    await using foreign = await answering(json(good));
    await using server = await answering(json(good));
    await ask(client(server.url).http, get(`/\\${new URL(foreign.url).host}/posts`, "/posts"));
    expect([foreign.requests.length, server.requests.length]).toEqual([0, 1]);
  });

  it("is none when a next page names the account's own server in full", async () => {
    await using server = await answering(json(good));
    const {http} = client(`${server.url}/made_up`);
    await ask(http, get(`${server.url}/made_up/posts?after=x#top`, "/posts", {size: "5"}));
    expect(server.requests[0]!.url).toBe("/made_up/posts?after=x&size=5");
  });

  it.each([
    "http://example.org",
    "http://127.0.0.1.example.org",
    "ftp://127.0.0.1",
    "https://user:password@example.org",
    "https://example.org/?key=1",
    "https://example.org/#x",
    "example.org"
  ])("is no address of an account: %s", url => {
    expect(() => client(url)).toThrow(ConfigError);
    expect(() => client(url)).toThrow(/^mandate: base_url is neither https nor http on loopback/);
  });

  it("of a server without a certificate to trust is refused, whatever the environment says", async () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    let requests = 0;
    const server = createServer({key, cert}, (_request, response) => {
      requests++;
      response.end(JSON.stringify(good));
    });
    await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
    try {
      const error = await errorOf(ask(client(`https://127.0.0.1:${(server.address() as AddressInfo).port}`).http));
      expect(error).toBeInstanceOf(ConfigError);
      expect(error.message).toMatch(/^mandate posts: the server's certificate is not to be trusted \(\w+\); check/);
      expect(error).toMatchObject({attempts: 1});
      expect(requests).toBe(0);
    } finally {
      server.close();
      vi.unstubAllEnvs();
    }
  });
});

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
      ConfigError,
      "HTTP 400 Bad Request (not-authorized-for-field); the platform refuses a field that was asked for"
    ],
    [404, {}, GoneError, "HTTP 404 Not Found; check whether it still exists and its id is right"],
    [418, {}, ConfigError, `HTTP 418 I'm a Teapot; ${expected}`],
    [422, {}, ConfigError, `HTTP 422 Unprocessable Entity; ${expected}`],
    [304, {}, ShapeError, "HTTP 304 Not Modified; the redirect is refused; check base_url and the network"]
  ])("by the table is told in its class: %i %j", async (status, body, Kind, fact) => {
    await using server = await answering(json(body, status));
    const error = await errorOf(ask(client(server.url).http));
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
    expect(await errorOf(ask(client(server.url).http))).toBeInstanceOf(GoneError);
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
    ["bad packing", text("no gzip", 200, packed())],
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
    expect(await errorOf(ask(client(server.url, {connector: broken}).http))).toBe(bug);
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
    const error = await errorOf(ask(client(server.url, {account: accountAt(server.url, keys)}).http));
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
    const error = await errorOf(ask(client(down.url, {account: accountAt(down.url, keys)}).http));
    expect(error).toBeInstanceOf(RetryableError);
    expect(error).toMatchObject({attempts: 1});
  });

  it("is shown in no error of its exchange", async () => {
    for (const status of [200, 400, 401, 500]) {
      await using server = await answering((response, request) =>
        json({error: request.body, error_description: request.headers.authorization}, status)(response, request)
      );
      const error = await errorOf(ask(client(server.url, {account: accountAt(server.url, keys)}).http));
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

describe("two accounts", () => {
  it("do not wait for each other", async () => {
    const open = new Set<Socket>();
    const hanging = createSocketServer(socket => open.add(socket));
    await new Promise<void>(resolve => hanging.listen(0, "127.0.0.1", resolve));
    await using server = await answering(json(good));
    const run = new AbortController();
    const stuck = errorOf(
      ask(client(`http://127.0.0.1:${(hanging.address() as AddressInfo).port}`, {runSignal: run.signal}).http)
    );
    expect(await ask(client(server.url).http)).toMatchObject({attempts: 1});
    run.abort();
    expect(await stuck).toBeInstanceOf(RetryableError);
    for (const socket of open) socket.destroy();
    hanging.close();
  });
});

/** Sends half a body and cuts the connection. */
function cut(headers: Record<string, string>): Handler {
  return response => {
    response.writeHead(200, headers);
    response.write('{"data":[', () => setImmediate(() => response.destroy()));
  };
}

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

function packed(): Record<string, string> {
  return {"content-encoding": "gzip"};
}

function limitSpent(now: number, seconds: number): Record<string, string> {
  return {"x-remaining": "0", "x-reset": String(now / 1000 + seconds), date: new Date(now).toUTCString()};
}

// A self-signed certificate for 127.0.0.1, made for this test, and its key.
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgSlacMhkpWjkuNmSZ
rtHvgvn5xTZZ1Nw3FQFpUpNCuvGhRANCAAQxQHjrfQhA7Xq5I4UOem64Psvq+Enz
hPRuexrW11Gbdn/HFoSWC/OAWgbYxmKvetXbvTI9l2S0GhWN3cY8lYVN
-----END PRIVATE KEY-----`;
const cert = `-----BEGIN CERTIFICATE-----
MIIBkTCCATagAwIBAgIUKECYObONT2ZefG8PhWcClabqE2EwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEyNTA5MDQ0N1oYDzIxMjYxMTAx
MDkwNDQ3WjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQxQHjrfQhA7Xq5I4UOem64Psvq+EnzhPRuexrW11Gbdn/HFoSWC/OA
WgbYxmKvetXbvTI9l2S0GhWN3cY8lYVNo2QwYjAdBgNVHQ4EFgQUW5J20SpDKdpa
/BtMNCltnrSSFHIwHwYDVR0jBBgwFoAUW5J20SpDKdpa/BtMNCltnrSSFHIwDwYD
VR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0kAMEYC
IQDuDczNOznhHpP+mUb6grjGWY60x2BoCc2vIJNBizDN4wIhAPotSMrVMK7rCnTN
JZI1g/koRxkF4NhpfvC5U+cGjC1p
-----END CERTIFICATE-----`;
