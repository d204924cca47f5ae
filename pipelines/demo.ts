/** `demo`: a whole user folder, the platform sandbox, its nights through the real connectors, one report at the end. */
import {existsSync, mkdirSync, readFileSync, writeFileSync} from "node:fs";
import {join, resolve} from "node:path";
import {ConfigError} from "../connectors/errors.ts";
import {findConnectors} from "../connectors/extract.ts";
import {type Sandbox, startSandbox} from "../connectors/sandbox/sandbox.ts";
import {demoNights} from "../connectors/sandbox/world.ts";
import {eveningOf, plusDays} from "./calendar.ts";
import type {Context, DemoOptions} from "./context.ts";
import {exitCode, publishEdition, report, transform} from "./finish.ts";
import {Ledger} from "./ledger.ts";
import {readAccounts} from "./night.ts";
import type {Run} from "./record.ts";
import {configFor} from "./sandbox.ts";
import {loadSettings} from "./settings.ts";
import {type Result, work} from "./work.ts";
import type {Workspace} from "./workspace.ts";

const head = `# A whole Megaphone of a made-up mandate: its platforms are played by the sandbox on this machine.
organisation: Demo mandate
timezone: Europe/Zurich
refresh: {daily: 90d, audience: 1d}
report:
  languages: [en]
  periods: [all]
  ranges: {last-15-months: 2019-08-31..2020-11-30}
`;

const nightsALoad = 30;

/** Plays the nights that are left, or the last one again, and reports; never touches `./data`. */
export async function demo(context: Context, options: DemoOptions): Promise<number> {
  const folder = resolve(context.cwd, options.out);
  mkdirSync(join(folder, "inbox"), {recursive: true, mode: 0o700});
  const sandbox = await startSandbox({night: demoNights.first});
  try {
    writeFolder(folder, sandbox);
    const platforms = await findConnectors();
    const settings = await loadSettings({
      config: join(folder, "megaphone.yaml"),
      cwd: folder,
      env: {},
      required: true,
      secrets: true,
      platforms
    });
    for (const secret of settings.secrets) context.log.addSecret(secret);
    const last = eveningOf(settings.timezone, demoNights.last);
    const task = (workspace: Workspace, run: Run, stop: AbortSignal) => play(context, workspace, run, sandbox, stop);
    const code = await work(context, settings, "demo", task, last);
    if (options.serve && code === 0) {
      context.log.info(`the sandbox stays up on ${sandbox.url} until Ctrl-C`);
      await new Promise(() => undefined);
    }
    return code;
  } finally {
    await sandbox.close();
  }
}

async function play(
  context: Context,
  workspace: Workspace,
  run: Run,
  sandbox: Sandbox,
  stop: AbortSignal
): Promise<Result> {
  const {settings, warehouse, log} = workspace;
  await workspace.load();
  const played = await warehouse.row<{last: string | null}>(
    "select max(captured_on) as last from meta.load where source = 'api'"
  );
  const first = nightAfter(played?.last ?? null);
  const ledger = await Ledger.read(warehouse, settings.accounts, settings.refresh, first);
  // Nights are read one after the other, and loaded meanwhile some at a time, as a rebuild loads them.
  let loading: Promise<unknown> = Promise.resolve();
  let nights = 0;
  try {
    for (let night = first; night <= demoNights.last; night = plusDays(night, 1)) {
      log.progress(`night of ${night}`);
      sandbox.setNight(night);
      const now = eveningOf(settings.timezone, night);
      const own = {
        ...run,
        run_id: `${run.run_id}-${night}`,
        as_of: now.toISOString(),
        requests: [],
        rejected: [],
        accounts: []
      };
      await readAccounts(workspace, own, {now: () => now, stop, ledger});
      run.requests.push(...own.requests);
      run.accounts = own.accounts;
      nights += 1;
      if (exitCode(own) === 1) return {summary: `the night of ${night} failed`};
      if (nights % nightsALoad === 0) {
        await loading;
        loading = workspace.load();
        loading.catch(() => undefined); // it is awaited before the next
      }
    }
  } finally {
    await loading; // nothing may end while the warehouse is at work
  }
  await workspace.load();
  log.progress("models, publication and report");
  run.accounts_ok = run.accounts.length;
  if (!(await transform(workspace, run))) return {summary: "a check failed; nothing is published"};
  await publishEdition(workspace, run, context.now());
  const pages = await report(settings.dataDir, {
    edition: "team",
    periods: ["all"],
    languages: ["en"],
    formats: ["html", "svg", "png", "csv"]
  });
  log.progress("");
  const data = join(settings.dataDir, "published", "warehouse.duckdb");
  return {
    summary: `${nights} ${nights === 1 ? "night" : "nights"} played, to ${demoNights.last}\nreport:    ${pages[0]}\nwarehouse: ${data}`,
    json: {nights, report: pages[0], warehouse: data}
  };
}

/** The night after the last one that was played; once all are played, the last again. */
function nightAfter(last: string | null): string {
  if (last === null) return demoNights.first;
  return last < demoNights.last ? plusDays(last, 1) : demoNights.last;
}

/** The user's folder; a configuration that is there is kept but for the sandbox's address, which changes. */
function writeFolder(folder: string, sandbox: Sandbox): void {
  const {yaml, env} = configFor(sandbox);
  const path = join(folder, "megaphone.yaml");
  const kept = existsSync(path) ? readFileSync(path, "utf8") : `${head}${yaml}`;
  if (sandbox.accounts.some(({id}) => !kept.includes(id))) {
    throw new ConfigError(`${folder}: was made by another version of the demo; remove the folder and start again`);
  }
  writeFileSync(path, kept.replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, sandbox.url), {mode: 0o600});
  writeFileSync(join(folder, ".env"), env, {mode: 0o600});
}
