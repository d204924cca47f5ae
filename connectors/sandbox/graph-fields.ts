/** The Graph API's field expressions: `id,comments.limit(0).summary(total_count),attachments{media_type}`. */
import {badSyntax, nonexistingField} from "./graph-errors.ts";

/** One field that is asked for. */
export interface Field {
  name: string;
  /** The key that it is answered under: its name, or what `.as()` says. */
  key: string;
  /** What its modifiers say: `.limit(5)` is `limit` to `5`. */
  parameters: ReadonlyMap<string, string>;
  /** What stands in braces; undefined without them. */
  fields: readonly Field[] | undefined;
  /** The same as it was written. */
  text?: string;
}

/** What an edge is asked for, by its path and query or by a field with modifiers and braces. */
export interface EdgeRequest {
  /** With `fields` as it was written. */
  parameters: ReadonlyMap<string, string>;
  fields: readonly Field[] | undefined;
  /** The edge's own path, as `paging` repeats it: `{id}/{edge}`. */
  path: string;
}

/** An object of the graph. What it answers is worked out only when it is asked for. */
export interface GraphNode {
  /** Absent on things without one, such as attachments. */
  id?: string;
  /** As errors name it: Page, Post, Video, User, Media … */
  type: string;
  /** What is answered when no field is asked for, beside `id`. */
  defaults: readonly string[];
  /** A value that is undefined leaves the key out. */
  fields: Record<string, (wanted: Field) => unknown>;
  edges: Record<string, (request: EdgeRequest) => unknown>;
}

/** Reads a field expression. Throws GraphRefusal (2500) at the first character that makes no sense. */
export function parseFields(text: string): Field[] {
  let at = 0;
  const fail = (fault: string): never => {
    throw badSyntax(fault, at, text);
  };

  const list = (end: string | undefined): Field[] => {
    const fields: Field[] = [];
    for (;;) {
      fields.push(field(fields));
      if (text[at] === ",") {
        at += 1;
        continue;
      }
      if (text[at] === end) return fields;
      const shown = text[at] === undefined ? "end of string" : `"${text[at]}"`;
      return fail(`Expected ${end === undefined ? "end of string" : `"${end}"`} instead of ${shown}.`);
    }
  };

  const field = (before: readonly Field[]): Field => {
    const name = word();
    const parameters = new Map<string, string>();
    let fields: Field[] | undefined;
    let inside = "";
    for (;;) {
      if (text[at] === ".") {
        at += 1;
        const modifier = word();
        parameters.set(modifier, argument());
      } else if (text[at] === "{" && fields === undefined) {
        const start = at + 1;
        at = start;
        fields = list("}");
        inside = text.slice(start, at);
        at += 1;
      } else break;
    }
    const key = parameters.get("as") ?? name;
    if (before.some(other => other.key === key)) {
      fail("Field specified more than once. This is only possible before version 2.1");
    }
    return {name, key, parameters, fields, text: inside};
  };

  const word = (): string => {
    const found = /^[A-Za-z0-9_]+/.exec(text.slice(at))?.[0];
    if (found === undefined) return fail("Expected name.");
    at += found.length;
    return found;
  };

  const argument = (): string => {
    if (text[at] !== "(") return fail('Expected "(".');
    let depth = 0;
    for (let end = at; end < text.length; end++) {
      if (text[end] === "(") depth += 1;
      else if (text[end] === ")") depth -= 1;
      if (depth > 0) continue;
      const inside = text.slice(at + 1, end);
      at = end + 1;
      return inside;
    }
    at = text.length;
    return fail('Expected ")" instead of end of string.');
  };

  return list(undefined);
}

/** A node with the fields that are asked for, in the order asked; `id` is always there. */
export function readNode(node: GraphNode, wanted: readonly Field[] | undefined): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  const asked = wanted ?? node.defaults.map(plain);
  for (const field of asked) {
    const value = readField(node, field);
    if (value !== undefined) body[field.key] = value;
  }
  if (node.id !== undefined) body.id ??= node.id;
  return body;
}

/** A field without modifiers. */
export function plain(name: string): Field {
  return {name, key: name, parameters: new Map(), fields: undefined};
}

/** The members of a plain object that are asked for: `target{id}`, `picture{data}`. */
export function pick(object: Record<string, unknown>, {fields}: Field, type: string): Record<string, unknown> {
  if (fields === undefined) return object;
  return Object.fromEntries(
    fields.map(({name, key}) => {
      if (!(name in object)) throw nonexistingField(name, type);
      return [key, object[name]];
    })
  );
}

function readField(node: GraphNode, field: Field): unknown {
  if (field.name === "id" && node.id !== undefined) return node.id;
  const value = own(node.fields, field.name);
  if (value !== undefined) return value(field);
  const edge = own(node.edges, field.name);
  if (edge === undefined) throw nonexistingField(field.name, node.type);
  const {fields, text = ""} = field;
  const parameters = fields === undefined ? field.parameters : new Map([...field.parameters, ["fields", text]]);
  return edge({parameters, fields, path: `${node.id}/${field.name}`});
}

/** So that `constructor` and its like are no fields. */
export function own<T>(object: Record<string, T>, name: string): T | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
