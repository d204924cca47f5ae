import {existsSync, mkdirSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import type {Account} from "../../connectors/connector.ts";
import {startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {createLog} from "../../pipelines/log.ts";
import {readAll} from "../../pipelines/night.ts";
import {beginRun} from "../../pipelines/record.ts";
import type {Workspace} from "../../pipelines/workspace.ts";
import {type Batch, Landing} from "../../warehouse/landing.ts";
import {folder} from "../warehouse/warehouse-fixture.ts";
import {closing, megaphone, userFolder} from "./megaphone.ts";

const at = new Date("2020-06-20T20:00:00Z");
const [broken, sound] = ["broken", "sound"].map(
  (name): Account => ({platform: name, kind: "page", id: "7", aliases: [], name, apiVersion: "1"})
);

function batch({platform}: Account): Batch {
  const account = {
    account_id: `${platform}:7`,
    platform,
    platform_account_id: "7",
    name: platform,
    kind: "page",
    handle: null
  };
  return {
    ...{run_id: "20200620T200000Z-0001", platform, stream: "posts", source: "api", account, cursor: null},
    ...{captured_at: at.toISOString(), captured_on: "2020-06-20", covers_from: "2020-06-20", covers_to: "2020-06-20"}
  };
}

describe("a night of which one account breaks in a way that nobody foresaw", () => {
  it("ends only when the others have landed, and says how these fared", async () => {
    const log = createLog({level: "error", quiet: true, isTerminal: false, now: () => at, stderr: () => undefined});
    const workspace = {log, settings: {credentialsPath: "/nonexistent/credentials.json"}} as unknown as Workspace;
    const run = beginRun("run", at, at);
    const landed: string[] = [];
    const reading = readAll(
      workspace,
      run,
      new AbortController().signal,
      [{account: broken!}, {account: sound!}],
      async ({account}) => {
        if (account === broken) throw new Error("ENOSPC: no space left on device, write");
        await new Promise(done => setTimeout(done, 50));
        landed.push(account.name);
        return [];
      }
    );
    await expect(reading).rejects.toThrow("ENOSPC");
    expect(landed).toEqual(["sound"]);
    expect(run.accounts).toMatchObject([{account: "sound", state: "ok"}]);
  });

  it("leaves no file half written behind its end", async () => {
    using dir = folder();
    const landing = Landing.open(dir.path);
    mkdirSync(landing.folder, {recursive: true});
    writeFileSync(join(landing.folder, "broken"), "in the way");
    const batches = [broken!, sound!].map(account => ({batch: batch(account), records: [{id: "1"}]}));
    await expect(landing.append(batches, at)).rejects.toThrow();
    expect(existsSync(join(landing.folder, "sound", "posts", "20200620T200000Z-0001-1.ndjson.gz"))).toBe(true);
    expect(landing.lines).toEqual([]);
  });
});

describe("a permission that is missing", () => {
  it("is no failure of the night, and the status says what it costs and where to look", async () => {
    await using sandbox = await closing(startSandbox({night: "2019-10-20", only: ["facebook"]}));
    using dir = folder();
    const cwd = userFolder(dir.path, sandbox, "report: {periods: []}\n");
    sandbox.setFaults(["permission-lost"]);
    expect((await megaphone(cwd, ["run", "--as-of", "2019-10-20"])).code).toBe(0);
    const {stdout} = await megaphone(cwd, ["status", "--json"]);
    expect(JSON.parse(stdout).accounts).toMatchObject([
      {
        state: "ok",
        message: "not given, because a permission or a role is missing: how many reacted and commented",
        action: "See docs/facebook.md for what the token needs; until then it stays unmeasured."
      }
    ]);
  });
});
