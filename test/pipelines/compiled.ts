/** The program as plain JavaScript in a folder of its own, for tests that need real processes. */
import {cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {dirname, join} from "node:path";
import ts from "typescript";

const root = new URL("../..", import.meta.url).pathname;

/** Compiles the four folders, file by file and without type checks, and gives the folder they stand in. */
export function compiled(): string {
  const target = mkdtempSync(join(tmpdir(), "megaphone-compiled-"));
  const {config} = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const {options} = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  for (const folder of ["connectors", "warehouse", "reports", "pipelines"]) {
    for (const entry of readdirSync(join(root, folder), {recursive: true, withFileTypes: true})) {
      if (!entry.isFile()) continue;
      const source = join(entry.parentPath, entry.name);
      const copy = join(target, source.slice(root.length));
      mkdirSync(dirname(copy), {recursive: true});
      if (!entry.name.endsWith(".ts")) {
        cpSync(source, copy);
        continue;
      }
      const compilerOptions = {...options, noEmit: false, module: ts.ModuleKind.ESNext};
      const {outputText} = ts.transpileModule(readFileSync(source, "utf8"), {compilerOptions, fileName: source});
      writeFileSync(copy.replace(/\.ts$/, ".js"), outputText);
    }
  }
  cpSync(join(root, "package.json"), join(target, "package.json"));
  symlinkSync(join(root, "node_modules"), join(target, "node_modules"));
  return target;
}
