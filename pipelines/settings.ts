/**
 * `megaphone.yaml`: what it may hold, its defaults, and the secrets that it names.
 *
 * Secrets stand in the environment or in the `.env` beside the file and are named there as `${NAME}`; a literal one is
 * refused. The environment wins over `.env`.
 */
import {existsSync, readFileSync, statSync} from "node:fs";
import {basename, dirname, join, resolve} from "node:path";
import {parseEnv} from "node:util";
import {createTask, validateDetailed} from "node-cron";
import {z} from "zod";
import {isConfidential, serverAddress} from "../connectors/address.ts";
import type {Account, Connector} from "../connectors/connector.ts";
import {ConfigError} from "../connectors/errors.ts";
import {Warehouse} from "../warehouse/warehouse.ts";
import {type Fault, faultsOf, keys, parseYaml} from "./yaml.ts";

export interface Settings {
  organisation: string;
  /** IANA zone: calendar of days and months in every indicator. */
  timezone: string;
  /** Cron expression, read in UTC. */
  schedule: string;
  dataDir: string;
  report: {languages: string[]; periods: string[]; ranges: Record<string, {from: string; to: string}>};
  disclosure: {geography: "un_group" | "m49" | "narrative_2020"};
  /** Days: until what age a post is read again daily, weekly, monthly; how often audience breakdowns are. */
  refresh: {daily: number; weekly: number; monthly: number; audience: number};
  accounts: Account[];
  registers: string;
  inbox: string;
  keepOriginalsDays: number;
  alerts: {webhook?: string};
  /** The file that was read; absent: none. */
  file?: string;
  /** Where tokens that a platform rotated are kept. */
  credentialsPath: string;
  /** Every secret value, for the log's scrubber. */
  secrets: string[];
}

export interface LoadOptions {
  /** `--config`, else `megaphone.yaml` in the working folder. */
  config?: string;
  /** `--data`, relative to the working folder. */
  data?: string;
  cwd: string;
  env?: NodeJS.ProcessEnv;
  /** Whether the command needs a file; without one the data folder must be named. */
  required: boolean;
  /** Whether the command calls platforms; else accounts come without `auth`. */
  secrets: boolean;
  /** The command only looks for the data folder: without a file, the published copy is not asked for its calendar. */
  onlyFolder?: boolean;
  /** The connectors that were found; absent: what depends on the platform is not checked. */
  platforms?: ReadonlyMap<string, Connector>;
  warn?: (message: string) => void;
}

/** Reads and checks the settings. Throws `ConfigError` with one line a fault, each with file, line and key. */
export async function loadSettings(options: LoadOptions): Promise<Settings> {
  const {cwd} = options;
  const file = resolve(cwd, options.config ?? "megaphone.yaml");
  if (existsSync(file)) return fromFile(file, options);
  if (options.config !== undefined) throw new ConfigError(`${options.config}: there is no such file`);
  if (options.required) {
    throw new ConfigError(`no megaphone.yaml in ${cwd}; write one there, or name one with --config FILE`);
  }
  if (options.data === undefined) {
    throw new ConfigError(
      `no megaphone.yaml in ${cwd}; name one with --config FILE, or the data folder with --data DIR`
    );
  }
  const settings = settle(document.parse({}), file, options);
  return options.onlyFolder ? settings : {...settings, ...(await publishedCalendar(settings.dataDir))};
}

const reference = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/;

const text = z.string().trim().min(1, "must not be empty");
/** Ids and years are often written without quotes; a number keeps its digits. */
/** The parser gives whole numbers as bigint, so that ids keep every digit. */
const idsPerCallError = "expected a whole number from 1 to 100";
const idsPerCall = z
  .bigint({error: idsPerCallError})
  .min(1n, idsPerCallError)
  .max(100n, idsPerCallError)
  .transform(Number);
const word = z.union([text, z.bigint().transform(String)], {error: "expected text"});

const days = z
  .string({error: "expected a number of days, such as 14d"})
  .regex(/^[1-9]\d*d$/, "expected a number of days, such as 14d")
  .transform(value => Number(value.slice(0, -1)));

const timezone = text.refine(isZone, "no IANA time zone, such as Europe/Zurich");

const cron = text.refine(value => cronFault(value) === undefined, {
  error: ({input}) => cronFault(String(input)) ?? "expected a cron expression"
});

const period = word.refine(
  value => /^(last-month|last-quarter|all|\d{4}(-Q[1-4])?|\d{4}-\d{2}(\.\.\d{4}-\d{2})?)$/.test(value),
  "expected last-month, last-quarter, all, 2020, 2020-Q3, 2020-07 or 2020-07..2020-12"
);

const range = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}\.\.\d{4}-\d{2}-\d{2}$/, "expected two dates, such as 2019-08-31..2020-11-30")
  .transform(value => ({from: value.slice(0, 10), to: value.slice(12)}))
  .refine(({from, to}) => isDate(from) && isDate(to) && from <= to, "expected two dates, the earlier first");

const language = z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]+)*$/, "expected a language tag, such as en");

const url = z
  .string()
  .refine(
    value => serverAddress(value) !== undefined,
    "expected https, or http on loopback, without a user name or query"
  );

const secret = z
  .custom<string>(
    value => typeof value === "string" && reference.test(value),
    // biome-ignore lint/suspicious/noTemplateCurlyInString: shown to the user as it is to be written
    "a literal secret; write ${NAME} and put the value into .env or the environment"
  )
  .transform(value => value.slice(2, -1));

/** A post that no listing gives, by its URN or an address that holds it. */
const postUrn = text.transform((given, context) => {
  const [urn] = /urn:li:(?:share|ugcPost):\d+/.exec(given.replaceAll(/%3A/gi, ":")) ?? [];
  if (urn !== undefined) return urn;
  const message = "expected urn:li:share:… or urn:li:ugcPost:…, or an address that holds one; an activity is not read";
  context.issues.push({code: "custom", message, input: given});
  return z.NEVER;
});

const account = keys({
  platform: text,
  kind: z.enum(["page", "organisation", "member", "professional"]).default("page"),
  id: word,
  aliases: z.array(word).default([]),
  name: text,
  auth: z.record(z.string(), secret).optional(),
  api_version: word.default("default"),
  base_url: url.optional(),
  posts: z.array(postUrn).optional(),
  ids_per_call: idsPerCall.optional()
});

const document = keys({
  organisation: z.string().default(""),
  timezone: timezone.default("UTC"),
  schedule: cron.default("30 1 * * *"),
  data_dir: text.default("./data"),
  report: keys({
    languages: z.array(language).min(1).default(["en"]),
    periods: z.array(period).default(["last-month", "last-quarter"]),
    ranges: z.record(z.string(), range).default({})
  }).prefault({}),
  disclosure: keys({geography: z.enum(["un_group", "m49", "narrative_2020"]).default("un_group")}).prefault({}),
  refresh: keys({
    daily: days.default(14),
    weekly: days.default(90),
    monthly: days.default(730),
    audience: days.default(7)
  }).prefault({}),
  accounts: z.array(account).default([]),
  registers: text.default("./registers"),
  inbox: text.default("./inbox"),
  keep_originals: days.default(30),
  alerts: keys({webhook: secret.optional()}).prefault({})
});

type Document = z.infer<typeof document>;
type Find = (name: string) => string | undefined;
type Reveal = (name: string) => string;

function fromFile(file: string, options: LoadOptions): Settings {
  const name = basename(file);
  const yaml = parseYaml(name, readText(file));
  if (yaml.faults) throw new ConfigError(yaml.faults);
  const parsed = document.safeParse(yaml.value ?? {});
  if (!parsed.success) throw new ConfigError(yaml.describe(faultsOf(parsed.error)));
  const find = options.secrets ? environment(dirname(file), options) : undefined;
  const faults = [
    ...twins(parsed.data),
    ...(options.platforms ? platformFaults(parsed.data, options.platforms) : []),
    ...(find ? unset(parsed.data, find) : [])
  ];
  if (faults.length > 0) throw new ConfigError(yaml.describe(faults));
  return {...settle(parsed.data, file, options, find && (name => find(name)!)), file}; // unset() has seen each
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new ConfigError(`${file} cannot be read (${(cause as NodeJS.ErrnoException).code})`, {cause});
  }
}

/** The settings as the program uses them: paths whole, secrets in their place. */
function settle(given: Document, file: string, options: LoadOptions, reveal?: Reveal): Settings {
  const folder = dirname(file);
  const webhook = reveal && given.alerts.webhook !== undefined ? reveal(given.alerts.webhook) : undefined;
  const accounts = given.accounts.map(
    ({api_version, base_url, auth, posts, ids_per_call, ...rest}): Account => ({
      ...rest,
      apiVersion:
        api_version === "default" ? (options.platforms?.get(rest.platform)?.apiVersion ?? "default") : api_version,
      ...(posts === undefined ? {} : {posts}),
      ...(ids_per_call === undefined ? {} : {idsPerCall: ids_per_call}),
      ...(base_url === undefined ? {} : {baseUrl: base_url.replace(/\/+$/, "")}),
      ...(reveal && auth
        ? {auth: Object.fromEntries(Object.entries(auth).map(([key, name]) => [key, reveal(name)]))}
        : {})
    })
  );
  return {
    organisation: given.organisation,
    timezone: given.timezone,
    schedule: given.schedule,
    dataDir: options.data === undefined ? resolve(folder, given.data_dir) : resolve(options.cwd, options.data),
    report: given.report,
    disclosure: given.disclosure,
    refresh: given.refresh,
    accounts,
    registers: resolve(folder, given.registers),
    inbox: resolve(folder, given.inbox),
    keepOriginalsDays: given.keep_originals,
    alerts: webhook === undefined ? {} : {webhook},
    credentialsPath: join(folder, "credentials.json"),
    secrets: [...accounts.flatMap(({auth}) => Object.values(auth ?? {})), ...(webhook === undefined ? [] : [webhook])]
  };
}

/** Names and ids that two accounts share. */
function twins({accounts}: Document): Fault[] {
  return accounts.flatMap((one, i) => {
    const before = accounts.slice(0, i);
    return [
      ...(before.some(other => other.platform === one.platform && other.id === one.id)
        ? [{path: ["accounts", i, "id"], message: "another account of the platform has this id"}]
        : []),
      ...(before.some(other => other.name === one.name)
        ? [{path: ["accounts", i, "name"], message: "another account has this name; names are unique"}]
        : [])
    ];
  });
}

function platformFaults({accounts}: Document, platforms: ReadonlyMap<string, Connector>): Fault[] {
  return accounts.flatMap(({platform, auth}, i): Fault[] => {
    const connector = platforms.get(platform);
    if (!connector) {
      const message = `no connector for this platform; there are: ${[...platforms.keys()].sort().join(", ")}`;
      return [{path: ["accounts", i, "platform"], message}];
    }
    const isAccepted = connector.auth.some(way => sameWords(way.keys, Object.keys(auth ?? {})));
    const ways = connector.auth.map(way => way.keys.join(" + ")).join(", or ");
    return auth === undefined || isAccepted
      ? []
      : [{path: ["accounts", i, "auth"], message: `${platform} takes ${ways}`}];
  });
}

/** References to variables that have no value. */
function unset({accounts, alerts}: Document, find: Find): Fault[] {
  const named = [
    ...accounts.flatMap(({auth}, i) =>
      Object.entries(auth ?? {}).map(([key, name]) => ({path: ["accounts", i, "auth", key], name}))
    ),
    ...(alerts.webhook === undefined ? [] : [{path: ["alerts", "webhook"], name: alerts.webhook}])
  ];
  return named.flatMap(({path, name}): Fault[] => {
    const value = find(name);
    if (value === undefined) {
      return [{path, message: `the variable ${name} is not set; put it into .env or the environment`}];
    }
    // A line break in a credential would end a header and begin another.
    if (/\p{Cc}/u.test(value)) return [{path, message: `the value of ${name} holds control characters`}];
    const isUnsafe = path[0] === "alerts" && !(URL.canParse(value) && isConfidential(new URL(value)));
    return isUnsafe ? [{path, message: `the value of ${name} is no address with https, or with http on loopback`}] : [];
  });
}

/** Looks a variable up in the environment, then in the `.env` of the folder; an empty one counts as not set. */
function environment(folder: string, options: LoadOptions): Find {
  const env = options.env ?? process.env;
  refuseLeaks(env);
  const path = join(folder, ".env");
  const kept: NodeJS.Dict<string> = existsSync(path) ? parseEnv(readText(path)) : {};
  if (existsSync(path) && (statSync(path).mode & 0o077) !== 0) {
    options.warn?.(`${path} can be read by others on this machine; chmod 600 it`);
  }
  return name => env[name] || kept[name] || undefined;
}

/** What makes Node write the environment or the memory to a file, or request headers to stderr. */
function refuseLeaks(env: NodeJS.ProcessEnv): void {
  const flags = [...process.execArgv, ...(env.NODE_OPTIONS ?? "").split(/\s+/)];
  const leak = flags.find(flag => /^--(inspect|report-(on|uncaught)|heapsnapshot|heap-prof|diagnostic)/.test(flag));
  if (leak) throw new ConfigError(`Node runs with ${leak.split("=")[0]}, which can write secrets out; run without it`);
  if (env.NODE_DEBUG) throw new ConfigError("NODE_DEBUG is set, which writes secrets to stderr; unset it");
}

/** The calendar of what is published there, for commands that go on without a file. */
async function publishedCalendar(dataDir: string): Promise<Pick<Settings, "organisation" | "timezone"> | undefined> {
  const published = join(dataDir, "published", "warehouse.duckdb");
  if (!existsSync(published)) return undefined;
  await using warehouse = await Warehouse.open(published, {readOnly: true, locked: true});
  return await warehouse.row("select organisation, timezone from publish.edition"); // before it is closed
}

function isZone(zone: string): boolean {
  if (/^[+-]/.test(zone)) return false; // an offset, which has no calendar of its own
  try {
    return new Intl.DateTimeFormat("en", {timeZone: zone}) !== undefined;
  } catch {
    return false;
  }
}

/** What is wrong with a cron expression; undefined: nothing. */
function cronFault(expression: string): string | undefined {
  const wanted = "expected a cron expression of five fields, such as 30 1 * * *";
  const [fault] = validateDetailed(expression).errors;
  if (fault !== undefined) {
    const field = fault.field.replaceAll(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`);
    return field === "expression" ? wanted : `${fault.value} is no ${field}; ${wanted}`;
  }
  const task = createTask(expression, () => undefined, {timezone: "UTC"});
  try {
    task.getNextRuns(1);
    return undefined;
  } catch {
    return `no day of the next hundred years matches; ${wanted}`;
  } finally {
    task.destroy();
  }
}

function isDate(date: string): boolean {
  const at = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(date);
}

function sameWords(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every(word => b.includes(word));
}
