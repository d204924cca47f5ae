/** YAML that a person wrote: read without guessing, checked by a schema, every fault with its key and line. */
import {isMap, isScalar, isSeq, LineCounter, type Node, parseDocument} from "yaml";
import {z} from "zod";

/** One fault of a file. */
export interface Fault {
  path: PropertyKey[];
  message: string;
}

/** A parsed file: its value, and a way to say where in it something is wrong. */
export interface YamlFile {
  /** Integers are bigints, so that no digit of an id is lost. */
  value: unknown;
  /** `megaphone.yaml line 7, accounts[0].auth.token: a literal secret; …`, one line a fault. */
  describe: (faults: Fault[]) => string;
}

/** Parses a YAML text; `faults` is undefined when it is well formed. No message quotes the text: it may hold secrets. */
export function parseYaml(name: string, text: string): YamlFile & {faults?: string} {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {lineCounter, prettyErrors: false, intAsBigInt: true, stringKeys: true});
  const faults = document.errors.map(
    ({code, pos}) =>
      `${name} line ${lineCounter.linePos(pos[0]).line}: no valid YAML (${code.toLowerCase().replaceAll("_", " ")})`
  );
  const describe = (list: Fault[]) =>
    list
      .map(({path, message}) => {
        const offset = offsetOf(document.contents, path);
        const line = offset === undefined ? "" : ` line ${lineCounter.linePos(offset).line}`;
        return `${name}${line}${path.length > 0 ? `, ${dotted(path)}` : ""}: ${message}`;
      })
      .join("\n");
  if (faults.length > 0) return {value: undefined, describe, faults: faults.join("\n")};
  return {value: document.toJS(), describe};
}

/** The faults that a schema found. */
export function faultsOf(error: z.ZodError): Fault[] {
  return error.issues.flatMap(issue =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map(key => ({path: [...issue.path, key], message: issue.message}))
      : [{path: issue.path, message: inOurWords(issue.message)}]
  );
}

function inOurWords(message: string): string {
  return message
    .replace(/^Invalid input: .*received undefined$/, "is missing")
    .replace(/^Invalid (input|option): /, "");
}

/** An object with these keys and no other; the message for another names the nearest of them. */
export function keys<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: issue =>
      issue.code === "unrecognized_keys"
        ? `unknown key${issue.keys.map(key => didYouMean(key, Object.keys(shape))).join("")}`
        : undefined
  });
}

/** `; did you mean X?`, or the list of what is known when nothing is near. */
export function didYouMean(given: string, known: string[]): string {
  const [nearest] = known
    .map(name => ({name, distance: distance(given.toLowerCase(), name.toLowerCase())}))
    .sort((a, b) => a.distance - b.distance);
  return nearest && nearest.distance <= Math.max(2, given.length / 3)
    ? `; did you mean ${nearest.name}?`
    : `; known: ${known.join(", ")}`;
}

/** Where a path stands in the text: its key, or the nearest key above it that is there. */
function offsetOf(contents: Node | null, path: PropertyKey[]): number | undefined {
  let node: unknown = contents;
  let offset = contents?.range?.[0];
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(item => isScalar(item.key) && item.key.value === step);
      if (!pair) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof step === "number") {
      node = node.items[step];
      if (!node) break;
      offset = (node as Node).range?.[0] ?? offset;
    } else break;
  }
  return offset;
}

function dotted(path: PropertyKey[]): string {
  return path.reduce<string>(
    (text, step) => text + (typeof step === "number" ? `[${step}]` : `${text ? "." : ""}${String(step)}`),
    ""
  );
}

/** Edits (insert, delete, replace) that turn one word into the other. */
function distance(a: string, b: string): number {
  let row = Array.from({length: b.length + 1}, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, replaced));
    }
    row = next;
  }
  return row[b.length]!;
}
