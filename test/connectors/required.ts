/** Answers with a field left out, to see that its absence is noticed. */

/** The fields of an answer with all that they hold, as paths: `a`, `a.0`, `a.0.b`. */
export function paths(whole: object): string[] {
  return Object.entries(whole).flatMap(([key, value]) => {
    const inner = typeof value === "object" && value !== null ? paths(value).map(path => `${key}.${path}`) : [];
    return Array.isArray(whole) ? inner : [key, ...inner];
  });
}

/** A copy without the field at a path. */
export function without<T extends object>(whole: T, path: string): T {
  const copy = structuredClone(whole);
  const keys = path.split(".");
  const holder = keys
    .slice(0, -1)
    .reduce<Record<string, unknown>>(
      (inner, key) => inner[key] as Record<string, unknown>,
      copy as Record<string, unknown>
    );
  delete holder[keys.at(-1)!];
  return copy;
}
