import {spawn} from "node:child_process";
import {once} from "node:events";
import {appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {Readable} from "node:stream";
import {createTask} from "node-cron";
import {afterAll, afterEach, beforeAll, describe, expect, it, vi} from "vitest";
import {startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {main} from "../../pipelines/cli.ts";
import {createLog} from "../../pipelines/log.ts";
import {beginRun, type Run} from "../../pipelines/record.ts";
import {configFor} from "../../pipelines/sandbox.ts";
import {
  createScheduler,
  dueSlot,
  type Ended,
  keepSchedule,
  type ScheduleEffects,
  slotsOf,
  triedRuns
} from "../../pipelines/schedule.ts";
import {readStatus, type Status, writeStatus} from "../../pipelines/status.ts";
import {compiled} from "./compiled.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const nightly = "30 1 * * *";

function dataFolder(): string {
  return mkdtempSync(join(tmpdir(), "megaphone-schedule-"));
}

function at(text: string): Date {
  return new Date(`${text}Z`);
}

/** Appends a run to the ledger, as every run does when it ends. */
function record(dataDir: string, startedAt: Date, facts: Partial<Run> = {}): void {
  mkdirSync(join(dataDir, "landing"), {recursive: true});
  appendFileSync(
    join(dataDir, "landing", "runs.ndjson"),
    `${JSON.stringify({...beginRun("run", startedAt), exit_code: 0, ...facts})}\n`
  );
}

function ledger(dataDir: string): Run[] {
  const file = join(dataDir, "landing", "runs.ndjson");
  return existsSync(file)
    ? readFileSync(file, "utf8")
        .trim()
        .split("\n")
        .map(line => JSON.parse(line) as Run)
    : [];
}

function status(startedAt: string): Status {
  return {
    run: {run_id: "1", command: "run", started_at: startedAt, ended_at: null, exit_code: 0, summary: "good"},
    accounts: [{account: "ours", platform: "x", state: "ok", last_success_at: null, message: null, action: null}],
    freshness: [],
    rejected: 2,
    rejections: [],
    failed_checks: [],
    next_run_at: null
  };
}

/** A scheduler on a clock that the test sets, whose runs end as `run` says and are in the ledger unless it failed early. */
function scheduled(dataDir: string, clock: {now: Date}, run?: () => Promise<Ended>, schedule = nightly) {
  const lines: string[] = [];
  const now = () => clock.now;
  const effects = {
    now,
    log: createLog({level: "info", quiet: false, isTerminal: false, now, stderr: line => lines.push(line)}),
    settings: async () => ({dataDir, schedule}),
    run:
      run ??
      (async () => {
        record(dataDir, clock.now);
        return {exitCode: 0, message: ""};
      })
  } satisfies Omit<ScheduleEffects, "stop">;
  return {...createScheduler({dataDir, schedule}, effects), effects, lines};
}

describe("the slots of a cron expression", () => {
  it("are node-cron's, in UTC, whatever the machine's zone is", () => {
    for (const expression of [
      nightly,
      "0 6 1-7 * 1",
      "*/20 5,17 * * MON-FRI",
      "0 0 L * *",
      "@weekly",
      "15 30 4 * * *"
    ]) {
      for (const zone of ["UTC", "Europe/Zurich", "Pacific/Auckland"]) {
        vi.stubEnv("TZ", zone);
        const task = createTask(expression, () => undefined, {timezone: "UTC"});
        const slots = slotsOf(expression);
        const [first, second, third] = task.getNextRuns(3) as [Date, Date, Date];
        task.destroy();
        expect(slots.after(new Date()), expression).toEqual(first);
        expect(slots.after(first), expression).toEqual(second);
        expect(slots.upTo(third), expression).toEqual(third);
        expect(slots.upTo(new Date(third.getTime() - 1)), expression).toEqual(second);
      }
    }
    vi.unstubAllEnvs();
  });

  it("reach back over years for a day that is rare", () => {
    expect(slotsOf("0 0 29 2 *").upTo(at("2020-02-28T12:00"))).toEqual(at("2016-02-29T00:00"));
  });
});

describe("a run is due", () => {
  const slots = slotsOf(nightly);
  const cases: [string, string, string[], string | undefined][] = [
    ["from its instant on", "2020-11-30T01:30", ["2020-11-29T01:30"], "2020-11-30T01:30"],
    ["not before it", "2020-11-30T01:29:59.999", ["2020-11-29T01:30"], undefined],
    ["where none was ever tried", "2020-11-30T14:00", [], "2020-11-30T01:30"],
    ["not when it was tried, by whomever", "2020-11-30T20:00", ["2020-11-30T14:00"], undefined],
    ["once after a week", "2020-11-30T14:00", ["2020-11-23T01:30"], "2020-11-30T01:30"],
    [
      "not again when the clock was set back over it",
      "2020-11-30T00:45",
      ["2020-11-29T01:30", "2020-11-30T01:30"],
      undefined
    ],
    ["nor when its night was made up late before that", "2020-11-30T00:45", ["2020-11-30T01:40"], undefined],
    [
      "nor a week later on the clock of before",
      "2020-11-23T14:00",
      ["2020-11-23T01:30", "2020-11-30T01:30"],
      undefined
    ],
    [
      "although a run was stamped by a clock ten years ahead",
      "2020-11-30T01:30",
      ["2030-11-30T01:30"],
      "2020-11-30T01:30"
    ]
  ];
  it.each(cases)("%s", (_title, now, tries, slot) => {
    expect(dueSlot(slots, at(now), tries.map(at))).toEqual(slot === undefined ? undefined : at(slot));
  });

  it("by what the ledger says of nights that read all accounts and were not stopped", () => {
    const dataDir = dataFolder();
    record(dataDir, at("2020-11-29T01:30"), {exit_code: 143});
    record(dataDir, at("2020-11-29T01:40"), {exit_code: 130});
    record(dataDir, at("2020-11-29T01:50"), {only: ["x"]});
    expect(triedRuns(dataDir)).toEqual([]);
    record(dataDir, at("2020-11-29T02:00"), {only: null, exit_code: 1});
    expect(triedRuns(dataDir)).toEqual([at("2020-11-29T02:00")]);
  });

  it("by what the ledger says of `run` alone, also when its last line was cut off", () => {
    const dataDir = dataFolder();
    expect(triedRuns(dataDir)).toEqual([]);
    record(dataDir, at("2020-11-29T01:30"));
    record(dataDir, at("2020-11-30T12:00"), {command: "import"});
    appendFileSync(join(dataDir, "landing", "runs.ndjson"), '{"run_id":"2020","requests":[{"calls":{}}');
    expect(triedRuns(dataDir)).toEqual([at("2020-11-29T01:30")]);
  });
});

describe("400 days", () => {
  it("have one run a night, with two changes of summer time, clocks that jump and three outages", {
    timeout: 60_000
  }, async () => {
    vi.stubEnv("TZ", "Europe/Zurich");
    const start = at("2020-01-01T00:00");
    const dataDir = dataFolder();
    record(dataDir, at("2019-12-31T01:30"));
    const outages = [
      {from: at("2020-05-10T23:00"), to: at("2020-05-11T09:30"), nights: 1},
      {from: at("2020-07-01T20:00"), to: at("2020-07-03T08:00"), nights: 2},
      {from: at("2020-09-01T12:00"), to: at("2020-09-08T12:00"), nights: 7}
    ];
    const jumps = [
      {when: at("2020-06-15T02:00"), by: -hour}, // over the night's instant, after its run
      {when: at("2020-06-20T02:00"), by: -7 * day},
      {when: at("2020-10-20T00:30"), by: 2 * hour}
    ];
    const clock = {now: start};
    const begin = () => scheduled(dataDir, clock);
    let scheduler: ReturnType<typeof begin> | undefined = begin();
    await scheduler.beat();
    while (clock.now < new Date(start.getTime() + 400 * day)) {
      clock.now = new Date(clock.now.getTime() + 30 * minute);
      const [jump] = jumps;
      if (jump !== undefined && clock.now >= jump.when) {
        clock.now = new Date(clock.now.getTime() + jump.by);
        jumps.shift();
      }
      if (outages.some(({from, to}) => clock.now >= from && clock.now < to)) {
        scheduler = undefined;
        continue;
      }
      scheduler ??= begin();
      if (clock.now.toISOString().slice(11, 16) === "01:30") await Promise.all([scheduler.tick(), scheduler.tick()]);
      await scheduler.beat();
    }
    const slots = slotsOf(nightly);
    const runs = new Map<string, number>();
    for (const run of triedRuns(dataDir).slice(1)) {
      const slot = slots.upTo(run).toISOString();
      runs.set(slot, (runs.get(slot) ?? 0) + 1);
    }
    let missed = 0;
    for (let slot = slots.after(start); slot < clock.now; slot = slots.after(slot)) {
      const outage = outages.find(({from, to}) => slot >= from && slot < to);
      const isCaughtUp = outage !== undefined && slots.after(slot) > outage.to;
      expect(runs.get(slot.toISOString()) ?? 0, slot.toISOString()).toBe(outage && !isCaughtUp ? 0 : 1);
      if (outage && !isCaughtUp) missed += 1;
    }
    expect(missed).toBe(0 + 1 + 6);
    expect([...runs.values()].reduce((sum, count) => sum + count, 0)).toBe(400 - missed);
    vi.unstubAllEnvs();
  });
});

describe("the scheduler", () => {
  const night = () => ({now: at("2020-11-30T01:30")});

  it("skips a tick during a run, says so, and does not make it up", async () => {
    const clock = {now: at("2020-11-30T01:00")};
    const dataDir = dataFolder();
    let finish: () => void = () => undefined;
    let count = 0;
    const run = async () => {
      count += 1;
      const startedAt = clock.now;
      await new Promise<void>(done => {
        finish = done;
      });
      record(dataDir, startedAt);
      return {exitCode: 0, message: ""};
    };
    const scheduler = scheduled(dataDir, clock, run, "0 * * * *");
    const first = scheduler.tick();
    await vi.waitFor(() => expect(count).toBe(1));
    void scheduler.tick(); // the beat may come before the tick of the same instant
    void scheduler.beat();
    clock.now = at("2020-11-30T02:00");
    void scheduler.beat();
    void scheduler.tick();
    expect(count).toBe(1);
    finish();
    await first;
    await scheduler.beat();
    expect(count).toBe(1);
    expect(scheduler.lines.filter(line => line.includes("skipped"))).toEqual([
      "02:00:00 warn  a run is still under way; the next one is skipped night=2020-11-30T02:00:00.000Z\n"
    ]);
    clock.now = at("2020-11-30T03:00");
    const second = scheduler.tick();
    await vi.waitFor(() => expect(count).toBe(2));
    finish();
    await second;
  });

  it("tries again a minute later while another process holds the lock, unless that one was the run", async () => {
    const clock = night();
    const dataDir = dataFolder();
    const codes = [4, 4, 0];
    let count = 0;
    const scheduler = scheduled(dataDir, clock, async () => ({exitCode: codes[count++]!, message: ""}));
    await scheduler.tick();
    clock.now = at("2020-11-30T01:31");
    await scheduler.beat();
    expect(scheduler.lines.filter(line => line.includes("another run holds the lock"))).toHaveLength(2);
    record(dataDir, at("2020-11-30T01:30:30"));
    clock.now = at("2020-11-30T01:32");
    await scheduler.beat();
    expect(count).toBe(2);
  });

  it("goes on after a run that failed, and tries that night no more", async () => {
    const clock = night();
    const dataDir = dataFolder();
    let count = 0;
    const scheduler = scheduled(dataDir, clock, async () => {
      count += 1;
      if (count === 1) throw new Error("no such program");
      return {exitCode: 1, message: "every account failed"};
    });
    for (const now of ["2020-11-30T01:30", "2020-11-30T01:31", "2020-12-01T01:30", "2020-12-01T01:31"]) {
      clock.now = at(now);
      await scheduler.beat();
    }
    expect(count).toBe(2);
    expect(readStatus(dataDir)?.run).toMatchObject({exit_code: 1, summary: "every account failed"});
  });

  it("says in the status what a run could not say itself, and keeps what is known of the accounts", async () => {
    const clock = night();
    const dataDir = dataFolder();
    const before = status("2020-11-29T01:30:00.000Z");
    writeStatus(dataDir, before);
    const message = "megaphone.yaml line 2, timezon: unknown key; did you mean timezone?";
    const scheduler = scheduled(dataDir, clock, async () => ({exitCode: 2, message}));
    await scheduler.tick();
    expect(readStatus(dataDir)).toMatchObject({
      run: {command: "run", started_at: "2020-11-30T01:30:00.000Z", exit_code: 2, summary: message},
      accounts: before.accounts,
      next_run_at: "2020-12-01T01:30:00.000Z"
    });
  });

  it("leaves the status of a run that said itself how it failed", async () => {
    const clock = night();
    const dataDir = dataFolder();
    const own = {...status("2020-11-30T01:30:00.100Z"), failed_checks: []};
    const scheduler = scheduled(dataDir, clock, async () => {
      writeStatus(dataDir, own);
      return {exitCode: 1, message: "a check failed"};
    });
    await scheduler.tick();
    expect(readStatus(dataDir)).toEqual({...own, next_run_at: "2020-12-01T01:30:00.000Z"});
  });

  it("writes the next run into the status again after another command has replaced it, and none at its end", async () => {
    const clock = {now: at("2020-11-30T12:00")};
    const dataDir = dataFolder();
    record(dataDir, at("2020-11-30T01:30"));
    const imported = status("2020-11-30T11:00:00.000Z");
    writeStatus(dataDir, imported);
    const scheduler = scheduled(dataDir, clock);
    writeFileSync(join(dataDir, "run.lock"), "somebody's");
    await scheduler.beat();
    expect(readStatus(dataDir)).toEqual(imported);
    rmSync(join(dataDir, "run.lock"));
    await scheduler.beat();
    expect(readStatus(dataDir)).toEqual({...imported, next_run_at: "2020-12-01T01:30:00.000Z"});
    await scheduler.end();
    expect(readStatus(dataDir)).toEqual(imported);
  });

  it("takes a changed schedule over with the next run", async () => {
    const clock = night();
    const dataDir = dataFolder();
    writeStatus(dataDir, status("2020-11-29T01:30:00.000Z"));
    const scheduler = scheduled(dataDir, clock);
    scheduler.effects.settings = async () => ({dataDir, schedule: "0 4 * * *"});
    await scheduler.tick();
    expect(readStatus(dataDir)?.next_run_at).toBe("2020-11-30T04:00:00.000Z");
  });

  it("survives a ledger that cannot be read", async () => {
    const dataDir = dataFolder();
    mkdirSync(join(dataDir, "landing", "runs.ndjson"), {recursive: true});
    const scheduler = scheduled(dataDir, night());
    await scheduler.tick();
    expect(scheduler.lines.join("")).toContain("the scheduler failed and goes on");
  });
});

describe("the scheduler with node-cron", () => {
  afterEach(() => vi.useRealTimers());

  function kept(dataDir: string, schedule: string, run: () => Promise<Ended>) {
    const stop = new AbortController();
    const lines: string[] = [];
    const now = () => new Date();
    const log = createLog({level: "info", quiet: false, isTerminal: false, now, stderr: line => lines.push(line)});
    const done = keepSchedule({now, log, settings: async () => ({dataDir, schedule}), run, stop: stop.signal});
    return {lines, done, stop};
  }

  it("runs every second, never two at once, and waits at its end for the run under way", async () => {
    const dataDir = dataFolder();
    let [begun, ended, most] = [0, 0, 0];
    const {done, stop, lines} = kept(dataDir, "* * * * * *", async () => {
      begun += 1;
      most = Math.max(most, begun - ended);
      record(dataDir, new Date());
      await new Promise(resolve => setTimeout(resolve, begun === 2 ? 1500 : 20));
      ended += 1;
      return {exitCode: 0, message: ""};
    });
    await vi.waitFor(() => expect(ended).toBeGreaterThanOrEqual(4), {timeout: 15_000});
    await vi.waitFor(() => expect(begun).toBeGreaterThan(ended), {timeout: 5000, interval: 1});
    stop.abort();
    await done;
    expect(begun).toBe(ended);
    expect(most).toBe(1);
    expect(lines.join("")).toContain("a run is still under way");
    const seconds = triedRuns(dataDir).map(time => Math.floor(time.getTime() / 1000));
    expect(new Set(seconds).size).toBe(seconds.length);
    await new Promise(resolve => setTimeout(resolve, 1200));
    expect(begun).toBe(ended);
  });

  it("keeps to one run a night while the clock is set back and forth", async () => {
    vi.useFakeTimers({now: at("2020-03-25T12:00")});
    vi.stubEnv("TZ", "Europe/Zurich");
    const dataDir = dataFolder();
    record(dataDir, at("2020-03-25T01:30"));
    const {done, stop} = kept(dataDir, nightly, async () => {
      record(dataDir, new Date());
      return {exitCode: 0, message: ""};
    });
    const until = (time: string) => vi.advanceTimersByTimeAsync(at(time).getTime() - Date.now());
    await until("2020-03-30T01:50");
    vi.setSystemTime(at("2020-03-30T00:50")); // back over the instant
    await until("2020-04-02T00:50");
    vi.setSystemTime(at("2020-04-02T05:50")); // forward over it, or asleep
    await until("2020-04-04T12:00");
    vi.setSystemTime(at("2030-01-01T12:00")); // wrong for a day
    await until("2030-01-02T12:00");
    vi.setSystemTime(at("2020-04-05T12:00"));
    await until("2020-04-08T12:00");
    stop.abort();
    await done;
    vi.unstubAllEnvs();
    const runs = triedRuns(dataDir).map(time => time.toISOString().slice(0, 16));
    expect(runs).toEqual([
      ...[25, 26, 27, 28, 29, 30, 31].map(date => `2020-03-${date}T01:30`),
      "2020-04-01T01:30",
      expect.stringMatching(/^2020-04-02T05:5\d$/),
      "2020-04-03T01:30",
      "2020-04-04T01:30",
      expect.stringMatching(/^2030-01-01T12:0\d$/),
      "2030-01-02T01:30",
      expect.stringMatching(/^2020-04-05T12:0\d$/),
      "2020-04-06T01:30",
      "2020-04-07T01:30",
      "2020-04-08T01:30"
    ]);
  });
});

describe("the command line", () => {
  it.each([
    ["schedule", "run --log-level info"],
    [
      "--config c.yaml --data d --log-level warn --quiet --json schedule",
      "run --config c.yaml --data d --log-level warn --quiet --json"
    ]
  ])("hands on how a run is started with the same options: %s", async (line, words) => {
    let options: unknown;
    const effects = {
      ...{cwd: dataFolder(), env: {}, now: () => new Date(), stdin: Readable.from([])},
      ...{stdout: () => undefined, stderr: () => undefined},
      terminal: {stdin: false, stdout: false, stderr: false},
      load: async () => ({
        schedule: async (_context: unknown, given: unknown) => {
          options = given;
          return 0;
        }
      })
    };
    expect(await main(line.split(" "), effects)).toBe(0);
    expect(options).toEqual({run: words.split(" ")});
  });
});

describe("the program", () => {
  let program: string;
  beforeAll(() => {
    program = compiled();
  }, 60_000);
  afterAll(() => rmSync(program, {recursive: true, force: true}));

  function start(config: string) {
    const child = spawn(process.execPath, [join(program, "pipelines", "cli.js"), "--config", config, "schedule"], {
      env: {PATH: process.env.PATH},
      stdio: ["ignore", "pipe", "pipe"]
    });
    const said = {text: ""};
    for (const stream of [child.stdout, child.stderr]) stream.on("data", chunk => (said.text += chunk));
    return {child, said, closed: once(child, "close")};
  }

  it("runs on its schedule, outlives wrong settings, says so in the status, and ends with 0 on SIGTERM", async () => {
    const world = await startSandbox({night: "2020-06-20"});
    const dir = dataFolder();
    const dataDir = join(dir, "data");
    const config = join(dir, "megaphone.yaml");
    const {yaml, env} = configFor(world);
    const good = `schedule: "* * * * * *"\nreport: {periods: [last-month]}\n${yaml}`;
    writeFileSync(config, good);
    writeFileSync(join(dir, ".env"), env, {mode: 0o600});
    const {child, said, closed} = start(config);
    try {
      await vi.waitFor(() => expect(ledger(dataDir).length).toBeGreaterThanOrEqual(2), {timeout: 60_000});
      writeFileSync(config, good.replace("report:", "reprot:"));
      await vi.waitFor(() => expect(readStatus(dataDir)?.run.exit_code).toBe(2), {timeout: 30_000});
      expect(readStatus(dataDir)?.run.summary).toBe("megaphone.yaml line 2, reprot: unknown key; did you mean report?");
      writeFileSync(config, good);
      const before = ledger(dataDir).length;
      await vi.waitFor(() => expect(ledger(dataDir).length).toBeGreaterThan(before), {timeout: 30_000});
      await vi.waitFor(() => expect(readStatus(dataDir)?.next_run_at).not.toBeNull(), {timeout: 30_000, interval: 5});
      child.kill("SIGTERM");
      expect(await closed).toEqual([0, null]);
    } finally {
      child.kill("SIGKILL");
      await world.close();
    }
    const runs = ledger(dataDir);
    expect(
      runs.every(({exit_code}) => exit_code === 0),
      said.text
    ).toBe(true);
    for (const [i, {ended_at}] of runs.entries()) {
      const next = runs[i + 1];
      if (next !== undefined) expect(next.started_at >= ended_at!).toBe(true);
    }
    expect(readStatus(dataDir)?.next_run_at).toBeNull();
    expect(existsSync(join(dataDir, "run.lock"))).toBe(false);
    rmSync(dir, {recursive: true});
  });

  it.each([
    {moment: "before it calls", calls: 0, recorded: 0, summary: "interrupted"},
    {moment: "while it calls", calls: 1, recorded: 1, summary: expect.stringMatching(/^stopped by SIGINT/)}
  ])("interrupts a run under way on SIGINT, $moment, which is made up after the next start", async expected => {
    const world = await startSandbox({night: "2020-06-20", faults: ["slow-body"]});
    const dir = dataFolder();
    const {yaml, env} = configFor(world);
    writeFileSync(join(dir, "megaphone.yaml"), `report: {periods: [last-month]}\n${yaml}`);
    writeFileSync(join(dir, ".env"), env, {mode: 0o600});
    const lock = join(dir, "data", "run.lock");
    try {
      const first = start(join(dir, "megaphone.yaml"));
      const waits = {timeout: 60_000, interval: 5};
      await vi.waitFor(() => expect(existsSync(lock)).toBe(true), waits);
      await vi.waitFor(() => expect(world.requests().length).toBeGreaterThanOrEqual(expected.calls), waits);
      first.child.kill("SIGINT");
      expect(await first.closed).toEqual([0, null]);
      expect(existsSync(lock)).toBe(false);
      expect(readStatus(join(dir, "data"))?.run).toMatchObject({exit_code: 130, summary: expected.summary});
      expect(ledger(join(dir, "data")).map(({exit_code}) => exit_code)).toEqual(Array(expected.recorded).fill(130));
      world.setFaults([]);
      const second = start(join(dir, "megaphone.yaml"));
      await vi.waitFor(() => expect(ledger(join(dir, "data"))).toHaveLength(expected.recorded + 1), waits);
      await vi.waitFor(() => expect(readStatus(join(dir, "data"))?.next_run_at).toMatch(/T01:30:00.000Z$/), waits);
      second.child.kill("SIGINT");
      expect(await second.closed).toEqual([0, null]);
    } finally {
      await world.close();
    }
    rmSync(dir, {recursive: true});
  });

  it("ends with 2 at once on a schedule that is wrong, naming key and line", async () => {
    const dir = dataFolder();
    const refused = async (expression: string) => {
      writeFileSync(join(dir, "megaphone.yaml"), `organisation: A\nschedule: "${expression}"\n`);
      const {said, closed} = start(join(dir, "megaphone.yaml"));
      expect(await closed).toEqual([2, null]);
      return said.text;
    };
    const wanted = "expected a cron expression of five fields, such as 30 1 * * *";
    expect(await refused("30 25 * * *")).toContain(`megaphone.yaml line 2, schedule: 25 is no hour; ${wanted}`);
    expect(await refused("0 0 30W 2 *")).toContain("line 2, schedule: no day of the next hundred years matches");
    expect(await refused("every night")).toContain(`line 2, schedule: ${wanted}`);
  });
});
