/** What a kind of export file declares; a file of this folder that calls `exportKind` is found by it. */
import type {LandedRecord} from "../connector.ts";

/** A sheet of text cells under a header. */
export interface Table {
  /** As written. */
  header: string[];
  rows: {line: number; cells: string[]}[];
}

/** A row that is left out, and why, in words for the person who exported the file. */
export interface Rejection {
  row: number;
  column?: string;
  reason: string;
}

/** Who a row is about, when the file says so. */
export interface NamedAccount {
  /** A handle or id, as the file gives it. */
  handle: string;
}

/** One row, read: its record, the day it speaks of and, when the row says it, its account. */
export interface ReadRow {
  record: LandedRecord;
  /** YYYY-MM-DD. */
  day: string;
  /** The newest instant that the row speaks of. */
  until: Date;
  account?: NamedAccount;
  /** Identifies what the row is about within the file. */
  key: string;
  notes?: string[];
}

export interface ExportKind {
  /** `classic_tweets`: also the landing stream. */
  kind: string;
  platform: string;
  /** What to call it when talking to a person. */
  title: string;
  /** Columns by our name: the header words they go by, normalised. */
  columns: Record<string, string[]>;
  /** Columns without which it is not this kind. */
  needs: string[];
  /** Reads one row; throws RowError to leave it out. */
  read: (cell: Cells) => ReadRow;
}

/** The cells of a row by our column names. */
export interface Cells {
  /** Text as it stands; undefined where the column is absent or blank. */
  text: (column: string) => string | undefined;
  /** A count; null where the file gives none. Throws RowError for anything else. */
  count: (column: string) => number | null;
}

/** This row cannot be read; names the column and says what to do. */
export class RowError extends Error {
  override name = "RowError";
  constructor(
    readonly column: string | undefined,
    reason: string
  ) {
    super(reason);
  }
}

const kinds = new WeakSet<object>();

/** Marks a declaration as a kind of export file. */
export function exportKind(declaration: ExportKind): ExportKind {
  kinds.add(declaration);
  return declaration;
}

/** Whether a module's export was made by `exportKind()`. */
export function isExportKind(value: unknown): value is ExportKind {
  return typeof value === "object" && value !== null && kinds.has(value);
}
