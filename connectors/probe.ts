/** What `check` asks a platform: the fewest calls that show what an access gives, and what is said of the token itself. */
import type {Access, Account, Connector} from "./connector.ts";
import {shaped} from "./extract.ts";
import {createHttp, errorOf, type HttpOptions} from "./http.ts";
import {grouped, type PlannedCall} from "./plan.ts";

/**
 * The plan of a first night cut down to what shows a refusal: each snapshot, one stretch of a series, a page of each
 * listing as small as may be, and one post that no listing gives.
 */
export function probes(connector: Connector, firstNight: readonly PlannedCall[]): PlannedCall[] {
  return [...grouped(firstNight, ({stream}) => stream)].flatMap(([name, calls]) => {
    const {lists = [], isUnlisted} = connector.streams[name]!;
    const smallest = lists.flatMap(({smallest = 1}, index) => {
      const newest = calls.find(({how, listing}) => how === "list" && listing === index);
      return newest === undefined ? [] : [{...newest, ask: {...newest.ask, size: smallest}, pages: 1}];
    });
    return [
      ...calls.filter(({how}) => how === "snapshot"),
      ...calls.filter(({how}) => how === "series").slice(-1),
      ...smallest,
      ...calls
        .filter(({how}) => how === "part" && isUnlisted)
        .map(call => ({...call, ask: {...call.ask, ids: call.ask.ids!.slice(0, 1)}}))
    ];
  });
}

/** What a platform said of a token, and the calls that it took. */
export interface ToldAccess {
  access: Access;
  httpCalls: number;
}

/** Asks the platform about an account's token; undefined where it has no call for it that the account may make. */
export async function readAccess(options: HttpOptions): Promise<ToldAccess | undefined> {
  const {connector, account} = options;
  const {access} = connector;
  const request = access?.request(account);
  if (access === undefined || request === undefined) return undefined;
  const http = createHttp({...options, connector: {...connector, baseUrl: access.baseUrl ?? connector.baseUrl}});
  const sent = access.isBatched ? connector.batch!.pack([request]) : request;
  const {body, attempts} = await http.send(sent, {stream: "token"});
  const answer = access.isBatched ? onlyItem(connector, account, body) : body;
  return {access: access.access(shaped(access.answer, answer, `${account.name} token`)), httpCalls: attempts};
}

function onlyItem(connector: Connector, account: Account, body: unknown): unknown {
  const {status, body: answer} = connector.batch!.unpack(body)[0] ?? {status: 500, body: undefined};
  const error = errorOf(connector, `${account.name} token`, status, answer);
  if (error !== undefined) throw error;
  return answer;
}
