/** A query's result as text: a table for people; CSV and JSON for programs, in pieces of some hundred rows. */
import {
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  type DuckDBResultReader,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTypeId,
  type DuckDBValue
} from "../warehouse/warehouse.ts";

const pieceRows = 500;
const tableRows = 1000;
const cellWidth = 60;

const numeric = new Set([
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.FLOAT,
  DuckDBTypeId.DOUBLE,
  DuckDBTypeId.DECIMAL
]);

/** A value as JSON: whole numbers beyond 2^53 as text, times as ISO 8601 in UTC, what is not finite as text. */
export type Json = null | boolean | number | string | Json[] | {[key: string]: Json};

/** RFC 4180, with a header; NULL is an empty cell, an empty text a quoted one; lists and structs are JSON. */
export function* csv(result: DuckDBResultReader): Generator<string> {
  const line = (cells: string[]) => `${cells.join(",")}\r\n`;
  const quote = (cell: string) => (/[",\r\n]/.test(cell) || cell === "" ? `"${cell.replaceAll('"', '""')}"` : cell);
  yield line(result.columnNames().map(quote));
  for (const rows of pieces(result)) {
    yield rows.map(row => line(row.map(value => (value === null ? "" : quote(asText(value)))))).join("");
  }
}

/** One array of objects. */
export function* json(result: DuckDBResultReader): Generator<string> {
  let before = "[\n";
  for (const rows of objects(result)) {
    yield before + rows.join(",\n");
    before = ",\n";
  }
  yield before === "[\n" ? "[]\n" : "\n]\n";
}

/** One object a line. */
export function* ndjson(result: DuckDBResultReader): Generator<string> {
  for (const rows of objects(result)) yield `${rows.join("\n")}\n`;
}

/** Columns under a header, numbers to the right; long cells are cut, and so is a long table, which it says. */
export function table(result: DuckDBResultReader): string {
  const count = result.currentRowCount;
  if (result.columnCount === 0) return "";
  const shown = [...pieces(result, Math.min(count, tableRows))].flat();
  const body = shown.map(row => row.map(value => (value === null ? "NULL" : cell(asText(value)))));
  const head = result.columnNames().map(cell);
  const widths = head.map((name, i) => Math.max(...[name, ...body.map(row => row[i]!)].map(width)));
  const isRight = result.columnTypes().map(type => numeric.has(type.typeId));
  const line = (cells: string[]) =>
    cells
      .map((text, i) => {
        const gap = " ".repeat(widths[i]! - width(text));
        return isRight[i] ? gap + text : text + gap;
      })
      .join("  ")
      .trimEnd();
  const rule = widths.map(size => "─".repeat(size)).join("  ");
  const rest = count > shown.length ? [`… ${shown.length} of ${count} rows; another --format gives all`] : [];
  return `${[line(head), rule, ...body.map(line), ...rest].join("\n")}\n`;
}

function* pieces(result: DuckDBResultReader, count = result.currentRowCount): Generator<DuckDBValue[][]> {
  const columns = result.columnCount;
  for (let from = 0; from < count; from += pieceRows) {
    const size = Math.min(pieceRows, count - from);
    yield Array.from({length: size}, (_, row) =>
      Array.from({length: columns}, (_, column) => result.value(column, from + row))
    );
  }
}

function* objects(result: DuckDBResultReader): Generator<string[]> {
  const names = result.deduplicatedColumnNames();
  for (const rows of pieces(result)) {
    yield rows.map(row => JSON.stringify(Object.fromEntries(row.map((value, i) => [names[i]!, toJson(value)]))));
  }
}

/** A value as text, the way JSON and CSV show it; lists and structs as JSON. */
export function asText(value: DuckDBValue): string {
  const json = toJson(value);
  return typeof json === "string" ? json : value instanceof DuckDBDecimalValue ? String(value) : JSON.stringify(json);
}

function toJson(value: DuckDBValue): Json {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof DuckDBDecimalValue) {
    return String(value.value).length <= 15 ? Number(String(value)) : String(value);
  }
  if (value instanceof DuckDBTimestampTZValue) return String(value).replace(" ", "T").replace(/\+00$/, "Z");
  if (value instanceof DuckDBTimestampValue) return String(value).replace(" ", "T");
  if (value instanceof DuckDBListValue) return value.items.map(toJson);
  if (value instanceof DuckDBStructValue) {
    return Object.fromEntries(Object.entries(value.entries).map(([key, item]) => [key, toJson(item)]));
  }
  if (value instanceof DuckDBMapValue) {
    return Object.fromEntries(value.entries.map(({key, value: item}) => [asText(key), toJson(item)]));
  }
  return String(value);
}

/** Text that fits a cell and cannot steer a terminal: no line break, no control or direction character. */
function cell(text: string): string {
  const clean = text.replaceAll(/[\r\n\t]+/g, " ").replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
  const letters = [...clean];
  return letters.length > cellWidth ? `${letters.slice(0, cellWidth - 1).join("")}…` : clean;
}

function width(text: string): number {
  return [...text].length;
}
