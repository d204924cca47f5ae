/** Raw requests to a platform of the Graph API in a sandbox. */
import {type Sandbox, type SandboxOptions, startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {ask, form, type Reply} from "./sandbox-client.ts";

export interface GraphClient {
  sandbox: Sandbox;
  /** The account's. */
  id: string;
  /**
   * Sends a request below the platform's prefix, `{id}` being the account where a value begins. The token stands in the
   * query: the account's own, unless another is given, or "" for none.
   */
  ask: (path: string, token?: string, init?: RequestInit) => Promise<Reply>;
  /** The body of an answer of v25.0 that must be 200. */
  read: <T>(path: string) => Promise<T>;
  /** Every page of a listing of v25.0, by the addresses of the next ones. */
  pages: <T>(path: string) => Promise<Page<T>[]>;
  batch: (items: readonly object[], more?: Record<string, string>) => Promise<Reply>;
  [Symbol.asyncDispose]: () => Promise<void>;
}

export interface Page<T> {
  data: T[];
  paging?: {cursors?: {before: string; after: string}; next?: string; previous?: string};
}

/** A sandbox with the account of one platform alone. */
export async function startedGraph(platform: string, options: SandboxOptions = {}): Promise<GraphClient> {
  const sandbox = await startSandbox({...options, only: [platform]});
  const {id, baseUrl, auth} = sandbox.accounts[0]!;
  const send = (path: string, token = auth.token!, init: RequestInit = {}): Promise<Reply> => {
    const query = token === "" ? "" : `${path.includes("?") ? "&" : "?"}access_token=${token}`;
    return ask(sandbox, `${path.replace(/(?<=[/=,])\{id\}/g, id)}${query}`, {}, init);
  };
  const checked = <T>({status, body, text}: Reply): T => {
    if (status !== 200) throw new Error(`${status}: ${text}`);
    return body as T;
  };
  return {
    sandbox,
    id,
    ask: send,
    read: async path => checked(await send(`/v25.0${path}`)),
    async pages<T>(path: string) {
      const pages = [checked<Page<T>>(await send(`/v25.0${path}`))];
      for (;;) {
        const next = pages.at(-1)!.paging?.next;
        if (next === undefined) return pages;
        pages.push(checked(await ask(sandbox, next.slice(baseUrl.length), {})));
      }
    },
    batch: (items, more = {}) =>
      send("/v25.0/", "", form({access_token: auth.token!, batch: JSON.stringify(items), ...more})),
    [Symbol.asyncDispose]: () => sandbox.close()
  };
}
