/**
 * `credentials.json`: refresh tokens that a platform has replaced, beside the configuration and readable by its owner
 * alone. A replacement is on the disk before `replace` returns.
 *
 * `check` may run beside `run`, and a refresh token may be good for one exchange only: who reads a token to spend it
 * holds `credentials.json.lock` until its successor is kept.
 */
import {closeSync, fchmodSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync} from "node:fs";
import {basename, dirname} from "node:path";
import {setTimeout as sleep} from "node:timers/promises";
import {z} from "zod";
import {ConfigError, RetryableError} from "./errors.ts";
import {type Lock, LockError, takeLock} from "./lockfile.ts";

/** How long others may take: several exchanges, each up to the end of its request. */
const waitMilliseconds = 5 * 60_000;
const pollMilliseconds = 25;

/** What is kept of an account. */
export interface StoredCredential {
  refresh_token: string;
  /** SHA-256 of the configured token that this one descends from; a newly configured one ends its validity. */
  derived_from: string;
}

/** The credentials by the accounts' names. */
export interface CredentialStore {
  get: (accountName: string) => StoredCredential | undefined;
  replace: (accountName: string, value: StoredCredential) => void;
  /** Does the work while nobody else does any on this store, in this process or another. */
  exclusively: <T>(work: () => Promise<T>) => Promise<T>;
}

const stored = z.record(z.string(), z.object({refresh_token: z.string().min(1), derived_from: z.string()}));

/** The store in the file at `path`, which need not exist yet. Throws ConfigError when it cannot be read or written. */
export function openCredentials(path: string): CredentialStore {
  return {
    get: accountName => new Map(read(path)).get(accountName),
    replace: (accountName, value) => write(path, new Map(read(path)).set(accountName, value)),
    exclusively: async work => {
      const {release} = await lock(path);
      try {
        return await work();
      } finally {
        release();
      }
    }
  };
}

/** Waits for whoever holds the lock; one whose owner is dead is taken over. */
async function lock(path: string): Promise<Lock> {
  const end = performance.now() + waitMilliseconds;
  for (;;) {
    try {
      return takeLock(`${path}.lock`, "token exchange", new Date());
    } catch (error) {
      if (!(error instanceof LockError)) throw unwritable(path, error);
      if (performance.now() > end) throw new RetryableError(`${basename(path)}: ${error.message}`);
    }
    await sleep(pollMilliseconds);
  }
}

function read(path: string): [string, StoredCredential][] {
  try {
    return Object.entries(stored.parse(JSON.parse(readFileSync(path, "utf8"))));
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT") return [];
    // The parser's own words would quote the file.
    const fact = code === undefined ? "is damaged" : `cannot be read (${code})`;
    throw new ConfigError(
      `${basename(path)}: the file ${fact}; mend it, or remove it and authorise its accounts again`
    );
  }
}

function write(path: string, credentials: ReadonlyMap<string, StoredCredential>): void {
  const temporary = `${path}.tmp`;
  try {
    const file = openSync(temporary, "w", 0o600);
    try {
      fchmodSync(file, 0o600);
      writeFileSync(file, `${JSON.stringify(Object.fromEntries(credentials), null, 2)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    const folder = openSync(dirname(path), "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch (error) {
    throw unwritable(path, error);
  }
}

function unwritable(path: string, error: unknown): unknown {
  const code = codeOf(error);
  if (code === undefined) return error;
  return new ConfigError(
    `${basename(path)}: the file cannot be written (${code}); make room or mend its permissions, then run again`
  );
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
