/** What every command is handed: settings, log, clock and the three standard streams. Tests hand in their own. */
import type {Log} from "./log.ts";
import type {LoadOptions, Settings} from "./settings.ts";

export interface Context {
  /** Reads `megaphone.yaml` as the global options say, and tells the log which values to hide. */
  settings: (needs: Pick<LoadOptions, "required" | "secrets" | "onlyFolder" | "platforms">) => Promise<Settings>;
  log: Log;
  /** The result is asked for as one JSON document on stdout. */
  json: boolean;
  quiet: boolean;
  cwd: string;
  env: NodeJS.ProcessEnv;
  now: () => Date;
  stdin: NodeJS.ReadableStream;
  /** Results and nothing else. */
  stdout: (chunk: string | Uint8Array) => void;
  /** Which of the two is a terminal. */
  terminal: {stdin: boolean; stdout: boolean};
}

/** A command's work; the number is the process's exit code. */
export type Command<Options> = (context: Context, options: Options) => Promise<number>;

export type Edition = "team" | "public";

export interface DemoOptions {
  out: string;
  serve: boolean;
}

export interface RunOptions {
  /** Platforms and names of accounts; absent: all. */
  only?: string[];
  /** YYYY-MM-DD: the program's clock. */
  asOf?: string;
}

export interface BackfillOptions extends RunOptions {
  /** YYYY-MM-DD: the first and the last day; `to` absent: yesterday. */
  from: string;
  to?: string;
}

export interface InitOptions {
  dir: string;
}

export interface ScheduleOptions {
  /** The words that start a run with the same global options, after `megaphone`. */
  run: string[];
}

export interface ImportOptions {
  paths: string[];
  account?: string;
  timezone?: string;
  year?: number;
  dryRun: boolean;
}

export interface ReportOptions {
  edition: Edition;
  /** As the user wrote it; absent: the settings' periods. */
  period?: string;
  campaign?: string;
  /** Absent: the settings' languages. */
  lang?: string[];
  format: string[];
  out?: string;
}

export type SqlFormat = "table" | "csv" | "json" | "ndjson" | "arrow" | "parquet";

export interface SqlOptions {
  query?: string;
  file?: string;
  edition: Edition;
  /** Absent: a table, or JSON where `--json` is given. */
  format?: SqlFormat;
  output?: string;
  /** Seconds a query may take. */
  timeLimit: number;
  memoryLimit: string;
  threads?: number;
}

export interface SandboxOptions {
  port: number;
  /** Made-up posts an account, instead of the demo's. */
  posts?: number;
  /** YYYY-MM-DD: the night whose state is served. */
  night?: string;
  fault: string[];
  configOut?: string;
}

/** The commands by name, with what each is handed. `pipelines/<name>.ts` exports the function `<name>`. */
export interface Commands {
  demo: DemoOptions;
  init: InitOptions;
  check: RunOptions;
  plan: RunOptions;
  run: RunOptions;
  backfill: BackfillOptions;
  schedule: ScheduleOptions;
  import: ImportOptions;
  transform: Record<string, never>;
  publish: Record<string, never>;
  report: ReportOptions;
  sql: SqlOptions;
  status: Record<string, never>;
  rebuild: Record<string, never>;
  sandbox: SandboxOptions;
}
