/** Tokens that a platform rotated, in `credentials.json` beside the configuration: 0600, replaced before their first use. */
import {createHash} from "node:crypto";
import {closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync} from "node:fs";
import {z} from "zod";
import {ConfigError} from "./errors.ts";

const schema = z.record(z.string(), z.object({refresh_token: z.string(), derived_from: z.string()}));

export interface CredentialStore {
  /** The rotated refresh token of an account, while the configured one is the one it was derived from. */
  get: (account: string, configured: string) => string | undefined;
  /** Puts a rotated token in place; it is on disk when this returns. */
  replace: (account: string, configured: string, rotated: string) => void;
}

/** Opens the store; without a file it is empty. Throws ConfigError when the file is not what we wrote. */
export function openCredentials(path: string): CredentialStore {
  const read = (): z.infer<typeof schema> => {
    if (!existsSync(path)) return {};
    const parsed = schema.safeParse(attempt(() => JSON.parse(readFileSync(path, "utf8"))));
    if (!parsed.success) throw new ConfigError(`${path} is damaged; delete it and authorise the accounts again`);
    return parsed.data;
  };
  return {
    get(account, configured) {
      const kept = read()[account];
      return kept?.derived_from === fingerprint(configured) ? kept.refresh_token : undefined;
    },
    replace(account, configured, rotated) {
      const all = {...read(), [account]: {refresh_token: rotated, derived_from: fingerprint(configured)}};
      const temporary = `${path}.tmp`;
      const handle = openSync(temporary, "w", 0o600);
      try {
        writeSync(handle, `${JSON.stringify(all, null, 2)}\n`);
        fsyncSync(handle);
      } finally {
        closeSync(handle);
      }
      renameSync(temporary, path);
    }
  };
}

function fingerprint(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

function attempt(work: () => unknown): unknown {
  try {
    return work();
  } catch {
    return undefined;
  }
}
