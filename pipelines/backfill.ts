/**
 * `backfill`: reads past days as far as each platform still answers.
 *
 * What it has done stands in the manifest: each chunk is one landed file that covers its days, so a second call goes on
 * where the first one ended, however that was. No cursor moves, and posts get readings of today, never of the past.
 */
import {type Chunk, type Clamp, planBackfill, type Stretch} from "../connectors/backfill.ts";
import type {Account} from "../connectors/connector.ts";
import {AuthError, ConfigError} from "../connectors/errors.ts";
import {type Extracted, extractAccount} from "../connectors/extract.ts";
import type {StreamState, Tonight} from "../connectors/plan.ts";
import {dayIn, plusDays, startOf} from "./calendar.ts";
import type {BackfillOptions, Context} from "./context.ts";
import {complete} from "./finish.ts";
import {accountId} from "./ledger.ts";
import {accountsOf, batchOf, clockOf, connect, readAll, statesOf} from "./night.ts";
import {dayOf, type Run} from "./record.ts";
import {scopeOf} from "./scope.ts";
import {work} from "./work.ts";
import type {Workspace} from "./workspace.ts";

/** Reads the days from `--from` to `--to`, then builds, checks and publishes as `run` does. */
export async function backfill(context: Context, options: BackfillOptions): Promise<number> {
  const {settings, only, now, asOf} = await scopeOf(context, options);
  const wanted = wantedDays(options, dayIn(settings.timezone, now()));
  return work(
    context,
    settings,
    "backfill",
    async (workspace, run, stop) => {
      const {log} = context;
      await workspace.load();
      const clock = clockOf(dayOf(run, settings.timezone), now);
      const plans = await planAll(workspace, accountsOf(settings, only), wanted, clock());
      const notes = plans.flatMap(({account, clamps}) => clamps.map(clamp => clamped(account, clamp)));
      for (const note of notes) log.info(note);
      const count = plans.reduce((sum, {chunks}) => sum + chunks.length, 0);
      let begun = 0;
      const tell = (account: Account, {stream, from, to}: Chunk) =>
        log.progress(`${account.name} ${stream}: ${from} to ${to} (${++begun} of ${count})`);
      await readAll(workspace, run, stop, plans, (plan, credentials) =>
        readChunks(workspace, run, plan, {...connect(workspace, plan.account, credentials, {stop}), clock}, tell)
      );
      await workspace.load();
      log.progress("models, publication and report");
      const {summary, json} = await complete(workspace, run, now());
      const what = count === 0 ? "all of it was read before" : `${count} chunks of ${wanted.from} to ${wanted.to}`;
      return {summary: `${what}; ${summary}`, json: {...json, ...wanted, chunks: count, clamped: notes}};
    },
    asOf
  );
}

interface AccountPast {
  account: Account;
  states: Map<string, StreamState>;
  chunks: Chunk[];
  clamps: Clamp[];
}

async function planAll(
  workspace: Workspace,
  accounts: readonly Account[],
  wanted: Stretch,
  tonight: Tonight
): Promise<AccountPast[]> {
  const {connectors, settings} = workspace;
  const {timezone, refresh} = settings;
  const states = await statesOf(workspace, accounts, tonight, {listedFrom: startOf(timezone, wanted.from)});
  const done = await doneBefore(workspace, tonight.today);
  return accounts.map(account => {
    const own = states.get(account)!;
    const connector = connectors.get(account.platform)!;
    const plan = planBackfill({
      ...{connector, account, states: own, refresh, tonight, wanted},
      done: stream => done(account, stream),
      startOf: day => startOf(timezone, day)
    });
    return {account, states: own, ...plan};
  });
}

/** Reads and lands chunk by chunk; a fault ends its stream, a refused token the account. */
async function readChunks(
  workspace: Workspace,
  run: Run,
  {account, states, chunks}: AccountPast,
  {connector, http, clock}: ReturnType<typeof connect> & {clock: () => Tonight},
  tell: (account: Account, chunk: Chunk) => void
): Promise<Extracted[]> {
  const results: Extracted[] = [];
  const isOver = (name: string): boolean =>
    results.some(({stream, error}) => error instanceof AuthError || (error !== undefined && stream === name));
  for (const chunk of chunks) {
    const {stream, from, to, calls} = chunk;
    if (isOver(stream)) continue;
    tell(account, chunk);
    for (const result of await extractAccount(connector, calls, states, http, clock)) {
      results.push(result);
      const {records, cursor, capturedAt} = result;
      const isWhole = cursor !== undefined;
      // What the platform refuses or has not is not found out again in the next chunk.
      if (isWhole) states.set(stream, {...states.get(stream)!, cursor});
      const batch = {
        ...batchOf(workspace, run, account, result),
        ...(isWhole ? {covers_from: from, covers_to: to} : {})
      };
      if (isWhole || records.length > 0) await workspace.landing.append([{batch, records}], capturedAt);
    }
  }
  return results;
}

function wantedDays({from, to}: BackfillOptions, today: string): Stretch {
  const yesterday = plusDays(today, -1);
  if (to !== undefined && to > yesterday)
    throw new ConfigError(`--to ${to}: expected a day before today; \`run\` reads today`);
  const wanted = {from, to: to ?? yesterday};
  if (wanted.from > wanted.to) throw new ConfigError(`--from ${from}: expected a day up to ${wanted.to}`);
  return wanted;
}

function clamped({name}: Account, {stream, days, from}: Clamp): string {
  const kept = `${name} ${stream}: the platform keeps ${days} ${days === 1 ? "day" : "days"}`;
  return from === null ? `${kept}, so nothing of it is read` : `${kept}, so it is read from ${from} on`;
}

/**
 * The days that earlier backfills read whole, by account and stream. A day's values are final, so they are read once;
 * posts have counters of the day on which they are read, so the first backfill after one that ended well reads them
 * again, on another day.
 */
async function doneBefore(
  {landing, warehouse, connectors}: Workspace,
  today: string
): Promise<(account: Account, stream: string) => Stretch[]> {
  const ended = await warehouse.row<{run_id: string | null}>(
    "select max(run_id) as run_id from meta.run where command = 'backfill' and exit_code = 0"
  );
  const last = ended?.run_id ?? "";
  // A night covers the day of its capture, a backfill days before.
  const lines = landing.lines.filter(({source, covers_to, captured_on}) => source === "api" && covers_to < captured_on);
  return (account, stream) => {
    const isFinal = connectors.get(account.platform)!.streams[stream]!.series !== undefined;
    return lines
      .filter(line => line.account.account_id === accountId(account) && line.stream === stream)
      .filter(({run_id, captured_on}) => isFinal || run_id > last || captured_on === today)
      .map(({covers_from, covers_to}) => ({from: covers_from, to: covers_to}));
  };
}
