import {spawnSync} from "node:child_process";
import {createHmac} from "node:crypto";
import {readdirSync, readFileSync, statSync, writeFileSync} from "node:fs";
import {hostname} from "node:os";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {encode, oauth1Header, oauth1Signature} from "../../connectors/auth.ts";
import {get} from "../../connectors/connector.ts";
import {openCredentials} from "../../connectors/credentials.ts";
import {AuthError, ConfigError, RetryableError} from "../../connectors/errors.ts";
import {accountAt, client, folder, recorded, sendJson, serve} from "./loopback.ts";

/** The example of X's page "Creating a signature". */
const known = {
  url: new URL("https://api.twitter.com/1.1/statuses/update.json?include_entities=true"),
  consumerSecret: "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
  tokenSecret: "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
  own: [
    ["oauth_consumer_key", "xvz1evFS4wEEPTGEFPHBog"],
    ["oauth_nonce", "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"],
    ["oauth_signature_method", "HMAC-SHA1"],
    ["oauth_timestamp", "1318622958"],
    ["oauth_token", "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"],
    ["oauth_version", "1.0"]
  ] satisfies [string, string][],
  status: ["status", "Hello Ladies + Gentlemen, a signed OAuth request!"] satisfies [string, string]
};

describe("OAuth 1.0a", () => {
  it("signs the example of X's documentation as it is signed there", () => {
    const {url, own, status, consumerSecret, tokenSecret} = known;
    const signature = oauth1Signature("POST", url, [...own, status], consumerSecret, tokenSecret);
    expect(signature).toBe("hCtSmYh+iHYCEqBWrE7C7hYmtUk=");
  });

  it("signs the same, in whatever order and case the parts are given", () => {
    const {url, own, status, consumerSecret, tokenSecret} = known;
    const signature = oauth1Signature("post", url, [status, ...own.toReversed()], consumerSecret, tokenSecret);
    expect(signature).toBe("hCtSmYh+iHYCEqBWrE7C7hYmtUk=");
  });

  it("sorts parameters by name and value after encoding them", () => {
    // The parameters of RFC 5849, 3.4.1.3.2, whose normal form stands there.
    const url = new URL("http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b");
    const own: [string, string][] = [
      ["oauth_consumer_key", "9djdj82h48djs9d2"],
      ["oauth_token", "kkk9d7dh3k39sjv7"],
      ["oauth_signature_method", "HMAC-SHA1"],
      ["oauth_timestamp", "137131201"],
      ["oauth_nonce", "7d8f3e4a"],
      ["c2", ""],
      ["a3", "2 q"]
    ];
    const normal =
      "a2=r%20b&a3=2%20q&a3=a&b5=%3D%253D&c%40=&c2=&oauth_consumer_key=9djdj82h48djs9d2&oauth_nonce=7d8f3e4a&" +
      "oauth_signature_method=HMAC-SHA1&oauth_timestamp=137131201&oauth_token=kkk9d7dh3k39sjv7";
    const base = `POST&http%3A%2F%2Fexample.com%2Frequest&${encode(normal)}`;
    const expected = createHmac("sha1", "j49sk3j29djd&dh893hdasih9").update(base).digest("base64");
    expect(oauth1Signature("POST", url, own, "j49sk3j29djd", "dh893hdasih9")).toBe(expected);
  });

  it("makes a header of encoded parts that holds neither secret", () => {
    const keys = {consumer_key: "a key", consumer_secret: "hidden/1", token: "a+token", token_secret: "hidden/2"};
    const header = oauth1Header("GET", new URL("https://api.x.com/2/tweets?ids=1,2"), keys, "once", 1318622958);
    const part = '(\\w+)="([A-Za-z0-9._~%-]*)"';
    expect(header).toMatch(new RegExp(`^OAuth ${part}(, ${part})*$`));
    expect(header).toContain('oauth_consumer_key="a%20key"');
    expect(header).toContain('oauth_token="a%2Btoken"');
    expect(header).not.toContain("hidden");
  });

  it.each([
    ["Ladies + Gentlemen", "Ladies%20%2B%20Gentlemen"],
    ["An encoded string!", "An%20encoded%20string%21"],
    ["Dogs, Cats & Mice", "Dogs%2C%20Cats%20%26%20Mice"],
    ["☃", "%E2%98%83"],
    ["-._~'()*", "-._~%27%28%29%2A"]
  ])("encodes %s as RFC 3986 does", (text, encoded) => {
    expect(encode(text)).toBe(encoded);
  });
});

describe("an account's auth", () => {
  it.each([
    [{token: ""}, "token"],
    [{token: "two words"}, "token"],
    [{token: "a\nHost: b"}, "token"],
    [{client_id: "a", refresh_token: "b", other: "c"}, "auth holds"],
    [{}, "auth holds nothing"]
  ])("that cannot be one is refused before anything is sent: %j", (auth: Record<string, string>, part) => {
    const make = () => client(accountAt("http://127.0.0.1:9", auth), recorded());
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(part);
  });
});

describe("OAuth 2", () => {
  const request = get("/2/users/7", "/2/users/{id}");
  const secretAuth = {client_id: "the/client", client_secret: "its/secret", refresh_token: "refresh-1"};
  const who = {stream: "account"};

  it("exchanges one refresh token for many calls, names the client by its secret, and tells the log of each token", async () => {
    using stored = folder();
    const headers: (string | undefined)[] = [];
    const heard: string[] = [];
    await using server = await serve((response, _index, {method, headers: given}) => {
      headers.push(given.authorization);
      if (method === "GET") return sendJson(response, 200, {});
      sendJson(response, 200, {access_token: "access-1", refresh_token: "refresh-2", expires_in: 7200});
    });
    const http = client(
      accountAt(server.url, secretAuth),
      recorded(),
      {onSecret: secret => heard.push(secret)},
      stored.path
    );
    for (const attempts of [2, 1, 1]) expect(await http.send(request, who)).toMatchObject({status: 200, attempts});
    expect(headers).toEqual([
      `Basic ${btoa("the%2Fclient:its%2Fsecret")}`,
      "Bearer access-1",
      "Bearer access-1",
      "Bearer access-1"
    ]);
    expect(server.requests[0]!.form).toBe("grant_type=refresh_token&refresh_token=refresh-1");
    expect(heard).toEqual(expect.arrayContaining(["access-1", "refresh-2"]));
    expect(statSync(join(stored.path, "credentials.json")).mode & 0o777).toBe(0o600);
  });

  it("sends the successor next time, and names a client without a secret in the form", async () => {
    using stored = folder();
    let given = 1;
    await using server = await serve((response, _index, {method}) => {
      if (method === "GET") return sendJson(response, 200, {});
      given += 1;
      sendJson(response, 200, {access_token: `access-${given}`, refresh_token: `refresh-${given}`});
    });
    const auth = {client_id: "the/client", refresh_token: "refresh-1"};
    for (const _night of [1, 2]) {
      await client(accountAt(server.url, auth), recorded(), {}, stored.path).send(request, who);
    }
    const forms = server.requests.filter(({method}) => method === "POST").map(({form}) => form);
    expect(forms).toEqual([
      "grant_type=refresh_token&refresh_token=refresh-1&client_id=the%2Fclient",
      "grant_type=refresh_token&refresh_token=refresh-2&client_id=the%2Fclient"
    ]);
    // A token that a person configures anew ends the validity of the stored one.
    const anew = {...auth, refresh_token: "refresh-new"};
    await client(accountAt(server.url, anew), recorded(), {}, stored.path).send(request, who);
    expect(server.requests.at(-2)!.form).toContain("refresh_token=refresh-new");
  });

  it("renews an access token before its end", async () => {
    using stored = folder();
    const effects = recorded();
    await using server = await serve((response, index, {method}) => {
      if (method === "GET") return sendJson(response, 200, {});
      sendJson(response, 200, {access_token: `access-${index}`, refresh_token: `refresh-${index}`, expires_in: 7200});
    });
    const http = client(accountAt(server.url, secretAuth), effects, {}, stored.path);
    const exchanges = () => server.requests.filter(({method}) => method === "POST").length;
    await http.send(request, who);
    await effects.sleep(7100_000, undefined);
    await http.send(request, who);
    expect(exchanges()).toBe(1);
    await effects.sleep(50_000, undefined);
    await http.send(request, who);
    expect(exchanges()).toBe(2);
  });

  it.each([
    [500, {}, RetryableError],
    [503, {}, RetryableError],
    [429, {}, RetryableError],
    [400, {error: "invalid_grant"}, AuthError],
    [401, {error: "invalid_client"}, AuthError],
    [200, {token_type: "bearer"}, AuthError]
  ])("never sends a refresh token twice after an answer of %d %j", async (status, body, Kind) => {
    using stored = folder();
    await using server = await serve(response => sendJson(response, status, body));
    const http = client(accountAt(server.url, secretAuth), recorded(), {}, stored.path);
    await expect(http.send(request, who)).rejects.toThrow(Kind);
    await expect(http.send(request, who)).rejects.toThrow(Kind);
    expect(server.requests.map(({method, url}) => `${method} ${url}`)).toEqual(["POST /2/oauth2/token"]);
  });

  it("says that the token may be spent when the exchange gets no answer", async () => {
    using stored = folder();
    await using server = await serve(response => response.socket?.resetAndDestroy());
    const http = client(accountAt(server.url, secretAuth), recorded(), {}, stored.path);
    await expect(http.send(request, who)).rejects.toThrow(/may be spent.*authorise/);
    expect(server.requests).toHaveLength(1);
  });

  it("spends a token once, though several read it at the same time", async () => {
    using stored = folder();
    let valid = 1;
    await using server = await serve((response, index, {method}) => {
      if (method === "GET") return sendJson(response, 200, {});
      const isValid = server.requests[index]!.form.includes(`refresh_token=refresh-${valid}`);
      if (!isValid) return sendJson(response, 400, {error: "invalid_request"});
      valid += 1;
      setTimeout(() => sendJson(response, 200, {access_token: "a", refresh_token: `refresh-${valid}`}), 20);
    });
    const call = () => client(accountAt(server.url, secretAuth), recorded(), {}, stored.path).send(request, who);
    const ended = await Promise.allSettled([call(), call(), call()]);
    expect(ended.map(({status}) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
    const store = openCredentials(join(stored.path, "credentials.json"));
    expect(store.get("mandate")).toMatchObject({refresh_token: "refresh-4"});
    expect(readdirSync(stored.path)).toEqual(["credentials.json"]);
  });

  it("takes over the lock of an exchange whose process died", async () => {
    using stored = folder();
    const {pid} = spawnSync("true");
    const started_at = "2020-06-20T20:00:00Z";
    const owner = {pid, host: hostname(), started_at, command: "token exchange", process_start: null};
    writeFileSync(join(stored.path, "credentials.json.lock"), JSON.stringify(owner));
    await using server = await serve(response => sendJson(response, 200, {access_token: "a"}));
    const http = client(accountAt(server.url, secretAuth), recorded(), {}, stored.path);
    expect(await http.send(request, who)).toMatchObject({status: 200});
    expect(readdirSync(stored.path)).toEqual(["credentials.json"]);
  });

  it("spends no token whose successor could not be kept", async () => {
    await using server = await serve(response => sendJson(response, 200, {access_token: "a", refresh_token: "b"}));
    const http = client(accountAt(server.url, secretAuth), recorded());
    await expect(http.send(request, who)).rejects.toThrow(ConfigError);
    expect(server.requests).toEqual([]);
  });
});

describe("credentials.json", () => {
  it("keeps what it held of other accounts", () => {
    using stored = folder();
    const path = join(stored.path, "credentials.json");
    const store = openCredentials(path);
    store.replace("one", {refresh_token: "a", derived_from: "x"});
    store.replace("__proto__", {refresh_token: "p", derived_from: "x"});
    store.replace("two", {refresh_token: "b", derived_from: "y"});
    store.replace("one", {refresh_token: "c", derived_from: "x"});
    expect(openCredentials(path).get("one")).toEqual({refresh_token: "c", derived_from: "x"});
    expect(openCredentials(path).get("two")).toEqual({refresh_token: "b", derived_from: "y"});
    expect(openCredentials(path).get("constructor")).toBeUndefined();
  });

  it("that is damaged is named, and none of it repeated", () => {
    using stored = folder();
    const path = join(stored.path, "credentials.json");
    writeFileSync(path, '{"one": {"refresh_token": "hidden"');
    const read = () => openCredentials(path).get("one");
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/^credentials\.json: the file is damaged; (?!.*hidden)/);
    expect(readFileSync(path, "utf8")).toContain("hidden");
  });
});
