import {existsSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {withLock} from "../../pipelines/lock.ts";
import {createLog} from "../../pipelines/log.ts";
import type {PlanRow} from "../../pipelines/plan.ts";
import {folder} from "../warehouse/warehouse-fixture.ts";
import {closing, lines, megaphone, query, userFolder} from "./megaphone.ts";

const asked = `select platform, stream, cast(sum(http_calls) as integer) as http_calls,
    cast(sum(counted_calls) as integer) as counted_calls
  from meta.request where run_id = (select max(run_id) from meta.run) group by all order by all`;

type Asked = Pick<PlanRow, "platform" | "stream" | "http_calls" | "counted_calls">;

function callsOf(rows: readonly PlanRow[]): Asked[] {
  return rows
    .map(({platform, stream, http_calls, counted_calls}) => ({platform, stream, http_calls, counted_calls}))
    .sort((a, b) => (`${a.platform} ${a.stream}` < `${b.platform} ${b.stream}` ? -1 : 1));
}

describe("a plan", () => {
  it.each([
    ["the demo", {}],
    ["a thousand posts", {posts: 1000}]
  ])("of %s is an upper bound before the first night, and exact before the second", async (_title, world) => {
    await using sandbox = await closing(startSandbox({night: "2020-06-20", ...world}));
    using dir = folder();
    const cwd = userFolder(dir.path, sandbox, "report: {periods: []}\n");

    const first = await megaphone(cwd, ["plan", "--json", "--as-of", "2020-06-20"]);
    expect(first).toMatchObject({code: 0, stderr: ""});
    expect(sandbox.requests()).toEqual([]);
    expect(existsSync(join(cwd, "data"))).toBe(false);
    expect((await megaphone(cwd, ["run", "--as-of", "2020-06-20"])).code).toBe(0);
    const before = callsOf(lines<PlanRow>(first));
    const calls = await query<Asked>(cwd, asked);
    expect([...new Set(calls.map(({platform}) => platform))]).toEqual(["facebook", "instagram", "linkedin", "x"]);
    for (const row of calls) {
      const planned = before.find(({platform, stream}) => platform === row.platform && stream === row.stream);
      expect(planned?.http_calls, `${row.platform} ${row.stream}`).toBeGreaterThanOrEqual(row.http_calls);
      expect(planned?.counted_calls, `${row.platform} ${row.stream}`).toBeGreaterThanOrEqual(row.counted_calls);
    }

    sandbox.setNight("2020-06-21");
    sandbox.resetRequests();
    const second = lines<PlanRow>(await megaphone(cwd, ["plan", "--json", "--as-of", "2020-06-21"]));
    expect(sandbox.requests()).toEqual([]);
    expect(second.filter(({bound}) => bound !== "exact")).toEqual([]);
    expect((await megaphone(cwd, ["run", "--as-of", "2020-06-21"])).code).toBe(0);
    expect(await query<Asked>(cwd, asked)).toEqual(callsOf(second));
  });

  it("is exact on a later night too, with posts to look up and a reel that is missing from the feed", async () => {
    await using sandbox = await closing(startSandbox({night: "2020-06-20", posts: 1000}));
    using dir = folder();
    const cwd = userFolder(dir.path, sandbox, "report: {periods: []}\nrefresh: {daily: 60d}\n");
    sandbox.setFaults(["unlisted-reel"]);
    for (const night of ["2020-06-20", "2020-06-26"]) {
      sandbox.setNight(night);
      expect(await megaphone(cwd, ["run", "--as-of", night])).toMatchObject({code: 0});
    }
    const night = "2020-06-27";
    sandbox.setNight(night);
    const planned = lines<PlanRow>(await megaphone(cwd, ["plan", "--json", "--as-of", night]));
    expect(await megaphone(cwd, ["run", "--as-of", night])).toMatchObject({code: 0});
    const calls = await query<Asked>(cwd, asked);
    // How many classes of the audience are to be named is known only when it is read, and the plan says so.
    const isNaming = ({platform, stream}: Asked) => platform === "linkedin" && stream === "audience";
    expect(planned.filter(({bound}) => bound !== "exact")).toEqual(planned.filter(isNaming));
    const isExact = (row: Asked) => !isNaming(row);
    expect(calls.filter(isExact)).toEqual(callsOf(planned).filter(isExact));
    const lookedUp = "select http_calls, counted_calls from meta.request where endpoint = 'batch of /{post}'";
    // The reel each night, and on the last one posts that the listing no longer holds.
    expect(await query(cwd, `${lookedUp} order by run_id`)).toEqual([
      {http_calls: 1, counted_calls: 1},
      {http_calls: 1, counted_calls: 1},
      {http_calls: 1, counted_calls: 27}
    ]);
  }, 60_000);

  it("gives share and cost where the platform documents them, null where it does not, and 0 where it is free", async () => {
    await using sandbox = await closing(startSandbox({night: "2020-06-20"}));
    using dir = folder();
    const cwd = userFolder(dir.path, sandbox);
    const rows = lines<PlanRow>(await megaphone(cwd, ["plan", "--json", "--as-of", "2020-06-20"]));
    const of = (platform: string, stream: string) =>
      rows.find(row => row.platform === platform && row.stream === stream)!;
    expect(of("x", "account")).toEqual({
      account: "IESOGI x",
      platform: "x",
      stream: "account",
      posts: 0,
      http_calls: 1,
      counted_calls: 1,
      quota_share: 1 / 900,
      cost_usd: 0.01,
      bound: "exact"
    });
    // Of X the newest 3,200 posts can be listed, in two windows: with private counters and without.
    expect(of("x", "posts")).toMatchObject({posts: 3200, http_calls: 33, cost_usd: 3.2, bound: "upper"});
    expect(of("x", "posts").quota_share).toBeCloseTo(33 / 900);
    expect(of("facebook", "posts")).toMatchObject({quota_share: null, cost_usd: 0, bound: "upper"});
    expect(of("linkedin", "account")).toMatchObject({quota_share: null, cost_usd: 0, bound: "exact"});

    const ended = await megaphone(cwd, ["plan", "--only", "x", "--as-of", "2020-06-20"]);
    expect(ended.stdout).toBe(
      [
        "account   platform  stream   posts  calls  counted  quota    cost",
        "IESOGI x  x         account      0      1        1  0.1 %  $0.010",
        "IESOGI x  x         posts     3200     33       33  3.7 %   $3.20  at most; not listed yet",
        "all                           3200     34       34          $3.21  at most",
        ""
      ].join("\n")
    );
  });

  it("counts the calls of a member's posts, which no listing gives", async () => {
    await using sandbox = await closing(startSandbox({night: "2020-06-20", only: ["linkedin"]}));
    using dir = folder();
    const [member] = sandbox.otherAccounts;
    const cwd = userFolder(dir.path, {...sandbox, accounts: [member!]}, "report: {periods: []}\n");
    const file = join(cwd, "megaphone.yaml");
    const named = "    posts: [urn:li:share:6574221715046400500]\n    base_url:";
    writeFileSync(file, readFileSync(file, "utf8").replace("    base_url:", named));
    const rows = lines<PlanRow>(await megaphone(cwd, ["plan", "--json", "--as-of", "2020-06-20"]));
    expect(callsOf(rows)).toEqual([
      {platform: "linkedin", stream: "member_account", http_calls: 1, counted_calls: 1},
      {platform: "linkedin", stream: "member_posts", http_calls: 5, counted_calls: 5}
    ]);
    expect(rows.map(({posts, bound}) => [posts, bound])).toEqual([
      [0, "exact"],
      [1, "exact"]
    ]);
    expect((await megaphone(cwd, ["run", "--as-of", "2020-06-20"])).code).toBe(0);
    expect(await query<Asked>(cwd, asked)).toEqual(callsOf(rows));
  });

  it("of a night that begins while another run is under way ends with 4 and says who holds the lock", async () => {
    await using sandbox = await closing(startSandbox({night: "2020-06-20", only: ["x"]}));
    using dir = folder();
    const cwd = userFolder(dir.path, sandbox, "report: {periods: []}\n");
    await megaphone(cwd, ["run", "--as-of", "2020-06-20"]);
    const now = () => new Date("2020-06-21T20:00:00Z");
    const log = createLog({level: "error", quiet: true, isTerminal: false, now, stderr: () => undefined});
    const ended = await withLock(join(cwd, "data"), "run", () => megaphone(cwd, ["plan", "--as-of", "2020-06-21"]), {
      log,
      now
    });
    expect(ended.code).toBe(4);
    expect(ended.stderr).toContain(`another run holds the lock: run, process ${process.pid}`);
  });

  it("loads first what a killed run has landed, as the run would", async () => {
    await using sandbox = await closing(startSandbox({night: "2020-06-20", only: ["x"]}));
    using dir = folder();
    const cwd = userFolder(dir.path, sandbox, "report: {periods: []}\n");
    await megaphone(cwd, ["run", "--as-of", "2020-06-20"]);
    const planned = (await megaphone(cwd, ["plan", "--json", "--as-of", "2020-06-21"])).stdout;
    for (const file of ["warehouse.duckdb", "warehouse.duckdb.wal"]) rmSync(join(cwd, "data", file), {force: true});
    expect((await megaphone(cwd, ["plan", "--json", "--as-of", "2020-06-21"])).stdout).toBe(planned);
  });

  it("is refused a past clock on the live platform, and a stranger in --only", async () => {
    await using sandbox = await closing(startSandbox({night: "2020-06-20", only: ["x"]}));
    using dir = folder();
    const cwd = userFolder(dir.path, sandbox);
    expect(await megaphone(cwd, ["plan", "--only", "y"])).toMatchObject({code: 2, stdout: ""});
    const file = join(cwd, "megaphone.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace(/ {4}base_url: .*\n/, ""));
    const ended = await megaphone(cwd, ["plan", "--as-of", "2020-06-20"]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("reads the live platform");
  });
});
