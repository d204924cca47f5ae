/**
 * A lock file names its owner, and outlives the owner only until the next one comes.
 *
 * The file appears with its content already in it (written under another name, then linked), and a dead owner's lock
 * is replaced by the one process that holds a claim on that very lock, so two that come at once never both win.
 */
import {createHash, randomUUID} from "node:crypto";
import {linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync} from "node:fs";
import {hostname} from "node:os";
import {z} from "zod";
import {MegaphoneError} from "./errors.ts";

/** Another run holds the lock. */
export class LockError extends MegaphoneError {}

const ownerSchema = z.object({
  pid: z.int(),
  host: z.string(),
  started_at: z.string(),
  command: z.string(),
  /** When the process began, as the kernel counts it: a pid alone is given out again. Null where it cannot be read. */
  process_start: z.string().nullable()
});

type Owner = z.infer<typeof ownerSchema>;

/** A lock that is held. */
export interface Lock {
  /** What is known of the dead owner whose lock it replaced. */
  replaced: object | undefined;
  release: () => void;
}

/** Takes the lock at `path` until it is released or the process ends. Throws `LockError` when a living process holds it. */
export function takeLock(path: string, command: string, now: Date): Lock {
  const mine = describeSelf(command, now);
  const dead = acquire(path, mine);
  const remover = () => remove(path, mine);
  process.once("exit", remover);
  const release = () => {
    process.off("exit", remover);
    remover();
  };
  return {replaced: dead === undefined ? undefined : (readOwner(dead) ?? {file: path}), release};
}

/** Puts `mine` in place and gives the text of the dead owner's lock that stood there, if one did. */
function acquire(path: string, mine: string): string | undefined {
  for (;;) {
    if (create(path, mine)) return undefined;
    const held = read(path);
    if (held === undefined) continue; // released since
    const owner = readOwner(held);
    if (owner && isAlive(owner)) {
      throw new LockError(
        `another run holds the lock: ${owner.command}, process ${owner.pid} on ${owner.host}, since ${owner.started_at}; ` +
          `wait for it to end${owner.host === hostname() ? "" : `, or remove ${path} if it no longer runs there`}`
      );
    }
    // Only the holder of this claim may replace this very lock; a claimer that died is replaced in the same way.
    const claim = `${path}.${createHash("sha256").update(held).digest("hex").slice(0, 16)}`;
    acquire(claim, mine);
    try {
      if (read(path) === held) {
        replace(path, mine);
        return held;
      }
    } finally {
      remove(claim, mine);
    }
  }
}

function describeSelf(command: string, now: Date): string {
  const owner: Owner = {
    pid: process.pid,
    host: hostname(),
    started_at: now.toISOString(),
    command,
    process_start: processStart(process.pid)
  };
  return `${JSON.stringify(owner)}\n`;
}

/** Undefined for a text that no run wrote, such as a file that a power cut left empty. */
function readOwner(text: string): Owner | undefined {
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** A process on another host counts as alive: it cannot be asked. */
function isAlive(owner: Owner): boolean {
  if (owner.host !== hostname()) return true;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // it is there, and somebody else's
  }
  const start = processStart(owner.pid);
  return start === null || owner.process_start === null || start === owner.process_start;
}

/**
 * Boot and clock tick in which a process began (Linux: field 22 of /proc/PID/stat), `ended` for one that only waits to
 * be reaped; null where it cannot be read.
 */
function processStart(pid: number): string | null {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the name before may hold blanks
    return fields[0] === "Z" ? "ended" : `${boot}:${fields[19]}`;
  } catch {
    return null;
  }
}

/** Whether the file was not there and now is, with all its text. */
function create(path: string, text: string): boolean {
  const draft = writeDraft(path, text);
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    unlinkSync(draft);
  }
}

function replace(path: string, text: string): void {
  renameSync(writeDraft(path, text), path);
}

function writeDraft(path: string, text: string): string {
  const draft = `${path}.${randomUUID()}`;
  writeFileSync(draft, text, {mode: 0o600, flag: "wx"});
  return draft;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function remove(path: string, mine: string): void {
  if (read(path) === mine) rmSync(path);
}
