/** The first half of a night: read every account and land what it gave, then load. */
import type {Account} from "../connectors/connector.ts";
import {type CredentialStore, openCredentials} from "../connectors/credentials.ts";
import {AuthError} from "../connectors/errors.ts";
import {type Extracted, extractAccount} from "../connectors/extract.ts";
import {createHttp} from "../connectors/http.ts";
import {type PlannedCall, planAccount, type StreamState} from "../connectors/plan.ts";
import type {LandedAccount} from "../warehouse/landing.ts";
import {dayIn} from "./calendar.ts";
import {accountId, Ledger} from "./ledger.ts";
import type {AccountOutcome, Run} from "./record.ts";
import type {Workspace} from "./workspace.ts";

export interface Night {
  /** The program's clock. */
  now: () => Date;
  /** Platforms and names of accounts; absent: all. */
  only?: readonly string[] | undefined;
  /** What is known from nights that may not be loaded yet, and is to be kept up. */
  ledger?: Ledger;
}

/** What a night would do for an account: the very list that it executes, and what is known before it. */
export interface AccountPlan {
  account: Account;
  calls: PlannedCall[];
  states: Map<string, StreamState>;
}

/** The accounts that a night reads: those with authentication, narrowed by `only`. */
export function accountsOf(workspace: Workspace, only?: readonly string[]): Account[] {
  return workspace.settings.accounts.filter(
    ({auth, platform, name}) =>
      auth !== undefined && (only === undefined || only.includes(platform) || only.includes(name))
  );
}

/** The plans of a night for some accounts; without a ledger what the warehouse knows is read. */
export async function planNight(
  workspace: Workspace,
  accounts: readonly Account[],
  now: Date,
  ledger?: Ledger
): Promise<AccountPlan[]> {
  const {connectors, settings, warehouse} = workspace;
  const {timezone, refresh} = settings;
  const today = dayIn(timezone, now);
  const known = ledger ?? (await Ledger.read(warehouse, accounts, refresh, today));
  return accounts.map(account => {
    const connector = connectors.get(account.platform)!;
    const states = known.states(connector, account, refresh, {now, today, timezone});
    return {account, states, calls: planAccount(connector, account, states, refresh, {now, today})};
  });
}

/** Reads the accounts in parallel, lands what they gave, and writes into the run how each fared. */
export async function readAccounts(workspace: Workspace, run: Run, night: Night): Promise<void> {
  const credentials = openCredentials(workspace.settings.credentialsPath);
  const accounts = accountsOf(workspace, night.only);
  const plans = await planNight(workspace, accounts, night.now(), night.ledger);
  const outcomes = await Promise.all(plans.map(plan => readAccount(workspace, run, plan, credentials, night)));
  run.accounts.push(...outcomes);
  run.accounts_ok = run.accounts.filter(({state}) => state !== "failed").length;
  run.accounts_failed = run.accounts.length - run.accounts_ok;
}

/** How long one night may take in all; what is not read by then is read the next night. */
const runMilliseconds = 60 * 60 * 1000;

async function readAccount(
  workspace: Workspace,
  run: Run,
  {account, calls, states}: AccountPlan,
  credentials: CredentialStore,
  night: Night
): Promise<AccountOutcome> {
  const {log, settings} = workspace;
  const connector = workspace.connectors.get(account.platform)!;
  const deadline = new Date(Date.parse(run.started_at) + runMilliseconds);
  const http = createHttp({connector, account, credentials, deadline, onSecret: secret => log.addSecret(secret)});
  const clock = () => {
    const now = night.now();
    return {now, today: dayIn(settings.timezone, now)};
  };
  const results = await extractAccount(connector, calls, states, http, clock);
  await land(workspace, run, account, results, night.now());
  night.ledger?.note(connector, account, results, clock().today);
  for (const {stream, requests} of results) {
    for (const {endpoint, status, httpCalls, countedCalls, retries} of requests) {
      run.requests.push({
        account_id: accountId(account),
        platform: account.platform,
        stream,
        endpoint,
        status,
        http_calls: httpCalls,
        counted_calls: countedCalls,
        retries
      });
    }
  }
  return outcome(workspace, account, results);
}

/** One file a stream and night; of a stream that ended well it carries the cursor. */
async function land(
  workspace: Workspace,
  run: Run,
  account: Account,
  results: Extracted[],
  landedAt: Date
): Promise<void> {
  const batches = results
    .filter(({records, cursor}) => records.length > 0 || cursor !== undefined)
    .map(({stream, capturedAt, records, cursor}) => {
      const day = dayIn(workspace.settings.timezone, capturedAt);
      return {
        batch: {
          run_id: run.run_id,
          platform: account.platform,
          stream,
          source: "api" as const,
          account: landedAccount(account),
          captured_at: capturedAt.toISOString(),
          captured_on: day,
          cursor: cursor === undefined ? null : {...cursor},
          covers_from: day,
          covers_to: day
        },
        records
      };
    });
  await workspace.landing.append(batches, landedAt);
}

function outcome(workspace: Workspace, account: Account, results: Extracted[]): AccountOutcome {
  const faults = results.flatMap(({error}) => error ?? []);
  const isFailed =
    faults.some(error => error instanceof AuthError) || (faults.length > 0 && faults.length === results.length);
  for (const error of faults) workspace.log.error(error.message, {account: account.name, platform: account.platform});
  const message = faults.length === 0 ? null : workspace.log.scrub(faults.map(error => error.message).join("; "));
  return {
    account: account.name,
    platform: account.platform,
    state: faults.length === 0 ? "ok" : isFailed ? "failed" : "partial",
    message,
    action: faults.length === 0 ? null : actionOf(faults[0]!)
  };
}

/** Our messages read `<who>: <fact>; <what to do>`. */
function actionOf(error: Error): string {
  const action = error.message.split("; ").slice(1).join("; ");
  const sentence =
    action || (error instanceof AuthError ? "look at the account's access" : "nothing: the next night reads it again");
  return `${sentence[0]!.toUpperCase()}${sentence.slice(1)}.`;
}

function landedAccount(account: Account): LandedAccount {
  return {
    account_id: accountId(account),
    platform: account.platform,
    platform_account_id: account.id,
    name: account.name,
    kind: account.kind,
    handle: null
  };
}
