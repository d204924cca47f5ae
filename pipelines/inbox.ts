/** The inbox: export files dropped there are imported by `run` and moved on. */
import {existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync} from "node:fs";
import {join} from "node:path";
import {importPaths} from "./import.ts";
import type {Run} from "./record.ts";
import type {Workspace} from "./workspace.ts";

const day = 86_400_000;

/**
 * Imports what lies in the inbox, loads it, and moves each file to `done` or `rejected`; originals in `done` may hold
 * names, so they are deleted after `keep_originals`.
 */
export async function importInbox(workspace: Workspace, run: Run, now: Date): Promise<void> {
  const {inbox, keepOriginalsDays} = workspace.settings;
  if (!existsSync(inbox)) return;
  const names = readdirSync(inbox, {withFileTypes: true}).filter(
    entry => !entry.isDirectory() && !entry.name.startsWith(".")
  );
  const paths = names.map(({name}) => join(inbox, name)).sort();
  for (const path of paths) {
    const [file] = await importPaths(workspace, run, [path], {}, now);
    const {state, reason, records} = file!;
    const told = {file: file!.file, rows: records, ...(reason === null ? {} : {reason})};
    if (state === "rejected") workspace.log.warn("a file of the inbox was rejected", told);
    else workspace.log.info("a file of the inbox was imported", told);
    move(path, join(inbox, state === "rejected" ? "rejected" : "done"), run.run_id);
  }
  if (paths.length > 0) await workspace.load();
  clear(join(inbox, "done"), new Date(now.getTime() - keepOriginalsDays * day));
}

/** Moves a file and notes the time, from which its keeping is counted. */
function move(path: string, folder: string, runId: string): void {
  mkdirSync(folder, {recursive: true, mode: 0o700});
  const name = path.slice(path.lastIndexOf("/") + 1);
  const free = existsSync(join(folder, name)) ? `${runId}-${name}` : name;
  renameSync(path, join(folder, free));
  utimesSync(join(folder, free), new Date(), new Date());
}

function clear(folder: string, before: Date): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (statSync(join(folder, name)).mtime < before) rmSync(join(folder, name), {force: true});
  }
}
