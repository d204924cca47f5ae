/** What every command that writes has in common: the lock, the workspace, the record of the run, and the end of it. */
import {ConfigError} from "../connectors/errors.ts";
import {alertOf, alertOfFailure, sendAlert} from "./alert.ts";
import type {Context} from "./context.ts";
import {exitCode, reportStatus} from "./finish.ts";
import {withLock} from "./lock.ts";
import {beginRun, type Run} from "./record.ts";
import type {Settings} from "./settings.ts";
import {StopError} from "./stop.ts";
import {Workspace} from "./workspace.ts";

/** What a command did, in a sentence, and as JSON. */
export interface Result {
  summary: string;
  json?: object;
}

/**
 * Runs a command's work on a data folder, and records how it ended, also when it failed; gives the exit code.
 *
 * `asOf` sets the clock of the run; without it the clock is the context's.
 */
export async function work(
  context: Context,
  settings: Settings,
  command: string,
  task: (workspace: Workspace, run: Run, stop: AbortSignal) => Promise<Result>,
  asOf?: Date
): Promise<number> {
  const {log} = context;
  return withLock(
    settings.dataDir,
    command,
    async stop => {
      const run = beginRun(command, context.now(), asOf);
      log.keep(settings.dataDir, run.run_id);
      await using workspace = await Workspace.open(settings, log).catch(async (error: unknown) => {
        await sendAlert(settings, alertOfFailure(command, error instanceof Error ? error.message : String(error)), log);
        throw error;
      });
      try {
        const result = await task(workspace, run, stop);
        run.exit_code = exitCode(run);
        await end(context, workspace, run, result);
        return run.exit_code;
      } catch (error) {
        run.exit_code = error instanceof StopError ? error.exitCode : error instanceof ConfigError ? 2 : 1;
        run.note = log.scrub(error instanceof Error ? error.message : String(error));
        await end(context, workspace, run, {summary: run.note});
        throw error;
      }
    },
    context
  );
}

async function end(context: Context, workspace: Workspace, run: Run, result: Result): Promise<void> {
  run.ended_at = context.now().toISOString();
  await workspace.record(run);
  const status = await reportStatus(workspace, run, result.summary);
  const alert = workspace.settings.alerts.webhook === undefined ? undefined : await alertOf(workspace, status);
  if (alert !== undefined) await sendAlert(workspace.settings, alert, workspace.log);
  if (context.json) context.stdout(`${JSON.stringify({...result.json, run: status.run, accounts: status.accounts})}\n`);
  else if (run.note === null) context.stdout(`${result.summary}\n`);
}
