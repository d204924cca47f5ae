/**
 * The one extraction loop: executes a plan of calls, page by page, and gathers each stream's records of the night.
 *
 * Accounts run in parallel, the calls of one account in sequence. What was fetched before a fault is handed on all the
 * same; a cursor moves only when its stream ended well, because feeds come newest first and an interrupted one has left
 * out older records. What a platform refuses in part (a metric, a part of one record, too much at once) is found and
 * left out, and the rest goes on.
 */
import {readdirSync} from "node:fs";
import {extname} from "node:path";
import type {z} from "zod";
import {Calls, type Requests} from "./calls.ts";
import {
  type ApiRequest,
  type Ask,
  type Connector,
  isConnector,
  type KnownPost,
  type LandedRecord,
  type Listing,
  type Missing,
  type Part,
  type Problem,
  type Stream
} from "./connector.ts";
import {AuthError, GoneError, MegaphoneError, MetricError, PartError, ShapeError} from "./errors.ts";
import {type Http, ruleFor} from "./http.ts";
import {Lacking} from "./lacking.ts";
import {
  type Cursor,
  chunks,
  grouped,
  isYoungEnough,
  type PlannedCall,
  partLists,
  permittedParts,
  type StreamState,
  type Tonight,
  unread
} from "./plan.ts";
import {Quarantine, quarantineDays} from "./quarantine.ts";

/** Pages of one listing: far above what any platform serves, low enough to end a feed that never does. */
const mostPages = 10_000;

/** What a stream gave in a night. */
export interface Extracted {
  stream: string;
  capturedAt: Date;
  records: LandedRecord[];
  /** Where it goes on; undefined unless every call ended well. */
  cursor: Cursor | undefined;
  requests: Requests[];
  /** Metrics that the platform refused tonight for the first time. */
  refused: string[];
  /** What the account's token may not read, in the words of the stream's parts. */
  withheld: string[];
  error: MegaphoneError | undefined;
}

/** The connectors found beside this file, by platform. */
export async function findConnectors(): Promise<Map<string, Connector>> {
  const own = extname(import.meta.url);
  const found = new Map<string, Connector>();
  for (const file of readdirSync(new URL(".", import.meta.url)).sort()) {
    if (extname(file) !== own || file.endsWith(".d.ts")) continue;
    const module: Record<string, unknown> = await import(new URL(file, import.meta.url).href);
    for (const item of Object.values(module)) if (isConnector(item)) found.set(item.platform, item);
  }
  return found;
}

/**
 * Executes an account's plan, stream by stream. An AuthError ends the account; any other fault ends its stream, and the
 * account's other streams go on, also where an answer that nobody foresaw cannot be read.
 */
export async function extractAccount(
  connector: Connector,
  plan: readonly PlannedCall[],
  states: ReadonlyMap<string, StreamState>,
  http: Http,
  clock: () => Tonight
): Promise<Extracted[]> {
  const results: Extracted[] = [];
  for (const [name, calls] of grouped(plan, ({stream}) => stream)) {
    const isServed = results.some(({requests}) => requests.some(({status}) => status === "ok"));
    const extraction = new Extraction(connector, name, calls, states.get(name) ?? unread, http, clock(), isServed);
    const result = await extraction.run();
    results.push(result);
    if (result.error instanceof AuthError) break;
  }
  return results;
}

/** The extraction of one stream in one night. */
class Extraction {
  private readonly stream: Stream;
  /** By key; the first of a night stays, because a second listing may show a post again. */
  private readonly records = new Map<unknown, LandedRecord>();
  private readonly quarantine: Quarantine;
  private readonly calls: Calls;
  private readonly lacking: Lacking;
  private readonly posts: Map<string, KnownPost>;
  private readonly counted: ReadonlySet<string>;
  /** Nested parts that the platform does not permit, found on an earlier page of the night. */
  private readonly withheld = new Set<string>();
  /** Keys of records that a listing which holds less was alone to give. */
  private readonly unlisted = new Set<unknown>();
  /** Those of them of which nothing else is known yet. */
  private readonly partial = new Set<unknown>();
  private error: MegaphoneError | undefined;

  constructor(
    private readonly connector: Connector,
    private readonly name: string,
    private readonly plan: readonly PlannedCall[],
    {cursor, known, due, counted}: StreamState,
    http: Http,
    private readonly tonight: Tonight,
    isServed: boolean
  ) {
    this.stream = connector.streams[name]!;
    this.quarantine = new Quarantine(cursor, tonight.today);
    this.calls = new Calls(connector, http, name, this.who, this.quarantine, isServed);
    this.lacking = new Lacking(cursor);
    this.counted = counted;
    this.posts = new Map([...known, ...due].map(post => [post.id, post]));
  }

  async run(): Promise<Extracted> {
    try {
      for (const call of this.plan) if (call.how !== "part") await this.execute(call);
      await this.completePartial();
      this.addStubs();
      for (const [name, part] of this.partsOf()) if (part.read !== undefined) await this.readPart(name, part);
    } catch (error) {
      this.error = error instanceof MegaphoneError ? error : this.unreadable(error);
    }
    this.settleParts();
    return {
      stream: this.name,
      capturedAt: this.tonight.now,
      records: [...this.records.values()],
      cursor: this.error === undefined ? this.cursor() : undefined,
      requests: this.calls.requests,
      refused: [...this.quarantine.found],
      withheld: [...this.withheld].map(name => this.stream.parts![name]!.what),
      error: this.error
    };
  }

  /** What an answer made fail that passed its schema. The error's own words could quote the answer. */
  private unreadable(cause: unknown): ShapeError {
    const kind = cause instanceof Error ? cause.name : typeof cause;
    return new ShapeError(
      `${this.who}: an answer of ${this.calls.endpoint} cannot be read (${kind}); look for a newer version of Megaphone`,
      {cause}
    );
  }

  private cursor(): Cursor {
    const everyDays = this.isAllRefused() ? quarantineDays : Math.max(...this.plan.map(call => call.everyDays));
    return {
      read_at: this.tonight.now.toISOString(),
      read_on: this.tonight.today,
      ...(everyDays > 1 ? {every_days: everyDays} : {}),
      // An answer without records may not have looked at the metrics at all.
      ...this.quarantine.remembered(this.records.size > 0),
      ...this.lacking.remembered(this.tonight.now, this.plan[0]!.lastAge),
      ...(this.unlisted.size > 0 ? {unlisted: [...this.unlisted].map(String)} : {})
    };
  }

  /** Whether nothing is left to ask for until the quarantine ends. */
  private isAllRefused(): boolean {
    const {snapshot, series} = this.stream;
    const metrics = snapshot?.metrics ?? series?.metrics ?? [];
    return metrics.length > 0 && this.quarantine.live(metrics).length === 0;
  }

  private async execute(call: PlannedCall): Promise<void> {
    if (call.how === "list") await this.list(call);
    else if (call.how === "lookup") await this.lookUp(call);
    else await this.once(call);
  }

  /** A snapshot or a stretch of a series; a metric that is refused alone lands as a fact. */
  private async once(call: PlannedCall): Promise<void> {
    const {request} = this.stream[call.how as "snapshot" | "series"]!;
    const isAlone = this.stream.snapshot?.isAlone ?? false;
    const answer = await this.calls.ask(request, call.ask).catch((error: unknown) => {
      if (isAlone && error instanceof PartError) return error;
      throw error;
    });
    if (answer === undefined || answer instanceof PartError) {
      const status: Missing = answer?.missing ?? "not_offered";
      if (isAlone) this.keep([{metric: call.ask.metrics[0], status}], {});
      return;
    }
    this.keep(this.stream.records(shaped(this.stream.answer, answer.body, this.who), call.ask), {});
    this.refuseEmptyWithProblem(answer.problems, call);
  }

  private async list(call: PlannedCall): Promise<void> {
    const listing = this.stream.lists![call.listing]! as Listing;
    const {from = new Date(0), to} = call.ask;
    // Without a window, older records end the listing and newer ones are passed over.
    const isOlder = (record: LandedRecord): boolean =>
      listing.isWindowless === true && (this.stream.publishedAt?.(record) ?? from) < from;
    const isNewer = (record: LandedRecord): boolean =>
      listing.isWindowless === true && to !== undefined && (this.stream.publishedAt?.(record) ?? from) >= to;
    const seen = new Set<string>();
    let token: string | undefined;
    for (let page = 0; page < (call.pages ?? mostPages); page++) {
      const request = (ask: Ask): ApiRequest => {
        const first = listing.request(ask);
        return token === undefined ? first : {...first, query: {...first.query, [listing.send]: token}};
      };
      const {body, problems, ask, statuses} = await this.askWithParts(request, call.ask);
      const answer = shaped(listing.answer ?? this.stream.answer, body, this.who);
      const all = (listing.records ?? this.stream.records)(answer, ask);
      const records = all.filter(record => !isOlder(record) && !isNewer(record));
      if (listing.isPartial) this.keepPartial(records);
      else this.keep(records, statuses);
      this.refuseEmptyWithProblem(problems, call);
      await this.readWithoutParts(problems, ask);
      token = all.some(isOlder) ? undefined : listing.next(answer);
      if (token === undefined) return;
      if (seen.has(token)) {
        throw new ShapeError(`${this.who}: the platform gave the same page token twice; the rest is read next time`);
      }
      seen.add(token);
    }
    if (call.pages !== undefined) return;
    throw new ShapeError(`${this.who}: more than ${mostPages} pages; the rest is read next time`);
  }

  private async lookUp(call: PlannedCall): Promise<void> {
    const {request, isBatched} = this.stream.lookup!;
    if (isBatched) return this.lookUpOneByOne(call.ask);
    const {body, problems, ask, statuses} = await this.askWithParts(request, call.ask);
    this.keepLookedUp(body, ask, statuses);
    this.refuseEmptyWithProblem(problems, call);
    await this.readWithoutParts(problems, ask);
  }

  /** Looks records up in batches; one that is refused with its parts is asked for again without those it lacks. */
  private async lookUpOneByOne(planned: Ask): Promise<void> {
    const {request} = this.stream.lookup!;
    const missing = new Map<string, Missing>();
    let ids = planned.ids!;
    let fault: MegaphoneError | undefined;
    for (const left of [[], ...leftOut(planned.parts)]) {
      const ask = this.without(planned, [...left, ...this.withheld]);
      const refused: string[] = [];
      for (const [id, answer] of await this.calls.batch(request, ask, ids)) {
        if (answer instanceof GoneError) this.keep([{[this.stream.key]: id, is_gone: true}], {});
        else if (ask.parts.length > 0 && (answer instanceof PartError || answer instanceof MetricError)) {
          refused.push(id);
          missing.set(id, answer instanceof PartError ? answer.missing : "not_offered");
        } else if (answer instanceof MegaphoneError) fault ??= answer;
        else {
          const why = missing.get(id);
          if (why !== undefined) this.withhold(left, why);
          if (why === "not_offered") for (const name of left) this.noteLack(name, id);
          this.keepLookedUp(answer, ask, {...this.asked(ask), ...(why && statusesOf(left, why))});
        }
      }
      ids = refused;
      if (ids.length === 0) break;
    }
    if (fault !== undefined) throw fault;
  }

  private keepLookedUp(body: unknown, ask: Ask, statuses: PartStatuses): void {
    const answer = shaped(this.stream.lookup!.answer ?? this.stream.answer, body, this.who);
    this.keep(this.stream.records(answer, ask), statuses);
  }

  private keepPartial(records: readonly LandedRecord[]): void {
    for (const record of records) {
      const key = record[this.stream.key];
      if (this.records.has(key)) continue;
      this.records.set(key, record);
      this.unlisted.add(key);
      this.partial.add(key);
    }
  }

  /** Looks up what only a listing that holds less gave, but for what is known to be so: of that a lookup is planned. */
  private async completePartial(): Promise<void> {
    const planned = new Set(this.plan.flatMap(({how, ask}) => (how === "lookup" ? (ask.ids ?? []) : [])));
    const ids = [...this.partial].map(String).filter(id => !planned.has(id));
    if (ids.length > 0) await this.lookUpOneByOne({...this.plan[0]!.ask, size: 1, ids});
  }

  /** Keeps records, each with what is known of its parts by now. */
  private keep(records: readonly LandedRecord[], statuses: PartStatuses): void {
    const isPost = this.stream.lists !== undefined || this.stream.lookup !== undefined;
    for (const record of records) {
      const key = isPost ? record[this.stream.key] : this.records.size;
      // What cannot be looked up stays as it was listed.
      if (record.is_gone === true && this.partial.has(key)) continue;
      if (!this.records.has(key) || this.partial.delete(key)) this.records.set(key, {...record, ...statuses});
    }
  }

  /**
   * Sends a request for records with their nested parts. Where the platform refuses the whole answer because of a part,
   * it is asked without; the part is then read by itself where that can be, or is missing for the reason given.
   */
  private async askWithParts(request: (ask: Ask) => ApiRequest, planned: Ask) {
    const ask = this.without(this.calls.askable(planned), [...this.withheld]);
    try {
      return {...(await this.calls.ask(request, ask))!, ask, statuses: this.asked(ask)};
    } catch (error) {
      if (!(error instanceof PartError) || ask.parts.length === 0) throw error;
      for (const left of leftOut(ask.parts)) {
        const fewer = this.without(ask, left);
        const answer = await this.calls.ask(request, fewer).catch((again: unknown) => {
          if (again instanceof PartError && fewer.parts.length > 0) return undefined;
          throw again;
        });
        if (answer === undefined) continue;
        this.withhold(left, error.missing);
        const final = left.filter(name => this.stream.parts![name]!.read === undefined);
        const statuses = {...this.asked(fewer), ...statusesOf(final, error.missing)};
        return {...answer, ask: fewer, statuses};
      }
      throw error;
    }
  }

  /** The same without some of its nested parts. */
  private without(ask: Ask, left: readonly string[]): Ask {
    if (left.length === 0) return ask;
    const parts = ask.parts.filter(name => !left.includes(name));
    return {
      ...ask,
      parts,
      metrics: parts.flatMap(name => this.quarantine.live(this.stream.parts![name]!.metrics ?? []))
    };
  }

  /** A part that is not permitted is asked for no more tonight. */
  private withhold(parts: readonly string[], missing: Missing): void {
    if (missing === "not_permitted") for (const name of parts) this.withheld.add(name);
  }

  /** What is known of the parts of records that an answer to this holds. */
  private asked(ask: Ask): PartStatuses {
    return {...statusesOf(ask.parts, "ok"), ...statusesOf([...this.withheld], "not_permitted")};
  }

  /** Posts that no listing gives: their parts are all that is read of them. */
  private addStubs(): void {
    const {stub} = this.stream;
    if (stub === undefined) return;
    for (const id of this.plan.flatMap(({ask}) => ask.ids ?? [])) this.records.set(id, stub(id));
  }

  /** Reads a part of the records that have it and do not hold it yet. */
  private async readPart(name: string, part: Part): Promise<void> {
    const read = part.read!;
    const holders = new Map<string, LandedRecord[]>();
    for (const record of this.records.values()) {
      if (record[`${name}_status`] !== undefined || record.is_gone === true) continue;
      if (!this.mayHave(name, part, record)) continue;
      const id = read.id(record);
      const key = String(record[this.stream.key]);
      if (id === null) this.noteLack(name, key, record);
      else this.lacking.forget(name, key);
      if (id === null || id === undefined) continue;
      holders.set(id, [...(holders.get(id) ?? []), record]);
    }
    const set = (id: string, value: unknown, status: string): void => {
      for (const record of holders.get(id) ?? []) Object.assign(record, {[name]: value, [`${name}_status`]: status});
    };
    const ask: Ask = {
      account: this.plan[0]!.account,
      parts: [],
      metrics: this.quarantine.live(part.metrics ?? []),
      size: 1
    };
    if (part.metrics !== undefined && ask.metrics.length === 0) return;
    const take = (answer: unknown, ids: string[]): void => {
      const values = read.values(shaped(read.answer, answer, this.who), {...ask, ids});
      for (const id of ids) {
        const [record] = holders.get(id)!;
        const absent = values.has(id)
          ? {value: values.get(id)}
          : (read.absent?.(this.counted.has(id), record!) ?? "failed");
        if (typeof absent === "string") set(id, null, absent);
        else set(id, absent.value, "ok");
      }
    };
    /** Whether an error says of one id alone why it has no such part; then that stands with its records. */
    const isMissed = (id: string, error: MegaphoneError): boolean => {
      if (error instanceof GoneError) set(id, null, "expired");
      else if (error instanceof MetricError) set(id, null, "not_offered");
      else if (error instanceof PartError) {
        set(id, null, error.missing);
        if (part.isNested && error.missing === "not_offered") this.noteLack(name, id, holders.get(id)?.[0]);
      } else return false;
      return true;
    };
    try {
      if (read.isBatched) {
        let fault: MegaphoneError | undefined;
        for (const [id, answer] of await this.calls.batch(read.request, ask, [...holders.keys()])) {
          if (!(answer instanceof MegaphoneError)) take(answer, [id]);
          else if (!isMissed(id, answer)) fault ??= answer;
        }
        if (fault !== undefined) throw fault;
      } else {
        for (const ids of partLists(read, [...holders.keys()], ask.account)) {
          try {
            const response = await this.calls.ask(read.request, {...ask, ids});
            if (response !== undefined) take(response.body, ids);
          } catch (error) {
            if (!(error instanceof MegaphoneError) || read.size !== 1 || !isMissed(ids[0]!, error)) throw error;
          }
        }
      }
    } catch (error) {
      // The whole part is withheld, which is no failure of the records.
      if (!(error instanceof PartError || error instanceof MetricError)) throw error;
      const missing = error instanceof PartError ? error.missing : "not_offered";
      for (const [id, records] of holders) if (records[0]![`${name}_status`] === undefined) set(id, null, missing);
    }
  }

  private knownOf(id: string): KnownPost | undefined {
    return this.posts.get(id);
  }

  private mayHave(name: string, part: Part, record: LandedRecord): boolean {
    const id = String(record[this.stream.key]);
    const publishedAt = this.stream.publishedAt?.(record) ?? this.knownOf(id)?.publishedAt;
    if (part.isNested && this.lacking.has(name, id)) return false;
    return publishedAt === undefined || isYoungEnough(part, publishedAt, this.tonight.now);
  }

  /** Remembers a record that lacks a part, so that it is not planned, nor a page refused because of it. */
  private noteLack(part: string, id: string, record?: LandedRecord): void {
    const publishedAt = (record && this.stream.publishedAt?.(record)) ?? this.knownOf(id)?.publishedAt;
    if (publishedAt !== undefined) this.lacking.note(part, id, publishedAt);
  }

  /** Says of each record and part that was not read why not. */
  private settleParts(): void {
    const permitted = new Set(this.partsOf().map(([name]) => name));
    for (const [name, part] of Object.entries(this.stream.parts ?? {})) {
      for (const record of this.records.values()) {
        if (record.is_gone === true || record[`${name}_status`] !== undefined) continue;
        record[`${name}_status`] = this.reasonOf(name, part, record, permitted);
      }
    }
  }

  private reasonOf(name: string, part: Part, record: LandedRecord, permitted: ReadonlySet<string>): Missing {
    if (!permitted.has(name)) return "not_permitted";
    if (this.lacking.has(name, String(record[this.stream.key]))) return "not_offered";
    if (!this.mayHave(name, part, record)) return "expired";
    if (part.metrics !== undefined && this.quarantine.live(part.metrics).length === 0) return "not_offered";
    if (part.read !== undefined && (part.read.id(record) ?? undefined) === undefined) return "not_offered";
    return "failed";
  }

  /** Records that an answer left out because a part of them is refused are read again without it. */
  private async readWithoutParts(problems: readonly Problem[], ask: Ask): Promise<void> {
    const {lookup} = this.stream;
    if (lookup === undefined || ask.parts.length === 0) return;
    const ids = new Set<string>();
    for (const problem of problems) {
      if (problem.id === undefined || this.records.has(problem.id)) continue;
      if (ruleFor(this.connector, problem)?.then === "drop the metric") ids.add(problem.id);
    }
    const size = typeof lookup.size === "number" ? lookup.size : lookup.size(ask.account, "");
    for (const chunk of chunks([...ids], size)) {
      const plain: Ask = {account: ask.account, parts: [], metrics: [], size: chunk.length, ids: chunk};
      const {body} = await this.calls.send(lookup.request(plain));
      const records = this.stream.records(shaped(this.stream.answer, body, this.who), plain);
      this.keep(records, statusesOf(ask.parts, "not_permitted"));
    }
  }

  private partsOf(): [string, Part][] {
    return permittedParts(this.connector, this.plan[0]!.account, this.stream);
  }

  /** Nothing but a fault that a person must mend is no empty page. */
  private refuseEmptyWithProblem(problems: readonly Problem[], call: PlannedCall): void {
    if (this.records.size > 0) return;
    for (const problem of problems) {
      const rule = ruleFor(this.connector, problem);
      const fact = `${this.who}: ${problem.title ?? problem.type ?? "the platform reports a fault"}`;
      if (rule?.then === "tell a person") throw new AuthError(`${fact}; ${rule.action ?? "look at the account"}`);
      if (rule?.then === "gone" && call.how !== "lookup") throw new GoneError(`${fact}; check the account's id`);
    }
  }

  private get who(): string {
    return `${this.plan[0]!.account.name} ${this.name}`;
  }
}

/** What is known of a record's parts, as columns. */
type PartStatuses = Record<string, "ok" | Missing>;

/** Nested parts to leave out where one of them is refused: each alone, at last all. */
function leftOut(parts: readonly string[]): string[][] {
  const all = [...parts];
  return all.length > 1 ? [...all.map(name => [name]), all] : all.length === 1 ? [all] : [];
}

function statusesOf(parts: readonly string[], status: "ok" | Missing): PartStatuses {
  return Object.fromEntries(parts.map(name => [`${name}_status`, status]));
}

/** The answer as its schema reads it. Throws ShapeError that names the field, never its content. */
export function shaped<A>(schema: z.ZodType<A>, body: unknown, who: string): A {
  const answer = schema.safeParse(body);
  if (answer.success) return answer.data;
  const issue = deepest(answer.error.issues);
  throw new ShapeError(
    `${who}: ${issue.path.join(".") || "the answer"} is not as documented (${issue.code}); look for a newer version of Megaphone`
  );
}

/** Of a union's branches the issue that lies deepest, which is the one a reader can act on. */
function deepest(issues: readonly z.core.$ZodIssue[], prefix: PropertyKey[] = []): {path: PropertyKey[]; code: string} {
  const first = issues[0]!;
  const path = [...prefix, ...first.path];
  const inner = first.code === "invalid_union" ? first.errors.find(branch => branch.length > 0) : undefined;
  return inner === undefined ? {path, code: first.code} : deepest(inner, path);
}
