/** `transform`: loads every landed file that is not loaded yet, builds the models and runs the checks. */
import type {Context} from "./context.ts";
import {transform as build} from "./finish.ts";
import {work} from "./work.ts";

export async function transform(context: Context): Promise<number> {
  const settings = await context.settings({required: false, secrets: false});
  return work(context, settings, "transform", async (workspace, run) => {
    const files = await workspace.load();
    const isGood = await build(workspace, run);
    return {
      summary: isGood ? `${files} files loaded; models built, all checks passed` : "a check failed; nothing changed"
    };
  });
}
