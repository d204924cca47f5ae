/** Faults of transport, which befall every platform alike: each changes an answer, or the way it is sent. */
import type {ServerResponse} from "node:http";
import {setTimeout as wait} from "node:timers/promises";
import {gzipSync} from "node:zlib";
import type {Asked, Fault} from "./platform.ts";

/** An answer as it goes over the wire. */
export interface Wire {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

export interface TransportFault extends Fault {
  change?: (wire: Wire, asked: Asked) => Wire;
  send?: (wire: Wire, response: ServerResponse) => void | Promise<void>;
}

const bombBytes = 64 * 1024 * 1024;

let bomb: Buffer | undefined;

export const transportFaults: Record<string, TransportFault> = {
  "http-500-once": {what: "one answer is 500", isOnce: true, change: wire => ({...wire, status: 500, body: json({})})},
  "http-503-always": {
    what: "every answer is 503 with a page of HTML",
    change: wire => ({...wire, ...page(503, "Over capacity")})
  },
  "html-200": {
    what: "every answer is a page of HTML with status 200",
    change: wire => ({...wire, ...page(200, "Sign in")})
  },
  "bad-json": {
    what: "every body is JSON without its last character",
    change: wire => ({...wire, body: wire.body.subarray(0, -1)})
  },
  "gzip-bomb": {
    what: "every body inflates to 64 MB",
    change: wire => {
      bomb ??= gzipSync(Buffer.alloc(bombBytes, " "));
      return {...wire, headers: {...wire.headers, "content-encoding": "gzip"}, body: bomb};
    }
  },
  "redirect-foreign": {
    what: "every answer is a redirect to another host",
    change: wire => ({
      ...wire,
      status: 302,
      headers: {...wire.headers, location: "http://127.0.0.2:9/elsewhere"},
      body: Buffer.alloc(0)
    })
  },
  "echo-token": {
    what: "every answer is 400 and repeats the Authorization header, the query and the form of the request",
    change: (wire, asked) => {
      const detail = `${asked.headers.authorization} ${asked.url.search} ${asked.form}`;
      return {...wire, status: 400, body: json({title: "Invalid Request", detail, type: "about:blank"})};
    }
  },
  "slow-body": {
    what: "one body halts in the middle for a second and a half",
    isOnce: true,
    send: async (wire, response) => {
      head(wire, response);
      response.write(firstHalf(wire));
      await wait(1500);
      response.end(wire.body.subarray(firstHalf(wire).length));
    }
  },
  drip: {
    what: "one body comes at a byte every tenth of a second, longer than anyone should wait",
    isOnce: true,
    send: async (wire, response) => {
      head(wire, response);
      for (const byte of wire.body) {
        if (response.destroyed) return;
        response.write(Buffer.of(byte));
        await wait(100);
      }
      response.end();
    }
  },
  reset: {
    what: "one connection is reset before the answer",
    isOnce: true,
    send: (_, response) => {
      response.socket?.resetAndDestroy();
    }
  },
  "cut-body": {
    what: "one body ends in the middle of what its length announced",
    isOnce: true,
    send: (wire, response) => {
      head(wire, response);
      response.write(firstHalf(wire), () => response.destroy());
    }
  }
};

/** Sends the answer as the faults that strike leave it; returns the status sent, 0 when none was. */
export async function sendWire(
  wire: Wire,
  asked: Asked,
  response: ServerResponse,
  strikes: (fault: string) => boolean
): Promise<number> {
  const struck = Object.entries(transportFaults).filter(([name]) => strikes(name));
  const changed = struck.reduce((answer, [, fault]) => fault.change?.(answer, asked) ?? answer, wire);
  const send = struck.find(([, fault]) => fault.send !== undefined)?.[1].send;
  if (send === undefined) {
    head(changed, response);
    response.end(changed.body);
  } else await send(changed, response);
  return response.headersSent ? changed.status : 0;
}

function head({status, headers, body}: Wire, response: ServerResponse): void {
  response.writeHead(status, {...headers, "content-length": String(body.length)});
}

function firstHalf({body}: Wire): Buffer {
  return body.subarray(0, Math.floor(body.length / 2));
}

function json(body: unknown): Buffer {
  return Buffer.from(JSON.stringify(body));
}

function page(status: number, title: string): Wire {
  const body = Buffer.from(`<!doctype html><html><head><title>${title}</title></head><body>${title}</body></html>`);
  return {status, headers: {"content-type": "text/html; charset=utf-8"}, body};
}
