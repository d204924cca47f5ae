/**
 * The benchmark: every figure is a ratio to a reference that runs beside it, because seconds swing with the machine.
 *
 * Each section runs in a process of its own, so that its peak memory is its own. `npm run bench -- load night` runs some;
 * `--small` takes a tenth of the size.
 */
import {spawnSync} from "node:child_process";
import {mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {fileURLToPath} from "node:url";
import {land} from "./land.ts";
import {load} from "./load.ts";
import {night} from "./night.ts";

export interface Figure {
  figure: string;
  value: number;
  unit: string;
  aim: string;
}

export type Section = (folder: string, scale: number) => Promise<Figure[]>;

const sections: Record<string, Section> = {load, night, land};
const [own, ...given] = process.argv.slice(2);

if (own === "--section") {
  const [name, folder, scale] = given as [string, string, string];
  const figures = await sections[name]!(folder, Number(scale));
  const peak = process.resourceUsage().maxRSS / 1024;
  figures.push({figure: `${name}: peak memory`, value: peak, unit: "MB", aim: "at most 1024"});
  process.stdout.write(JSON.stringify(figures));
} else {
  const words = process.argv.slice(2);
  const chosen = words.filter(word => word in sections);
  const scale = words.includes("--small") ? 0.1 : 1;
  for (const name of chosen.length > 0 ? chosen : Object.keys(sections)) {
    const folder = mkdtempSync(join(tmpdir(), "megaphone-bench-"));
    try {
      const child = spawnSync(
        process.execPath,
        [fileURLToPath(import.meta.url), "--section", name, folder, String(scale)],
        {
          encoding: "utf8",
          stdio: ["ignore", "pipe", "inherit"],
          maxBuffer: 1 << 24
        }
      );
      if (child.status !== 0) throw new Error(`the section ${name} failed`);
      for (const {figure, value, unit, aim} of JSON.parse(child.stdout) as Figure[]) {
        process.stdout.write(`${figure.padEnd(66)} ${value.toFixed(2).padStart(12)} ${unit.padEnd(12)} aim: ${aim}\n`);
      }
    } finally {
      rmSync(folder, {recursive: true, force: true});
    }
  }
}
