/**
 * A figure's rows and its chart's drawing become SVG and PNG: title, subtitle, notes and source are in the picture, so
 * that one pasted into a document still says what it shows.
 */

import {readdirSync} from "node:fs";
import {createRequire} from "node:module";
import {dirname, join} from "node:path";
import {type Canvas, createCanvas, GlobalFonts} from "canvas";
import * as vega from "vega";
import {compile, type TopLevelSpec} from "vega-lite";
import {type ChartSpec, type DrawnRow, type Figure, monthsFrom} from "./figure.ts";
import {escapeHtml} from "./pages/html.ts";
import theme from "./theme.json" with {type: "json"};

export interface Drawing {
  svg: string;
  /** Still being encoded, beside the drawing of the next figure: that takes as long as the drawing. */
  png: Promise<Buffer>;
}

export type Width = "wide" | "narrow";

/** Canvas width of the picture, room for axes left out, font sizes, and letters a line. */
const sizes = {
  wide: {whole: 620, inner: 545, title: 18, subtitle: 15, labels: 13, titleLetters: 64, textLetters: 92},
  narrow: {whole: 340, inner: 268, title: 16, subtitle: 14, labels: 12, titleLetters: 36, textLetters: 48}
} as const;

/** Pixels that a month takes at most. */
const widestBand = 70;

/** Pixels that a sign such as [x] takes. */
const widestSign = 20;

/** Pixels above a panel at which the dates of its breaks stand, above the title of its axis. */
const breakTop = -46;

/** Pixels of the picture's print: 286 dots an inch at 16.5 cm. */
const pngScale = 3;

registerFonts();
const ruler = createCanvas(1, 1).getContext("2d");

/** Draws a figure as it is pasted into documents. Throws when the drawing asks for anything outside its data. */
export async function render(chart: ChartSpec, figure: Figure): Promise<Drawing> {
  return drawn(chart, figure, "wide", async view => {
    const svg = described(await view.toSVG(), figure);
    const canvas = (await view.toCanvas(pngScale)) as unknown as Canvas;
    return {svg, png: canvas.encode("png")};
  });
}

/** Draws a figure as SVG for a page on a narrow screen; throws like `render`. */
export async function renderNarrow(chart: ChartSpec, figure: Figure): Promise<string> {
  return drawn(chart, figure, "narrow", async view => described(await view.toSVG(), figure));
}

async function drawn<T>(
  chart: ChartSpec,
  figure: Figure,
  width: Width,
  take: (view: vega.View) => Promise<T>
): Promise<T> {
  const {spec} = compile(wholeSpec(chart, figure, width), {logger: refusing()});
  vega.resetSVGDefIds();
  const view = new vega.View(vega.parse(spec), {renderer: "none", loader: denyAll(), logLevel: vega.Error});
  try {
    await view.runAsync();
    return await take(view);
  } finally {
    view.finalize();
    await new Promise(setImmediate); // lets the native canvas free its memory
  }
}

/** The chart's drawing with the figure's rows, words around it, and the theme: what vega-lite compiles. */
export function wholeSpec(chart: ChartSpec, figure: Figure, width: Width): TopLevelSpec {
  const size = sizes[width];
  const {$schema, description, usermeta, data, ...drawing} = structuredClone(chart.spec) as Record<string, unknown> & {
    spec: {layer: Layer[]};
  };
  void usermeta;
  void data;
  const cleaned = figure.rows.map(clean);
  const rows = chart.meta.period === "month" ? thinned(cleaned, size.inner) : cleaned;
  const panels = new Set(rows.map(row => row.platform_title)).size;
  const shown =
    rows.length === 0
      ? undefined
      : {...drawing, data: {values: rows}, spec: {...drawing.spec, ...frame(chart, size.inner, panels)}};
  for (const layer of shown?.spec.layer ?? []) {
    setScales(layer.encoding, rows);
    keepSlim(layer, size.inner);
  }
  if (shown !== undefined && rows.some(row => row.is_break))
    shown.spec.layer = [...shown.spec.layer, ...breakRules(chart.meta.period, width)];
  const lines = [...figure.notes, figure.source].flatMap(note => wrap(note, size.textLetters));
  return {
    $schema,
    description,
    title: {text: wrap(figure.title, size.titleLetters), subtitle: wrap(figure.subtitle, size.textLetters - 18)},
    spacing: 14,
    vconcat: [...(shown === undefined ? [] : [shown]), footer(lines, leftOf(chart, rows, size.labels), size)],
    config: {
      ...theme,
      axis: {...theme.axis, labelFontSize: size.labels, titleFontSize: size.labels},
      header: {...theme.header, labelFontSize: size.labels},
      legend: {...theme.legend, labelFontSize: size.labels, columns: width === "wide" ? 5 : 3},
      text: {...theme.text, fontSize: size.labels},
      title: {...theme.title, fontSize: size.title, subtitleFontSize: size.subtitle}
    }
  } as unknown as TopLevelSpec;
}

interface Layer {
  mark: {type: string; [key: string]: unknown};
  encoding: {x?: Channel; y?: Channel; color?: Channel; [channel: string]: Channel | undefined};
  [key: string]: unknown;
}

interface Channel {
  timeUnit?: string;
  scale?: object;
  [key: string]: unknown;
}

/** Scales that hold every period and class, also those that are not drawn. */
function setScales(encoding: Layer["encoding"], rows: readonly DrawnRow[]): void {
  const {x, color} = encoding;
  const days = rows.map(row => row.period_start).sort();
  if (x?.timeUnit !== undefined) x.scale = {...x.scale, domain: [dateOf(days[0]!), dateOf(days.at(-1)!)]};
  if (x?.type === "ordinal") x.scale = {...x.scale, domain: monthsFrom(days[0]!, days.at(-1)!)};
  if (color !== undefined) {
    const classes = [...new Map(rows.filter(row => row.class !== "").map(row => [row.class, row.class_order]))]
      .sort((a, b) => a[1] - b[1])
      .map(([name]) => name);
    const {category} = theme.range;
    color.scale = {
      domain: classes,
      range: classes.map((_, index) => (index === classes.length - 1 && index > 3 ? category.at(-1) : category[index]))
    };
  }
}

/** Where months are narrower than their signs, a run of one sign is written once, in its middle. */
function thinned(rows: readonly DrawnRow[], inner: number): DrawnRow[] {
  const days = rows.map(row => row.period_start).sort();
  if (rows.length === 0 || inner / monthsFrom(days[0]!, days.at(-1)!).length >= widestSign) return [...rows];
  const place = (row: DrawnRow) => `${row.platform_title} ${row.period_start}`;
  const runs: DrawnRow[][] = [];
  for (const row of rows.toSorted((x, y) => place(x).localeCompare(place(y)))) {
    const last = runs.at(-1)?.at(-1);
    if (last?.state_mark !== row.state_mark || last.platform_title !== row.platform_title) runs.push([]);
    runs.at(-1)!.push(row);
  }
  const kept = new Set(runs.map(run => run[Math.floor((run.length - 1) / 2)]));
  return rows.map(row => (kept.has(row) ? row : {...row, state_mark: ""}));
}

/** Columns of a few months do not fill the panel. */
function keepSlim({mark, encoding}: Layer, inner: number): void {
  const months = (encoding.x?.scale as {domain?: string[]} | undefined)?.domain?.length;
  if (mark.type !== "bar" || encoding.x?.type !== "ordinal" || months === undefined) return;
  if (inner / months > widestBand) mark.width = Math.round(0.66 * widestBand);
}

function dateOf(day: string): object {
  const [year, month, date] = day.split("-").map(Number);
  return {year, month, date, utc: true};
}

/** Whether a bar is a class, named on the left, and not a month. */
function isClassed(chart: ChartSpec): boolean {
  return chart.meta.period === "native" || chart.meta.period === "edition";
}

/** Where the words around the panels begin, in pixels left of them: where the names on the axis do. */
function leftOf(chart: ChartSpec, rows: readonly DrawnRow[], fontSize: number): number {
  if (!isClassed(chart)) return theme.axisY.titleX;
  const {tickSize, labelPadding} = theme.axis;
  ruler.font = `${fontSize}px ${theme.font}`;
  const names = rows.map(row => ruler.measureText(row.class_title).width);
  return -(Math.max(0, ...names) + tickSize + labelPadding);
}

/** The panel's size: bars of classes take a line each, everything else one height; four panels fit on a page of A4. */
function frame(chart: ChartSpec, inner: number, panels: number): {width: number; height: number | {step: number}} {
  if (isClassed(chart)) return {width: inner - 150, height: {step: panels > 2 ? 20 : 26}};
  return {width: inner, height: panels > 2 ? 110 : 220};
}

/** Where a definition begins or ends: a rule before the period, with its date above the panel. */
function breakRules(period: string, width: Width): Layer[] {
  const x =
    period === "day"
      ? {field: "period_start", type: "temporal", timeUnit: "utcyearmonthdate"}
      : {field: "period_start", type: "ordinal", bandPosition: 0};
  const top = {value: breakTop};
  const field = width === "wide" ? "break_label" : "break_date";
  const label = (isLate: boolean): Layer => ({
    transform: [{filter: `datum.is_break && ${isLate ? "" : "!"}datum.is_late`}],
    mark: {type: "text", align: isLate ? "right" : "left", baseline: "top", dx: isLate ? -4 : 4},
    encoding: {x, y: top, text: {field, type: "nominal"}}
  });
  return [
    {
      transform: [{filter: "datum.is_break"}],
      mark: {type: "rule", strokeWidth: 1.5},
      encoding: {x, y: top, y2: {value: "height"}}
    },
    label(false),
    label(true)
  ];
}

function footer(lines: string[], left: number, {inner, labels}: (typeof sizes)[Width]): object {
  return {
    data: {values: lines.map((text, line) => ({text, line}))},
    width: inner,
    height: {step: 18},
    mark: {type: "text", align: "left", baseline: "middle", x: left, color: "#595959", fontSize: labels},
    encoding: {y: {field: "line", type: "ordinal", axis: null}, text: {field: "text", type: "nominal"}}
  };
}

/** Rows as plain text. */
function clean(row: DrawnRow): DrawnRow {
  const cleaned = Object.entries(row).map(([key, value]) => [key, typeof value === "string" ? plain(value) : value]);
  return Object.fromEntries(cleaned) as DrawnRow;
}

/** Text without control characters, which XML forbids. */
function plain(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, " ");
}

/** Lines of at most so many letters, broken between words. */
export function wrap(text: string, letters: number): string[] {
  const lines: string[] = [];
  for (const word of plain(text).split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < letters) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Vega writes no role, title or description on the root, and ids that several pictures of a page would share. */
function described(svg: string, figure: Figure): string {
  const id = figure.name.replaceAll("_", "-");
  const head = `<title id="${id}-title">${escapeHtml(plain(figure.title))}</title><desc id="${id}-desc">${escapeHtml(plain(figure.alt))}</desc>`;
  return svg
    .replaceAll(/\b(id="|url\(#|href="#)/g, (whole: string) => `${whole}${id}-`)
    .replace(
      /<svg([^>]*)>/,
      (_, attributes: string) => `<svg${attributes} role="img" aria-labelledby="${id}-title ${id}-desc">${head}`
    );
}

/** A drawing loads nothing: no file, no address. */
function denyAll(): vega.Loader {
  const refuse = (): never => {
    throw new Error("a chart may not load anything");
  };
  return {load: refuse, sanitize: refuse, http: refuse, file: refuse} as unknown as vega.Loader;
}

/** What vega-lite only warns of is a fault of the chart. */
function refusing(): vega.LoggerInterface {
  const logger = {
    level: () => logger,
    error(...words: unknown[]): never {
      throw new Error(words.join(" "));
    },
    warn(...words: unknown[]) {
      // The layers of a panel read the same rows, which is what vega-lite then assumes.
      if (String(words[0]).startsWith("Detected faceted independent scales")) return logger;
      throw new Error(words.join(" "));
    },
    info: () => logger,
    debug: () => logger
  };
  return logger as unknown as vega.LoggerInterface;
}

/** Noto Sans comes with the program: a server often has no font at all. */
function registerFonts(): void {
  const folder = join(dirname(createRequire(import.meta.url).resolve("@fontsource/noto-sans/package.json")), "files");
  for (const file of readdirSync(folder)) {
    if (/-latin(-ext)?-(400|700)-normal\.woff2$/.test(file))
      GlobalFonts.registerFromPath(join(folder, file), "Noto Sans");
  }
}
