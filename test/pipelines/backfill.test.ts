import type {ChildProcess} from "node:child_process";
import {once} from "node:events";
import {existsSync, readFileSync, rmSync} from "node:fs";
import {join} from "node:path";
import {afterAll, describe, expect, it} from "vitest";
import {missing} from "../../connectors/backfill.ts";
import {type Sandbox, startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {folder} from "../warehouse/warehouse-fixture.ts";
import {compiled} from "./compiled.ts";
import {closing, type Ended, lines, megaphone, query, start, userFolder} from "./megaphone.ts";

const night = "2020-06-20";
const year = ["backfill", "--from", "2019-06-01", "--as-of", night];
const days = `select platform, metric, window_days, min(on_date) as first_on, max(on_date) as last_on,
    cast(count(*) as integer) as days, cast(sum(value) as bigint) as total
  from mart.account_metric where on_date < '${night}' group by all order by all`;
const posts = "select platform, cast(count(*) as integer) as posts from mart.post group by all order by all";

type Line = {run_id: string; exit_code: number; note: string | null};

const program = compiled();
afterAll(() => rmSync(program, {recursive: true, force: true}));

/** Waits until the sandbox was asked so many times, or the process has ended. */
async function asked(sandbox: Sandbox, child: ChildProcess, count: number): Promise<void> {
  while (sandbox.requests().length < count && child.exitCode === null) await new Promise(done => setTimeout(done, 2));
}

function userFolderFor(path: string, sandbox: Sandbox): string {
  return userFolder(path, sandbox, "report: {periods: []}\n");
}

describe("a backfill", () => {
  it("reads the past as far as each platform keeps it, and nothing twice", async () => {
    await using sandbox = await closing(startSandbox({night}));
    using dir = folder();
    const cwd = userFolderFor(dir.path, sandbox);
    expect((await megaphone(cwd, ["run", "--as-of", night])).code).toBe(0);
    const planned = (await megaphone(cwd, ["plan", "--json", "--as-of", night])).stdout;
    const seen = await query(cwd, posts);

    const ended = await megaphone(cwd, year);
    expect(ended).toMatchObject({code: 0});
    expect(ended.stderr).toContain(
      "IESOGI instagram account_days: the platform keeps 90 days, so it is read from 2020-03-22 on"
    );
    const found = await query<{platform: string; metric: string; window_days: number; first_on: string; days: number}>(
      cwd,
      days
    );
    const firsts = Object.fromEntries(
      found.filter(({window_days}) => window_days > 0).map(row => [`${row.platform} ${row.metric}`, row])
    );
    expect(firsts["facebook reach"]).toMatchObject({first_on: "2019-06-01", last_on: "2020-06-19", days: 385});
    expect(firsts["instagram reach"]).toMatchObject({first_on: "2020-03-22", last_on: "2020-06-19", days: 90});
    expect(firsts["instagram followers_gained"]).toMatchObject({window_days: 7, days: 12});
    expect(firsts["linkedin impressions"]).toMatchObject({first_on: "2019-06-21", last_on: "2020-06-19", days: 365});
    // The first night had listed every post: now they were read again, with the counters of today.
    expect(await query(cwd, posts)).toEqual(seen);
    expect(await query(cwd, "select distinct captured_on from mart.post_metric")).toEqual([{captured_on: night}]);
    expect((await megaphone(cwd, ["plan", "--json", "--as-of", night])).stdout).toBe(planned);

    sandbox.resetRequests();
    expect((await megaphone(cwd, year)).stdout).toContain("all of it was read before");
    expect(sandbox.requests()).toEqual([]);
    expect(await query(cwd, days)).toEqual(found);
  });

  it("brings posts that the first night has not listed, and reads posts again on another day only", async () => {
    await using sandbox = await closing(startSandbox({night, only: ["x"]}));
    using dir = folder();
    const cwd = userFolderFor(dir.path, sandbox);
    const window = ["backfill", "--from", "2020-01-01", "--to", "2020-03-31", "--as-of"];
    expect((await megaphone(cwd, [...window, night])).code).toBe(0);
    const range = "select min(published_at)::date::varchar as a, max(published_at)::date::varchar as b from mart.post";
    const [span] = await query<{a: string; b: string}>(cwd, range);
    expect(span!.a >= "2020-01-01" && span!.b <= "2020-03-31").toBe(true);
    expect(lines<{bound: string}>(await megaphone(cwd, ["plan", "--json", "--as-of", night])).at(-1)!.bound).toBe(
      "upper"
    );
    sandbox.resetRequests();
    await megaphone(cwd, [...window, night]);
    expect(sandbox.requests()).toEqual([]);
    sandbox.setNight("2020-06-21");
    await megaphone(cwd, [...window, "2020-06-21"]);
    expect(sandbox.requests().length).toBeGreaterThan(0);
  });

  it("that goes on past midnight is of the day on which it began", async () => {
    await using sandbox = await closing(startSandbox({night, only: ["x"]}));
    using dir = folder();
    const cwd = userFolderFor(dir.path, sandbox);
    const clock = () => new Date(`${night}T${sandbox.requests().length === 0 ? "21:50" : "22:10"}:00Z`);
    const window = ["backfill", "--from", "2020-01-01", "--to", "2020-06-19"];
    expect((await megaphone(cwd, window, clock)).code).toBe(0);
    const read = "select captured_on, captured_at::varchar as at from meta.load order by load_key";
    expect(await query(cwd, read)).toEqual([
      {captured_on: night, at: `${night} 21:50:00+00`},
      {captured_on: night, at: `${night} 22:10:00+00`}
    ]);
    // The next one is one of another day, which reads posts again.
    sandbox.resetRequests();
    const next = () => new Date(`${night}T22:30:00Z`);
    expect((await megaphone(cwd, window, next)).code).toBe(0);
    expect(sandbox.requests().length).toBeGreaterThan(0);
  });

  it("goes on where it was killed, however often, and gives the same days as one that was not", async () => {
    await using sandbox = await closing(startSandbox({night}));
    using whole = folder();
    const first = userFolderFor(whole.path, sandbox);
    expect((await megaphone(first, year)).code).toBe(0);
    const expected = [await query(first, days), await query(first, posts)];
    const calls = sandbox.requests().length;

    using dir = folder();
    const cwd = userFolderFor(dir.path, sandbox);
    sandbox.resetRequests();
    let kills = 0;
    for (let count = 30; count <= 110; count += 40) {
      const child = start(program, cwd, year);
      await asked(sandbox, child, count);
      if (child.kill("SIGKILL")) kills += 1;
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    }
    expect(kills).toBe(3);
    expect((await megaphone(cwd, year)).code).toBe(0);
    expect([await query(cwd, days), await query(cwd, posts)]).toEqual(expected);
    // Each kill costs what was under way: a chunk of posts an account at most.
    expect(sandbox.requests().length).toBeLessThanOrEqual(calls + kills * 16);
  });

  it("ends on SIGTERM with what it has, and says so", async () => {
    await using sandbox = await closing(startSandbox({night}));
    using dir = folder();
    const cwd = userFolderFor(dir.path, sandbox);
    const child = start(program, cwd, year);
    await asked(sandbox, child, 40);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([143, null]);
    expect(existsSync(join(cwd, "data", "run.lock"))).toBe(false);
    const ledger = readFileSync(join(cwd, "data", "landing", "runs.ndjson"), "utf8");
    const [run] = lines<Line>({stdout: ledger} as Ended);
    expect(run!.note).toBe("stopped by SIGTERM; what was read is kept, and the next run goes on");
    const before = sandbox.requests().length;
    expect((await megaphone(cwd, year)).code).toBe(0);
    expect(sandbox.requests().length - before).toBeLessThan(133);
  });

  it("lets the other platforms go on where one refuses its token", async () => {
    await using sandbox = await closing(startSandbox({night, faults: ["instagram:token-expired"]}));
    using dir = folder();
    const cwd = userFolderFor(dir.path, sandbox);
    const ended = await megaphone(cwd, year);
    expect(ended.code).toBe(3);
    expect(sandbox.requests().filter(({path}) => path.startsWith("/instagram/"))).toHaveLength(1);
    sandbox.setFaults([]);
    sandbox.resetRequests();
    expect((await megaphone(cwd, year)).code).toBe(0);
    expect(sandbox.requests().filter(({path}) => !path.startsWith("/instagram/"))).toEqual([]);
  });

  it.each([
    [["backfill"], "--from"],
    [["backfill", "--from", "2020-06-20", "--as-of", night], "--from 2020-06-20: expected a day up to 2020-06-19"],
    [["backfill", "--from", "2020-06-01", "--to", night, "--as-of", night], "expected a day before today"]
  ])("refuses %j", async (args, message) => {
    await using sandbox = await closing(startSandbox({night}));
    using dir = folder();
    const ended = await megaphone(userFolderFor(dir.path, sandbox), args);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain(message);
    expect(sandbox.requests()).toEqual([]);
  });
});

describe("what is missing of some days", () => {
  it.each([
    [[], [["01", "10"]]],
    [[["01", "10"]], []],
    [
      [
        ["03", "04"],
        ["04", "06"]
      ],
      [
        ["01", "02"],
        ["07", "10"]
      ]
    ],
    [[["09", "20"]], [["01", "08"]]]
  ] as [string[][], string[][]][])("with %j read is %j", (done, left) => {
    const stretch = ([from, to]: string[]) => ({from: `2020-06-${from}`, to: `2020-06-${to}`});
    expect(missing(stretch(["01", "10"]), done.map(stretch))).toEqual(left.map(stretch));
  });
});
