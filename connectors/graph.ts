/**
 * What Facebook Pages and Instagram share: Meta's Graph API, its errors, limits, batch and insights.
 *
 * Errors are told by their code, never by their type: #100 carries OAuthException too. Sources of the facts:
 * developers.facebook.com/docs/graph-api (guides on errors, rate limits and batch requests).
 */
import {z} from "zod";
import {
  type Account,
  type ApiRequest,
  type Authentication,
  accessCheck,
  type BatchCall,
  type Connector,
  type ErrorRule,
  get,
  type LandedRecord,
  type Problem
} from "./connector.ts";
import {parseJson} from "./json.ts";

export const baseUrl = "https://graph.facebook.com";
/** Lives from 2026-02-18; a metric that is removed is removed from all versions at once. */
export const apiVersion = "v25.0";

/** A path under the account's API version. */
export function versioned(account: Account, path: string): string {
  return `/${account.apiVersion.replace(/^v?/, "v")}/${path}`;
}

/** A Page token, sent in the Authorization header, so that no address holds it. */
export const auth: Authentication[] = [{scheme: "bearer", keys: ["token"], userContext: true}];

/** What the codes mean; `page` is where a reader finds how to get a token and its permissions. */
function errorsOf(page: string): ErrorRule[] {
  const newToken = `the token is no longer accepted; make a new one (${page}) and put it into .env`;
  const permission = `the token lacks a permission or the person behind it a role; see ${page}`;
  return [
    {subcode: 2108006, then: "drop the part", as: "not_offered"},
    {type: "too-few-viewers", then: "drop the part", as: "below_threshold"},
    {type: "too-much-data", then: "ask for less"},
    {type: "missing-permission", then: "drop the part", as: "not_permitted", action: permission},
    {code: 190, then: "tell a person", action: newToken},
    {code: 102, then: "tell a person", action: newToken},
    ...[4, 17, 32, 341, 613, 80001, 80002].map(code => ({code, then: "wait" as const})),
    {code: 3, then: "drop the part", as: "not_permitted", action: permission},
    {code: 10, then: "drop the part", as: "not_permitted", action: permission},
    {code: 200, then: "drop the part", as: "not_permitted", action: permission},
    {code: 100, subcode: 33, then: "gone"},
    {type: "no-such-object", then: "gone"},
    {code: 803, then: "gone"},
    {code: 100, then: "drop the metric"},
    {type: "transient", then: "wait"},
    {code: 1, then: "wait"},
    {code: 2, then: "wait"},
    {code: 2500, then: "refuse"},
    {code: 3001, then: "refuse"}
  ];
}

const error = z.object({
  error: z.object({
    message: z.string().optional(),
    code: z.int().optional(),
    error_subcode: z.int().optional(),
    is_transient: z.boolean().optional()
  })
});

/** Faults that are told by their words alone, because they share their code with others. */
const words: [RegExp, string][] = [
  [/not enough viewers/i, "too-few-viewers"],
  [/reduce the amount of data/i, "too-much-data"],
  [/requires the '\w+' permission/i, "missing-permission"],
  [/does not exist, cannot be loaded/i, "no-such-object"]
];

/** The fault of a body. */
export function problems(body: unknown): Problem[] {
  const {data} = error.safeParse(body);
  if (data === undefined) return [];
  const {message = "", code, error_subcode: subcode, is_transient: isTransient} = data.error;
  const [, told] = words.find(([wording]) => wording.test(message)) ?? [];
  const type = told ?? (isTransient ? "transient" : undefined);
  const isPermission = code !== undefined && code >= 200 && code <= 299;
  return [{code: isPermission ? 200 : code, subcode, type}];
}

const usage = z.record(z.string(), z.array(z.object({estimated_time_to_regain_access: z.number().optional()})));

/** Milliseconds until calls are served again, from the minutes in `X-Business-Use-Case-Usage`. */
export function regain(headers: Record<string, string>): number | undefined {
  const given = headers["x-business-use-case-usage"];
  if (given === undefined) return undefined;
  try {
    const {data} = usage.safeParse(parseJson(given));
    const minutes = Object.values(data ?? {})
      .flat()
      .map(({estimated_time_to_regain_access: left = 0}) => left);
    const most = Math.max(0, ...minutes);
    return most > 0 ? most * 60_000 : undefined;
  } catch {
    return undefined;
  }
}

const batchAnswer = z.array(z.object({code: z.int(), body: z.string()}).nullable());

/** Up to 50 requests in one HTTP call; each counts for the limits, and each may fail by itself. */
export const batch: BatchCall = {
  size: 50,
  pack: requests => ({
    method: "POST",
    path: "/",
    query: {},
    endpoint: `batch of ${requests[0]!.endpoint}`,
    form: {
      include_headers: "false",
      batch: JSON.stringify(requests.map(request => ({method: "GET", relative_url: relativeUrl(request)})))
    }
  }),
  unpack: body => {
    const {data} = batchAnswer.safeParse(body);
    return (data ?? []).map(item => {
      if (item === null) return undefined;
      try {
        return {status: item.code, body: parseJson(item.body)};
      } catch {
        return undefined;
      }
    });
  }
};

function relativeUrl({path, query}: ApiRequest): string {
  return `${path.slice(1)}?${new URLSearchParams(query)}`;
}

/** Seconds since 1970 as an instant; the platform writes 0 for "never". */
function ending(seconds: number | undefined): Date | undefined {
  return seconds === undefined || seconds === 0 ? undefined : new Date(seconds * 1000);
}

/** What the platform says of a token that asks for itself. */
const access = accessCheck({
  docs: "https://developers.facebook.com/docs/graph-api/reference/debug_token",
  request: account => get(versioned(account, "debug_token"), "/debug_token", {input_token: account.auth!.token}),
  isBatched: true,
  answer: z.object({
    data: z.object({
      is_valid: z.boolean(),
      expires_at: z.int().optional(),
      data_access_expires_at: z.int().optional(),
      scopes: z.array(z.string()).optional()
    })
  }),
  access: ({data}) => ({
    isValid: data.is_valid,
    endsAt: data.expires_at === 0 ? null : ending(data.expires_at),
    consentEndsAt: ending(data.data_access_expires_at),
    permissions: data.scopes
  })
});

/** What both platforms' connectors declare alike. */
export function graph(page: string) {
  return {
    baseUrl,
    apiVersion,
    auth,
    access,
    isFree: true,
    errors: errorsOf(page),
    problems,
    regain,
    batch
  } satisfies Partial<Connector>;
}

/** The token of the next page. The address in `paging.next` holds the access token and is never read. */
export function nextPage({paging, data}: {paging?: Paging | undefined; data: unknown[]}): string | undefined {
  return paging?.next === undefined || data.length === 0 ? undefined : paging.cursors?.after;
}

/** A page that has a next one names its cursor; older answers, which page by time, would end the listing unseen. */
export const paging = z
  .object({cursors: z.object({after: z.string().optional()}).optional(), next: z.string().optional()})
  .refine(({cursors, next}) => next === undefined || cursors?.after !== undefined, {path: ["cursors", "after"]});
type Paging = z.infer<typeof paging>;

/** Graph's instants have no colon in their offset: `2026-05-19T10:42:47+0000`. It reads them as ISO in UTC. */
export const instant = z
  .string()
  .transform(text => new Date(text.replace(/([+-]\d\d)(\d\d)$/, "$1:$2")))
  .pipe(z.date())
  .transform(date => date.toISOString());

const count = z.int();
/** A number, or numbers by kind, in which a kind of none is missing. */
const measured = z.union([count, z.record(z.string(), count)]);
const insightsOf = <T extends z.ZodType>(value: T) =>
  z.object({data: z.array(z.object({name: z.string(), period: z.string().optional(), values: z.array(value)}))});

/** Insights of a post or a video. A metric that it has not is left out. */
export const insights = insightsOf(z.object({value: measured}));
/** Insights by day, each with the day's end. */
export const dailyInsights = insightsOf(z.object({value: measured, end_time: instant}));

/** Values by metric: a number, or numbers by kind. */
export type InsightValues = Record<string, number | Record<string, number>>;

/** The lifetime values of insights by metric. A metric may come twice, and the one of the day is 0 then. */
export function lifetimeValues({data}: z.infer<typeof insights>): InsightValues {
  const whole = data.filter(({period}) => period === undefined || period === "lifetime");
  return Object.fromEntries(
    whole.flatMap(({name, values}) => {
      const [first] = values;
      return first === undefined ? [] : [[name, first.value]];
    })
  );
}

/** One record a metric and day of a series. `end_time` is the end of the day that was measured. */
export function dailyValues({data}: z.infer<typeof dailyInsights>): LandedRecord[] {
  return data.flatMap(({name, values}) =>
    values.map(({value, end_time: end}) => ({metric: name, ended_at: end, value}))
  );
}
