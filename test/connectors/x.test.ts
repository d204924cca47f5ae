import {readFileSync} from "node:fs";
import {join} from "node:path";
import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {type Account, get} from "../../connectors/connector.ts";
import {AuthError, ConfigError, MegaphoneError, RetryableError, ShapeError} from "../../connectors/errors.ts";
import type {Extracted} from "../../connectors/extract.ts";
import {faultsOf, type Sandbox, startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {x} from "../../connectors/x.ts";
import {accountAt, client, folder, recorded, sendJson, serve} from "./loopback.ts";
import {
  callsOf,
  known,
  type NightOptions,
  night as nightOf,
  lastNight as now,
  accountOf as offeredAccount,
  outcome,
  plan,
  recordsOf,
  refresh,
  stateOf,
  streamOf
} from "./night.ts";

const day = 86_400_000;

let demo: Sandbox;
let many: Sandbox;
beforeAll(async () => {
  [demo, many] = await Promise.all([startSandbox({only: ["x"]}), startSandbox({posts: 1000, only: ["x"]})]);
});
afterAll(async () => {
  await Promise.all([demo.close(), many.close()]);
});

function accountOf(sandbox: Sandbox, way: "oauth1" | "oauth2" | "bearer" = "oauth1"): Account {
  const offered = sandbox.accounts[0]!;
  return offeredAccount(x, offered, way === "oauth1" ? offered.auth : offered.otherAuth[way]!);
}

async function night(account: Account, options: NightOptions = {}): Promise<Extracted[]> {
  return nightOf(x, account, options);
}

describe("a night of X", () => {
  it("lists a thousand posts at first in at most 12 calls, with every id whole", async () => {
    many.resetRequests();
    const results = await night(accountOf(many));
    expect(results.map(({error}) => error)).toEqual(results.map(() => undefined));
    const ids = recordsOf(results).map(({id}) => id as string);
    expect(new Set(ids).size).toBe(1000);
    expect(ids).toHaveLength(1000);
    expect(ids.filter(id => !/^\d+$/.test(id) || BigInt(id) <= 2n ** 53n)).toEqual([]);
    // The time that an id holds is its post's, so no digit of it was lost.
    for (const record of recordsOf(results)) {
      const time = Number((BigInt(record.id as string) >> 22n) + 1288834974657n);
      expect(new Date(time).toISOString()).toBe(record.published_at);
    }
    expect(callsOf(results, "posts")).toBeLessThanOrEqual(12);
    expect(many.requests()).toHaveLength(callsOf(results, "posts") + callsOf(results, "account"));
  });

  it.each([
    [28, 1],
    [35, 2]
  ])(
    "on the second night, reading %d days again, is %d listings of a call each and the account",
    async (daily, listings) => {
      const listedAt = new Date(now.getTime() - day);
      const posts = recordsOf(await night(accountOf(many))).map(record =>
        known(record.id as string, new Date(record.published_at as string))
      );
      const states = stateOf("posts", {cursor: {read_at: listedAt.toISOString()}, known: posts});
      const planned = plan(x, accountOf(many), {states, refresh: {...refresh, daily}});
      expect(planned.map(({stream, how, httpCalls, bound}) => [stream, how, httpCalls, bound])).toEqual([
        ["account", "snapshot", 1, "exact"],
        ...Array.from({length: listings}, () => ["posts", "list", 1, "exact"])
      ]);
      many.resetRequests();
      const results = await night(accountOf(many), {states, refresh: {...refresh, daily}});
      expect(many.requests()).toHaveLength(1 + listings);
      expect(recordsOf(results)).toHaveLength(planned.reduce((sum, call) => sum + call.posts, 0));
    }
  );

  it("asks for private counters in the window of thirty days and nowhere else", async () => {
    demo.resetRequests();
    const due = [
      known("1150000000000000001", new Date(now.getTime() - 300 * day)),
      known("1150000000000000002", new Date(now.getTime() - 29 * day))
    ];
    const results = await night(accountOf(demo), {states: stateOf("posts", {due})});
    const asked = demo.requests().map(({path, query}) => ({
      what: query.ids ?? path.split("/").at(-1),
      isOpen: query.end_time === undefined && query.ids === undefined,
      isPrivate: query["tweet.fields"]?.includes("non_public_metrics") ?? false,
      start: query.start_time
    }));
    expect(asked.filter(({what}) => what === "1150000000000000001").map(({isPrivate}) => isPrivate)).toEqual([false]);
    expect(asked.filter(({what}) => what === "1150000000000000002").map(({isPrivate}) => isPrivate)).toEqual([true]);
    const listings = asked.filter(({what}) => what === "tweets");
    expect(listings.length).toBeGreaterThan(1);
    for (const {isOpen, isPrivate, start} of listings) {
      expect(isPrivate).toBe(isOpen);
      if (isOpen) expect(Date.parse(start!)).toBeGreaterThan(now.getTime() - 30 * day);
    }
    const withPrivate = recordsOf(results).filter(record => (record.non_public_metrics ?? null) !== null);
    expect(withPrivate.length).toBeGreaterThan(0);
    expect(results.map(({error}) => error)).toEqual(results.map(() => undefined));
  });

  it("never asks for private counters with a bearer token", async () => {
    demo.resetRequests();
    const due = [known("1150000000000000002", new Date(now.getTime() - day))];
    const results = await night(accountOf(demo, "bearer"), {states: stateOf("posts", {due})});
    expect(demo.requests().length).toBeGreaterThan(2);
    expect(JSON.stringify(demo.requests())).not.toContain("non_public_metrics");
    expect(recordsOf(results).filter(record => (record.non_public_metrics ?? null) !== null)).toEqual([]);
  });

  it("marks a due post that the platform no longer has as gone", async () => {
    const gone = "1150000000000000001";
    const kept = recordsOf(await night(accountOf(demo))).at(-1)!.id as string;
    const due = [gone, kept].map(id => known(id, new Date("2019-09-04T00:00:00Z")));
    const states = stateOf("posts", {cursor: {read_at: now.toISOString()}, due});
    const results = await night(accountOf(demo), {states});
    expect(outcome(results, "posts")).toBe("ok");
    expect(recordsOf(results)).toContainEqual(expect.objectContaining({id: kept, private_status: "expired"}));
    expect(recordsOf(results)).toContainEqual({id: gone, first_id: gone, is_gone: true});
  });

  it("lands nothing of other people: no words of theirs, no ids, no names", async () => {
    const records = recordsOf(await night(accountOf(demo)));
    const others = records.filter(({is_repost, is_reply}) => is_repost || is_reply);
    expect(others.filter(({is_repost}) => is_repost).length).toBeGreaterThan(0);
    expect(others.filter(({is_reply}) => is_reply).length).toBeGreaterThan(0);
    for (const record of others) expect(record).toMatchObject({text: null, links: [], hashtags: []});
    const landed = JSON.stringify(records);
    for (const name of ["author_id", "in_reply_to_user_id", "mentions", "somebody", "username"]) {
      expect(landed).not.toContain(name);
    }
  });

  it("keeps the words of an answer to oneself", async () => {
    const account = accountOf(demo);
    const fields = {max_results: "100", "tweet.fields": "in_reply_to_user_id"};
    const request = get(`/2/users/${account.id}/tweets`, "/2/users/{id}/tweets", fields);
    const {body} = await client(account, recorded()).send(request, {stream: "posts"});
    const {data} = body as {data: {id: string; text: string; in_reply_to_user_id?: string}[]};
    const own = data.filter(post => post.in_reply_to_user_id === account.id);
    expect(own.length).toBeGreaterThan(0);
    const records = new Map(recordsOf(await night(account)).map(record => [record.id, record]));
    for (const {id, text} of own) expect(records.get(id)).toMatchObject({text, is_reply: false});
  });

  it("knows an edited post by its first id, and when that was out", async () => {
    const edited = recordsOf(await night(accountOf(demo))).filter(({other_ids}) => (other_ids as string[]).length > 0);
    expect(edited).toHaveLength(1);
    const {id, first_id, other_ids, published_at} = edited[0]!;
    expect(other_ids).toContain(id);
    expect(first_id).not.toBe(id);
    const firstOut = Number((BigInt(first_id as string) >> 22n) + 1288834974657n);
    expect(published_at).toBe(new Date(firstOut).toISOString());
  });

  it("gives the same records under the names of the OpenAPI file", async () => {
    demo.setFaults([]);
    const old = await night(accountOf(demo));
    demo.setFaults(["new-names"]);
    const renamed = await night(accountOf(demo));
    demo.setFaults([]);
    expect(recordsOf(renamed)).toEqual(recordsOf(old));
    expect(recordsOf(renamed, "account")).toEqual(recordsOf(old, "account"));
  });

  it("keeps what came before the platform repeats a page token, and says so", async () => {
    many.setFaults(["same-page-token"]);
    const results = await night(accountOf(many, "bearer"));
    many.setFaults([]);
    const posts = streamOf(results, "posts");
    expect(posts.error).toBeInstanceOf(ShapeError);
    expect(posts.error!.message).toContain("mandate posts: the platform gave the same page token twice");
    expect(posts).toMatchObject({cursor: undefined, requests: [{status: "ok", httpCalls: 2}]});
    expect(posts.records).toHaveLength(100);
  });
});

describe("a fault", () => {
  const outcomes: Record<string, [account: string, posts: string]> = {
    "http-500-once": ["ok", "ok"],
    "http-503-always": ["RetryableError", "RetryableError"],
    "html-200": ["ShapeError", "ShapeError"],
    "bad-json": ["ShapeError", "ShapeError"],
    "gzip-bomb": ["ShapeError", "ShapeError"],
    "redirect-foreign": ["ShapeError", "ShapeError"],
    "echo-token": ["ConfigError", "ConfigError"],
    "slow-body": ["ok", "ok"],
    drip: ["ok", "ok"],
    reset: ["ok", "ok"],
    "cut-body": ["ok", "ok"],
    "rate-limit": ["ok", "ok"],
    "rate-limit-title": ["RetryableError", "RetryableError"],
    "usage-capped": ["AuthError", "unread"],
    "credits-402": ["AuthError", "unread"],
    "token-expired": ["AuthError", "unread"],
    suspended: ["AuthError", "unread"],
    "wrong-shape": ["ok", "ShapeError"],
    "same-page-token": ["ok", "ShapeError"],
    "foreign-next": ["ok", "ConfigError"],
    "duplicate-posts": ["ok", "ok"],
    "missing-posts": ["ok", "ok"],
    "partial-errors": ["ok", "ok"],
    "one-more-like": ["ok", "ok"],
    "new-names": ["ok", "ok"]
  };

  it.each(Object.entries(outcomes))("%s leaves the streams account and posts %j", async (fault, expected) => {
    demo.setFaults([fault]);
    const results = await night(accountOf(demo), {timeout: 1000});
    demo.setFaults([]);
    expect([outcome(results, "account"), outcome(results, "posts")]).toEqual(expected);
    for (const {error} of results) {
      if (error === undefined) continue;
      expect(error).toBeInstanceOf(MegaphoneError);
      expect(error.message).toMatch(/^mandate (account|posts): .+; .+$/s);
      for (const secret of Object.values(accountOf(demo).auth!)) expect(error.message).not.toContain(secret);
    }
  });

  it("refresh-lost ends the account with advice to a person, without a second exchange", async () => {
    using stored = folder();
    demo.resetRequests();
    demo.setFaults(["refresh-lost"]);
    const results = await night(accountOf(demo, "oauth2"), {stored: stored.path});
    demo.setFaults([]);
    expect([outcome(results, "account"), outcome(results, "posts")]).toEqual(["AuthError", "unread"]);
    expect(demo.requests().map(({method, path}) => `${method} ${path}`)).toEqual(["POST /x/2/oauth2/token"]);
  });

  it("of every switch has its outcome here", () => {
    expect([...Object.keys(outcomes), "refresh-lost"].sort()).toEqual(Object.keys(faultsOf("x")).sort());
  });
});

describe("an answer that lacks a field", () => {
  const post = {
    id: "1273948643128246329",
    author_id: "7",
    created_at: "2020-06-19T12:00:00.000Z",
    text: "Acknowledge, support, protect",
    public_metrics: {retweet_count: 1, reply_count: 2, like_count: 3, quote_count: 4}
  };
  const user = {id: "7", name: "The mandate", username: "mandate", public_metrics: {followers_count: 12}};

  async function readFrom(data: {user: unknown; post: unknown}): Promise<Extracted[]> {
    await using server = await serve((response, _index, request) => {
      const isPosts = request.url!.includes("/tweets");
      sendJson(response, 200, isPosts ? {data: [data.post], meta: {result_count: 1}} : {data: data.user});
    });
    return await night(accountAt(server.url, {token: "app-token"}));
  }

  function without(whole: object, path: string): object {
    const [first, second] = path.split(".") as [string, string | undefined];
    const {[first]: inner, ...rest} = whole as Record<string, unknown>;
    return second === undefined ? rest : {...rest, [first]: without(inner as object, second)};
  }

  function paths(whole: object): string[] {
    return Object.entries(whole).flatMap(([key, value]) =>
      typeof value === "object" ? [key, ...paths(value as object).map(inner => `${key}.${inner}`)] : [key]
    );
  }

  it("is read when nothing lacks", async () => {
    const results = await readFrom({user, post});
    expect([outcome(results, "account"), outcome(results, "posts")]).toEqual(["ok", "ok"]);
    expect(recordsOf(results)).toHaveLength(1);
  });

  it.each(paths(post))("of a post is a ShapeError that names it: %s", async path => {
    const results = await readFrom({user, post: without(post, path)});
    expect(outcome(results, "account")).toBe("ok");
    const {error, records} = streamOf(results, "posts");
    expect(error).toBeInstanceOf(ShapeError);
    expect(error!.message).toContain(`data.0.${path} is not as documented`);
    expect(error!.message).not.toContain("Acknowledge");
    expect(records).toEqual([]);
  });

  it.each(paths(user))("of a user is a ShapeError that names it: %s", async path => {
    const results = await readFrom({user: without(user, path), post});
    const {error, records} = streamOf(results, "account");
    expect(error).toBeInstanceOf(ShapeError);
    expect(error!.message).toContain(`data.${path} is not as documented`);
    expect(records).toEqual([]);
    expect(outcome(results, "posts")).toBe("ok");
  });
});

describe("a rotated refresh token", () => {
  it("is on the disk before the access token is first used", async () => {
    using stored = folder();
    const path = join(stored.path, "credentials.json");
    const seen: {authorization: string | undefined; stored: string}[] = [];
    await using server = await serve((response, _index, request) => {
      if (request.url === "/2/oauth2/token") {
        sendJson(response, 200, {access_token: "access-1", refresh_token: "refresh-2", expires_in: 7200});
        return;
      }
      seen.push({authorization: request.headers.authorization, stored: readFileSync(path, "utf8")});
      sendJson(response, 200, {meta: {result_count: 0}});
    });
    const auth = {client_id: "client", client_secret: "secret", refresh_token: "refresh-1"};
    await night(accountAt(server.url, auth), {stored: stored.path});
    expect(seen.length).toBeGreaterThan(1);
    expect(seen[0]!.authorization).toBe("Bearer access-1");
    expect(JSON.parse(seen[0]!.stored)).toMatchObject({mandate: {refresh_token: "refresh-2"}});
    expect(server.requests.filter(({method}) => method === "POST")).toHaveLength(1);
  });

  it("serves the next night, while the configured one is spent", async () => {
    const sandbox = await startSandbox({only: ["x"]});
    using stored = folder();
    try {
      for (const _night of [1, 2, 3]) {
        const results = await night(accountOf(sandbox, "oauth2"), {stored: stored.path});
        expect(results.map(({error}) => error?.message)).toEqual(results.map(() => undefined));
      }
      using empty = folder();
      const spent = await night(accountOf(sandbox, "oauth2"), {stored: empty.path});
      expect(spent.map(({error}) => error)).toEqual([expect.any(AuthError)]);
    } finally {
      await sandbox.close();
    }
  });
});

describe("an account without a way to authenticate", () => {
  it("is refused before anything is planned", () => {
    const planned = () => plan(x, accountAt(demo.url, {token: "a", other: "b"}));
    expect(planned).toThrow(ConfigError);
    expect(planned).toThrow(/consumer_key/);
  });

  it("stops waiting for a platform that is away, and says until the next time", async () => {
    await using server = await serve(response => sendJson(response, 503, {}));
    const results = await night(accountAt(server.url, {token: "app-token"}));
    expect(results.map(({error}) => error)).toEqual([expect.any(RetryableError), expect.any(RetryableError)]);
    for (const {requests} of results) expect(requests).toMatchObject([{httpCalls: 5, retries: 4, status: "retry"}]);
  });
});
