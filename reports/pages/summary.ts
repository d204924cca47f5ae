/** The summary of a page: one table, a column a platform, which can be pasted into a document as it is. */
import type {ValueRow} from "../figure.ts";
import {sentenceCase, type Words} from "../narrative/words.ts";
import {escapeHtml} from "./html.ts";

/** A line: which rows of the whole period it shows, and how. */
interface Measure {
  key: string;
  indicator: string;
  part: string | null;
  show: (value: number, words: Words) => string;
}

const whole = (value: number, words: Words): string => words.whole(value);
const percent = (value: number, words: Words): string => words.percent(value);

const measures: readonly Measure[] = [
  {key: "posts_published", indicator: "posts_published", part: "posts", show: whole},
  {key: "content_items", indicator: "posts_published", part: "content_items", show: whole},
  {key: "views", indicator: "views", part: null, show: whole},
  {key: "public_engagements", indicator: "public_engagements", part: null, show: whole},
  {key: "er_views", indicator: "er_views", part: "pooled", show: percent},
  {key: "er_views_median", indicator: "er_views", part: "median_post", show: percent},
  {key: "followers", indicator: "audience_size", part: null, show: whole},
  {
    key: "growth",
    indicator: "audience_net_growth",
    part: "net",
    show: (value, words) => (value > 0 ? `+${words.whole(value)}` : words.whole(value))
  }
];

/** The table as HTML, from the rows that speak of the whole period; what limits a figure is a note below, by letter. */
export function summaryTable(values: readonly ValueRow[], words: Words): string {
  const notes = new Map<string, string>();
  let isLacking = false;
  const mark = (note: string): string => {
    if (note === "") return "";
    if (!notes.has(note)) notes.set(note, letterOf(notes.size));
    return `<sup>${notes.get(note)}</sup>`;
  };
  const cell = (platform: string, {indicator, part, show}: Measure): string => {
    const rows = values.filter(
      row => row.indicator === indicator && row.platform === platform && row.part === part && row.basis !== "age_7"
    );
    const shown = rows.map(row =>
      row.value === null
        ? `${escapeHtml(words.name(`states.${row.status}`))}${mark(words.name(`state_words.${row.status}`))}`
        : `${escapeHtml(show(row.value, words))}${mark(noteOf(row, words))}`
    );
    isLacking ||= shown.length === 0;
    return `<td>${shown.join("<br>") || "–"}</td>`;
  };
  const platforms = [...new Set(values.flatMap(row => row.platform ?? []))].sort();
  if (platforms.length === 0) return "";
  const head = platforms.map(platform => `<th scope="col">${escapeHtml(words.name(`platforms.${platform}`))}</th>`);
  const body = measures.map(measure => {
    const name = escapeHtml(words.say(`summary.${measure.key}`));
    return `<tr><th scope="row">${name}</th>${platforms.map(platform => cell(platform, measure)).join("")}</tr>`;
  });
  const below = [...notes].map(([note, letter]) => `<li><sup>${letter}</sup> ${escapeHtml(note)}</li>`);
  if (isLacking) below.push(`<li>– ${escapeHtml(words.say("summary.lacking"))}</li>`);
  return `<div class="scroll"><table class="summary"><thead><tr><td></td>${head.join("")}</tr></thead><tbody>${body.join("")}</tbody></table></div>
${below.length === 0 ? "" : `<ul class="notes">${below.join("")}</ul>`}`;
}

/** The basis of a value, and what it leaves out. */
function noteOf({basis, note}: ValueRow, words: Words): string {
  const parts = [
    ...(basis === null ? [] : [words.say(`basis.${basis}`)]),
    ...(note === null ? [] : [words.dated(note)])
  ];
  return parts.length === 0 ? "" : sentenceCase(parts.join("; "));
}

/** a, b … z, aa, ab … */
function letterOf(index: number): string {
  const last = String.fromCharCode(97 + (index % 26));
  return index < 26 ? last : `${letterOf(Math.floor(index / 26) - 1)}${last}`;
}
