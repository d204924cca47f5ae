/** A data folder opened for work: its landing zone, its warehouse, the models, and the record of runs. */
import {existsSync, mkdirSync, rmSync} from "node:fs";
import {join} from "node:path";
import type {Connector} from "../connectors/connector.ts";
import {findConnectors} from "../connectors/extract.ts";
import {createCore} from "../warehouse/core.ts";
import {installFunctions} from "../warehouse/functions/functions.ts";
import {appendLine, Landing, wholeLines} from "../warehouse/landing.ts";
import {loadLanded} from "../warehouse/load.ts";
import {type Model, readModels, stagingModels} from "../warehouse/models.ts";
import {Warehouse} from "../warehouse/warehouse.ts";
import type {Log} from "./log.ts";
import {type AccountOutcome, isNight, type Run} from "./record.ts";
import type {Settings} from "./settings.ts";

export class Workspace {
  /** By name: how each account fared when it was last read. */
  readonly outcomes = new Map<string, AccountOutcome>();

  private constructor(
    readonly settings: Settings,
    readonly connectors: Map<string, Connector>,
    readonly log: Log,
    readonly landing: Landing,
    readonly models: Model[],
    private opened: Warehouse
  ) {}

  /**
   * Opens the folder. A warehouse that cannot be opened, holds files that the manifest does not know, or was built in
   * another time zone is a cache gone wrong: it is dropped, and loading fills it again from the landing zone.
   */
  static async open(settings: Settings, log: Log): Promise<Workspace> {
    mkdirSync(settings.dataDir, {recursive: true, mode: 0o700});
    const landing = Landing.open(settings.dataDir);
    const workspace = new Workspace(
      settings,
      await findConnectors(),
      log,
      landing,
      readModels(),
      await openWarehouse(settings, log)
    );
    await createStore(workspace.warehouse, settings);
    const reason = await workspace.mismatch();
    if (reason !== undefined) {
      log.warn("the warehouse is built again from the landing zone", {reason});
      await workspace.reset();
    }
    await workspace.recallRuns();
    return workspace;
  }

  get warehouse(): Warehouse {
    return this.opened;
  }

  /** Loads what is landed and not loaded yet; returns the number of files. */
  async load(): Promise<number> {
    return loadLanded(this.warehouse, this.landing, stagingModels(this.models));
  }

  /** Drops the warehouse and opens an empty one. */
  async reset(): Promise<void> {
    this.opened.close();
    removeWarehouse(this.settings.dataDir);
    this.opened = await openWarehouse(this.settings, this.log);
    await createStore(this.opened, this.settings);
    await this.recallRuns();
  }

  /** Keeps a run in the history that outlives the warehouse, and in `meta`. */
  async record(run: Run): Promise<void> {
    appendLine(this.history, run);
    this.note(run);
    await writeRun(this.warehouse, run);
  }

  close(): void {
    this.opened.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** A night speaks of all accounts that are read at all; any other run of those that it read. */
  private note(run: Run): void {
    if (isNight(run) && run.accounts.length > 0) this.outcomes.clear();
    for (const outcome of run.accounts) this.outcomes.set(outcome.account, outcome);
  }

  private get history(): string {
    return join(this.landing.folder, "runs.ndjson");
  }

  private async mismatch(): Promise<string | undefined> {
    const setting = await this.warehouse.row<{timezone: string}>("select timezone from core.setting");
    if (setting?.timezone !== this.settings.timezone) return `it was built in the time zone ${setting?.timezone}`;
    const known = new Map(this.landing.lines.map(line => [line.file, line.sha256]));
    const loaded = await this.warehouse.rows<{file: string; sha256: string}>("select file, sha256 from meta.load");
    const stranger = loaded.find(({file, sha256}) => known.get(file) !== sha256);
    return stranger && `the manifest does not hold ${stranger.file}`;
  }

  private async recallRuns(): Promise<void> {
    const known = new Set(
      (await this.warehouse.rows<{run_id: string}>("select run_id from meta.run")).map(row => row.run_id)
    );
    const runs = wholeLines(this.history).map(line => JSON.parse(line) as Run);
    for (const run of runs) this.note(run);
    await this.warehouse.transaction(async () => {
      for (const run of runs.filter(({run_id}) => !known.has(run_id))) await writeRun(this.warehouse, run);
    });
  }
}

async function openWarehouse(settings: Settings, log: Log): Promise<Warehouse> {
  const path = join(settings.dataDir, "warehouse.duckdb");
  const options = {tempDirectory: join(settings.dataDir, "spill")};
  try {
    return await Warehouse.open(path, options);
  } catch (error) {
    if (!existsSync(path)) throw error;
    log.warn("the warehouse cannot be opened and is built again from the landing zone", {reason: String(error)});
    removeWarehouse(settings.dataDir);
    return Warehouse.open(path, options);
  }
}

function removeWarehouse(dataDir: string): void {
  for (const file of ["warehouse.duckdb", "warehouse.duckdb.wal"]) rmSync(join(dataDir, file), {force: true});
}

/** Creates what is not there yet in a warehouse: functions, tables, and the time zone. */
export async function createStore(warehouse: Warehouse, settings: Settings): Promise<void> {
  await installFunctions(warehouse);
  await createCore(warehouse);
  const known = await warehouse.row("select 1 from core.setting");
  if (known === undefined) {
    await warehouse.exec("insert into core.setting values ($timezone, null, null, null)", {
      timezone: settings.timezone
    });
  }
}

/** Puts a run's rows into `meta`, replacing what stands there of the same run. */
export async function writeRun(warehouse: Warehouse, run: Run): Promise<void> {
  for (const table of ["run", "request", "rejected", "check"]) {
    await warehouse.exec(`delete from meta.${table} where run_id = $run`, {run: run.run_id});
  }
  await warehouse.exec(
    `insert into meta.run values ($run_id, $command, cast($as_of as timestamptz), cast($started_at as timestamptz),
      cast($ended_at as timestamptz), $exit_code, $accounts_ok, $accounts_failed, $note)`,
    {
      run_id: run.run_id,
      command: run.command,
      as_of: run.as_of,
      started_at: run.started_at,
      ended_at: run.ended_at,
      exit_code: run.exit_code,
      accounts_ok: run.accounts_ok,
      accounts_failed: run.accounts_failed,
      note: run.note
    }
  );
  await insertAll(warehouse, "request", run.requests, run.run_id, {
    account_id: "varchar",
    platform: "varchar",
    stream: "varchar",
    endpoint: "varchar",
    status: "varchar",
    http_calls: "integer",
    counted_calls: "integer",
    retries: "integer"
  });
  await insertAll(warehouse, "rejected", run.rejected, run.run_id, {
    source: "varchar",
    file: "varchar",
    row: "bigint",
    column_name: "varchar",
    reason: "varchar"
  });
  await insertAll(warehouse, "check", run.checks, run.run_id, {
    check_name: "varchar",
    model: "varchar",
    severity: "varchar",
    status: "varchar",
    failed_rows: "bigint",
    detail: "varchar"
  });
}

async function insertAll(
  warehouse: Warehouse,
  table: string,
  rows: readonly object[],
  runId: string,
  columns: Record<string, string>
): Promise<void> {
  if (rows.length === 0) return;
  const types = Object.entries(columns).map(([name, type]) => `"${name}": "${type}"`);
  await warehouse.exec(
    `insert into meta.${table} by name
     select $run as run_id, unnest(from_json(cast($rows as json), '[{${types.join(", ")}}]'), recursive := true)`,
    {run: runId, rows: JSON.stringify(rows)}
  );
}
