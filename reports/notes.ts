/** The notes below a figure: what is missing and why, of how many posts the rest is, and when it was read. */
import type {ChartSpec, DrawnRow, ValueRow} from "./figure.ts";
import {sentenceCase, type Words} from "./narrative/words.ts";

/** Of some of its posts alone: the others are too young, were not measured or are counted by another definition. */
export function isOfSome({note}: ValueRow): boolean {
  return /not yet mature|not measured|another definition/.test(note ?? "");
}

/** What is missing and why, in words. */
export function notesOf(
  {meta}: ChartSpec,
  chosen: readonly ValueRow[],
  rows: readonly DrawnRow[],
  breaks: readonly string[],
  wholes: readonly ValueRow[],
  words: Words
): string[] {
  if (rows.length === 0) return [words.say("notes.empty")];
  const notes: string[] = [];
  const panels = [...new Set(rows.map(row => row.platform_title))];
  for (const state of new Set(rows.map(row => row.state))) {
    if (state === null) continue;
    const places = new Map<string, string[]>();
    const own = rows.filter(item => item.state === state);
    for (const [place, title] of meta.period === "day" ? daysOf(own, words) : classesOf(own, words)) {
      places.set(place, [...(places.get(place) ?? []), title]);
    }
    // Where it holds for every panel, none is named.
    const list = [...places].map(([place, titles]) =>
      new Set(titles).size === panels.length ? place : `${words.list([...new Set(titles)])} ${place}`
    );
    notes.push(
      words.say("notes.state", {
        mark: words.say(`states.${state}`),
        word: words.say(`state_words.${state}`),
        periods: fewOf(list, words).join(", ")
      })
    );
  }
  const counted = wholes.flatMap(({platform, n, note}) => {
    if (n === null) return [];
    const name = wholes.length > 1 ? [words.name(`platforms.${platform}`)] : [];
    const left = note === null || note.startsWith("as read") ? [] : [`(${words.dated(note)})`];
    return [[...name, words.whole(n), ...left].join(" ")];
  });
  if (counted.length > 0) notes.push(words.say("notes.n", {list: counted.join("; ")}));
  const partial = [
    ...new Set(
      chosen.flatMap(row =>
        row.value !== null && isOfSome(row)
          ? `${panels.length === 1 ? "" : `${words.name(`platforms.${row.platform}`)} `}${words.month(row.period_start)}: ${words.dated(row.note ?? "")}`
          : []
      )
    )
  ];
  if (partial.length > 0) notes.push(words.say("notes.partial", {periods: fewOf(partial, words).join("; ")}));
  const read = [...new Set(chosen.flatMap(row => (row.note?.startsWith("as read on") ? row.note : [])))];
  if (read.length > 0) notes.push(`${sentenceCase(words.dated(read.at(-1)!))}.`);
  notes.push(...breaks);
  if (breaks.length > 0 && chosen.some(({basis}) => basis === "age_28")) notes.push(words.say("notes.read_later"));
  return notes;
}

/** Classes or months, each with its panel. */
function classesOf(rows: readonly DrawnRow[], words: Words): [place: string, panel: string][] {
  return rows.map(row => [row.class_title || words.month(row.period_start), row.platform_title]);
}

/** Stretches of days, each with its panel. */
function daysOf(rows: readonly DrawnRow[], words: Words): [place: string, panel: string][] {
  const runs: DrawnRow[][] = [];
  for (const row of rows) {
    const last = runs.at(-1)?.at(-1);
    const follows =
      last?.platform_title === row.platform_title &&
      Date.parse(row.period_start) - Date.parse(last.period_start) === 86_400_000;
    if (!follows) runs.push([]);
    runs.at(-1)!.push(row);
  }
  return runs.map(run => {
    const [start, end] = [run[0]!, run.at(-1)!].map(row => words.shortDay(row.period_start)) as [string, string];
    return [start === end ? start : words.say("page.period", {start, end}), run[0]!.platform_title];
  });
}

/** At most four, or three and how many more. */
function fewOf(items: readonly string[], words: Words): string[] {
  if (items.length <= 4) return [...items];
  return [...items.slice(0, 3), words.say("notes.more", {count: String(items.length - 3)})];
}
