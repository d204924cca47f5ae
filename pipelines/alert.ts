/** `alerts.webhook`: one POST after a run that somebody has to look at. */
import https from "node:https";
import axios, {type AxiosError} from "axios";
import type {Connector} from "../connectors/connector.ts";
import {plusDays} from "./calendar.ts";
import type {Log} from "./log.ts";
import {endings} from "./perishable.ts";
import type {Settings} from "./settings.ts";
import type {Status} from "./status.ts";
import {isStopped} from "./stop.ts";
import type {Workspace} from "./workspace.ts";

/** What is sent: `text` is what chat services show, the rest is for programs. No post, no secret, no address. */
export interface Alert {
  text: string;
  command: string;
  exit_code: number;
  accounts: {account: string; platform: string; state: string; message: string | null; action: string | null}[];
  /** What is lost next, of accounts that are not read well, and of days that only a backfill reads. */
  perishable: {account: string; platform: string; what: string; lost_on: string; action: string | null}[];
}

/** For an answer in all; a night does not wait for a service that is not its own. */
const deadlineMilliseconds = 5000;
/** Data that are lost so soon are told of. */
const soonDays = 7;
/** A message of many faults is cut: `status` has it whole. */
const longestMessage = 500;

/** What there is to tell of a run that has ended; undefined: nothing. */
export async function alertOf(workspace: Workspace, status: Status): Promise<Alert | undefined> {
  const exitCode = status.run.exit_code ?? 1;
  const accounts = status.accounts
    .filter(({state}) => state !== "ok" && state !== "unknown")
    .map(({account, platform, state, message, action}) => ({
      account,
      platform,
      state,
      message: message?.slice(0, longestMessage) ?? null,
      action: action ?? (state === "stale" ? "Look why nothing new has come: `megaphone status`." : null)
    }));
  const perishable = await losses(workspace, new Set(accounts.map(({account}) => account)));
  if (isStopped(exitCode) || (exitCode === 0 && accounts.length + perishable.length === 0)) return undefined;
  const {command, summary} = status.run;
  return {
    text: textOf(command, exitCode, summary, accounts, perishable),
    command,
    exit_code: exitCode,
    accounts,
    perishable
  };
}

/** Tells of a run that could not even open its data folder. */
export function alertOfFailure(command: string, message: string): Alert {
  return {text: textOf(command, 1, message, [], []), command, exit_code: 1, accounts: [], perishable: []};
}

/** Sends an alert, once; that it cannot be sent is a warning, and changes nothing else. */
export async function sendAlert({alerts}: Settings, alert: Alert, log: Log): Promise<void> {
  if (alerts.webhook === undefined) return;
  const body = log.scrub(JSON.stringify(alert));
  const deadline = AbortSignal.timeout(deadlineMilliseconds);
  try {
    await axios.post(alerts.webhook, body, {
      adapter: "http",
      headers: {"Content-Type": "application/json", "User-Agent": "megaphone"},
      proxy: false,
      maxRedirects: 0,
      maxContentLength: 64 * 1024,
      signal: deadline,
      httpsAgent: new https.Agent({rejectUnauthorized: true})
    });
    log.info("the alert is sent");
  } catch (error) {
    // Not the error's own words: they may hold the address, which is a secret.
    const {response, code} = error as AxiosError;
    const reason = response ? `HTTP ${response.status}` : deadline.aborted ? "no answer in time" : (code ?? "no code");
    log.warn("the alert could not be sent; look at alerts.webhook", {reason});
  }
}

/** What is lost soon: of accounts in trouble anything, of the others the days from before their first night. */
async function losses(
  {settings, warehouse, connectors}: Workspace,
  troubled: ReadonlySet<string>
): Promise<Alert["perishable"]> {
  const setting = await warehouse.row<{today: string | null}>("select as_of_on as today from core.setting");
  if (!setting?.today) return [];
  const {today} = setting;
  const next = await warehouse.rows<{account_id: string; stream: string; what: string; lost_on: string}>(
    "select account_id, stream, what, min(lost_on) as lost_on from meta.perishable where lost_on > $today group by all",
    {today}
  );
  return settings.accounts
    .filter(({auth}) => auth !== undefined)
    .flatMap(account =>
      endings(connectors.get(account.platform) as Connector, account).flatMap(({stream, what, days, isPart}) => {
        const id = `${account.platform}:${account.id}`;
        const lost = next.find(row => row.account_id === id && row.stream === stream && row.what === what)?.lost_on;
        const isUnread = !isPart && lost === plusDays(today, 1);
        if (lost === undefined || !(isUnread || (troubled.has(account.name) && lost <= plusDays(today, soonDays)))) {
          return [];
        }
        const action = isUnread ? `Run \`megaphone backfill --from ${plusDays(today, -days)}\`.` : null;
        return [{account: account.name, platform: account.platform, what, lost_on: lost, action}];
      })
    );
}

function textOf(
  command: string,
  exitCode: number,
  summary: string,
  accounts: Alert["accounts"],
  perishable: Alert["perishable"]
): string {
  return [
    `megaphone ${command} ended with ${exitCode}: ${summary.slice(0, longestMessage)}`,
    // A message says itself what to do.
    ...accounts.map(
      ({account, platform, state, message, action}) => `${account} (${platform}): ${state}, ${message ?? action}`
    ),
    ...perishable.map(
      ({account, platform, what, lost_on, action}) =>
        `${account} (${platform}): ${what} is lost on ${lost_on}${action === null ? "" : `; ${action}`}`
    )
  ].join("\n");
}
