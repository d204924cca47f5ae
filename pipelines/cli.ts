#!/usr/bin/env node
/** The command line: what may be asked, the one place where an error ends, and the exit code. */
import {realpathSync} from "node:fs";
import {createRequire} from "node:module";
import {fileURLToPath} from "node:url";
import {CommanderError, Command as CommandLine, InvalidArgumentError, Option} from "commander";
import {ConfigError, MegaphoneError} from "../connectors/errors.ts";
import {LockError} from "../connectors/lockfile.ts";
import {LandingError} from "../warehouse/landing.ts";
import type {Command, Commands, Context, Edition} from "./context.ts";
import {createLog, type Log, type LogLevel, logLevels} from "./log.ts";
import {loadSettings} from "./settings.ts";

/** What the command line touches beyond its arguments. */
export interface Effects extends Pick<Context, "cwd" | "env" | "now" | "stdin" | "stdout"> {
  stderr: (text: string) => void;
  terminal: {stdin: boolean; stdout: boolean; stderr: boolean};
  /** Gives the module of a command, loaded only when it is asked for. */
  load: (name: keyof Commands) => Promise<Record<string, unknown>>;
}

/** Runs one command; `args` are the words after `megaphone`. Gives the exit code and throws nothing. */
export async function main(args: string[], effects: Effects = processEffects()): Promise<number> {
  let log = createLog({...logSettings(effects), level: "info", quiet: false});
  const fail = (error: unknown) => process.exit(conclude(error, log)); // what no promise carried here
  process.once("uncaughtException", fail);
  try {
    let exitCode = 0;
    const program = describeCommands(async (name, options) => {
      const globals = program.opts<Globals>();
      log = createLog({...logSettings(effects), level: globals.logLevel, quiet: globals.quiet === true});
      const command = (await effects.load(name))[name] as Command<typeof options>;
      exitCode = await command(createContext(globals, log, effects), options);
    }, effects);
    await program.parseAsync(args, {from: "user"});
    return exitCode;
  } catch (error) {
    return conclude(error, log);
  } finally {
    log.progress("");
    process.off("uncaughtException", fail);
  }
}

const {version} = createRequire(import.meta.url)("#package") as {version: string};

interface Globals {
  config?: string;
  data?: string;
  logLevel: LogLevel;
  quiet?: true;
  json?: true;
}

type Start = <Name extends keyof Commands>(name: Name, options: Commands[Name]) => Promise<void>;

function describeCommands(start: Start, effects: Effects): CommandLine {
  const program = new CommandLine("megaphone")
    .version(version)
    .description("Social media analytics: platform APIs and export files in, indicators, charts and reports out.")
    .option("--config <file>", "settings (default: megaphone.yaml in the working folder)")
    .option("--data <dir>", "data folder, instead of the settings' data_dir")
    .addOption(new Option("--log-level <level>", "how much to say").choices(logLevels).default("info"))
    .option("--quiet", "warnings and errors only")
    .option("--json", "give the result as one JSON document on stdout")
    .exitOverride()
    .configureOutput({writeOut: effects.stdout, writeErr: effects.stderr})
    .configureHelp({showGlobalOptions: true})
    .showSuggestionAfterError();

  const command = (words: string, description: string, ...examples: string[]) =>
    program
      .command(words)
      .description(description)
      .addHelpText("after", `\nExample:\n${examples.map(line => `  $ npx megaphone ${line}`).join("\n")}`);

  command("demo", "make a user folder, play the sandbox's nights into it, publish and report", "demo --out ./demo")
    .option("--out <dir>", "folder to make", "./demo")
    .option("--serve", "keep the sandbox up afterwards")
    .action(options => start("demo", {serve: false, ...options}));

  command("init", "write commented settings, register templates and the inbox folder", "init ./mandate")
    .argument("[dir]", "folder to write into", ".")
    .action(dir => start("init", {dir}));

  /** A command that speaks of a night. */
  const nightly = (words: string, description: string, example: string) =>
    command(words, description, example)
      .option("--only <names>", "platforms or accounts, with commas between", list)
      .option("--as-of <date>", "the program's date, where every account talks to loopback", date);

  nightly(
    "check",
    "test settings, tokens, permissions and metrics with few calls; say what will be missing",
    "check"
  ).action(options => start("check", options));

  nightly("plan", "what tonight's run would ask for, and what that costs; calls no platform", "plan --json").action(
    options => start("plan", options)
  );

  nightly("run", "the nightly job, once: fetch, load, check, publish, report", "run --only x").action(options =>
    start("run", options)
  );

  nightly("backfill", "read past days as far as each platform still gives them", "backfill --from 2020-01-01")
    .requiredOption("--from <date>", "first day", date)
    .option("--to <date>", "last day (default: yesterday)", date)
    .action(options => start("backfill", options));

  command("schedule", "stay up and do `run` on the settings' cron expression, in UTC", "schedule").action(() =>
    start("schedule", {run: ["run", ...globalWords(program.opts<Globals>())]})
  );

  command(
    "import",
    "load export files as the platforms give them, then check and publish",
    "import ~/Downloads/tweet_activity_metrics_*.csv --data ./data"
  )
    .argument("<paths...>", "export files, or folders of them")
    .option("--account <name>", "account of the files that name none")
    .option("--timezone <zone>", "zone of times that name none")
    .option("--year <yyyy>", "year of dates that name none", year)
    .option("--dry-run", "say what would be loaded, and load nothing")
    .action((paths, options) => start("import", {paths, dryRun: false, ...options}));

  command("transform", "load what is landed and not loaded yet, build the models, run the checks", "transform").action(
    () => start("transform", {})
  );

  command("publish", "replace the published copies by what the warehouse holds", "publish").action(() =>
    start("publish", {})
  );

  command(
    "report",
    "draw charts and pages from the published copy",
    "report --period 2020-07..2020-12 --format html,png"
  )
    .addOption(editionOption())
    .option("--period <period>", "2020-07..2020-12, 2020-Q3, 2020, last-month, last-quarter or all")
    .option("--campaign <id>", "one campaign alone")
    .option("--lang <tags>", "languages, with commas between", list)
    .option("--format <names>", "html, svg, png, pdf, csv, with commas between", list, ["html", "svg", "png", "csv"])
    .option("--out <dir>", "folder for it (default: reports in the data folder)")
    .action(options => start("report", options));

  command(
    "sql",
    "read-only SQL on the published warehouse; without a query on a terminal, a prompt",
    'sql "select platform, count(*) as posts from publish.post group by 1" --format csv',
    "sql --file weekly.sql --format parquet -o weekly.parquet"
  )
    .argument("[query]", "one statement or several; the last one's result is given")
    .addOption(editionOption())
    .option("--file <file>", "read the statements from a file")
    .addOption(
      new Option("--format <format>", "how to give the result (default: table)").choices([
        "table",
        "csv",
        "json",
        "ndjson",
        "arrow",
        "parquet"
      ])
    )
    .option("-o, --output <file>", "write the result to a file")
    .option("--time-limit <seconds>", "stop a query after so long", whole, 600)
    .option("--memory-limit <size>", "memory a query may take", size, "1GB")
    .option("--threads <n>", "threads a query may use", whole)
    .action((query, options) => start("sql", {...(query === undefined ? {} : {query}), ...options}));

  command("status", "how the last run went, and what to do", "status --json").action(() => start("status", {}));

  command("rebuild", "drop the warehouse and build it again from the landing zone", "rebuild").action(() =>
    start("rebuild", {})
  );

  command(
    "sandbox",
    "the platforms' APIs on loopback, with made-up data, for trying connectors",
    "sandbox --posts 1000 --config-out ./try/megaphone.yaml"
  )
    .option("--port <n>", "port to listen on; 0: any", port, 4010)
    .option("--posts <n>", "made-up posts an account, instead of the demo's", whole)
    .option("--night <date>", "the night whose state is served", date)
    .option("--fault <name>", "switch a fault on (may be repeated; `list` names them)", collect, [])
    .option("--config-out <file>", "write settings, and a .env beside them, that point at it")
    .action(options => start("sandbox", options));

  return program;
}

/** The global options as they may be given again. */
function globalWords({config, data, logLevel, quiet, json}: Globals): string[] {
  return [
    ...(config === undefined ? [] : ["--config", config]),
    ...(data === undefined ? [] : ["--data", data]),
    ...["--log-level", logLevel],
    ...(quiet ? ["--quiet"] : []),
    ...(json ? ["--json"] : [])
  ];
}

function editionOption(): Option {
  return new Option("--edition <edition>", "whose copy")
    .choices(["team", "public"] satisfies Edition[])
    .default("team" satisfies Edition);
}

function createContext(globals: Globals, log: Log, effects: Effects): Context {
  const {config, data} = globals;
  return {
    ...effects,
    stdout(chunk) {
      log.progress(""); // both may be the same terminal
      effects.stdout(chunk);
    },
    log,
    json: globals.json === true,
    quiet: globals.quiet === true,
    async settings(needs) {
      const settings = await loadSettings({
        ...needs,
        ...(config === undefined ? {} : {config}),
        ...(data === undefined ? {} : {data}),
        cwd: effects.cwd,
        env: effects.env,
        warn: log.warn
      });
      settings.secrets.forEach(log.addSecret);
      return settings;
    }
  };
}

/** The one catch-all: says what went wrong and gives the exit code of the contract. */
function conclude(error: unknown, log: Log): number {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? 0 : 2; // commander has said what is wrong, or printed the help
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (error instanceof MegaphoneError) {
    log.error(error.message);
    log.debug(stack);
    return error instanceof ConfigError ? 2 : error instanceof LockError ? 4 : 1;
  }
  const fault = error instanceof LandingError ? error.message : machineFault(error);
  if (fault !== undefined) {
    log.error(fault);
    log.debug(stack);
    return 1;
  }
  log.error(`this is a bug in megaphone: ${error instanceof Error ? error.message : String(error)}`);
  log.error("--log-level debug shows where it happened");
  log.debug(stack);
  return 1;
}

/** What the machine refuses, by the system's name for it, and what to do. */
const refusals: Record<string, string> = {
  EACCES: "this user may not read or write it; change its permissions or name another folder",
  EADDRINUSE: "this port is in use; name another one",
  EEXIST: "there is a file where a folder is wanted; name another folder",
  EISDIR: "there is a folder where a file is wanted; name another file",
  EMFILE: "too many files are open; raise the limit (ulimit -n)",
  ENOSPC: "the disk is full; make room, then do it again",
  ENOTDIR: "there is a file above it where a folder is wanted; name another folder",
  EPERM: "this user may not read or write it; change its permissions or name another folder",
  EROFS: "this disk cannot be written; name another folder"
};

/** A fault of the machine in words, undefined for any other; the database tells of a full disk in words of its own. */
function machineFault(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const {code = "", path, port} = error as NodeJS.ErrnoException & {port?: number};
  const refusal = refusals[code] ?? (error.message.includes("No space left on device") ? refusals.ENOSPC : undefined);
  const place = path ?? port;
  return refusal === undefined ? undefined : [...(place === undefined ? [] : [place]), refusal].join(": ");
}

function logSettings({stderr, terminal, now}: Effects) {
  return {stderr, now, isTerminal: terminal.stderr};
}

function processEffects(): Effects {
  return {
    cwd: process.cwd(),
    env: process.env,
    now: () => new Date(),
    stdin: process.stdin,
    stdout: writer(process.stdout),
    stderr: writer(process.stderr),
    terminal: {
      stdin: process.stdin.isTTY === true,
      stdout: process.stdout.isTTY === true,
      stderr: process.stderr.isTTY === true
    },
    load: name => import(/* @vite-ignore */ `./${name}.ts`)
  };
}

/** Writes to a stream until nobody reads it any more (`megaphone sql … | head`), which is no failure. */
function writer(stream: NodeJS.WriteStream): (chunk: string | Uint8Array) => void {
  let isOpen = true;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    isOpen = false;
  });
  return chunk => {
    if (isOpen) stream.write(chunk);
  };
}

function list(value: string): string[] {
  const words = value.split(",").map(word => word.trim());
  if (words.includes("")) throw new InvalidArgumentError("Expected words with commas between.");
  return words;
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

function whole(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError("Expected a whole number from 1.");
  return Number(value);
}

function port(value: string): number {
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535) throw new InvalidArgumentError("Expected 0 to 65535.");
  return Number(value);
}

function year(value: string): number {
  if (!/^(19|20)\d\d$/.test(value)) throw new InvalidArgumentError("Expected a year, such as 2020.");
  return Number(value);
}

function size(value: string): string {
  if (!/^[1-9]\d*(MB|GB)$/.test(value)) throw new InvalidArgumentError("Expected a size, such as 512MB or 2GB.");
  return value;
}

function date(value: string): string {
  const at = new Date(`${value}T00:00:00Z`);
  if (!/^\d{4}-\d\d-\d\d$/.test(value) || Number.isNaN(at.getTime()) || !at.toISOString().startsWith(value)) {
    throw new InvalidArgumentError("Expected a date, such as 2020-11-30.");
  }
  return value;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.umask(0o077); // before anything is written: what this program makes is its user's alone
  process.exitCode = await main(process.argv.slice(2));
}
