import axios, {
  type AxiosAdapter,
  type AxiosHeaders,
  type AxiosInstance,
  type AxiosRequestHeaders,
  type AxiosResponse,
  CanceledError,
  type InternalAxiosRequestConfig,
  isCancel,
} from 'axios';
import { AttemptLog } from '../core/attempt-log.ts';
import { type Outcome, run, type Task, type World } from '../core/loop.ts';
import type { Policy } from '../core/policy.ts';
import { codeOf } from '../failure/causes.ts';
import { failureOf, failureOfResponse } from '../failure/classify.ts';
import { readHeader } from '../hints/header.ts';
import { type BudgetLike, isRetryBudget } from '../limits/brand.ts';
import { originOf } from '../limits/origin.ts';
import { expected } from '../options/expected.ts';
import { isObject } from '../options/fields.ts';
import type { CancelSource } from '../runtime/abort.ts';
import type { RetryReport } from '../types.ts';
import { closeStream, copyOf, isOneShot, releaseBody } from './body.ts';
import { canceledError } from './cancellation.ts';
import { type Deadline, restoreAdapter, withDeadline } from './deadline.ts';
import { applyKey, headerOf } from './idempotency.ts';
import { EXHAUSTED, REPORT, wasRetried } from './report.ts';
import { reportRival } from './rival.ts';

export type Config = InternalAxiosRequestConfig & { retryState?: unknown };

/** What all requests of one attached instance share. */
export interface Attachment extends World {
  readonly instance: AxiosInstance;
  /** Takes the handlers of a replay out again, so that they keep nothing of it alive. */
  readonly reset: () => void;
}

/** What stands in the place of the plugin's response interceptor while axios builds a request. */
export interface Handlers {
  readonly fulfilled: (value: unknown) => unknown;
  readonly rejected: (error: unknown) => unknown;
}

/**
 * One request of an attached instance: as it was before the first interceptor, and how the loop sends it again. The config
 * carries it through axios. A class instance, since axios clones plain objects when it merges configs; its data are
 * private, so that nothing of it shows in a log.
 */
export class RetryState implements Task {
  readonly #world: Attachment;
  readonly #policy: Policy;
  readonly #budget: BudgetLike | undefined;
  readonly #config: Config;
  readonly #copy: typeof copyOf;
  /** What axios or an interceptor would change on the way. */
  readonly #pristine: Partial<Config>;
  /** The class of headers that the instance knows: it drops those of another copy of axios. */
  readonly #Headers: typeof AxiosHeaders;
  readonly #startedAt: number;
  readonly #origin: number;
  /** When the attempt under way started. */
  #attemptedAt: number;
  /** When the first attempt ended, and with which status, if that was all. */
  #endedAt = -1;
  #status = 0;
  #log: AttemptLog | undefined = undefined;
  /** Whether the attempt came to the adapter; of the first one nobody needs to know. */
  #isSent = true;
  /** What stands around the adapter of the attempt, to note that and for the deadlines. */
  #gates: readonly unknown[] = NO_GATES;
  /** `totalTimeout` cut an attempt off. */
  #isOverdue = false;
  /** What `data` made for the attempt under way. */
  #body: unknown = undefined;
  /** The handlers of the replay that axios is about to build, and the config that it builds it from. */
  #pass: { readonly handlers: Handlers; readonly sent: Config } | undefined = undefined;

  constructor(world: Attachment, policy: Policy, config: Config, isEditable: boolean) {
    const { clock } = world;
    const { budget, idempotencyKey, data } = policy;
    this.#world = world;
    this.#policy = policy;
    const earlier = RetryState.of(config, world);
    // A config used again, whose attempt never came to the adapter.
    if (earlier) config.adapter = earlier.#unwrapped(config.adapter);
    this.#startedAt = clock.now();
    this.#origin = this.#attemptedAt = clock.monotonic();
    this.#budget = budget && budgetOf(budget);
    if (idempotencyKey) applyKey(config, idempotencyKey);
    const headers = { ...config.headers };
    this.#Headers = config.headers.constructor as typeof AxiosHeaders;
    const isCopied = isEditable || hasOwnTransform(config);
    this.#pristine = {
      method: config.method as string,
      url: config.url as string,
      headers: (isEditable ? copyOf(headers) : headers) as AxiosRequestHeaders,
      params: copyOf(config.params),
      data: data ? undefined : isCopied ? copyOf(config.data) : config.data,
      adapter: config.adapter as never,
    };
    config.retryState = this;
    this.#config = isEditable ? copyOfConfig(config, copyOf) : config;
    // Without a hook or an interceptor nobody edits what is inside, and axios copies the rest.
    this.#copy = isEditable || policy.beforeRetry ? copyOf : asItIs;
    if (data) config.data = this.#body = produce(data);
    this.#limit(config);
  }

  /** The state of the request with this config, if it is one of this attachment. */
  static of(config: Config | undefined, world: Attachment): RetryState | undefined {
    const state = config?.retryState;
    return isObject(state) && #world in state && state.#world === world ? state : undefined;
  }

  /** Puts the deadlines of the policy around the adapter. */
  #limit(config: Config): void {
    const { attemptTimeout, totalTimeout } = this.#policy;
    if (Math.min(attemptTimeout, totalTimeout) < Infinity) this.#bound(config);
  }

  #bound(config: Config): void {
    config.adapter = withDeadline(config.adapter, this.#world.clock.alarm, () => this.#nextDeadline());
    this.#gates = [...this.#gates, config.adapter];
  }

  #unwrapped(adapter: Config['adapter']): AxiosAdapter {
    return (this.#gates.includes(adapter) ? this.#pristine.adapter : adapter) as AxiosAdapter;
  }

  #nextDeadline(): Deadline {
    const { attemptTimeout, totalTimeout } = this.#policy;
    const attempt = this.#attemptedAt + attemptTimeout;
    const total = this.#origin + totalTimeout;
    const isTotal = total <= attempt;
    return {
      left: Math.min(attempt, total) - this.#world.clock.monotonic(),
      name: isTotal ? `totalTimeout of ${totalTimeout} ms` : `attemptTimeout of ${attemptTimeout} ms`,
      strike: () => {
        this.#isOverdue = isTotal;
      },
    };
  }

  /** The handlers of the replay whose config axios is building now; they are handed out once. */
  claimPass(config: Config): Handlers | undefined {
    const pass = this.#pass;
    this.#pass = undefined;
    if (!pass) return undefined;
    // axios has merged the defaults in again, also what `beforeRetry` took out.
    if (this.#policy.beforeRetry) {
      const { baseURL, params, auth, headers } = pass.sent;
      Object.assign(config, copyOf({ baseURL, params, auth }));
      if (headers) config.headers = this.#headersOf(headers);
    }
    const { adapter } = config;
    this.#isSent = false;
    const gate: AxiosAdapter = (sent) => {
      this.#isSent = true;
      return restoreAdapter(sent, adapter)(sent);
    };
    config.adapter = gate;
    this.#gates = [gate];
    this.#limit(config);
    return pass.handlers;
  }

  /** Whether `data` made a body that has to be let go of when the attempt fails. */
  hasBody(): boolean {
    return this.#body !== undefined;
  }

  /** Takes the first outcome; whatever else comes this way is none of ours. */
  take(ok: boolean, value: unknown): unknown {
    if (this.#log || this.#endedAt >= 0) return ok ? value : Promise.reject(value);
    const { throttle } = this.#policy;
    if (!ok || needsJudgement(this.#policy, value as AxiosResponse)) return this.#conclude(ok, value);
    const { status, config } = value as AxiosResponse;
    // The report is made when somebody asks.
    this.#endedAt = this.#world.clock.monotonic();
    this.#status = status;
    if (throttle && !throttle.idle) throttle.give(originOf(config), this.#endedAt);
    return value;
  }

  #conclude(ok: boolean, value: unknown): Promise<unknown> {
    const world = this.#world;
    const log = new AttemptLog(this.#startedAt, this.#origin);
    this.#log = log;
    if (!ok) reportRival(world.instance, this.#config);
    const terms = { world, policy: this.#policy, budget: this.#budget, log };
    return run(this, terms, this.#read(ok, value, this.#config)).then(unwrap);
  }

  [REPORT](): RetryReport | undefined {
    // What this build did not make itself, as a deep copy or a proxy, has none of the data.
    if (!(#world in this)) return undefined;
    const log = this.#log ?? new AttemptLog(this.#startedAt, this.#origin);
    if (this.#endedAt >= 0) log.add(this.#origin, this.#endedAt, this.#status);
    return log.report();
  }

  [EXHAUSTED](): boolean {
    return #world in this && this.#log?.reason !== undefined && this.#log.attempts > 1;
  }

  toJSON(): undefined {
    return undefined;
  }

  /** What came of an attempt. A value that does not carry the config of this request is final: nothing tells what it is. */
  #read(ok: boolean, value: unknown, sent: Config): Outcome {
    this.#pass = undefined;
    if (!ok) this.discard();
    const { config, response } = (value ?? {}) as {
      readonly config?: Config;
      readonly response?: AxiosResponse;
    };
    if (config?.retryState !== this)
      return {
        ok,
        value,
        isSent: this.#isSent,
        config: sent,
        failure: 'none',
        final: isCancel(value) ? 'aborted' : 'not-retryable',
      };
    const isAtGate = this.#gates.includes(config.adapter);
    // An interceptor may have put an adapter of its own in, which passes no gate.
    const isSent = this.#isSent || !isAtGate;
    // The attempt never came to the adapter, and this config may be used again.
    if (isAtGate) config.adapter = this.#unwrapped(config.adapter);
    if (ok) {
      const answer = value as AxiosResponse;
      const failure = failureOfResponse(answer);
      return { ok, value, isSent, config, response: answer, result: answer.status, failure };
    }
    // An error with a status below 400 is a body that was cut off: its code tells more.
    const result = response && response.status >= 400 ? response.status : codeOf(value);
    const final = this.#isOverdue
      ? 'total-timeout'
      : isCancel(value)
        ? 'aborted'
        : wasRetried(value)
          ? 'already-retried'
          : undefined;
    return { ok, value, isSent, config, response, result, failure: failureOf(value, config), final };
  }

  prepare(): Config {
    this.discard();
    const { data: make } = this.#policy;
    const { headers, params, data } = this.#pristine;
    const config = Object.assign(copyOfConfig(this.#config, this.#copy), this.#pristine);
    config.headers = this.#headersOf(copyOf(headers));
    config.params = copyOf(params);
    config.data = make ? this.#remake(make) : copyOf(data);
    return config;
  }

  #remake(make: () => unknown): unknown {
    const body = produce(make);
    if (body === this.#body && isOneShot(body)) throw notABody('a new body for every attempt', body);
    this.#body = body;
    return body;
  }

  #headersOf(headers: object | undefined): AxiosRequestHeaders {
    return new this.#Headers({ ...headers }) as AxiosRequestHeaders;
  }

  async send(sent: Config): Promise<Outcome> {
    const { clock, instance, reset } = this.#world;
    const [ok, value] = await new Promise<readonly [ok: boolean, value: unknown]>((resolve) => {
      const settle = (ok: boolean) => (value: unknown) => resolve([ok, value]);
      const handOver = (ok: boolean) => (value: unknown) => {
        resolve([ok, value]);
        throw Object.create(SUPERSEDED);
      };
      this.#pass = { handlers: { fulfilled: handOver(true), rejected: handOver(false) }, sent };
      this.#attemptedAt = clock.monotonic();
      // What `beforeRetry` returned is not written to.
      const isOurs = sent.retryState === this;
      const settled = instance.request(isOurs ? sent : ({ ...sent, retryState: this } as Config));
      reset();
      settled.then(settle(true), settle(false));
    });
    return this.#read(ok, value, sent);
  }

  discard(): void {
    closeStream(this.#body);
  }

  release({ response }: Outcome): void {
    this.discard();
    releaseBody(response);
  }

  cancelError(config: Config, source: CancelSource): unknown {
    return canceledError(config, source);
  }

  isKeyed({ headers }: Config): boolean {
    const header = headerOf(this.#policy.idempotencyKey);
    const key = readHeader(headers, header);
    // An interceptor would make another one on every attempt.
    return key !== undefined && key === readHeader(this.#pristine.headers, header);
  }

  isReplayable(data: unknown = this.#pristine.data): boolean {
    return !isOneShot(data);
  }
}

function unwrap({ ok, value }: Outcome): unknown {
  if (ok) return value;
  throw value;
}

/** How the pass of a replay ends. Each has this as its prototype: building an error costs more than all the rest of a pass. */
const SUPERSEDED = Object.assign(new CanceledError('superseded by a retry'), { stack: '' });

const needsJudgement = ({ retryIf, observers, statuses }: Policy, { status }: AxiosResponse): boolean =>
  !(status < 400) || retryIf !== undefined || observers.length > 0 || statuses.has(status);

const NO_GATES: readonly unknown[] = [];

const asItIs = <T>(value: T): T => value;

/** A copy of all but the body. A merged config is in dictionary mode, where `for…in` is three times as fast as a spread. */
function copyOfConfig(config: Config, copy: typeof copyOf): Config {
  const copied: Record<PropertyKey, unknown> = {};
  for (const key in config) if (key !== 'data') copied[key] = copy(config[key as keyof Config]);
  for (const key of Object.getOwnPropertySymbols(config)) copied[key] = config[key as never];
  return copied as unknown as Config;
}

function budgetOf(budget: NonNullable<Policy['budget']>): BudgetLike | undefined {
  const answer = typeof budget === 'function' ? budget() : budget;
  if (answer === undefined || isRetryBudget(answer)) return answer;
  throw expected('the result of retry option `budget`', 'a RetryBudget or undefined', answer);
}

function produce(data: () => unknown): unknown {
  const body = data() as Partial<Promise<unknown>> | undefined;
  if (!body?.then) return body;
  throw notABody('a body', body);
}

const notABody = (rule: string, body: unknown): TypeError =>
  expected('the result of retry option `data`', rule, body);

const axiosTransform = [axios.defaults.transformRequest].flat()[0];

/** Whether the body may be edited by a `transformRequest` other than axios's own. */
const hasOwnTransform = ({ transformRequest, data }: Config): boolean =>
  typeof data === 'object' && [transformRequest].flat().some((transform) => transform !== axiosTransform);
