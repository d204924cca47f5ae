import {once} from "node:events";
import {existsSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {type Sandbox, startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {folder} from "../warehouse/warehouse-fixture.ts";
import {compiled} from "./compiled.ts";
import {closing, copyOf, ended, filesUnder, megaphone, query, start, userFolder} from "./megaphone.ts";

const program = compiled();
afterAll(() => rmSync(program, {recursive: true, force: true}));

const [before, night] = ["2020-06-19", "2020-06-20"];
const run = ["run", "--as-of", night];
const silent = "report: {periods: []}\n";

const home = folder();
const first = join(home.path, "first");
const second = join(home.path, "second");
let sandbox: Sandbox;
let whole: Awaited<ReturnType<typeof ended>>;
let asked: number;
beforeAll(async () => {
  sandbox = await startSandbox({night: before});
  userFolder(first, sandbox, silent);
  expect(await megaphone(first, ["run", "--as-of", before])).toMatchObject({code: 0});
  sandbox.setNight(night);
  copyOf(first, second, "report: {periods: [last-month]}\n");
  sandbox.resetRequests();
  whole = await ended(start(program, second, run));
  asked = sandbox.requests().length;
}, 120_000);
afterAll(async () => {
  await sandbox.close();
  home[Symbol.dispose]();
});

const publishedIn = (cwd: string) => readFileSync(join(cwd, "data", "published", "warehouse.duckdb"));

describe("a night", () => {
  it("reads, publishes and reports", async () => {
    expect(whole).toMatchObject({code: 0});
    const told = /^4 of 4 accounts read, (\d+) calls; report: (.*index\.html)\n$/.exec(whole.stdout);
    expect(existsSync(told![2]!)).toBe(true);
    expect(Number(told![1])).toBe(asked);
    const counted =
      "select sum(http_calls) as calls from meta.request where run_id = (select max(run_id) from meta.run)";
    expect(await query(second, counted)).toEqual([{calls: asked}]);
    expect(await query(second, "select as_of_on, run_id from publish.edition")).toEqual(
      await query(second, `select date '${night}' as as_of_on, max(run_id) as run_id from meta.run`)
    );
  });

  it("leaves an earlier night's landed files as they were", () => {
    const landed = filesUnder(join(first, "data", "landing"));
    for (const file of landed) {
      const earlier = readFileSync(join(first, "data", "landing", file));
      const later = readFileSync(join(second, "data", "landing", file));
      // The manifest and the history of runs go on where they ended.
      if (file.endsWith(".gz")) expect(later.equals(earlier), file).toBe(true);
      else expect(later.subarray(0, earlier.length).equals(earlier), file).toBe(true);
    }
    expect(filesUnder(join(second, "data", "landing")).length).toBeGreaterThan(landed.length);
  });

  it("costs at most 12 calls for 1,000 posts, and at most 3 and the refresh by age on the next one", async () => {
    await using world = await closing(startSandbox({posts: 1000, night: "2020-11-29", only: ["x"]}));
    using dir = folder();
    const cwd = userFolder(dir.path, world, silent);
    expect(await megaphone(cwd, ["run", "--as-of", "2020-11-29"])).toMatchObject({code: 0});
    expect(world.requests().filter(({path}) => path.endsWith("/tweets")).length).toBeLessThanOrEqual(12);
    world.resetRequests();
    world.setNight("2020-11-30");
    expect(await megaphone(cwd, ["run", "--as-of", "2020-11-30"])).toMatchObject({code: 0});
    const lookups = world.requests().filter(({path}) => path === "/x/2/tweets");
    expect(world.requests().length - lookups.length).toBeLessThanOrEqual(3);
    const posts = await query(cwd, "select count(*) as n, count(distinct post_id) as d from mart.post");
    expect(posts).toEqual([{n: 1000, d: 1000}]);
  });

  it("is refused a past clock on the live platform", async () => {
    using dir = folder();
    const cwd = userFolder(dir.path, sandbox);
    const settings = join(cwd, "megaphone.yaml");
    writeFileSync(settings, readFileSync(settings, "utf8").replace(/ {4}base_url: .*\n/, ""));
    const refused = await megaphone(cwd, run);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("reads the live platform");
    // A name of the net that begins like this machine's number.
    writeFileSync(
      settings,
      readFileSync(settings, "utf8").replace(/^( {4}id: .*)$/m, "$1\n    base_url: https://127.example.org")
    );
    expect(await megaphone(cwd, run)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("reads the live platform")
    });
  });
});

describe("two runs at once", () => {
  it("let the second end with 4 and say who holds the lock", async () => {
    const cwd = copyOf(first, join(home.path, "two"));
    const holder = start(program, cwd, run);
    const closed = once(holder, "close");
    await expect.poll(() => existsSync(join(cwd, "data", "run.lock")), {timeout: 30_000, interval: 5}).toBe(true);
    const refused = await megaphone(cwd, run);
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain(`another run holds the lock: run, process ${holder.pid} `);
    expect(await closed).toEqual([0, null]);
  });
});

describe("a token that is no longer accepted", () => {
  const toDo = [
    "make a new one and put it into .env",
    "make a new one (docs/facebook.md) and put it into .env",
    "make a new one (docs/instagram.md) and put it into .env",
    "sign in again (docs/linkedin.md) and put the new token into .env"
  ];

  it("on every platform ends the run with 1, keeps the last good publication and tells what to do", async () => {
    await using world = await closing(startSandbox({night, faults: ["token-expired"]}));
    const cwd = copyOf(first, join(home.path, "none"));
    userFolder(cwd, world, silent);
    expect(await ended(start(program, cwd, run))).toMatchObject({code: 1});
    expect(publishedIn(cwd).equals(publishedIn(first))).toBe(true);
    const {stdout} = await megaphone(cwd, ["status"]);
    for (const advice of toDo) expect(stdout).toContain(advice);
  });

  it("on one platform ends it with 3, and leaves the others' rows and publication as they would have been", async () => {
    await using world = await closing(startSandbox({night, faults: ["facebook:token-expired"]}));
    const cwd = copyOf(first, join(home.path, "three"));
    userFolder(cwd, world, silent);
    expect(await ended(start(program, cwd, run))).toMatchObject({code: 3});
    const others = `select platform, metric, kind, post_id, captured_on, value, status from mart.post_metric
      where platform <> 'facebook' order by all`;
    const rows = await query(cwd, others);
    expect(rows.length).toBeGreaterThan(100);
    expect(rows).toEqual(await query(second, others));
    expect((await megaphone(cwd, ["status"])).stdout).toContain(toDo[1]);
    // What a person must do stands until the account is read again, whatever runs in between.
    for (const between of [["publish"], ["run", "--as-of", night, "--only", "x"]]) {
      expect((await megaphone(cwd, between)).code).toBe(0);
      const {stdout} = await megaphone(cwd, ["status"]);
      expect(stdout).toContain("(facebook): failed");
      expect(stdout).toContain(toDo[1]);
    }
    world.setFaults([]);
    expect((await megaphone(cwd, ["run", "--as-of", night, "--only", "facebook"])).code).toBe(0);
    const {stdout} = await megaphone(cwd, ["status"]);
    expect(stdout).toContain("(facebook): ok");
    expect(stdout).not.toContain(toDo[1]);
  });
});
