/** The program as plain JavaScript in a folder of its own, for tests that need real processes. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs";
import {tmpdir} from "node:os";
import {dirname, join} from "node:path";
import ts from "typescript";

const root = new URL("../..", import.meta.url).pathname;

/** Where the files of a run find the compiled program; vitest calls this once, before all of them. */
export function setup(): () => void {
  const shared = mkdtempSync(join(tmpdir(), "megaphone-compiled-"));
  process.env.MEGAPHONE_COMPILED = shared;
  return () => rmSync(shared, {recursive: true, force: true});
}

/** A copy of the program, which a test may add to; the first that asks for one compiles it for all. */
export function compiled(): string {
  const shared = join(process.env.MEGAPHONE_COMPILED!, "program");
  if (!existsSync(shared)) {
    const own = `${shared}.${process.pid}`;
    compile(own);
    try {
      renameSync(own, shared);
    } catch (error) {
      // Another file was faster.
      if ((error as NodeJS.ErrnoException).code !== "ENOTEMPTY") throw error;
    }
  }
  const target = mkdtempSync(join(tmpdir(), "megaphone-program-"));
  cpSync(shared, target, {recursive: true, verbatimSymlinks: true});
  return target;
}

/** Compiles the four folders, file by file and without type checks. */
function compile(target: string): void {
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
}
