/**
 * What LinkedIn's requests have in common. A query is written by Rest.li's grammar, in which brackets and commas are
 * structure and what is text is percent-encoded.
 */
import {z} from "zod";
import type {Account, ApiRequest, Ask} from "./connector.ts";

const day = 86_400_000;

/** An instant in milliseconds since 1970, no later than a date can be. */
export const milliseconds = z.int().min(0).max(8.64e15);

/** Kinds of account that are an organisation's page. */
export const pageKinds = ["page", "organisation"];

/** A text of a query, such as a URN. */
export const urn = (id: string): string => encodeURIComponent(id);
/** Texts of a query. */
export const list = (ids: readonly string[]): string => `List(${ids.map(urn).join(",")})`;
/** The URN of an account that is a page, as a query holds it. */
export const organisation = ({id}: Account): string => urn(`urn:li:organization:${id}`);

/** A GET request whose values are written in Rest.li's grammar already. */
export function rest(path: string, endpoint: string, query: Record<string, string>): ApiRequest {
  return {method: "GET", path: `/rest/${path}`, endpoint: `/rest/${endpoint}`, query};
}

/** Days as Rest.li's interval: from midnight to midnight UTC, the end exclusive. */
export function byDay({from, to}: Ask): string {
  const range = `(start:${from!.getTime()},end:${to!.getTime() + day})`;
  return `(timeRange:${range},timeGranularityType:DAY)`;
}

/** A list of at most the account's `ids_per_call`, 50 unless told; 95 of the longer URNs fill a query of 4,000 characters. */
export function listSize({idsPerCall = 50}: Account, group: string): number {
  return group === "share" ? Math.min(100, idsPerCall) : Math.min(95, idsPerCall);
}

/** Of which of two types the URN of a post is. */
export const typeOf = (id: string): string => (id.startsWith("urn:li:share:") ? "share" : "ugcPost");
