/**
 * Export files as the platforms' own buttons give them: read safely, recognised by content, parsed without guessing.
 *
 * Counts stay what they are, ids stay text, and what is blank or says "not available" becomes null, never 0. A row that
 * cannot be read is rejected with its line, column and reason; nothing is lost without a word.
 */
import {createHash} from "node:crypto";
import {closeSync, constants, fstatSync, openSync, readdirSync, readFileSync} from "node:fs";
import {basename, extname} from "node:path";
import Papa from "papaparse";
import type {Account, LandedRecord} from "../connector.ts";
import {ConfigError} from "../errors.ts";
import {type Cells, type ExportKind, isExportKind, type ReadRow, type Rejection, RowError, type Table} from "./kind.ts";

export interface ReadOptions {
  /** Configured accounts; may be none. */
  accounts: readonly Account[];
  /** The account of files that name none. */
  account?: string;
  timezone?: string;
  year?: number;
  now: Date;
}

export interface ExportBatch {
  account: {platform: string; platformAccountId: string; name: string; kind?: string; handle?: string};
  records: LandedRecord[];
  /** When the file was made: its modification time, within the newest instant it speaks of and now. */
  capturedAt: Date;
  coversFrom: string;
  coversTo: string;
}

export interface ExportFile {
  file: string;
  sha256: string;
  kind: string;
  platform: string;
  /** The landing stream, which a staging model reads. */
  stream: string;
  batches: ExportBatch[];
  rejected: Rejection[];
  notes: string[];
}

type Owned = [account: ExportBatch["account"], rows: ReadRow[]];

const largest = 200 * 1024 * 1024;
const unopened: Record<string, string> = {
  ELOOP: "it is a link; put the file itself here",
  ENOENT: "there is no such file",
  EACCES: "you may not read it; change its permissions"
};
const absent = new Set(["-", "--", "nan", "undefined", "n/a", "infinity", "-infinity", "null"]);

/** Reads a file of any known kind. Throws ConfigError that says what is wrong with the whole file and what to do. */
export async function readExport(path: string, options: ReadOptions): Promise<ExportFile> {
  const name = basename(path);
  const {content, modifiedAt} = readSafely(path, name);
  const table = readTable(content, name);
  const kind = recognise(await findKinds(), table, name);
  const rejected = [...table.rejected];
  const notes: string[] = [];
  const rows = readRows(kind, table, placesOf(kind, table, name), rejected, notes);
  if (rows.length === 0) {
    throw new ConfigError(`${name}: a ${kind.title}, but no row of it can be read${firstReason(rejected)}`);
  }
  const owned = byAccount(kind, rows, options, name);
  return {
    file: name,
    sha256: createHash("sha256").update(content).digest("hex"),
    kind: kind.kind,
    platform: kind.platform,
    stream: kind.kind,
    batches: owned.map(([account, own]) => batchOf(account, own, modifiedAt, options.now)),
    rejected: rejected.sort((a, b) => a.row - b.row),
    notes: [...unneeded(options), ...strangers(kind, owned, options), ...counted(notes)]
  };
}

/** The kinds found in this folder, in the order of their files. */
export async function findKinds(): Promise<ExportKind[]> {
  const own = extname(import.meta.url);
  const found: ExportKind[] = [];
  for (const file of readdirSync(new URL(".", import.meta.url)).sort()) {
    const address = new URL(file, import.meta.url).href;
    if (extname(file) !== own || file.endsWith(".d.ts") || address === import.meta.url) continue;
    const module: Record<string, unknown> = await import(address);
    found.push(...Object.values(module).filter(isExportKind));
  }
  return found;
}

/** Header words as they are compared: case, blanks, byte-order marks and soft hyphens do not count. */
export function normalise(word: string): string {
  return word
    .replaceAll(/[\ufeff\u00ad\u200b]/g, "")
    .trim()
    .replaceAll(/\s+/g, " ")
    .toLowerCase();
}

/** The bytes of a regular file, whatever its name, and when it was last written: no link followed, no pipe waited for. */
function readSafely(path: string, name: string): {content: Buffer; modifiedAt: Date} {
  let handle: number;
  try {
    handle = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown fault";
    throw new ConfigError(`${name}: cannot be opened: ${unopened[code] ?? code}`, {cause});
  }
  try {
    const stat = fstatSync(handle);
    if (!stat.isFile()) throw new ConfigError(`${name}: is no regular file; put the exported file itself here`);
    if (stat.size > largest) throw new ConfigError(`${name}: is larger than 200 MB; export a shorter period`);
    if (stat.size === 0) throw new ConfigError(`${name}: is empty; export it again`);
    return {content: readFileSync(handle), modifiedAt: stat.mtime};
  } finally {
    closeSync(handle);
  }
}

/** The table that a file holds, read by what its content is; for now, text with separators. */
function readTable(content: Buffer, name: string): Table & {rejected: Rejection[]} {
  return parseCsv(decode(content, name), name);
}

/** Text by its byte-order mark, else strict UTF-8. */
function decode(content: Buffer, name: string): string {
  const mark = content.subarray(0, 2).toString("hex");
  const wide = mark === "fffe" ? "utf-16le" : mark === "feff" ? "utf-16be" : undefined;
  const binary = `${name}: is no text file; files of this kind are not read yet, export it as CSV`;
  if (wide === undefined && content.includes(0)) throw new ConfigError(binary);
  let text: string;
  try {
    text = new TextDecoder(wide ?? "utf-8", {fatal: true}).decode(content);
  } catch (cause) {
    const advice = "save it as CSV UTF-8, or export it again";
    throw new ConfigError(`${name}: holds letters in an unknown encoding; ${advice}`, {cause});
  }
  if (text.includes("\0")) throw new ConfigError(binary);
  return text;
}

/** Rows of comma, semicolon or tab separated text, as a `sep=` line or else the header tells. */
function parseCsv(text: string, name: string): Table & {rejected: Rejection[]} {
  // One kind of line end, so that the parser has nothing to guess and a re-saved file gives the same texts.
  const lines = text.replaceAll(/\r\n?/g, "\n");
  const told = /^"?sep=([,;\t|])"?[,;\t]*\n/i.exec(lines);
  const body = lines.slice(told?.[0].length ?? 0);
  const parsed = Papa.parse<string[]>(body, {delimiter: told?.[1] ?? separatorOf(body), newline: "\n"});
  const broken = new Set(parsed.errors.map(({row}) => row));
  const rejected: Rejection[] = [];
  const rows: Table["rows"] = [];
  let header: string[] | undefined;
  let next = told === null ? 1 : 2;
  for (const [index, cells] of parsed.data.entries()) {
    const line = next;
    next += 1 + cells.reduce((sum, cell) => sum + cell.split("\n").length - 1, 0);
    if (cells.every(cell => cell.trim() === "")) continue;
    const fault = broken.has(index) ? strayQuote(line, next - 1) : undefined;
    if (header === undefined) {
      if (fault !== undefined) throw new ConfigError(`${name}: line ${line}: ${fault}`);
      header = cells;
    } else if (fault !== undefined) {
      rejected.push({row: line, reason: fault});
    } else if (cells.length !== header.length) {
      const reason = `has ${cells.length} cells where the header has ${header.length}; export the file again`;
      rejected.push({row: line, reason});
    } else rows.push({line, cells});
  }
  if (header === undefined) throw new ConfigError(`${name}: holds nothing but blank lines; export it again`);
  if (rows.length === 0 && rejected.length === 0) {
    throw new ConfigError(`${name}: holds a header and no row; export a period with posts`);
  }
  return {header, rows, rejected};
}

/** The candidate that the first line holds most of. */
function separatorOf(body: string): string {
  const first = body.trimStart().split("\n", 1)[0]!;
  const times = (separator: string) => first.split(separator).length;
  return [",", ";", "\t"].reduce((best, next) => (times(next) > times(best) ? next : best));
}

function strayQuote(from: number, to: number): string {
  const lost = to > from ? `, so the lines to ${to} cannot be told apart` : "";
  return `a quotation mark is never closed or stands inside a cell${lost}; export the file again`;
}

/** The kind all of whose needed columns are there. A stranger's cells are not repeated: they may be anybody's data. */
function recognise(kinds: readonly ExportKind[], table: Table, name: string): ExportKind {
  const words = new Set(table.header.map(normalise));
  const nearest = kinds
    .map(kind => ({kind, missing: kind.needs.filter(need => !kind.columns[need]!.some(word => words.has(word)))}))
    .sort((a, b) => a.missing.length - b.missing.length || b.kind.needs.length - a.kind.needs.length)[0];
  if (nearest?.missing.length === 0) return nearest.kind;
  const isNear = nearest !== undefined && nearest.missing.length < nearest.kind.needs.length;
  const missing = nearest?.missing.map(need => `"${nearest.kind.columns[need]![0]}"`).join(", ");
  const guess = isNear
    ? `nearest is the ${nearest.kind.title}, but ${missing} is missing`
    : "it resembles none of them";
  const known = kinds.map(({title}) => title).join("; ");
  const columns = `its ${table.header.length} columns are others; ${guess}`;
  throw new ConfigError(`${name}: is no export file that is known here: ${columns}; known are: ${known}`);
}

/** Where each column of a kind stands. Throws ConfigError when two go by one name: which to believe would be a guess. */
function placesOf(kind: ExportKind, table: Table, name: string): Map<string, number> {
  const words = table.header.map(normalise);
  const places = new Map<string, number>();
  for (const [column, aliases] of Object.entries(kind.columns)) {
    const found = words.flatMap((word, place) => (aliases.includes(word) ? [place] : []));
    if (found.length > 1) {
      throw new ConfigError(`${name}: the column "${aliases[0]}" stands in it ${found.length} times; export it again`);
    }
    if (found[0] !== undefined) places.set(column, found[0]);
  }
  return places;
}

function readRows(
  kind: ExportKind,
  table: Table,
  places: ReadonlyMap<string, number>,
  rejected: Rejection[],
  notes: string[]
): ReadRow[] {
  const read = new Map<string, ReadRow>();
  for (const {line, cells} of table.rows) {
    try {
      const row = kind.read(cellsOf(cells, places));
      const known = read.get(row.key);
      if (known === undefined) {
        read.set(row.key, row);
        notes.push(...(row.notes ?? []));
      } else if (JSON.stringify(known.record) === JSON.stringify(row.record)) {
        notes.push("stands in the file twice alike and is taken once");
      } else {
        throw new RowError(undefined, "stands in the file twice with different figures; the first is kept");
      }
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      const column = error.column === undefined ? undefined : table.header[places.get(error.column) ?? -1]?.trim();
      rejected.push({row: line, ...(column === undefined ? {} : {column}), reason: error.message});
    }
  }
  return [...read.values()];
}

function cellsOf(cells: readonly string[], places: ReadonlyMap<string, number>): Cells {
  const text = (column: string): string | undefined => {
    const cell = cells[places.get(column) ?? -1];
    return cell === undefined || cell.trim() === "" ? undefined : cell;
  };
  return {
    text,
    count(column) {
      const cell = text(column)?.trim();
      if (cell === undefined || absent.has(cell.toLowerCase())) return null;
      const value = /^\d+(\.0+)?$/.test(cell) ? Number(cell) : Number.NaN;
      if (Number.isSafeInteger(value)) return value;
      // Only figures are repeated: in a row that has slipped, the cell may hold somebody's words.
      const shown = /^[\d.,+%eE' -]{1,24}$/.test(cell) ? `"${cell}"` : "its text";
      throw new RowError(column, `${shown} is no count; export the file again instead of saving it from a spreadsheet`);
    }
  };
}

/** Rows by account: the one that the row names, or else the one that the user names. */
function byAccount(kind: ExportKind, rows: readonly ReadRow[], options: ReadOptions, name: string): Owned[] {
  const groups = new Map<string, Owned>();
  for (const row of rows) {
    const account =
      row.account === undefined
        ? accountTold(kind, options, name)
        : accountFor(kind.platform, row.account.handle, options);
    const group: Owned = groups.get(account.platformAccountId) ?? [account, []];
    group[1].push(row);
    groups.set(account.platformAccountId, group);
  }
  return [...groups.values()];
}

/** The account of `--account`: a configured one or, where the platform has none, a new one of that handle. */
function accountTold(kind: ExportKind, options: ReadOptions, name: string): ExportBatch["account"] {
  const configured = namesOf(kind, options);
  const choice = configured.length === 0 ? "its handle" : `one of: ${configured.join(", ")}`;
  if (options.account === undefined) {
    const advice = `import it with --account NAME, where NAME is ${choice}`;
    throw new ConfigError(`${name}: a ${kind.title} names no account; ${advice}`);
  }
  const account = accountFor(kind.platform, options.account, options);
  if (configured.length > 0 && !configured.includes(account.name)) {
    throw new ConfigError(`${name}: no ${kind.platform} account is called ${options.account}; name ${choice}`);
  }
  return account;
}

/** The configured account that goes by a handle, whatever its case; else one made from the handle. */
function accountFor(platform: string, handle: string, {accounts}: ReadOptions): ExportBatch["account"] {
  const shown = handle.trim().replace(/^@/, "");
  const wanted = shown.toLowerCase();
  const known = accounts.find(
    account =>
      account.platform === platform &&
      [account.id, account.name, ...account.aliases].some(word => word.replace(/^@/, "").toLowerCase() === wanted)
  );
  return known === undefined
    ? {platform, platformAccountId: wanted, name: shown, handle: shown}
    : {platform, platformAccountId: known.id, name: known.name, kind: known.kind};
}

function namesOf(kind: ExportKind, {accounts}: ReadOptions): string[] {
  return accounts.filter(({platform}) => platform === kind.platform).map(({name}) => name);
}

function batchOf(account: ExportBatch["account"], rows: readonly ReadRow[], modifiedAt: Date, now: Date): ExportBatch {
  const newest = Math.max(...rows.map(({until}) => until.getTime()));
  const days = rows.map(({day}) => day).sort();
  return {
    account,
    records: rows.map(({record}) => record),
    capturedAt: new Date(Math.max(newest, Math.min(modifiedAt.getTime(), now.getTime()))),
    coversFrom: days[0]!,
    coversTo: days.at(-1)!
  };
}

/** Options that were given and change nothing, because every kind so far says its zone and year. */
function unneeded({timezone, year}: ReadOptions): string[] {
  return [
    ...(timezone === undefined ? [] : ["--timezone was not needed: the times of this file are UTC"]),
    ...(year === undefined ? [] : ["--year was not needed: the dates of this file hold one"])
  ];
}

/** Accounts that are not configured although others of the platform are: likely ours under another name. */
function strangers(kind: ExportKind, owned: readonly Owned[], options: ReadOptions): string[] {
  const configured = namesOf(kind, options);
  return owned
    .filter(([{name}]) => configured.length > 0 && !configured.includes(name))
    .map(([{name}]) => `${name} is not configured; if it is one of ${configured.join(", ")}, add it to its aliases`);
}

function firstReason(rejected: readonly Rejection[]): string {
  const first = rejected[0];
  if (first === undefined) return "";
  return `; line ${first.row}${first.column === undefined ? "" : `, ${first.column}`}: ${first.reason}`;
}

/** Equal notes as one, with their number. */
function counted(notes: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const note of notes) counts.set(note, (counts.get(note) ?? 0) + 1);
  return [...counts].map(([note, count]) => `${count} ${count === 1 ? "row" : "rows"}: ${note}`);
}
