/** The record of one run: what `meta.run`, `meta.request`, `meta.rejected` and `meta.check` say of it. */
import {randomBytes} from "node:crypto";
import {dayIn} from "./calendar.ts";
import {isStopped} from "./stop.ts";

export interface RequestRow {
  account_id: string;
  platform: string;
  stream: string;
  endpoint: string;
  status: string;
  /** Requests as sent. */
  http_calls: number;
  /** Calls as the platform counts them. */
  counted_calls: number;
  retries: number;
}

export interface RejectedRow {
  source: string;
  file: string | null;
  row: number | null;
  column_name: string | null;
  reason: string;
}

export interface CheckRow {
  check_name: string;
  model: string;
  severity: "error" | "warning";
  status: "ok" | "failed";
  failed_rows: number;
  detail: string | null;
}

/** How an account fared in a run. */
export interface AccountOutcome {
  account: string;
  platform: string;
  state: "ok" | "partial" | "failed";
  message: string | null;
  action: string | null;
}

export interface Run {
  run_id: string;
  command: string;
  /** Platforms and accounts that it was narrowed to; null, and absent in older records: all. */
  only?: readonly string[] | null;
  /** The program's clock, ISO. */
  as_of: string;
  started_at: string;
  ended_at: string | null;
  exit_code: number | null;
  accounts_ok: number;
  accounts_failed: number;
  note: string | null;
  requests: RequestRow[];
  rejected: RejectedRow[];
  checks: CheckRow[];
  accounts: AccountOutcome[];
}

/** Whether a run was a night's: of all accounts, and not stopped before its end. */
export function isNight({command, only, exit_code}: Run): boolean {
  return command === "run" && (only ?? null) === null && !isStopped(exit_code);
}

/** The one calendar day of all that a run reads, YYYY-MM-DD: that on which it began, also when it goes on past midnight. */
export function dayOf({as_of}: Run, timezone: string): string {
  return dayIn(timezone, new Date(as_of));
}

/** A run that begins now; its id sorts by its start and names its files in the landing zone. */
export function beginRun(command: string, startedAt: Date, asOf = startedAt): Run {
  const stamp = startedAt.toISOString().replaceAll(/[-:]/g, "").slice(0, 15);
  return {
    run_id: `${stamp}-${randomBytes(3).toString("hex")}`,
    command,
    as_of: asOf.toISOString(),
    started_at: startedAt.toISOString(),
    ended_at: null,
    exit_code: null,
    accounts_ok: 0,
    accounts_failed: 0,
    note: null,
    requests: [],
    rejected: [],
    checks: [],
    accounts: []
  };
}
