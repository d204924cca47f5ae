import {existsSync, mkdirSync, readFileSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {type Sandbox, startSandbox} from "../../connectors/sandbox/sandbox.ts";
import type {AccountCheck, Finding} from "../../pipelines/check.ts";
import type {RegisterFault} from "../../pipelines/registers.ts";
import {folder} from "../warehouse/warehouse-fixture.ts";
import {closing, megaphone, query, userFolder} from "./megaphone.ts";

const night = "2020-06-20";

interface Checked {
  code: number;
  accounts: AccountCheck[];
  registers: RegisterFault[];
}

async function checked(cwd: string, ...more: string[]): Promise<Checked> {
  const ended = await megaphone(cwd, ["check", "--json", "--as-of", night, ...more]);
  if (ended.code === 2) throw new Error(ended.stderr);
  return {...(JSON.parse(ended.stdout) as Omit<Checked, "code">), code: ended.code};
}

function of({accounts}: Checked, platform: string): AccountCheck {
  return accounts.find(account => account.platform === platform)!;
}

/** What a platform's findings say, as `stream: what`. */
function told(result: Checked, platform: string, isNote = false): string[] {
  const text = ({stream, what}: Finding): string => (stream === null ? what : `${stream}: ${what}`);
  return of(result, platform)
    .findings.filter(finding => finding.isNote === isNote)
    .map(text);
}

/** Replaces an account's `auth` in a user folder. */
function withAuth(cwd: string, sandbox: Sandbox, platform: string, auth: Record<string, string>): void {
  const file = join(cwd, "megaphone.yaml");
  const name = (key: string) => `${platform}_other_${key}`.toUpperCase();
  const keys = Object.keys(auth).map(key => `      ${key}: \${${name(key)}}\n`);
  const [before, own = ""] = readFileSync(file, "utf8").split(new RegExp(`(?=  - platform: ${platform}\n)`));
  const changed = own.replace(/ {4}auth:\n(?: {6}.*\n)+/, `    auth:\n${keys.join("")}`);
  writeFileSync(file, `${before}${changed}`);
  const values = Object.entries(auth).map(([key, value]) => `${name(key)}=${value}\n`);
  writeFileSync(join(cwd, ".env"), `${readFileSync(join(cwd, ".env"), "utf8")}${values.join("")}`);
  expect(sandbox.accounts.some(account => account.platform === platform)).toBe(true);
}

describe("a check", () => {
  it("of accounts that are well finds nothing, asks little and lands nothing", async () => {
    await using sandbox = await closing(startSandbox({night}));
    using dir = folder();
    const cwd = userFolder(dir.path, sandbox);
    const result = await checked(cwd);
    expect(result.code).toBe(0);
    expect(result.accounts.map(({platform, state}) => [platform, state])).toEqual([
      ["facebook", "ok"],
      ["instagram", "ok"],
      ["linkedin", "ok"],
      ["x", "ok"]
    ]);
    expect(told(result, "facebook", true)).toEqual(["audience: page_follows_country"]);
    expect(sandbox.requests()).toHaveLength(result.accounts.reduce((sum, {http_calls}) => sum + http_calls, 0));
    expect(result.accounts.map(({http_calls}) => http_calls)).toEqual([7, 9, 11, 2]);
    expect(existsSync(join(cwd, "data"))).toBe(false);
  });

  it("says when tokens end and what is lost when", async () => {
    await using sandbox = await closing(startSandbox({night}));
    using dir = folder();
    const cwd = userFolder(dir.path, sandbox, "report: {periods: []}\n");
    const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
    const before = await checked(cwd);
    expect(of(before, "facebook").token).toMatchObject({ends_on: null, consent_ends_on: inDays(90)});
    expect(of(before, "facebook").token.text).toContain("it does not end by itself");
    expect(of(before, "instagram").token.ends_on).toBe(inDays(60));
    expect(of(before, "linkedin").token).toMatchObject({ends_on: null, text: "it ends 60 days after it was made"});
    expect(of(before, "x").token.text).toBe("it does not end until somebody revokes it");
    expect(of(before, "x").perishable).toEqual([
      {
        stream: "posts",
        what: "link clicks, profile clicks and engagements of a post",
        days: 30,
        lost_on: null,
        backfill_from: null
      }
    ]);

    expect((await megaphone(cwd, ["run", "--as-of", night])).code).toBe(0);
    const [first] = await query<{on: string}>(
      cwd,
      `select min(published_at::date + 30)::varchar as "on" from publish.post
       where platform = 'x' and not is_reply and not is_repost and deleted_on is null
         and published_at::date + 30 > date '${night}'`
    );
    const after = await checked(cwd);
    expect(of(after, "x").perishable[0]!.lost_on).toBe(first!.on);
    const series = of(after, "instagram").perishable.find(({stream}) => stream === "account_days");
    expect(series).toMatchObject({days: 90, lost_on: "2020-06-21", backfill_from: "2020-03-22"});
    const text = (await megaphone(cwd, ["check", "--as-of", night])).stdout;
    expect(text).toContain("→ megaphone backfill --from 2020-03-22 reads the days from before the first night");
    await megaphone(cwd, ["backfill", "--from", "2020-03-22", "--only", "instagram", "--as-of", night]);
    const filled = of(await checked(cwd), "instagram").perishable;
    expect(filled.filter(({backfill_from}) => backfill_from !== null)).toEqual([]);
    expect(filled.find(({stream}) => stream === "account_days")!.lost_on).toBe("2020-09-18");
  });

  it("of LinkedIn asks when the token ends, where the app's secret is there", async () => {
    await using sandbox = await closing(startSandbox({night, faults: ["linkedin:token-ends-soon"]}));
    using dir = folder();
    const cwd = userFolder(dir.path, sandbox);
    const offered = sandbox.accounts.find(({platform}) => platform === "linkedin")!;
    const {refresh_token, ...client} = offered.otherAuth.oauth2!;
    const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
    withAuth(cwd, sandbox, "linkedin", {...client, ...offered.auth});
    const introspected = await checked(cwd, "--only", "linkedin");
    expect(of(introspected, "linkedin").token.ends_on).toBe(inDays(3));
    expect(told(introspected, "linkedin")).toEqual([`everything from ${inDays(3)} on`]);
    expect(introspected.code).toBe(3);
    withAuth(cwd, sandbox, "linkedin", {...client, refresh_token: refresh_token!});
    const exchanged = await checked(cwd, "--only", "linkedin");
    expect(of(exchanged, "linkedin").token.ends_on).toBe(inDays(10));
    expect(told(exchanged, "linkedin")).toEqual([`everything from ${inDays(10)} on`]);
  });

  it("finds a token that has ended, and fails where every account's has", async () => {
    await using sandbox = await closing(startSandbox({night, faults: ["facebook:token-expired"]}));
    using dir = folder();
    const cwd = userFolder(dir.path, sandbox);
    const one = await checked(cwd);
    expect(one.code).toBe(3);
    expect(of(one, "facebook")).toMatchObject({state: "failed", http_calls: 1, token: {text: "it is refused"}});
    expect(of(one, "facebook").findings).toEqual([
      {
        stream: null,
        what: "everything",
        why: "HTTP 400 Bad Request (190)",
        action: "the token is no longer accepted; make a new one (docs/facebook.md) and put it into .env",
        isNote: false
      }
    ]);
    expect(of(one, "instagram").state).toBe("ok");
    sandbox.setFaults(["token-expired"]);
    expect((await checked(cwd)).code).toBe(1);
    expect((await checked(cwd, "--only", "facebook")).code).toBe(1);
  });

  it.each([
    ["instagram:permission-lost", "instagram", "posts: views, reach, saves and shares of a post"],
    ["instagram:permission-lost", "instagram", "follows: follows and unfollows"],
    ["facebook:permission-lost", "facebook", "posts: how many reacted and commented"],
    ["linkedin:no-permission", "linkedin", "follower_gains: followers gained by day"]
  ])("with the fault %s of %s says that %s will be missing", async (fault, platform, missing) => {
    await using sandbox = await closing(startSandbox({night, faults: [fault]}));
    using dir = folder();
    const result = await checked(userFolder(dir.path, sandbox));
    expect(result.code).toBe(3);
    expect(told(result, platform)).toContain(missing);
    const found = of(result, platform).findings.find(({stream, what}) => `${stream}: ${what}` === missing);
    expect(found!.action).toMatch(/docs\/(facebook|instagram|linkedin)\.md/);
  });

  it("names permissions that were not granted, also where the platform answers with nothing", async () => {
    await using sandbox = await closing(startSandbox({night}));
    using dir = folder();
    const cwd = userFolder(dir.path, sandbox);
    const offered = sandbox.accounts.find(({platform}) => platform === "facebook")!;
    withAuth(cwd, sandbox, "facebook", offered.otherAuth.limited!);
    const result = await checked(cwd, "--only", "facebook");
    expect(result.code).toBe(3);
    expect(of(result, "facebook").findings.map(({why}) => why)).toEqual(
      expect.arrayContaining([
        "the permission read_insights was not granted",
        "the permission pages_read_user_content was not granted"
      ])
    );
  });

  it("finds a retired metric by halves, and leaves it to the night to keep it in quarantine", async () => {
    await using sandbox = await closing(startSandbox({night, faults: ["retired-metric"]}));
    using dir = folder();
    const cwd = userFolder(dir.path, sandbox);
    const result = await checked(cwd);
    expect(result.code).toBe(3);
    expect(told(result, "facebook")).toEqual(["account_days: page_views_total", "posts: post_clicks"]);
    expect(told(result, "instagram")).toEqual(["account_days: accounts_engaged", "posts: saved"]);
    expect(told(result, "linkedin")).toContain("page_views: allPageViews");
    expect(existsSync(join(cwd, "data"))).toBe(false);
  });

  it("of X with the app's token alone says that private figures will be missing", async () => {
    await using sandbox = await closing(startSandbox({night}));
    using dir = folder();
    const cwd = userFolder(dir.path, sandbox);
    const offered = sandbox.accounts.find(({platform}) => platform === "x")!;
    withAuth(cwd, sandbox, "x", offered.otherAuth.bearer!);
    const result = await checked(cwd, "--only", "x");
    expect(told(result, "x")).toEqual(["posts: link clicks, profile clicks and engagements of a post"]);
  });

  it("looks at the registers that are there", async () => {
    await using sandbox = await closing(startSandbox({night, only: ["x"]}));
    using dir = folder();
    const cwd = userFolder(dir.path, sandbox);
    const absent = await checked(cwd);
    expect(absent).toMatchObject({code: 0, registers: [{file: null, isNote: true}]});
    mkdirSync(join(cwd, "registers"));
    writeFileSync(join(cwd, "registers", "inputs.csv"), "\ufeffyear,resource,planed\n2020,staff,3\n");
    writeFileSync(join(cwd, "registers", "campaigns.yaml"), "- campaign_id: [\n");
    writeFileSync(join(cwd, "registers", "activity.csv"), "activity_id\n");
    const {code, registers} = await checked(cwd);
    expect(code).toBe(3);
    const faults = registers.filter(({isNote}) => !isNote).map(({file, what}) => `${file}: ${what}`);
    expect(faults).toEqual([
      "activity.csv: no register has this name",
      expect.stringMatching(/^campaigns\.yaml: campaigns\.yaml line \d: no valid YAML/),
      "inputs.csv: columns that are not known and left out: planed"
    ]);
  });

  it("prints no secret, and refuses settings that are wrong before it asks anything", async () => {
    await using sandbox = await closing(startSandbox({night, faults: ["token-expired"]}));
    using dir = folder();
    const cwd = userFolder(dir.path, sandbox);
    const {stdout, stderr} = await megaphone(cwd, ["check", "--as-of", night, "--log-level", "debug"]);
    for (const secret of sandbox.accounts.flatMap(({auth}) => Object.values(auth))) {
      expect(stdout + stderr).not.toContain(secret);
    }
    sandbox.resetRequests();
    const file = join(cwd, "megaphone.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace("platform: facebook", "platform: facebok"));
    const ended = await megaphone(cwd, ["check", "--as-of", night]);
    expect(ended).toMatchObject({code: 2, stdout: ""});
    expect(ended.stderr).toMatch(/megaphone\.yaml line \d+, accounts\[0\]\.platform: no connector for this platform/);
    expect(sandbox.requests()).toEqual([]);
  });
});
