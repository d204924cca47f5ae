/** From a chart's declaration and the published rows to what is drawn, said and tabled. */
import {breaksOf, type Definition} from "./breaks.ts";
import {sentenceCase, type Words} from "./narrative/words.ts";
import {isOfSome, notesOf} from "./notes.ts";
import {type Period, spanOf} from "./period.ts";

/** A row of `publish.value`. */
export interface ValueRow {
  indicator: string;
  period: string;
  period_start: string;
  period_end: string;
  platform: string | null;
  account_id: string | null;
  post_type: string | null;
  language: string | null;
  dimension: string | null;
  category: string | null;
  part: string | null;
  value: number | null;
  numerator: number | null;
  denominator: number | null;
  n: number | null;
  basis: string | null;
  status: string;
  note: string | null;
  definition_id: string | null;
}

/** What a chart's `usermeta.megaphone` says beside its drawing. */
export interface ChartMeta {
  section: string;
  order: number;
  measure: string;
  unit: string;
  /** The rows' period; `native`: the report's own; `edition`: those of the edition's day. */
  period: "day" | "month" | "native" | "edition";
  /** Columns with the value that a row must have. */
  where?: Record<string, string | null>;
  /** The column that tells classes apart; at most four and the rest together, or all of them. */
  class?: "post_type" | "category";
  classes?: "all";
  /** Rows by account instead of by platform. */
  accounts?: boolean;
  finding: "total" | "change" | "largest" | "freshness" | "none";
  format?: "percent";
}

export interface ChartSpec {
  name: string;
  /** The indicator that it reads. */
  indicator: string;
  meta: ChartMeta;
  spec: Record<string, unknown>;
}

/** A row as a chart draws it. */
export interface DrawnRow {
  platform_title: string;
  period_start: string;
  label: string;
  value: number | null;
  class: string;
  class_title: string;
  class_order: number;
  /** Null where the value stands as it is. */
  state: string | null;
  state_mark: string;
  /** Some of its posts are not measured yet. */
  is_partial: boolean;
  definition: string | null;
  series: string;
  is_end: boolean;
  /** What the platform counts changes here. */
  is_break: boolean;
  /** Date and kind of the change, and the date alone; empty where there is none. */
  break_label: string;
  break_date: string;
  /** In the right half of its panel, where labels stand left of what they name. */
  is_late: boolean;
}

export interface Figure {
  name: string;
  section: string;
  order: number;
  title: string;
  subtitle: string;
  source: string;
  notes: string[];
  /** What the picture shows, for those who do not see it. */
  alt: string;
  rows: DrawnRow[];
  table: {head: string[]; rows: string[][]};
  /** The tidy rows behind it, states and all. */
  tidy: ValueRow[];
}

export interface Edition {
  edition: string;
  organisation: string;
  timezone: string;
  as_of_on: string;
  run_id: string;
}

interface Context {
  words: Words;
  period: Period;
  edition: Edition;
  /** What the platforms' metrics mean, and from when to when. */
  definitions?: readonly Definition[];
}

/** The figure that a chart makes of the published rows; without rows it says that nothing was measured. */
export function figureOf(chart: ChartSpec, values: readonly ValueRow[], context: Context): Figure {
  const {words, edition} = context;
  const tidy = values.filter(row => row.indicator === chart.indicator && belongs(row, chart.meta, context));
  const chosen = onOneBasis(chart.meta.class === "post_type" ? byType(tidy) : tidy);
  const {rows, breaks} = draw(chart, chosen, tidy, context);
  const platforms = [...new Set(tidy.map(row => words.name(`platforms.${row.platform}`)))];
  const isWithoutTotal = chart.meta.period === "native" && !values.some(row => isNative(row, context.period));
  const notes = isWithoutTotal
    ? [words.say(context.period.native === "range" ? "page.no_total" : "notes.empty")]
    : notesOf(
        chart,
        chosen,
        rows,
        breaks,
        chart.meta.finding === "total" ? wholesOf(chart, values, context.period) : [],
        words
      );
  const basis = chosen.find(row => row.basis !== null && row.status !== "other_basis")?.basis ?? "none";
  const finding = findingOf(chart, values, rows, context);
  const title = finding ?? chart.meta.measure;
  const span = spanOf(context.period, edition.as_of_on, words);
  return {
    name: chart.name,
    section: chart.meta.section,
    order: chart.meta.order,
    title,
    subtitle: sentenceCase(
      [
        ...(finding === undefined ? [] : [chart.meta.measure]),
        ...(chart.meta.period === "edition"
          ? []
          : [words.say(`basis.${basis}`), ...(span === undefined ? [] : [words.say("page.period", span)])])
      ].join(", ")
    ),
    source: words.say(platforms.length === 0 ? "source_none" : "source", {
      platforms: words.list(platforms),
      date: words.day(edition.as_of_on)
    }),
    notes,
    alt: altOf(chart, rows, words),
    rows,
    table: tableOf(chart, rows, words),
    tidy
  };
}

/** Whether a published row is one of the chart's: of its grain, its period and its filters. */
function belongs(row: ValueRow, meta: ChartMeta, {period, edition}: Context): boolean {
  if (meta.accounts ? row.account_id === null : row.account_id !== null) return false;
  if (row.platform === null || (row.dimension === "post" && meta.class !== "category")) return false;
  if (Object.entries(meta.where ?? {}).some(([column, value]) => row[column as keyof ValueRow] !== value)) return false;
  if (row.language !== null || (meta.class !== "post_type" && row.post_type !== null)) return false;
  if (meta.period === "edition") return row.period_end === edition.as_of_on || row.period === "day";
  if (period.start === null || period.end === null) return false;
  if (meta.period === "native") return isNative(row, period);
  return (
    row.period === meta.period &&
    row.period_end >= period.start &&
    row.period_start <= period.end &&
    row.basis !== "age_7"
  );
}

/** Whether a row speaks of the report's period as a whole. */
export function isNative(row: ValueRow, period: Period): boolean {
  if (row.period !== period.native) return false;
  return period.native === "all" || (row.period_start === period.start && row.period_end === period.end);
}

/** The rows of each type; posts of no known type are what all together have more. Counts of posts only, which add up. */
function byType(rows: readonly ValueRow[]): ValueRow[] {
  const place = (row: ValueRow) => [row.platform, row.account_id, row.period_start, row.part, row.basis].join(" ");
  const typed = new Map<string, number>();
  for (const row of rows) {
    if (row.post_type !== null) typed.set(place(row), (typed.get(place(row)) ?? 0) + (row.value ?? 0));
  }
  const untyped = rows.flatMap(row => {
    const rest = row.post_type === null && row.value !== null ? row.value - (typed.get(place(row)) ?? 0) : 0;
    return rest > 0 ? {...row, post_type: "unknown", value: rest} : [];
  });
  return [...rows.filter(row => row.post_type !== null), ...untyped];
}

/** One basis a platform: values at 28 days are never drawn with values as last read; those of the other basis say so. */
function onOneBasis(rows: readonly ValueRow[]): ValueRow[] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const key = `${row.platform} ${row.basis}`;
    counts.set(key, (counts.get(key) ?? 0) + (row.value === null ? 0 : 1)); // a count of rows
  }
  const best = new Map<string, string>();
  for (const [key, count] of counts) {
    const [platform, basis] = key.split(" ") as [string, string];
    const known = best.get(platform);
    if (known === undefined || count > counts.get(`${platform} ${known}`)!) best.set(platform, basis);
  }
  const isKept = (row: ValueRow) => String(row.basis) === best.get(String(row.platform));
  const place = (row: ValueRow) => `${row.platform} ${row.period_start} ${row.part} ${row.post_type} ${row.category}`;
  const known = new Set(rows.filter(isKept).map(place));
  return rows
    .filter(row => isKept(row) || (row.value !== null && !known.has(place(row))))
    .map(row => (isKept(row) ? row : {...row, value: null, status: "other_basis", note: null}));
}

/** The drawn rows, and the notes of the breaks among them. */
function draw(chart: ChartSpec, rows: readonly ValueRow[], all: readonly ValueRow[], context: Context) {
  const {words, definitions = []} = context;
  const {meta} = chart;
  const column = meta.class;
  const classes = column === undefined ? [] : rankedClasses(rows, column);
  const kept = meta.classes === "all" ? classes : classes.slice(0, classes.length > 5 ? 4 : 5);
  const drawn = (column === undefined ? oneAPeriod(rows) : [...rows])
    .sort(
      (a, b) =>
        `${a.platform} ${a.period_start}`.localeCompare(`${b.platform} ${b.period_start}`) ||
        (meta.classes === "all" ? (b.value ?? -1) - (a.value ?? -1) : 0) || // the largest bar first, states last
        (column === undefined ? 0 : classes.indexOf(String(a[column])) - classes.indexOf(String(b[column])))
    )
    .map((row): DrawnRow => {
      const own = column === undefined ? "" : String(row[column]);
      const name = column === undefined || kept.includes(own) ? own : "rest";
      const state = row.status === "ok" && row.value !== null ? null : row.status;
      return {
        platform_title: words.name(`platforms.${row.platform}`),
        period_start: row.period_start,
        label: labelOf(row, meta, words),
        value: state === null || state === "stale" ? row.value : null,
        class: name === "" ? "" : words.name(`classes.${name}`),
        class_title: name === "" ? "" : words.name(`classes.${name}`),
        class_order: name === "rest" ? kept.length : kept.indexOf(name),
        state,
        state_mark: state === null ? "" : words.say(`states.${state}`),
        is_partial: state === null && isOfSome(row),
        definition: row.definition_id,
        series: "",
        is_end: false,
        is_break: false,
        break_label: "",
        break_date: "",
        is_late: false
      };
    });
  if (column === "post_type" && meta.period === "month") {
    // A month whose classes have no row was measured as none.
    for (const row of all.filter(item => item.post_type === null && item.value === 0)) {
      drawn.push({
        ...blank(words, row.platform),
        period_start: row.period_start,
        label: "0",
        value: 0,
        class: drawn[0]?.class ?? ""
      });
    }
  }
  if (meta.period === "month") drawn.push(...silentMonths(drawn, words));
  const order = (row: DrawnRow) => `${row.platform_title} ${row.period_start}`;
  const sorted = drawn.sort((a, b) => (order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : 0));
  return {rows: sorted, breaks: inSeries(sorted, definitions, meta, words)};
}

function blank(words: Words, platform: string | null): DrawnRow {
  return {
    platform_title: words.name(`platforms.${platform}`),
    period_start: "",
    label: "",
    value: null,
    class: "",
    class_title: "",
    class_order: 0,
    state: null,
    state_mark: "",
    is_partial: false,
    definition: null,
    series: "",
    is_end: false,
    is_break: false,
    break_label: "",
    break_date: "",
    is_late: false
  };
}

/** Where a platform counted a period in two ways, one row says so instead of two values that the eye would add up. */
function oneAPeriod(rows: readonly ValueRow[]): ValueRow[] {
  const groups = new Map<string, ValueRow[]>();
  for (const row of rows) {
    const key = `${row.platform} ${row.account_id} ${row.period_start} ${row.part} ${row.category}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].flatMap(group => {
    const ids = [...new Set(group.map(row => row.definition_id))];
    if (ids.length < 2) return group;
    return [{...group[0]!, value: null, status: "break", note: null, definition_id: ids.join(" | ")}];
  });
}

/** Months between a panel's first and last without a row: no post of theirs is measured, which the picture must say. */
function silentMonths(drawn: readonly DrawnRow[], words: Words): DrawnRow[] {
  return [...new Set(drawn.map(row => row.platform_title))].flatMap(title => {
    const own = drawn.filter(row => row.platform_title === title).map(row => row.period_start);
    const known = new Set(own);
    return monthsFrom(own[0]!, own.at(-1)!)
      .filter(month => !known.has(month))
      .map(month => ({
        ...blank(words, null),
        platform_title: title,
        period_start: month,
        state: "no_post",
        state_mark: words.say("states.no_post")
      }));
  });
}

/** Every month from one to another, as its first day. */
export function monthsFrom(first: string, last: string): string[] {
  const months: string[] = [];
  const [year, month] = first.split("-").map(Number) as [number, number];
  for (let index = month - 1; ; index++) {
    const start = new Date(Date.UTC(year, index, 1)).toISOString().slice(0, 10);
    if (start > last) return months;
    months.push(start);
  }
}

/** Lines break at a gap and where a platform changed what it counts; the two ends are marked. Gives the breaks' notes. */
function inSeries(
  drawn: readonly DrawnRow[],
  definitions: readonly Definition[],
  meta: ChartMeta,
  words: Words
): string[] {
  const notes: string[] = [];
  for (const title of new Set(drawn.map(row => row.platform_title))) {
    const own = drawn.filter(row => row.platform_title === title);
    if (meta.period === "day" || meta.period === "month") {
      for (const {at, label, date, note} of breaksOf(own, definitions, meta.period, words)) {
        at.is_break = true;
        at.break_label = label;
        at.break_date = date;
        notes.push(note);
      }
    }
    let part = 0;
    for (const [index, row] of own.entries()) {
      row.is_late = index * 2 >= own.length;
      if (row.value === null || row.is_break) part += 1;
      row.series = String(part);
    }
    const firm = own.filter(row => row.value !== null && row.state === null);
    for (const end of [firm[0], firm.at(-1)]) if (end !== undefined) end.is_end = true;
  }
  return notes;
}

/** Classes by how much they add up to, the largest first. */
function rankedClasses(rows: readonly ValueRow[], column: "post_type" | "category"): string[] {
  const sums = new Map<string, number>();
  for (const row of rows) {
    const name = String(row[column]);
    if (row.value !== null)
      sums.set(name, (sums.get(name) ?? 0) + Math.abs(row.value)); // an order only
    else if (!sums.has(name)) sums.set(name, 0);
  }
  return [...sums].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([name]) => name);
}

function labelOf(row: ValueRow, meta: ChartMeta, words: Words): string {
  if (row.value === null) return words.name(`state_words.${row.status}`);
  if (meta.unit === "hours")
    return `${words.whole(row.value)} h${row.status === "stale" ? ", stale" : row.note === "warn" ? ", late" : ""}`;
  if (meta.period === "native")
    return `${words.percent(row.value, 0)}${row.numerator === null ? "" : ` (${words.whole(row.numerator)})`}`;
  return meta.format === "percent" ? words.percent(row.value) : words.whole(row.value);
}

/** A finding when its figures support it, else undefined: the title then names the measure. */
function findingOf(
  chart: ChartSpec,
  values: readonly ValueRow[],
  rows: readonly DrawnRow[],
  {words, period}: Context
): string | undefined {
  const {meta} = chart;
  const platforms = [...new Set(rows.map(row => row.platform_title))];
  const valued = rows.filter(row => row.value !== null && row.state === null);
  if (meta.finding === "freshness" && valued.length > 0) {
    const late = values.filter(
      row => row.indicator === chart.indicator && row.account_id !== null && row.status === "stale"
    ).length;
    return late === 0 ? words.say("findings.fresh") : words.say("findings.stale", {value: String(late)});
  }
  if (platforms.length !== 1 || valued.length === 0) return undefined;
  const platform = platforms[0]!;
  if (meta.finding === "change") {
    if (rows.some(row => row.is_break) || rows.at(-1)!.state !== null) return undefined;
    const start = valued[0]!.value!;
    const end = valued.at(-1)!.value!;
    const key = end > start ? "grew" : end < start ? "fell" : "stayed";
    return words.say(`findings.${key}`, {platform, start: words.whole(start), end: words.whole(end)});
  }
  if (meta.finding === "largest") {
    const [first, second] = [...valued].sort((a, b) => b.value! - a.value!);
    if (first === undefined || first.value === second?.value || first.class === words.name("classes.unknown"))
      return undefined;
    return words.say("findings.largest", {platform, class: first.class_title, value: words.percent(first.value!, 0)});
  }
  if (meta.finding !== "total") return undefined;
  const [whole, ...others] = wholesOf(chart, values, period);
  if (whole === undefined || others.length > 0) return undefined;
  const finding = words.say(`findings.${chart.name}`, {platform, value: words.whole(whole.value!)});
  const isAll = whole.note === null || !isOfSome(whole);
  return isAll || whole.n === null ? finding : words.say("findings.counting", {finding, n: words.whole(whole.n)});
}

/** The rows that speak of the whole period and stand, one a platform. */
function wholesOf({indicator, meta}: ChartSpec, values: readonly ValueRow[], period: Period): ValueRow[] {
  return values.filter(
    row =>
      row.indicator === indicator &&
      row.account_id === null &&
      row.platform !== null &&
      row.post_type === null &&
      row.language === null &&
      row.basis !== "age_7" &&
      Object.entries(meta.where ?? {}).every(([column, value]) => row[column as keyof ValueRow] === value) &&
      isNative(row, period) &&
      row.status === "ok"
  );
}

function altOf(chart: ChartSpec, rows: readonly DrawnRow[], words: Words): string {
  if (rows.every(row => row.value === null)) return words.say("notes.empty");
  const isPercent = chart.meta.format === "percent" || chart.meta.period === "native";
  const show = (row: DrawnRow) => (isPercent ? words.percent(row.value!) : words.whole(row.value!));
  const place = (row: DrawnRow) => [row.class_title, row.period_start === "" ? "" : words.month(row.period_start)];
  const told = (row: DrawnRow) => `${show(row)} (${place(row).filter(Boolean).join(", ")})`;
  const panels = [...new Set(rows.map(row => row.platform_title))].map(title => {
    const own = rows.filter(row => row.platform_title === title);
    const valued = own.filter(row => row.value !== null);
    if (valued.length === 0) return `${title}: ${words.say("notes.empty")}`;
    const most = valued.reduce((best, row) => (row.value! > best.value! ? row : best));
    const gaps = own.length - valued.length;
    return words.say(gaps === 0 ? "alt.panel" : "alt.panel_gaps", {
      platform: title,
      first: told(valued[0]!),
      last: told(valued.at(-1)!),
      most: told(most),
      gaps: String(gaps)
    });
  });
  return `${chart.spec.description} ${panels.join(" ")}`;
}

/** The drawn data as a table. */
function tableOf(chart: ChartSpec, drawn: readonly DrawnRow[], words: Words): Figure["table"] {
  const {meta} = chart;
  const isDated = meta.period === "day" || meta.period === "month";
  const isClassed = meta.class !== undefined;
  const status = (row: DrawnRow) =>
    row.state !== null ? words.say(`state_words.${row.state}`) : words.say(row.is_partial ? "page.partial" : "page.ok");
  return {
    head: [
      words.say("page.platform"),
      ...(isDated ? [words.say("page.when")] : []),
      ...(isClassed ? [words.say("page.class")] : []),
      meta.unit,
      words.say("page.status")
    ],
    rows: drawn.map(row => [
      row.platform_title,
      ...(isDated ? [meta.period === "day" ? words.day(row.period_start) : words.month(row.period_start)] : []),
      ...(isClassed ? [row.class_title || "–"] : []),
      row.value === null ? row.state_mark : row.label,
      status(row)
    ])
  };
}
