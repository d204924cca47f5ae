import {spawnSync} from "node:child_process";
import {appendFileSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {afterAll, describe, expect, it} from "vitest";
import {appendLine, Landing, wholeLines} from "../../warehouse/landing.ts";
import {compiled} from "../pipelines/compiled.ts";
import {folder} from "./warehouse-fixture.ts";

const program = compiled();
afterAll(() => rmSync(program, {recursive: true, force: true}));

/** Runs a script where a file may have 8 KiB: the write that goes beyond gets a part onto the disk. */
function onSmallDisk(script: string): string[] {
  const {stdout, stderr, status} = spawnSync(
    "bash",
    ["-c", 'ulimit -f 8; exec "$0" --input-type=module -e "$1"', process.execPath, script],
    {encoding: "utf8"}
  );
  expect(status, stderr).toBe(0);
  return stdout.trim().split("\n");
}

const landingModule = JSON.stringify(join(program, "warehouse", "landing.js"));

describe("a disk that takes a part of a write", () => {
  it("acknowledges no file whose line in the manifest is not whole", () => {
    using dir = folder();
    const said = onSmallDisk(`
      import {Landing} from ${landingModule};
      const landing = Landing.open(${JSON.stringify(dir.path)});
      const account = {account_id: "x:1", platform: "x", platform_account_id: "1", name: "ours", kind: "page", handle: null};
      const facts = {run_id: "r", platform: "x", stream: "posts", source: "api", account, cursor: null,
        captured_at: "2026-06-01T01:30:00.000Z", captured_on: "2026-06-01", covers_from: "2026-06-01", covers_to: "2026-06-01"};
      let n = 0;
      try {
        for (; n < 100; n++) await landing.append([{batch: facts, records: []}], new Date(0));
      } catch (error) {
        console.log(error.code);
      }
      console.log(n);`);
    const acknowledged = Landing.open(dir.path).lines.length;
    expect(acknowledged).toBeGreaterThan(5);
    expect(said).toEqual(["EFBIG", String(acknowledged)]);
  });

  it("says so of a line that is appended to the history of runs", () => {
    using dir = folder();
    const path = join(dir.path, "runs.ndjson");
    const said = onSmallDisk(`
      import {appendLine} from ${landingModule};
      try {
        appendLine(${JSON.stringify(path)}, {text: "a".repeat(10_000)});
      } catch (error) {
        console.log(error.code);
      }`);
    expect(said).toEqual(["EFBIG"]);
    expect(readFileSync(path)).toHaveLength(8192);
  });
});

describe("a torn last line", () => {
  it("is cut off, whatever it ends with, so that the next line stands by itself", () => {
    using dir = folder();
    const path = join(dir.path, "runs.ndjson");
    expect(wholeLines(path)).toEqual([]);
    writeFileSync(path, '{"run_id":"ü"}\n{"run_id":"b","requests":[{"http_calls":1}');
    expect(wholeLines(path)).toEqual(['{"run_id":"ü"}']);
    appendLine(path, {run_id: "c"});
    expect(wholeLines(path)).toEqual(['{"run_id":"ü"}', '{"run_id":"c"}']);
    appendFileSync(path, "{");
    expect(wholeLines(path)).toHaveLength(2);
  });
});
