/** The words of a language: one file in `languages/`, looked up by dotted names. */
import {readdirSync, readFileSync} from "node:fs";
import {parse} from "yaml";

const folder = new URL("./languages/", import.meta.url);

type Tree = {[name: string]: Tree | string | string[]};

/** Languages that reports can be written in: those that have a file of words. */
export function reportLanguages(): string[] {
  return readdirSync(folder)
    .filter(name => name.endsWith(".yaml"))
    .map(name => name.slice(0, -".yaml".length))
    .sort();
}

/** The words of one language. A missing one is an error: no text falls back to another language. */
export class Words {
  private readonly tree: Tree;
  private readonly plurals: Intl.PluralRules;

  constructor(readonly language: string) {
    if (!reportLanguages().includes(language)) {
      throw new Error(`language ${language}: reports come in ${reportLanguages().join(", ")}`);
    }
    this.tree = parse(readFileSync(new URL(`${language}.yaml`, folder), "utf8")) as Tree;
    this.plurals = new Intl.PluralRules(language);
  }

  /**
   * The text of that name with `{slots}` filled. Where the file has plural forms, the one for `values.n` is taken.
   */
  say(name: string, values: Record<string, string | number> = {}): string {
    const found = this.find(name);
    const text = isTree(found) ? this.plural(found, name, values) : found;
    if (typeof text !== "string") throw new Error(`languages/${this.language}.yaml: ${name} is not there`);
    return text.replace(/\{(\w+)\}/g, (_, slot: string) => {
      const value = values[slot];
      if (value === undefined) throw new Error(`languages/${this.language}.yaml: ${name}: nothing fills {${slot}}`);
      return String(value);
    });
  }

  /** The name of something that data name (a platform, a type, a metric); the data's own word when there is none. */
  name(group: string, key: string): string {
    const found = this.find(`${group}.${key}`);
    return typeof found === "string" ? found : key.replaceAll("_", " ");
  }

  /** The text of that name if the language has one. */
  maybe(name: string): string | undefined {
    const found = this.find(name);
    return typeof found === "string" ? found : undefined;
  }

  /** The words of a list, in order. */
  list(name: string): string[] {
    const found = this.find(name);
    if (!Array.isArray(found)) throw new Error(`languages/${this.language}.yaml: ${name} is no list`);
    return found;
  }

  /** The keys of a group, in the order of the file. */
  keys(name: string): string[] {
    const found = this.find(name);
    return isTree(found) ? Object.keys(found) : [];
  }

  private find(name: string): Tree | string | string[] | undefined {
    let at: Tree | string | string[] | undefined = this.tree;
    for (const step of name.split(".")) at = isTree(at) && Object.hasOwn(at, step) ? at[step] : undefined;
    return at;
  }

  private plural(forms: Tree, name: string, values: Record<string, string | number>): Tree | string | string[] | undefined {
    const count = values.n;
    if (count === undefined) throw new Error(`languages/${this.language}.yaml: ${name} has plural forms and needs n`);
    // A count of one digit may be given in words, then `count` holds it as a number.
    return forms[this.plurals.select(Number(values.count ?? count))] ?? forms.other;
  }
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
