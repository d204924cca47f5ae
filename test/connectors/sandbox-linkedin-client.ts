/** Raw requests to LinkedIn's sandbox, with the headers that it wants unless told otherwise. */
import {type Sandbox, type SandboxOptions, startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {ask, type Reply} from "./sandbox-client.ts";

export const organisation = "urn%3Ali%3Aorganization%3A990010480";

/** Headers to add; undefined leaves one out. */
export type Headers = Record<string, string | undefined>;

export interface Own {
  sandbox: Sandbox;
  /** Asks as the page's administrator. */
  page: (path: string, headers?: Headers, init?: RequestInit) => Promise<Reply>;
  /** Asks as the member. */
  member: (path: string, headers?: Headers, init?: RequestInit) => Promise<Reply>;
  /** A body of the page's, which must be 200. */
  body: <T>(path: string) => Promise<T>;
  [Symbol.asyncDispose]: () => Promise<void>;
}

/** Starts a sandbox whose accounts are LinkedIn's. */
export async function started(options: SandboxOptions = {}): Promise<Own> {
  const sandbox = await startSandbox({...options, only: ["linkedin"]});
  const asker =
    (token: string) =>
    (path: string, headers: Headers = {}, init: RequestInit = {}) =>
      ask(sandbox, path, given({authorization: `Bearer ${token}`, ...standard, ...headers}), init);
  const page = asker(sandbox.accounts[0]!.auth.token!);
  return {
    sandbox,
    page,
    member: asker(sandbox.otherAccounts[0]!.auth.token!),
    body: async <T>(path: string) => {
      const {status, text, body} = await page(path);
      if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
      return body as T;
    },
    [Symbol.asyncDispose]: () => sandbox.close()
  };
}

/** A list of URNs as protocol 2.0.0 writes it. */
export function list(urns: readonly string[]): string {
  return `List(${urns.map(encodeURIComponent).join(",")})`;
}

/** A stretch of time as protocol 2.0.0 writes it. */
export function intervals(start: string, end: string, granularity: string): string {
  return `(timeRange:(start:${Date.parse(start)},end:${Date.parse(end)}),timeGranularityType:${granularity})`;
}

const standard: Headers = {"linkedin-version": "202609", "x-restli-protocol-version": "2.0.0"};

function given(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  );
}
