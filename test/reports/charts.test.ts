import {compile} from "vega-lite";
import {beforeAll, describe, expect, it} from "vitest";
import {type Edition, figureOf, type ValueRow} from "../../reports/figure.ts";
import {wordsOf} from "../../reports/narrative/words.ts";
import {render, wholeSpec} from "../../reports/render.ts";
import {periodOf, readCharts} from "../../reports/report.ts";
import type {Warehouse} from "../../warehouse/warehouse.ts";
import {addMonth, fifteenMonths, published, valueColumns} from "./publish-fixture.ts";

const charts = readCharts();
const words = wordsOf("en");
const period = periodOf("all", {today: "2020-11-30", from: "2019-08-31", to: "2020-11-30"});

async function figuresOf(copy: Warehouse) {
  const [edition] = await copy.objects("select * from publish.edition");
  const values = (await copy.objects("select * from publish.value order by all")) as unknown as ValueRow[];
  return (name: string) => {
    const chart = charts.find(item => item.name === name)!;
    return {chart, figure: figureOf(chart, values, {words, period, edition: edition as unknown as Edition})};
  };
}

let drawn: Awaited<ReturnType<typeof figuresOf>>;

beforeAll(async () => {
  await using copy = await published(":memory:");
  await fifteenMonths(copy);
  drawn = await figuresOf(copy);
});

/** Every object inside a JSON document. */
function* objectsIn(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const item of Object.values(value)) yield* objectsIn(item);
}

describe.each(charts.map(chart => [chart.name, chart] as const))("chart %s", (_, chart) => {
  it("has its keys in order and says what it draws", () => {
    const order = ["$schema", "title", "description", "data", "transform", "facet", "columns", "mark", "encoding"];
    const keys = Object.keys(chart.spec).filter(key => order.includes(key));
    expect(keys).toEqual(order.filter(key => keys.includes(key)));
    expect(chart.spec.description).toMatch(/\w/);
  });

  it("filters by columns that publish.value has", () => {
    for (const column of Object.keys(chart.meta.where ?? {})) expect(valueColumns).toContain(column);
  });

  it("names the unit of its measure", () => {
    expect(chart.meta.unit).toMatch(/\w/);
    expect(chart.meta.measure).toMatch(/\w/);
  });

  it("links nowhere, loads nothing and names no font, and no text is under 12 px or turned", () => {
    for (const item of objectsIn(chart.spec)) {
      expect(item).not.toHaveProperty("href");
      expect(item).not.toHaveProperty("url");
      expect(item).not.toHaveProperty("font");
      if (typeof item.fontSize === "number") expect(item.fontSize).toBeGreaterThanOrEqual(12);
      if (typeof item.angle === "number") expect(item.angle).toBe(0);
    }
  });

  it.each(["wide", "narrow"] as const)("compiles without a warning, %s", async width => {
    const {figure} = drawn(chart.name);
    const said: string[] = [];
    const note = (...texts: unknown[]) => {
      said.push(texts.join(" "));
      return logger;
    };
    const quiet = () => logger;
    const logger: Record<string, unknown> = {level: quiet, error: note, warn: note, info: quiet, debug: quiet};
    compile(wholeSpec(chart, figure, width), {logger: logger as never});
    expect(said).toEqual([]);
  });
});

describe("figures", () => {
  it("keep a month without a value apart from a month of none", async () => {
    await using copy = await published(":memory:");
    const views = {indicator: "views", platform: "x", basis: "age_28", definition_id: "x:impressions"};
    await addMonth(copy, "2020-01", {...views, value: null, status: "not_measurable"});
    await addMonth(copy, "2020-02", {...views, value: 0});
    await addMonth(copy, "2020-03", {...views, value: 900});
    const {chart, figure} = (await figuresOf(copy))("views_by_month");
    expect(figure.rows.map(({value, state}) => [value, state])).toEqual([
      [null, "not_measurable"],
      [0, null],
      [900, null]
    ]);
    expect(figure.notes.join(" ")).toContain("[x] not available: Jan 2020.");
    const {svg} = await render(chart, figure);
    for (const month of ["Jan 2020", "Feb 2020", "Mar 2020"]) expect(svg).toContain(`>${month}<`);
    expect(svg).toContain(">[x]<");
  });

  it("name the months whose posts are too young", () => {
    const {figure} = drawn("views_by_month");
    expect(figure.notes.join(" ")).toContain("not yet 28 days old: Nov 2020");
    expect(figure.rows.at(-1)).toMatchObject({value: null, state: "not_mature"});
  });

  it("say where followers came from and went to", () => {
    const {figure} = drawn("followers_by_day");
    expect(figure.title).toBe("X followers grew from 3,900 to 6,240");
    expect(figure.source).toBe("Source: X, read by Megaphone, as of 30 November 2020.");
  });

  it("state no finding over two platforms, and give each a panel", async () => {
    await using copy = await published(":memory:", ["facebook", "x"]);
    await fifteenMonths(copy, "facebook");
    await fifteenMonths(copy, "x");
    const {chart, figure} = (await figuresOf(copy))("views_by_month");
    expect(figure.title).toBe(chart.meta.measure);
    const {svg} = await render(chart, figure);
    for (const name of ["Facebook", "X"]) expect(svg).toContain(`>${name}<`);
  });

  it("draw a picture with role, title and description, the same twice, in an image three times the size", async () => {
    const {chart, figure} = drawn("views_by_month");
    const first = await render(chart, figure);
    const second = await render(chart, figure);
    expect(first.svg).toMatch(/^<svg[^>]* role="img" aria-labelledby="[^"]+"><title[^>]*>[^<]+<\/title><desc/);
    expect(second.svg).toBe(first.svg);
    expect(second.png.equals(first.png)).toBe(true);
    const width = Number(/ width="(\d+(?:\.\d+)?)"/.exec(first.svg)![1]);
    expect(first.png.readUInt32BE(16)).toBe(Math.floor(width * 3));
  });
});
