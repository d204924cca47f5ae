import {describe, expect, it} from "vitest";
import {dayIn, eveningOf, startOf} from "../../pipelines/calendar.ts";

describe("a day begins", () => {
  it.each([
    ["Europe/Zurich", "2020-06-20", "2020-06-19T22:00:00.000Z"],
    ["Asia/Kathmandu", "2020-06-20", "2020-06-19T18:15:00.000Z"],
    // Clocks change during the day.
    ["Europe/Zurich", "2026-10-25", "2026-10-24T22:00:00.000Z"],
    ["Pacific/Auckland", "2026-09-27", "2026-09-26T12:00:00.000Z"],
    ["Pacific/Auckland", "2026-04-05", "2026-04-04T11:00:00.000Z"],
    ["Australia/Sydney", "2026-10-04", "2026-10-03T14:00:00.000Z"],
    // They are set back at its midnight, to an hour of the day before.
    ["America/Santiago", "2026-04-05", "2026-04-05T04:00:00.000Z"],
    // Midnight comes twice.
    ["America/Havana", "2026-11-01", "2026-11-01T04:00:00.000Z"],
    // There is no midnight.
    ["America/Santiago", "2026-09-06", "2026-09-06T04:00:00.000Z"],
    ["Asia/Beirut", "2026-03-29", "2026-03-28T22:00:00.000Z"]
  ])("in %s on %s", (zone, day, instant) => {
    const start = startOf(zone, day);
    expect(start.toISOString()).toBe(instant);
    expect([dayIn(zone, new Date(start.getTime() - 1)) < day, dayIn(zone, start)]).toEqual([true, day]);
  });
});

describe("the evening of a day", () => {
  it.each([
    ["Europe/Zurich", "2026-03-28", "2026-03-28T21:00:00.000Z"],
    ["Europe/Zurich", "2026-03-29", "2026-03-29T20:00:00.000Z"],
    ["Pacific/Auckland", "2026-09-26", "2026-09-26T10:00:00.000Z"],
    ["Pacific/Auckland", "2026-09-27", "2026-09-27T09:00:00.000Z"],
    ["America/Santiago", "2026-04-04", "2026-04-05T01:00:00.000Z"]
  ])("in %s on %s is 22:00 there", (zone, day, instant) => {
    expect(eveningOf(zone, day).toISOString()).toBe(instant);
  });
});
