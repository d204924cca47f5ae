/**
 * The calls of one stream in a night: sent, counted by endpoint, and made again for less where the platform refuses a
 * metric or so much at once.
 */
import type {ApiRequest, Ask, Connector} from "./connector.ts";
import {
  AuthError,
  GoneError,
  MegaphoneError,
  MetricError,
  PartError,
  RetryableError,
  SizeError,
  WithdrawnError
} from "./errors.ts";
import {type ApiResponse, errorOf, type Http} from "./http.ts";
import {chunks} from "./plan.ts";
import type {Quarantine} from "./quarantine.ts";

/** The requests of one endpoint in a night, as `meta.request` shows them. */
export interface Requests {
  endpoint: string;
  status: string;
  httpCalls: number;
  /** As the platform counts them: each item of a batch. */
  countedCalls: number;
  retries: number;
}

type RequestOf = (ask: Ask) => ApiRequest;

export class Calls {
  private readonly rows = new Map<string, Requests>();
  /** The endpoint of the last call. */
  endpoint = "";
  /** Records a page, once the platform asked for less. */
  private pageSize = Number.POSITIVE_INFINITY;

  constructor(
    private readonly connector: Connector,
    private readonly http: Http,
    private readonly stream: string,
    /** The account and its stream, as messages name them. */
    private readonly who: string,
    private readonly quarantine: Quarantine,
    /** Whether the platform answered another stream of the account tonight, so that it knows it and lets it in. */
    private readonly isServed: boolean
  ) {}

  get requests(): Requests[] {
    return [...this.rows.values()];
  }

  /** Sends a request; undefined when it asks for metrics and the platform takes none of them. */
  async ask(request: RequestOf, given: Ask): Promise<ApiResponse | undefined> {
    const ask = this.askable(given);
    if (given.metrics.length > 0 && ask.metrics.length === 0 && ask.parts.length === 0) return undefined;
    try {
      const response = await this.send(request(ask));
      this.quarantine.take(ask.metrics);
      return response;
    } catch (error) {
      if (error instanceof SizeError && ask.size > 1) {
        this.pageSize = Math.floor(ask.size / 2);
        return this.ask(request, ask);
      }
      if (this.isWithdrawn(error, ask)) {
        this.quarantine.refuse(ask.metrics);
        this.rows.get(request(ask).endpoint)!.status = "not_offered";
        return undefined;
      }
      if (!(error instanceof MetricError) || ask.metrics.length === 0) throw error;
      const taken = await this.metricsTaken(request, ask);
      // Refused each by itself: then the metrics are not what the platform minds, unless there is only one.
      if (taken.length === 0 && ask.metrics.length > 1) throw error;
      this.quarantine.refuse(ask.metrics.filter(metric => !taken.includes(metric)));
      if (taken.length === 0 && ask.parts.length === 0) return undefined;
      return this.send(request({...ask, metrics: taken}));
    }
  }

  /**
   * Whether an error says that the platform no longer offers what the call gives, and not that it has no such account, no
   * such record, or no right to them.
   */
  private isWithdrawn(error: unknown, {metrics, parts, ids}: Ask): boolean {
    if (metrics.length === 0 || parts.length > 0) return false;
    const isServed = this.isServed || this.requests.some(({status}) => status === "ok");
    return isServed && (error instanceof WithdrawnError || (error instanceof GoneError && error.isOfAddress && !ids));
  }

  /** The same as far as the platform is known to grant it: without refused metrics, and no page larger than it serves. */
  askable(ask: Ask): Ask {
    return {...ask, metrics: this.quarantine.live(ask.metrics), size: Math.min(ask.size, this.pageSize)};
  }

  /** The metrics of a refused request that the platform takes, found by halves. */
  private async metricsTaken(request: RequestOf, ask: Ask): Promise<string[]> {
    const {metrics} = ask;
    if (metrics.length <= 1) return [];
    const middle = Math.ceil(metrics.length / 2);
    const taken = [];
    for (const half of [metrics.slice(0, middle), metrics.slice(middle)]) {
      try {
        await this.send(request({...ask, metrics: half}));
        taken.push(...half);
      } catch (error) {
        if (!(error instanceof MetricError)) throw error;
        taken.push(...(await this.metricsTaken(request, {...ask, metrics: half})));
      }
    }
    return taken;
  }

  /** Sends a request as it is. */
  async send(request: ApiRequest, countedCalls = 1): Promise<ApiResponse> {
    this.endpoint = request.endpoint;
    try {
      const response = await this.http.send(request, {stream: this.stream});
      this.count(request.endpoint, response.attempts, countedCalls, "ok");
      return response;
    } catch (error) {
      if (error instanceof MegaphoneError) this.count(request.endpoint, error.attempts, countedCalls, statusOf(error));
      throw error;
    }
  }

  private count(endpoint: string, attempts: number, countedCalls: number, status: string): void {
    const row = this.rows.get(endpoint) ?? {endpoint, status: "ok", httpCalls: 0, countedCalls: 0, retries: 0};
    row.httpCalls += attempts;
    row.countedCalls += attempts * countedCalls;
    row.retries += Math.max(0, attempts - 1);
    if (status !== "ok" || row.httpCalls === attempts) row.status = status;
    this.rows.set(endpoint, row);
  }

  /** One request an id, packed into the platform's batch; what each was answered. */
  async batch(request: RequestOf, ask: Ask, ids: readonly string[]): Promise<[id: string, answer: unknown][]> {
    const answers: [id: string, answer: unknown][] = [];
    for (const chunk of chunks(ids, this.connector.batch!.size)) {
      let items = await this.sendBatch(request, ask, chunk);
      // Where one record takes the metrics, a refusal is a matter of the other record.
      const isTaken = items.some(item => item !== undefined && this.errorIn(item) === undefined);
      const refused = items.findIndex(item => this.errorIn(item) instanceof MetricError);
      if (refused >= 0 && !isTaken && (await this.hasFoundRefused(request, {...ask, ids: [chunk[refused]!]}))) {
        items = await this.sendBatch(request, ask, chunk);
      }
      const isUnanswered = (index: number): boolean => (items[index]?.status ?? 500) >= 500;
      const left = chunk.filter((_, index) => isUnanswered(index));
      const again = left.length === 0 ? [] : await this.sendBatch(request, ask, left);
      for (const [index, id] of chunk.entries()) {
        const item = isUnanswered(index) ? again[left.indexOf(id)] : items[index];
        const error = this.errorIn(item);
        if (error === undefined) this.quarantine.take(this.quarantine.live(ask.metrics));
        answers.push([id, error ?? item!.body]);
      }
    }
    return answers;
  }

  private async sendBatch(request: RequestOf, ask: Ask, ids: readonly string[]) {
    const {pack, unpack} = this.connector.batch!;
    const requests = ids.map(id => request({...this.askable(ask), ids: [id]}));
    return unpack((await this.send(pack(requests), ids.length)).body);
  }

  /** Whether a record, asked for alone, shows which of the metrics are refused, and something is left to ask for. */
  private async hasFoundRefused(request: RequestOf, ask: Ask): Promise<boolean> {
    try {
      await this.ask(request, ask);
    } catch (error) {
      if (error instanceof MetricError) return false;
      throw error;
    }
    return ask.parts.length > 0 || this.quarantine.live(ask.metrics).length > 0;
  }

  private errorIn(item: {status: number; body: unknown} | undefined): MegaphoneError | undefined {
    if (item !== undefined) return errorOf(this.connector, this.who, item.status, item.body);
    return new RetryableError(
      `${this.who}: the platform left an item of a batch unanswered; it is read again next time`
    );
  }
}

/** What `meta.request` says of a call that failed. */
function statusOf(error: MegaphoneError): string {
  if (error instanceof AuthError) return "not_permitted";
  if (error instanceof GoneError) return "gone";
  if (error instanceof MetricError || error instanceof WithdrawnError) return "not_offered";
  if (error instanceof PartError) return error.missing;
  if (error instanceof RetryableError) return "retry";
  return "failed";
}
