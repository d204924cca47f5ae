/** What a platform's sandbox declares; a file of this folder that calls `platformSandbox` is found by it. */
import type {IncomingMessage} from "node:http";

/** What is asked of a platform. */
export interface Asked {
  method: string;
  /** Without the platform's prefix. */
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage["headers"];
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
}

/** The state that a platform answers from. */
export interface State {
  /** The simulated now: the end of the night. */
  now: Date;
  night: string;
  /** Made-up posts an account instead of the demo's. */
  posts: number | undefined;
  faults: ReadonlySet<string>;
}

export interface SandboxAccount {
  platform: string;
  kind: string;
  id: string;
  name: string;
  aliases: string[];
  auth: Record<string, string>;
}

export interface PlatformSandbox {
  platform: string;
  accounts: SandboxAccount[];
  /** Faults in the platform's own words, beside those of transport. */
  faults: Record<string, string>;
  /** Answers a request; whatever it must remember (pages, tokens) lives in `memory`. */
  answer: (asked: Asked, state: State, memory: Map<string, unknown>) => Answer;
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
