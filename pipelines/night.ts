/** The first half of a night: read every account and land what it gave, then load. */
import type {Account} from "../connectors/connector.ts";
import {type CredentialStore, openCredentials} from "../connectors/credentials.ts";
import {AuthError} from "../connectors/errors.ts";
import {
  type Extracted,
  extractAccount,
  listingStart,
  type PlannedCall,
  planAccount,
  type StreamState
} from "../connectors/extract.ts";
import {createHttp} from "../connectors/http.ts";
import type {LandedAccount} from "../warehouse/landing.ts";
import {dayIn} from "./calendar.ts";
import type {AccountOutcome, Run} from "./record.ts";
import type {Workspace} from "./workspace.ts";

export interface Night {
  /** The program's clock. */
  now: () => Date;
  /** Platforms and names of accounts; absent: all. */
  only?: readonly string[] | undefined;
}

/** The accounts that a night reads: those with authentication, narrowed by `only`. */
export function accountsOf(workspace: Workspace, only?: readonly string[]): Account[] {
  return workspace.settings.accounts.filter(
    ({auth, platform, name}) =>
      auth !== undefined && (only === undefined || only.includes(platform) || only.includes(name))
  );
}

/** What a run would do for an account: the very list that it executes. */
export async function planNight(workspace: Workspace, account: Account, now: Date): Promise<PlannedCall[]> {
  const connector = workspace.connectors.get(account.platform)!;
  const states = new Map<string, StreamState>();
  for (const [name, stream] of Object.entries(connector.streams)) {
    if (stream.list === undefined) continue;
    const limits = Object.values(stream.fields ?? {}).flatMap(set => set.youngerThanDays ?? []);
    states.set(name, await streamState(workspace, account, name, now, limits));
  }
  return planAccount(connector, account, states, workspace.settings.refresh, now);
}

/** Reads the accounts in parallel, lands what they gave, loads it, and writes into the run how each fared. */
export async function readAccounts(workspace: Workspace, run: Run, night: Night): Promise<void> {
  const accounts = accountsOf(workspace, night.only);
  const credentials = openCredentials(workspace.settings.credentialsPath);
  const plans: [Account, PlannedCall[]][] = [];
  for (const account of accounts) plans.push([account, await planNight(workspace, account, night.now())]);
  const outcomes = await Promise.all(
    plans.map(([account, plan]) => readAccount(workspace, run, account, plan, credentials, night))
  );
  run.accounts.push(...outcomes);
  run.accounts_ok = run.accounts.filter(({state}) => state !== "failed").length;
  run.accounts_failed = run.accounts.length - run.accounts_ok;
  await workspace.load();
}

/** How long one night may take in all; what is not read by then is read the next night. */
const runMilliseconds = 60 * 60 * 1000;

async function readAccount(
  workspace: Workspace,
  run: Run,
  account: Account,
  plan: PlannedCall[],
  credentials: CredentialStore,
  night: Night
): Promise<AccountOutcome> {
  const {log} = workspace;
  const connector = workspace.connectors.get(account.platform)!;
  const deadline = new Date(Date.parse(run.started_at) + runMilliseconds);
  const http = createHttp({connector, account, credentials, deadline, onSecret: secret => log.addSecret(secret)});
  const results = await extractAccount(connector, plan, http, night.now);
  land(workspace, run, account, results, plan, night.now());
  for (const {call, status, httpCalls, retries} of results) {
    run.requests.push({
      account_id: accountId(account),
      platform: account.platform,
      stream: call.stream,
      endpoint: call.endpoint,
      status,
      http_calls: httpCalls,
      counted_calls: httpCalls,
      retries
    });
  }
  return outcome(workspace, account, results);
}

/** One file a chain of calls; the last of a stream that ended well carries the cursor. */
function land(
  workspace: Workspace,
  run: Run,
  account: Account,
  results: Extracted[],
  plan: PlannedCall[],
  landedAt: Date
): void {
  for (const [index, result] of results.entries()) {
    const {stream} = result.call;
    const isLast = !results.slice(index + 1).some(other => other.call.stream === stream);
    const done = results.filter(other => other.call.stream === stream);
    const wanted = plan.filter(call => call.stream === stream).length;
    const endedWell = isLast && done.length >= wanted && done.every(({isComplete}) => isComplete);
    if (result.records.length === 0 && !endedWell) continue;
    const day = dayIn(workspace.settings.timezone, result.capturedAt);
    workspace.landing.append(
      {
        run_id: run.run_id,
        platform: account.platform,
        stream,
        source: "api",
        account: landedAccount(account),
        captured_at: result.capturedAt.toISOString(),
        captured_on: day,
        asked: result.call.ask.asked,
        cursor: endedWell ? {read_at: result.capturedAt.toISOString()} : null,
        covers_from: day,
        covers_to: day
      },
      result.records,
      landedAt
    );
  }
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
  const [, action] = error.message.split("; ");
  const sentence =
    action ?? (error instanceof AuthError ? "look at the account's access" : "nothing: the next night reads it again");
  return `${sentence[0]!.toUpperCase()}${sentence.slice(1)}.`;
}

export function accountId(account: Account): string {
  return `${account.platform}:${account.id}`;
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

/** What the warehouse knows of an account's stream: the last good listing, and the posts that are due by their age. */
async function streamState(
  workspace: Workspace,
  account: Account,
  stream: string,
  now: Date,
  limits: number[]
): Promise<StreamState> {
  const {warehouse, settings} = workspace;
  const id = {account: accountId(account)};
  const cursor = await warehouse.row<{at: string; day: string}>(
    `select epoch_ms(read_at)::varchar as at, cast(timezone($zone, read_at) as date) as day from core.cursor
     where account_id = $account and stream = $stream`,
    {...id, stream, zone: settings.timezone}
  );
  if (cursor === undefined) return {listedAt: undefined, due: [], publishedFrom: () => 0};
  const listedAt = new Date(Number(cursor.at));
  const from = listingStart({listedAt}, settings.refresh, now)!;
  const {daily, weekly, monthly} = settings.refresh;
  const expiring = limits.map(
    limit =>
      `or p.published_on = date '${dayIn(settings.timezone, now)}' - ${limit - 1} and r.confirmed_on < date '${dayIn(settings.timezone, now)}'`
  );
  const due = await warehouse.rows<{id: string; published_at: string}>(
    `select p.lookup_id as id, epoch_ms(p.published_at)::varchar as published_at
     from core.post as p
     join core.account as a on a.account_key = p.account_key
     join core.open_reading as r on r.post_key = p.post_key and r.source_key = 1
     where a.account_id = $account and p.deleted_on is null and not p.is_repost and not p.is_reply
       and p.lookup_id is not null
       and (date_diff('day', r.confirmed_on, cast($today as date)) >= case
           when date_diff('day', p.published_on, cast($today as date)) < ${daily} then 1
           when date_diff('day', p.published_on, cast($today as date)) < ${weekly} then 7
           when date_diff('day', p.published_on, cast($today as date)) < ${monthly} then 30
         end ${expiring.join(" ")})
       and not (p.published_at >= cast($from as timestamptz) and r.confirmed_on >= cast($listed_on as date))
     order by p.published_at desc, p.lookup_id`,
    {...id, today: dayIn(settings.timezone, now), from: from.toISOString(), listed_on: cursor.day}
  );
  const known = await warehouse.rows<{at: string}>(
    `select epoch_ms(p.published_at)::varchar as at from core.post as p join core.account as a on a.account_key = p.account_key
     where a.account_id = $account and p.source_key = 1 and p.deleted_on is null and p.published_at >= cast($from as timestamptz)`,
    {...id, from: from.toISOString()}
  );
  const times = known.map(({at}) => Number(at));
  return {
    listedAt,
    due: due.map(post => ({id: post.id, publishedAt: new Date(Number(post.published_at))})),
    publishedFrom: (start, end) =>
      times.filter(
        at => at >= (start?.getTime() ?? Number.NEGATIVE_INFINITY) && at < (end?.getTime() ?? Number.POSITIVE_INFINITY)
      ).length
  };
}
