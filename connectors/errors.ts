/**
 * Errors named by what the caller must do, so that nothing has to inspect a message.
 *
 * A message reads `<account> <stream>: <fact>; <what to do>` and holds no query string, no token and no post text.
 */
import type {Missing} from "./connector.ts";

/** Any fault that is ours to name. */
export class MegaphoneError extends Error {
  /** HTTP requests that were sent before this error was raised; 0 when it did not come from a call. */
  readonly attempts: number;

  constructor(message: string, options: {cause?: unknown; attempts?: number} = {}) {
    super(message, options.cause === undefined ? undefined : {cause: options.cause});
    this.name = new.target.name;
    this.attempts = options.attempts ?? 0;
  }

  /** What is the matter, without who it happened to. */
  get fact(): string {
    const [head = ""] = this.message.split("; ");
    return head.slice(head.indexOf(": ") + 2);
  }

  /** What to do, in the message's words; null where it says nothing. */
  get action(): string | null {
    return this.message.split("; ").slice(1).join("; ") || null;
  }
}

/** The request or the settings are wrong: stop before anything else is touched. */
export class ConfigError extends MegaphoneError {}

/** The platform does not let this account in, or its credits are spent: stop the account, tell a person. */
export class AuthError extends MegaphoneError {}

/** An answer is not shaped as documented: stop the stream, leave its cursor where it is. */
export class ShapeError extends MegaphoneError {}

/** What was asked for is no longer there: note it, go on. */
export class GoneError extends MegaphoneError {
  /** Told by an HTTP status that speaks of the address: of a record only where the call names one. */
  readonly isOfAddress: boolean;

  constructor(message: string, options: {cause?: unknown; attempts?: number; isOfAddress?: boolean | undefined} = {}) {
    super(message, options);
    this.isOfAddress = options.isOfAddress ?? false;
  }
}

/** The platform no longer serves such calls, whatever they ask about: leave out what they give, go on. */
export class WithdrawnError extends MegaphoneError {}

/** A metric or field that was asked for is not offered: find which, leave it out, go on. */
export class MetricError extends MegaphoneError {}

/** A record has no such part: note why, go on. */
export class PartError extends MegaphoneError {
  readonly missing: Missing;

  constructor(message: string, options: {cause?: unknown; attempts?: number; missing?: Missing | undefined} = {}) {
    super(message, options);
    this.missing = options.missing ?? "not_offered";
  }
}

/** The answer would be too large: ask for less at once. */
export class SizeError extends MegaphoneError {}

/** A passing fault that outlasted its retries: stop the stream, read it again next night. */
export class RetryableError extends MegaphoneError {
  /** When the platform said that it will answer again, if it said so. */
  readonly resumeAt: Date | undefined;

  constructor(message: string, options: {cause?: unknown; attempts?: number; resumeAt?: Date | undefined} = {}) {
    super(message, options);
    this.resumeAt = options.resumeAt;
  }
}
