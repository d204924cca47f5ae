import {describe, expect, it} from "vitest";
import {askedWait, backoff, parseHttpDate, waitBeforeNext} from "../../connectors/limits.ts";

const now = Date.UTC(2026, 0, 15, 12);
const names = {limit: "x-limit", remaining: "x-remaining", reset: "x-reset", resetIs: "epoch"} as const;
const inTenMinutes = String(now / 1000 + 600);

describe("an HTTP date", () => {
  it.each(["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"])(
    "is read in its form %s",
    date => {
      expect(parseHttpDate(date, now)).toBe(Date.UTC(1994, 10, 6, 8, 49, 37));
    }
  );

  it("with two digits for the year lies at most 50 years ahead", () => {
    expect(parseHttpDate("Friday, 15-Jan-27 12:00:00 GMT", now)).toBe(Date.UTC(2027, 0, 15, 12));
    expect(parseHttpDate("Friday, 15-Jan-76 12:00:00 GMT", now)).toBe(Date.UTC(2076, 0, 15, 12));
    expect(parseHttpDate("Friday, 15-Jan-77 12:00:00 GMT", now)).toBe(Date.UTC(1977, 0, 15, 12));
  });

  it("may name a leap second", () => {
    expect(parseHttpDate("Sat, 31 Dec 2016 23:59:60 GMT", now)).toBe(Date.UTC(2017, 0, 1));
  });

  it.each(["", "tomorrow", "2026-01-15T12:00:00Z", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 +0200"])(
    "is not %j",
    text => {
      expect(parseHttpDate(text, now)).toBeUndefined();
    }
  );
});

describe("a refusal", () => {
  it("asks for the seconds of Retry-After before the reset of the limit", () => {
    expect(askedWait({"retry-after": "7", "x-remaining": "0", "x-reset": inTenMinutes}, names, now)).toBe(7000);
  });

  it("asks until a date by the server's clock", () => {
    const headers = {"retry-after": "Thu, 15 Jan 2026 12:20:07 GMT", date: "Thu, 15 Jan 2026 12:20:00 GMT"};
    expect(askedWait(headers, names, now)).toBe(7000);
  });

  it.each(["-1", "abc", "0x10", "1e9", "", "1.5", "99999999999", "2, 3"])("asks nothing by Retry-After: %s", value => {
    expect(askedWait({"retry-after": value}, names, now)).toBeUndefined();
    expect(askedWait({"retry-after": value, "x-remaining": "0", "x-reset": inTenMinutes}, names, now)).toBe(600_000);
  });

  it("asks nothing by a limit of which something is left, or by a reset that is no number", () => {
    expect(askedWait({"x-remaining": "14", "x-reset": inTenMinutes}, names, now)).toBeUndefined();
    expect(askedWait({"x-remaining": "0", "x-reset": "soon"}, names, now)).toBeUndefined();
    expect(askedWait({}, names, now)).toBeUndefined();
  });

  it("never asks for less than nothing", () => {
    expect(askedWait({"x-remaining": "0", "x-reset": "1"}, names, now)).toBe(0);
    expect(askedWait({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, names, now)).toBe(0);
  });
});

describe("a success", () => {
  it("asks to wait for the reset when it was the last of the limit", () => {
    expect(waitBeforeNext({"x-remaining": "0", "x-reset": inTenMinutes}, names, now)).toBe(600_000);
    expect(waitBeforeNext({"x-remaining": "0", "x-reset": "60"}, {...names, resetIs: "delta"}, now)).toBe(60_000);
    expect(waitBeforeNext({"x-remaining": "1", "x-reset": inTenMinutes}, names, now)).toBeUndefined();
    expect(waitBeforeNext({"x-remaining": "0"}, names, now)).toBeUndefined();
    expect(waitBeforeNext({}, names, now)).toBeUndefined();
  });
});

describe("our own waiting", () => {
  it("spreads over twice the time after each attempt, up to 30 seconds", () => {
    expect([1, 2, 3, 4, 5].map(attempts => backoff(attempts, 1))).toEqual([2000, 4000, 8000, 16_000, 30_000]);
    expect(backoff(4, 0)).toBe(0);
  });
});
