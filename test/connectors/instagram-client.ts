/** Raw requests to Instagram in a sandbox, and the account that they are about. */
import {tokens} from "../../connectors/sandbox/instagram.ts";
import {type Sandbox, type SandboxOptions, startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {ask, form, type Reply} from "./sandbox-client.ts";

export const version = "/v25.0";

export interface Own {
  sandbox: Sandbox;
  id: string;
  /** Sends a GET below the version, `{id}` being the account, with a token in the query unless told otherwise. */
  ask: (path: string, token?: string) => Promise<Reply>;
  /** The body of an answer that must be 200. */
  read: <T>(path: string) => Promise<T>;
  /** Every item of a listing, by the addresses of the next pages. */
  all: <T>(path: string) => Promise<{items: T[]; pages: number}>;
  batch: (paths: string[]) => Promise<({code: number; body: string} | null)[]>;
  [Symbol.asyncDispose]: () => Promise<void>;
}

/** A sandbox with Instagram's account alone. */
export async function started(options: SandboxOptions = {}): Promise<Own> {
  const sandbox = await startSandbox({...options, only: ["instagram"]});
  const {id, baseUrl} = sandbox.accounts[0]!;
  const send = (path: string, token = tokens.user.secret): Promise<Reply> => {
    const query = token === "" ? "" : `${path.includes("?") ? "&" : "?"}access_token=${token}`;
    return ask(sandbox, `${version}${path.replaceAll("{id}", id)}${query}`, "nobody");
  };
  const checked = <T>({status, body, text}: Reply): T => {
    if (status !== 200) throw new Error(`${status}: ${text}`);
    return body as T;
  };
  return {
    sandbox,
    id,
    ask: send,
    read: async path => checked(await send(path)),
    async all<T>(path: string) {
      const items: T[] = [];
      let pages = 0;
      let body = checked<{data: T[]; paging?: {next?: string}}>(await send(path));
      for (;;) {
        items.push(...body.data);
        pages += 1;
        const next = body.paging?.next;
        if (next === undefined) return {items, pages};
        body = checked(await ask(sandbox, next.slice(baseUrl.length), "nobody"));
      }
    },
    async batch(paths) {
      const items = paths.map(path => ({method: "GET", relative_url: path.replaceAll("{id}", id)}));
      const request = form({access_token: tokens.user.secret, batch: JSON.stringify(items)});
      return checked(await ask(sandbox, `${version}/`, "nobody", request));
    },
    [Symbol.asyncDispose]: () => sandbox.close()
  };
}
