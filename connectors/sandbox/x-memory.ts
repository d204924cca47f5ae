/** What X remembers of its callers: which page tokens it gave, and how many calls are left in a window. */
import {createHash} from "node:crypto";
import type {Caller} from "./x-auth.ts";

const window = 15 * 60_000;
const sameToken = "7140dibdnow9c7btw3w4same";

export interface Page {
  /** Index of its first post in the listing. */
  start: number;
  number: number;
  before?: Page;
}

/** Page tokens: each is good for the very query that it was given for. */
export function createPages() {
  const given = new Map<string, {query: string; page: Page}>();
  const key = (id: string, query: URLSearchParams): string =>
    [
      id,
      ...[...query]
        .filter(([name]) => name !== "pagination_token")
        .map(pair => pair.join("="))
        .sort()
    ].join("&");
  const first: Page = {start: 0, number: 0};
  return {
    /** Undefined: a token that nobody gave, or for another query. */
    find(token: string | null, id: string, query: URLSearchParams): Page | undefined {
      if (token === null) return first;
      const known = given.get(token);
      return known?.query === key(id, query) ? known.page : undefined;
    },
    /** The token of a page; without one, that of the first, the same for every page. */
    token(id: string, query: URLSearchParams, page: Page | undefined): string {
      const own = key(id, query);
      const digest = createHash("sha256").update(`${own} ${page?.start} ${page?.number}`).digest("hex");
      const token = page === undefined ? sameToken : `7140dibdnow9c7btw${digest.slice(0, 28)}`;
      given.set(token, {query: own, page: page ?? first});
      return token;
    }
  };
}

/** Calls that a route takes in a window, of the app and of a user. */
export interface Limits {
  app: number;
  user: number;
}

export interface Limit {
  headers: Record<string, string>;
  isSpent: boolean;
}

/** Calls of 15 minutes by route and kind of caller, on the real clock; a new night begins a new window. */
export function createLimits(): (limits: Limits, caller: Caller, night: string) => Limit {
  const windows = new Map<Limits, Map<Caller, {night: string; end: number; used: number}>>();
  return (limits, caller, night) => {
    const most = caller === "OAuth 2.0 Application-Only" ? limits.app : limits.user;
    const byCaller = windows.get(limits) ?? new Map<Caller, {night: string; end: number; used: number}>();
    windows.set(limits, byCaller);
    const known = byCaller.get(caller);
    const isOpen = known !== undefined && known.night === night && known.end > Date.now();
    const current = isOpen ? known : {night, end: Date.now() + window, used: 0};
    current.used += 1;
    byCaller.set(caller, current);
    return {
      headers: {
        "x-rate-limit-limit": String(most),
        "x-rate-limit-remaining": String(Math.max(0, most - current.used)),
        "x-rate-limit-reset": String(Math.ceil(current.end / 1000))
      },
      isSpent: current.used > most
    };
  };
}
