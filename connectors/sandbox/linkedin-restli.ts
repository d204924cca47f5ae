/**
 * Queries as Rest.li writes them. In protocol 2.0.0 brackets, commas and colons are structure and stand raw, and what is
 * text is percent-encoded; in 1.0.0 structure stands in the names (`a.b=`, `a[0]=`) and values are text alone.
 */

/** A value of a query: a text, a list, or a record. */
export type Value = string | Value[] | {[name: string]: Value};

/** The parameters of a query by name. */
export type Query = Record<string, Value>;

/** The query of an address as the client wrote it. Undefined: not written as the protocol demands. */
export function parseQuery(search: string, isVersion2: boolean): Query | undefined {
  const query: Query = {};
  for (const part of search.replace(/^\?/, "").split("&")) {
    if (part === "") continue;
    const at = part.indexOf("=");
    const name = decoded(at < 0 ? part : part.slice(0, at));
    const written = at < 0 ? "" : part.slice(at + 1);
    // The mask of fields has a grammar of its own, the same in both versions.
    const value = !isVersion2 || name === "fields" ? textOf(written) : parseValue(written);
    if (value === undefined || name === undefined) return undefined;
    if (isVersion2) query[name] = value;
    else
      put(
        query,
        name.split(/[.[\]]+/).filter(step => step !== ""),
        value
      );
  }
  return isVersion2 ? query : lists(query);
}

/** The query of a form, whose percent signs are gone: URNs are the only texts that hold signs of structure. */
export function queryOfForm(form: URLSearchParams): string {
  return [...form]
    .map(([name, value]) => {
      const escaped = value.replaceAll("%", "%25").replace(/urn:[\w:-]+/g, encodeURIComponent);
      return `${encodeURIComponent(name)}=${escaped.replace(/[^\w%():,.-]/gu, encodeURIComponent)}`;
    })
    .join("&");
}

/** A list of texts; undefined for anything else, and for an empty one. */
export function textsOf(value: Value | undefined): string[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.every(one => typeof one === "string") ? value : undefined;
}

/** A whole number that is not negative; undefined for anything else. */
export function wholeNumber(value: Value | undefined): number | undefined {
  return typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

/** A value of protocol 2.0.0; undefined when it is not one. */
function parseValue(written: string): Value | undefined {
  let at = 0;
  const text = (): string | undefined => {
    const end = /[(),:]/.exec(written.slice(at));
    const raw = written.slice(at, end === null ? undefined : at + end.index);
    at += raw.length;
    return decoded(raw);
  };
  const items = <T>(item: () => T | undefined): T[] | undefined => {
    const found: T[] = [];
    if (written[at] === ")") {
      at += 1;
      return found;
    }
    for (;;) {
      const one = item();
      if (one === undefined) return undefined;
      found.push(one);
      const sign = written[at++];
      if (sign === ")") return found;
      if (sign !== ",") return undefined;
    }
  };
  const entry = (): [string, Value] | undefined => {
    const name = text();
    if (name === undefined || written[at++] !== ":") return undefined;
    const inner = value();
    return inner === undefined ? undefined : [name, inner];
  };
  const value = (): Value | undefined => {
    if (written.startsWith("List(", at)) {
      at += "List(".length;
      return items(value);
    }
    if (written[at] === "(") {
      at += 1;
      const entries = items(entry);
      return entries === undefined ? undefined : Object.fromEntries(entries);
    }
    return text();
  };
  const whole = value();
  return at === written.length ? whole : undefined;
}

/** A text of protocol 1.0.0, in which the structure of 2.0.0 means nothing. */
function textOf(written: string): string | undefined {
  return /^(List)?\(/.test(written) ? undefined : decoded(written);
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}

function put(query: Query, steps: string[], value: Value): void {
  const [step, ...rest] = steps;
  if (step === undefined) return;
  if (rest.length === 0) {
    query[step] = value;
    return;
  }
  const inner = query[step];
  const next: Query = typeof inner === "object" && !Array.isArray(inner) ? inner : {};
  query[step] = next;
  put(next, rest, value);
}

/** Records whose names are 0, 1, 2 … are lists. */
function lists(query: Query): Query {
  const turned = (value: Value): Value => {
    if (typeof value === "string" || Array.isArray(value)) return value;
    const isList = Object.keys(value).every((name, index) => name === String(index));
    return isList ? Object.values(value).map(turned) : lists(value);
  };
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, turned(value)]));
}
