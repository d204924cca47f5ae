import {existsSync, mkdirSync, readFileSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import type {Account} from "../../connectors/connector.ts";
import {findConnectors} from "../../connectors/extract.ts";
import {type Sandbox, startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {createLog} from "../../pipelines/log.ts";
import {planNight, readAccounts, readAll, statesOf} from "../../pipelines/night.ts";
import {beginRun} from "../../pipelines/record.ts";
import {loadSettings} from "../../pipelines/settings.ts";
import {Workspace} from "../../pipelines/workspace.ts";
import {type Batch, Landing} from "../../warehouse/landing.ts";
import {folder} from "../warehouse/warehouse-fixture.ts";
import {closing, megaphone, userFolder} from "./megaphone.ts";

const at = new Date("2020-06-20T20:00:00Z");
const [broken, sound] = ["broken", "sound"].map(
  (name): Account => ({platform: name, kind: "page", id: "7", aliases: [], name, apiVersion: "1"})
);

const log = createLog({level: "error", quiet: true, isTerminal: false, now: () => at, stderr: () => undefined});

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
    const workspace = {log, settings: {credentialsPath: "/nonexistent/credentials.json"}} as unknown as Workspace;
    const run = beginRun("run", at);
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

/** A workspace whose accounts talk to a sandbox, in a time zone. */
async function workspaceIn(path: string, sandbox: Sandbox, timezone = "Europe/Zurich"): Promise<Workspace> {
  const file = join(userFolder(path, sandbox), "megaphone.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace("Europe/Zurich", timezone));
  const platforms = await findConnectors();
  return Workspace.open(await loadSettings({cwd: path, env: {}, required: true, secrets: true, platforms}), log);
}

/** Reads and loads a night as `run` does; gives what it landed. */
async function readNight(workspace: Workspace, now: () => Date) {
  const run = beginRun("run", new Date(), now());
  await readAccounts(workspace, run, {now, stop: new AbortController().signal});
  await workspace.load();
  return workspace.landing.lines.filter(({run_id}) => run_id === run.run_id);
}

/** A clock that jumps from one time to another once the sandbox was asked something. */
function jumping(sandbox: Sandbox, from: Date, to: Date): () => Date {
  sandbox.resetRequests();
  return () => (sandbox.requests().length === 0 ? from : to);
}

describe("a run that goes on past midnight", () => {
  const day = "2020-06-20";
  const [evening, midnight, morning] = ["21:50", "22:00", "22:10"].map(time => new Date(`${day}T${time}:00Z`)) as [
    Date,
    Date,
    Date
  ];
  const later = (date: Date, days: number) => new Date(date.getTime() + days * 86_400_000);
  /** The platforms that were read before and after a time. */
  const readAround = (lines: readonly Batch[], time: Date) => {
    const platforms = (isAfter: boolean) =>
      new Set(lines.filter(({captured_at}) => new Date(captured_at) >= time === isAfter).map(({platform}) => platform));
    return [platforms(false), platforms(true)];
  };

  it.each([
    ["Europe/Zurich", evening, morning],
    ["America/New_York", new Date("2020-06-21T03:50:00Z"), new Date("2020-06-21T04:10:00Z")]
  ])("is in %s of the day on which it began in all that it lands", async (timezone, from, to) => {
    await using sandbox = await closing(startSandbox({night: to.toISOString().slice(0, 10)}));
    sandbox.setFaults(["retired-metric"]);
    using dir = folder();
    await using workspace = await workspaceIn(dir.path, sandbox, timezone);
    const lines = await readNight(workspace, jumping(sandbox, from, to));
    // Each account has streams that are read before midnight and streams that are read after it.
    const all = new Set(["facebook", "instagram", "linkedin", "x"]);
    expect(readAround(lines, to)).toEqual([all, all]);
    for (const {captured_at} of lines) expect([from.toISOString(), to.toISOString()]).toContain(captured_at);
    for (const {captured_on, covers_from, covers_to, cursor} of lines) {
      expect([captured_on, covers_from, covers_to, cursor?.read_on]).toEqual([day, day, day, day]);
    }
    const refused = lines.flatMap(({cursor}) => Object.values(cursor?.refused ?? {}));
    expect(refused.length).toBeGreaterThan(1);
    expect(new Set(refused)).toEqual(new Set([day]));
    expect(await workspace.warehouse.rows("select distinct to_on from mart.account_coverage")).toEqual([{to_on: day}]);
  });

  it("gives two accounts one day, of which one is read before and one after it", async () => {
    await using sandbox = await closing(startSandbox({night: day, only: ["linkedin", "x"]}));
    using dir = folder();
    await using workspace = await workspaceIn(dir.path, sandbox);
    // The run's begin, the plan, the first account; then it is past midnight.
    let asked = 0;
    const lines = await readNight(workspace, () => (asked++ < 3 ? evening : morning));
    const firsts = ["linkedin", "x"].map(one => lines.find(({platform}) => platform === one)!);
    expect(readAround(firsts, midnight).map(({size}) => size)).toEqual([1, 1]);
    expect(new Set(lines.map(({captured_on}) => captured_on))).toEqual(new Set([day]));
  });

  it("is followed by nights that do what they do after one that ended before midnight", async () => {
    await using sandbox = await closing(startSandbox({night: day}));
    using dir = folder();
    await using within = await workspaceIn(join(dir.path, "within"), sandbox);
    await using past = await workspaceIn(join(dir.path, "past"), sandbox);
    await readNight(within, () => evening);
    await readNight(past, jumping(sandbox, evening, morning));

    const plansOn = async (workspace: Workspace, days: number) => {
      const tonight = {now: later(evening, days), today: later(evening, days).toISOString().slice(0, 10)};
      const {accounts} = workspace.settings;
      const plans = await planNight(workspace, accounts, tonight);
      const states = await statesOf(workspace, accounts, tonight);
      const posts = [...states.values()].flatMap(own => [...own].map(([name, {due, known}]) => [name, due, known]));
      return {calls: plans.flatMap(({calls}) => calls).map(({stream, how, posts}) => [stream, how, posts]), posts};
    };
    for (const days of [1, 7, 30]) expect(await plansOn(past, days), `${days}`).toEqual(await plansOn(within, days));

    // A run soon after midnight is a night of its own day, and so is that of the evening.
    sandbox.setNight("2020-06-21");
    const soon = await readNight(past, () => new Date("2020-06-20T22:30:00Z"));
    expect(new Set(soon.map(({captured_on}) => captured_on))).toEqual(new Set(["2020-06-21"]));
    const next = await readNight(past, () => later(evening, 1));
    expect(new Set(next.map(({captured_on}) => captured_on))).toEqual(new Set(["2020-06-21"]));
    const streamsOf = (lines: readonly Batch[]) => new Set(lines.map(({platform, stream}) => `${platform} ${stream}`));
    const plain = await readNight(within, () => later(evening, 1));
    expect(streamsOf(next)).toEqual(streamsOf(plain));
  });
});
