/** `run`: the nightly job once — read, land, load, import the inbox, build, check, publish, report. */
import type {Context, RunOptions} from "./context.ts";
import {complete} from "./finish.ts";
import {importInbox} from "./inbox.ts";
import {readAccounts} from "./night.ts";
import {scopeOf} from "./scope.ts";
import {work} from "./work.ts";

/** Runs the night; exit codes as the contract gives them. */
export async function run(context: Context, options: RunOptions): Promise<number> {
  const {settings, only, now, asOf} = await scopeOf(context, options);
  return work(
    context,
    settings,
    "run",
    async (workspace, run, stop) => {
      run.only = only ?? null;
      if (settings.accounts.length === 0)
        workspace.log.warn("no account is named in the settings, so no platform is read");
      await workspace.load();
      await readAccounts(workspace, run, {now, only, stop});
      await workspace.load();
      await importInbox(workspace, run, now());
      return complete(workspace, run, now());
    },
    asOf
  );
}
