import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {Warehouse} from "../../warehouse/warehouse.ts";
import {folder} from "../warehouse/warehouse-fixture.ts";
import {megaphone, userFolder} from "./megaphone.ts";

const open = (dir: string) =>
  Warehouse.open(join(dir, "data", "published", "warehouse.duckdb"), {readOnly: true, locked: true});

/** The definitions of a platform that ended with the second night. */
const ended = (platform: string): string =>
  `select metric, valid_to from publish.metric_definition
   where platform = '${platform}' and valid_to >= date '2020-06-28' order by metric`;

async function expectBreak(dir: string, platform: string, metric: string, day: string): Promise<void> {
  await using copy = await open(dir);
  expect(await copy.rows(ended(platform))).toEqual(
    [metric, day].sort().map(name => ({metric: name, valid_to: "2020-06-28"}))
  );
  // Posts that were read in both nights; some have no insights at all.
  const readings = await copy.rows(
    `select captured_on, status, value is null as is_null, definition_id
         from mart.post_metric where metric = '${metric}' and kind is null
         qualify count(value) over (partition by post_id) > 0 and count(*) over (partition by post_id) > 1`
  );
  expect(readings.length).toBeGreaterThan(0);
  for (const row of readings) {
    expect(row).toEqual(
      row.captured_on === "2020-06-28"
        ? {captured_on: "2020-06-28", status: "ok", is_null: false, definition_id: `${platform}:${metric}`}
        : {captured_on: "2020-06-29", status: "not_offered", is_null: true, definition_id: null}
    );
  }
  const days = await copy.rows(
    `select on_date > date '2020-06-28' as is_after, status, max(value) > 0 as has_value, count(*)::integer as n
         from mart.account_metric where metric = '${day}' group by all order by all`
  );
  expect(days).toEqual([
    {is_after: false, status: "ok", has_value: true, n: expect.any(Number)},
    {is_after: true, status: "not_offered", has_value: null, n: 1}
  ]);
}

describe.each([
  {platform: "facebook", metric: "clicks", day: "page_views"},
  {platform: "instagram", metric: "saves", day: "accounts_engaged"}
])("a metric that $platform retires between two nights", ({platform, metric, day}) => {
  it("ends its definition; what was read is kept, and what follows is not offered and never 0, until it is given again", async () => {
    const sandbox = await startSandbox({night: "2020-06-28", only: [platform]});
    try {
      using dir = folder();
      const cwd = userFolder(dir.path, sandbox);
      expect(await megaphone(cwd, ["run", "--as-of", "2020-06-28"])).toMatchObject({code: 0});
      sandbox.setFaults([`${platform}:retired-metric`]);
      sandbox.setNight("2020-06-29");
      expect(await megaphone(cwd, ["run", "--as-of", "2020-06-29"])).toMatchObject({code: 0});
      await expectBreak(dir.path, platform, metric, day);

      // After its quarantine the metric is asked for again, and this time it is given.
      sandbox.setFaults([]);
      sandbox.setNight("2020-07-29");
      expect(await megaphone(cwd, ["run", "--as-of", "2020-07-29"])).toMatchObject({code: 0});
      await using later = await open(dir.path);
      expect(await later.rows(ended(platform))).toEqual([]);
    } finally {
      await sandbox.close();
    }
  });
});

describe("a series that LinkedIn withdraws between two nights", () => {
  it("is no failure: the night says so once, its definition ends, and its days are kept", async () => {
    const sandbox = await startSandbox({night: "2020-06-28", only: ["linkedin"]});
    try {
      using dir = folder();
      const cwd = userFolder(dir.path, sandbox);
      const run = (night: string) => {
        sandbox.setNight(night);
        return megaphone(cwd, ["run", "--as-of", night]);
      };
      const told = /page_views: the platform does not offer allPageViews; it is asked for again after 30 days/;
      expect(await run("2020-06-28")).toMatchObject({code: 0, stderr: expect.not.stringMatching(told)});
      sandbox.setFaults(["retired-metric"]);
      expect(await run("2020-06-29")).toMatchObject({code: 0, stderr: expect.stringMatching(told)});
      expect(await run("2020-06-30")).toMatchObject({code: 0, stderr: expect.not.stringMatching(told)});
      await using copy = await open(dir.path);
      expect(await copy.rows(ended("linkedin"))).toEqual([{metric: "page_views", valid_to: "2020-06-28"}]);
      const days = await copy.rows("select max(on_date) as last from mart.account_metric where metric = 'page_views'");
      expect(days).toEqual([{last: "2020-06-27"}]);
    } finally {
      await sandbox.close();
    }
  });
});
