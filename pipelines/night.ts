/** The first half of a night: read every account and land what it gave, then load. */
import type {Account} from "../connectors/connector.ts";
import {type CredentialStore, openCredentials} from "../connectors/credentials.ts";
import {AuthError, type MegaphoneError} from "../connectors/errors.ts";
import {type Extracted, extractAccount} from "../connectors/extract.ts";
import {createHttp} from "../connectors/http.ts";
import {type PlannedCall, planAccount, type StreamState, type Tonight} from "../connectors/plan.ts";
import {quarantineDays} from "../connectors/quarantine.ts";
import type {Batch, LandedAccount} from "../warehouse/landing.ts";
import {accountId, Ledger} from "./ledger.ts";
import type {Log} from "./log.ts";
import {type AccountOutcome, dayOf, type RequestRow, type Run} from "./record.ts";
import type {Settings} from "./settings.ts";
import type {Workspace} from "./workspace.ts";

export interface Night {
  /** The program's clock. */
  now: () => Date;
  /** Platforms and names of accounts; absent: all. */
  only?: readonly string[] | undefined;
  /** Ends the calls; what they gave is landed all the same. */
  stop: AbortSignal;
  /** What is known from nights that may not be loaded yet, and is to be kept up. */
  ledger?: Ledger;
}

/** What a night would do for an account: the very list that it executes, and what is known before it. */
export interface AccountPlan {
  account: Account;
  calls: PlannedCall[];
  states: Map<string, StreamState>;
}

/** What a plan is made from. */
export type Known = Pick<Workspace, "settings" | "connectors" | "warehouse">;

/** The accounts that a night reads: those with authentication, narrowed by `only`. */
export function accountsOf({accounts}: Settings, only?: readonly string[]): Account[] {
  return accounts.filter(
    ({auth, platform, name}) =>
      auth !== undefined && (only === undefined || only.includes(platform) || only.includes(name))
  );
}

/** The plans of a night for some accounts; without a ledger what the warehouse knows is read. */
export async function planNight(
  known: Known,
  accounts: readonly Account[],
  tonight: Tonight,
  ledger?: Ledger
): Promise<AccountPlan[]> {
  const {settings, connectors} = known;
  const states = await statesOf(known, accounts, tonight, {ledger});
  return accounts.map(account => {
    const connector = connectors.get(account.platform)!;
    const own = states.get(account)!;
    return {account, states: own, calls: planAccount(connector, account, own, settings.refresh, tonight)};
  });
}

/** What is known of the streams of some accounts; of their posts those since `listedFrom`, the night's start unless told. */
export async function statesOf(
  {settings, connectors, warehouse}: Known,
  accounts: readonly Account[],
  tonight: Tonight,
  options: {listedFrom?: Date; ledger?: Ledger | undefined} = {}
): Promise<Map<Account, Map<string, StreamState>>> {
  const {timezone, refresh} = settings;
  const calendar = {...tonight, timezone};
  const {listedFrom} = options;
  const ledger = options.ledger ?? (await Ledger.read(warehouse, accounts, refresh, calendar.today, listedFrom));
  return new Map(
    accounts.map(account => {
      const connector = connectors.get(account.platform)!;
      return [account, ledger.states(connector, account, refresh, calendar, listedFrom)];
    })
  );
}

/** Reads the accounts in parallel, lands what they gave, and writes into the run how each fared. */
export async function readAccounts(workspace: Workspace, run: Run, night: Night): Promise<void> {
  const accounts = accountsOf(workspace.settings, night.only);
  const clock = clockOf(dayOf(run, workspace.settings.timezone), night.now);
  const plans = await planNight(workspace, accounts, clock(), night.ledger);
  const deadline = new Date(Date.parse(run.started_at) + runMilliseconds);
  await readAll(workspace, run, night.stop, plans, async ({account, calls, states}, credentials) => {
    const {connector, http} = connect(workspace, account, credentials, {...night, deadline});
    const results = await extractAccount(connector, calls, states, http, clock);
    await land(workspace, run, account, results, night.now());
    night.ledger?.note(connector, account, results, clock().today);
    return results;
  });
}

/** How long one night may take in all; what is not read by then is read the next night. */
const runMilliseconds = 60 * 60 * 1000;

/**
 * Reads accounts in parallel as `read` says. Whatever befalls one of them, it returns or throws only when none calls or
 * lands any more: then the lock may be given to another run. Throws StopError once stopped.
 */
export async function readAll<Plan extends {account: Account}>(
  workspace: Workspace,
  run: Run,
  stop: AbortSignal,
  plans: readonly Plan[],
  read: (plan: Plan, credentials: CredentialStore) => Promise<Extracted[]>
): Promise<void> {
  const {log, settings} = workspace;
  const credentials = openCredentials(settings.credentialsPath);
  const tell = () => log.warn("the calls are stopped; what was read is kept");
  stop.addEventListener("abort", tell);
  const ends = await Promise.allSettled(
    plans.map(async plan => {
      const results = await read(plan, credentials);
      run.requests.push(...requestRows(plan.account, results));
      const {name, platform} = plan.account;
      for (const {stream, error, refused} of results) {
        if (error) log.error(error.message, {account: name, platform});
        else if (refused.length > 0) log.warn(notOffered(name, stream, refused), {account: name, platform});
      }
      return outcome(log, plan.account, results);
    })
  ).finally(() => stop.removeEventListener("abort", tell));
  run.accounts.push(...ends.flatMap(end => (end.status === "fulfilled" ? end.value : [])));
  run.accounts_ok = run.accounts.filter(({state}) => state !== "failed").length;
  run.accounts_failed = run.accounts.length - run.accounts_ok;
  const broken = ends.find(end => end.status === "rejected");
  if (broken !== undefined) throw broken.reason;
  stop.throwIfAborted();
}

/** Said on the night on which it is found out; the cursor remembers it. */
function notOffered(account: string, stream: string, metrics: readonly string[]): string {
  const what = metrics.join(", ");
  return `${account} ${stream}: the platform does not offer ${what}; it is asked for again after ${quarantineDays} days`;
}

/** What makes the calls of an account. */
export function connect(
  {connectors, log}: Workspace,
  account: Account,
  credentials: CredentialStore,
  {stop, deadline}: Pick<Night, "stop"> & {deadline?: Date}
) {
  const connector = connectors.get(account.platform)!;
  const onSecret = (secret: string) => log.addSecret(secret);
  const http = createHttp({connector, account, credentials, deadline, runSignal: stop, onSecret});
  return {connector, http};
}

/** The program's clock in a night: the hour goes on, the day stays. */
export function clockOf(today: string, now: () => Date): () => Tonight {
  return () => ({now: now(), today});
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
    .map(result => ({
      batch: {
        ...batchOf(workspace, run, account, result),
        cursor: result.cursor === undefined ? null : {...result.cursor}
      },
      records: result.records
    }));
  await workspace.landing.append(batches, landedAt);
}

/** What the manifest says of what a stream gave, without a cursor. */
export function batchOf(
  {settings}: Workspace,
  run: Run,
  account: Account,
  {stream, capturedAt}: Pick<Extracted, "stream" | "capturedAt">
): Batch {
  const day = dayOf(run, settings.timezone);
  return {
    run_id: run.run_id,
    platform: account.platform,
    stream,
    source: "api",
    account: landedAccount(account),
    captured_at: capturedAt.toISOString(),
    captured_on: day,
    cursor: null,
    covers_from: day,
    covers_to: day
  };
}

function requestRows(account: Account, results: Extracted[]): RequestRow[] {
  return results.flatMap(({stream, requests}) =>
    requests.map(({endpoint, status, httpCalls, countedCalls, retries}) => ({
      account_id: accountId(account),
      platform: account.platform,
      stream,
      endpoint,
      status,
      http_calls: httpCalls,
      counted_calls: countedCalls,
      retries
    }))
  );
}

/** How an account fared by what its streams gave; what a token may not read is no fault, but told. */
export function outcome(log: Log, account: Account, results: Extracted[]): AccountOutcome {
  const faults = results.flatMap(({error}) => error ?? []);
  const isFailed =
    faults.some(error => error instanceof AuthError) || (faults.length > 0 && faults.length === results.length);
  const withheld = results.flatMap(result => result.withheld);
  const told = [
    ...faults.map(error => error.message),
    ...(withheld.length === 0 ? [] : [`not given, because a permission or a role is missing: ${withheld.join("; ")}`])
  ];
  return {
    account: account.name,
    platform: account.platform,
    state: faults.length === 0 ? "ok" : isFailed ? "failed" : "partial",
    message: told.length === 0 ? null : log.scrub(told.join("; ")),
    action:
      faults[0] !== undefined
        ? actionOf(faults[0])
        : withheld.length > 0
          ? `See docs/${account.platform}.md for what the token needs; until then it stays unmeasured.`
          : null
  };
}

/** What to do about an error, as a sentence. */
function actionOf(error: MegaphoneError): string {
  const sentence =
    error.action ??
    (error instanceof AuthError ? "look at the account's access" : "nothing: the next night reads it again");
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
