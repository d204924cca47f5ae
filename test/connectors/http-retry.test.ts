import {gzipSync} from "node:zlib";
import {describe, expect, it} from "vitest";
import {get} from "../../connectors/connector.ts";
import {RetryableError, ShapeError} from "../../connectors/errors.ts";
import {createHttp, type HttpOptions} from "../../connectors/http.ts";
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
  page,
  platform,
  reset,
  stillClock,
  text
} from "./answering.ts";

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
    ["an answer cut while packed", text(gzipSync(JSON.stringify(good)).subarray(0, 20), 200, packed)],
    ["an answer packed wrongly", text("no gzip at all", 200, packed)],
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
    const error = await failure(server.url);
    expect(error).toBeInstanceOf(RetryableError);
    expect(error).toMatchObject({
      message: "mandate posts: no whole answer (ECONNRESET); check the network; it is read again next time",
      attempts: 5
    });
    expect(Object.keys(error.cause as object)).toEqual(["code", "message"]);
  });

  it("of the connection in every body is no fault of its shape", async () => {
    await using server = await answering(cut({"content-length": "1000"}));
    const error = await failure(server.url);
    expect(error).toBeInstanceOf(RetryableError);
    expect(error.message).toContain("mandate posts: no whole answer (");
  });

  it.each(["", "<html></html>", "{"])("of the JSON that lasts is a ShapeError (%j)", async body => {
    await using server = await answering(text(body));
    const error = await failure(server.url);
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
    const error = await failure(gone.url);
    expect(error).toBeInstanceOf(RetryableError);
    expect(error.message).toContain("no whole answer (ECONNREFUSED)");
    expect(error).toMatchObject({attempts: 5});
  });

  it("is not retried when the request is a POST", async () => {
    for (const handler of [json({}, 503), reset, text("<html>")]) {
      await using server = await answering(handler);
      const error = await failure(server.url, {}, {...page, method: "POST"});
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
    const error = await failure(server.url, {runSignal: run.signal});
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

function limitSpent(now: number, seconds: number): Record<string, string> {
  return {"x-remaining": "0", "x-reset": String(now / 1000 + seconds), date: new Date(now).toUTCString()};
}
