/** Hand-written servers on loopback, and clients whose waiting is written down instead of spent. */
import {mkdtempSync, rmSync} from "node:fs";
import {createServer, type IncomingMessage, type ServerResponse} from "node:http";
import type {AddressInfo} from "node:net";
import {tmpdir} from "node:os";
import {join} from "node:path";
import type {Account} from "../../connectors/connector.ts";
import {openCredentials} from "../../connectors/credentials.ts";
import {createHttp, type Http, type HttpEffects, type HttpOptions} from "../../connectors/http.ts";
import {x} from "../../connectors/x.ts";

export interface Loopback {
  url: string;
  /** Method, address and form of each request, in order. */
  requests: {method: string; url: string; form: string}[];
  [Symbol.asyncDispose]: () => Promise<void>;
}

/** A server that answers with `handle`, which is told how many requests came before. */
export async function serve(
  handle: (response: ServerResponse, index: number, request: IncomingMessage) => void
): Promise<Loopback> {
  const requests: Loopback["requests"] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      requests.push({
        method: request.method ?? "",
        url: request.url ?? "",
        form: Buffer.concat(chunks).toString()
      });
      handle(response, requests.length - 1, request);
    });
  });
  await new Promise<void>(done => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    [Symbol.asyncDispose]: () =>
      new Promise(done => {
        server.close(() => done());
        server.closeAllConnections();
      })
  };
}

/** A folder that is removed when it goes out of scope. */
export function folder(): {path: string; [Symbol.dispose]: () => void} {
  const path = mkdtempSync(join(tmpdir(), "megaphone-"));
  return {path, [Symbol.dispose]: () => rmSync(path, {recursive: true, force: true})};
}

export function sendJson(response: ServerResponse, status: number, body: unknown, headers: object = {}): void {
  response.writeHead(status, {"content-type": "application/json", ...headers}).end(JSON.stringify(body));
}

export function accountAt(baseUrl: string, auth: Record<string, string>, id = "7"): Account {
  return {platform: "x", kind: "page", id, aliases: [], name: "mandate", apiVersion: "2", baseUrl, auth};
}

/** Effects that write their sleeps down, and let the clock go on by them. */
export function recorded(random = 0): HttpEffects & {sleeps: number[]} {
  const sleeps: number[] = [];
  let slept = 0;
  return {
    sleeps,
    now: () => Date.now() + slept,
    random: () => random,
    sleep: async ms => {
      sleeps.push(ms);
      slept += ms;
    }
  };
}

/** A client of X whose credentials, if it needs any, are kept in `folder`. */
export function client(
  account: Account,
  effects: HttpEffects,
  options: Partial<HttpOptions> = {},
  folder = "/nonexistent"
): Http {
  const credentials = openCredentials(join(folder, "credentials.json"));
  return createHttp({connector: x, account, credentials, ...options}, effects);
}
