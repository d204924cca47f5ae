/** The command line on a user folder whose accounts talk to a sandbox: within this process, or as a process of its own. */
import {type ChildProcess, spawn} from "node:child_process";
import {once} from "node:events";
import {cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from "node:fs";
import {join, relative} from "node:path";
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
export async function megaphone(cwd: string, args: string[], now = () => new Date()): Promise<Ended> {
  const ended: Ended = {code: -1, stdout: "", stderr: ""};
  const effects: Effects = {
    cwd,
    env: {},
    now,
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

export interface ProcessOptions {
  env?: NodeJS.ProcessEnv;
  /** A module to load before the program. */
  before?: string;
}

/** Starts a command of a compiled program in a folder, as a process that knows nothing of this one's environment. */
export function start(
  program: string,
  cwd: string,
  args: readonly string[],
  options: ProcessOptions = {}
): ChildProcess {
  const before = options.before === undefined ? [] : ["--import", options.before];
  return spawn(process.execPath, [...before, join(program, "pipelines", "cli.js"), ...args], {
    cwd,
    env: {PATH: process.env.PATH, ...options.env},
    stdio: ["ignore", "pipe", "pipe"]
  });
}

/** What a process said, once it has ended; without a code a signal ended it. */
export async function ended(child: ChildProcess): Promise<{code: number | null; stdout: string; stderr: string}> {
  let stdout = "";
  let stderr = "";
  child.stdout!.on("data", chunk => (stdout += chunk));
  child.stderr!.on("data", chunk => (stderr += chunk));
  const [code] = (await once(child, "close")) as [number | null];
  return {code, stdout, stderr};
}

/** The settings that `sandbox --config-out` writes, in a folder that is made if needed. */
export function userFolder(path: string, sandbox: Sandbox, head = ""): string {
  const {yaml, env} = configFor(sandbox);
  mkdirSync(path, {recursive: true});
  writeFileSync(join(path, "megaphone.yaml"), `organisation: Test\ntimezone: Europe/Zurich\n${head}${yaml}`);
  writeFileSync(join(path, ".env"), env, {mode: 0o600});
  return path;
}

/** A user folder like another one, with its files' times; `head` replaces what the settings say of reports. */
export function copyOf(cwd: string, path: string, head?: string): string {
  cpSync(cwd, path, {recursive: true, preserveTimestamps: true, verbatimSymlinks: true});
  const file = join(path, "megaphone.yaml");
  if (head !== undefined) writeFileSync(file, readFileSync(file, "utf8").replace(/^report: .*\n/m, head));
  return path;
}

/** Every file under a folder, as a path from there. */
export function filesUnder(path: string): string[] {
  return readdirSync(path, {recursive: true, withFileTypes: true})
    .filter(entry => entry.isFile())
    .map(entry => relative(path, join(entry.parentPath, entry.name)))
    .sort();
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
