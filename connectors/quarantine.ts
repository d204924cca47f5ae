/** Metrics that a platform refuses: kept apart with the day, and asked for again after a while. */
import type {Cursor} from "./plan.ts";

const day = 86_400_000;
/** A refused metric is asked for again after so many days. */
export const quarantineDays = 30;

/** The metrics of a declaration without those in quarantine. */
export function liveMetrics(
  metrics: readonly string[] | undefined,
  refused: Readonly<Record<string, string>>,
  today: string
): string[] {
  return (metrics ?? []).filter(metric => {
    const on = refused[metric];
    return on === undefined || (Date.parse(today) - Date.parse(on)) / day >= quarantineDays;
  });
}

/** What a stream's cursor knows of refused metrics, and what the night adds to it. */
export class Quarantine {
  private readonly refused: Record<string, string>;
  private readonly refusedSince: Record<string, string>;
  /** Metrics that the platform took tonight. */
  private readonly taken = new Set<string>();
  /** Metrics that it refused tonight, and not when they were last asked for. */
  readonly found = new Set<string>();

  constructor(
    cursor: Cursor | undefined,
    private readonly today: string
  ) {
    this.refused = {...cursor?.refused};
    this.refusedSince = {...cursor?.refused_since};
  }

  live(metrics: readonly string[]): string[] {
    return liveMetrics(metrics, this.refused, this.today);
  }

  take(metrics: readonly string[]): void {
    for (const metric of metrics) this.taken.add(metric);
  }

  /** The day of the first refusal stays known, however often a metric is asked for again in vain. */
  refuse(metrics: readonly string[]): void {
    for (const metric of metrics) {
      this.taken.delete(metric);
      const before = this.refused[metric];
      if (before === undefined) this.found.add(metric);
      else this.refusedSince[metric] ??= before;
      this.refused[metric] = this.today;
    }
  }

  /** What the cursor remembers of it; metrics that were taken tonight are given again. */
  remembered(isTakenSure: boolean): Pick<Cursor, "refused" | "refused_since"> {
    const isKept = ([metric]: [string, string]): boolean => !(isTakenSure && this.taken.has(metric));
    const refused = Object.entries(this.refused).filter(isKept);
    const since = Object.entries(this.refusedSince).filter(isKept);
    return {
      ...(refused.length > 0 ? {refused: Object.fromEntries(refused)} : {}),
      ...(since.length > 0 ? {refused_since: Object.fromEntries(since)} : {})
    };
  }
}
