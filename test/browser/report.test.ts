/** The page in a real browser, from its file, without network or script. */
import {execFileSync} from "node:child_process";
import {accessSync, constants} from "node:fs";
import {join} from "node:path";
import {pathToFileURL} from "node:url";
import {describe, expect, it} from "vitest";
import {periodOf, readCharts, writeReport} from "../../reports/report.ts";
import {fifteenMonths, published} from "../reports/publish-fixture.ts";
import {folder} from "../warehouse/warehouse-fixture.ts";

const browser = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(path => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
});

// In CI a missing browser is a failure, elsewhere a reason to leave this out.
describe.skipIf(browser === undefined && !process.env.CI)("the report in a browser (needs Chromium)", () => {
  it("opens from its file and shows every chart", async () => {
    using place = folder();
    await using copy = await published(":memory:");
    await fifteenMonths(copy);
    const {index} = await writeReport({
      query: sql => copy.objects(sql),
      edition: "team",
      period: periodOf("all", {today: "2020-11-30", from: "2019-08-31", to: "2020-11-30"}),
      languages: ["en"],
      formats: ["html"],
      out: place.path
    });
    const profile = `--user-data-dir=${join(place.path, "profile")}`;
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", profile, "--dump-dom"];
    const dom = execFileSync(browser!, [...flags, pathToFileURL(index).href], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"]
    });
    expect(dom).toContain("<h1>");
    expect(dom.match(/<figure /g)).toHaveLength(readCharts().length);
    expect(dom.match(/<svg[^>]* role="img"/g)).toHaveLength(2 * readCharts().length);
  });
});
