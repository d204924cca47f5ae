/** `report`: writes reports from the published copy alone. */
import {existsSync} from "node:fs";
import {join} from "node:path";
import {ConfigError, MegaphoneError} from "../connectors/errors.ts";
import {PeriodError, readLanguages} from "../reports/report.ts";
import type {Context, ReportOptions} from "./context.ts";
import {report as write} from "./finish.ts";

const formats = ["html", "svg", "png", "csv"] as const;

export async function report(context: Context, options: ReportOptions): Promise<number> {
  const settings = await context.settings({required: false, secrets: false});
  if (!existsSync(join(settings.dataDir, "published", "warehouse.duckdb"))) {
    throw new MegaphoneError("nothing is published yet; run `megaphone run` or `megaphone import` first");
  }
  if (options.edition !== "team")
    throw new ConfigError("--edition public: reports of the public edition are not made yet; use team");
  if (options.campaign !== undefined) throw new ConfigError("--campaign: no campaign is registered yet");
  const chosen = options.format.map(format => {
    const known = formats.find(name => name === format);
    if (known === undefined) throw new ConfigError(`--format ${format}: expected ${formats.join(", ")}`);
    return known;
  });
  const languages = readLanguages();
  const tongues = options.lang ?? settings.report.languages.filter(name => languages.includes(name));
  const stranger = tongues.find(name => !languages.includes(name));
  if (stranger !== undefined) throw new ConfigError(`--lang ${stranger}: reports come in ${languages.join(", ")}`);
  const isConfigured = settings.file !== undefined;
  const periods = options.period ? [options.period] : isConfigured ? settings.report.periods : ["all"];
  try {
    const pages = await write(settings.dataDir, {
      edition: options.edition,
      periods,
      languages: tongues.length > 0 ? tongues : ["en"],
      formats: chosen,
      out: options.out
    });
    context.stdout(context.json ? `${JSON.stringify({reports: pages})}\n` : `${pages.join("\n")}\n`);
    return 0;
  } catch (error) {
    if (error instanceof PeriodError) throw new ConfigError(error.message, {cause: error});
    throw error;
  }
}
