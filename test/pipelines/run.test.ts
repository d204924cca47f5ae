import {type ChildProcess, spawn} from "node:child_process";
import {once} from "node:events";
import {mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {faultsOf, type Sandbox, startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {configFor} from "../../pipelines/sandbox.ts";
import {Warehouse} from "../../warehouse/warehouse.ts";
import {folder} from "../warehouse/warehouse-fixture.ts";
import {compiled} from "./compiled.ts";

const program = compiled();
afterAll(() => rmSync(program, {recursive: true, force: true}));

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function start(args: string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, [join(program, "pipelines", "cli.js"), ...args], {
    env: {PATH: process.env.PATH, ...env},
    stdio: ["ignore", "pipe", "pipe"]
  });
}

async function megaphone(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const child = start(args, env);
  let stdout = "";
  let stderr = "";
  child.stdout!.on("data", chunk => (stdout += chunk));
  child.stderr!.on("data", chunk => (stderr += chunk));
  const [code] = (await once(child, "close")) as [number | null];
  return {code, stdout, stderr};
}

/** A user folder whose accounts talk to a sandbox. */
function userFolder(path: string, sandbox: Sandbox): string {
  const {yaml, env} = configFor(sandbox);
  mkdirSync(path, {recursive: true});
  writeFileSync(join(path, ".env"), env, {mode: 0o600});
  const head = "organisation: Test\ntimezone: Europe/Zurich\nreport: {periods: [last-month]}\n";
  writeFileSync(join(path, "megaphone.yaml"), `${head}${yaml}`);
  return join(path, "megaphone.yaml");
}

/** Each mart of a data folder's working warehouse, as one text that is equal when its rows are. */
async function marts(dataDir: string): Promise<Record<string, string>> {
  await using warehouse = await Warehouse.open(join(dataDir, "warehouse.duckdb"));
  const hashes: Record<string, string> = {};
  for (const relation of [
    "mart.post",
    "mart.post_metric",
    "mart.account_metric",
    "mart.post_latest",
    "mart.post_at_age_28",
    "indicator.value"
  ]) {
    const columns = await warehouse.rows<{name: string}>(`select column_name as name from (describe ${relation})`);
    // Each run has an id of its own, and a repeated one a later instant.
    const compared = columns.map(({name}) => name).filter(name => !["post_key", "run_id"].includes(name));
    const row = await warehouse.row<{hash: string}>(
      `select concat(sum(hash(line)), ' ', bit_xor(hash(line)), ' ', count(*)) as hash
       from (select cast((${compared.map(name => `"${name}"`).join(", ")}) as varchar) as line from ${relation})`
    );
    hashes[relation] = row!.hash;
  }
  return hashes;
}

function* filesUnder(path: string): Generator<string> {
  for (const entry of readdirSync(path, {withFileTypes: true})) {
    if (entry.isDirectory()) yield* filesUnder(join(path, entry.name));
    else if (entry.isFile()) yield join(path, entry.name);
  }
}

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({night: "2020-06-20"});
});
afterAll(() => sandbox.close());

describe("a night", () => {
  it("reads, publishes and reports, and the second one adds no reading", async () => {
    using dir = folder();
    const config = userFolder(dir.path, sandbox);
    const first = await megaphone(["run", "--config", config, "--as-of", "2020-06-20"]);
    expect(first).toMatchObject({code: 0});
    expect(first.stdout).toMatch(/4 of 4 accounts read, \d+ calls; report: .*index\.html/);
    const data = join(dir.path, "data");
    const count = ["sql", "--data", data, "select count(*) as n from mart.post_metric", "--format", "csv"];
    const before = await megaphone(count);
    expect((await megaphone(["run", "--config", config, "--as-of", "2020-06-20"])).code).toBe(0);
    expect((await megaphone(count)).stdout).toBe(before.stdout);
  });

  it("costs at most 12 calls for 1,000 posts, and at most 3 and the refresh by age on the next one", async () => {
    await using world = await closing(startSandbox({posts: 1000, night: "2020-11-29", only: ["x"]}));
    using dir = folder();
    const config = userFolder(dir.path, world);
    expect((await megaphone(["run", "--config", config, "--as-of", "2020-11-29"])).code).toBe(0);
    expect(world.requests().filter(({path}) => path.endsWith("/tweets")).length).toBeLessThanOrEqual(12);
    const counted = [
      "sql",
      "--config",
      config,
      "select sum(http_calls) as n from meta.request where run_id = (select max(run_id) from meta.run)",
      "--format",
      "csv"
    ];
    expect((await megaphone(counted)).stdout).toBe(`n\r\n${world.requests().length}\r\n`);
    world.resetRequests();
    world.setNight("2020-11-30");
    expect((await megaphone(["run", "--config", config, "--as-of", "2020-11-30"])).code).toBe(0);
    const lookups = world.requests().filter(({path}) => path === "/x/2/tweets");
    expect(world.requests().length - lookups.length).toBeLessThanOrEqual(3);
    const posts = await megaphone([
      "sql",
      "--config",
      config,
      "select count(*) as n, count(distinct post_id) as d from mart.post",
      "--format",
      "csv"
    ]);
    expect(posts.stdout).toBe("n,d\r\n1000,1000\r\n");
  });

  it("leaves an earlier night's landed files as they were", async () => {
    using dir = folder();
    const config = userFolder(dir.path, sandbox);
    sandbox.setNight("2020-06-19");
    await megaphone(["run", "--config", config, "--as-of", "2020-06-19"]);
    const landing = join(dir.path, "data", "landing");
    const before = new Map([...filesUnder(landing)].map(file => [file, readFileSync(file, "base64")]));
    sandbox.setNight("2020-06-20");
    await megaphone(["run", "--config", config, "--as-of", "2020-06-20"]);
    for (const [file, content] of before) {
      if (file.endsWith(".gz")) expect(readFileSync(file, "base64")).toBe(content);
      else expect(readFileSync(file, "base64").slice(0, 400)).toBe(content.slice(0, 400));
    }
    expect([...filesUnder(landing)].length).toBeGreaterThan(before.size);
  });

  it("is refused a past clock on the live platform", async () => {
    using dir = folder();
    const config = userFolder(dir.path, sandbox);
    writeFileSync(config, readFileSync(config, "utf8").replace(/ {4}base_url: .*\n/, ""));
    const ended = await megaphone(["run", "--config", config, "--as-of", "2020-06-20"]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("reads the live platform");
  });
});

describe("two runs at once", () => {
  it("let the second end with 4 and say who holds the lock", async () => {
    await using slow = await closing(startSandbox({night: "2020-06-20", faults: ["slow-body"]}));
    using dir = folder();
    const config = userFolder(dir.path, slow);
    const first = start(["run", "--config", config, "--as-of", "2020-06-20"]);
    const lock = join(dir.path, "data", "run.lock");
    await expect.poll(() => readOr(lock), {timeout: 10_000}).toContain("pid");
    const second = await megaphone(["run", "--config", config, "--as-of", "2020-06-20"]);
    expect(second.code).toBe(4);
    expect(second.stderr).toContain(String(first.pid));
    const [code] = (await once(first, "close")) as [number];
    expect(code).toBe(0);
  });
});

describe("an expired token", () => {
  it("ends the run with 1, keeps the last good publication and tells what to do", async () => {
    await using world = await closing(startSandbox({night: "2020-06-20", only: ["x"]}));
    using dir = folder();
    const config = userFolder(dir.path, world);
    await megaphone(["run", "--config", config, "--as-of", "2020-06-20"]);
    const published = join(dir.path, "data", "published", "warehouse.duckdb");
    const before = readFileSync(published, "base64");
    world.setFaults(["token-expired"]);
    const ended = await megaphone(["run", "--config", config, "--as-of", "2020-06-21"]);
    expect(ended.code).toBe(1);
    expect(readFileSync(published, "base64")).toBe(before);
    const status = await megaphone(["status", "--config", config]);
    expect(status.stdout).toContain("make a new one and put it into .env");
  });
});

describe("one platform's failure", () => {
  it("ends with 3, and leaves the others' rows and publication as they would have been", async () => {
    await using world = await closing(startSandbox({night: "2020-06-20"}));
    const published: Record<string, string> = {};
    for (const faults of [[], ["facebook:token-expired"]]) {
      using dir = folder();
      const config = userFolder(dir.path, world);
      world.setFaults(faults);
      const ended = await megaphone(["run", "--config", config, "--as-of", "2020-06-20"]);
      expect(ended.code).toBe(faults.length === 0 ? 0 : 3);
      const query = `select platform, metric, kind, post_id, captured_on, value, status from mart.post_metric
        where platform <> 'facebook' order by all`;
      const rows = await megaphone(["sql", "--config", config, query, "--format", "csv"]);
      expect(rows.stdout.split("\n").length).toBeGreaterThan(100);
      published[faults.join()] = rows.stdout;
      const status = await megaphone(["status", "--config", config]);
      if (faults.length > 0) expect(status.stdout).toContain("make a new one (docs/facebook.md) and put it into .env");
    }
    world.setFaults([]);
    expect(published["facebook:token-expired"]).toBe(published[""]);
  });
});

describe("a rebuild", () => {
  it("gives the same marts, under four time zones of the machine", async () => {
    using dir = folder();
    const config = userFolder(dir.path, sandbox);
    for (const night of ["2020-06-18", "2020-06-19", "2020-06-20"]) {
      sandbox.setNight(night);
      await megaphone(["run", "--config", config, "--as-of", night]);
    }
    const data = join(dir.path, "data");
    const nightly = await marts(data);
    for (const TZ of ["UTC", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Auckland"]) {
      const ended = await megaphone(["rebuild", "--config", config], {TZ});
      expect(ended).toMatchObject({code: 0});
      expect(await marts(data), TZ).toEqual(nightly);
    }
  });
});

describe("a killed run", () => {
  it("is taken up by the next one, wherever it was killed", async () => {
    await using world = await closing(startSandbox({night: "2020-06-20"}));
    using whole = folder();
    const config = userFolder(whole.path, world);
    await megaphone(["run", "--config", config, "--as-of", "2020-06-20"]);
    const expected = await marts(join(whole.path, "data"));
    using dir = folder();
    const killed = userFolder(dir.path, world);
    for (let delay = 250; delay < 3000; delay += 250) {
      const child = start(["run", "--config", killed, "--as-of", "2020-06-20"]);
      await new Promise(done => setTimeout(done, delay));
      child.kill("SIGKILL");
      await once(child, "close");
    }
    expect(await megaphone(["run", "--config", killed, "--as-of", "2020-06-20"])).toMatchObject({code: 0});
    expect(await marts(join(dir.path, "data"))).toEqual(expected);
  });
});

describe("secrets", () => {
  it.concurrent.each(["none", ...Object.keys(faultsOf("x"))])(
    "are nowhere after a run with the fault %s",
    async fault => {
      await using world = await closing(
        startSandbox({night: "2020-06-20", only: ["x"], faults: fault === "none" ? [] : [fault]})
      );
      using dir = folder();
      const config = userFolder(dir.path, world);

      const ended = await megaphone(["run", "--config", config, "--as-of", "2020-06-20", "--log-level", "debug"]);
      expect([0, 1, 3]).toContain(ended.code);
      const texts = [
        ended.stdout,
        ended.stderr,
        ...[...filesUnder(join(dir.path, "data"))].map(file => readFileSync(file, "latin1"))
      ];
      for (const secret of world.accounts.flatMap(({auth}) => Object.values(auth))) {
        for (const form of [
          secret,
          encodeURIComponent(secret),
          Buffer.from(secret).toString("base64").replace(/=+$/, "")
        ]) {
          expect(
            texts.some(text => text.includes(form)),
            `${fault}: ${form}`
          ).toBe(false);
        }
      }
    }
  );
});

function readOr(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** A sandbox that closes when it goes out of scope. */
async function closing(starting: Promise<Sandbox>): Promise<Sandbox & AsyncDisposable> {
  const world = await starting;
  return {...world, [Symbol.asyncDispose]: () => world.close()};
}
