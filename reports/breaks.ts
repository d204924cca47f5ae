/** Where a platform changed what it counts inside the period shown: the dated rules of a chart, in words. */
import type {DrawnRow} from "./figure.ts";
import type {Words} from "./narrative/words.ts";

/** A row of `publish.metric_definition`, as far as a break tells of it. */
export interface Definition {
  definition_id: string;
  platform: string;
  platform_metric: string;
  meaning: string;
  valid_from: string | null;
  valid_to: string | null;
}

/** A place of a panel where a definition begins, ends or gives way to another. */
export interface Break {
  /** The row from which it holds. */
  at: DrawnRow;
  /** Beside the rule, where there is room, and its date alone. */
  label: string;
  date: string;
  /** Below the chart. */
  note: string;
}

/** Before this day a definition holds for as long as anything is known. */
const always = "1970-01-01";

/** The definitions of a row: several where the platform counted in two ways, or where a figure is made of several. */
function partsOf(definition: string | null): string[] {
  return definition === null ? [] : definition.split(/ [|+/] /);
}

/** The breaks of one panel, whose rows come in the order of their days. */
export function breaksOf(
  own: readonly DrawnRow[],
  definitions: readonly Definition[],
  unit: "day" | "month",
  words: Words
): Break[] {
  const known = new Map(definitions.map(item => [item.definition_id, item]));
  const breaks: Break[] = [];
  const add = (
    at: DrawnRow,
    kind: "changed" | "ended" | "began",
    day: string | null,
    ids: {from?: string[]; to?: string[]}
  ) => {
    const date = day === null ? words.month(at.period_start) : words.shortDay(day);
    const name = (list: string[] = []) =>
      list
        .flatMap(id => known.get(id) ?? [])
        .map(item => words.say("breaks.name", {name: item.platform_metric, meaning: item.meaning}));
    const [from, to] = [name(ids.from).join(", "), name(ids.to).join(", ")];
    const isNamed = kind === "changed" ? from !== "" && to !== "" : from + to !== "";
    const places = {date: day === null ? date : words.day(day), platform: at.platform_title, from, to};
    breaks.push({
      at,
      label: words.say(`breaks.${kind}`, {date}),
      date,
      note: words.say(isNamed ? `notes.${kind}` : "notes.break", places)
    });
  };
  const valued = own.filter(row => row.definition !== null);
  let before = new Set(partsOf(valued[0]?.definition ?? null));
  for (const [index, row] of valued.entries()) {
    const now = new Set(partsOf(row.definition));
    const begun = [...now].filter(id => !before.has(id));
    if (begun.length > 0) {
      // The row itself may hold both: what is over is told by the first row that holds the new alone.
      const later = valued.slice(index).find(item => !item.definition!.includes(" | "));
      const after = partsOf(later?.definition ?? row.definition);
      const over = [...before].filter(id => !after.includes(id));
      const days = begun.map(id => known.get(id)?.valid_from ?? always).filter(day => day > always);
      const ends = over.flatMap(id => dayAfter(known.get(id)?.valid_to ?? null) ?? []);
      add(row, "changed", [...days, ...ends].sort().at(-1) ?? null, {from: over, to: begun});
    }
    before = now;
  }
  const [first, last] = [own[0], own.at(-1)];
  if (first === undefined || last === undefined) return breaks;
  const gone = [...before].map(id => known.get(id)).filter(item => item?.valid_to != null);
  for (const {definition_id: id, valid_to} of gone as Definition[]) {
    const day = dayAfter(valid_to)!;
    const row = rowAt(own, day, unit);
    if (row !== undefined && day > first.period_start) add(row, "ended", day, {from: [id]});
  }
  const [opening] = valued;
  for (const id of opening === undefined || opening === first ? [] : partsOf(opening.definition)) {
    const from = known.get(id)?.valid_from ?? always;
    if (from > first.period_start && from <= last.period_start) add(opening!, "began", from, {to: [id]});
  }
  return breaks;
}

/** The row whose day or month holds a day, or the first after it. */
function rowAt(own: readonly DrawnRow[], day: string, unit: "day" | "month"): DrawnRow | undefined {
  const start = unit === "month" ? `${day.slice(0, 7)}-01` : day;
  return own.find(row => row.period_start >= start);
}

function dayAfter(day: string | null): string | null {
  return day === null ? null : new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
}
