/**
 * The platforms' APIs on loopback: one server, control routes, a log of requests, and the faults of transport that all
 * platforms share. A platform is one more file of this folder that calls `platformSandbox` (`platform.ts`).
 */
import {readdirSync} from "node:fs";
import {createServer, type IncomingMessage, type ServerResponse} from "node:http";
import type {AddressInfo} from "node:net";
import {extname} from "node:path";
import {gzipSync} from "node:zlib";
import {type Answer, type Asked, isPlatformSandbox, type PlatformSandbox, type SandboxAccount} from "./platform.ts";
import {demoNights} from "./world.ts";

/** Faults of transport, which befall every platform alike; those that say once strike one request each time switched on. */
const transportFaults: Record<string, string> = {
  "http-500-once": "one answer is 500",
  "http-503-always": "every answer is 503",
  "slow-once": "one answer takes a second and a half",
  "reset-once": "one connection is reset before the answer",
  "cut-body-once": "one body ends in the middle",
  "html-200": "every answer is an HTML page with status 200",
  "bad-json": "every body is broken JSON",
  "gzip-bomb": "every body inflates to 80 MB",
  "redirect-foreign": "every answer redirects to another host",
  "echo-token": "every answer is 400 and repeats the request's Authorization header and query"
};

const found = await findPlatforms();

/** Every fault by name, with what it does. */
export const faultNames: Readonly<Record<string, string>> = Object.assign(
  {},
  transportFaults,
  ...found.map(({faults}) => faults)
);

export interface LoggedRequest {
  at: string;
  method: string;
  path: string;
  query: Record<string, string>;
  status: number;
}

export interface Sandbox {
  url: string;
  accounts: (SandboxAccount & {baseUrl: string})[];
  setNight: (night: string) => void;
  setFaults: (names: readonly string[]) => void;
  requests: () => LoggedRequest[];
  resetRequests: () => void;
  close: () => Promise<void>;
}

/** Starts the sandbox on a loopback port (any free one unless told). */
export async function startSandbox(
  options: {port?: number; posts?: number; night?: string; faults?: readonly string[]} = {}
): Promise<Sandbox> {
  const log: LoggedRequest[] = [];
  const memories = new Map(found.map(({platform}) => [platform, new Map<string, unknown>()]));
  const once = new Set<string>();
  let night = options.night ?? demoNights.last;
  let faults = new Set(options.faults ?? []);
  const setFaults = (names: readonly string[]): void => {
    faults = new Set(names);
    once.clear();
  };

  const server = createServer((request, response) => {
    void serve(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", origin());
    const text = await bodyOf(request);
    if (url.pathname.startsWith("/_sandbox/")) return control(request.method ?? "GET", url.pathname, text, response);
    const [, name = ""] = url.pathname.split("/");
    const platform = found.find(candidate => candidate.platform === name);
    const entry: LoggedRequest = {
      at: new Date().toISOString(),
      method: request.method ?? "GET",
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      status: 0
    };
    log.push(entry);
    const state = {now: new Date(`${night}T23:59:59Z`), night, posts: options.posts, faults};
    const asked = {
      method: request.method ?? "GET",
      path: url.pathname.slice(name.length + 1),
      query: url.searchParams,
      headers: request.headers,
      form: new URLSearchParams(text),
      url
    };
    const answer =
      platform === undefined
        ? {status: 404, body: "no such platform"}
        : platform.answer(asked, state, memories.get(name)!);
    entry.status = answer.status;
    await send(answer, asked, response, entry);
  }

  /** The answer as the switched-on faults leave it. */
  async function send(answer: Answer, asked: Asked, response: ServerResponse, entry: LoggedRequest): Promise<void> {
    const strikes = (name: string): boolean => {
      if (!faults.has(name) || once.has(name)) return false;
      if (name.endsWith("-once")) once.add(name);
      return true;
    };
    const isText = typeof answer.body === "string";
    let status = answer.status;
    let body = Buffer.from(isText ? (answer.body as string) : JSON.stringify(answer.body));
    const headers: Record<string, string> = {
      "content-type": isText ? "text/html" : "application/json; charset=utf-8",
      ...answer.headers
    };
    if (strikes("reset-once")) {
      entry.status = 0;
      response.socket?.resetAndDestroy();
      return;
    }
    if (strikes("slow-once")) await new Promise(done => setTimeout(done, 1500));
    if (strikes("http-500-once")) [status, body] = [500, Buffer.from("{}")];
    if (strikes("http-503-always")) [status, body] = [503, Buffer.from("<html>busy</html>")];
    if (strikes("html-200")) [status, body] = [200, Buffer.from("<!doctype html><title>Sign in</title>")];
    if (strikes("bad-json")) body = Buffer.from(`${body.toString().slice(0, -1)},`);
    if (strikes("redirect-foreign")) [status, headers.location] = [302, "http://127.0.0.2:9/elsewhere"];
    if (strikes("echo-token")) {
      const echo = {
        title: "Invalid Request",
        detail: `${asked.headers.authorization} ${asked.url.search}`,
        type: "about:blank"
      };
      [status, body] = [400, Buffer.from(JSON.stringify(echo))];
    }
    if (strikes("gzip-bomb")) {
      headers["content-encoding"] = "gzip";
      body = gzipSync(Buffer.alloc(80 * 1024 * 1024, 32));
    }
    entry.status = status;
    if (strikes("cut-body-once")) {
      response.writeHead(status, {...headers, "content-length": String(body.length)});
      response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy());
      return;
    }
    response.writeHead(status, {...headers, "content-length": String(body.length)}).end(body);
  }

  function control(method: string, path: string, text: string, response: ServerResponse): void {
    const given = text === "" ? {} : (JSON.parse(text) as {night?: string; faults?: string[]});
    if (method === "PUT" && path === "/_sandbox/night" && given.night !== undefined) night = given.night;
    else if (method === "PUT" && path === "/_sandbox/faults" && given.faults !== undefined) setFaults(given.faults);
    else if (method !== "GET" || path !== "/_sandbox/requests") {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {"content-type": "application/json"}).end(JSON.stringify(method === "GET" ? log : given));
  }

  await new Promise<void>(done => server.listen(options.port ?? 0, "127.0.0.1", done));
  function origin(): string {
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  return {
    url: origin(),
    accounts: found.flatMap(({accounts, platform}) =>
      accounts.map(account => ({...account, baseUrl: `${origin()}/${platform}`}))
    ),
    setNight(given) {
      night = given;
    },
    setFaults,
    requests: () => [...log],
    resetRequests: () => log.splice(0),
    close: () =>
      new Promise(done => {
        server.closeAllConnections();
        server.close(() => done());
      })
  };
}

async function findPlatforms(): Promise<PlatformSandbox[]> {
  const own = extname(import.meta.url);
  const all: PlatformSandbox[] = [];
  const files = readdirSync(new URL(".", import.meta.url)).filter(
    file => extname(file) === own && !file.endsWith(".d.ts")
  );
  for (const file of files.sort()) {
    const address = new URL(file, import.meta.url).href;
    if (address === import.meta.url) continue;
    const module: Record<string, unknown> = await import(address);
    for (const item of Object.values(module)) {
      if (isPlatformSandbox(item)) all.push(item);
    }
  }
  return all;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
