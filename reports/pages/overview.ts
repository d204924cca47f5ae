/** The first page: a sentence, the summary, every figure with its table and downloads, and the method. */
import type {Edition, Figure, ValueRow} from "../figure.ts";
import type {Words} from "../narrative/words.ts";
import {type Period, spanOf} from "../period.ts";
import {escapeHtml} from "./html.ts";
import {summaryTable} from "./summary.ts";

export interface Definition {
  title: string;
  definition: string;
  formula: string;
  caveats: string;
}

export interface PageParts {
  words: Words;
  period: Period;
  edition: Edition;
  lead: string;
  /** The rows that speak of the whole period. */
  whole: readonly ValueRow[];
  figures: (Figure & {wide: string; narrow: string; downloads: {label: string; href: string}[]})[];
  definitions: Definition[];
  /** Platforms that give no reach. */
  withoutReach: string[];
}

const sections = ["posts", "reach", "engagement", "audience", "quality"];

/** The page as one HTML file that loads nothing and runs nothing. */
export function overview(parts: PageParts): string {
  const {words, period, edition} = parts;
  const title = words.say("page.title");
  const days = spanOf(period, edition.as_of_on, words);
  const span = days === undefined ? "–" : words.say("page.period", days);
  return `<!doctype html>
<html lang="${words.language}" dir="ltr">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(`${title}, ${span}`)}</title>
<style>${style}</style>
</head>
<body>
<a class="skip" href="#figures">${escapeHtml(words.say("page.skip"))}</a>
<header>
<p class="kicker">${escapeHtml(`${edition.organisation || title} · ${span}`)}</p>
<h1>${escapeHtml(parts.lead)}</h1>
</header>
<main id="figures">
<section aria-labelledby="summary"><h2 id="summary">${escapeHtml(words.say("page.summary"))}</h2>
${parts.whole.length > 0 ? "" : `<p>${escapeHtml(words.say(period.native === "range" ? "page.no_total" : "page.lead_empty"))}</p>`}
${summaryTable(parts.whole, words)}
</section>
${sections.map(section => sectionOf(section, parts)).join("\n")}
<section aria-labelledby="method"><h2 id="method">${escapeHtml(words.say("page.method"))}</h2>
<p>${escapeHtml(words.say("page.symbols"))}</p>
${parts.definitions.map(item => definition(item, words)).join("\n")}
</section>
</main>
<footer>
<p>${escapeHtml(words.say("page.footer"))}</p>
<p>${escapeHtml(`${words.say("page.edition")}: ${words.say(`page.${edition.edition}`)} · ${words.say("page.as_of")}: ${words.day(edition.as_of_on)} · ${words.say("page.run")}: ${edition.run_id}`)}</p>
</footer>
</body>
</html>
`;
}

function sectionOf(section: string, parts: PageParts): string {
  const figures = parts.figures.filter(figure => figure.section === section);
  const {words, withoutReach} = parts;
  const note =
    section === "reach" && withoutReach.length > 0
      ? `<p class="note">${escapeHtml(words.say("page.no_reach", {platforms: words.list(withoutReach)}))}</p>`
      : "";
  if (figures.length === 0 && note === "") return "";
  return `<section aria-labelledby="${section}"><h2 id="${section}">${escapeHtml(words.say(`sections.${section}`))} <span class="stage">${escapeHtml(words.say(`stages.${section}`))}</span></h2>
${note}${figures.map(figure => figureHtml(figure, words)).join("\n")}
</section>`;
}

function figureHtml(figure: PageParts["figures"][number], words: Words): string {
  const head = figure.table.head.map(cell => `<th scope="col">${escapeHtml(cell)}</th>`).join("");
  const body = figure.table.rows
    .map(row => `<tr>${row.map(cell => `<td>${escapeHtml(cell)}</td>`).join("")}</tr>`)
    .join("");
  const links = figure.downloads
    .map(({label, href}) => `<a href="${escapeHtml(href)}">${escapeHtml(label)}</a>`)
    .join(" ");
  return `<figure id="${figure.name}">
<div class="wide">${figure.wide}</div><div class="narrow">${figure.narrow}</div>
<figcaption>${links === "" ? "" : `${escapeHtml(words.say("page.download"))}: ${links}`}</figcaption>
<details><summary>${escapeHtml(words.say("page.table"))}: ${escapeHtml(figure.title)}</summary><div class="scroll"><table><caption>${escapeHtml(`${figure.title}. ${figure.subtitle}`)}</caption><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div></details>
</figure>`;
}

function definition(item: Definition, words: Words): string {
  const part = (key: string, text: string) =>
    `<dt>${escapeHtml(words.say(`page.${key}`))}</dt><dd>${escapeHtml(text)}</dd>`;
  return `<details><summary>${escapeHtml(item.title)}</summary><dl>${part("definition", item.definition)}${part("formula", item.formula)}${part("caveats", item.caveats)}</dl></details>`;
}

const style = `
:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0;font:17px/1.5 "Noto Sans",system-ui,sans-serif;color:#1A1A1A;background:#fff}
header,main,footer{max-width:680px;margin:0 auto;padding:0 16px}
header{padding-top:40px}
h1{font-size:30px;line-height:1.25;margin:0 0 24px}
h2{font-size:22px;margin:48px 0 16px;border-top:2px solid #12436D;padding-top:12px}
.kicker,.stage,.note,footer,figcaption{color:#595959}
.kicker{margin:0 0 8px}
.stage{font-size:15px;font-weight:400;margin-left:8px}
.skip{position:absolute;left:-999px}
.skip:focus{left:16px;top:8px;background:#fff;padding:8px}
a{color:#0B5CAD;display:inline-block;min-height:24px;margin-right:12px}
:focus-visible{outline:3px solid #0B5CAD;outline-offset:2px}
.summary{font-size:16px;width:100%}
.summary td,.summary thead th{text-align:right;white-space:nowrap}
.summary tbody th{font-weight:400}
.summary tr>:last-child{padding-right:0}
.notes{list-style:none;padding:0;margin:8px 0;font-size:14px;color:#595959}
sup{font-size:11px;line-height:0;color:#595959;margin-left:1px}
figure{margin:0 0 40px}
figure svg{display:block;width:100%;height:auto}
.narrow{display:none}
figcaption{font-size:15px;margin:4px 0}
details{font-size:15px;margin:4px 0}
summary{cursor:pointer;min-height:24px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:14px;margin:8px 0}
caption{text-align:left;color:#595959;padding-bottom:6px}
th,td{text-align:left;padding:4px 14px 4px 0;border-bottom:1px solid #D9D9D9;font-variant-numeric:tabular-nums}
footer{margin-top:56px;padding-bottom:40px;border-top:1px solid #D9D9D9;font-size:15px}
@media (max-width:640px){.wide{display:none}.narrow{display:block}h1{font-size:24px}.summary{font-size:14px}.summary tr>*{padding-right:8px}}
@media print{details{display:block}.skip,figcaption{display:none}}
`;
