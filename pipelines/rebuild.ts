/** `rebuild`: drops the warehouse and builds it again from the landing zone alone. */

import {MegaphoneError} from "../connectors/errors.ts";
import type {Context} from "./context.ts";
import {publishEdition, transform} from "./finish.ts";
import {work} from "./work.ts";

export async function rebuild(context: Context): Promise<number> {
  const settings = await context.settings({required: false, secrets: false});
  return work(context, settings, "rebuild", async (workspace, run) => {
    const damaged = workspace.landing.damaged();
    if (damaged.length > 0) {
      const names = damaged
        .slice(0, 3)
        .map(({file}) => file)
        .join(", ");
      throw new MegaphoneError(
        `${damaged.length === 1 ? "a landed file is" : `${damaged.length} landed files are`} missing or changed (${names}); restore from a backup first`
      );
    }
    const last = await workspace.warehouse.row<{at: string | null}>(
      "select strftime(as_of_at, '%Y-%m-%dT%H:%M:%S.%gZ') as at from core.setting"
    );
    if (last?.at) run.as_of = last.at;
    await workspace.reset();
    const files = await workspace.load();
    if (!(await transform(workspace, run, true))) return {summary: "a check failed; the last good publication stands"};
    await publishEdition(workspace, run, context.now());
    return {summary: `rebuilt from ${files} landed ${files === 1 ? "file" : "files"} and published`};
  });
}
