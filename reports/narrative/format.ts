/** Numbers, dates and lists as the language writes them. */
import type {Words} from "../words.ts";

export type Unit = "count" | "percent" | "hours";

const day = 86_400_000;

/** Formats in one language: full figures, one decimal for rates, calendar days that no time zone can move. */
export class Format {
  constructor(private readonly words: Words) {}

  /** A value in its unit: 6,240; 3.2% (from a ratio); 10.5 hours. */
  value(value: number, unit: Unit = "count"): string {
    if (unit === "percent") return this.number(value, {style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1});
    if (unit === "hours") return this.words.say("units.hours", {n: this.number(value, {maximumFractionDigits: 1}), count: value});
    return this.number(value, {maximumFractionDigits: 2});
  }

  /** A change, with its sign. */
  signed(value: number): string {
    return this.number(value, {signDisplay: "exceptZero", maximumFractionDigits: 2});
  }

  /** A whole share for prose: 45 (of "45 per cent"). */
  whole(ratio: number): string {
    return this.number(ratio * 100, {maximumFractionDigits: 0});
  }

  /** A rate of a hundred, with one decimal: 3.2 (of "3.2 per 100 views"). */
  ofHundred(ratio: number): string {
    return this.number(ratio * 100, {minimumFractionDigits: 1, maximumFractionDigits: 1});
  }

  /** Counts of one sentence: in words where all are under ten, else in figures, so that they can be compared. */
  counts(...values: number[]): string[] {
    const small = this.words.list("small_numbers");
    const inWords = values.every(value => Number.isInteger(value) && value >= 0 && value < small.length);
    return values.map(value => (inWords ? small[value]! : this.value(value)));
  }

  /** 30 November 2020. */
  date(iso: string): string {
    return this.time(iso, {day: "numeric", month: "long", year: "numeric"});
  }

  /** 30 Nov 2020, for a place without room. */
  shortDate(iso: string): string {
    return this.time(iso, {day: "numeric", month: "short", year: "numeric"});
  }

  /** 30 Nov. */
  dayOfMonth(iso: string): string {
    return this.time(iso, {day: "numeric", month: "short"});
  }

  /** November 2020. */
  month(iso: string): string {
    return this.time(iso, {month: "long", year: "numeric"});
  }

  /** Nov 2020. */
  shortMonth(iso: string): string {
    return this.time(iso, {month: "short", year: "numeric"});
  }

  /** September 2019 to November 2020, or one month alone. */
  monthSpan(from: string, to: string): string {
    if (from.slice(0, 7) === to.slice(0, 7)) return this.month(from);
    return this.words.say("span", {from: this.month(from), to: this.month(to)});
  }

  /** 31 August 2019 to 30 November 2020. */
  daySpan(from: string, to: string): string {
    return from === to ? this.date(from) : this.words.say("span", {from: this.date(from), to: this.date(to)});
  }

  /** a, b and c. */
  list(items: string[]): string {
    return new Intl.ListFormat(this.words.language, {type: "conjunction"}).format(items);
  }

  private number(value: number, options: Intl.NumberFormatOptions): string {
    return new Intl.NumberFormat(this.words.language, {useGrouping: true, ...options}).format(value);
  }

  private time(iso: string, options: Intl.DateTimeFormatOptions): string {
    const locale = this.words.language === "en" ? "en-GB" : this.words.language;
    return new Intl.DateTimeFormat(locale, {...options, timeZone: "UTC"})
      .format(new Date(`${iso.slice(0, 10)}T00:00:00Z`))
      .replace("Sept", "Sep");
  }
}

/** The calendar day `count` days after another. */
export function daysAfter(iso: string, count: number): string {
  return new Date(Date.parse(`${iso}T00:00:00Z`) + count * day).toISOString().slice(0, 10);
}

/** The first day of the month that lies `count` months after that of a day. */
export function monthAfter(iso: string, count = 0): string {
  return new Date(Date.UTC(Number(iso.slice(0, 4)), Number(iso.slice(5, 7)) - 1 + count, 1)).toISOString().slice(0, 10);
}
