/**
 * The only file that imports DuckDB: opening, querying and closing, with the settings that every connection needs.
 *
 * Reads are materialised, never streamed: a stream of this driver ends as if complete when its query fails half-way.
 */
import {chmodSync, existsSync} from "node:fs";
import {
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBResultReader,
  DuckDBTimestampTZValue,
  DuckDBTypeId,
  type DuckDBValue,
  type Json
} from "@duckdb/node-api";

export {
  DuckDBDateValue,
  DuckDBDecimalType,
  DuckDBDecimalValue,
  DuckDBListType,
  DuckDBListValue,
  DuckDBMapValue,
  type DuckDBResultReader,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue
} from "@duckdb/node-api";

// The driver prints TIMESTAMPTZ in the machine's zone unless told otherwise.
DuckDBTimestampTZValue.timezoneOffsetInMinutes = 0;

/** A row as JSON: BIGINT as text, times as text in UTC. */
export type Row = Record<string, Json>;

/** Settings without which results differ between machines and between engines (portable SQL, section 0). */
const settings = [
  "set TimeZone = 'UTC'",
  "set ieee_floating_point_ops = false",
  "set autoinstall_known_extensions = false",
  "set autoload_known_extensions = false",
  "set disabled_optimizers = 'top_n_window_elimination'",
  "set default_null_order = 'nulls_first_on_asc_last_on_desc'"
];

export interface OpenOptions {
  readOnly?: boolean;
  /** No file (so no spilling), no network, no further setting: for SQL that other people write. */
  locked?: boolean;
  memoryLimit?: string;
  threads?: number;
  tempDirectory?: string;
}

/** An open DuckDB file. One owner a process: two of one file corrupt it. */
export class Warehouse {
  private constructor(
    private readonly instance: DuckDBInstance,
    private readonly connection: DuckDBConnection
  ) {}

  /** Opens a DuckDB file (or `:memory:`), creating it with mode 0600 unless it is read only. */
  static async open(path: string, options: OpenOptions = {}): Promise<Warehouse> {
    const isNew = path !== ":memory:" && !existsSync(path);
    const instance = await DuckDBInstance.create(path, {
      access_mode: options.readOnly ? "READ_ONLY" : "AUTOMATIC",
      memory_limit: options.memoryLimit ?? "512MB",
      ...(options.threads ? {threads: String(options.threads)} : {}),
      ...(options.tempDirectory ? {temp_directory: options.tempDirectory} : {})
    });
    const connection = await instance.connect();
    const warehouse = new Warehouse(instance, connection);
    for (const setting of settings) await warehouse.exec(setting);
    if (options.locked) {
      await warehouse.exec("set temp_directory = ''");
      await warehouse.exec("set enable_external_access = false");
      // Without this COPY may still overwrite the open file itself, its WAL and its spill folder.
      await warehouse.exec("set disabled_filesystems = 'LocalFileSystem'");
      await warehouse.exec("set allow_community_extensions = false");
      await warehouse.exec("set lock_configuration = true");
    }
    if (isNew) chmodSync(path, 0o600);
    return warehouse;
  }

  /** Runs one or more statements and discards their results. */
  async exec(sql: string, values?: Record<string, DuckDBValue>): Promise<void> {
    await this.connection.run(sql, values);
  }

  /** Runs a query and gives all its rows as JSON. */
  async rows<T = Row>(sql: string, values?: Record<string, DuckDBValue>): Promise<T[]> {
    const reader = await this.connection.runAndReadAll(sql, values);
    return reader.getRowObjectsJson() as T[];
  }

  /** Runs a query and gives its rows with numbers as numbers (BIGINT and DOUBLE alike), days and times as ISO text. */
  async objects(sql: string): Promise<Record<string, unknown>[]> {
    const reader = await this.read(sql);
    const names = reader.columnNames();
    const whole = reader
      .columnTypes()
      .map(type => type.typeId === DuckDBTypeId.BIGINT || type.typeId === DuckDBTypeId.HUGEINT);
    return reader
      .getRowsJson()
      .map(row =>
        Object.fromEntries(row.map((value, i) => [names[i]!, whole[i] && value !== null ? Number(value) : value]))
      );
  }

  /** Runs a query and gives its first row, undefined when there is none. */
  async row<T = Row>(sql: string, values?: Record<string, DuckDBValue>): Promise<T | undefined> {
    return (await this.rows<T>(sql, values))[0];
  }

  /** Runs one or more statements and gives the driver's reader of the last one's result, for typed columns. */
  async read(sql: string, values: Record<string, DuckDBValue> = {}): Promise<DuckDBResultReader> {
    return this.connection.runAndReadAll(sql, values); // without values the driver gives the first one's result
  }

  /**
   * Writes the result of the last of one or more statements to a Parquet file, types kept; HUGEINT, which Parquet has
   * not, becomes DECIMAL(38,0). A locked instance may write no file: the rows pass through one in memory.
   */
  async writeParquet(sql: string, path: string): Promise<void> {
    const result = await this.connection.run(sql, {});
    const chunks = await result.fetchAllChunks();
    const types = result.columnTypes().map(String);
    const names = result.deduplicatedColumnNames().map(identifier);
    await using target = await Warehouse.open(":memory:");
    await target.exec(`create table result (${names.map((name, i) => `${name} ${types[i]}`).join(", ")})`);
    const appender = await target.connection.createAppender("result");
    for (const chunk of chunks) appender.appendDataChunk(chunk);
    appender.closeSync();
    const columns = names.map((name, i) => (types[i] === "HUGEINT" ? `${name}::decimal(38, 0) as ${name}` : name));
    await target.exec(`copy (select ${columns.join(", ")} from result) to ${literal(path)} (format parquet)`);
  }

  /** Runs `work` in one transaction: all of it or nothing. */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.exec("begin");
    try {
      const result = await work();
      await this.exec("commit");
      return result;
    } catch (error) {
      await this.exec("rollback").catch(() => undefined); // a failed commit has rolled back already
      throw error;
    }
  }

  /** Drops all temporary tables and views, which hold memory until they go. */
  async dropTemporary(): Promise<void> {
    const made = await this.rows<{kind: string; name: string}>(`
      select 'view' as kind, view_name as name from duckdb_views() where temporary and not internal
      union all select 'table', table_name from duckdb_tables() where temporary and not internal`);
    if (made.length > 0)
      await this.exec(made.map(({kind, name}) => `drop ${kind} temp.${identifier(name)}`).join("; "));
  }

  /** Stops the query that is running. */
  interrupt(): void {
    this.connection.interrupt();
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

/** A text as an SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name as a quoted SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
