import {mkdtempSync, readdirSync, statSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import type {Context} from "../../pipelines/context.ts";
import type {Settings} from "../../pipelines/settings.ts";
import {readStatus, type Status, status, writeStatus} from "../../pipelines/status.ts";

const night: Status = {
  run: {
    run_id: "20201130T013000Z",
    command: "run",
    started_at: "2020-11-30T01:30:00.000Z",
    ended_at: "2020-11-30T01:34:10.000Z",
    exit_code: 3,
    summary: "210 posts read, 12 readings changed"
  },
  accounts: [
    {
      account: "ours",
      platform: "x",
      state: "ok",
      last_success_at: "2020-11-30T01:33:00.000Z",
      message: null,
      action: null
    },
    {
      account: "theirs",
      platform: "x",
      state: "failed",
      last_success_at: null,
      message: "theirs posts: the platform does not accept the token",
      action: "Make a new token in the developer portal and put it into .env as THEIR_TOKEN."
    }
  ],
  freshness: [
    {
      account_id: "x:1",
      stream: "posts",
      last_success_at: "2020-11-30T01:33:00.000Z",
      newest_data_on: "2020-11-29",
      is_stale: false
    },
    {
      account_id: "x:2",
      stream: "posts",
      last_success_at: "2020-11-20T01:33:00.000Z",
      newest_data_on: "2020-11-19",
      is_stale: true
    }
  ],
  rejected: 3,
  rejections: [{source: "posts.csv", reason: "no date", count: 3}],
  failed_checks: [
    {check_name: "unique grain", model: "mart.post", severity: "warn", failed_rows: 2, detail: "post_id occurs twice"}
  ],
  next_run_at: null
};

function folder(): string {
  return mkdtempSync(join(tmpdir(), "megaphone-status-"));
}

async function printed(dataDir: string, json: boolean): Promise<string> {
  let text = "";
  const context = {
    json,
    settings: async () => ({dataDir}) as Settings,
    stdout: (piece: string) => {
      text += piece;
    }
  } as unknown as Context;
  expect(await status(context)).toBe(0);
  return text;
}

describe("status", () => {
  it("is written whole, for its owner alone, and read back", () => {
    const dataDir = join(folder(), "data");
    writeStatus(dataDir, {...night, rejected: 0});
    writeStatus(dataDir, night);
    expect(readStatus(dataDir)).toEqual(night);
    expect(readdirSync(dataDir)).toEqual(["status.json"]);
    expect(statSync(join(dataDir, "status.json")).mode & 0o777).toBe(0o600);
  });

  it("says how the run went, account by account, and what to do", async () => {
    const dataDir = folder();
    writeStatus(dataDir, night);
    expect(await printed(dataDir, false)).toBe(`Last run    run, done in part
            began 2020-11-30 01:30 UTC, ended 2020-11-30 01:34 UTC
            210 posts read, 12 readings changed

Accounts
  ours (x): ok, last success 2020-11-30 01:33 UTC
  theirs (x): failed, last success never
      theirs posts: the platform does not accept the token
      → Make a new token in the developer portal and put it into .env as THEIR_TOKEN.

Stale
  x:2 posts: newest data 2020-11-19, last success 2020-11-20 01:33 UTC

Rejected    3
  posts.csv: no date (3)

Failed checks
  mart.post: unique grain (warn, rows: 2): post_id occurs twice

Next run    not scheduled
`);
  });

  it("is short when all is well, and tells a run under way", async () => {
    const dataDir = folder();
    writeStatus(dataDir, {
      ...night,
      run: {...night.run, ended_at: null, exit_code: null, summary: ""},
      accounts: [],
      freshness: [],
      rejected: 0,
      rejections: [],
      failed_checks: [],
      next_run_at: "2020-12-01T01:30:00Z"
    });
    expect(await printed(dataDir, false)).toBe(
      "Last run    run, under way\n            began 2020-11-30 01:30 UTC\n\nAccounts\n  none\n\nNext run    2020-12-01 01:30 UTC\n"
    );
  });

  it("is the file's own document as JSON", async () => {
    const dataDir = folder();
    writeStatus(dataDir, night);
    expect(JSON.parse(await printed(dataDir, true))).toEqual(night);
  });

  it("says so where nothing has run, and where the file is damaged", async () => {
    const dataDir = folder();
    expect(readStatus(dataDir)).toBeUndefined();
    await expect(printed(dataDir, false)).rejects.toThrow(
      `nothing has run yet in ${dataDir}; start with \`megaphone run\``
    );
    writeFileSync(join(dataDir, "status.json"), '{"run":');
    await expect(printed(dataDir, false)).rejects.toThrow("status.json is damaged; the next run writes it anew");
  });
});
