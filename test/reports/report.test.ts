import {lstatSync, readdirSync, readFileSync, statSync} from "node:fs";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {csv, periodOf, type ReportOptions, readCharts, writeReport} from "../../reports/report.ts";
import type {Warehouse} from "../../warehouse/warehouse.ts";
import {folder} from "../warehouse/warehouse-fixture.ts";
import {fifteenMonths, published} from "./publish-fixture.ts";

const bounds = {today: "2020-11-30", from: "2019-08-31", to: "2020-11-30"};

function write(copy: Warehouse, out: string, more: Partial<ReportOptions> = {}) {
  return writeReport({
    query: sql => copy.objects(sql),
    edition: "team",
    period: periodOf("all", bounds),
    languages: ["en"],
    formats: ["html", "svg", "png", "csv"],
    out,
    ...more
  });
}

describe("a report", () => {
  it("is a page, and every chart as SVG, PNG and CSV, for its owner alone", async () => {
    using place = folder();
    await using copy = await published(":memory:");
    await fifteenMonths(copy);
    const {index, files} = await write(copy, place.path);
    expect(index).toBe(join(place.path, "team", "all", "en", "index.html"));
    const names = readCharts().map(({name}) => name);
    const expected = names.flatMap(name => [`charts/${name}.svg`, `charts/${name}.png`, `tables/${name}.csv`]);
    const root = join(place.path, "team", "all", "en");
    expect([...files].sort()).toEqual(["index.html", ...expected].map(file => join(root, file)).sort());
    for (const file of files) expect(statSync(file).mode & 0o777).toBe(0o600);
    for (const dir of [root, join(root, "charts"), join(root, "tables")]) {
      expect(statSync(dir).mode & 0o777).toBe(0o700);
    }
  });

  it("is found under latest, which is a link", async () => {
    using place = folder();
    await using copy = await published(":memory:");
    await fifteenMonths(copy);
    const {index} = await write(copy, place.path, {formats: ["html"]});
    expect(lstatSync(join(place.path, "latest")).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(place.path, "latest", "index.html"), "utf8")).toBe(readFileSync(index, "utf8"));
  });

  it("replaces the one before it whole and leaves nothing half-built", async () => {
    using place = folder();
    await using copy = await published(":memory:");
    await fifteenMonths(copy);
    await write(copy, place.path);
    await write(copy, place.path, {formats: ["csv"]});
    expect(readdirSync(join(place.path, "team", "all"))).toEqual(["en"]);
    expect(readdirSync(join(place.path, "team", "all", "en"))).toEqual(["tables"]);
  });

  it("ends on the edition's day where its period has not ended", async () => {
    using place = folder();
    await using copy = await published(":memory:");
    await fifteenMonths(copy);
    const {index} = await write(copy, place.path, {formats: ["html"], period: periodOf("2020", bounds)});
    expect(readFileSync(index, "utf8")).toContain("1 January 2020 to 30 November 2020");
  });

  it("of months that no total speaks of says so, and has their charts", async () => {
    using place = folder();
    await using copy = await published(":memory:");
    await fifteenMonths(copy);
    const {index} = await write(copy, place.path, {formats: ["html"], period: periodOf("2020-07..2020-09", bounds)});
    const page = readFileSync(index, "utf8");
    expect(page).toContain("<h1>IE SOGI: 1 July 2020 to 30 September 2020</h1>");
    expect(page.match(/Totals exist for months/g)!.length).toBeGreaterThan(1);
    expect(page).toContain("<td>Sep 2020</td>");
  });

  it("is the same to the byte from the same copy", async () => {
    using place = folder();
    await using copy = await published(":memory:");
    await fifteenMonths(copy);
    const first = await write(copy, join(place.path, "a"));
    const second = await write(copy, join(place.path, "b"));
    for (const [i, file] of first.files.entries()) {
      expect(readFileSync(second.files[i]!).equals(readFileSync(file))).toBe(true);
    }
  });

  it("runs nothing, loads nothing, and gives every figure its own ids", async () => {
    using place = folder();
    await using copy = await published(":memory:");
    await fifteenMonths(copy);
    const page = readFileSync((await write(copy, place.path)).index, "utf8");
    expect(page).toContain("default-src 'none'; img-src data:; style-src 'unsafe-inline'");
    expect(page).not.toMatch(/<script|\son\w+=|(?:src|href)="(?:https?:)?\/\//i);
    expect(page.match(/<h1/g)).toHaveLength(1);
    const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("says that X gives no reach", async () => {
    using place = folder();
    await using copy = await published(":memory:");
    await fifteenMonths(copy);
    const page = readFileSync((await write(copy, place.path)).index, "utf8");
    expect(page).toMatch(/comes from X: reach is not measurable there/);
  });

  it("says so where nothing was ever measured", async () => {
    using place = folder();
    await using copy = await published(":memory:", []);
    const period = periodOf("all", {today: "2020-11-30", from: null, to: null});
    const page = readFileSync((await write(copy, place.path, {period})).index, "utf8");
    expect(page).toContain("<h1>None of these figures was measured in this period.</h1>");
  });

  it("shows text of the data as text", async () => {
    using place = folder();
    await using copy = await published(":memory:");
    await fifteenMonths(copy);
    await copy.exec("update publish.edition set organisation = '<script>alert(1)</script>'");
    const page = readFileSync((await write(copy, place.path)).index, "utf8");
    expect(page).not.toContain("<script");
    expect(page).toContain("&lt;script&gt;");
  });
});

describe("tables", () => {
  it("keep a spreadsheet from running a text as a formula, and numbers as they are", () => {
    const row = {indicator: "=1+1", note: "@x", part: 'a "b", c', value: -5, n: null} as never;
    expect(csv([row]).split("\r\n")[1]).toMatch(/^'=1\+1,/);
    expect(csv([row])).toContain(",'@x,");
    expect(csv([row])).toContain('"a ""b"", c",-5,');
  });
});
