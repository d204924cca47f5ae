import {mkdtempSync, readFileSync, statSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {createLog, type LogOptions} from "../../pipelines/log.ts";

function recorded(options: Partial<LogOptions> = {}) {
  let text = "";
  const log = createLog({
    level: "info",
    quiet: false,
    isTerminal: false,
    now: () => new Date("2020-11-30T01:30:05.250Z"),
    stderr: piece => {
      text += piece;
    },
    ...options
  });
  return {log, text: () => text};
}

describe("log", () => {
  it("writes plain lines with time, level, message and fields", () => {
    const {log, text} = recorded();
    log.info("landed", {account: "ours", stream: "posts", rows: 12});
    log.warn("skipped", {reason: "no such id"});
    expect(text()).toBe(
      '01:30:05 info  landed account=ours stream=posts rows=12\n01:30:05 warn  skipped reason="no such id"\n'
    );
  });

  it("writes short lines on a terminal", () => {
    const {log, text} = recorded({isTerminal: true});
    log.info("landed", {rows: 12});
    log.error("failed");
    expect(text()).toBe("landed rows=12\nerror: failed\n");
  });

  it("keeps to its level, and to warnings when quiet", () => {
    const {log, text} = recorded({quiet: true, level: "debug"});
    log.debug("a");
    log.info("b");
    log.warn("c");
    expect(text()).toBe("01:30:05 warn  c\n");
    const info = recorded();
    info.log.debug("a");
    expect(info.text()).toBe("");
  });

  it("keeps the same events as JSON lines in a file that only its owner can read", () => {
    const dataDir = mkdtempSync(join(tmpdir(), "megaphone-log-"));
    const {log} = recorded({quiet: true});
    log.info("before");
    log.keep(dataDir, "run-1");
    log.info("landed", {rows: 12});
    const file = join(dataDir, "logs", "run-1.ndjson");
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({
      level: "info",
      time: "2020-11-30T01:30:05.250Z",
      message: "landed",
      rows: 12
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(dataDir, "logs")).mode & 0o777).toBe(0o700);
  });

  it("lets no text forge an event or steer the terminal", () => {
    const {log, text} = recorded();
    log.info("name\n01:30:05 error forged\u001b[2J", {file: "a\nb"});
    expect(text()).toBe('01:30:05 info  name\n  01:30:05 error forged\ufffd[2J file="a\\nb"\n');
  });

  it("shows progress on a terminal only, from the third second on, in one line", () => {
    let now = 0;
    const {log, text} = recorded({isTerminal: true, now: () => new Date(now)});
    log.progress("page 1");
    expect(text()).toBe("");
    now = 2500;
    log.progress("page 2");
    log.info("done");
    log.progress("page 3");
    log.progress("");
    expect(text()).toBe("\r\u001b[Kpage 2\r\u001b[Kdone\n\r\u001b[Kpage 3\r\u001b[K");
    const plain = recorded({now: () => new Date(now)});
    now = 9000;
    plain.log.progress("page 4");
    expect(plain.text()).toBe("");
  });
});

describe("log hides secrets", () => {
  const secret = 'canary+/ "Ω&key=\\1';
  const forms: [string, string][] = [
    ["plain", secret],
    ["URL-encoded", encodeURIComponent(secret)],
    ["as a form value", new URLSearchParams({a: secret}).toString().slice(2)],
    ["in base64", Buffer.from(secret).toString("base64")],
    ["in base64url", Buffer.from(secret).toString("base64url")],
    ["as JSON", JSON.stringify({a: secret})],
    ["as JSON in JSON", JSON.stringify({a: JSON.stringify({b: secret})})],
    ["inside a Basic header", Buffer.from(`client:${encodeURIComponent(secret)}`).toString("base64")],
    ["inside base64 at another offset", Buffer.from(`ab${secret}cd`).toString("base64")],
    ["inside an address", `https://example.org/?a=1&token=${encodeURIComponent(secret)}&b=2`]
  ];
  it.each(forms)("%s", (_name, form) => {
    const dataDir = mkdtempSync(join(tmpdir(), "megaphone-log-"));
    const {log, text} = recorded({secrets: [secret]});
    log.keep(dataDir, "run-1");
    log.error(`failed: ${form}`, {reason: form});
    const kept = readFileSync(join(dataDir, "logs", "run-1.ndjson"), "utf8");
    const bare = [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64").slice(4, -4)];
    for (const sink of [text(), kept, log.scrub(form)]) {
      expect(sink).toContain("[secret]");
      for (const part of [...bare, "canary"]) expect(sink).not.toContain(part);
    }
  });

  it("the longer of two first, so that no rest of it stays", () => {
    const {log, text} = recorded({secrets: ["canary", "canary-longer"]});
    log.info("a canary-longer b canary c");
    expect(text()).toBe("01:30:05 info  a [secret] b [secret] c\n");
  });

  it("that came later, and leaves short ones alone", () => {
    const {log, text} = recorded({secrets: ["abc"]});
    log.addSecret("rotated-canary");
    log.info("abc rotated-canary");
    expect(text()).toBe("01:30:05 info  abc [secret]\n");
  });
});
