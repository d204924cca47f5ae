/** Words and numbers of one language. */
import {readFileSync} from "node:fs";
import {parse} from "yaml";

type Tree = {[key: string]: string | Tree};

export interface Words {
  language: string;
  /** The text under a dotted key with its places filled. Throws for a key that the language lacks. */
  say: (key: string, places?: Record<string, string>) => string;
  /** The text under a key, or the last part of the key where the language has none. */
  name: (key: string) => string;
  /** A, B and C. */
  list: (items: readonly string[]) => string;
  whole: (value: number) => string;
  percent: (ratio: number, digits?: number) => string;
  /** 30 November 2020. */
  day: (iso: string) => string;
  /** 30 Nov 2020. */
  shortDay: (iso: string) => string;
  /** A text with its days in words. */
  dated: (text: string) => string;
  /** Nov 2020. */
  month: (iso: string) => string;
}

/** The words of a language that `languages/` holds. */
export function wordsOf(language: string): Words {
  const tree = parse(readFileSync(new URL(`../languages/${language}.yaml`, import.meta.url), "utf8")) as Tree;
  const find = (key: string): string | undefined => {
    let at: string | Tree | undefined = tree;
    for (const part of key.split(".")) at = typeof at === "object" ? at[part] : undefined;
    return typeof at === "string" ? at : undefined;
  };
  const locale = language === "en" ? "en-GB" : language;
  const date = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, {...options, timeZone: "UTC"});
  const days = date({day: "numeric", month: "long", year: "numeric"});
  const shortDays = date({day: "numeric", month: "short", year: "numeric"});
  // As on the axes of charts: British English alone says Sept.
  const months = new Intl.DateTimeFormat(language, {month: "short", year: "numeric", timeZone: "UTC"});
  const lists = new Intl.ListFormat(locale);
  const wholes = new Intl.NumberFormat(language, {maximumFractionDigits: 0, useGrouping: true});
  return {
    language,
    say(key, places = {}) {
      const text = find(key);
      if (text === undefined) throw new Error(`languages/${language}.yaml has no ${key}`);
      return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => places[name] ?? whole);
    },
    name: key => find(key) ?? key.slice(key.lastIndexOf(".") + 1),
    list: items => lists.format(items),
    whole: value => wholes.format(value),
    percent: (ratio, digits = 1) =>
      new Intl.NumberFormat(language, {
        style: "percent",
        minimumFractionDigits: digits,
        maximumFractionDigits: digits
      }).format(ratio),
    day: iso => days.format(new Date(`${iso.slice(0, 10)}T00:00:00Z`)),
    dated: text => text.replaceAll(/\d{4}-\d{2}-\d{2}/g, iso => days.format(new Date(`${iso}T00:00:00Z`))),
    shortDay: iso => shortDays.format(new Date(`${iso.slice(0, 10)}T00:00:00Z`)),
    month: iso => months.format(new Date(`${iso.slice(0, 10)}T00:00:00Z`))
  };
}

/** A text with a capital first letter. */
export function sentenceCase(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
