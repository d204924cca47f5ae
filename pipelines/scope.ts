/** What `--only` and `--as-of` mean, for every command that speaks of a night. */

import {isLoopback} from "../connectors/address.ts";
import type {Connector} from "../connectors/connector.ts";
import {ConfigError} from "../connectors/errors.ts";
import {findConnectors} from "../connectors/extract.ts";
import {dayIn, eveningOf} from "./calendar.ts";
import type {Context, RunOptions} from "./context.ts";
import type {Settings} from "./settings.ts";

/** The settings of a night and its clock. */
export interface Scope {
  settings: Settings;
  connectors: Map<string, Connector>;
  only: string[] | undefined;
  /** The evening of `--as-of`; absent: the real clock. */
  asOf: Date | undefined;
  now: () => Date;
}

/** Reads the settings, and refuses a stranger in `--only` and a past clock on a live platform (ConfigError). */
export async function scopeOf(context: Context, {only, asOf}: RunOptions): Promise<Scope> {
  const connectors = await findConnectors();
  const settings = await context.settings({required: true, secrets: true, platforms: connectors});
  refuseUnknown(settings, only);
  const clock = asOf === undefined ? undefined : clockOf(settings, asOf, context.now());
  return {settings, connectors, only, asOf: clock, now: clock === undefined ? context.now : () => clock};
}

function refuseUnknown(settings: Settings, only: readonly string[] | undefined): void {
  const known = new Set(settings.accounts.flatMap(({platform, name}) => [platform, name]));
  const stranger = only?.find(name => !known.has(name));
  if (stranger !== undefined) {
    throw new ConfigError(
      `--only ${stranger}: no such platform or account; there are: ${[...known].sort().join(", ")}`
    );
  }
}

/** The clock of `--as-of`: a live counter must never be stamped as a past one, so every account must be on loopback. */
function clockOf(settings: Settings, day: string, now: Date): Date {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(Date.parse(`${day}T00:00:00Z`))) {
    throw new ConfigError(`--as-of ${day}: expected a date, such as 2020-11-30`);
  }
  const live = settings.accounts.find(
    ({auth, baseUrl}) => auth !== undefined && !(baseUrl && isLoopback(new URL(baseUrl)))
  );
  if (live !== undefined) {
    throw new ConfigError(
      `--as-of: account ${live.name} reads the live platform, whose counters are those of ${dayIn(settings.timezone, now)}; give each account a base_url on loopback`
    );
  }
  return eveningOf(settings.timezone, day);
}
