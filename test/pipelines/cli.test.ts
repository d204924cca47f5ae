import {type ChildProcess, spawn} from "node:child_process";
import {once} from "node:events";
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {Readable} from "node:stream";
import {text} from "node:stream/consumers";
import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {AuthError, ConfigError} from "../../connectors/errors.ts";
import {type Effects, main} from "../../pipelines/cli.ts";
import type {Context} from "../../pipelines/context.ts";
import {withLock} from "../../pipelines/lock.ts";
import {LandingError} from "../../warehouse/landing.ts";
import {Warehouse} from "../../warehouse/warehouse.ts";
import {compiled} from "./compiled.ts";

type Work = (context: Context, options: Record<string, unknown>) => Promise<number>;

function folder(): string {
  return mkdtempSync(join(tmpdir(), "megaphone-cli-"));
}

/** Runs the command line with a command's work replaced. */
async function call(args: string[], work: Work = async () => 0, cwd = folder()) {
  const seen: {name?: string; options?: Record<string, unknown>; out: string; err: string} = {out: "", err: ""};
  const effects: Effects = {
    cwd,
    env: {},
    now: () => new Date("2020-11-30T01:30:00Z"),
    stdin: Readable.from([]),
    stdout: piece => {
      seen.out += piece;
    },
    stderr: piece => {
      seen.err += piece;
    },
    terminal: {stdin: false, stdout: false, stderr: true},
    load: async name => ({
      [name]: async (context: Context, options: Record<string, unknown>) => {
        seen.name = name;
        seen.options = options;
        return work(context, options);
      }
    })
  };
  const code = await main(args, effects);
  return {...seen, code};
}

describe("the command line", () => {
  const cases: [string, string, string, Record<string, unknown>][] = [
    ["demo", "demo", "demo", {out: "./demo", serve: false}],
    ["demo with its options", "demo --out d --serve", "demo", {out: "d", serve: true}],
    ["check", "check", "check", {}],
    ["check with its options", "check --only x --as-of 2020-11-30", "check", {only: ["x"], asOf: "2020-11-30"}],
    ["plan", "plan", "plan", {}],
    ["plan with its options", "plan --only x --as-of 2020-11-30", "plan", {only: ["x"], asOf: "2020-11-30"}],
    ["backfill", "backfill --from 2019-08-31", "backfill", {from: "2019-08-31"}],
    [
      "backfill with its options",
      "backfill --from 2019-08-31 --to 2019-12-31 --only x,ours --as-of 2020-11-30",
      "backfill",
      {from: "2019-08-31", to: "2019-12-31", only: ["x", "ours"], asOf: "2020-11-30"}
    ],
    ["run", "run", "run", {}],
    ["run with its options", "run --only x,ours --as-of 2020-11-30", "run", {only: ["x", "ours"], asOf: "2020-11-30"}],
    ["import", "import a.csv b", "import", {paths: ["a.csv", "b"], dryRun: false}],
    [
      "import with its options",
      "import a --account ours --timezone UTC --year 2020 --dry-run",
      "import",
      {paths: ["a"], account: "ours", timezone: "UTC", year: 2020, dryRun: true}
    ],
    ["transform", "transform", "transform", {}],
    ["publish", "publish", "publish", {}],
    ["report", "report", "report", {edition: "team", format: ["html", "svg", "png", "csv"]}],
    [
      "report with its options",
      "report --edition public --period 2020-Q3 --campaign c --lang en,es --format html,png --out o",
      "report",
      {edition: "public", period: "2020-Q3", campaign: "c", lang: ["en", "es"], format: ["html", "png"], out: "o"}
    ],
    ["sql", "sql", "sql", {edition: "team", timeLimit: 600, memoryLimit: "1GB"}],
    [
      "sql with its options",
      "sql --file f --edition public --format csv -o out --time-limit 5 --memory-limit 512MB --threads 1",
      "sql",
      {edition: "public", file: "f", format: "csv", output: "out", timeLimit: 5, memoryLimit: "512MB", threads: 1}
    ],
    ["status", "status", "status", {}],
    ["rebuild", "rebuild", "rebuild", {}],
    ["sandbox", "sandbox", "sandbox", {port: 4010, fault: []}],
    [
      "sandbox with its options",
      "sandbox --port 0 --posts 9 --night 2020-01-31 --fault a --fault b --config-out c",
      "sandbox",
      {port: 0, posts: 9, night: "2020-01-31", fault: ["a", "b"], configOut: "c"}
    ]
  ];
  it.each(cases)("hands on %s", async (_title, line, name, options) => {
    const result = await call(line.split(" "));
    expect(result).toMatchObject({code: 0, name, out: "", err: ""});
    expect(result.options).toEqual(options);
  });

  it("takes the global options before and after the command", async () => {
    for (const args of [
      ["--data", "d", "--json", "sql", "select 1", "--format", "csv"],
      ["sql", "select 1", "--format", "csv", "--data", "d", "--json"]
    ]) {
      const cwd = folder();
      const result = await call(
        args,
        async context => {
          const settings = await context.settings({required: false, secrets: false});
          expect(settings.dataDir).toBe(join(cwd, "d"));
          expect(context).toMatchObject({json: true, quiet: false, cwd});
          return 3;
        },
        cwd
      );
      expect(result).toMatchObject({code: 3, options: {query: "select 1", format: "csv"}});
    }
  });

  it("tells the log which values to hide once the settings are read", async () => {
    const cwd = folder();
    writeFileSync(
      join(cwd, "megaphone.yaml"),
      `accounts:\n  - { platform: x, id: "1", name: ours, auth: { token: "\${T}" } }\n`
    );
    writeFileSync(join(cwd, ".env"), "T=canary-secret\n", {mode: 0o644});
    const work: Work = async context => {
      await context.settings({required: true, secrets: true});
      throw new AuthError("ours posts: canary-secret was refused");
    };
    const result = await call(["run"], work, cwd);
    expect(result.code).toBe(1);
    expect(result.err).toBe(
      `warning: ${cwd}/.env can be read by others on this machine; chmod 600 it\nerror: ours posts: [secret] was refused\n`
    );
  });

  it("has help with an example for every command", async () => {
    const {out} = await call(["--help"]);
    const names = ["demo", "run", "import", "transform", "publish", "report", "sql", "status", "rebuild", "sandbox"];
    for (const name of names) {
      expect(out).toMatch(new RegExp(`^  ${name} `, "m"));
      const help = await call([name, "--help"]);
      expect(help.code).toBe(0);
      expect(help.out).toContain(`Example:\n  $ npx megaphone ${name}`);
      expect(help.out).toContain("--data <dir>");
    }
  });

  it("says its version", async () => {
    const {version} = JSON.parse(readFileSync(join(import.meta.dirname, "..", "..", "package.json"), "utf8"));
    expect(await call(["--version"])).toMatchObject({code: 0, out: `${version}\n`, err: ""});
  });

  const misuses: [string, string[], string][] = [
    ["no command", [], "Usage: megaphone"],
    ["an unknown command", ["reprot"], "unknown command 'reprot'\n(Did you mean report?)"],
    ["an unknown option", ["run", "--onyl", "x"], "unknown option '--onyl'\n(Did you mean --only?)"],
    ["a word too many", ["status", "now"], "too many arguments for 'status'"],
    ["no file to import", ["import"], "missing required argument 'paths'"],
    ["a date that there is not", ["run", "--as-of", "2020-02-30"], "Expected a date, such as 2020-11-30."],
    ["an unknown format", ["sql", "--format", "xml"], "Allowed choices are table, csv"],
    ["a number that is none", ["sandbox", "--posts", "0"], "Expected a whole number from 1."],
    ["an unknown level", ["--log-level", "loud", "status"], "Allowed choices are debug"]
  ];
  it.each(misuses)("refuses %s with exit code 2", async (_title, args, message) => {
    const result = await call(args);
    expect(result).toMatchObject({code: 2, out: ""});
    expect(result.err).toContain(message);
    expect(result.name).toBeUndefined();
  });

  it("gives the exit code that belongs to an error", async () => {
    const failing = (error: Error) => call(["run"], () => Promise.reject(error));
    expect(await failing(new ConfigError("wrong key"))).toMatchObject({code: 2, err: "error: wrong key\n"});
    expect(await failing(new AuthError("refused"))).toMatchObject({code: 1, err: "error: refused\n"});
    expect(await failing(new TypeError("x is undefined"))).toMatchObject({
      code: 1,
      err: "error: this is a bug in megaphone: x is undefined\nerror: --log-level debug shows where it happened\n"
    });
    const debug = await call(["run", "--log-level", "debug"], () => Promise.reject(new TypeError("x is undefined")));
    expect(debug.err).toMatch(/TypeError: x is undefined\n {6}at /);
  });

  it("tells a fault of the machine from a bug, and what to do", async () => {
    const plain = join(folder(), "plain");
    writeFileSync(plain, "");
    const below = () => Promise.resolve(mkdirSync(join(plain, "data"), {recursive: true})).then(() => 0);
    expect(await call(["run"], async () => below())).toMatchObject({
      code: 1,
      err: `error: ${join(plain, "data")}: there is a file above it where a folder is wanted; name another folder\n`
    });
    const full = Object.assign(new Error("ENOSPC: no space left on device, write"), {code: "ENOSPC"});
    expect(await call(["run"], () => Promise.reject(full))).toMatchObject({
      code: 1,
      err: "error: the disk is full; make room, then do it again\n"
    });
    const database = new Error('IO Error: Could not write file "w.duckdb": No space left on device');
    expect((await call(["run"], () => Promise.reject(database))).err).toBe(
      "error: the disk is full; make room, then do it again\n"
    );
    const broken = new LandingError("manifest.ndjson line 2: the chain is broken");
    expect((await call(["run"], () => Promise.reject(broken))).err).toBe(`error: ${broken.message}\n`);
  });

  it("gives 4 when another run holds the lock, and says which", async () => {
    const dataDir = folder();
    const work: Work = context => withLock(dataDir, "run", async () => 0, context);
    const second = await withLock(dataDir, "import", () => call(["run"], work), {
      now: () => new Date("2020-11-30T01:00:00Z"),
      log: {warn: () => undefined} as unknown as Context["log"]
    });
    expect(second.code).toBe(4);
    expect(second.err).toMatch(
      new RegExp(`another run holds the lock: import, process ${process.pid} on .*, since 2020-11-30T01:00:00.000Z`)
    );
  });
});

describe("the program", () => {
  let program: string;
  let cwd: string;

  beforeAll(async () => {
    program = compiled();
    cwd = folder();
    mkdirSync(join(cwd, "data", "published"), {recursive: true});
    await using warehouse = await Warehouse.open(join(cwd, "data", "published", "warehouse.duckdb"));
    await warehouse.exec("create schema publish; create table publish.post as select range as i from range(200000)");
  });

  afterAll(() => rmSync(program, {recursive: true}));

  function start(...args: string[]): ChildProcess {
    return spawn(process.execPath, [join(program, "pipelines/cli.js"), ...args], {cwd, stdio: "pipe"});
  }

  async function run(...args: string[]) {
    const child = start(...args);
    child.stdin!.end();
    const [out, err, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, "exit")]);
    return {out, err, code: code as number | null};
  }

  it("answers a query on stdout, with nothing else in it", async () => {
    const query = "select count(*) as n from publish.post";
    expect(await run("--data", "data", "sql", query, "--format", "csv")).toEqual({
      out: "n\r\n200000\r\n",
      err: "",
      code: 0
    });
  });

  it("fails a wrong query with 1, and wrong usage with 2", async () => {
    expect(await run("sql", "selec 1", "--data", "data")).toMatchObject({code: 1, out: ""});
    expect(await run("sql", "select 1")).toMatchObject({code: 2, out: ""});
    expect(await run("sql", "--data", "data")).toMatchObject({code: 2, out: ""});
  });

  it("ends quietly when nobody reads on", async () => {
    const child = start("sql", "from publish.post", "--data", "data", "--format", "ndjson");
    const err = text(child.stderr!);
    child.stdout!.once("data", () => child.stdout!.destroy());
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(await err).toBe("");
  });

  it("stops a query on Ctrl-C with 130", async () => {
    const child = start("sql", "select count(*) from range(1000000000000) a, range(1000) b", "--data", "data");
    const timer = setInterval(() => child.kill("SIGINT"), 700); // the first may come before anything listens
    const [code, signal] = await once(child, "exit");
    clearInterval(timer);
    expect(code === 130 || signal === "SIGINT").toBe(true);
  });

  it("makes files for its user alone, whatever the umask was", async () => {
    expect(await run("sql", "select 1", "--data", "data", "--format", "arrow", "-o", "out.arrow")).toMatchObject({
      code: 0
    });
    expect(statSync(join(cwd, "out.arrow")).mode & 0o777).toBe(0o600);
  });

  it("lets no query log into a file", async () => {
    const before = readdirSync(cwd, {recursive: true});
    const query = `call enable_logging(storage = 'file', storage_config = {'path': '${cwd}/logs'}); select 1; select 2`;
    expect((await run("sql", query, "--data", "data")).code).not.toBe(0);
    expect(readdirSync(cwd, {recursive: true})).toEqual(before);
  });
});
