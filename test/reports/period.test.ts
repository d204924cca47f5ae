import {describe, expect, it} from "vitest";
import {PeriodError, periodOf} from "../../reports/report.ts";

const bounds = {today: "2020-11-30", from: "2019-08-31", to: "2020-11-30"};

describe("report periods", () => {
  it.each([
    ["2020", "2020-01-01", "2020-12-31"],
    ["2020-Q3", "2020-07-01", "2020-09-30"],
    ["2020-02", "2020-02-01", "2020-02-29"],
    ["2020-07..2020-12", "2020-07-01", "2020-12-31"],
    ["2019-08-31..2020-11-30", "2019-08-31", "2020-11-30"],
    ["last-month", "2020-10-01", "2020-10-31"],
    ["last-quarter", "2020-07-01", "2020-09-30"],
    ["all", "2019-08-31", "2020-11-30"]
  ])("%s runs from %s to %s", (text, start, end) => {
    expect(periodOf(text, bounds)).toMatchObject({start, end});
  });

  it("takes the name of a range that the settings name", () => {
    const ranges = {"last-15-months": {from: "2019-08-31", to: "2020-11-30"}};
    const named = periodOf("last-15-months", {...bounds, ranges});
    expect(named).toEqual(periodOf("2019-08-31..2020-11-30", bounds));
    expect(() => periodOf("last-12-months", {...bounds, ranges})).toThrow(PeriodError);
  });

  it("counts last month and last quarter over the turn of a year", () => {
    const january = {...bounds, today: "2021-01-15"};
    expect(periodOf("last-month", january)).toMatchObject({start: "2020-12-01", end: "2020-12-31"});
    expect(periodOf("last-quarter", january)).toMatchObject({start: "2020-10-01", end: "2020-12-31"});
  });

  it("has no ends where nothing was ever measured", () => {
    expect(periodOf("all", {today: "2020-11-30", from: null, to: null})).toMatchObject({start: null, end: null});
  });

  it.each(["", "soon", "2020-13", "2020-Q5", "2020-02-30..2020-03-01", "../2020", "2020-07-01"])(
    "refuses %j and says which forms are accepted",
    text => {
      expect(() => periodOf(text, bounds)).toThrow(PeriodError);
      expect(() => periodOf(text, bounds)).toThrow(/last-month, last-quarter, all, 2020, 2020-Q3/);
    }
  );

  it.each(["2020-12..2020-07", "2020-07-02..2020-07-01"])("refuses %j, which ends before it begins", text => {
    expect(() => periodOf(text, bounds)).toThrow(`--period ${text}: it ends before it begins`);
  });
});
