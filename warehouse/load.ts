/**
 * Loading: landed files become rows of `core`, each file once, one transaction a batch.
 *
 * A batch is what may be folded at once with the same result as file by file: files of the API in order of capture, as
 * long as no account is read twice on one day by different runs; an export file is a batch of its own. So a rebuild,
 * which reads years in a few batches, gives the very rows that the nights gave.
 */
import {sources, type Union, unions} from "./core.ts";
import {cursorSchema} from "./definitions.ts";
import {foldAccountMetrics, foldAccounts, foldAudience, foldPosts, foldReadings} from "./fold.ts";
import type {Landed, Landing} from "./landing.ts";
import {literal, type Warehouse} from "./warehouse.ts";

/** A staging model as loading needs it. */
export interface StagingModel {
  name: string;
  /** The landing relation that it reads, `landing.<platform>__<stream>`. */
  reads: string;
  feeds: Union;
  /** Columns of the landed record with their DuckDB types. */
  columns: Record<string, string>;
  sql: string;
  /** Of a model that feeds posts: the metric columns that it gives. */
  metrics: string[];
}

/** Rows a bulk load folds at once: bounds memory, and more of them are no faster. */
const batchRows = 250_000;

/** Loads every acknowledged file that is not loaded yet, in the manifest's order; returns how many. */
export async function loadLanded(warehouse: Warehouse, landing: Landing, models: StagingModel[]): Promise<number> {
  const loaded = new Set((await warehouse.rows<{file: string}>("select file from meta.load")).map(({file}) => file));
  const waiting = landing.lines.filter(line => !loaded.has(line.file));
  for (const batch of batches(waiting)) {
    // Read before the transaction begins: DuckDB scans what a transaction has made with one thread alone.
    const first = await firstKey(warehouse);
    const staged = await stage(warehouse, batch, first, models, landing);
    await warehouse.transaction(() => loadBatch(warehouse, batch, first, staged));
    await warehouse.dropTemporary();
  }
  return waiting.length;
}

/** Cuts manifest lines into batches that may be folded at once. */
export function* batches(lines: readonly Landed[]): Generator<Landed[]> {
  let batch: Landed[] = [];
  let rows = 0;
  let runOfDay = new Map<string, string>();
  let newest = "";
  for (const line of lines) {
    const day = `${line.account.account_id} ${line.captured_on}`;
    const fits =
      line.source === "api" &&
      batch.at(-1)?.source === "api" &&
      line.captured_at >= newest &&
      (runOfDay.get(day) ?? line.run_id) === line.run_id &&
      (rows + line.rows <= batchRows || line.run_id === batch.at(-1)?.run_id);
    if (!fits && batch.length > 0) {
      yield batch;
      batch = [];
      rows = 0;
      runOfDay = new Map();
    }
    batch.push(line);
    rows += line.rows;
    runOfDay.set(day, line.run_id);
    newest = line.captured_at > newest || batch.length === 1 ? line.captured_at : newest;
  }
  if (batch.length > 0) yield batch;
}

/** The key of a batch's first file; the others follow it. */
async function firstKey(warehouse: Warehouse): Promise<number> {
  const row = await warehouse.row<{key: number}>("select coalesce(max(load_key) + 1, 1) as key from meta.load");
  return Number(row!.key);
}

async function loadBatch(warehouse: Warehouse, batch: Landed[], first: number, staged: ReadonlyMap<Union, string[]>) {
  await registerFiles(warehouse, batch, first);
  if (staged.has("account")) await foldAccounts(warehouse);
  const metrics = staged.get("post");
  if (metrics !== undefined) {
    await foldReadings(warehouse, metrics, await foldPosts(warehouse));
  }
  if (staged.has("account_metric")) await foldAccountMetrics(warehouse, "staged_account_metric");
  if (staged.has("audience_breakdown")) await foldAudience(warehouse);
  await warehouse.exec(`
    insert into core.pending_post
      select distinct c.post_key, coalesce(c.published_on, p.published_on)
      from changed_now as c join core.post as p on p.post_key = c.post_key`);
}

/** Accounts, cursors and the load ledger; `batch_file` says of each file of this batch what rows need of it. */
async function registerFiles(warehouse: Warehouse, batch: Landed[], first: number): Promise<void> {
  await addAccounts(warehouse, batch);
  const rows = batch.map((line, index) => {
    const texts = [line.file, line.run_id, line.platform, line.account.account_id, line.stream, line.source];
    return `(${first + index}, ${texts.map(literal).join(", ")}, timestamptz '${line.captured_at}',
      date '${line.captured_on}', date '${line.covers_from}', date '${line.covers_to}',
      ${line.source !== "api" || line.cursor !== null}, ${line.rows}, '${line.sha256}',
      timestamptz '${line.landed_at}', now())`;
  });
  const cursors = new Map<string, string>();
  for (const line of batch) {
    if (line.cursor === null) continue;
    const key = `${literal(line.account.account_id)}, ${literal(line.stream)}`;
    cursors.set(key, `(${key}, timestamptz '${line.captured_at}', ${literal(JSON.stringify(line.cursor))})`);
  }
  await warehouse.exec(`
    insert into meta.load values ${rows.join(", ")};
    create or replace temp table batch_file as
      select l.load_key, l.platform, l.stream, l.run_id, l.captured_at, l.captured_on, l.covers_to,
        cast(case l.source ${Object.entries(sources)
          .map(([name, key]) => `when '${name}' then ${key}`)
          .join(" ")} end as utinyint) as source_key, a.account_key, l.source
      from meta.load as l
      join core.account as a on a.account_id = l.account_id
      where l.load_key >= ${first};
    create or replace temp table changed_now (post_key integer, published_on date);
    ${
      cursors.size === 0
        ? ""
        : `create or replace temp table moved as
             select * from (values ${[...cursors.values()].join(", ")}) as m(account_id, stream, read_at, cursor);
           delete from core.cursor as c using moved as m where c.account_id = m.account_id and c.stream = m.stream;
           insert into core.cursor select * from moved;`
    }`);
}

/** Accounts that are new, and the name and kind by which the newest file calls one that is known. */
async function addAccounts(warehouse: Warehouse, batch: Landed[]): Promise<void> {
  const rows = await warehouse.rows<{account_id: string; name: string; kind: string}>(
    "select account_id, name, kind from core.account"
  );
  const known = new Map(rows.map(row => [row.account_id, row]));
  for (const account of new Map(batch.map(({account}) => [account.account_id, account])).values()) {
    const {account_id, name, kind} = account;
    const old = known.get(account_id);
    if (old === undefined) {
      await warehouse.exec(
        `insert into core.account
         select coalesce(max(account_key) + 1, 1), $account_id, $platform, $platform_account_id, $name, $handle, $kind,
           null, null from core.account`,
        {...account}
      );
    } else if (old.name !== name || old.kind !== kind) {
      await warehouse.exec("update core.account set name = $name, kind = $kind where account_id = $account_id", {
        account_id,
        name,
        kind
      });
    }
  }
}

/** Runs the staging models of the batch's streams into one table a union; says of each union which metrics it got. */
async function stage(
  warehouse: Warehouse,
  batch: Landed[],
  first: number,
  models: StagingModel[],
  landing: Landing
): Promise<Map<Union, string[]>> {
  const files = batch.map((line, index) => {
    const texts = [landing.path(line), line.source].map(literal).join(", ");
    return `(${first + index}, ${texts}, timestamptz '${line.captured_at}', date '${line.captured_on}')`;
  });
  await warehouse.exec(`
    create or replace temp table file_read as
      select * from (values ${files.join(", ")}) as f(load_key, path, source, captured_at, captured_on)`);
  const fed = new Map<Union, {metrics: string[]; inserts: string[]}>();
  for (const [relation, lines] of byStream(batch)) {
    const model = models.find(({reads}) => reads === relation);
    if (model === undefined) throw new Error(`no staging model reads ${relation}, but ${lines[0]!.file} is landed`);
    const refused = lines.flatMap(line => refusedOf(model, line, landing));
    if (refused.length === 0 && lines.every(line => line.rows === 0)) continue;
    const union = fed.get(model.feeds) ?? {metrics: [], inserts: []};
    union.metrics.push(...model.metrics.filter(metric => !union.metrics.includes(metric)));
    union.inserts.push(
      `insert into staged_${model.feeds} by name ${overFiles(relation, model, lines, landing, refused)}`
    );
    fed.set(model.feeds, union);
  }
  for (const [name, {metrics, inserts}] of fed) {
    const columns = [unions[name], ...metrics.map(metric => `${metric} bigint`)].join(", ");
    await warehouse.exec(`create or replace temp table staged_${name} (${columns}); ${inserts.join("; ")}`);
  }
  return new Map([...fed].map(([name, {metrics}]) => [name, metrics]));
}

function byStream(batch: Landed[]): Map<string, Landed[]> {
  const streams = new Map<string, Landed[]>();
  for (const line of batch) {
    const relation = `landing.${line.platform}__${line.stream}`;
    streams.set(relation, [...(streams.get(relation) ?? []), line]);
  }
  return streams;
}

/** A record of a metric without a value, and the file that tells it. */
interface Refused {
  filename: string;
  metric: string;
  status: "not_offered";
}

/**
 * The metrics of a series that the platform refused on the night of a file, as records that the staging model reads. They
 * stand in the cursor: a series that is asked for several metrics at once lands those that are given.
 */
function refusedOf(model: StagingModel, line: Landed, landing: Landing): Refused[] {
  if (model.feeds !== "account_metric" || model.columns.status === undefined || line.cursor === null) return [];
  return Object.entries(cursorSchema.parse(line.cursor).refused ?? {})
    .filter(([, on]) => on === line.captured_on)
    .map(([metric]) => ({filename: landing.path(line), metric, status: "not_offered"}));
}

/** A staging model over the batch's records of its stream, with what the manifest says of each file beside them. */
function overFiles(
  relation: string,
  model: StagingModel,
  lines: Landed[],
  landing: Landing,
  refused: readonly Refused[]
): string {
  const columns = Object.entries(model.columns).map(([name, type]) => `${literal(name)}: ${literal(type)}`);
  const paths = lines.filter(line => line.rows > 0).map(line => literal(landing.path(line)));
  const records = [];
  if (paths.length > 0) {
    records.push(`select * from read_json([${paths.join(", ")}], format = 'newline_delimited', compression = 'gzip',
      filename = true, maximum_object_size = 33554432, columns = {${columns.join(", ")}})`);
  }
  if (refused.length > 0) {
    const shape = JSON.stringify([{...model.columns, filename: "VARCHAR"}]);
    records.push(`select unnest(from_json(${literal(JSON.stringify(refused))}, ${literal(shape)}), max_depth := 2)`);
  }
  const landed = `(
    select r.* exclude (filename), f.load_key, f.captured_at, f.captured_on, f.source
    from (${records.join(" union all by name ")}) as r
    join file_read as f on f.path = r.filename)`;
  return model.sql.replaceAll(relation, landed);
}
