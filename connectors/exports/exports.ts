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

const largest = 200 * 1024 * 1024;
const absent = new Set(["", "-", "--", "nan", "undefined", "n/a", "infinity", "-infinity", "null"]);

/** Reads a file of any known kind. Throws ConfigError that says what is wrong with the whole file and what to do. */
export async function readExport(path: string, options: ReadOptions): Promise<ExportFile> {
  const name = basename(path);
  const {content, modifiedAt} = readSafely(path, name);
  const table = parseTable(decode(content, name), name);
  const kind = recognise(await findKinds(), table, name);
  const rejected = [...table.rejected];
  const notes: string[] = [];
  const rows = readRows(kind, table, rejected, notes);
  if (rows.length === 0)
    throw new ConfigError(`${name}: a ${kind.title}, but no row of it can be read${reasons(rejected)}`);
  const batches = byAccount(kind, rows, options, name).map(([account, own]): ExportBatch => {
    const newest = new Date(Math.max(...own.map(({until}) => until.getTime())));
    const days = own.map(({day}) => day).sort();
    return {
      account,
      records: own.map(({record}) => record),
      capturedAt: clamp(modifiedAt, newest, options.now),
      coversFrom: days[0]!,
      coversTo: days.at(-1)!
    };
  });
  return {
    file: name,
    sha256: createHash("sha256").update(content).digest("hex"),
    kind: kind.kind,
    platform: kind.platform,
    stream: kind.kind,
    batches,
    rejected: rejected.sort((a, b) => a.row - b.row),
    notes: counted(notes)
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

/** A regular file of a bearable size, whatever its name: no link is followed, no pipe waited for. */
function readSafely(path: string, name: string): {content: Buffer; modifiedAt: Date} {
  let handle: number;
  try {
    handle = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new ConfigError(
      `${name}: cannot be opened (${code === "ELOOP" ? "it is a link; put the file itself here" : code})`,
      {cause}
    );
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

/** Text by its byte-order mark, else strict UTF-8. */
function decode(content: Buffer, name: string): string {
  const isWide =
    content[0] === 0xff && content[1] === 0xfe
      ? "utf-16le"
      : content[0] === 0xfe && content[1] === 0xff
        ? "utf-16be"
        : undefined;
  if (isWide === undefined && content.subarray(0, 4096).includes(0)) {
    throw new ConfigError(`${name}: is no text file; files of this kind are not read yet, export it as CSV`);
  }
  try {
    return new TextDecoder(isWide ?? "utf-8", {fatal: true}).decode(content);
  } catch (cause) {
    throw new ConfigError(`${name}: holds letters in an unknown encoding; save it as CSV UTF-8, or export it again`, {
      cause
    });
  }
}

/** A table with every cell as text. Rows of another length than the header are rejected, not bent into shape. */
function parseTable(text: string, name: string): Table & {rejected: Rejection[]} {
  const isMarked = /^sep=(.)\r?\n/.exec(text);
  const body = isMarked ? text.slice(isMarked[0].length) : text;
  const firstLine = body.slice(0, body.search(/[\r\n]|$/));
  const delimiter =
    isMarked?.[1] ??
    [",", ";", "\t"].reduce((best, next) =>
      firstLine.split(next).length > firstLine.split(best).length ? next : best
    );
  const rejected: Rejection[] = [];
  const rows: Table["rows"] = [];
  let header: string[] | undefined;
  let line = isMarked ? 2 : 1;
  const result = Papa.parse<string[]>(body, {delimiter, skipEmptyLines: false, header: false});
  const broken = new Map(result.errors.map(error => [error.row ?? 0, error.code]));
  for (const [index, cells] of result.data.entries()) {
    const start = line;
    line += 1 + cells.reduce((sum, cell) => sum + (cell.match(/\r\n|\n|\r/g)?.length ?? 0), 0);
    if (cells.length === 1 && cells[0]!.trim() === "") continue;
    if (header === undefined) {
      header = cells;
      continue;
    }
    const fault = broken.get(index);
    if (fault === "MissingQuotes" || fault === "InvalidQuotes") {
      rejected.push({row: start, reason: "a quotation mark is never closed or stands alone; export the file again"});
    } else if (cells.length !== header.length) {
      rejected.push({
        row: start,
        reason: `has ${cells.length} cells where the header has ${header.length}; export the file again`
      });
    } else rows.push({line: start, cells});
  }
  if (header === undefined) throw new ConfigError(`${name}: holds no line; export it again`);
  if (rows.length === 0 && rejected.length === 0)
    throw new ConfigError(`${name}: holds a header and no row; export a period with posts`);
  return {header, rows, rejected};
}

/** Header words as they are compared: case, blanks, byte-order marks and soft hyphens do not count. */
export function normalise(word: string): string {
  return word
    .replaceAll(/[\ufeff\u00ad\u200b]/g, "")
    .trim()
    .replaceAll(/\s+/g, " ")
    .toLowerCase();
}

function recognise(kinds: readonly ExportKind[], table: Table, name: string): ExportKind {
  const words = new Set(table.header.map(normalise));
  const fits = kinds.filter(kind => kind.needs.every(column => kind.columns[column]!.some(alias => words.has(alias))));
  const best = fits.sort((a, b) => b.needs.length - a.needs.length)[0];
  if (best !== undefined) return best;
  const shown = table.header
    .slice(0, 6)
    .map(word => word.trim().slice(0, 30))
    .join(", ");
  throw new ConfigError(
    `${name}: is no export file that is known here (its columns begin: ${shown}); known are: ${kinds.map(({title}) => title).join("; ")}`
  );
}

function readRows(kind: ExportKind, table: Table, rejected: Rejection[], notes: string[]): ReadRow[] {
  const words = table.header.map(normalise);
  const places = new Map(
    Object.entries(kind.columns).map(([column, aliases]) => [column, words.findIndex(word => aliases.includes(word))])
  );
  const read = new Map<string, ReadRow>();
  for (const {line, cells} of table.rows) {
    try {
      const row = kind.read(cellsOf(cells, places, table.header));
      const known = read.get(row.key);
      if (known !== undefined && JSON.stringify(known.record) !== JSON.stringify(row.record)) {
        throw new RowError(
          undefined,
          "the same post stands in the file twice with different figures; the first is kept"
        );
      }
      if (known === undefined) notes.push(...(row.notes ?? []));
      read.set(row.key, known ?? row);
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      const column = error.column === undefined ? undefined : table.header[places.get(error.column) ?? -1]?.trim();
      rejected.push({row: line, ...(column === undefined ? {} : {column}), reason: error.message});
    }
  }
  return [...read.values()];
}

function cellsOf(cells: string[], places: ReadonlyMap<string, number>, header: string[]): Cells {
  const text = (column: string): string | undefined => {
    const cell = cells[places.get(column) ?? -1];
    return cell === undefined || absent.has(cell.trim().toLowerCase()) ? undefined : cell;
  };
  return {
    text,
    count(column) {
      const cell = text(column)?.trim();
      if (cell === undefined) return null;
      const value = /^\d+(\.0+)?$/.test(cell) ? Number(cell) : Number.NaN;
      if (Number.isSafeInteger(value)) return value;
      throw new RowError(
        column,
        `"${cell.slice(0, 20)}" is no count under ${header[places.get(column) ?? -1]?.trim()}; export the file again instead of saving it from a spreadsheet`
      );
    }
  };
}

/** Rows by account: the one the row names, matched with the configured ones, or the one that the user names. */
function byAccount(
  kind: ExportKind,
  rows: ReadRow[],
  options: ReadOptions,
  name: string
): [ExportBatch["account"], ReadRow[]][] {
  const groups = new Map<string, [ExportBatch["account"], ReadRow[]]>();
  const own = options.accounts.filter(({platform}) => platform === kind.platform);
  for (const row of rows) {
    const handle = row.account?.handle ?? options.account;
    if (handle === undefined) {
      const names = own.map(account => account.name).join(", ");
      throw new ConfigError(
        `${name}: a ${kind.title} names no account; say which with --account NAME${names === "" ? "" : ` (configured: ${names})`}`
      );
    }
    const account = accountFor(kind.platform, handle, own);
    const group = groups.get(account.platformAccountId) ?? [account, []];
    group[1].push(row);
    groups.set(account.platformAccountId, group);
  }
  return [...groups.values()];
}

function accountFor(platform: string, handle: string, accounts: readonly Account[]): ExportBatch["account"] {
  const wanted = handle.replace(/^@/, "").toLowerCase();
  const known = accounts.find(({id, name, aliases}) =>
    [id, name, ...aliases].some(word => word.replace(/^@/, "").toLowerCase() === wanted)
  );
  if (known !== undefined) return {platform, platformAccountId: known.id, name: known.name, kind: known.kind};
  return {platform, platformAccountId: wanted, name: handle.replace(/^@/, ""), handle: handle.replace(/^@/, "")};
}

function clamp(at: Date, earliest: Date, latest: Date): Date {
  return new Date(Math.min(Math.max(at.getTime(), earliest.getTime()), Math.max(latest.getTime(), earliest.getTime())));
}

function reasons(rejected: readonly Rejection[]): string {
  const first = rejected[0];
  return first === undefined ? "" : `; line ${first.row}: ${first.reason}`;
}

/** Equal notes as one, with their number. */
function counted(notes: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const note of notes) counts.set(note, (counts.get(note) ?? 0) + 1);
  return [...counts].map(([note, count]) => `${count} ${count === 1 ? "row" : "rows"}: ${note}`);
}
