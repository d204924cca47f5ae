import {it} from "vitest";
import {startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {folder} from "../warehouse/warehouse-fixture.ts";
import {closing, megaphone, userFolder} from "./megaphone.ts";

it("t", async () => {
  await using sandbox = await closing(startSandbox({night: "2020-06-20"}));
  using dir = folder();
  const cwd = userFolder(dir.path, sandbox, "report: {periods: []}\n");
  for (const faults of [[], ["token-expired"], ["permission-lost", "no-permission"], ["retired-metric"]]) {
    sandbox.setFaults(faults);
    sandbox.resetRequests();
    const r = await megaphone(cwd, ["check", "--as-of", "2020-06-20"]);
    console.log(
      faults.join(" "),
      r.code,
      r.stdout,
      r.stderr,
      sandbox
        .requests()
        .map(r => r.path + " " + r.status + JSON.stringify(r.query).slice(0, 150))
        .join("\n")
    );
  }
});
