/** What planned calls cost: shares of the quotas that a platform documents, and money where it charges by the record. */
import {authentication} from "./auth.ts";
import type {Account, ApiRequest, Ask, Connector, Stream} from "./connector.ts";
import type {PlannedCall} from "./plan.ts";

/**
 * The greatest share that some calls of an account take of the quota of their endpoints, 1 being all of it; null where
 * the platform documents none for any of them.
 */
export function quotaShare(connector: Connector, account: Account, calls: readonly PlannedCall[]): number | null {
  const {quotas} = connector;
  if (quotas === undefined) return null;
  const {userContext} = authentication(connector, account);
  const counts = new Map<string, number>();
  for (const call of calls) {
    const {endpoint} = requestOf(connector.streams[call.stream]!, call)(call.ask);
    counts.set(endpoint, (counts.get(endpoint) ?? 0) + call.countedCalls);
  }
  const shares = quotas.flatMap(({endpoint, user, app}) => {
    const count = counts.get(endpoint);
    return count === undefined ? [] : [count / (userContext ? user : app)];
  });
  return shares.length === 0 ? null : Math.max(...shares);
}

/** USD that some calls of a platform cost; null where it is not known. */
export function costUsd(connector: Connector, calls: readonly PlannedCall[]): number | null {
  if (connector.isFree) return 0;
  let sum = 0;
  for (const {stream, how, posts, httpCalls} of calls) {
    const price = connector.streams[stream]!.price as Partial<Record<PlannedCall["how"], number>> | undefined;
    const each = price?.[how];
    if (each === undefined) return null;
    sum += each * (how === "snapshot" ? httpCalls : posts);
  }
  // Sums of thousandths of a dollar, without the noise of binary fractions.
  return Math.round(sum * 1e6) / 1e6;
}

function requestOf(stream: Stream, {how, listing, part}: PlannedCall): (ask: Ask) => ApiRequest {
  switch (how) {
    case "list":
      return stream.lists![listing]!.request;
    case "part":
      return stream.parts![part!]!.read!.request;
    default:
      return stream[how]!.request;
  }
}
