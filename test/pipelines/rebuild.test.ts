import {rmSync} from "node:fs";
import {join} from "node:path";
import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {type Sandbox, startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {folder} from "../warehouse/warehouse-fixture.ts";
import {compiled} from "./compiled.ts";
import {contracted, marts} from "./marts.ts";
import {copyOf, ended, megaphone, query, start, userFolder} from "./megaphone.ts";

const program = compiled();
afterAll(() => rmSync(program, {recursive: true, force: true}));

const [before, night] = ["2020-06-19", "2020-06-20"];
const home = folder();
const nightly = join(home.path, "nightly");
const martsOf = (cwd: string) => marts(join(cwd, "data", "warehouse.duckdb"));

let sandbox: Sandbox;
let expected: Record<string, string>;
beforeAll(async () => {
  sandbox = await startSandbox({night: before});
  userFolder(nightly, sandbox, "report: {periods: []}\n");
  expect(await megaphone(nightly, ["run", "--as-of", before])).toMatchObject({code: 0});
  copyOf(nightly, join(home.path, "first"));
  sandbox.setNight(night);
  expect(await megaphone(nightly, ["run", "--as-of", night])).toMatchObject({code: 0});
  expected = await martsOf(nightly);
}, 120_000);
afterAll(async () => {
  await sandbox.close();
  home[Symbol.dispose]();
});

describe("the marts of two nights", () => {
  it("are those of the contract, with rows of every platform", async () => {
    expect(Object.keys(expected)).toEqual(expect.arrayContaining(contracted));
    expect(contracted.filter(name => expected[name]!.startsWith("0 rows"))).toEqual([]);
    for (const name of ["mart.account", "mart.account_metric", "mart.post_metric", "indicator.value"]) {
      const rows = await query(nightly, `select distinct platform from ${name} where platform is not null order by 1`);
      expect(rows, name).toEqual(["facebook", "instagram", "linkedin", "x"].map(platform => ({platform})));
    }
  });

  it.each(["UTC", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Auckland"])(
    "are the same when the second is read and all is rebuilt on a machine in the zone %s",
    async TZ => {
      const cwd = copyOf(join(home.path, "first"), join(home.path, TZ));
      expect(await ended(start(program, cwd, ["run", "--as-of", night], {env: {TZ}}))).toMatchObject({code: 0});
      expect(await martsOf(cwd)).toEqual(expected);
      expect(await ended(start(program, cwd, ["rebuild"], {env: {TZ}}))).toMatchObject({code: 0});
      expect(await martsOf(cwd)).toEqual(expected);
    }
  );

  it("are the same when the second is read again, also into a warehouse that was lost", async () => {
    const cwd = copyOf(nightly, join(home.path, "again"));
    expect(await megaphone(cwd, ["run", "--as-of", night])).toMatchObject({code: 0});
    expect(await martsOf(cwd)).toEqual(expected);
    rmSync(join(cwd, "data", "warehouse.duckdb"));
    expect(await megaphone(cwd, ["run", "--as-of", night])).toMatchObject({code: 0});
    expect(await martsOf(cwd)).toEqual(expected);
  });
});
