/** One run at a time on a data folder: `run.lock` names its owner. */
import {mkdirSync} from "node:fs";
import {join} from "node:path";
import {takeLock} from "../connectors/lockfile.ts";
import type {Context} from "./context.ts";
import {stoppable} from "./stop.ts";

/**
 * Runs `work` while holding `<dataDir>/run.lock`; throws `LockError` when a living process holds it.
 *
 * The lock is removed when the work ends, well or not, and on SIGINT and SIGTERM (`stoppable`).
 */
export async function withLock<T>(
  dataDir: string,
  command: string,
  work: (stop: AbortSignal) => Promise<T>,
  effects: Pick<Context, "log" | "now">
): Promise<T> {
  mkdirSync(dataDir, {recursive: true, mode: 0o700});
  const {replaced, release} = takeLock(join(dataDir, "run.lock"), command, effects.now());
  if (replaced !== undefined) effects.log.warn("took over the lock of a run that is no longer alive", replaced);
  try {
    return await stoppable(work);
  } finally {
    release();
  }
}
