/**
 * The contract of a connector: a platform is one file that calls `connector({...})` with declarations.
 *
 * A declaration holds no loop and no `await`. Paging, batching, refresh by age, retry, limits, landing and state are
 * the shared machinery's (`extract.ts`, `http.ts`); renaming and meaning are SQL's work (`warehouse/models/staging`).
 */
import type {z} from "zod";

/** One HTTP request as a declaration describes it. Paths are relative to the connector's base URL. */
export interface ApiRequest {
  method: "GET" | "POST";
  path: string;
  query: Record<string, string>;
  /** The path with ids replaced, as `meta.request` and logs show it. */
  endpoint: string;
}

/** An account as `megaphone.yaml` names it, with the secrets resolved from the environment. */
export interface Account {
  platform: string;
  kind: string;
  /** The platform's own id. */
  id: string;
  /** Other ids and handles it goes by in export files. */
  aliases: string[];
  /** The team's short name for it. */
  name: string;
  /** Absent: fed by export files alone. */
  auth?: Record<string, string>;
  apiVersion: string;
  baseUrl?: string;
}

/** What an answer that is no success means for the caller. */
export type Then = "wait" | "tell a person" | "gone" | "drop the metric" | "refuse";

/** One fault a platform reported, in the platform's own terms; which of them are filled depends on the platform. */
export interface Problem {
  status?: number | undefined;
  /** Tail of the problem's type URI, such as `resource-not-found`. */
  type?: string | undefined;
  code?: number | undefined;
  title?: string | undefined;
  /** The id that the fault is about. */
  id?: string | undefined;
  /** The field that the fault is about. */
  field?: string | undefined;
}

/** A rule of a platform's table of errors; the first rule whose named parts all match decides. */
export interface ErrorRule {
  status?: number;
  type?: string;
  code?: number;
  title?: string;
  then: Then;
  /** What to tell the person who must act, as a sentence. */
  action?: string;
}

/** How a platform announces its rate limits: header names, and what `reset` counts. */
export interface LimitHeaders {
  limit: string;
  remaining: string;
  reset: string;
  /** `epoch`: seconds since 1970; `delta`: seconds from now. */
  resetIs: "epoch" | "delta";
}

/** Ways to authenticate, each recognised by the keys that an account's `auth` holds. */
export interface Authentication {
  scheme: "bearer" | "oauth1" | "oauth2";
  /** Keys of `auth`, exactly these. */
  keys: string[];
  /** Whether the platform treats this as the account's owner, who may read private metrics. */
  userContext: boolean;
  /** oauth2 only: where a refresh token is exchanged. */
  tokenPath?: string;
}

/** A set of fields that is asked for together and reported together in `asked`. */
export interface FieldSet {
  /** The fields exist only for posts younger than this many days; absent: for ever. */
  youngerThanDays?: number;
  /** Asked only where the account's authentication has user context. */
  userContext?: boolean;
  /** What is lost when its time has passed, for `check` and `meta.perishable`. */
  what: string;
}

/** What a request may depend on. */
export interface Ask {
  account: Account;
  /** Names of the field sets to ask for. */
  asked: string[];
  /** A listing's window, either end open. */
  from?: Date;
  to?: Date;
  /** A lookup's ids, at most the stream's `lookup.size`. */
  ids?: string[];
}

/** A record as it is landed: JSON, allow-listed, one line of a landing file. */
export type LandedRecord = Record<string, unknown>;

/** One kind of thing that a platform gives. `A` is the shape of an answer. */
export interface Stream<A = unknown> {
  /** Address of the platform's documentation of the endpoint. */
  docs: string;
  /** The whole answer; what the schema does not name is stripped before anything is written. */
  answer: z.ZodType<A>;
  /** The records of an answer, ready to land: flat joins of what the answer holds, and removal of what names people. */
  records: (answer: A, ask: Ask) => LandedRecord[];
  /** The record's key, which also identifies it in lookups. */
  key: string;
  /** Field sets beside the plain one. */
  fields?: Record<string, FieldSet>;
  /** One call an account and night. */
  snapshot?: {request: (ask: Ask) => ApiRequest};
  /** Newest first, in pages, by a window of publication times. */
  list?: {
    request: (ask: Ask) => ApiRequest;
    /** Records a full page holds at most. */
    size: number;
    /** Name of the query parameter that carries the page token. */
    send: string;
    /** The token of the next page, undefined at the end. */
    next: (answer: A) => string | undefined;
    /** How many of the newest records are reachable at all. */
    reachable?: number;
  };
  /** By lists of ids: the refresh of what a listing's window no longer holds. */
  lookup?: {request: (ask: Ask) => ApiRequest; size: number};
  /** USD a returned record, for `plan`. */
  price?: {list?: number; lookup?: number; snapshot?: number};
}

/** A platform. */
export interface Connector {
  platform: string;
  docs: string;
  baseUrl: string;
  /** Tested default of `api_version`. */
  apiVersion: string;
  auth: Authentication[];
  limits: LimitHeaders;
  errors: ErrorRule[];
  /** The faults that a body reports, also beside data in an answer with status 200. */
  problems: (body: unknown) => Problem[];
  streams: Record<string, Stream>;
}

const connectors = new WeakSet<object>();

/** Marks a declaration as a connector, so that the folder's reader can tell it from other exports. */
export function connector(declaration: Connector): Connector {
  connectors.add(declaration);
  return declaration;
}

/** Whether a module's export was made by `connector()`. */
export function isConnector(value: unknown): value is Connector {
  return typeof value === "object" && value !== null && connectors.has(value);
}

/** Types a stream by its answer; the machinery then treats all streams alike. */
export function stream<A>(declaration: Stream<A>): Stream {
  return declaration as unknown as Stream;
}

/** A GET request; `endpoint` is the path with the ids named instead of given. */
export function get(path: string, endpoint: string, query: Record<string, string | undefined> = {}): ApiRequest {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {method: "GET", path, endpoint, query: Object.fromEntries(given)};
}
