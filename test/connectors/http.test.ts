import {createServer} from "node:https";
import {type AddressInfo, createServer as createSocketServer, type Socket} from "node:net";
import {gzipSync} from "node:zlib";
import {afterEach, describe, expect, it, vi} from "vitest";
import {get} from "../../connectors/connector.ts";
import {ConfigError, RetryableError, ShapeError} from "../../connectors/errors.ts";
import {answering, ask, client, errorOf, failure, good, type Handler, json, packed, page, text} from "./answering.ts";

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
    const error = await failure(server.url, {requestTimeoutMs: 80});
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
    const {http} = client(server.url, {deadline, requestTimeoutMs: 3_600_000});
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
    const error = await failure(server.url, {runSignal: run.signal});
    expect(error).toMatchObject({
      message: "mandate posts: the run was stopped; it is read again next time",
      attempts: 1
    });
  });

  it("of the run's signal holds for a POST", async () => {
    const run = new AbortController();
    await using server = await answering(() => run.abort());
    const error = await failure(server.url, {runSignal: run.signal}, {...page, method: "POST"});
    expect(error.message).toBe("mandate posts: the run was stopped; it is read again next time");
  });

  it.each<[string, Handler]>([
    ["a small packed answer that unpacks to 50 MB", text(gzipSync(Buffer.alloc(50_000_000)), 200, packed)],
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
    const error = await failure(server.url, {maxBytes: 1_000_000});
    expect(error).toBeInstanceOf(ShapeError);
    expect(error).toMatchObject({
      message: "mandate posts: the answer is larger than 1000000 bytes; look for a newer version of Megaphone",
      attempts: 1
    });
  });

  it("of size holds for headers", async () => {
    await using server = await answering(json(good, 200, {"x-long": "x".repeat(20_000)}));
    const error = await failure(server.url);
    expect(error).toBeInstanceOf(ShapeError);
    expect(error).toMatchObject({attempts: 1});
  });
});

describe("a foreign address", () => {
  it("is not followed in a redirect, nor is one at home", async () => {
    await using foreign = await answering(json(good));
    for (const location of [`${foreign.url}/posts`, "/elsewhere", "/posts"]) {
      await using server = await answering(json({}, 302, {location}), json(good));
      const error = await failure(server.url);
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
