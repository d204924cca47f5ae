/** `run`: the nightly job once — read, land, load, import the inbox, build, check, publish, report. */
import {ConfigError} from "../connectors/errors.ts";
import {findConnectors} from "../connectors/extract.ts";
import {dayIn, eveningOf} from "./calendar.ts";
import type {Context, RunOptions} from "./context.ts";
import {exitCode, publishEdition, report, standardReport, transform} from "./finish.ts";
import {importInbox} from "./inbox.ts";
import {readAccounts} from "./night.ts";
import type {Run} from "./record.ts";
import type {Settings} from "./settings.ts";
import {type Result, work} from "./work.ts";
import type {Workspace} from "./workspace.ts";

/** Runs the night; exit codes as the contract gives them. */
export async function run(context: Context, options: RunOptions): Promise<number> {
  const platforms = await findConnectors();
  const settings = await context.settings({required: true, secrets: true, platforms});
  refuseUnknown(settings, options.only);
  const asOf = options.asOf === undefined ? undefined : clockOf(settings, options.asOf, context.now());
  const now = asOf === undefined ? context.now : () => asOf;
  return work(
    context,
    settings,
    "run",
    (workspace, record) => night(workspace, record, {now, only: options.only}),
    asOf
  );
}

/** One night on an opened workspace. */
async function night(
  workspace: Workspace,
  run: Run,
  options: {now: () => Date; only: string[] | undefined}
): Promise<Result> {
  await workspace.load();
  await readAccounts(workspace, run, options);
  await workspace.load();
  await importInbox(workspace, run, options.now());
  if (!(await transform(workspace, run))) return {summary: "a check failed; the last good publication stands"};
  if (exitCode(run) === 1) return {summary: "every account failed; the last good publication stands"};
  await publishEdition(workspace, run, options.now());
  const pages = await report(workspace.settings.dataDir, standardReport(workspace.settings));
  return {summary: `${told(run)}; report: ${pages[0]}`, json: {reports: pages}};
}

function told(run: Run): string {
  const calls = run.requests.reduce((sum, request) => sum + request.http_calls, 0);
  const failed = run.accounts_failed === 0 ? "" : `, ${run.accounts_failed} failed`;
  return `${run.accounts_ok} of ${run.accounts.length} accounts read${failed}, ${calls} calls`;
}

function refuseUnknown(settings: Settings, only: readonly string[] | undefined): void {
  const known = new Set(settings.accounts.flatMap(({platform, name}) => [platform, name]));
  const stranger = only?.find(name => !known.has(name));
  if (stranger !== undefined) {
    throw new ConfigError(
      `--only ${stranger}: no such platform or account; there are: ${[...known].sort().join(", ")}`
    );
  }
}

/** The clock of `--as-of`: a live counter must never be stamped as a past one, so every account must be on loopback. */
function clockOf(settings: Settings, day: string, now: Date): Date {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(Date.parse(`${day}T00:00:00Z`))) {
    throw new ConfigError(`--as-of ${day}: expected a date, such as 2020-11-30`);
  }
  const live = settings.accounts.find(({auth, baseUrl}) => auth !== undefined && !isLoopback(baseUrl));
  if (live !== undefined) {
    throw new ConfigError(
      `--as-of: account ${live.name} reads the live platform, whose counters are those of ${dayIn(settings.timezone, now)}; give each account a base_url on loopback`
    );
  }
  return eveningOf(settings.timezone, day);
}

function isLoopback(baseUrl: string | undefined): boolean {
  if (baseUrl === undefined) return false;
  const {hostname} = new URL(baseUrl);
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}
