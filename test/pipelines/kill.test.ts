import {mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {type Sandbox, startSandbox} from "../../connectors/sandbox/sandbox.ts";
import type {Status} from "../../pipelines/status.ts";
import {Warehouse} from "../../warehouse/warehouse.ts";
import {folder} from "../warehouse/warehouse-fixture.ts";
import {compiled} from "./compiled.ts";
import {contracted, marts} from "./marts.ts";
import {copyOf, ended, filesUnder, megaphone, query, start, userFolder} from "./megaphone.ts";

const program = compiled();
const killAt = join(program, "kill-at.js");
afterAll(() => rmSync(program, {recursive: true, force: true}));

/** Kills the process, as kill -9 does, just before the n-th call that matches: of a file, of the network or of DuckDB. */
writeFileSync(
  killAt,
  `import fs from "node:fs";
   import http from "node:http";
   import {syncBuiltinESMExports} from "node:module";
   import {DuckDBConnection} from "@duckdb/node-api";
   const sign = new RegExp(process.env.KILL_AT);
   let left = Number(process.env.KILL_NTH);
   const words = arg => (typeof arg === "string" ? arg.trim() : (arg?.path ?? ""));
   const watch = (owner, ...names) => {
     for (const name of names) {
       const call = owner[name];
       owner[name] = function (...args) {
         if (sign.test([name, ...args.map(words)].join(" ")) && --left === 0) process.kill(process.pid, "SIGKILL");
         return call.apply(this, args);
       };
     }
   };
   watch(fs, "openSync", "renameSync", "writeFileSync");
   watch(fs.promises, "open", "rename");
   watch(http, "request");
   watch(DuckDBConnection.prototype, "run", "runAndReadAll");
   syncBuiltinESMExports();`
);

/** Where a run is killed, and what it leaves then that it must not leave for good. */
const stages: Record<string, {sign: string; nth?: number; leaves?: RegExp; reports?: true}> = {
  extract: {sign: "^request .*/instagram/", nth: 3},
  "land, with files that are not acknowledged": {sign: "^rename .*/landing/", nth: 6, leaves: /^landing\/.*\.tmp$/},
  "land, with some accounts acknowledged": {sign: "^open .*/manifest", nth: 3},
  load: {sign: "^run insert into core.pending_post"},
  "inbox import": {sign: "^renameSync .*/inbox/done/"},
  transform: {sign: "^run (insert into|create or replace table) indicator.views"},
  check: {sign: "^runAndReadAll select .* as failed from", nth: 20},
  "publish, with a copy that is half made": {
    sign: "^run create table edition.mart.post_",
    leaves: /^published\/.*tmp$/
  },
  "publish, with one of two copies in place": {sign: "^renameSync .*/public.duckdb$", leaves: /^published\/.*tmp$/},
  "report, with the page taken away": {sign: "^renameSync .*building", leaves: /\.building\/|\.old\//, reports: true},
  status: {sign: "^renameSync .*/status.json", leaves: /^status\.json\./}
};

/** What may lie in a data folder once a run has ended. */
const settled = [
  /^landing\/(manifest|runs)\.ndjson$/,
  /^landing\/\w+\/\w+\/[\w-]+\.ndjson\.gz$/,
  /^logs\/[\w-]+\.ndjson$/,
  /^published\/(warehouse|public)\.duckdb$/,
  /^reports\/team\/[\w.-]+\/en\/(index\.html|(charts|tables)\/\w+\.(svg|png|csv))$/,
  /^(status\.json|warehouse\.duckdb)$/
];

const [before, night] = ["2019-10-19", "2019-10-20"];
const silent = "report: {periods: []}\n";

/** Two posts in a classic export of X, as it lies in the inbox. */
const header = "Tweet id,Tweet permalink,Tweet text,time,impressions,engagements,retweets,replies,likes";
const rows = ["1170000000000000000", "1172000000000000000"].map(
  id => `${id},https://twitter.com/IESOGI_demo/status/${id},Statement,2019-09-06 16:00 +0000,50.0,5.0,1.0,0.0,3.0`
);

let sandbox: Sandbox;
const home = folder();
const first = join(home.path, "first");
const whole = join(home.path, "whole");
let expected: Awaited<ReturnType<typeof state>>;

/** What a run has made of a user folder. */
async function state(cwd: string) {
  const data = join(cwd, "data");
  const {run} = JSON.parse(readFileSync(join(data, "status.json"), "utf8")) as Status;
  const editions = [];
  for (const name of ["warehouse", "public"]) {
    await using copy = await Warehouse.open(join(data, "published", `${name}.duckdb`), {readOnly: true});
    const isLast = `run_id = '${run.run_id}' as is_last`;
    editions.push(await copy.row(`select edition, as_of_on, ${isLast} from publish.edition`));
  }
  return {
    marts: await marts(join(data, "warehouse.duckdb")),
    editions,
    inbox: filesUnder(join(cwd, "inbox"))
  };
}

beforeAll(async () => {
  sandbox = await startSandbox({night: before});
  userFolder(first, sandbox, "report: {periods: [2019-09]}\n");
  expect(await megaphone(first, ["run", "--as-of", before])).toMatchObject({code: 0});
  mkdirSync(join(first, "inbox"));
  const file = join(first, "inbox", "tweet_activity_metrics.csv");
  writeFileSync(file, `${[header, ...rows].join("\n")}\n`);
  utimesSync(file, new Date(`${night}T08:00:00Z`), new Date(`${night}T08:00:00Z`));
  sandbox.setNight(night);
  copyOf(first, whole, silent);
  expect(await megaphone(whole, ["run", "--as-of", night])).toMatchObject({code: 0});
  expected = await state(whole);
}, 120_000);
afterAll(async () => {
  await sandbox.close();
  home[Symbol.dispose]();
});

describe("a run that is killed", () => {
  it("would have given what is compared: the marts of every platform, and two posts of the inbox", async () => {
    expect(expected.editions).toEqual(["team", "public"].map(edition => ({edition, as_of_on: night, is_last: true})));
    expect(expected.inbox).toEqual(["done/tweet_activity_metrics.csv"]);
    expect(Object.keys(expected.marts)).toEqual(expect.arrayContaining(contracted));
    expect(contracted.filter(name => expected.marts[name]!.startsWith("0 rows"))).toEqual([]);
    const read =
      "select platform, source, count(distinct post_id)::integer as posts from mart.post_metric group by all";
    const rows = await query<{platform: string; source: string; posts: number}>(whole, `${read} order by all`);
    expect(rows.map(({platform, source}) => `${platform} ${source}`)).toEqual([
      "facebook api",
      "instagram api",
      "linkedin api",
      "x api",
      "x export"
    ]);
    expect(rows.at(-1)!.posts).toBe(2);
  });

  it.each(Object.entries(stages))("in %s is taken up by the next", async (stage, {sign, nth = 1, ...more}) => {
    const cwd = copyOf(first, join(home.path, stage), more.reports ? undefined : silent);
    const data = join(cwd, "data");
    const earlier = filesUnder(join(data, "landing")).map(
      file => [file, readFileSync(join(data, "landing", file))] as const
    );
    const child = start(program, cwd, ["run", "--as-of", night], {
      env: {KILL_AT: sign, KILL_NTH: String(nth)},
      before: killAt
    });
    const {code, stderr} = await ended(child);
    expect([code, child.signalCode], stderr).toEqual([null, "SIGKILL"]);
    const left = filesUnder(data);
    expect(left).toContain("run.lock");
    if (more.leaves !== undefined) expect(left).toContainEqual(expect.stringMatching(more.leaves));

    expect(await megaphone(cwd, ["run", "--as-of", night])).toMatchObject({code: 0});
    expect(await state(cwd)).toEqual(expected);
    for (const [file, content] of earlier) {
      expect(
        readFileSync(join(data, "landing", file))
          .subarray(0, content.length)
          .equals(content),
        file
      ).toBe(true);
      if (file.endsWith(".gz")) expect(readFileSync(join(data, "landing", file)).length).toBe(content.length);
    }
    expect(filesUnder(data).filter(file => !settled.some(kind => kind.test(file)))).toEqual([]);
    expect(readdirSync(data).sort()).toEqual(readdirSync(join(whole, "data")).sort());
  });
});
