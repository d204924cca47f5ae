/**
 * `check`: what the settings, the registers and each account's access are good for, asked with few calls.
 *
 * Nothing is landed and no cursor moves. What the platform refuses is found as a night finds it, by the same extraction.
 */
import {existsSync} from "node:fs";
import {join} from "node:path";
import {authentication} from "../connectors/auth.ts";
import type {Access, Account, Connector} from "../connectors/connector.ts";
import {type CredentialStore, openCredentials} from "../connectors/credentials.ts";
import {AuthError, MegaphoneError} from "../connectors/errors.ts";
import {type Extracted, extractAccount} from "../connectors/extract.ts";
import {createHttp, type HttpOptions} from "../connectors/http.ts";
import {permittedParts, planAccount} from "../connectors/plan.ts";
import {probes, readAccess, type ToldAccess} from "../connectors/probe.ts";
import {Warehouse} from "../warehouse/warehouse.ts";
import {dayIn, plusDays} from "./calendar.ts";
import type {Context, RunOptions} from "./context.ts";
import {accountId} from "./ledger.ts";
import {accountsOf, clockOf, outcome} from "./night.ts";
import {endings} from "./perishable.ts";
import type {AccountOutcome} from "./record.ts";
import {type RegisterFault, registerFaults} from "./registers.ts";
import {type Scope, scopeOf} from "./scope.ts";
import {stoppable} from "./stop.ts";

/** A token that ends within so many days is a finding. */
const soonDays = 14;

/** Something that will be missing, or that a person must see to. */
export interface Finding {
  /** Null: of the account as a whole. */
  stream: string | null;
  what: string;
  why: string;
  /** What to do; null: nothing can be done. */
  action: string | null;
  /** Known beforehand, and no reason for exit code 3. */
  isNote: boolean;
}

/** What exists for a time only. */
export interface Perishable {
  stream: string;
  what: string;
  /** Days that the platform keeps it. */
  days: number;
  /** The next day on which something of it is lost; null: nothing was read yet. */
  lost_on: string | null;
  /** Days from before the first night that the platform still has: the first of them, for `backfill`; null: none. */
  backfill_from: string | null;
}

export interface AccountCheck {
  account: string;
  platform: string;
  state: AccountOutcome["state"];
  http_calls: number;
  /**
   * When the token ends, and when the person behind it must consent again, YYYY-MM-DD; null: never by itself, or not
   * known. `text` says which.
   */
  token: {ends_on: string | null; consent_ends_on: string | null; text: string};
  findings: Finding[];
  perishable: Perishable[];
}

/** Checks, prints what will be missing and why, and gives 0, 3 where there are findings, or 1 where every account fails. */
export async function check(context: Context, options: RunOptions): Promise<number> {
  const scope = await scopeOf(context, options);
  const {settings, only} = scope;
  const credentials = openCredentials(settings.credentialsPath);
  const lost = await lostOn(settings.dataDir);
  const accounts = await stoppable(async stop => {
    const tell = () => context.log.warn("the calls are stopped");
    stop.addEventListener("abort", tell);
    const checked = await Promise.all(
      accountsOf(settings, only).map(account => checkAccount(context, scope, account, credentials, lost, stop))
    );
    stop.removeEventListener("abort", tell);
    return checked;
  });
  const registers = registerFaults(settings.registers);
  const unread = settings.accounts.filter(({auth}) => auth === undefined).map(({name}) => name);
  if (context.json) context.stdout(`${JSON.stringify({accounts, registers, without_auth: unread})}\n`);
  else context.stdout(describe(accounts, registers, unread));
  if (accounts.length > 0 && accounts.every(({state}) => state === "failed")) return 1;
  const hasFindings = accounts.some(({findings}) => findings.some(({isNote}) => !isNote));
  return hasFindings || registers.some(({isNote}) => !isNote) ? 3 : 0;
}

async function checkAccount(
  {log, now: realNow}: Context,
  {settings, connectors, now}: Scope,
  account: Account,
  credentials: CredentialStore,
  lost: ReadonlyMap<string, string>,
  stop: AbortSignal
): Promise<AccountCheck> {
  const connector = connectors.get(account.platform)!;
  let granted: Access | undefined;
  const options: HttpOptions = {
    connector,
    account,
    credentials,
    runSignal: stop,
    onSecret: secret => log.addSecret(secret),
    onGrant: grant => {
      granted = {isValid: true, ...grant};
    }
  };
  const today = dayIn(settings.timezone, now());
  const clock = clockOf(today, now);
  const firstNight = planAccount(connector, account, new Map(), settings.refresh, clock());
  const calls = probes(connector, firstNight);
  const results = await extractAccount(connector, calls, new Map(), createHttp(options), clock);
  const refusal = results.find(({error}) => error instanceof AuthError)?.error;
  const told = refusal === undefined ? await tokenOf(options) : undefined;
  const access = told?.access ?? granted;
  const {state} = outcome(log, account, results);
  return {
    account: account.name,
    platform: account.platform,
    state,
    http_calls: callsOf(results) + (told?.httpCalls ?? 0),
    token: refusal === undefined ? tokenText(connector, account, access) : refusedToken,
    findings: [
      ...tokenFindings(connector, account, access, realNow()),
      ...results.flatMap(result => streamFindings(connector, account, result))
    ],
    perishable: endings(connector, account).map(({stream, what, days, isPart}) => {
      const lost_on = lost.get(`${accountId(account)} ${stream} ${what}`) ?? null;
      const isUnread = !isPart && lost_on !== null && lost_on <= plusDays(today, 1);
      return {stream, what, days, lost_on, backfill_from: isUnread ? plusDays(today, -days) : null};
    })
  };
}

/** What the platform says of the token; a call that is refused says nothing of it. */
async function tokenOf(options: HttpOptions): Promise<ToldAccess | undefined> {
  try {
    return await readAccess(options);
  } catch (error) {
    if (!(error instanceof MegaphoneError)) throw error;
    return undefined;
  }
}

function callsOf(results: readonly Extracted[]): number {
  return results.flatMap(({requests}) => requests).reduce((sum, {httpCalls}) => sum + httpCalls, 0);
}

/** When a token ends, in words; a sentence of the connector's where no call tells it. */
function tokenText(connector: Connector, account: Account, access: Access | undefined): AccountCheck["token"] {
  const {endsAt, consentEndsAt} = access ?? {};
  const consent = consentEndsAt && `the person behind it must consent again by ${dayOf(consentEndsAt)}`;
  const end = endsAt && `it ends on ${dayOf(endsAt)}`;
  const unknown = authentication(connector, account).lasts ?? "when it ends is not known";
  const text = [endsAt === null ? "it does not end by itself" : (end ?? unknown), consent].filter(Boolean).join("; ");
  return {ends_on: endsAt ? dayOf(endsAt) : null, consent_ends_on: consentEndsAt ? dayOf(consentEndsAt) : null, text};
}

const refusedToken: AccountCheck["token"] = {ends_on: null, consent_ends_on: null, text: "it is refused"};

function tokenFindings(connector: Connector, account: Account, access: Access | undefined, now: Date): Finding[] {
  if (access === undefined) return [];
  const renew = `make a new one (docs/${account.platform}.md) and put it into .env`;
  const finding = (what: string, why: string, action: string): Finding => ({
    stream: null,
    what,
    why,
    action,
    isNote: false
  });
  const {isValid, permissions} = access;
  const {ends_on, consent_ends_on} = tokenText(connector, account, access);
  const [end = null] = [ends_on, consent_ends_on].filter(day => day !== null).sort();
  const needed = (connector.permissions ?? []).filter(({kinds}) => kinds === undefined || kinds.includes(account.kind));
  return [
    ...(isValid ? [] : [finding("everything", "the platform calls the token invalid", renew)]),
    ...(end !== null && end <= dayOf(new Date(now.getTime() + soonDays * 86_400_000))
      ? [finding(`everything from ${end} on`, `the access ends on ${end}`, renew)]
      : []),
    ...needed
      .filter(({name}) => permissions !== undefined && !permissions.includes(name))
      .map(({name, gives}) =>
        finding(gives, `the permission ${name} was not granted`, `grant it (docs/${account.platform}.md)`)
      )
  ];
}

/** What a stream will lack: all of it, some metrics, or parts of its records. */
function streamFindings(
  connector: Connector,
  account: Account,
  {stream, records, error, refused}: Extracted
): Finding[] {
  const declaration = connector.streams[stream]!;
  const finding = (what: string, why: string, action: string | null, isNote = false): Finding => ({
    stream,
    what,
    why,
    action,
    isNote
  });
  const isRefused = error instanceof AuthError;
  const missing = declaration.series?.what ?? "all of it";
  const {fact, action} = error ?? {fact: "", action: null};
  const permitted = new Set(permittedParts(connector, account, declaration).map(([name]) => name));
  const ofParts = Object.entries(declaration.parts ?? {}).flatMap(([name, {what}]) => {
    if (!permitted.has(name))
      return [finding(what, "this kind of token sees public figures only", `see docs/${account.platform}.md`)];
    const isRefused = records.some(record => record[`${name}_status`] === "not_permitted");
    return isRefused ? [finding(what, "a permission or a role is missing", `see docs/${account.platform}.md`)] : [];
  });
  return [
    ...(error === undefined
      ? []
      : [isRefused ? {...finding("everything", fact, action), stream: null} : finding(missing, fact, action)]),
    ...refused.map(metric =>
      // Of metrics that are asked for one by one it is known that not every account has them.
      finding(metric, "the platform does not offer it to this account", null, declaration.snapshot?.isAlone)
    ),
    ...ofParts
  ];
}

/** The next day on which something is lost, by account, stream and what, as the last publication has it. */
async function lostOn(dataDir: string): Promise<Map<string, string>> {
  const published = join(dataDir, "published", "warehouse.duckdb");
  if (!existsSync(published)) return new Map();
  await using warehouse = await Warehouse.open(published, {readOnly: true, locked: true});
  const rows = await warehouse.rows<{key: string; lost_on: string}>(
    `select account_id || ' ' || stream || ' ' || what as key, min(lost_on) as lost_on
     from meta.perishable group by all`
  );
  return new Map(rows.map(({key, lost_on}) => [key, lost_on]));
}

function describe(
  accounts: readonly AccountCheck[],
  registers: readonly RegisterFault[],
  unread: readonly string[]
): string {
  const lines = accounts.flatMap(({account, platform, state, http_calls, token, findings, perishable}) => [
    `${account} (${platform}): ${words[state]}, ${http_calls} ${http_calls === 1 ? "call" : "calls"}`,
    `  token       ${token.text}`,
    ...findings.flatMap(({stream, what, why, action, isNote}) => [
      `  ${isNote ? "not offered" : "missing    "} ${stream === null ? "" : `${stream}: `}${what}`,
      `              ${why}`,
      ...(action === null ? [] : [`              → ${action}`])
    ]),
    ...perishable.flatMap(({stream, what, days, lost_on, backfill_from}) => [
      `  perishable  ${stream}: ${what}, kept ${days} ${days === 1 ? "day" : "days"}${lost_on === null ? "" : `; next lost on ${lost_on}`}`,
      ...(backfill_from === null
        ? []
        : [`              → megaphone backfill --from ${backfill_from} reads the days from before the first night`])
    ]),
    ""
  ]);
  return [
    ...lines,
    ...unread.map(name => `${name}: no authentication; export files alone feed it`),
    ...registers.flatMap(({file, what, action}) => [
      `registers${file === null ? "" : ` ${file}`}: ${what}`,
      `  → ${action}`
    ]),
    ...(accounts.length + unread.length === 0 ? ["no account is named in the settings"] : [])
  ]
    .map(line => `${line}\n`)
    .join("");
}

const words = {ok: "well", partial: "in part", failed: "refused"} satisfies Record<AccountCheck["state"], string>;

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
