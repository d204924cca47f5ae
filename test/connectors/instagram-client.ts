/** Raw requests to Instagram in a sandbox. */
import type {Sandbox, SandboxOptions} from "../../connectors/sandbox/sandbox.ts";
import {startedGraph} from "./graph-client.ts";
import type {Reply} from "./sandbox-client.ts";

export interface Own {
  sandbox: Sandbox;
  id: string;
  /** Sends a GET to v25.0, `{id}` being the account; the token is the account's unless another is given, or "" for none. */
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
  const client = await startedGraph("instagram", options);
  return {
    ...client,
    ask: (path, token) => client.ask(`/v25.0${path}`, token),
    async all<T>(path: string) {
      const pages = await client.pages<T>(path);
      return {items: pages.flatMap(({data}) => data), pages: pages.length};
    },
    async batch(paths) {
      const items = paths.map(path => ({method: "GET", relative_url: path.replaceAll("{id}", client.id)}));
      return (await client.batch(items)).body as ({code: number; body: string} | null)[];
    }
  };
}
