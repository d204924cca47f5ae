/** Nights against the sandbox one after the other, as the pipeline would have them. */
import type {Account, Connector, LandedRecord} from "../../connectors/connector.ts";
import type {Extracted} from "../../connectors/extract.ts";
import {listingStart, type StreamState} from "../../connectors/plan.ts";
import type {Sandbox} from "../../connectors/sandbox/sandbox.ts";
import {callsOf, known, lastNight, type NightOptions, night, plan, refresh, statesAfter, streamOf} from "./night.ts";

export function daysAfter(date: Date, days: number): Date {
  return new Date(date.getTime() + days * 86_400_000);
}

/** A night with faults switched on, on the sandbox's clock too; the log of requests holds that night alone. */
export async function sandboxNight(
  connector: Connector,
  account: Account,
  sandbox: Sandbox,
  options: NightOptions = {},
  faults: readonly string[] = []
): Promise<Extracted[]> {
  sandbox.setNight((options.at ?? lastNight).toISOString().slice(0, 10));
  sandbox.setFaults(faults);
  sandbox.resetRequests();
  const results = await night(connector, account, options);
  sandbox.setFaults([]);
  return results;
}

/** What is known before a night that comes after another: each post with its type in our words. */
export function statesBefore(
  results: readonly Extracted[],
  at: Date,
  typeOf: (record: LandedRecord) => string | null
): Map<string, StreamState> {
  return statesAfter(results, (stream, records) => {
    const {cursor} = streamOf(results, stream);
    const from = cursor && listingStart(new Date(cursor.read_at), refresh, at);
    return records.flatMap(record => {
      const publishedAt = new Date(String(record.published_at));
      return from !== undefined && publishedAt >= from ? [known(String(record.id), publishedAt, typeOf(record))] : [];
    });
  });
}

/** Calls by stream: those that were planned, and those that were made. */
export function plannedAndMade(
  connector: Connector,
  account: Account,
  options: NightOptions,
  results: readonly Extracted[]
): {planned: Record<string, number>; made: Record<string, number>} {
  const planned: Record<string, number> = {};
  for (const {stream, httpCalls} of plan(connector, account, options)) {
    planned[stream] = (planned[stream] ?? 0) + httpCalls;
  }
  return {planned, made: Object.fromEntries(results.map(({stream}) => [stream, callsOf(results, stream)]))};
}
