/** What faults of the Graph API leave of a night on both its platforms, and what no fault may show. */
import {inspect} from "node:util";
import {expect} from "vitest";
import {MegaphoneError} from "../../connectors/errors.ts";
import type {Extracted} from "../../connectors/extract.ts";
import type {Sandbox} from "../../connectors/sandbox/sandbox.ts";

/** The outcomes, stream by stream, of the faults that end alike. */
export function outcomesAlike(streams: readonly string[]): Record<string, string[]> {
  const all = (outcome: string): string[] => streams.map(() => outcome);
  const ended = streams.map(stream => (stream === "account" ? "AuthError" : "unread"));
  const harmless = [
    "http-500-once",
    "slow-body",
    "drip",
    "reset",
    "cut-body",
    "rate-limit",
    "transient-once",
    // The addresses of next pages are never read, their cursors are.
    "same-page-token",
    "foreign-next",
    "legacy-gone",
    "null-item",
    "too-much-data",
    "empty-insights",
    "duplicate-posts",
    "missing-posts",
    "one-more-like",
    "retired-metric"
  ];
  return {
    ...Object.fromEntries(harmless.map(fault => [fault, all("ok")])),
    "http-503-always": all("RetryableError"),
    "html-200": all("ShapeError"),
    "gzip-bomb": all("ShapeError"),
    "redirect-foreign": all("ShapeError"),
    "echo-token": all("ConfigError"),
    "rate-limit-account": all("RetryableError"),
    "token-expired": ended,
    "token-invalidated": ended
  };
}

/** Every error says in the name of its stream what is the matter and what to do, and the token is nowhere. */
export function expectTold(results: readonly Extracted[], sandbox: Sandbox, token: string): void {
  expect(inspect(results, {depth: null, maxStringLength: null, maxArrayLength: null})).not.toContain(token);
  expect(JSON.stringify(sandbox.requests())).not.toContain(token);
  for (const {stream, error} of results) {
    if (error === undefined) continue;
    expect(error).toBeInstanceOf(MegaphoneError);
    expect(error.message).toMatch(new RegExp(`^mandate ${stream}: .+; .+$`, "s"));
  }
}

/** The sizes of the pages that were asked for, by the tail of their path. */
export function pageSizes(sandbox: Sandbox, tail: string): (string | undefined)[] {
  return sandbox
    .requests()
    .filter(({path}) => path.endsWith(tail))
    .map(({query}) => query.limit);
}
