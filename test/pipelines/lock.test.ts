import {type ChildProcess, spawn} from "node:child_process";
import {createHash} from "node:crypto";
import {once} from "node:events";
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from "node:fs";
import {hostname, tmpdir} from "node:os";
import {join} from "node:path";
import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {LockError} from "../../connectors/lockfile.ts";
import {withLock} from "../../pipelines/lock.ts";
import {createLog} from "../../pipelines/log.ts";
import {compiled} from "./compiled.ts";

let program: string;
const children: ChildProcess[] = [];

beforeAll(() => {
  program = compiled();
});

afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(program, {recursive: true});
});

function dataFolder(): string {
  return mkdtempSync(join(tmpdir(), "megaphone-lock-"));
}

function effects() {
  const lines: string[] = [];
  const now = () => new Date("2020-11-30T01:30:00Z");
  const stderr = (line: string) => lines.push(line);
  return {lines, now, log: createLog({level: "info", quiet: false, isTerminal: false, now, stderr})};
}

const waitLong = `console.log("got it"); await new Promise(done => setTimeout(done, 60_000));`;

/** A process that takes the lock, says what became of it in one line, and does its work. */
function holder(dataDir: string, work = waitLong): ChildProcess & {said: Promise<string>} {
  const script = `
    import {mkdirSync, rmdirSync} from "node:fs";
    import {withLock} from ${JSON.stringify(join(program, "pipelines/lock.js"))};
    const log = {warn: message => console.log("took over")};
    const hold = async stop => { ${work} };
    await withLock(${JSON.stringify(dataDir)}, "run", hold, {log, now: () => new Date()})
      .catch(error => { console.log(error.name); process.exitCode = 4; });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {stdio: ["ignore", "pipe", "inherit"]});
  children.push(child);
  let text = "";
  const said = new Promise<string>(done => {
    child.stdout.on("data", piece => {
      text += piece;
      if (/got it|LockError/.test(text)) done(text.trim().replaceAll("\n", ", "));
    });
    child.on("exit", () => done(text.trim().replaceAll("\n", ", ")));
  });
  return Object.assign(child, {said});
}

describe("the lock", () => {
  it("names its owner while the work goes on, and is gone afterwards", async () => {
    const dataDir = dataFolder();
    const file = join(dataDir, "run.lock");
    const result = await withLock(
      dataDir,
      "import",
      async () => {
        expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
          pid: process.pid,
          host: hostname(),
          started_at: "2020-11-30T01:30:00.000Z",
          command: "import"
        });
        expect(statSync(file).mode & 0o777).toBe(0o600);
        expect(readdirSync(dataDir)).toEqual(["run.lock"]);
        return 7;
      },
      effects()
    );
    expect(result).toBe(7);
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it("is gone after work that fails", async () => {
    const dataDir = dataFolder();
    const work = () => Promise.reject(new Error("failed"));
    await expect(withLock(dataDir, "run", work, effects())).rejects.toThrow("failed");
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it("refuses a second owner and says who holds it, since when", async () => {
    const dataDir = dataFolder();
    const first = holder(dataDir);
    expect(await first.said).toBe("got it");
    const held = JSON.parse(readFileSync(join(dataDir, "run.lock"), "utf8")) as {started_at: string};
    const error = await withLock(dataDir, "run", async () => undefined, effects()).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LockError);
    expect((error as Error).message).toBe(
      `another run holds the lock: run, process ${first.pid} on ${hostname()}, since ${held.started_at}; wait for it to end`
    );
    expect(existsSync(join(dataDir, "run.lock"))).toBe(true);
  });

  it("is removed on SIGTERM and on SIGINT, which end the process", async () => {
    for (const [signal, code] of [
      ["SIGTERM", 143],
      ["SIGINT", 130]
    ] as const) {
      const dataDir = dataFolder();
      const child = holder(dataDir);
      await child.said;
      child.kill(signal);
      expect(await once(child, "exit")).toEqual([code, null]);
      expect(readdirSync(dataDir)).toEqual([]);
    }
  });

  it("lets work that listens to the signal come to its end, once; a second signal ends it", async () => {
    const ending = `
      console.log("got it");
      await new Promise(done => { stop.addEventListener("abort", () => setTimeout(done, DELAY)); setTimeout(done, 60_000); });
      mkdirSync(FOLDER);`;
    for (const [delay, signals, isWhole] of [
      [50, [0], true],
      [50, [0, 10], true],
      [60_000, [0, 1200], false]
    ] as const) {
      const dataDir = dataFolder();
      const made = join(dataDir, "made");
      const child = holder(dataDir, ending.replace("DELAY", String(delay)).replace("FOLDER", JSON.stringify(made)));
      await child.said;
      const exited = once(child, "exit");
      for (const wait of signals) {
        await new Promise(done => setTimeout(done, wait));
        child.kill("SIGINT");
      }
      expect(await exited).toEqual([130, null]);
      expect(readdirSync(dataDir)).toEqual(isWhole ? ["made"] : []);
    }
  });

  it("of a killed process is taken over, and that is reported", async () => {
    const dataDir = dataFolder();
    const child = holder(dataDir);
    await child.said;
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(readdirSync(dataDir)).toEqual(["run.lock"]);
    const {lines, ...rest} = effects();
    await withLock(dataDir, "transform", async () => undefined, rest);
    expect(lines.join("")).toMatch(
      new RegExp(`warn +took over the lock of a run that is no longer alive pid=${child.pid} .*command=run`)
    );
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it("of a dead process is taken over by exactly one of many that race for it", async () => {
    for (let round = 0; round < 3; round++) {
      const dataDir = dataFolder();
      const dead = holder(dataDir);
      await dead.said;
      dead.kill("SIGKILL");
      await once(dead, "exit");
      const racers = Array.from({length: 6}, () => holder(dataDir));
      const said = await Promise.all(racers.map(racer => racer.said));
      expect(said.toSorted()).toEqual([...Array(5).fill("LockError"), "took over, got it"]);
      for (const racer of racers) racer.kill("SIGKILL");
    }
  });

  it("is never held by two, however often it changes hands", async () => {
    const dataDir = dataFolder();
    const inside = JSON.stringify(join(dataDir, "inside"));
    const enterAlone = `mkdirSync(${inside}); console.log("got it"); await new Promise(done => setTimeout(done, 5));`;
    const racers = Array.from({length: 8}, () => holder(dataDir, `${enterAlone} rmdirSync(${inside});`));
    const said = await Promise.all(racers.map(racer => racer.said));
    expect(said).toContain("got it");
    expect(said.filter(word => word !== "got it" && word !== "LockError")).toEqual([]);
    await Promise.all(racers.map(racer => racer.exitCode ?? once(racer, "exit")));
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it("of a process whose number was given out again is taken over", async () => {
    const dataDir = dataFolder();
    const owner = {pid: process.pid, host: hostname(), started_at: "2020-11-29T01:30:00Z", command: "run"};
    writeFileSync(join(dataDir, "run.lock"), JSON.stringify({...owner, process_start: "another-boot:1"}));
    const {lines, ...rest} = effects();
    await withLock(dataDir, "run", async () => undefined, rest);
    expect(lines.join("")).toMatch(/took over/);
  });

  it("of another host stands, and the message says what to do", async () => {
    const dataDir = dataFolder();
    const owner = {pid: 1, host: "elsewhere", started_at: "2020-11-29T01:30:00Z", command: "run", process_start: null};
    const file = join(dataDir, "run.lock");
    writeFileSync(file, JSON.stringify(owner));
    await expect(withLock(dataDir, "run", async () => undefined, effects())).rejects.toThrow(
      `run, process 1 on elsewhere, since 2020-11-29T01:30:00Z; wait for it to end, or remove ${file} if it no longer runs there`
    );
  });

  it("that a power cut left empty is taken over", async () => {
    const dataDir = dataFolder();
    writeFileSync(join(dataDir, "run.lock"), "");
    expect(await withLock(dataDir, "run", async () => "done", effects())).toBe("done");
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it("whose takeover was cut off in the middle is taken over all the same", async () => {
    const dataDir = dataFolder();
    const dead = holder(dataDir);
    await dead.said;
    dead.kill("SIGKILL");
    await once(dead, "exit");
    // The claim that a taker holds while it replaces the lock, left by one that was killed just then.
    const held = readFileSync(join(dataDir, "run.lock"), "utf8");
    writeFileSync(join(dataDir, `run.lock.${createHash("sha256").update(held).digest("hex").slice(0, 16)}`), held);
    expect(await withLock(dataDir, "run", async () => "done", effects())).toBe("done");
    expect(readdirSync(dataDir)).toEqual([]);
  });
});
