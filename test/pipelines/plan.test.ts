import {existsSync} from "node:fs";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {withLock} from "../../pipelines/lock.ts";
import {createLog} from "../../pipelines/log.ts";
import type {PlanRow} from "../../pipelines/plan.ts";
import {folder} from "../warehouse/warehouse-fixture.ts";
import {closing, lines, megaphone, query, userFolder} from "./megaphone.ts";

const asked = `select platform, stream, cast(sum(http_calls) as integer) as http_calls,
    cast(sum(counted_calls) as integer) as counted_calls
  from meta.request where run_id = (select max(run_id) from meta.run) group by all order by all`;

type Asked = Pick<PlanRow, "platform" | "stream" | "http_calls" | "counted_calls">;

function callsOf(rows: readonly PlanRow[]): Asked[] {
  return rows
    .map(({platform, stream, http_calls, counted_calls}) => ({platform, stream, http_calls, counted_calls}))
    .sort((a, b) => (`${a.platform} ${a.stream}` < `${b.platform} ${b.stream}` ? -1 : 1));
}

describe("a plan", () => {
  it.each([
    ["the demo", {}],
    ["a thousand posts", {posts: 1000}]
  ])("of %s is an upper bound before the first night, and exact before the second", async (_title, world) => {
    await using sandbox = await closing(startSandbox({night: "2020-06-20", ...world}));
    using dir = folder();
    const cwd = userFolder(dir.path, sandbox);

    const first = await megaphone(cwd, ["plan", "--json", "--as-of", "2020-06-20"]);
    expect(first).toMatchObject({code: 0, stderr: ""});
    expect(sandbox.requests()).toEqual([]);
    expect(existsSync(join(cwd, "data"))).toBe(false);
    expect((await megaphone(cwd, ["run", "--as-of", "2020-06-20"])).code).toBe(0);
    const before = callsOf(lines<PlanRow>(first));
    for (const row of await query<Asked>(cwd, asked)) {
      const planned = before.find(({platform, stream}) => platform === row.platform && stream === row.stream);
      expect(planned?.http_calls, `${row.platform} ${row.stream}`).toBeGreaterThanOrEqual(row.http_calls);
    }

    sandbox.setNight("2020-06-21");
    sandbox.resetRequests();
    const second = lines<PlanRow>(await megaphone(cwd, ["plan", "--json", "--as-of", "2020-06-21"]));
    expect(sandbox.requests()).toEqual([]);
    expect(second.filter(({bound}) => bound !== "exact")).toEqual([]);
    expect((await megaphone(cwd, ["run", "--as-of", "2020-06-21"])).code).toBe(0);
    expect(await query<Asked>(cwd, asked)).toEqual(callsOf(second));
  });
});
