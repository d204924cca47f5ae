/** `publish`: replaces the published copies by what the last good build made. */
import {MegaphoneError} from "../connectors/errors.ts";
import type {Context} from "./context.ts";
import {publishEdition} from "./finish.ts";
import {work} from "./work.ts";

export async function publish(context: Context): Promise<number> {
  const settings = await context.settings({required: false, secrets: false});
  return work(context, settings, "publish", async (workspace, run) => {
    const built = await workspace.warehouse.row<{as_of_on: string | null}>("select as_of_on from core.setting");
    if (!built?.as_of_on) throw new MegaphoneError("nothing is built yet; run `megaphone transform` first");
    await publishEdition(workspace, run, context.now());
    return {summary: `published as of ${built.as_of_on}`};
  });
}
