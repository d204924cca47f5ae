/** Records that lack a part which others of their type have: remembered as long as they may be read again. */
import type {Cursor} from "./plan.ts";

const day = 86_400_000;

/** What a stream's cursor knows of such records, and what the night adds to it. */
export class Lacking {
  /** By part and id: when it was published (ISO). */
  private readonly parts: Record<string, Record<string, string>>;

  constructor(cursor: Cursor | undefined) {
    this.parts = Object.fromEntries(Object.entries(cursor?.lacking ?? {}).map(([part, ids]) => [part, {...ids}]));
  }

  has(part: string, id: string): boolean {
    return this.parts[part]?.[id] !== undefined;
  }

  note(part: string, id: string, publishedAt: Date): void {
    this.parts[part] = {...this.parts[part], [id]: publishedAt.toISOString()};
  }

  forget(part: string, id: string): void {
    delete this.parts[part]?.[id];
  }

  /** What the cursor remembers of it: none that is older than posts are read again. */
  remembered(now: Date, lastAge: number): Pick<Cursor, "lacking"> {
    const oldest = new Date(now.getTime() - (lastAge + 1) * day).toISOString();
    const kept = Object.entries(this.parts)
      .map(([part, ids]) => [part, Object.entries(ids).filter(([, at]) => at >= oldest)] as const)
      .filter(([, ids]) => ids.length > 0);
    if (kept.length === 0) return {};
    return {lacking: Object.fromEntries(kept.map(([part, ids]) => [part, Object.fromEntries(ids)]))};
  }
}
