/** A hand-written LinkedIn page on loopback, a night of one of its streams, and bare answers of the sandbox. */
import type {Account} from "../../connectors/connector.ts";
import type {Extracted} from "../../connectors/extract.ts";
import {linkedin} from "../../connectors/linkedin.ts";
import type {StreamState} from "../../connectors/plan.ts";
import type {Sandbox} from "../../connectors/sandbox/sandbox.ts";
import {type Loopback, sendJson, serve} from "./loopback.ts";
import {lastNight, night, stateOf} from "./night.ts";

/** A body, or the status of a refusal. */
type Answer = (url: URL) => object | number;

/** A server whose answers depend on the address alone. */
export function answerBy(answer: Answer): Promise<Loopback> {
  return serve((response, _index, request) => {
    const body = answer(new URL(request.url!, "http://localhost"));
    if (typeof body === "number") sendJson(response, body, {status: body, message: "no"});
    else sendJson(response, 200, body);
  });
}

/** What one stream makes of a hand-written server. */
export async function streamFrom(
  server: Loopback,
  stream: string,
  state: Partial<StreamState> = {},
  rest: Partial<Account> = {}
): Promise<Extracted> {
  const account: Account = {
    platform: "linkedin",
    kind: "page",
    id: "7",
    aliases: [],
    name: "mandate",
    apiVersion: linkedin.apiVersion,
    baseUrl: server.url,
    auth: {token: "t"},
    ...rest
  };
  const alone = {...linkedin, streams: {[stream]: linkedin.streams[stream]!}};
  return (await night(alone, account, {states: stateOf(stream, state)}))[0]!;
}

export function daysAgo(days: number): Date {
  return new Date(lastNight.getTime() - days * 86_400_000);
}

/** The URN of a share by a short number. */
export function share(number: number): string {
  return `urn:li:share:${7_000_000_000_000_000_000n + BigInt(number)}`;
}

/** A post as LinkedIn lists it. */
export function post(id: string, at: Date, rest: object = {}): Record<string, unknown> {
  return {
    id,
    author: "urn:li:organization:7",
    commentary: "Report out",
    createdAt: at.getTime(),
    publishedAt: at.getTime(),
    lifecycleState: "PUBLISHED",
    distribution: {feedDistribution: "MAIN_FEED"},
    ...rest
  };
}

/** Statistics of a post that was shown so often and drew nothing. */
export function shown(impressions: number): Record<string, number> {
  return {
    impressionCount: impressions,
    uniqueImpressionsCount: impressions,
    clickCount: 0,
    likeCount: 0,
    commentCount: 0,
    shareCount: 0
  };
}

/** The texts of a list as a query holds it. */
export function textsIn(list: string | null | undefined): string[] {
  return /^List\((.*)\)$/.exec(list ?? "")?.[1]?.split(",") ?? [];
}

/** A listing of one page. */
export function pageOf(posts: object[]): object {
  return {elements: posts, paging: {start: 0, count: 100, links: []}};
}

/** Posts on a page, without reactions and each shown once; but for what is answered otherwise, by the path's tail. */
export function postsOn(posts: object[], answers: Record<string, Answer> = {}): Promise<Loopback> {
  const all: Record<string, Answer> = {
    posts: () => pageOf(posts),
    socialMetadata: url => ({
      results: Object.fromEntries(textsIn(url.searchParams.get("ids")).map(id => [id, {reactionSummaries: {}}]))
    }),
    organizationalEntityShareStatistics: url => ({
      elements: ["share", "ugcPost"].flatMap(type =>
        textsIn(url.searchParams.get(`${type}s`)).map(id => ({[type]: id, totalShareStatistics: shown(1)}))
      )
    }),
    videoAnalytics: () => ({elements: [{value: 3}]}),
    ...answers
  };
  return answerBy(url => all[url.pathname.split("/").at(-1)!]?.(url) ?? 404);
}

/** The elements of an answer as the sandbox gives it. */
export async function raw(sandbox: Sandbox, path: string): Promise<Record<string, unknown>[]> {
  const {baseUrl, auth} = sandbox.accounts[0]!;
  const answer = await fetch(`${baseUrl}${path}`, {
    headers: {
      authorization: `Bearer ${auth.token}`,
      "linkedin-version": linkedin.apiVersion,
      "x-restli-protocol-version": "2.0.0"
    }
  });
  return ((await answer.json()) as {elements: Record<string, unknown>[]}).elements;
}
