/** `plan`: what tonight's run would do and what that takes, without a call to any platform. */
import {existsSync} from "node:fs";
import {join} from "node:path";
import {costUsd, quotaShare} from "../connectors/budget.ts";
import {grouped, type PlannedCall} from "../connectors/plan.ts";
import {Warehouse} from "../warehouse/warehouse.ts";
import {dayIn} from "./calendar.ts";
import type {Context, RunOptions} from "./context.ts";
import {withLock} from "./lock.ts";
import {type AccountPlan, accountsOf, type Known, planNight} from "./night.ts";
import {type Scope, scopeOf} from "./scope.ts";
import {createStore, Workspace} from "./workspace.ts";

/** What a stream of an account asks for in a night. */
export interface PlanRow {
  account: string;
  platform: string;
  stream: string;
  /** Posts whose counters are read. */
  posts: number;
  http_calls: number;
  /** As the platform counts them: each item of a batch. */
  counted_calls: number;
  /** Of a quota that the platform documents, 1 being all of it; null: it documents none. */
  quota_share: number | null;
  /** Null: not known; 0: free. */
  cost_usd: number | null;
  /** `upper` until the account's posts were listed once, and where nothing is known yet. */
  bound: "exact" | "upper";
}

/** Prints the plan of the night, an account and stream a line. */
export async function plan(context: Context, options: RunOptions): Promise<number> {
  const scope = await scopeOf(context, options);
  const {settings, only} = scope;
  const rows = await withKnown(context, scope, async known => {
    const now = scope.now();
    const tonight = {now, today: dayIn(settings.timezone, now)};
    const plans = await planNight(known, accountsOf(settings, only), tonight);
    return plans.flatMap(one => rowsOf(known, one));
  });
  context.stdout(context.json ? rows.map(row => `${JSON.stringify(row)}\n`).join("") : table(rows));
  return 0;
}

/**
 * Opens what is known before the night. Where something is landed, the plan takes the lock and loads what waits, as the
 * run would do first; a reader without the lock would hold the file when a run begins. Where nothing is, nothing is made.
 */
async function withKnown<T>(context: Context, scope: Scope, work: (known: Known) => Promise<T>): Promise<T> {
  const {settings, connectors} = scope;
  if (existsSync(join(settings.dataDir, "landing", "manifest.ndjson"))) {
    const opened = async () => {
      await using workspace = await Workspace.open(settings, context.log);
      await workspace.load();
      return await work(workspace); // before it is closed
    };
    return withLock(settings.dataDir, "plan", opened, context);
  }
  await using warehouse = await Warehouse.open(":memory:");
  await createStore(warehouse, settings);
  return await work({settings, connectors, warehouse}); // before it is closed
}

function rowsOf({connectors}: Known, {account, calls}: AccountPlan): PlanRow[] {
  const connector = connectors.get(account.platform)!;
  const sum = (of: readonly PlannedCall[], count: (call: PlannedCall) => number): number =>
    of.reduce((total, call) => total + count(call), 0);
  return [...grouped(calls, ({stream}) => stream)].map(([stream, own]) => ({
    account: account.name,
    platform: account.platform,
    stream,
    // Parts are read of the posts of a listing or lookup, or of posts that nothing else gives.
    posts: Math.max(
      sum(own, ({how, posts}) => (how === "part" ? 0 : posts)),
      ...own.map(({posts}) => posts)
    ),
    http_calls: sum(own, ({httpCalls}) => httpCalls),
    counted_calls: sum(own, ({countedCalls}) => countedCalls),
    quota_share: quotaShare(connector, account, own),
    cost_usd: costUsd(connector, own),
    bound: own.some(({bound}) => bound === "upper") ? "upper" : "exact"
  }));
}

const heads = ["account", "platform", "stream", "posts", "calls", "counted", "quota", "cost", ""];

/** Columns under a header, with the sums of a night; numbers to the right. */
function table(rows: readonly PlanRow[]): string {
  if (rows.length === 0) return "no account has authentication, so there is nothing to read\n";
  const total = (count: (row: PlanRow) => number): number => rows.reduce((sum, row) => sum + count(row), 0);
  const hasUnknownCost = rows.some(({cost_usd}) => cost_usd === null);
  const lines = [
    heads,
    ...rows.map(row => [
      row.account,
      row.platform,
      row.stream,
      String(row.posts),
      String(row.http_calls),
      String(row.counted_calls),
      row.quota_share === null ? "not known" : percent(row.quota_share),
      row.cost_usd === null ? "not known" : dollars(row.cost_usd),
      row.bound === "upper" ? "at most; not listed yet" : ""
    ]),
    [
      "all",
      "",
      "",
      String(total(({posts}) => posts)),
      String(total(({http_calls}) => http_calls)),
      String(total(({counted_calls}) => counted_calls)),
      "",
      `${dollars(total(({cost_usd}) => cost_usd ?? 0))}${hasUnknownCost ? " and more" : ""}`,
      rows.some(({bound}) => bound === "upper") ? "at most" : ""
    ]
  ];
  const widths = heads.map((_, column) => Math.max(...lines.map(line => line[column]!.length)));
  const isNumber = (column: number): boolean => column >= 3 && column <= 7;
  return lines
    .map(line =>
      line
        .map((cell, column) => (isNumber(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
        .join("  ")
        .trimEnd()
    )
    .map(line => `${line}\n`)
    .join("");
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}

function dollars(amount: number): string {
  return amount === 0 ? "free" : `$${amount.toFixed(amount < 0.1 ? 3 : 2)}`;
}
