/** The second half of a night: models, checks, publication, report, and the status that says how it went. */
import {join} from "node:path";
import {type Bounds, periodOf, readLanguages, writeReport} from "../reports/report.ts";
import {buildModels, type CheckResult, ChecksFailed, checkUnknownKinds} from "../warehouse/models.ts";
import {publish} from "../warehouse/publish.ts";
import {Warehouse} from "../warehouse/warehouse.ts";
import type {Edition} from "./context.ts";
import {writePerishable} from "./perishable.ts";
import {type AccountOutcome, type CheckRow, dayOf, type Run} from "./record.ts";
import type {Settings} from "./settings.ts";
import {type AccountState, type Status, writeStatus} from "./status.ts";
import type {Result} from "./work.ts";
import {type Workspace, writeRun} from "./workspace.ts";

/** Builds the models and runs the checks; false when a check failed, with the marts as they were. */
export async function transform(workspace: Workspace, run: Run, full = false): Promise<boolean> {
  const {warehouse, models, settings, connectors, log} = workspace;
  try {
    const build = {
      runId: run.run_id,
      asOfOn: dayOf(run, settings.timezone),
      asOfAt: run.as_of,
      ranges: settings.report.ranges
    };
    const blocking = await buildModels(warehouse, models, build, full);
    run.checks = [...blocking, await checkUnknownKinds(warehouse)].map(checkRow);
    await writePerishable(warehouse, connectors);
    return true;
  } catch (error) {
    if (!(error instanceof ChecksFailed)) throw error;
    run.checks = error.results.map(checkRow);
    for (const {model, check, failedRows} of error.results)
      log.error("a check failed", {model, check, rows: failedRows});
    return false;
  }
}

/** Replaces the two published copies; the run is in them, as far as it has come. */
export async function publishEdition(workspace: Workspace, run: Run, now: Date): Promise<void> {
  const {warehouse, models, settings} = workspace;
  await writeRun(warehouse, {...run, ended_at: now.toISOString(), exit_code: exitCode(run)});
  const asOf = await warehouse.row<{as_of_on: string}>("select as_of_on from core.setting");
  await publish(warehouse, models, settings.dataDir, {
    organisation: settings.organisation,
    timezone: settings.timezone,
    asOfOn: asOf!.as_of_on,
    publishedAt: run.as_of,
    runId: run.run_id,
    periods: JSON.stringify({periods: settings.report.periods, ranges: settings.report.ranges})
  });
}

/** What a night ends with once everything is loaded: models, checks, publication and report. */
export async function complete(workspace: Workspace, run: Run, now: Date): Promise<Result> {
  if (!(await transform(workspace, run))) return {summary: "a check failed; the last good publication stands"};
  if (exitCode(run) === 1) return {summary: "every account failed; the last good publication stands"};
  await publishEdition(workspace, run, now);
  const pages = await report(workspace.settings.dataDir, standardReport(workspace.settings));
  const page = pages.length === 0 ? "no report is asked for" : `report: ${pages[0]}`;
  return {summary: `${told(run)}; ${page}`, json: {reports: pages}};
}

function told(run: Run): string {
  const calls = run.requests.reduce((sum, request) => sum + request.http_calls, 0);
  const failed = run.accounts_failed === 0 ? "" : `, ${run.accounts_failed} failed`;
  return `${run.accounts_ok} of ${run.accounts.length} accounts read${failed}, ${calls} calls`;
}

export interface ReportRequest {
  edition: Edition;
  periods: string[];
  languages: string[];
  formats: ("html" | "svg" | "png" | "csv")[];
  out?: string | undefined;
}

/** Writes reports from the published copy alone; returns the paths of their first pages. */
export async function report(dataDir: string, request: ReportRequest): Promise<string[]> {
  const file = request.edition === "public" ? "public.duckdb" : "warehouse.duckdb";
  await using copy = await Warehouse.open(join(dataDir, "published", file), {readOnly: true, locked: true});
  const bounds = await copy.row<{today: string; from: string | null; to: string | null; periods: string}>(
    `select (select as_of_on from publish.edition) as today, min(period_start) as from, max(period_end) as to,
       (select periods from publish.edition) as periods
     from publish.value where period = 'all'`
  );
  const {ranges} = JSON.parse(bounds!.periods) as Pick<Bounds, "ranges">;
  const pages: string[] = [];
  for (const text of request.periods) {
    const written = await writeReport({
      query: sql => copy.objects(sql),
      edition: request.edition,
      period: periodOf(text, {today: bounds!.today, from: bounds!.from, to: bounds!.to, ranges}),
      languages: request.languages,
      formats: request.formats,
      out: request.out ?? join(dataDir, "reports")
    });
    pages.push(written.index);
  }
  return pages;
}

/** 0 all accounts well, 3 some not or a row rejected, 1 every account failed or a check did; a warning changes nothing. */
export function exitCode(run: Run): number {
  if (run.checks.some(({severity, status}) => severity === "error" && status === "failed")) return 1;
  if (run.accounts.length > 0 && run.accounts.every(({state}) => state === "failed")) return 1;
  return run.rejected.length > 0 || run.accounts.some(({state}) => state !== "ok") ? 3 : 0;
}

/**
 * Replaces `status.json`; every stage does, so that it is true whenever a run ends. What an account's last reading came
 * to stands until it is read again, whatever runs in between.
 */
export async function reportStatus(workspace: Workspace, run: Run, summary: string): Promise<Status> {
  const {warehouse, settings, outcomes} = workspace;
  const freshness = await warehouse.rows<Status["freshness"][number] & {stale: string}>(
    "select account_id, stream, last_success_at, newest_data_on, coalesce(is_stale, false) as is_stale from meta.freshness order by 1, 2"
  );
  const status: Status = {
    run: {
      run_id: run.run_id,
      command: run.command,
      started_at: run.started_at,
      ended_at: run.ended_at,
      exit_code: run.exit_code,
      summary
    },
    accounts: (await accountsIn(workspace)).map(account => {
      const seen = freshness.filter(({account_id}) => account_id === `${account.platform}:${account.id}`);
      const outcome = outcomes.get(account.name);
      const last =
        seen
          .map(item => item.last_success_at)
          .sort()
          .at(-1) ?? null;
      const isStale = seen.some(item => item.is_stale);
      return {
        account: account.name,
        platform: account.platform,
        state: worst(outcome?.state, seen.length === 0 ? "unknown" : isStale ? "stale" : "ok"),
        last_success_at: last,
        message: outcome?.message ?? null,
        action: outcome?.action ?? null
      };
    }),
    freshness,
    rejected: run.rejected.length,
    rejections: rejections(run),
    failed_checks: run.checks
      .filter(check => check.status === "failed")
      .map(({check_name, model, severity, failed_rows, detail}) => ({
        check_name,
        model,
        severity,
        failed_rows,
        detail
      })),
    next_run_at: null
  };
  writeStatus(settings.dataDir, status);
  return status;
}

/** The accounts of the settings; without a file those that are known from what is landed. */
async function accountsIn({settings, warehouse}: Workspace): Promise<{name: string; platform: string; id: string}[]> {
  if (settings.file !== undefined) return settings.accounts;
  return warehouse.rows("select name, platform, platform_account_id as id from core.account order by 2, 1");
}

/** A fault stands before all; an account that was read well some nights ago may be stale by now. */
function worst(read: AccountOutcome["state"] | undefined, known: AccountState): AccountState {
  return read === undefined || (read === "ok" && known === "stale") ? known : read;
}

/** What a report of the settings holds when nothing else is asked for. */
export function standardReport(settings: Settings): ReportRequest {
  return {
    edition: "team",
    periods: [
      ...settings.report.periods,
      ...Object.values(settings.report.ranges).map(({from, to}) => `${from}..${to}`)
    ],
    languages: settings.report.languages.filter(language => readLanguages().includes(language)),
    formats: ["html", "svg", "png", "csv"]
  };
}

function rejections(run: Run): Status["rejections"] {
  const counts = new Map<string, Status["rejections"][number]>();
  for (const {source, file, reason} of run.rejected) {
    const where = file === null ? source : `${source} ${file}`;
    const key = `${where}\0${reason}`;
    const known = counts.get(key);
    if (known === undefined) counts.set(key, {source: where, reason, count: 1});
    else known.count += 1;
  }
  return [...counts.values()];
}

function checkRow(result: CheckResult): CheckRow {
  return {
    check_name: result.check,
    model: result.model,
    severity: result.severity,
    status: result.status,
    failed_rows: result.failedRows,
    detail: result.detail
  };
}
