import {describe, expect, it} from "vitest";
import type {ValueRow} from "../../reports/figure.ts";
import {wordsOf} from "../../reports/narrative/words.ts";
import {summaryTable} from "../../reports/pages/summary.ts";

const words = wordsOf("en");

/** A row of the whole period. */
function row(rest: Partial<ValueRow>): ValueRow {
  const unused = {account_id: null, post_type: null, language: null, dimension: null, category: null};
  const values = {value: null, numerator: null, denominator: null, n: null, definition_id: null};
  return {
    ...{indicator: "views", period: "all", period_start: "2019-08-31", period_end: "2020-11-30"},
    ...{platform: "x", part: null, basis: "age_28", status: "ok", note: null},
    ...unused,
    ...values,
    ...rest
  };
}

/** The cells of the line that begins with a name. */
function line(html: string, name: string): string[] {
  const found = html.split("<tr>").find(part => part.startsWith(`<th scope="row">${name}</th>`))!;
  return [...found.matchAll(/<td>(.*?)<\/td>/g)].map(match => match[1]!);
}

describe("the summary", () => {
  it("is a line a measure and a column a platform, with the limits of a figure as notes below", () => {
    const html = summaryTable(
      [
        row({platform: "x", value: 4000, note: "6 of 85 posts not yet mature"}),
        row({platform: "facebook", value: 2760}),
        row({platform: "facebook", indicator: "audience_net_growth", part: "net", basis: null, value: 2020})
      ],
      words
    );
    expect([...html.matchAll(/<th scope="col">(.*?)<\/th>/g)].map(match => match[1])).toEqual(["Facebook", "X"]);
    expect(line(html, "Times shown")).toEqual(["2,760<sup>a</sup>", "4,000<sup>b</sup>"]);
    expect(line(html, "Net growth in followers")).toEqual(["+2,020", "–"]);
    expect(html).toContain("<sup>b</sup> Posts of the period, at 28 days of age; 6 of 85 posts not yet mature</li>");
  });

  it("says why a figure is missing, and never shows it as zero", () => {
    const html = summaryTable([row({status: "not_measurable"}), row({platform: "linkedin", value: 0})], words);
    expect(line(html, "Times shown")).toEqual(["0<sup>a</sup>", "[x]<sup>b</sup>"]);
    expect(html).toContain("<sup>b</sup> not available</li>");
  });

  it("shows both values of a measure that was counted in two ways, and adds nothing up", () => {
    const html = summaryTable([row({value: 10, definition_id: "a"}), row({value: 20, definition_id: "b"})], words);
    expect(line(html, "Times shown")).toEqual(["10<sup>a</sup><br>20<sup>a</sup>"]);
  });

  it("says of a figure that nobody measured that it was not, without a letter", () => {
    const html = summaryTable([row({value: 10})], words);
    expect(line(html, "Content items")).toEqual(["–"]);
    expect(html).toContain("<li>– Not measured in this period</li>");
  });

  it("leaves out the values at seven days", () => {
    expect(line(summaryTable([row({value: 10}), row({value: 9, basis: "age_7"})], words), "Times shown")).toEqual([
      "10<sup>a</sup>"
    ]);
  });
});
