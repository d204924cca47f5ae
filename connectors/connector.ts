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
  /** Of a POST that only reads, such as a batch: its form. It may be sent again like a GET. */
  form?: Record<string, string>;
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
  /** Addresses or ids of posts that no listing gives. */
  posts?: string[];
  /** Ids a call where the platform documents no cap. */
  idsPerCall?: number;
}

/** What an answer that is no success means for the caller. */
export type Then =
  | "wait"
  /** A limit that lasts: the stream ends, the next night goes on. */
  | "next night"
  | "tell a person"
  | "gone"
  /** The platform no longer serves such calls: keep what they give in quarantine, go on without. */
  | "withdrawn"
  /** A metric or field that was asked for is not offered: find it, keep it in quarantine, go on without. */
  | "drop the metric"
  /** The record has no such part. */
  | "drop the part"
  /** The answer would be too large. */
  | "ask for less"
  | "refuse";

/** Why there is no value, in the words of `mart.post_metric.status`. */
export type Missing = "not_offered" | "not_permitted" | "below_threshold" | "expired" | "failed";

/** One fault a platform reported, in the platform's own terms; which of them are filled depends on the platform. */
export interface Problem {
  status?: number | undefined;
  /** Tail of the problem's type URI, such as `resource-not-found`. */
  type?: string | undefined;
  code?: number | undefined;
  subcode?: number | undefined;
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
  subcode?: number;
  title?: string;
  then: Then;
  /** `drop the part`: why; `not_offered` unless told. */
  as?: Missing;
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
  /** The host of `tokenPath` where it is not the API's; an account's `base_url` stands for both. */
  tokenBaseUrl?: string;
  /** oauth2 only: client_id and client_secret go into the form instead of a header. */
  isClientInForm?: boolean;
  /** How long it lasts, as a sentence, where no call tells it. */
  lasts?: string;
}

/** What a request may depend on. */
export interface Ask {
  account: Account;
  /** Names of the nested parts to ask for along with the record. */
  parts: string[];
  /** The metrics to ask for: those declared without those in quarantine. */
  metrics: string[];
  /** Records of a page. */
  size: number;
  /** A listing's window of publication times, either end open; a series' first and last day, both ends inclusive. */
  from?: Date;
  to?: Date;
  /** A lookup's ids, or a part's. */
  ids?: string[];
}

/** A record as it is landed: JSON, allow-listed, one line of a landing file. */
export type LandedRecord = Record<string, unknown>;

/** A post as the warehouse knows it before the night. */
export interface KnownPost {
  id: string;
  publishedAt: Date;
  /** In our words, such as `video`. */
  type: string | null;
}

/**
 * Facts of a record beside its plain ones: nested in the request for the record itself, or read by calls of their own.
 * Each record lands with `<part>_status`: `ok`, or why the part is missing.
 */
export interface Part {
  /** What is lost when its time has passed, for `check` and `meta.perishable`. */
  what: string;
  /** It exists only for posts younger than this many days; absent: for ever. */
  youngerThanDays?: number;
  /** It may be asked only where the account's authentication has user context. */
  userContext?: boolean;
  /** Only posts of these types, in our words, have it; absent: all. */
  types?: string[];
  /** Platform metrics that it is made of; one that is refused goes into quarantine and the rest goes on. */
  metrics?: string[];
  /** The record's own request asks for it, by `ask.parts`. */
  isNested?: boolean;
  /** How it is read by itself: always, or, of a nested part, where the platform refuses a page that holds it. */
  read?: PartRead;
}

/** Calls that read a part, by lists of ids or one id a request. */
export interface PartRead<A = unknown> {
  docs: string;
  /** The id by which the part of a record is read; undefined: it has no such part; null: by its type it would have one. */
  id: (record: LandedRecord) => string | null | undefined;
  request: (ask: Ask) => ApiRequest;
  /** Ids a request, by their group. */
  size: number | ((account: Account, group: string) => number);
  /** Ids that may share a request are of one group; absent: any may. */
  groups?: {names: readonly string[]; of: (id: string) => string};
  /** Requests are packed into the platform's batch. */
  isBatched?: boolean;
  answer: z.ZodType<A>;
  /** The part by id. */
  values: (answer: A, ask: Ask) => Map<string, unknown>;
  /**
   * What an id that the answer leaves out means, of a post with what is read of it tonight; failed unless told.
   * `isCounted`: any of its counters was ever above zero.
   */
  absent?: (isCounted: boolean, record: LandedRecord) => {value: unknown} | Missing;
}

/** One kind of thing that a platform gives. `A` is the shape of an answer. */
export interface Stream<A = unknown> {
  /** Address of the platform's documentation of the endpoint. */
  docs: string;
  /** Kinds of account that have it; absent: all. */
  kinds?: string[];
  /** The whole answer; what the schema does not name is stripped before anything is written. */
  answer: z.ZodType<A>;
  /** The records of an answer, ready to land: flat joins of what the answer holds, and removal of what names people. */
  records: (answer: A, ask: Ask) => LandedRecord[];
  /** The record's key, which also identifies it in lookups. Of several records of a night with one key the first stays. */
  key: string;
  /** When a record was published, where the machinery must judge its age. */
  publishedAt?: (record: LandedRecord) => Date | undefined;
  parts?: Record<string, Part>;
  /** One call an account and night, or one call a metric. */
  snapshot?: {
    request: (ask: Ask) => ApiRequest;
    metrics?: string[];
    /** Each metric is asked for alone; one that is refused lands as `{metric, status}`. */
    isAlone?: boolean;
    /** Read as often as `refresh.audience` says. */
    isAudience?: boolean;
    /** Where its records have parts that are read: how many of them have one at most. */
    most?: number;
  };
  /** Values by day until yesterday: the last days each night, the past by `backfill`. */
  series?: {
    request: (ask: Ask) => ApiRequest;
    metrics?: string[];
    /** Days that are read again each night, because platforms restate them. */
    days: number;
    /** Days that one call may span. */
    span: number;
    /** One value for the whole of `days`, which is asked for in one call. */
    isRolling?: boolean;
    /** Days that the platform keeps, for `backfill` and `meta.perishable`. */
    history: number;
    what: string;
  };
  /** Newest first, in pages, by a window of publication times; several where a platform lists posts at several places. */
  lists?: Listing<A>[];
  /** By lists of ids: the refresh of what a listing's window no longer holds. */
  lookup?: {
    request: (ask: Ask) => ApiRequest;
    /** Where its answers are not shaped as the listing's: their schema, which makes them so. */
    answer?: z.ZodType<A>;
    size: number | ((account: Account, group: string) => number);
    /** One id a request, and the requests packed into the platform's batch. */
    isBatched?: boolean;
  };
  /** Types of posts, in our words, that this stream alone holds, such as stories; absent: all that no other claims. */
  types?: string[];
  /** Posts that no listing gives: their ids come from export files and from `posts` in the account. */
  isUnlisted?: boolean;
  /** Of an unlisted post: the record that its parts are read for. */
  stub?: (id: string) => LandedRecord;
  /** USD a returned record, for `plan`. */
  price?: {list?: number; lookup?: number; snapshot?: number};
}

/** A listing of records in pages. */
export interface Listing<A = unknown> {
  /** Where its answers are not shaped as the stream's: their schema and records. */
  answer?: z.ZodType;
  records?(answer: A, ask: Ask): LandedRecord[];
  request: (ask: Ask) => ApiRequest;
  /** Records a full page holds at most. */
  size: number;
  /** Name of the query parameter that carries the page token. */
  send: string;
  /** The token of the next page, undefined at the end. */
  next(answer: A): string | undefined;
  /** Types of posts, in our words, that it holds; absent: all. */
  types?: string[];
  /** Its records hold less than the stream's others: those that no other listing gave are looked up. */
  isPartial?: boolean;
  /** How many of the newest records are reachable at all. */
  reachable?: number;
  /** Days after which a record is no longer listed; absent: none. */
  history?: number;
  /** The fewest records that a page may be asked for; 1 unless told. */
  smallest?: number;
  /** The platform takes no window: pages are read until a record is older than it. */
  isWindowless?: boolean;
}

/** A platform's way to pack reading requests into one HTTP call; each of them counts for its limits. */
export interface BatchCall {
  size: number;
  pack: (requests: ApiRequest[]) => ApiRequest;
  /** One entry a request, in order; undefined: it was not answered. */
  unpack: (body: unknown) => ({status: number; body: unknown} | undefined)[];
}

/** How many calls an endpoint serves in a stretch of time, where the platform's documentation says it beforehand. */
export interface Quota {
  /** As the requests name it. */
  endpoint: string;
  minutes: number;
  /** Calls in the stretch: with the account's own authentication, and with the app's alone. */
  user: number;
  app: number;
}

/** What a platform says of an account's access, as far as it says it. */
export interface Access {
  isValid: boolean;
  /** When the token ends; null: it does not end by itself. */
  endsAt?: Date | null | undefined;
  /** When the person behind the token must consent again, whatever the token's own end. */
  consentEndsAt?: Date | undefined;
  /** What was granted. */
  permissions?: string[] | undefined;
}

/** The call by which a platform tells about a token, for `check`. */
export interface AccessCheck<A = unknown> {
  docs: string;
  /** The host where it is not the API's; an account's `base_url` stands for both. */
  baseUrl?: string;
  /** Undefined where the account's `auth` does not allow it. */
  request: (account: Account) => ApiRequest | undefined;
  /** It is packed into the platform's batch, whose form keeps the token out of the address. */
  isBatched?: boolean;
  answer: z.ZodType<A>;
  access: (answer: A) => Access;
}

/** A permission that a person grants, and what is missing without it. */
export interface Permission {
  name: string;
  /** Kinds of account that need it; absent: all. */
  kinds?: string[];
  gives: string;
}

/** A platform. */
export interface Connector {
  platform: string;
  docs: string;
  baseUrl: string;
  /** Tested default of `api_version`. */
  apiVersion: string;
  auth: Authentication[];
  access?: AccessCheck;
  permissions?: Permission[];
  /** Headers of every call, such as a version. */
  headers?: (account: Account) => Record<string, string>;
  /** How a query value is written into an address; percent-encoding unless told. */
  encodeQuery?: (value: string) => string;
  limits?: LimitHeaders;
  /** For `plan`; absent: limits that are known only once they are met. */
  quotas?: Quota[];
  /** Calls cost no money. Absent: they cost what the streams' `price` says, or nobody knows. */
  isFree?: boolean;
  /** Milliseconds until calls are served again, by headers of a form of their own. */
  regain?: (headers: Record<string, string>) => number | undefined;
  errors: ErrorRule[];
  /** The faults that a body reports, also beside data in an answer with status 200. */
  problems: (body: unknown) => Problem[];
  batch?: BatchCall;
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

/** Types a listing whose answers are not shaped as its stream's. */
export function listing<A>(declaration: Listing<A> & {answer: z.ZodType<A>}): Listing<never> {
  return declaration as unknown as Listing<never>;
}

/** Types the check of an access by its answer. */
export function accessCheck<A>(declaration: AccessCheck<A>): AccessCheck {
  return declaration as unknown as AccessCheck;
}

/** Types the reading of a part by its answer. */
export function partRead<A>(declaration: PartRead<A>): PartRead {
  return declaration as unknown as PartRead;
}

/** A GET request; `endpoint` is the path with the ids named instead of given. */
export function get(path: string, endpoint: string, query: Record<string, string | undefined> = {}): ApiRequest {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {method: "GET", path, endpoint, query: Object.fromEntries(given)};
}

/** The hashtags of a text, without their sign. */
export function hashtags(text: string | undefined): string[] {
  return [...(text ?? "").matchAll(/#([\p{L}\p{N}_]+)/gu)].map(([, tag]) => tag!);
}
