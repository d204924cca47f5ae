/** How SIGINT and SIGTERM end a command. */
import {getEventListeners} from "node:events";
import {MegaphoneError} from "../connectors/errors.ts";

/** The exit code of a command that a signal ended, as a shell gives it. */
const exitCodes = {SIGINT: 130, SIGTERM: 143};
type Signal = keyof typeof exitCodes;

/** What stopped work is given for its end. */
export class StopError extends MegaphoneError {
  readonly exitCode: number;

  constructor(signal: Signal) {
    super(`stopped by ${signal}; what was read is kept, and the next run goes on`);
    this.exitCode = exitCodes[signal];
  }
}

/** Whether a command with this exit code was stopped before its end. */
export function isStopped(exitCode: number | null): boolean {
  return Object.values(exitCodes).some(code => code === exitCode);
}

/** Work that has been asked to stop may take so long to keep what it has. */
const graceMilliseconds = 10_000;
/** Ctrl-C reaches a process from the terminal and from whoever started it: signals so close together are one. */
const sameMilliseconds = 1000;

/**
 * Runs work that SIGINT and SIGTERM end, with the exit codes 130 and 143.
 *
 * While somebody listens to its signal, as the calls to platforms do, the signal aborts and the work comes to its end by
 * itself; anything else, a second signal and work that takes too long end at once, as every stage may.
 */
export async function stoppable<T>(work: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let code: number | undefined;
  let firstAt = Number.NEGATIVE_INFINITY;
  const end = (name: Signal): void => {
    if (performance.now() - firstAt < sameMilliseconds) return;
    code ??= exitCodes[name];
    const isHeard = getEventListeners(controller.signal, "abort").length > 0;
    if (controller.signal.aborted || !isHeard) process.exit(code);
    firstAt = performance.now();
    setTimeout(() => process.exit(code), graceMilliseconds).unref();
    controller.abort(new StopError(name));
  };
  process.on("SIGINT", end).on("SIGTERM", end);
  try {
    return await work(controller.signal);
  } finally {
    process.off("SIGINT", end).off("SIGTERM", end);
    if (code !== undefined) process.exit(code);
  }
}
