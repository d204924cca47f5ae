/** `data/status.json`: how the last run went and what a person must do, replaced whole by every stage. */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync
} from "node:fs";
import {join} from "node:path";
import {z} from "zod";
import {MegaphoneError} from "../connectors/errors.ts";
import type {Context} from "./context.ts";

const schema = z.object({
  run: z.object({
    run_id: z.string(),
    command: z.string(),
    started_at: z.string(),
    /** Null while the run is under way. */
    ended_at: z.string().nullable(),
    exit_code: z.int().nullable(),
    summary: z.string()
  }),
  accounts: z.array(
    z.object({
      /** The account's name in the settings. */
      account: z.string(),
      platform: z.string(),
      state: z.enum(["ok", "partial", "failed", "stale", "unknown"]),
      last_success_at: z.string().nullable(),
      message: z.string().nullable(),
      /** What to do, as a sentence; null: nothing. */
      action: z.string().nullable()
    })
  ),
  freshness: z.array(
    z.object({
      account_id: z.string(),
      stream: z.string(),
      last_success_at: z.string().nullable(),
      newest_data_on: z.string().nullable(),
      is_stale: z.boolean()
    })
  ),
  /** Records and rows that the run rejected. */
  rejected: z.int(),
  /** The same by source and reason. */
  rejections: z.array(z.object({source: z.string(), reason: z.string(), count: z.int()})),
  failed_checks: z.array(
    z.object({
      check_name: z.string(),
      model: z.string(),
      severity: z.string(),
      failed_rows: z.int().nullable(),
      detail: z.string().nullable()
    })
  ),
  next_run_at: z.string().nullable()
});

export type Status = z.infer<typeof schema>;
export type AccountState = Status["accounts"][number]["state"];

/** Replaces `<dataDir>/status.json` at once, so that a reader sees the old one or the new one. */
export function writeStatus(dataDir: string, status: Status): void {
  mkdirSync(dataDir, {recursive: true, mode: 0o700});
  const file = join(dataDir, "status.json");
  const draft = `${file}.${process.pid}`;
  const descriptor = openSync(draft, "w", 0o600);
  try {
    writeFileSync(descriptor, `${JSON.stringify(status, null, 2)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(draft, file);
  for (const name of readdirSync(dataDir)) {
    const pid = /^status\.json\.(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(dataDir, name), {force: true});
  }
}

/** Whether a process is there: the draft of one that was killed is nobody's. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** The last status, undefined where nothing has run yet. */
export function readStatus(dataDir: string): Status | undefined {
  const file = join(dataDir, "status.json");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new MegaphoneError(`${file} is damaged; the next run writes it anew`, {cause});
  }
}

/** Prints the last status, for people or as the file has it. */
export async function status(context: Context): Promise<number> {
  const {dataDir} = await context.settings({required: false, secrets: false, onlyFolder: true});
  const last = readStatus(dataDir);
  if (!last) throw new MegaphoneError(`nothing has run yet in ${dataDir}; start with \`megaphone run\``);
  context.stdout(context.json ? `${JSON.stringify(last, null, 2)}\n` : describe(last));
  return 0;
}

const outcomes = new Map<number | null, string>([
  [null, "under way"],
  [0, "done"],
  [1, "failed; nothing new was published"],
  [3, "done in part"],
  [130, "stopped"],
  [143, "stopped"]
]);

function describe({run, accounts, freshness, rejected, rejections, failed_checks, next_run_at}: Status): string {
  const stale = freshness.filter(stream => stream.is_stale);
  const rows = [
    `Last run    ${run.command}, ${outcomes.get(run.exit_code) ?? `exit code ${run.exit_code}`}`,
    `            began ${minute(run.started_at)}${run.ended_at ? `, ended ${minute(run.ended_at)}` : ""}`,
    ...(run.summary ? run.summary.split("\n").map(line => `            ${line}`) : []),
    "",
    "Accounts",
    ...accounts.flatMap(({account, platform, state, last_success_at, message, action}) => [
      `  ${account} (${platform}): ${state}, last success ${minute(last_success_at)}`,
      ...(message ? [`      ${message}`] : []),
      ...(action ? [`      → ${action}`] : [])
    ]),
    ...(accounts.length === 0 ? ["  none"] : []),
    ...(stale.length > 0 ? ["", "Stale"] : []),
    ...stale.map(
      ({account_id, stream, newest_data_on, last_success_at}) =>
        `  ${account_id} ${stream}: newest data ${newest_data_on ?? "none"}, last success ${minute(last_success_at)}`
    ),
    ...(rejected > 0 ? ["", `Rejected    ${rejected}`] : []),
    ...rejections.map(({source, reason, count}) => `  ${source}: ${reason} (${count})`),
    ...(failed_checks.length > 0 ? ["", "Failed checks"] : []),
    ...failed_checks.map(
      ({check_name, model, severity, failed_rows, detail}) =>
        `  ${model}: ${check_name} (${severity}${failed_rows === null ? "" : `, rows: ${failed_rows}`})` +
        (detail ? `: ${detail}` : "")
    ),
    "",
    `Next run    ${next_run_at ? minute(next_run_at) : "not scheduled"}`
  ];
  return `${rows.join("\n")}\n`;
}

function minute(time: string | null): string {
  return time === null ? "never" : `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
