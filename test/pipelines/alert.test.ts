import {appendFileSync, existsSync, readdirSync, readFileSync} from "node:fs";
import {createServer, type RequestListener} from "node:http";
import type {AddressInfo} from "node:net";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {folder} from "../warehouse/warehouse-fixture.ts";
import {closing, type Ended, megaphone, userFolder} from "./megaphone.ts";

const night = "2020-06-20";
const path = "/hooks/a-path-that-is-the-secret";

interface Received {
  method: string | undefined;
  url: string | undefined;
  body: string;
}

/** A server on loopback that keeps what it is sent. */
async function receiver(answer: RequestListener = (_request, response) => response.end("ok")) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    received.push({method: request.method, url: request.url, body});
    answer(request, response);
  });
  await new Promise<void>(done => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async () => {
    server.closeAllConnections();
    server.close();
  };
  return {url, received, [Symbol.asyncDispose]: close};
}

/** One night of one platform, whose settings name a webhook. */
async function nightWith(
  webhook: string,
  platform: string,
  faults: string[] = []
): Promise<{ended: Ended; published: Ended; log: string; token: string}> {
  await using world = await closing(startSandbox({night, only: [platform], faults}));
  using dir = folder();
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as the settings have it
  const cwd = userFolder(dir.path, world, 'alerts: {webhook: "${ALERT_WEBHOOK}"}\nreport: {periods: []}\n');
  appendFileSync(join(cwd, ".env"), `\nALERT_WEBHOOK=${webhook}\n`);
  const ended = await megaphone(cwd, ["run", "--as-of", night]);
  const published = await megaphone(cwd, ["publish"]);
  const logs = join(cwd, "data", "logs");
  const log = existsSync(logs) ? readdirSync(logs).map(name => readFileSync(join(logs, name), "utf8")) : [];
  const [, token] = /TOKEN="?([^"\n]+)/.exec(readFileSync(join(cwd, ".env"), "utf8"))!;
  return {ended, published, log: log.join(""), token: token!};
}

describe("the webhook", () => {
  it("is told once of a run that failed, with what to do and no secret", async () => {
    await using hook = await receiver();
    const {ended, log, token} = await nightWith(`${hook.url}${path}?key=abc`, "facebook", ["token-expired"]);
    expect(ended.code).toBe(1);
    expect(hook.received).toHaveLength(1);
    const [{method, url, body}] = hook.received as [Received];
    expect({method, url}).toEqual({method: "POST", url: `${path}?key=abc`});
    expect(JSON.parse(body)).toEqual({
      text: expect.stringMatching(
        /^megaphone run ended with 1: .*\n.* \(facebook\): failed, .*; make a new one [^\n]*$/
      ),
      command: "run",
      exit_code: 1,
      accounts: [
        {
          account: expect.any(String),
          platform: "facebook",
          state: "failed",
          message: expect.any(String),
          action: "The token is no longer accepted; make a new one (docs/facebook.md) and put it into .env."
        }
      ],
      perishable: []
    });
    expect(body).not.toContain(token);
    expect(ended.stdout + ended.stderr + log).not.toContain(path);
    expect(ended.stderr).toContain("the alert is sent");
  });

  it("is told nothing of a good night, nor by a command that calls no platform", async () => {
    await using hook = await receiver();
    const {ended, published} = await nightWith(`${hook.url}${path}`, "x");
    expect([ended.code, published.code]).toEqual([0, 0]);
    expect(hook.received).toEqual([]);
  });

  it("is told of days that only a backfill reads, while the platform still has them", async () => {
    await using hook = await receiver();
    const {ended} = await nightWith(`${hook.url}${path}`, "facebook");
    expect(ended.code).toBe(0);
    expect(hook.received).toHaveLength(1);
    const {exit_code, accounts, perishable} = JSON.parse(hook.received[0]!.body);
    expect({exit_code, accounts}).toEqual({exit_code: 0, accounts: []});
    expect(perishable).toContainEqual({
      account: expect.any(String),
      platform: "facebook",
      what: expect.any(String),
      lost_on: "2020-06-21",
      action: expect.stringMatching(/^Run `megaphone backfill --from \d{4}-\d{2}-\d{2}`\.$/)
    });
  });

  it("is followed nowhere, waited for shortly, and changes no exit code when it fails", async () => {
    await using elsewhere = await receiver();
    await using moved = await receiver((_request, response) =>
      response.writeHead(307, {location: elsewhere.url}).end()
    );
    await using silent = await receiver(() => undefined);
    for (const [hook, reason] of [
      [moved, "HTTP 307"],
      [silent, "no answer in time"]
    ] as const) {
      const {ended, log} = await nightWith(`${hook.url}${path}`, "x", ["token-expired"]);
      expect(ended.code).toBe(1);
      expect(hook.received).toHaveLength(1);
      expect(ended.stderr).toContain(reason);
      expect(log).toContain("the alert could not be sent");
      expect(ended.stderr + log).not.toContain(path);
    }
    expect(elsewhere.received).toEqual([]);
  });

  it.each(["http://hooks.example.org/abcdef", "https//typing-error", "ftp://127.0.0.1/abcdef"])(
    "is refused where others could read along: %s",
    async webhook => {
      const {ended} = await nightWith(webhook, "x");
      expect(ended.code).toBe(2);
      expect(ended.stderr).toContain(
        "alerts.webhook: the value of ALERT_WEBHOOK is no address with https, or with http on loopback"
      );
      expect(ended.stderr).not.toContain(webhook);
    }
  );
});
