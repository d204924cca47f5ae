/**
 * The table of rules: what a model may not say, because DuckDB 1.5 and Spark 4.1 were seen to read it differently. The
 * numbers are those of `docs/portable-sql.md`; a rule has a row for each form in which it can be broken.
 */
import {queries} from "./portable-queries.ts";
import type {Context, Lineage, Node} from "./portable-tree.ts";
import {values} from "./portable-values.ts";

/** What a test of a node may look at beside it. */
export interface Surroundings extends Context {
  lineage: Lineage;
  /** Staging may use structs, JSON and guarded TRY_CAST. */
  isStaging: boolean;
  /** Columns that are never NULL. */
  notNull: readonly string[];
  /** The text, comments and literals cut out, from where the node stands, and up to there. */
  after: string;
  before: string;
}

export interface Rule {
  id: number;
  found: string;
  /** What to write instead. */
  write: string;
  /** Whether a node breaks the rule; a text is added to what is found. */
  test?: (node: Node, around: Surroundings) => boolean | string;
  /** The text that breaks the rule, comments and literals cut out. */
  scan?: RegExp;
}

const spelling: readonly Rule[] = [
  {id: 1, found: "a quoted name", write: "a plain lower-case name", scan: /"/},
  {id: 1, found: "a backquote", write: "a plain lower-case name", scan: /`/},
  {id: 1, found: "a letter beyond ASCII outside a literal", write: "a plain lower-case name", scan: /\P{ASCII}/u},
  {id: 1, found: "a literal as a name", write: "as name, without quotes", scan: /\bas\s+'/i},
  {id: 1, found: "a backslash in a literal", write: "[0-9] for a digit, escape '!' in like", scan: /\\/},
  {id: 1, found: "a literal with a prefix", write: "a plain literal", scan: /\b(?:[ebxn]|u&)'/i},
  {id: 1, found: "two literals side by side", write: "one literal, or ||", scan: /'_*'\s+'/},
  {id: 1, found: "::", write: "cast(x as type)", scan: /::/},
  {id: 1, found: "a colon", write: "expression as name", scan: /(?<!:):(?!:)/},
  {id: 1, found: "a dollar sign", write: "a plain literal", scan: /\$/},
  {id: 1, found: "a number with _", write: "the digits alone", scan: /\b\d+_\d/},
  {
    id: 1,
    found: "a trailing comma",
    write: "no comma after the last item",
    scan: /,(?=\s*(?:\)|$|(?:from|where|group|having|order|limit|union|except|intersect)\b))/i
  },
  {id: 1, found: "a semicolon", write: "one statement without one", scan: /;/}
];

export const rules: readonly Rule[] = [...spelling, ...queries, ...values].sort((a, b) => a.id - b.id);
