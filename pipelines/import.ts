/** `import`: export files as the platforms' own export buttons give them, into the landing zone and on to publication. */
import {readdirSync, statSync} from "node:fs";
import {basename, join, resolve} from "node:path";
import {ConfigError} from "../connectors/errors.ts";
import {type ExportFile, readExport} from "../connectors/exports/exports.ts";
import {findConnectors} from "../connectors/extract.ts";
import type {Batch, Landed} from "../warehouse/landing.ts";
import {dayIn} from "./calendar.ts";
import type {Context, ImportOptions} from "./context.ts";
import {publishEdition, transform} from "./finish.ts";
import type {Run} from "./record.ts";
import {work} from "./work.ts";
import type {Workspace} from "./workspace.ts";

/** What became of one file. */
export interface Imported {
  file: string;
  state: "imported" | "known" | "rejected";
  kind: string | null;
  account: string | null;
  records: number;
  rejected: number;
  from: string | null;
  to: string | null;
  notes: string[];
  reason: string | null;
}

type Reading = Pick<ImportOptions, "account" | "timezone" | "year">;

/** Imports files and folders; 0 all of it, 3 a file or row was rejected, 2 (ConfigError) no file could be read. */
export async function importFiles(context: Context, options: ImportOptions): Promise<number> {
  const platforms = await findConnectors();
  const settings = await context.settings({required: false, secrets: false, platforms});
  const paths = options.paths.flatMap(path => filesUnder(resolve(context.cwd, path), path, settings.dataDir));
  return work(context, settings, "import", async (workspace, run) => {
    if (options.dryRun) {
      const read = await readAll(workspace, paths, options, context.now());
      return {summary: read.map(item => tell(describe(item))).join("\n"), json: {files: read.map(describe)}};
    }
    const files = await importPaths(workspace, run, paths, options, context.now());
    const told = files.map(tell).join("\n");
    if (files.every(({state}) => state === "rejected")) {
      throw new ConfigError(told);
    }
    await workspace.load();
    if (!(await transform(workspace, run)))
      return {summary: `${told}\na check failed; the last good publication stands`};
    await publishEdition(workspace, run, context.now());
    return {summary: told, json: {files}};
  });
}

export {importFiles as import};

/** Reads files and lands what is new in them; what is rejected goes into the run's record. */
export async function importPaths(
  workspace: Workspace,
  run: Run,
  paths: readonly string[],
  options: Reading,
  now: Date
): Promise<Imported[]> {
  const read = await readAll(workspace, paths, options, now);
  const imported: Imported[] = [];
  for (const item of read.map(one => refuseOther(workspace, one, options.account))) {
    if (!("content" in item)) {
      run.rejected.push({
        source: "export",
        file: basename(item.path),
        row: null,
        column_name: null,
        reason: item.reason
      });
      imported.push(describe(item));
      continue;
    }
    const told = describe(item);
    for (const {row, column, reason} of item.content.rejected) {
      run.rejected.push({source: "export", file: item.content.file, row, column_name: column ?? null, reason});
    }
    // An import that was killed may have acknowledged the first of a file's batches and not the rest.
    const landed = landedOf(workspace, item.content);
    const rest = item.content.batches.slice(landed.length);
    const names = [...new Set(landed.map(({account}) => account.name))].join(", ");
    const reason = "was imported before; nothing changed";
    imported.push(rest.length === 0 ? {...told, state: "known", account: names, reason} : told);
    await workspace.landing.append(
      rest.map(batch => toLand(workspace, run, item.content, batch)),
      now
    );
  }
  return imported;
}

/** What was landed of a file before, whatever its name was. */
function landedOf({landing}: Workspace, {sha256}: ExportFile): Landed[] {
  return landing.lines.filter(({original}) => original?.sha256 === sha256);
}

/** A file that names no account and was imported for another one than it is given for now is refused. */
function refuseOther(workspace: Workspace, item: Read, account: string | undefined): Read {
  if (!("content" in item) || !item.content.batches.some(batch => batch.account.name === account)) return item;
  const names = new Set(landedOf(workspace, item.content).map(line => line.account.name));
  if (names.size === 0 || names.has(account!)) return item;
  const reason = `${item.content.file}: was imported before, for ${[...names].join(", ")}; what is landed stays, so move the data folder away and import all files again`;
  return {path: item.path, reason};
}

type Read = {path: string; content: ExportFile} | {path: string; reason: string};

/** In the order of what they cover, so that of two files read on one day the one that reaches further stands. */
async function readAll(workspace: Workspace, paths: readonly string[], options: Reading, now: Date): Promise<Read[]> {
  const read: Read[] = [];
  for (const path of paths) {
    try {
      read.push({path, content: await readExport(path, {...options, accounts: workspace.settings.accounts, now})});
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      read.push({path, reason: error.message});
    }
  }
  return read.sort((a, b) => reach(a).localeCompare(reach(b)));
}

function reach(item: Read): string {
  return "content" in item
    ? (item.content.batches
        .map(batch => batch.coversTo)
        .sort()
        .at(-1) ?? "")
    : "";
}

function toLand(
  {settings}: Workspace,
  run: Run,
  content: ExportFile,
  {account, ...batch}: ExportFile["batches"][number]
): {batch: Batch; records: readonly unknown[]} {
  return {
    batch: {
      run_id: run.run_id,
      platform: content.platform,
      stream: content.stream,
      source: "export",
      account: {
        account_id: `${account.platform}:${account.platformAccountId}`,
        platform: account.platform,
        platform_account_id: account.platformAccountId,
        name: account.name,
        kind: account.kind ?? "page",
        handle: account.handle ?? null
      },
      captured_at: batch.capturedAt.toISOString(),
      captured_on: dayIn(settings.timezone, batch.capturedAt),
      cursor: null,
      covers_from: batch.coversFrom,
      covers_to: batch.coversTo,
      original: {name: content.file, sha256: content.sha256, kind: content.kind}
    },
    records: batch.records
  };
}

function describe(item: Read): Imported {
  if (!("content" in item)) {
    const none = {kind: null, account: null, records: 0, rejected: 0, from: null, to: null, notes: []};
    return {file: basename(item.path), state: "rejected", ...none, reason: item.reason};
  }
  const {content} = item;
  return {
    file: content.file,
    state: "imported",
    kind: content.kind,
    account: content.batches.map(({account}) => account.name).join(", "),
    records: content.batches.reduce((sum, {records}) => sum + records.length, 0),
    rejected: content.rejected.length,
    from: content.batches.map(({coversFrom}) => coversFrom).sort()[0] ?? null,
    to:
      content.batches
        .map(({coversTo}) => coversTo)
        .sort()
        .at(-1) ?? null,
    notes: content.notes,
    reason: null
  };
}

function tell(file: Imported): string {
  if (file.state === "rejected") return `rejected: ${file.reason}`;
  const head = `${file.file}: ${file.kind} of ${file.account}, ${file.from} to ${file.to}`;
  const rows =
    file.state === "known"
      ? file.reason
      : `${file.records} records, ${file.rejected} ${file.rejected === 1 ? "row" : "rows"} rejected`;
  return [`${head}: ${rows}`, ...file.notes.map(note => `  ${note}`)].join("\n");
}

/** The files that a path names: itself, or what lies under it, without hidden files and without what Megaphone keeps. */
function filesUnder(path: string, shown: string, dataDir: string): string[] {
  const found = statSync(path, {throwIfNoEntry: false});
  if (found === undefined) throw new ConfigError(`${shown}: there is no such file or folder`);
  if (!found.isDirectory()) return [path];
  return readdirSync(path)
    .filter(name => !name.startsWith("."))
    .sort()
    .map(name => [join(path, name), join(shown, name)] as const)
    .filter(([under]) => under !== dataDir)
    .flatMap(([under, name]) => filesUnder(under, name, dataDir));
}
