import {compile} from "vega-lite";
import {beforeAll, describe, expect, it} from "vitest";
import {type Edition, figureOf, type ValueRow} from "../../reports/figure.ts";
import {wordsOf} from "../../reports/narrative/words.ts";
import {render, renderNarrow, wholeSpec} from "../../reports/render.ts";
import {periodOf, readCharts} from "../../reports/report.ts";
import type {Warehouse} from "../../warehouse/warehouse.ts";
import {add, addMonth, fifteenMonths, published, valueColumns} from "./publish-fixture.ts";

const charts = readCharts();
const words = wordsOf("en");
const period = periodOf("all", {today: "2020-11-30", from: "2019-08-31", to: "2020-11-30"});

async function figuresOf(copy: Warehouse, shown = period) {
  const [edition] = await copy.objects("select * from publish.edition");
  const values = (await copy.objects("select * from publish.value order by all")) as unknown as ValueRow[];
  const definitions = (await copy.objects("select * from publish.metric_definition")) as never;
  return (name: string) => {
    const chart = charts.find(item => item.name === name)!;
    return {
      chart,
      figure: figureOf(chart, values, {words, period: shown, edition: edition as unknown as Edition, definitions})
    };
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

  it("write one sign for a run of months that are too narrow for one each, and each where there is room", async () => {
    await using copy = await published(":memory:");
    const views = {indicator: "views", platform: "x", basis: "age_28", definition_id: "x:impressions"};
    const signs = async () => {
      const {chart, figure} = (await figuresOf(copy, {...period, start: "2017-01-01"}))("views_by_month");
      return (await render(chart, figure)).svg.split(">[x]<").length - 1;
    };
    await addMonth(copy, "2020-01", {...views, value: 900});
    for (const month of ["2020-02", "2020-03"])
      await addMonth(copy, month, {...views, value: null, status: "not_measurable"});
    await addMonth(copy, "2020-04", {...views, value: 900});
    expect(await signs()).toBe(2);
    for (let month = 0; month < 36; month++) {
      const day = `${2017 + Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, "0")}`;
      await addMonth(copy, day, {...views, value: null, status: "not_measurable"});
    }
    expect(await signs()).toBe(2);
  });

  it("name the days without followers by stretches, with one day as one", async () => {
    await using copy = await published(":memory:");
    for (const day of ["2020-06-01", "2020-06-02", "2020-06-03", "2020-06-04", "2020-06-05", "2020-06-06"]) {
      const isRead = ["2020-06-03", "2020-06-05", "2020-06-06"].includes(day);
      const told = isRead ? {value: 3900} : {value: null, status: "not_measurable"};
      const own = {indicator: "audience_size", platform: "x", part: null};
      await add(copy, {period: "day", period_start: day, period_end: day, ...own, ...told});
    }
    const {figure} = (await figuresOf(copy))("followers_by_day");
    expect(figure.notes[0]).toBe("[x] not available: 1 Jun 2020 to 2 Jun 2020, 4 Jun 2020.");
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

  it("draw posts of no known type as a class of their own", async () => {
    await using copy = await published(":memory:");
    const posts = {indicator: "posts_published", platform: "x", part: "posts"};
    await addMonth(copy, "2020-01", {...posts, value: 7});
    await addMonth(copy, "2020-01", {...posts, post_type: "text", value: 3});
    await addMonth(copy, "2020-03", {...posts, value: 5});
    const {figure} = (await figuresOf(copy))("posts_by_month_and_type");
    expect(figure.rows.map(({period_start, class: name, value}) => [period_start, name, value])).toEqual([
      ["2020-01-01", "type unknown", 4],
      ["2020-01-01", "text", 3],
      ["2020-02-01", "", null],
      ["2020-03-01", "type unknown", 5]
    ]);
    expect(figure.notes.join(" ")).toContain("– no post is measured: Feb 2020.");
  });

  it("find no type the most frequent where it is not known", async () => {
    await using copy = await published(":memory:");
    const mix = {indicator: "post_mix_share", platform: "x"};
    const all = {period: "all", period_start: "2019-08-31", period_end: "2020-11-30"};
    await add(copy, {...mix, ...all, post_type: "unknown", value: 0.9, numerator: 9});
    await add(copy, {...mix, ...all, post_type: "text", value: 0.1, numerator: 1});
    const {chart, figure} = (await figuresOf(copy))("post_mix");
    expect(figure.rows.map(({class: name, value}) => [name, value])).toEqual([
      ["type unknown", 0.9],
      ["text", 0.1]
    ]);
    expect(figure.title).toBe(chart.meta.measure);
  });

  it("say of each platform by itself what is missing, in notes and in words for those who do not see it", async () => {
    await using copy = await published(":memory:", ["facebook", "x"]);
    const views = {indicator: "views", basis: "age_28"};
    await addMonth(copy, "2020-01", {...views, platform: "facebook", value: 100});
    await addMonth(copy, "2020-02", {...views, platform: "facebook", value: 300});
    await addMonth(copy, "2020-01", {...views, platform: "x", value: null, status: "not_measurable"});
    await addMonth(copy, "2020-02", {...views, platform: "x", value: 20, note: "1 of 6 posts not measured"});
    const {figure} = (await figuresOf(copy))("views_by_month");
    expect(figure.notes.slice(0, 2)).toEqual([
      "[x] not available: X Jan 2020.",
      "Pale: X Feb 2020: 1 of 6 posts not measured."
    ]);
    expect(figure.alt).toContain(
      "Facebook: from 100 (Jan 2020) to 300 (Feb 2020), at most 300 (Feb 2020). X: from 20 (Feb 2020) to 20 (Feb 2020), at most 20 (Feb 2020); without a value: 1."
    );
  });

  it("mark a month whose posts were read at another age, instead of drawing it beside the rest", async () => {
    await using copy = await published(":memory:");
    const views = {indicator: "views", platform: "x"};
    await addMonth(copy, "2020-01", {...views, basis: "age_28", value: 100});
    await addMonth(copy, "2020-02", {...views, basis: "latest", value: 300});
    await addMonth(copy, "2020-03", {...views, basis: "age_28", value: 120});
    const {figure} = (await figuresOf(copy))("views_by_month");
    expect(figure.rows.map(({value, state}) => [value, state])).toEqual([
      [100, null],
      [null, "other_basis"],
      [120, null]
    ]);
    expect(figure.notes.join(" ")).toContain("[r] read at another age");
    expect(figure.tidy.map(({value}) => value)).toContain(300);
  });

  it("draw a picture with role, title and description, the same twice, in an image three times the size", async () => {
    const {chart, figure} = drawn("views_by_month");
    const first = await render(chart, figure);
    const second = await render(chart, figure);
    expect(first.svg).toMatch(/^<svg[^>]* role="img" aria-labelledby="[^"]+"><title[^>]*>[^<]+<\/title><desc/);
    expect(second.svg).toBe(first.svg);
    const png = await first.png;
    expect((await second.png).equals(png)).toBe(true);
    const width = Number(/ width="(\d+(?:\.\d+)?)"/.exec(first.svg)![1]);
    expect(png.readUInt32BE(16)).toBe(Math.floor(width * 3));
  });
});

describe("breaks", () => {
  const views = {indicator: "views", platform: "instagram", basis: "age_28", definition_id: "instagram:views"};

  /** Adds definitions, each with its platform's name for the metric and its days. */
  async function define(copy: Warehouse, ...rows: [id: string, name: string, from: string, to: string | null][]) {
    for (const [id, name, from, to] of rows) {
      await copy.exec(
        `insert into publish.metric_definition (definition_id, platform, platform_metric, meaning, valid_from, valid_to)
         values ($id, split_part($id, ':', 1), $name, 'times shown', cast($from as date), cast($to as date))`,
        {id, name, from, to}
      );
    }
  }

  it("of a metric that the platform takes away have its date, and what follows is a named gap", async () => {
    await using copy = await published(":memory:", ["instagram"]);
    await define(copy, ["instagram:views", "views", "1970-01-01", "2020-03-19"]);
    await addMonth(copy, "2020-01", {...views, value: 900, n: 6});
    await addMonth(copy, "2020-02", {...views, value: 500, n: 3, note: "3 of 6 posts not measured"});
    await addMonth(copy, "2020-03", {...views, value: null, n: 0, status: "not_measurable"});
    await addMonth(copy, "2020-04", {...views, value: null, n: 0, status: "not_measurable"});
    const {chart, figure} = (await figuresOf(copy))("views_by_month");
    expect(figure.rows.map(({value, is_partial, break_label}) => [value, is_partial, break_label])).toEqual([
      [900, false, ""],
      [500, true, ""],
      [null, false, "20 Mar 2020: no longer given"],
      [null, false, ""]
    ]);
    const notes = figure.notes.join(" ");
    expect(notes).toContain("Rule at 20 March 2020: Instagram no longer gives “views” (times shown)");
    expect(notes).toContain("Feb 2020: 3 of 6 posts not measured.");
    expect((await render(chart, figure)).svg).toContain(">20 Mar 2020: no longer given<");
    expect(await renderNarrow(chart, figure)).toContain(">20 Mar 2020<");
  });

  it("name both definitions, part the line, and allow no finding across them", async () => {
    await using copy = await published(":memory:", ["facebook"]);
    await define(
      copy,
      ["facebook:fans", "page_fans", "1970-01-01", "2020-03-02"],
      ["facebook:followers", "followers_count", "2020-03-03", null]
    );
    for (const [day, value, definition_id] of [
      ["2020-03-01", 100, "facebook:fans"],
      ["2020-03-02", 101, "facebook:fans"],
      ["2020-03-03", 190, "facebook:followers"],
      ["2020-03-04", 191, "facebook:followers"]
    ] as const) {
      const days = {period: "day", period_start: day, period_end: day};
      await add(copy, {indicator: "audience_size", platform: "facebook", ...days, value, definition_id});
    }
    const {chart, figure} = (await figuresOf(copy))("followers_by_day");
    expect(figure.rows.map(({series}) => series)).toEqual(["0", "0", "1", "1"]);
    expect(figure.rows.map(row => row.break_label)).toEqual(["", "", "3 Mar 2020: counted differently", ""]);
    expect(figure.notes.join(" ")).toContain("from “page_fans” (times shown) to “followers_count” (times shown)");
    expect(figure.title).toBe(chart.meta.measure);
  });

  it("inside a month leave a named gap, never one value on another", async () => {
    await using copy = await published(":memory:", ["facebook"]);
    await define(
      copy,
      ["facebook:impressions", "post_impressions", "1970-01-01", "2020-03-02"],
      ["facebook:views", "post_media_view", "2020-03-03", null]
    );
    const own = {...views, platform: "facebook", n: 6};
    await addMonth(copy, "2020-01", {...own, value: 900, definition_id: "facebook:impressions"});
    await addMonth(copy, "2020-02", {...own, value: 400, definition_id: "facebook:impressions"});
    await addMonth(copy, "2020-02", {...own, value: 700, definition_id: "facebook:views"});
    await addMonth(copy, "2020-03", {...own, value: 1500, definition_id: "facebook:views"});
    const {figure} = (await figuresOf(copy))("views_by_month");
    expect(figure.rows.map(({value, state_mark, is_break}) => [value, state_mark, is_break])).toEqual([
      [900, "", false],
      [null, "[b]", true],
      [1500, "", false]
    ]);
    expect(figure.tidy.map(({value}) => value)).toEqual([900, 400, 700, 1500]);
  });

  it("of the parts of a rate are breaks of the rate", async () => {
    await using copy = await published(":memory:", ["facebook"]);
    await define(
      copy,
      ["facebook:impressions", "post_impressions", "1970-01-01", "2020-03-02"],
      ["facebook:views", "post_media_view", "2020-03-03", null]
    );
    const own = {indicator: "er_views", platform: "facebook", basis: "age_28", part: "pooled"};
    await addMonth(copy, "2020-02", {...own, value: 0.03, definition_id: "facebook:reactions / facebook:impressions"});
    await addMonth(copy, "2020-03", {...own, value: 0.02, definition_id: "facebook:reactions / facebook:views"});
    const {figure} = (await figuresOf(copy))("engagement_rate_by_month");
    expect(figure.notes[0]).toBe(
      "Rule at 3 March 2020: Facebook changed what it counts, from “post_impressions” (times shown) to “post_media_view” (times shown); nothing is compared across it."
    );
  });

  it("before the period shown are no concern of it", async () => {
    await using copy = await published(":memory:", ["instagram"]);
    await define(copy, ["instagram:views", "views", "2019-01-01", null]);
    await addMonth(copy, "2020-01", {...views, value: 900});
    await addMonth(copy, "2020-02", {...views, value: 800});
    expect((await figuresOf(copy))("views_by_month").figure.rows.some(row => row.is_break)).toBe(false);
  });

  it("keep every picture within its width", async () => {
    for (const chart of charts) {
      const {figure} = drawn(chart.name);
      for (const [width, most] of [
        ["wide", 620],
        ["narrow", 340]
      ] as const) {
        const svg = width === "wide" ? (await render(chart, figure)).svg : await renderNarrow(chart, figure);
        expect(Number(/ width="(\d+(?:\.\d+)?)"/.exec(svg)![1]), `${chart.name} ${width}`).toBeLessThanOrEqual(most);
      }
    }
  });
});
