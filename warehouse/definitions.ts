/**
 * Definitions as data: what each metric of a platform means and from when to when, as the twins of the staging models
 * declare it. A metric that a platform takes away ends its definition, and one that it gives again opens it again.
 */
import {z} from "zod";
import type {Union} from "./core.ts";
import type {Model} from "./models.ts";
import {literal, type Warehouse} from "./warehouse.ts";

/** Makes `mart.metric_definition` anew from the twins and from what the platforms refuse by now. */
export async function fillDefinitions(warehouse: Warehouse, models: readonly Model[]): Promise<void> {
  const definitions = endedBy(definitionsOf(models), await refusals(warehouse));
  await warehouse.exec(`delete from mart.metric_definition; ${insertion(definitions)}`);
}

/** What a metric is of: a platform may count a page's views otherwise than a post's. */
const subjects = {post: "post", account: "account", account_metric: "account", audience_breakdown: "audience"} as const;

/** A row of `mart.metric_definition`, and the stream whose metric it is. */
interface Definition {
  id: string;
  platform: string;
  stream: string;
  subject: (typeof subjects)[Union];
  metric: string;
  platform_metric: string;
  meaning: string;
  unit: string;
  additivity: string;
  source: string | null;
  valid_from: string;
  valid_to: string | null;
}

/** Makes `core.stream` anew: which union each landed stream feeds. */
export async function fillStreams(warehouse: Warehouse, models: readonly Model[]): Promise<void> {
  const rows = models.flatMap(({twin: {reads, feeds}}) =>
    reads === undefined || feeds === undefined ? [] : `(${[...streamOf(reads), feeds].map(literal).join(", ")})`
  );
  await warehouse.exec(`delete from core.stream; insert into core.stream values ${rows.join(", ")}`);
}

/** Platform and stream of a landing relation, `landing.<platform>__<stream>`. */
function streamOf(relation: string): [platform: string, stream: string] {
  return relation.replace(/^landing\./, "").split(/__(.*)/, 2) as [string, string];
}

/** The definitions that the twins declare; of two with one id the first stands. */
export function definitionsOf(models: readonly Model[]): Definition[] {
  const found = new Map<string, Definition>();
  for (const {twin} of models) {
    if (twin.reads === undefined || twin.feeds === undefined) continue;
    const [platform, stream] = streamOf(twin.reads);
    const subject = subjects[twin.feeds];
    const scope = subject === "post" ? platform : `${platform}:${subject}`;
    for (const {source = null, valid_from = "1970-01-01", valid_to = null, ...told} of twin.definitions ?? []) {
      const id = told.id ?? `${scope}:${told.metric}`;
      if (!found.has(id)) found.set(id, {...told, id, platform, stream, subject, source, valid_from, valid_to});
    }
  }
  return [...found.values()];
}

/** A platform's metric that none of the accounts is offered any more, and the first day without it. */
interface Refusal {
  platform: string;
  stream: string;
  metric: string;
  on: string;
}

const days = z.record(z.string(), z.string());
/**
 * What a cursor says of refusals: the day of the last one of each metric, and of the first where there were several; and
 * the day of its night, which older ones do not say.
 */
export const cursorSchema = z.object({
  refused: days.optional(),
  refused_since: days.optional(),
  read_on: z.string().optional()
});

/**
 * What the platforms refuse, as extraction keeps it in the cursors. A metric that one account is refused and another is
 * still given is not gone; an account that was not read since does not count.
 */
async function refusals(warehouse: Warehouse): Promise<Refusal[]> {
  const cursors = await warehouse.rows<{platform: string; stream: string; cursor: string; read_on: string}>(`
    select a.platform, c.stream, c.cursor, cast(timezone(k.timezone, c.read_at) as date) as read_on
    from core.cursor as c join core.account as a on a.account_id = c.account_id cross join core.setting as k`);
  const read = cursors.map(({cursor, ...rest}) => {
    const {refused, refused_since: since, read_on = rest.read_on} = cursorSchema.parse(JSON.parse(cursor));
    return {...rest, read_on, refused: {...refused, ...since}};
  });
  return read.flatMap(({platform, stream, refused}) =>
    Object.entries(refused).flatMap(([metric, on]) => {
      const others = read.filter(o => o.platform === platform && o.stream === stream && o.read_on >= on);
      const since = others.map(other => other.refused[metric]);
      return since.includes(undefined) ? [] : [{platform, stream, metric, on: (since as string[]).sort().at(-1) ?? on}];
    })
  );
}

/** The definitions, each ended on the day before one of its platform's metrics was refused. */
function endedBy(definitions: readonly Definition[], refused: readonly Refusal[]): Definition[] {
  return definitions.map(definition => {
    const names = definition.platform_metric.split(/; | and | \+ /);
    const ends = refused
      .filter(({platform, stream}) => platform === definition.platform && stream === definition.stream)
      .filter(({metric}) => names.includes(metric))
      .map(({on}) => dayBefore(on));
    const [valid_to = null] = [...ends, definition.valid_to ?? []].flat().sort();
    return {...definition, valid_to};
  });
}

function dayBefore(day: string): string {
  return new Date(Date.parse(day) - 86_400_000).toISOString().slice(0, 10);
}

/** The day before the platform begins to count the metric in another way; null where it does not. */
function holdsTo(definition: Definition, all: readonly Definition[]): string | null {
  const {platform, subject, metric, source, valid_from} = definition;
  const [next] = all
    .filter(other => other.platform === platform && other.subject === subject && other.metric === metric)
    .filter(other => other.source === null || source === null || other.source === source)
    .map(other => other.valid_from)
    .filter(day => day > valid_from)
    .sort();
  return next === undefined ? null : dayBefore(next);
}

function insertion(definitions: readonly Definition[]): string {
  const rows = definitions.map(definition => {
    const {id, platform, subject, metric, platform_metric, meaning, unit, additivity, source} = definition;
    const days = [definition.valid_from, definition.valid_to, holdsTo(definition, definitions)];
    const told = [id, platform, subject, metric, platform_metric, meaning, unit, additivity, source, ...days];
    return `(${told.map(text => (text === null ? "null" : literal(text))).join(", ")})`;
  });
  if (rows.length === 0) return "";
  return `insert into mart.metric_definition (definition_id, platform, subject, metric, platform_metric, meaning, unit,
    additivity, source, valid_from, valid_to, holds_to) values ${rows.join(", ")};`;
}
