import {readFileSync} from "node:fs";
import {describe, expect, it} from "vitest";
import {faultsOf, startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {parameterRules} from "../../connectors/sandbox/x-refusals.ts";
import {ask, form} from "./sandbox-client.ts";

const page = "/2/users/{id}/tweets?max_results=5&tweet.fields=public_metrics,referenced_tweets";

interface Body {
  data: {id: string; public_metrics?: Record<string, number>; referenced_tweets?: unknown[]}[];
  errors?: Record<string, string>[];
  meta: {next_token?: string};
}

describe("a fault of transport", () => {
  it.each([
    ["http-500-once", 500, "{}"],
    ["http-503-always", 503, /^<!doctype html>/],
    ["html-200", 200, /^<!doctype html>/],
    ["redirect-foreign", 302, ""]
  ])("%s answers %i", async (fault, status, text) => {
    await using own = await started([fault]);
    const reply = await own.ask(page);
    expect(reply.status).toBe(status);
    expect(reply.text).toMatch(text);
    expect(own.sandbox.requests()[0]!.status).toBe(status);
    expect((await own.ask(page)).status).toBe(fault.endsWith("-once") ? 200 : status);
  });

  it("bad-json cuts what would be JSON", async () => {
    await using own = await started(["bad-json"]);
    const {text, body} = await own.ask(page);
    expect(body).toBeUndefined();
    expect(JSON.parse(`${text}}`)).toHaveProperty("data");
  });

  it("redirect-foreign names a host that is not ours", async () => {
    await using own = await started(["redirect-foreign"]);
    const location = new URL((await own.ask(page)).headers.get("location")!);
    expect(location.hostname).not.toBe("127.0.0.1");
  });

  it("gzip-bomb inflates to 64 MB from less than a hundredth", async () => {
    await using own = await started(["gzip-bomb"]);
    const reply = await own.ask(page);
    expect(reply.text).toHaveLength(64 * 1024 * 1024);
    expect(Number(reply.headers.get("content-length"))).toBeLessThan(655_360);
  });

  it.each(["reset", "cut-body"])("%s breaks one connection", async fault => {
    await using own = await started([fault]);
    await expect(own.ask(page)).rejects.toThrow();
    expect((await own.ask(page)).status).toBe(200);
    expect(own.sandbox.requests().map(({status}) => status)).toEqual([fault === "reset" ? 0 : 200, 200]);
  });

  it("slow-body delivers the whole answer at last, once", async () => {
    await using own = await started(["slow-body"]);
    const slow = await own.ask(page);
    expect(slow.text).toBe((await own.ask(page)).text);
  });

  it("drip sends a byte at a time until the client gives up", async () => {
    await using own = await started(["drip"]);
    await expect(own.ask(page, {signal: AbortSignal.timeout(500)})).rejects.toThrow();
    expect((await own.ask(page)).status).toBe(200);
  });

  it("echo-token repeats the secret that was sent", async () => {
    await using own = await started(["echo-token"]);
    const reply = await own.ask(page);
    expect(reply.status).toBe(400);
    expect(reply.text).toContain(own.account.auth.token);
  });
});

describe("a fault in X's words", () => {
  it("rate-limit strikes once, with a reset in two seconds", async () => {
    await using own = await started(["rate-limit"]);
    const {status, body, headers} = await own.ask(page);
    expect({status, body}).toEqual({status: 429, body: {errors: [{code: 88, message: "Rate limit exceeded"}]}});
    expect(headers.get("x-rate-limit-remaining")).toBe("0");
    expect(Number(headers.get("x-rate-limit-reset")) - Date.now() / 1000).toBeLessThanOrEqual(2);
    expect((await own.ask(page)).status).toBe(200);
  });

  it("rate-limit-title holds for an hour", async () => {
    await using own = await started(["rate-limit-title"]);
    const {status, body, headers} = await own.ask(page);
    const words = {title: "Too Many Requests", detail: "Too Many Requests", type: "about:blank", status: 429};
    expect({status, body}).toEqual({status: 429, body: words});
    expect(Number(headers.get("x-rate-limit-reset")) - Date.now() / 1000).toBeGreaterThan(3500);
    expect((await own.ask(page)).status).toBe(429);
  });

  it("usage-capped is a 429 with calls left in the window", async () => {
    await using own = await started(["usage-capped"]);
    const {status, body, headers} = await own.ask(page);
    expect(status).toBe(429);
    expect(body).toMatchObject({title: "UsageCapExceeded", type: "https://api.twitter.com/2/problems/usage-capped"});
    expect(Number(headers.get("x-rate-limit-remaining"))).toBeGreaterThan(800);
  });

  it("credits-402 has the length that was recorded", async () => {
    await using own = await started(["credits-402"]);
    const {status, body, headers} = await own.ask(page);
    expect(status).toBe(402);
    expect(body).toMatchObject({title: "CreditsDepleted"});
    expect(headers.get("content-length")).toBe("185");
  });

  it("token-expired refuses every token", async () => {
    await using own = await started(["token-expired"]);
    expect((await own.ask(page)).status).toBe(401);
  });

  it("suspended is 200 with an error alone", async () => {
    await using own = await started(["suspended"]);
    expect(await own.ask(page)).toMatchObject({status: 200, body: {errors: [{title: "Authorization Error"}]}});
  });

  it("wrong-shape leaves like_count out, new-names renames, one-more-like changes one counter", async () => {
    await using own = await started();
    const plain = (await own.ask(page)).body as Body;
    own.sandbox.setFaults(["wrong-shape"]);
    const bent = (await own.ask(page)).body as Body;
    expect(Object.keys(bent.data[0]!.public_metrics!)).not.toContain("like_count");
    own.sandbox.setFaults(["new-names"]);
    const renamed = (await own.ask(page)).body as Body;
    expect(renamed.data[0]).toHaveProperty("edit_history_post_ids");
    expect(renamed.data[0]).not.toHaveProperty("edit_history_tweet_ids");
    expect(renamed.data[0]!.public_metrics).toHaveProperty("repost_count");
    const byParameter = (
      await own.ask(
        page
          .replace("tweet.fields", "post.fields")
          .replace("tweets,", "")
          .replace(",referenced_tweets", ",referenced_posts")
      )
    ).body as Body;
    expect(byParameter.data).toEqual(renamed.data);
    own.sandbox.setFaults(["one-more-like"]);
    const liked = ((await own.ask(page)).body as Body).data;
    const [first, ...rest] = plain.data;
    expect(liked.slice(1)).toEqual(rest);
    expect(liked[0]!.public_metrics).toEqual({
      ...first!.public_metrics,
      like_count: first!.public_metrics!.like_count! + 1
    });
  });

  it("same-page-token leads back to the first page for ever, foreign-next to another host", async () => {
    await using own = await started(["same-page-token"]);
    const first = (await own.ask(page)).body as Body;
    const again = (await own.ask(`${page}&pagination_token=${first.meta.next_token}`)).body as Body;
    expect(again).toEqual(first);
    own.sandbox.setFaults(["foreign-next"]);
    expect(((await own.ask(page)).body as Body).meta.next_token).toMatch(/^http:\/\/127\.0\.0\.2/);
  });

  it("duplicate-posts repeats a post, missing-posts deletes two, partial-errors puts an error beside", async () => {
    await using own = await started();
    const ids = async () => ((await own.ask(page)).body as Body).data.map(({id}) => id);
    const plain = await ids();
    own.sandbox.setFaults(["duplicate-posts"]);
    expect(await ids()).toEqual([...plain, plain[0]]);
    own.sandbox.setFaults(["missing-posts"]);
    expect((await ids()).slice(0, 3)).toEqual(plain.slice(2));
    const lookup = (await own.ask(`/2/tweets?ids=${plain.join()}`)).body as Body;
    expect(lookup.data.map(({id}) => id)).toEqual(plain.slice(2));
    expect(lookup.errors!.map(({resource_id}) => resource_id)).toEqual(plain.slice(0, 2));
    own.sandbox.setFaults(["partial-errors"]);
    const partial = (await own.ask(page)).body as Body;
    expect(partial.data.map(({id}) => id)).toEqual(plain);
    expect(partial.errors).toMatchObject([{parameter: "entities.mentions.username", resource_type: "user"}]);
  });

  it("refresh-lost spends the refresh token although its answer never comes", async () => {
    await using own = await started(["refresh-lost"]);
    const {client_id, refresh_token} = own.account.otherAuth.oauth2 as Record<string, string>;
    const request = form({grant_type: "refresh_token", refresh_token: refresh_token!, client_id: client_id!});
    await expect(ask(own.sandbox, "/2/oauth2/token", "nobody", request)).rejects.toThrow();
    own.sandbox.setFaults([]);
    expect((await ask(own.sandbox, "/2/oauth2/token", "nobody", request)).status).toBe(400);
  });
});

describe("docs/sandbox.md", () => {
  const text = readFileSync(new URL("../../docs/sandbox.md", import.meta.url), "utf8");

  it.each(Object.entries(faultsOf("x")))("explains the switch %s", (name, what) => {
    expect(text).toContain(`| \`${name}\` | ${what} |`);
  });

  it.each(Object.entries(parameterRules))("says on what the refusal of %s stands", (name, {basis}) => {
    expect(text).toMatch(new RegExp(`\\| \`${name.replace(".", "\\.")}\` \\|[^|]*\\| ${basis} \\|`));
  });
});

async function started(faults: string[] = []) {
  const sandbox = await startSandbox({faults, only: ["x"]});
  const account = sandbox.accounts[0]!;
  return {
    sandbox,
    account,
    ask: (path: string, init?: RequestInit) => ask(sandbox, path.replace("{id}", account.id), "owner", init),
    [Symbol.asyncDispose]: () => sandbox.close()
  };
}
