/** The command line on a user folder whose accounts talk to a sandbox, within this process. */
import {mkdirSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {Readable} from "node:stream";
import type {Sandbox} from "../../connectors/sandbox/sandbox.ts";
import {type Effects, main} from "../../pipelines/cli.ts";
import {configFor} from "../../pipelines/sandbox.ts";

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command in a folder. */
export async function megaphone(cwd: string, args: string[], now = new Date()): Promise<Ended> {
  const ended: Ended = {code: -1, stdout: "", stderr: ""};
  const effects: Effects = {
    cwd,
    env: {},
    now: () => now,
    stdin: Readable.from([]),
    stdout: piece => {
      ended.stdout += piece;
    },
    stderr: piece => {
      ended.stderr += piece;
    },
    terminal: {stdin: false, stdout: false, stderr: false},
    load: name => import(`../../pipelines/${name}.ts`)
  };
  ended.code = await main(args, effects);
  return ended;
}

/** The settings that `sandbox --config-out` writes, in a folder that is made if needed. */
export function userFolder(path: string, sandbox: Sandbox, head = ""): string {
  const {yaml, env} = configFor(sandbox);
  mkdirSync(path, {recursive: true});
  writeFileSync(join(path, "megaphone.yaml"), `organisation: Test\ntimezone: Europe/Zurich\n${head}${yaml}`);
  writeFileSync(join(path, ".env"), env, {mode: 0o600});
  return path;
}

/** The objects of a command's output, one a line. */
export function lines<T>({stdout}: Ended): T[] {
  return stdout
    .split("\n")
    .filter(line => line !== "")
    .map(line => JSON.parse(line) as T);
}

/** The rows that `sql` gives in a folder. */
export async function query<T>(cwd: string, sql: string): Promise<T[]> {
  const ended = await megaphone(cwd, ["sql", sql, "--format", "json"]);
  if (ended.code !== 0) throw new Error(ended.stderr);
  return JSON.parse(ended.stdout) as T[];
}

/** A sandbox that closes when it goes out of scope. */
export async function closing(starting: Promise<Sandbox>): Promise<Sandbox & AsyncDisposable> {
  const sandbox = await starting;
  return Object.assign(sandbox, {[Symbol.asyncDispose]: () => sandbox.close()});
}
