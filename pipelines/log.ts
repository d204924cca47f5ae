/**
 * The log: short lines for people on stderr, the same events as JSON lines in `data/logs/<run_id>.ndjson`.
 *
 * An event is a sentence and fields of fixed names. The scrubber sees each part, before quoting changes it, and the
 * whole line, so that a secret is found wherever it was spliced in.
 */
import {appendFileSync, mkdirSync} from "node:fs";
import {join} from "node:path";
import pino from "pino";

export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

/** The names that a field may have: counts, ids and states, never a record, a request or an answer. */
export type FieldName =
  | "account"
  | "action"
  | "attempts"
  | "calls"
  | "check"
  | "code"
  | "command"
  | "count"
  | "endpoint"
  | "exit_code"
  | "file"
  | "host"
  | "lang"
  | "model"
  | "night"
  | "path"
  | "period"
  | "pid"
  | "platform"
  | "port"
  | "reason"
  | "row"
  | "rows"
  | "run_id"
  | "seconds"
  | "stack"
  | "started_at"
  | "state"
  | "status"
  | "stream";

export type Fields = Partial<Record<FieldName, string | number | boolean | null | undefined>>;

export interface Log {
  debug: (message: string, fields?: Fields) => void;
  info: (message: string, fields?: Fields) => void;
  warn: (message: string, fields?: Fields) => void;
  error: (message: string, fields?: Fields) => void;
  /**
   * Shows what is going on in one line that the next replaces and an empty text removes; only on a terminal, and only
   * from the third second on.
   */
  progress: (text: string) => void;
  /** From now on events go to `<dataDir>/logs/<runId>.ndjson` too. */
  keep: (dataDir: string, runId: string) => void;
  /** From now on this value is replaced by `[secret]` in every line. */
  addSecret: (value: string) => void;
  /** The text with every known secret replaced, for what reaches people by another way. */
  scrub: (text: string) => string;
}

export interface LogOptions {
  level: LogLevel;
  /** Warnings and errors only on stderr; the file is kept in full. */
  quiet: boolean;
  stderr: (text: string) => void;
  isTerminal: boolean;
  now: () => Date;
  secrets?: string[];
}

/** Makes the log of one execution. */
export function createLog(options: LogOptions): Log {
  const {stderr, isTerminal, now} = options;
  const scrubber = createScrubber(options.secrets);
  const startedAt = now().getTime();
  let file: string | undefined;
  let progressIsShown = false;

  const logger = pino(
    {
      level: options.level,
      base: null,
      messageKey: "message",
      timestamp: () => `,"time":"${now().toISOString()}"`,
      formatters: {level: label => ({level: label})}
    },
    {
      write(line: string) {
        if (file) appendFileSync(file, scrubber.scrub(line), {mode: 0o600});
        const {level, time, message, ...fields} = JSON.parse(line) as Event;
        if (options.quiet && (level === "info" || level === "debug")) return;
        clearProgress();
        stderr(`${scrubber.scrub(isTerminal ? short(level, message, fields) : plain(level, time, message, fields))}\n`);
      }
    }
  );

  function clearProgress(): void {
    if (progressIsShown) stderr("\r\u001b[K");
    progressIsShown = false;
  }

  const at =
    (level: LogLevel) =>
    (message: string, fields: Fields = {}) => {
      const clean = Object.entries(fields).map(([name, value]) => [
        name,
        typeof value === "string" ? scrubber.scrub(value) : value
      ]);
      logger[level](Object.fromEntries(clean), scrubber.scrub(message));
    };

  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    progress(text) {
      if (text === "") return clearProgress();
      if (!isTerminal || options.quiet || now().getTime() - startedAt < 2000) return;
      stderr(`\r\u001b[K${scrubber.scrub(printable(text)).slice(0, 79)}`);
      progressIsShown = true;
    },
    keep(dataDir, runId) {
      const folder = join(dataDir, "logs");
      mkdirSync(folder, {recursive: true, mode: 0o700});
      file = join(folder, `${runId}.ndjson`);
    },
    addSecret: scrubber.add,
    scrub: scrubber.scrub
  };
}

type Event = {level: string; time: string; message: string} & Record<string, unknown>;

function short(level: string, message: string, fields: Record<string, unknown>): string {
  const prefix = level === "warn" ? "warning: " : level === "error" ? "error: " : "";
  return `${prefix}${lines(message)}${pairs(fields)}`;
}

function plain(level: string, time: string, message: string, fields: Record<string, unknown>): string {
  return `${time.slice(11, 19)} ${level.padEnd(5)} ${lines(message)}${pairs(fields)}`;
}

/** ` key=value` for each field; a value with blanks or quotes in it is written as JSON. */
function pairs(fields: Record<string, unknown>): string {
  return Object.entries(fields)
    .map(([key, value]) => {
      const text = String(value);
      return ` ${key}=${/[\s"=]/.test(text) ? printable(JSON.stringify(text)) : printable(text)}`;
    })
    .join("");
}

/** A message of several lines, such as an SQL error with its caret; the indent tells them from events. */
function lines(message: string): string {
  return message.split(/\r?\n/).map(printable).join("\n  ");
}

/** One line without control characters: a name in the data must not forge an event or move the cursor. */
function printable(text: string): string {
  return text.replaceAll(/\r?\n/g, "\\n").replaceAll(/\p{Cc}/gu, "\ufffd");
}

/** Replaces known secret values, in the forms that they take in URLs, headers and JSON. */
function createScrubber(secrets: string[] = []): {scrub: (text: string) => string; add: (value: string) => void} {
  let forms: string[] = [];
  const add = (value: string): void => {
    if (value.length < 6) return; // too short to be told from ordinary text
    forms = [...new Set([...forms, ...writtenForms(value)])].sort((a, b) => b.length - a.length);
  };
  secrets.forEach(add);
  return {add, scrub: text => forms.reduce((clean, form) => clean.replaceAll(form, "[secret]"), text)};
}

function writtenForms(secret: string): string[] {
  const encoded = encodeURIComponent(secret);
  const strict = encoded.replaceAll(/[!'()*]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const spellings = [secret, encoded, strict, encoded.replaceAll("%20", "+")];
  const escaped = JSON.stringify(secret).slice(1, -1);
  return [...spellings, ...[...new Set(spellings)].flatMap(base64Forms), escaped, JSON.stringify(escaped).slice(1, -1)];
}

/**
 * The characters that a text surely has inside base64, one form for each place it may start in a group of three bytes
 * (`key:secret` in a Basic header shifts it).
 */
function base64Forms(text: string): string[] {
  const bytes = Buffer.from(text);
  return [0, 1, 2].flatMap(shift => {
    const shifted = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
    const inside = shifted.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6));
    const standard = shift === 0 ? [shifted, inside] : [inside];
    return standard.flatMap(form => [form, form.replaceAll("+", "-").replaceAll("/", "_")]);
  });
}
