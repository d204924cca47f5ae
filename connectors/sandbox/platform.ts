/** What a platform's sandbox declares; a file of this folder that calls `platformSandbox` is found by it. */
import type {IncomingHttpHeaders} from "node:http";

/** What is asked of a platform. */
export interface Asked {
  method: string;
  /** Without the platform's prefix. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** A form body, empty for other requests. */
  form: URLSearchParams;
  /** The whole address as the client wrote it, for signatures. */
  url: URL;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  /** JSON, or text as it stands. */
  body: unknown;
  /** The work is done, but the connection breaks before the client learns of it. */
  isLost?: boolean;
}

/** The world that a sandbox was started with. */
export interface World {
  /** Made-up posts an account instead of the demo's. */
  posts: number | undefined;
  /** The night on which it was started, at whose end the made-up posts end too. */
  firstNight: string;
}

/** What holds at the moment of a request. */
export interface Moment {
  night: string;
  /** The simulated now: the end of the night, 23:59:59 UTC. */
  now: number;
  /** Whether a fault strikes this request; one that strikes once is spent by it. */
  strikes: (fault: string) => boolean;
}

/** A fault switch. */
export interface Fault {
  /** What it does, as a line of documentation. */
  what: string;
  /** It strikes one request each time it is switched on. */
  isOnce?: boolean;
}

export interface SandboxAccount {
  platform: string;
  kind: string;
  id: string;
  name: string;
  aliases: string[];
  /** The keys and values of `auth` that the platform's default way of authentication takes. */
  auth: Record<string, string>;
  /** The other ways, by name. */
  otherAuth: Record<string, Record<string, string>>;
}

export interface PlatformSandbox {
  platform: string;
  /** The demo's. */
  accounts: SandboxAccount[];
  /** Of further kinds, which the demo does without. */
  otherAccounts?: SandboxAccount[];
  /** Faults in the platform's own words, beside those of transport; platforms may share a name. */
  faults: Record<string, Fault>;
  /** Opens the platform on a world; what it must remember (pages, tokens, limits) lives in what is returned. */
  open: (world: World) => (asked: Asked, moment: Moment) => Answer;
}

const platforms = new WeakSet<object>();

/** Marks a declaration as a platform's sandbox, so that the folder's reader finds it. */
export function platformSandbox(declaration: PlatformSandbox): PlatformSandbox {
  platforms.add(declaration);
  return declaration;
}

/** Whether a module's export was made by `platformSandbox()`. */
export function isPlatformSandbox(value: unknown): value is PlatformSandbox {
  return typeof value === "object" && value !== null && platforms.has(value);
}
