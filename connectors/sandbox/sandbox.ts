/**
 * The platforms' APIs on loopback: one server, control routes, a log of requests, and the fault switches. A platform is
 * one more file of this folder that calls `platformSandbox` (`platform.ts`); nothing else names it.
 */
import {readdirSync} from "node:fs";
import {createServer, type IncomingMessage, type ServerResponse} from "node:http";
import type {AddressInfo} from "node:net";
import {extname} from "node:path";
import {
  type Answer,
  type Asked,
  type Fault,
  isPlatformSandbox,
  type Moment,
  type PlatformSandbox,
  type SandboxAccount
} from "./platform.ts";
import {sendWire, transportFaults, type Wire} from "./transport.ts";
import {demoNights} from "./world.ts";

/** Query parameters that carry secrets on one platform or another: their values stay out of the log of requests. */
const secretParameter = /^(access_token|refresh_token|input_token|appsecret_proof|client_secret|code|oauth_.*)$/;

const found = await findPlatforms();
const faults: Record<string, Fault> = Object.assign({}, transportFaults, ...found.map(({faults}) => faults));

/** The fault switches of a platform by name, with what each does: those of transport, then its own. */
export function faultsOf(platform: string): Record<string, string> {
  const own = found.find(one => one.platform === platform)?.faults;
  return Object.fromEntries(Object.entries({...transportFaults, ...own}).map(([name, {what}]) => [name, what]));
}

/** Every fault switch by name, with what it does; a platform's own as `platform:name`. */
export const faultNames: Readonly<Record<string, string>> = Object.fromEntries([
  ...Object.entries(transportFaults).map(([name, {what}]) => [name, what]),
  ...found.flatMap(({platform, faults}) =>
    Object.entries(faults).map(([name, {what}]) => [`${platform}:${name}`, what])
  )
]);

export interface LoggedRequest {
  /** ISO, of the real clock. */
  at: string;
  method: string;
  path: string;
  /** Without secrets. */
  query: Record<string, string>;
  /** As sent; 0 when the connection ended before. */
  status: number;
}

export interface SandboxOptions {
  /** Any free one unless told. */
  port?: number;
  /** Made-up posts an account instead of the demo's. */
  posts?: number;
  /** YYYY-MM-DD; the demo's last night unless told. */
  night?: string;
  /** `name`, or `platform:name` for one platform alone. */
  faults?: readonly string[];
  /** The platforms whose accounts are offered; all unless told. */
  only?: readonly string[];
}

export type OfferedAccount = SandboxAccount & {baseUrl: string};

export interface Sandbox {
  url: string;
  readonly night: string;
  /** The accounts that a configuration names. */
  accounts: OfferedAccount[];
  /** Accounts of further kinds, which the demo does without. */
  otherAccounts: OfferedAccount[];
  /** Moves the simulated clock to the end of a night. Throws RangeError when it is no date. */
  setNight: (night: string) => void;
  /** Replaces the faults that are switched on. Throws RangeError that names an unknown one. */
  setFaults: (names: readonly string[]) => void;
  /** Requests to platforms so far, oldest first; the control routes are not among them. */
  requests: () => LoggedRequest[];
  resetRequests: () => void;
  close: () => Promise<void>;
}

/** Starts the sandbox on loopback. Throws RangeError for an unknown fault or a night that is no date. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const switches = createSwitches();
  let night = dateOf(options.night ?? demoNights.last);
  switches.set(options.faults ?? []);
  const world = {posts: options.posts, firstNight: night};
  const platforms = new Map(found.map(({platform, open}) => [platform, open(world)]));
  const log: LoggedRequest[] = [];

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500, {"content-type": "text/plain"});
      response.end(String(error));
    });
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(`http://${request.headers.host ?? "127.0.0.1"}${request.url ?? "/"}`);
    const method = request.method ?? "GET";
    const text = method === "GET" ? "" : await bodyOf(request);
    if (url.pathname.startsWith("/_sandbox/")) return control(method, url.pathname, text, response);
    const name = url.pathname.split("/", 2)[1] ?? "";
    const query = Object.fromEntries([...url.searchParams].filter(([key]) => !secretParameter.test(key)));
    const entry: LoggedRequest = {at: new Date().toISOString(), method, path: url.pathname, query, status: 0};
    log.push(entry);
    const asked: Asked = {
      method,
      path: url.pathname.slice(name.length + 1),
      query: url.searchParams,
      headers: request.headers,
      form: new URLSearchParams(text),
      url
    };
    const strikes = switches.of(name);
    const moment: Moment = {night, now: Date.parse(`${night}T23:59:59Z`), strikes};
    const answer = platforms.get(name)?.(asked, moment) ?? {status: 404, body: `no platform is called ${name}`};
    if (answer.isLost) response.socket?.resetAndDestroy();
    else entry.status = await sendWire(wireOf(answer), asked, response, strikes);
  }

  function control(method: string, path: string, text: string, response: ServerResponse): void {
    const [status, body] = controlled(`${method} ${path.slice("/_sandbox/".length)}`, text);
    response.writeHead(status, {"content-type": "application/json"}).end(JSON.stringify(body));
  }

  function controlled(command: string, text: string): [status: number, body: unknown] {
    try {
      const given = JSON.parse(text || "{}") as {night?: string; faults?: string[]};
      if (command === "GET requests") return [200, log];
      if (command === "PUT night") night = dateOf(given.night ?? "");
      else if (command === "PUT faults") switches.set(given.faults ?? []);
      else return [404, {error: "PUT night, PUT faults or GET requests"}];
      return [200, {night, faults: switches.on()}];
    } catch (error) {
      return [400, {error: String(error)}];
    }
  }

  await new Promise<void>((done, fail) => {
    server.once("error", fail);
    server.listen(options.port ?? 0, "127.0.0.1", done);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const offered = found.filter(({platform}) => options.only === undefined || options.only.includes(platform));
  const at =
    (platform: string) =>
    (account: SandboxAccount): OfferedAccount => ({...account, baseUrl: `${url}/${platform}`});
  return {
    url,
    get night() {
      return night;
    },
    accounts: offered.flatMap(({accounts, platform}) => accounts.map(at(platform))),
    otherAccounts: offered.flatMap(({otherAccounts, platform}) => (otherAccounts ?? []).map(at(platform))),
    setNight(given) {
      night = dateOf(given);
    },
    setFaults: switches.set,
    requests: () => [...log],
    resetRequests() {
      log.length = 0;
    },
    close: () =>
      new Promise(done => {
        server.close(() => done());
        server.closeAllConnections();
      })
  };
}

/** The fault switches; one that strikes once goes off by itself. */
function createSwitches() {
  const on = new Set<string>();
  return {
    on: () => [...on],
    set(names: readonly string[]): void {
      const stranger = names.find(name => !isFault(name));
      if (stranger !== undefined) throw new RangeError(`no fault is called ${stranger}`);
      on.clear();
      for (const name of names) on.add(name);
    },
    of:
      (platform: string) =>
      (name: string): boolean => {
        const struck = [`${platform}:${name}`, name].find(given => on.has(given));
        if (struck !== undefined && faults[name]?.isOnce) on.delete(struck);
        return struck !== undefined;
      }
  };
}

/** Whether a fault is called so: `name`, or `platform:name` for one platform alone. */
export function isFault(given: string): boolean {
  const [name, platform] = given.split(":").reverse();
  return (name ?? "") in faults && (platform === undefined || found.some(one => one.platform === platform));
}

function wireOf({status, headers, body}: Answer): Wire {
  const isText = typeof body === "string";
  const type = isText ? "text/html; charset=utf-8" : "application/json; charset=utf-8";
  return {
    status,
    headers: {"content-type": type, ...headers},
    body: Buffer.from(isText ? body : JSON.stringify(body))
  };
}

function dateOf(text: string): string {
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));
  if (!isDate) throw new RangeError(`the night ${text} is no date; write YYYY-MM-DD`);
  return text;
}

async function findPlatforms(): Promise<PlatformSandbox[]> {
  const own = extname(import.meta.url);
  const all: PlatformSandbox[] = [];
  for (const file of readdirSync(new URL(".", import.meta.url)).sort()) {
    const address = new URL(file, import.meta.url).href;
    if (extname(file) !== own || file.endsWith(".d.ts") || address === import.meta.url) continue;
    const module: Record<string, unknown> = await import(address);
    for (const item of Object.values(module)) if (isPlatformSandbox(item)) all.push(item);
  }
  return all;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
