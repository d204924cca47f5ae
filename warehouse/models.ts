/**
 * Models: reads them from their folder, orders them by what they read, builds them and checks the result.
 *
 * A model is a bare SELECT with a twin `.yml`. Its inputs come from the parsed statement, so nothing is listed twice.
 * One text serves the night and the rebuild: what differs is only how many posts stand in `changed_post` and how many
 * periods in `changed_period`.
 */
import {createHash} from "node:crypto";
import {readdirSync, readFileSync} from "node:fs";
import {basename} from "node:path";
import {fileURLToPath} from "node:url";
import {parse} from "yaml";
import {z} from "zod";
import type {Union} from "./core.ts";
import {definitionsOf, fillDefinitions, fillStreams} from "./definitions.ts";
import {metricColumns} from "./metrics.ts";
import {checkModel, type Offence, tablesOf} from "./portable.ts";
import {literal, type Warehouse} from "./warehouse.ts";

const value = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.array(z.string()),
  z.record(z.string(), z.unknown())
]);
const rows = z.array(z.record(z.string(), value));

const twinSchema = z.strictObject({
  title: z.string(),
  /** How it is kept: a view, a table made anew, a table whose changed rows are replaced, or a table for this run only. */
  build: z.enum(["view", "table", "incremental", "scratch"]).optional(),
  /** Of an incremental model: what is replaced. */
  by: z.enum(["post", "day", "period"]).optional(),
  /** Whether people get it: false of what only later builds need. */
  published: z.boolean().optional(),
  /** The columns that make a row unique. */
  grain: z.array(z.string()).optional(),
  /** Of one text that makes models and a macro for people: the values of its parameters. */
  parameters: z.record(z.string(), z.array(z.union([z.int(), z.string()]))).optional(),
  /** The macro's name where it is not the model's own; the text then makes one model. */
  macro: z.string().optional(),
  /** Staging: the landed stream, its columns and the union that it feeds. */
  reads: z.string().optional(),
  columns: z.record(z.string(), z.string()).optional(),
  feeds: z.enum(["post", "account", "account_metric", "audience_breakdown"]).optional(),
  definitions: z
    .array(
      z.strictObject({
        metric: z.string(),
        platform_metric: z.string(),
        meaning: z.string(),
        unit: z.string(),
        additivity: z.string(),
        id: z.string().optional(),
        /** Whose readings alone it speaks of, where a platform's API and its files count differently. */
        source: z.enum(["api", "export"]).optional(),
        valid_from: z.string().optional(),
        valid_to: z.string().optional()
      })
    )
    .optional(),
  /** Indicators: what the catalogue says. */
  paragraph: z.string().optional(),
  definition: z.string().optional(),
  formula: z.string().optional(),
  unit: z.string().optional(),
  additivity: z.string().optional(),
  stage: z.string().optional(),
  disclosure: z.enum(["D0", "D1", "D2", "D3", "DE"]).optional(),
  caveats: z.string().optional(),
  cases: z.array(
    z.strictObject({
      name: z.string(),
      given: z.record(z.string(), rows),
      expect: rows,
      expect_only: z.record(z.string(), value).optional(),
      as_of: z.string().optional()
    })
  ),
  checks: z.array(z.string()).optional()
});

export type Twin = z.infer<typeof twinSchema>;

export interface Model {
  name: string;
  layer: "staging" | "marts" | "indicators";
  /** `mart.post_latest`, `indicator.views`, … */
  relation: string;
  sql: string;
  twin: Twin;
  file: string;
  /** It exists only while a build runs: a scratch table, or a view that reads one. Known once the order is. */
  isPassing?: boolean;
  /** Of a text with parameters, on its first instance: the macro that people call. */
  macro?: {relation: string; parameters: string[]; sql: string};
}

/** The columns of `indicator.value`; a model leaves out what it does not fill. */
export const valueColumns = {
  indicator: "varchar",
  period: "varchar",
  period_start: "date",
  period_end: "date",
  scheme: "varchar",
  platform: "varchar",
  account_id: "varchar",
  campaign_id: "varchar",
  stage: "varchar",
  post_type: "varchar",
  language: "varchar",
  dimension: "varchar",
  category: "varchar",
  part: "varchar",
  value: "double",
  lower: "double",
  upper: "double",
  numerator: "double",
  denominator: "double",
  n: "bigint",
  basis: "varchar",
  status: "varchar",
  note: "varchar",
  definition_id: "varchar",
  source: "varchar",
  run_id: "varchar"
} as const;

const folder = fileURLToPath(new URL("./models/", import.meta.url));
const schemas = {staging: "staging", marts: "mart", indicators: "indicator"} as const;

/** A model or twin that cannot be used: names the file and what is wrong. */
export class ModelError extends Error {
  override name = "ModelError";
}

/** Every model of the folder with its twin, in the order of names. Throws ModelError for a missing or wrong twin. */
export function readModels(root = folder): Model[] {
  return (["staging", "marts", "indicators"] as const).flatMap(layer =>
    readdirSync(`${root}${layer}`)
      .filter(file => file.endsWith(".sql"))
      .sort()
      .flatMap(file => instances(readModel(root, layer, basename(file, ".sql"))))
  );
}

function readModel(root: string, layer: Model["layer"], name: string): Model {
  const file = `${layer}/${name}`;
  const sql = readFileSync(`${root}${file}.sql`, "utf8").trim();
  const twin = twinSchema.safeParse(parse(readFileSync(`${root}${file}.yml`, "utf8")));
  if (!twin.success) throw new ModelError(`${file}.yml: ${z.prettifyError(twin.error)}`);
  return {name, layer, relation: `${schemas[layer]}.${name}`, sql, twin: twin.data, file: `${file}.sql`};
}

/** A text with parameters makes one model for each value of its first parameter, and a macro. */
function instances(model: Model): Model[] {
  const parameters = Object.entries(model.twin.parameters ?? {});
  const [first, ...others] = parameters;
  if (first === undefined) return [model];
  const relation = model.twin.macro ?? model.relation;
  const macro = {relation, parameters: parameters.map(([name]) => name), sql: model.sql};
  const suffix = (given: number | string): string => (model.twin.macro === undefined ? `_${given}` : "");
  return first[1].map((given, index) => ({
    ...model,
    ...(index === 0 ? {macro} : {}),
    name: `${model.name}${suffix(given)}`,
    relation: `${model.relation}${suffix(given)}`,
    sql: [[first[0], [given]] as const, ...others].reduce(
      (sql, [parameter, values]) => sql.replaceAll(new RegExp(`\\b${parameter}\\b`, "g"), String(values[0])),
      model.sql
    )
  }));
}

/** The staging models as loading needs them. */
export function stagingModels(models: Model[]) {
  return models
    .filter(({layer}) => layer === "staging")
    .map(({name, sql, twin}) => ({
      name,
      sql,
      reads: twin.reads!,
      feeds: twin.feeds as Union,
      columns: twin.columns!,
      metrics: metricColumns.map(({column}) => column).filter(column => new RegExp(`\\bas ${column}\\b`).test(sql))
    }));
}

/** A hash of all models: when it differs from the one of the last build, everything is built anew. */
export function modelsHash(models: Model[]): string {
  const hash = createHash("sha256");
  for (const model of models) hash.update(`${model.relation}\0${model.sql}\0${JSON.stringify(model.twin)}\0`);
  return hash.digest("hex");
}

/** The offences of all models against the portable SQL that they may use. */
export async function checkModels(warehouse: Warehouse, models: Model[]): Promise<Offence[]> {
  const offences = [];
  for (const model of models) {
    const options = {file: model.file, staging: model.layer === "staging", notNull: model.twin.grain ?? []};
    offences.push(...(await checkModel(warehouse, model.sql, options)));
  }
  return offences;
}

/** Orders that were found: they follow from the models' texts alone, which a process reads once. */
const orders = new WeakMap<Model[], Promise<Model[]>>();

/** Marts and indicators in an order in which each follows what it reads. Throws ModelError for a circle. */
export function inOrder(warehouse: Warehouse, models: Model[]): Promise<Model[]> {
  const order = orders.get(models) ?? findOrder(warehouse, models);
  orders.set(models, order);
  return order;
}

async function findOrder(warehouse: Warehouse, models: Model[]): Promise<Model[]> {
  const built = models.filter(({layer}) => layer !== "staging");
  const byRelation = new Map(built.map(model => [model.relation, model]));
  const inputs = new Map<Model, Model[]>();
  for (const model of built) {
    const tables = await tablesOf(warehouse, model.sql);
    inputs.set(
      model,
      tables.flatMap(table => byRelation.get(table) ?? [])
    );
  }
  const ordered = new Set<Model>();
  const visit = (model: Model, path: Model[]): void => {
    if (ordered.has(model)) return;
    if (path.includes(model))
      throw new ModelError(`${[...path, model].map(({name}) => name).join(" reads ")}: a circle`);
    for (const input of inputs.get(model)!) visit(input, [...path, model]);
    const {build} = model.twin;
    model.isPassing = build === "scratch" || (build === "view" && inputs.get(model)!.some(input => input.isPassing));
    ordered.add(model);
  };
  for (const model of built) visit(model, []);
  return [...ordered];
}

/** What a build is told. */
export interface Build {
  runId: string;
  asOfOn: string;
  asOfAt: string;
  ranges: Record<string, {from: string; to: string}>;
}

export interface CheckResult {
  check: string;
  model: string;
  /** Whether its rows keep from publishing, or are only to be known. */
  severity: "error" | "warning";
  status: "ok" | "failed";
  failedRows: number;
  detail: string | null;
}

/** Building found rows that must not be published; everything is as it was before. */
export class ChecksFailed extends Error {
  override name = "ChecksFailed";
  constructor(readonly results: CheckResult[]) {
    super(results.map(({model, check, failedRows}) => `${model}: ${check} (${failedRows} rows)`).join("; "));
  }
}

/**
 * Builds marts and indicators in one transaction: all of them in full after a change of models or settings or by
 * `full`, else the posts and periods that changed. Throws ChecksFailed, with nothing changed, when a check fails.
 */
export async function buildModels(
  warehouse: Warehouse,
  models: Model[],
  build: Build,
  full = false
): Promise<CheckResult[]> {
  const ordered = await inOrder(warehouse, models);
  const hash = modelsHash(models);
  return warehouse.transaction(async () => {
    const last = await warehouse.row<{as_of_on: string | null; models_hash: string | null}>(
      "select as_of_on, models_hash from core.setting"
    );
    const lastOn = last?.as_of_on ?? null;
    // Where a definition begins, what was the latest under the one before it is no longer.
    const isRedefined = definitionsOf(models).some(
      item => item.valid_from > (lastOn ?? "") && item.valid_from <= build.asOfOn
    );
    const all = full || last?.models_hash !== hash || lastOn === null || lastOn > build.asOfOn || isRedefined;
    await prepare(warehouse, models, build, all, lastOn);
    const results: CheckResult[] = [];
    for (const model of ordered) {
      await buildModel(warehouse, model, all, build.runId);
      if (model.relation === "mart.calendar_day") await findChangedPeriods(warehouse, all, lastOn);
      results.push(...(await check(warehouse, model, all)));
    }
    const failed = results.filter(({status}) => status === "failed");
    if (failed.length > 0) throw new ChecksFailed(failed);
    await warehouse.exec(
      "update core.setting set as_of_on = cast($on as date), as_of_at = cast($at as timestamptz), models_hash = $hash",
      {
        on: build.asOfOn,
        at: build.asOfAt,
        hash
      }
    );
    await warehouse.exec(`
      delete from core.pending_post;
      delete from core.built_coverage;
      insert into core.built_coverage select account_id, from_on, to_on from mart.account_coverage where gives_posts`);
    for (const {isPassing, twin, relation} of ordered.toReversed()) {
      if (isPassing) await warehouse.exec(`drop ${twin.build === "view" ? "view" : "table"} ${relation}`);
    }
    await createValueView(warehouse, models);
    return results;
  });
}

/** The clock, the named ranges, the definitions, what the last build covered, and the posts that must be looked at again. */
async function prepare(warehouse: Warehouse, models: Model[], build: Build, all: boolean, lastOn: string | null) {
  await fillStreams(warehouse, models);
  await fillDefinitions(warehouse, models);
  const ranges = Object.entries(build.ranges).map(
    ([name, {from, to}]) => `(${literal(name)}, date ${literal(from)}, date ${literal(to)})`
  );
  await warehouse.exec(`
    create or replace temp table clock as
      select timezone, date ${literal(build.asOfOn)} as as_of_on, timestamptz ${literal(build.asOfAt)} as as_of_at
      from core.setting;
    create table if not exists core.built_coverage (account_id varchar, from_on date, to_on date);
    delete from mart.named_range;
    ${ranges.length > 0 ? `insert into mart.named_range values ${ranges.join(", ")};` : ""}
    create or replace temp table changed_post as
      select post_key, published_on from core.post
      where ${all} or post_key in (select post_key from core.pending_post)
        or published_on between date ${literal(lastOn ?? build.asOfOn)} - 27 and date ${literal(build.asOfOn)} - 28
        or published_on between date ${literal(lastOn ?? build.asOfOn)} - 6 and date ${literal(build.asOfOn)} - 7`);
}

/** The first day of the calendar: what lies before it was built of a post that has another day by now. */
const firstDay = "(select min(on_date) from mart.calendar_day)";

/**
 * The periods that the changed posts and the days since the last build fall in, and those that an account's data cover now
 * and did not then, or no longer: an older post or file makes zeros of months that nobody spoke of. The first period of a
 * kind also changes with a day that the calendar no longer has.
 */
async function findChangedPeriods(warehouse: Warehouse, all: boolean, lastOn: string | null): Promise<void> {
  await warehouse.exec(`
    create or replace temp table changed_period as
      select distinct period, period_start, period_end from mart.calendar_day
      where ${all} or period in ('all', 'range')
        or on_date >= date ${literal(lastOn ?? "1970-01-01")}
        or on_date in (select published_on from changed_post union all select published_on from core.pending_post)
        or period_start <= (select max(published_on) from core.pending_post where published_on < ${firstDay})
      union
      select p.period, p.period_start, p.period_end
      from (select distinct period, period_start, period_end from mart.calendar_day) as p
      join (
        select account_id, from_on, to_on, true as is_now from mart.account_coverage where gives_posts
        union all
        select account_id, from_on, to_on, false as is_now from core.built_coverage
      ) as a on a.from_on <= p.period_end and a.to_on >= p.period_start
      group by p.period, p.period_start, p.period_end, a.account_id
      having count(distinct a.is_now) = 1`);
}

/** What a build replaces of an incremental model `o`, and by what its rows stand together. */
const replaced = {
  post: {rows: "post_key in (select post_key from changed_post)", order: "post_key"},
  day: {
    rows: `on_date < ${firstDay} or on_date in (select period_start from changed_period where period = 'day')`,
    order: "on_date"
  },
  period: {
    rows: `period in ('all', 'range') or period_end < ${firstDay} or exists (
      select 1 from changed_period as c where c.period = o.period and c.period_start = o.period_start)`,
    order: "period_start"
  }
};

async function buildModel(warehouse: Warehouse, model: Model, all: boolean, runId: string): Promise<void> {
  const {relation, twin} = model;
  const select = model.layer === "indicators" ? `select *, ${literal(runId)} as run_id from (${model.sql})` : model.sql;
  if (twin.build === "view") {
    await warehouse.exec(`create or replace view ${relation} as ${select}`);
  } else if (twin.build === "incremental" && !all) {
    await warehouse.exec(`create or replace temp table replacement as ${select}`);
    await warehouse.exec(`delete from ${relation} as o where ${replaced[twin.by!].rows}`);
    await warehouse.exec(`insert into ${relation} by name select * from replacement`);
  } else if (twin.build === "incremental") {
    // In the order of what is replaced, so that a night's rows stand together and the rest of the file stays as it is.
    await warehouse.exec(
      `create or replace table ${relation} as select * from (${select}) order by ${replaced[twin.by!].order}`
    );
  } else {
    await warehouse.exec(`create or replace table ${relation} as ${select}`);
  }
}

/** The grain and the twin's checks over the rows that were replaced, in a full build over all. */
async function check(warehouse: Warehouse, model: Model, all: boolean): Promise<CheckResult[]> {
  const {twin, relation} = model;
  if (twin.build === "view") return [];
  const rows = twin.build === "incremental" && !all ? "replacement" : relation;
  const tests: [name: string, sql: string][] = (twin.checks ?? []).map(condition => [
    condition,
    `select count(*) filter (where not (${condition}))::integer as failed from ${rows}`
  ]);
  if (twin.grain !== undefined) {
    tests.push([
      `unique ${twin.grain.join(", ")}`,
      `select (count(*) - count(distinct hash(${twin.grain.join(", ")})))::integer as failed from ${rows}`
    ]);
  }
  const results: CheckResult[] = [];
  for (const [name, sql] of tests) {
    const failedRows = Number((await warehouse.row<{failed: number}>(sql))!.failed);
    results.push({...outcome(failedRows), check: name, model: relation, severity: "error", detail: null});
  }
  return results;
}

function outcome(failedRows: number): Pick<CheckResult, "status" | "failedRows"> {
  return {status: failedRows === 0 ? "ok" : "failed", failedRows};
}

/**
 * Readings of kinds that no column of \`metrics.ts\` holds, with their platforms and names: they are rows of
 * \`mart.post_metric\` and count in their totals, but no indicator has them as a part.
 */
export async function checkUnknownKinds(warehouse: Warehouse): Promise<CheckResult> {
  const kinds = await warehouse.rows<{name: string; n: number}>(`
    select p.platform || ' ' || o.metric || ' ' || o.kind as name, count(*)::integer as n
    from core.other_part as o join core.post as p on p.post_key = o.post_key group by all order by all`);
  return {
    ...outcome(kinds.reduce((sum, {n}) => sum + n, 0)),
    check: "every kind has a column",
    model: "mart.post_metric",
    severity: "warning",
    detail: kinds.length === 0 ? null : kinds.map(({name, n}) => `${name}: ${n} readings`).join("; ")
  };
}

/** One tidy view over indicator models, each with the columns that it does not fill as NULL. */
export function valueView(models: readonly Model[], name: string): string {
  const indicators = models.filter(({layer}) => layer === "indicators");
  const empty = Object.entries(valueColumns).map(([column, type]) => `cast(null as ${type}) as ${column}`);
  const branches = indicators.map(model => `select ${literal(model.name)} as indicator, * from ${model.relation}`);
  const columns = Object.entries(valueColumns).map(([column, type]) => `cast(${column} as ${type}) as ${column}`);
  return `create or replace view ${name} as select ${columns.join(", ")}
    from (select ${empty.join(", ")} where false union all by name ${branches.join(" union all by name ")})`;
}

/** `indicator.value` and the catalogue of what the indicators mean. */
async function createValueView(warehouse: Warehouse, models: Model[]): Promise<void> {
  const indicators = models.filter(({layer}) => layer === "indicators");
  const catalogue = indicators.map(({name, twin}) =>
    [
      name,
      twin.title,
      twin.paragraph,
      twin.definition,
      twin.formula,
      twin.unit,
      twin.additivity,
      twin.stage,
      twin.disclosure,
      twin.caveats
    ]
      .map(text => (text === undefined ? "null" : literal(text)))
      .join(", ")
  );
  await warehouse.exec(`
    ${valueView(indicators, "indicator.value")};
    create or replace table indicator.catalogue (indicator varchar, title varchar, paragraph varchar, definition varchar,
      formula varchar, unit varchar, additivity varchar, stage varchar, disclosure_class varchar, caveats varchar);
    insert into indicator.catalogue values ${catalogue.map(row => `(${row})`).join(", ")}`);
}
