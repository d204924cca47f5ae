import {readFileSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {memberPostUrns} from "../../connectors/sandbox/linkedin-member.ts";
import {type Sandbox, startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {folder} from "../warehouse/warehouse-fixture.ts";
import {megaphone, query} from "./megaphone.ts";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({only: ["linkedin"], night: "2020-06-20"});
});
afterAll(() => sandbox.close());

/** The member's settings in a folder, with these posts. */
function configure(path: string, posts: readonly string[]): void {
  const [account] = sandbox.otherAccounts as [Sandbox["otherAccounts"][number]];
  writeFileSync(join(path, ".env"), `MEMBER_TOKEN=${account.auth.token}\n`, {mode: 0o600});
  writeFileSync(
    join(path, "megaphone.yaml"),
    `organisation: Test
timezone: Europe/Zurich
report: {periods: [last-month]}
accounts:
  - platform: linkedin
    kind: member
    id: ${account.id}
    name: holder
    auth: {token: "\${MEMBER_TOKEN}"}
    base_url: ${account.baseUrl}
    posts: ${JSON.stringify(posts)}
`
  );
}

/** Runs a night, and gives the calls that the sandbox saw by what they asked for. */
async function run(cwd: string, night: string): Promise<{code: number; stderr: string; asked: string[]}> {
  sandbox.setNight(night);
  sandbox.resetRequests();
  const {code, stderr} = await megaphone(cwd, ["run", "--as-of", night]);
  const asked = sandbox.requests().map(({query: given, path}) => given.queryType ?? path.split("/").at(-1)!);
  return {code, stderr, asked};
}

const [old, middle] = memberPostUrns as [string, string];
/** Four days old on the first night. */
const recent = memberPostUrns[13]!;
const fiveCounters = ["COMMENT", "IMPRESSION", "MEMBERS_REACHED", "REACTION", "RESHARE"];

describe("a member of LinkedIn", () => {
  it("is read by posts that the settings name, each again by its age", async () => {
    using dir = folder();
    const address = `https://www.linkedin.com/feed/update/${encodeURIComponent(middle)}/?utm_source=share`;
    configure(dir.path, [old, address, recent]);

    const first = await run(dir.path, "2020-06-05");
    expect(first).toMatchObject({code: 0});
    expect(first.asked.sort()).toEqual([...fiveCounters.flatMap(one => [one, one, one]), "memberFollowersCount"]);
    const read = await query<Record<string, unknown>>(
      dir.path,
      `select p.platform_post_id as urn, m.metric, m.value, m.status from mart.post_metric as m
       join mart.post as p on p.post_id = m.post_id where m.kind is null order by all`
    );
    expect(new Set(read.map(({urn}) => urn))).toEqual(new Set([old, middle, recent]));
    for (const urn of [old, middle, recent]) {
      const own = read.filter(row => row.urn === urn);
      expect(own.map(({metric}) => metric)).toEqual(["comments", "impressions", "reach", "reactions", "shares"]);
      for (const {value, status} of own) expect([typeof value, status]).toEqual(["number", "ok"]);
    }

    // Only the recent one is young enough to be read every night.
    expect((await run(dir.path, "2020-06-06")).asked.sort()).toEqual([...fiveCounters, "memberFollowersCount"]);
    // The others are read once in thirty days, though the settings no longer name them.
    configure(dir.path, []);
    expect((await run(dir.path, "2020-07-05")).asked.filter(one => one === "REACTION")).toHaveLength(3);
    const [{posts, followers} = {}] = await query<Record<string, unknown>>(
      dir.path,
      `select count(*) as posts, (select max(value) from mart.account_metric where metric = 'followers') as followers
       from mart.post`
    );
    expect([posts, typeof followers]).toEqual([3, "number"]);
  }, 180_000);

  it("without the product's upgraded tier fails, and status says what to do", async () => {
    using dir = folder();
    configure(dir.path, [old]);
    sandbox.setFaults(["member-tier-missing"]);
    const {code} = await run(dir.path, "2020-06-20");
    sandbox.setFaults([]);
    expect(code).toBe(1);
    const status = JSON.parse(readFileSync(join(dir.path, "data", "status.json"), "utf8"));
    expect(status.accounts).toMatchObject([{account: "holder", state: "failed"}]);
    expect(status.accounts[0].action).toContain("needs the upgraded tier of the Community Management product");
    expect(JSON.stringify(status)).not.toContain(sandbox.otherAccounts[0]!.auth.token);
  }, 60_000);

  it("is refused a post by an address that names an activity", async () => {
    using dir = folder();
    const address = "https://www.linkedin.com/feed/update/urn:li:activity:6574221715046400500/";
    configure(dir.path, [address]);
    const {code, stderr} = await run(dir.path, "2020-06-20");
    expect(code).toBe(2);
    expect(stderr).toContain("an activity is not read");
  }, 60_000);
});
