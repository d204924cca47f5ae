/**
 * `schedule`: stays up and does `run` on the settings' cron expression, read in UTC.
 *
 * node-cron ticks. Whether a run is due is asked of the ledger of runs, at the start, at each tick and once a minute,
 * so that downtime, sleep and a clock that jumps neither lose a night nor run one twice. Each run is a process of its
 * own: it reads the settings and the program anew, gives its memory back, and cannot take the scheduler with it.
 */
import {spawn} from "node:child_process";
import {existsSync, readFileSync} from "node:fs";
import {join} from "node:path";
import {createTask, parse} from "node-cron";
import {findConnectors} from "../connectors/extract.ts";
import type {Context, ScheduleOptions} from "./context.ts";
import {beginRun, isNight, type Run} from "./record.ts";
import type {Settings} from "./settings.ts";
import {readStatus, type Status, writeStatus} from "./status.ts";

const minute = 60_000;
const day = 86_400_000;

/** Stays up until SIGINT or SIGTERM, which end a run under way as they end `run`. */
export async function schedule(context: Context, {run}: ScheduleOptions): Promise<number> {
  await context.settings({required: true, secrets: true, platforms: await findConnectors()}); // a fault shows at once
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort(signal));
  await keepSchedule({
    now: context.now,
    log: context.log,
    settings: () => context.settings({required: true, secrets: false}),
    run: () => runApart(run, context, stop.signal),
    stop: stop.signal
  });
  return 0;
}

/** The scheduled instants of a cron expression, in UTC. */
export interface Slots {
  /** The newest one at a time or before it. */
  upTo: (at: Date) => Date;
  /** The first one after a time. */
  after: (at: Date) => Date;
}

/** Reads a valid expression as node-cron does: day of month and day of week must both match. */
export function slotsOf(expression: string): Slots {
  const task = createTask(expression, () => undefined, {timezone: "UTC"});
  task.destroy(); // it is asked which days match, and never ticks
  const {hour, minute: minutes, second} = parse(expression);
  const times = hour
    .flatMap(h => minutes.flatMap(m => second.map(s => ((h * 60 + m) * 60 + s) * 1000)))
    .sort((a, b) => a - b);
  const find = (from: Date, step: number, pick: (midnight: number) => number | undefined): Date => {
    for (let midnight = Math.floor(from.getTime() / day) * day; ; midnight += step) {
      const time = task.match(new Date(midnight + times[0]!)) ? pick(midnight) : undefined;
      if (time !== undefined) return new Date(midnight + time);
    }
  };
  return {
    upTo: at => find(at, -day, midnight => times.findLast(time => midnight + time <= at.getTime())),
    after: at => find(at, day, midnight => times.find(time => midnight + time > at.getTime()))
  };
}

/**
 * The scheduled instant whose run is due now; undefined: none is.
 *
 * It is the newest one, so that a long downtime is made up by one run, unless a run was tried between it and the next.
 * A try that lies up to a day ahead of now was made just before the clock was set back, and counts too; one that lies
 * further ahead was made on a wrong clock, and must not stop the nights until then.
 */
export function dueSlot(slots: Slots, now: Date, tries: readonly Date[]): Date | undefined {
  const slot = slots.upTo(now);
  const end = Math.max(slots.after(slot).getTime(), now.getTime() + day);
  return tries.some(at => at >= slot && at.getTime() < end) ? undefined : slot;
}

/** When a night's run was begun on a data folder, whatever came of it but that it was stopped. */
export function triedRuns(dataDir: string): Date[] {
  const ledger = join(dataDir, "landing", "runs.ndjson");
  if (!existsSync(ledger)) return [];
  return readFileSync(ledger, "utf8")
    .split("\n")
    .flatMap(line => parseRun(line) ?? [])
    .filter(isNight)
    .map(({started_at}) => new Date(started_at));
}

/** How a run ended. */
export interface Ended {
  exitCode: number;
  /** What it said of its failure; empty: nothing. */
  message: string;
}

/** What the scheduler touches. */
export interface ScheduleEffects extends Pick<Context, "now" | "log"> {
  settings: () => Promise<Pick<Settings, "dataDir" | "schedule">>;
  run: () => Promise<Ended>;
  /** Ends the scheduler, once the run that is under way has ended. */
  stop: AbortSignal;
}

/** Runs when a run is due, until it is stopped. */
export async function keepSchedule(effects: ScheduleEffects): Promise<void> {
  const scheduler = createScheduler(await effects.settings(), effects);
  let ticks = startTicks(scheduler.schedule, scheduler.tick, effects.log);
  const beat = async () => {
    if (ticks.expression !== scheduler.schedule) {
      ticks.stop();
      ticks = startTicks(scheduler.schedule, scheduler.tick, effects.log);
    }
    await scheduler.beat();
  };
  const timer = setInterval(beat, minute);
  const ended = new Promise<void>(done => effects.stop.addEventListener("abort", () => done()));
  void beat();
  if (!effects.stop.aborted) await ended;
  clearInterval(timer);
  ticks.stop();
  await scheduler.end();
}

/** The scheduler without its timers: what a tick and a look once a minute do. */
export interface Scheduler {
  /** The cron expression in force: that of the last run's settings. */
  readonly schedule: string;
  tick: () => Promise<void>;
  beat: () => Promise<void>;
  /** Waits for the run under way, and says in the status that none is scheduled. */
  end: () => Promise<void>;
}

/** Makes a scheduler; one run at a time, and no failure of a run gets out of it. */
export function createScheduler(
  first: Pick<Settings, "dataDir" | "schedule">,
  effects: Omit<ScheduleEffects, "stop">
): Scheduler {
  const {now, log} = effects;
  let {dataDir, schedule} = first;
  let slots = slotsOf(schedule);
  /** Slots that need no run: skipped, tried in vain, or found in the ledger. */
  const settled: Date[] = [];
  let underWay: {slot: Date; done: Promise<void>} | undefined;
  let isEnding = false;

  function look(): Promise<void> {
    const slot = dueSlot(slots, now(), settled);
    if (slot === undefined) return Promise.resolve();
    if (dueSlot(slots, now(), triedRuns(dataDir)) === undefined) {
      settled.push(slot);
      return Promise.resolve();
    }
    const done = night(slot).finally(() => {
      underWay = undefined;
    });
    underWay = {slot, done};
    return done;
  }

  async function night(slot: Date): Promise<void> {
    const startedAt = now();
    const isLate = startedAt.getTime() - slot.getTime() > 2 * minute;
    log.info(isLate ? "a missed run is caught up" : "the run begins", {night: slot.toISOString()});
    await readSettings();
    const ended = await effects.run().catch((error: unknown): Ended => ({exitCode: 1, message: String(error)}));
    if (ended.exitCode === 4) {
      log.warn("another run holds the lock; this one is tried again", {exit_code: 4});
    } else {
      settled.push(slot);
      if (ended.exitCode !== 0) log.warn("the run did not end well", {exit_code: ended.exitCode});
      tellUnrecorded(dataDir, startedAt, now(), ended);
    }
    if (!isEnding) showNext();
  }

  async function readSettings(): Promise<void> {
    const fresh = await effects.settings().catch(() => undefined); // the run itself says what is wrong with them
    if (fresh === undefined) return;
    if (fresh.schedule !== schedule) log.info("the schedule has changed");
    slots = slotsOf(fresh.schedule);
    ({dataDir, schedule} = fresh);
  }

  function showNext(): void {
    const next = slots.after(now()).toISOString();
    if (setNextRun(dataDir, next)) log.info("the next run is scheduled", {night: next});
  }

  /** A full disk or a ledger that cannot be read is no reason to end: the next look may find it well again. */
  async function surviving(work: () => Promise<void> | void): Promise<void> {
    try {
      await work();
    } catch (error) {
      log.error("the scheduler failed and goes on", {reason: String(error)});
    }
  }

  return {
    get schedule() {
      return schedule;
    },
    tick: () =>
      surviving(() => {
        if (underWay === undefined) return look();
        const slot = slots.upTo(now());
        if (slot.getTime() === underWay.slot.getTime()) return;
        settled.push(slot);
        log.warn("a run is still under way; the next one is skipped", {night: slot.toISOString()});
      }),
    beat: () =>
      surviving(async () => {
        if (underWay !== undefined) return;
        await look();
        if (underWay === undefined && !isEnding) showNext();
      }),
    end: () =>
      surviving(async () => {
        isEnding = true;
        await underWay?.done.catch(() => undefined); // whoever began it has said so
        setNextRun(dataDir, null);
      })
  };
}

/**
 * node-cron's ticks; one that it finds to have been missed is a tick too, since the ledger decides. When the clock is
 * set back it waits for the instant that it had in mind, however far that is; until then the beats stand in.
 */
function startTicks(expression: string, tick: () => Promise<void>, log: Context["log"]) {
  const say = (message: string | Error) => log.debug(String(message));
  const task = createTask(expression, tick, {
    timezone: "UTC",
    logger: {debug: say, info: say, warn: say, error: say}
  });
  task.on("execution:missed", tick);
  void task.start();
  return {expression, stop: () => void task.destroy()};
}

/** Does `run` in a process of its own, with the same settings; the signal that ends us ends it. */
function runApart(words: string[], {cwd, env}: Context, stop: AbortSignal): Promise<Ended> {
  return new Promise(done => {
    const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...words], {
      cwd,
      env,
      stdio: ["ignore", "inherit", "pipe"]
    });
    const end = () => child.kill(stop.reason as NodeJS.Signals);
    if (stop.aborted) end();
    else stop.addEventListener("abort", end);
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      process.stderr.write(text);
      said = `${said}${text}`.slice(-8000);
    });
    child.once("error", error => done({exitCode: 1, message: error.message}));
    child.once("close", (code, signal) => {
      stop.removeEventListener("abort", end);
      const how = stop.aborted ? "interrupted" : signal === null ? lastError(said) : `ended by ${signal}`;
      done({exitCode: code ?? 1, message: how});
    });
  });
}

/** The last error in a run's log, whose lines read `01:30:02 error message`, with further lines indented. */
function lastError(text: string): string {
  const found = [...text.matchAll(/^\d\d:\d\d:\d\d error (.*(?:\n {2}.*)*)/gm)].at(-1);
  return found?.[1]?.replaceAll("\n  ", "\n") ?? "";
}

/** Says in the status how a run ended that did not come so far as to say it itself, such as for wrong settings. */
function tellUnrecorded(dataDir: string, startedAt: Date, endedAt: Date, {exitCode, message}: Ended): void {
  const last = statusOf(dataDir);
  if (exitCode === 0 || (last !== undefined && new Date(last.run.started_at) >= startedAt)) return;
  const {run_id, command, started_at} = beginRun("run", startedAt);
  writeStatus(dataDir, {
    accounts: [],
    freshness: [],
    ...last,
    run: {run_id, command, started_at, ended_at: endedAt.toISOString(), exit_code: exitCode, summary: message},
    rejected: 0,
    rejections: [],
    failed_checks: [],
    next_run_at: null
  });
}

/** Writes when the next run is into the status, where there is one; whether that changed it. */
function setNextRun(dataDir: string, next: string | null): boolean {
  if (existsSync(join(dataDir, "run.lock"))) return false; // whoever holds it writes the status
  const status = statusOf(dataDir);
  if (status === undefined || status.next_run_at === next) return false;
  writeStatus(dataDir, {...status, next_run_at: next});
  return true;
}

/** The last status; undefined also where it is damaged, which is no reason to stop. */
function statusOf(dataDir: string): Status | undefined {
  try {
    return readStatus(dataDir);
  } catch {
    return undefined;
  }
}

/** A line of the ledger; undefined for one that a power cut left unfinished. */
function parseRun(line: string): Run | undefined {
  try {
    return JSON.parse(line) as Run;
  } catch {
    return undefined;
  }
}
