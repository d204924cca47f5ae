/** Reports: pure functions of a published copy, written to a folder that is replaced whole. */
import {mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync} from "node:fs";
import {dirname, join, relative} from "node:path";
import type {Definition as MetricDefinition} from "./breaks.ts";
import {
  type ChartMeta,
  type ChartSpec,
  type Edition,
  type Figure,
  figureOf,
  isNative,
  type ValueRow
} from "./figure.ts";
import {type Words, wordsOf} from "./narrative/words.ts";
import {type Definition, overview, type PageParts} from "./pages/overview.ts";
import {type Period, spanOf} from "./period.ts";
import {render, renderNarrow} from "./render.ts";

export {type Bounds, PeriodError, periodOf} from "./period.ts";

export type Format = "html" | "svg" | "png" | "csv";

export interface ReportOptions {
  /** Reads the published copy; numbers as numbers, days and times as ISO text. */
  query: (sql: string) => Promise<Record<string, unknown>[]>;
  edition: "team" | "public";
  period: Period;
  languages: string[];
  formats: Format[];
  /** The folder of all reports. */
  out: string;
}

/** The languages that reports come in: one file of the folder each. */
export function readLanguages(): string[] {
  const files = readdirSync(new URL("./languages/", import.meta.url));
  return files.filter(file => file.endsWith(".yaml")).map(file => file.slice(0, -".yaml".length));
}

/** The charts of the folder, in the order of their names; nothing lists them. */
export function readCharts(): ChartSpec[] {
  const folder = new URL("./charts/", import.meta.url);
  return readdirSync(folder)
    .filter(file => file.endsWith(".vl.json"))
    .sort()
    .map(file => {
      const spec = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Record<string, unknown> & {
        data: {name: string};
        usermeta: {megaphone: ChartMeta};
      };
      return {name: file.slice(0, -".vl.json".length), indicator: spec.data.name, meta: spec.usermeta.megaphone, spec};
    });
}

/** Writes `<out>/<edition>/<period>/<language>/` and points `<out>/latest` at it; returns the first page or folder. */
export async function writeReport(options: ReportOptions): Promise<{index: string; files: string[]}> {
  const {query, period, out} = options;
  const [edition] = (await query(
    "select edition, organisation, timezone, as_of_on, run_id from publish.edition"
  )) as unknown as [Edition];
  const charts = readCharts();
  const names = [
    ...new Set([...charts.map(({indicator}) => indicator), "posts_published", "audience_size", "audience_net_growth"])
  ];
  const values = (await query(
    `select indicator, period, period_start, period_end, platform, account_id, post_type, language, dimension, category, part,
       value, numerator, denominator, n, basis, status, note, definition_id
     from publish.value
     where indicator in (${names.map(name => `'${name}'`).join(", ")}) and coalesce(dimension, '') <> 'post' and period <> 'week'
       and (period <> 'day' or period_start = date '${edition.as_of_on}'${
         period.start === null ? "" : ` or period_start between date '${period.start}' and date '${period.end}'`
       })
     order by all`
  )) as unknown as ValueRow[];
  const definitions = (await query(
    `select title, definition, formula, caveats from publish.catalogue where indicator in (${names.map(name => `'${name}'`).join(", ")}) order by title`
  )) as unknown as Definition[];
  const metrics = (await query(
    "select definition_id, platform, platform_metric, meaning, valid_from, valid_to from publish.metric_definition order by 1"
  )) as unknown as MetricDefinition[];
  const reach = await query(
    "select distinct platform from publish.account where platform not in (select platform from publish.metric_definition where metric = 'reach' and subject = 'post') order by 1"
  );
  const files: string[] = [];
  let index = "";
  for (const language of options.languages) {
    const words = wordsOf(language);
    const target = join(out, options.edition, period.key, language);
    const written = await writeLanguage({
      ...options,
      words,
      edition,
      charts,
      values,
      definitions,
      metrics,
      withoutReach: reach.map(row => words.name(`platforms.${row.platform}`)),
      target
    });
    files.push(...written.map(file => join(target, file)));
    index ||= written.includes("index.html") ? join(target, "index.html") : target;
  }
  pointLatest(out, index.endsWith(".html") ? dirname(index) : index);
  return {index, files};
}

interface Writing extends Omit<ReportOptions, "edition"> {
  words: Words;
  edition: Edition;
  charts: ChartSpec[];
  values: ValueRow[];
  definitions: Definition[];
  metrics: MetricDefinition[];
  withoutReach: string[];
  target: string;
}

/** Builds one language's folder beside its place and then puts it there; returns its files. */
async function writeLanguage(options: Writing): Promise<string[]> {
  const {words, period, edition, formats, values, target} = options;
  const building = `${target}.building`;
  rmSync(building, {recursive: true, force: true});
  const files: string[] = [];
  const write = (file: string, content: string | Buffer): void => {
    mkdirSync(dirname(join(building, file)), {recursive: true, mode: 0o700});
    writeFileSync(join(building, file), content, {mode: 0o600});
    files.push(file);
  };
  const figures: PageParts["figures"] = [];
  const pictures: Promise<[file: string, content: Buffer]>[] = [];
  for (const chart of options.charts) {
    const figure = figureOf(chart, values, {words, period, edition, definitions: options.metrics});
    const wide = await render(chart, figure);
    const narrow = formats.includes("html") ? await renderNarrow(chart, figure) : wide.svg;
    const downloads = [];
    for (const [format, content] of [
      ["svg", wide.svg],
      ["png", wide.png],
      ["csv", csv(figure.tidy)]
    ] as const) {
      if (!formats.includes(format)) continue;
      const file = `${format === "csv" ? "tables" : "charts"}/${figure.name}.${format}`;
      if (content instanceof Promise) pictures.push(content.then(picture => [file, picture]));
      else write(file, content);
      downloads.push({label: format.toUpperCase(), href: file});
    }
    figures.push({...figure, wide: wide.svg, narrow: inPage(narrow, figure), downloads});
  }
  for (const [file, content] of await Promise.all(pictures)) write(file, content);
  if (formats.includes("html")) {
    const whole = values.filter(
      row => isNative(row, period) && row.account_id === null && row.post_type === null && row.language === null
    );
    figures.sort((a, b) => a.order - b.order);
    write(
      "index.html",
      overview({
        words,
        period,
        edition,
        lead: lead(options, whole, figures),
        figures,
        definitions: options.definitions,
        withoutReach: options.withoutReach,
        whole
      })
    );
  }
  const old = `${target}.old`;
  rmSync(old, {recursive: true, force: true});
  mkdirSync(dirname(target), {recursive: true, mode: 0o700});
  try {
    renameSync(target, old);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  renameSync(building, target);
  rmSync(old, {recursive: true, force: true});
  return files;
}

/** The page holds two drawings of a figure, whose ids must differ. */
function inPage(svg: string, figure: Figure): string {
  const id = figure.name.replaceAll("_", "-");
  return svg.replaceAll(`${id}-`, `narrow-${id}-`);
}

/** The finding of the whole page, from figures that are there. */
function lead({words, period, edition}: Writing, whole: readonly ValueRow[], figures: readonly Figure[]): string {
  const posts = whole.filter(
    row => row.indicator === "posts_published" && row.part === "posts" && row.platform !== null
  );
  const span = spanOf(period, edition.as_of_on, words);
  const named = (sentence: string): string =>
    edition.organisation === "" ? sentence : words.say("page.lead", {organisation: edition.organisation, sentence});
  const isEmpty = figures.every(({rows, section}) => rows.length === 0 || section === "quality");
  if (span === undefined || isEmpty) return words.say("page.lead_empty");
  if (posts.length === 0) return named(words.say("page.period", span));
  const total = posts.reduce((sum, row) => sum + row.value!, 0);
  const platform = words.list(posts.map(row => words.name(`platforms.${row.platform}`)));
  const growth = whole.filter(
    row => row.indicator === "audience_net_growth" && row.part === "net" && row.status === "ok" && row.platform !== null
  );
  const sentence =
    growth.length === 1 && posts.length === 1
      ? words.say("page.lead_sentence", {
          ...span,
          platform,
          posts: words.whole(total),
          start_followers: words.whole(growth[0]!.denominator!),
          end_followers: words.whole(growth[0]!.numerator!)
        })
      : words.say("page.lead_posts", {...span, platform, posts: words.whole(total)});
  return named(sentence);
}

/** Tidy rows as CSV (RFC 4180); a text that a spreadsheet would run as a formula is put in quotes by an apostrophe. */
export function csv(rows: readonly ValueRow[]): string {
  const columns = [
    "indicator",
    "period",
    "period_start",
    "period_end",
    "platform",
    "account_id",
    "post_type",
    "dimension",
    "category",
    "part",
    "value",
    "numerator",
    "denominator",
    "n",
    "basis",
    "status",
    "note",
    "definition_id"
  ] as const;
  const cell = (value: string | number | null): string => {
    if (value === null) return "";
    if (typeof value === "number") return String(value);
    const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [columns.join(","), ...rows.map(row => columns.map(column => cell(row[column])).join(","))]
    .map(line => `${line}\r\n`)
    .join("");
}

/** `latest` is a link that changes at once. */
function pointLatest(out: string, target: string): void {
  const temporary = join(out, "latest.new");
  rmSync(temporary, {force: true});
  symlinkSync(relative(out, target), temporary);
  renameSync(temporary, join(out, "latest"));
}
