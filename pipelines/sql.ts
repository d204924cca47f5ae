/**
 * `megaphone sql`: read-only SQL on the published warehouse, the copy that a run never touches again.
 *
 * The copy is opened read only, without files, network or settings; what a query needs to leave in (Parquet), another
 * instance writes.
 */
import {closeSync, existsSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join, resolve} from "node:path";
import {createInterface} from "node:readline";
import {Writable} from "node:stream";
import {text} from "node:stream/consumers";
import {ConfigError, MegaphoneError} from "../connectors/errors.ts";
import {type DuckDBResultReader, Warehouse} from "../warehouse/warehouse.ts";
import {arrow} from "./arrow.ts";
import type {Context, SqlFormat, SqlOptions} from "./context.ts";
import {csv, json, ndjson, table} from "./result.ts";

/** Answers a query, a file of statements, stdin, or on a terminal a prompt. Gives 0, or 130 after Ctrl-C. */
export async function sql(context: Context, options: SqlOptions): Promise<number> {
  const format = options.format ?? (context.json ? "json" : "table");
  checkUsage(context, options, format);
  const {dataDir} = await context.settings({required: false, secrets: false, onlyFolder: true});
  const path = join(dataDir, "published", options.edition === "public" ? "public.duckdb" : "warehouse.duckdb");
  if (!existsSync(path)) {
    throw new MegaphoneError(`nothing is published yet in ${dataDir}; run \`megaphone run\` or \`megaphone import\``);
  }
  const query = await readQuery(context, options);
  if (query === undefined && options.output !== undefined) throw new ConfigError("-o goes with a query or --file");
  await using warehouse = await Warehouse.open(path, {
    readOnly: true,
    locked: true,
    memoryLimit: options.memoryLimit,
    ...(options.threads === undefined ? {} : {threads: options.threads})
  });
  if (query === undefined) return await prompt(context, warehouse, format, options.timeLimit);

  let isCancelled = false;
  const cancel = () => {
    isCancelled = true;
    warehouse.interrupt();
  };
  process.once("SIGINT", cancel);
  try {
    await answer(context, warehouse, query, format, options);
    return 0;
  } catch (error) {
    if (isCancelled) return 130;
    throw error;
  } finally {
    process.off("SIGINT", cancel);
  }
}

function checkUsage(context: Context, {query, file, output}: SqlOptions, format: SqlFormat): void {
  if (query !== undefined && file !== undefined) throw new ConfigError("give a query or --file, not both");
  const isBinary = format === "arrow" || format === "parquet";
  if (isBinary && output === undefined && context.terminal.stdout) {
    throw new ConfigError(`${format} is not for a terminal; name a file with -o FILE, or pipe it on`);
  }
}

/** The statements to run; undefined where a person is to type them. */
async function readQuery(context: Context, {query, file}: SqlOptions): Promise<string | undefined> {
  if (query === undefined && file === undefined && context.terminal.stdin) return undefined;
  const given = query ?? (file === undefined ? await text(context.stdin) : readStatements(resolve(context.cwd, file)));
  if (given.trim() === "")
    throw new ConfigError("no query was given; write one after `sql`, or name a file with --file");
  return given;
}

function readStatements(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new ConfigError(`${file} cannot be read (${(cause as NodeJS.ErrnoException).code})`, {cause});
  }
}

type Target = Pick<SqlOptions, "output" | "timeLimit">;

async function answer(context: Context, warehouse: Warehouse, query: string, format: SqlFormat, target: Target) {
  if (format === "parquet") {
    const folder = mkdtempSync(join(tmpdir(), "megaphone-")); // 0700
    try {
      const file = join(folder, "result.parquet");
      await limited(warehouse, target.timeLimit, () => warehouse.writeParquet(query, file));
      write(context, target.output, [readFileSync(file)]);
    } finally {
      rmSync(folder, {recursive: true});
    }
    return;
  }
  const result = await limited(warehouse, target.timeLimit, () => warehouse.read(query));
  write(context, target.output, format === "arrow" ? arrowOf(result, target.output) : texts[format](result));
}

const texts: Record<Exclude<SqlFormat, "arrow" | "parquet">, (result: DuckDBResultReader) => Iterable<string>> = {
  table: result => [table(result)],
  csv,
  json,
  ndjson
};

function arrowOf(result: DuckDBResultReader, output: string | undefined): Uint8Array[] {
  return [arrow(result, output === undefined ? "stream" : "file")];
}

/** Runs a query, and stops it when its time is over. */
async function limited<T>(warehouse: Warehouse, seconds: number, run: () => Promise<T>): Promise<T> {
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
    warehouse.interrupt();
  }, seconds * 1000);
  try {
    return await run();
  } catch (cause) {
    const message = String(cause instanceof Error ? cause.message : cause).replace(
      /^Failed to extract statements: /,
      ""
    );
    throw new MegaphoneError(isOver ? `the query took longer than ${seconds} s; see --time-limit` : message, {cause});
  } finally {
    clearTimeout(timer);
  }
}

/** To stdout, or into a file that appears when it is whole. */
function write(context: Context, output: string | undefined, pieces: Iterable<string | Uint8Array>): void {
  if (output === undefined) {
    for (const piece of pieces) context.stdout(piece);
    return;
  }
  const file = resolve(context.cwd, output);
  const draft = `${file}.part`;
  try {
    const descriptor = openSync(draft, "w", 0o600);
    try {
      for (const piece of pieces) writeFileSync(descriptor, piece);
    } finally {
      closeSync(descriptor);
    }
    renameSync(draft, file);
  } catch (cause) {
    rmSync(draft, {force: true});
    if (!(cause instanceof Error && "code" in cause)) throw cause;
    throw new MegaphoneError(`${file} cannot be written (${cause.code})`, {cause});
  }
}

/** Reads statements, each ended by `;`, until `.quit` or Ctrl-D; Ctrl-C stops a query or drops what was typed. */
async function prompt(context: Context, warehouse: Warehouse, format: SqlFormat, timeLimit: number): Promise<number> {
  const output = new Writable({
    decodeStrings: false,
    write(chunk: string | Uint8Array, _encoding, done) {
      context.stdout(chunk);
      done();
    }
  });
  const lines = createInterface({input: context.stdin, output, terminal: true, prompt: "megaphone> "});
  let typed = "";
  let isRunning = false;
  const ask = () => {
    lines.setPrompt(typed === "" ? "megaphone> " : "       ... ");
    lines.prompt();
  };
  lines.on("SIGINT", () => {
    if (isRunning) return warehouse.interrupt();
    typed = "";
    context.stdout("\n");
    ask();
  });
  context.stdout("Statements end with ; and .quit leaves. `show all tables;` lists what is there.\n");
  ask();
  for await (const line of lines) {
    if (typed === "" && /^\s*\.(quit|exit)\s*$/.test(line)) break;
    typed += `${line}\n`;
    if (typed.trim() === "") typed = "";
    if (typed.trimEnd().endsWith(";")) {
      isRunning = true;
      await answer(context, warehouse, typed, format, {timeLimit}).catch((error: Error) =>
        context.log.error(error.message)
      );
      isRunning = false;
      typed = "";
    }
    ask();
  }
  lines.close();
  return 0;
}
