import axios, { AxiosHeaders, type AxiosInstance, CanceledError, type InternalAxiosRequestConfig, isCancel } from 'axios';
import type { Outcome, Task } from '../engine.ts';
import { expected } from '../expected.ts';
import { type BudgetLike, isRetryBudget } from '../limits/brand.ts';
import type { Policy } from '../policy.ts';
import { AttemptLog } from '../report.ts';
import { failureOfStatus } from '../retryable.ts';
import type { CancelSource } from '../runtime/interrupt.ts';
import type { Clock, RetryReport } from '../types.ts';
import { closeStream, copyOf, isOneShot, releaseBody } from './body.ts';
import { type Deadline, withDeadline } from './deadline.ts';
import { codeOf, failureOf } from './failure.ts';
import { applyKey, carriesKey } from './idempotency.ts';
import { wasRetried } from './layers.ts';
import { RetryState } from './state.ts';

type Config = InternalAxiosRequestConfig & { retryState?: unknown };

/** What all requests of one attached instance share. */
export interface Attachment {
  readonly instance: AxiosInstance;
  readonly clock: Required<Clock>;
  readonly random: () => number;
  readonly detached: AbortSignal;
}

/** What stands in the place of the plugin's response interceptor while a request is built. */
export interface Handlers {
  readonly fulfilled: (value: unknown) => unknown;
  readonly rejected: (error: unknown) => unknown;
}

/** One request of an attached instance: as the user passed it, and how to send it again. */
export class Call implements Task {
  readonly clock: Required<Clock>;
  readonly random: () => number;
  readonly detached: AbortSignal;
  readonly log: AttemptLog;
  readonly budget: BudgetLike | undefined;
  ambiguous = false;
  cost = 0;
  /** Whether its first outcome was met: it is the loop's from then on. */
  isTaken = false;
  readonly #attachment: Attachment;
  readonly #state: RetryState;
  readonly #config: Config;
  readonly #method: string | undefined;
  readonly #url: string | undefined;
  readonly #headers: object;
  readonly #params: unknown;
  readonly #data: unknown;
  readonly #adapter: Config['adapter'];
  readonly #key: string | undefined;
  /** The product of `data` for the attempt under way. */
  #body: unknown;
  #startedAt: number;
  /** The handlers of the replay that axios is about to build. */
  #pass: Handlers | undefined;

  /** Notes the request as it is before the first interceptor, and marks its config as this call's. */
  constructor(
    attachment: Attachment,
    readonly policy: Policy,
    config: Config,
    isEditable: boolean,
  ) {
    const { clock } = attachment;
    this.#attachment = attachment;
    this.clock = clock;
    this.random = attachment.random;
    this.detached = attachment.detached;
    this.budget = budgetOf(policy);
    this.#startedAt = clock.monotonic();
    this.log = new AttemptLog(clock.now(), this.#startedAt);
    this.#key = applyKey(config, policy.idempotencyKey);
    this.#state = new RetryState(this);
    this.#method = config.method;
    this.#url = config.url;
    this.#headers = { ...config.headers };
    this.#params = config.params === undefined ? undefined : copyOf(config.params);
    this.#data = isEditable || hasOwnTransform(config) ? copyOf(config.data) : config.data;
    this.#adapter = config.adapter;
    this.#config = isEditable ? shallowCopyOf(config) : config;
    config.retryState = this.#state;
    if (policy.data) config.data = this.#body = produce(policy.data);
    this.#limit(config);
  }

  get replayable(): boolean {
    return this.policy.data !== undefined || !isOneShot(this.#data, this.#headers);
  }

  belongsTo(attachment: Attachment): boolean {
    return this.#attachment === attachment;
  }

  /** The handlers of the replay whose config axios is building now; they are handed out once. */
  claimPass(config: Config): Handlers | undefined {
    const pass = this.#pass;
    this.#pass = undefined;
    if (pass) this.#limit(config);
    return pass;
  }

  prepare(): Config {
    closeStream(this.#body);
    const { data } = this.policy;
    return {
      ...shallowCopyOf(this.#config),
      method: this.#method as string,
      url: this.#url as string,
      headers: new AxiosHeaders(this.#headers as never),
      params: copyOf(this.#params),
      adapter: this.#adapter as never,
      data: data ? (this.#body = produce(data)) : copyOf(this.#data),
    };
  }

  discard(): void {
    closeStream(this.#body);
  }

  send(config: Config): Promise<Outcome> {
    return new Promise((resolve) => {
      let isOver = false;
      const settle = (ok: boolean, value: unknown): void => {
        if (isOver) return;
        isOver = true;
        resolve(this.read(ok, value, config));
      };
      const handOver = (ok: boolean) => (value: unknown) => {
        settle(ok, value);
        throw new CanceledError('superseded by a retry', config as never);
      };
      this.#pass = { fulfilled: handOver(true), rejected: handOver(false) };
      this.#startedAt = this.clock.monotonic();
      config.retryState = this.#state;
      this.#attachment.instance.request(config).then(
        (value) => settle(true, value),
        (error) => settle(false, error),
      );
    });
  }

  /** What came of an attempt. An outcome with another config than this call's is final: nothing tells what it is. */
  read(ok: boolean, value: unknown, sent?: Config): Outcome {
    if (!ok) closeStream(this.#body);
    const carrier = (value ?? {}) as { readonly config?: Config; readonly response?: Outcome['response'] };
    const { config = sent } = carrier;
    const final = config?.retryState !== this.#state || carrier.config === undefined;
    const response = ok ? (value as Outcome['response']) : carrier.response;
    if (final) return { ok, value, config: sent ?? this.#config, failure: 'none', cancelled: false, final };
    return {
      ok,
      value,
      config: config as Config,
      response: response ?? undefined,
      code: ok ? undefined : codeOf(value),
      failure: ok ? failureOfStatus(response?.status ?? 0) : failureOf(value, config as Config),
      cancelled: !ok && isCancel(value),
      final,
    };
  }

  release({ response }: Outcome): void {
    closeStream(this.#body);
    releaseBody(response);
  }

  cancelError(config: Config, source: CancelSource): unknown {
    const reason = source.reason as { readonly message?: string } | undefined;
    const error = new CanceledError('subscribe' in source ? reason?.message : undefined, config as never);
    return Object.defineProperty(error, 'cause', { value: reason, writable: true, configurable: true });
  }

  isKeyed(config: Config): boolean {
    return carriesKey(config, this.policy.idempotencyKey, this.#key);
  }

  isOneShot({ data, headers }: Config): boolean {
    return isOneShot(data, headers);
  }

  wasRetried(value: unknown): boolean {
    return wasRetried(value);
  }

  originOf({ url = '', baseURL }: Config): string {
    const isAbsolute = baseURL === undefined || /^([a-z][a-z\d+.-]*:)?\/\//i.test(url);
    try {
      return new URL(isAbsolute ? url : baseURL, globalThis.location?.href).origin;
    } catch {
      return '';
    }
  }

  report(): RetryReport {
    return this.log.report();
  }

  #limit(config: Config): void {
    const { attemptTimeout, totalTimeout } = this.policy;
    if (attemptTimeout === Infinity && totalTimeout === Infinity) return;
    config.adapter = withDeadline(config.adapter, () => this.#nextDeadline(), this.clock.alarm);
  }

  #nextDeadline(): Deadline {
    const { attemptTimeout, totalTimeout } = this.policy;
    const now = this.clock.monotonic();
    const attempt = attemptTimeout - (now - this.#startedAt);
    const total = totalTimeout - (now - this.log.origin);
    return attempt <= total
      ? { name: 'attemptTimeout', length: attemptTimeout, left: attempt }
      : { name: 'totalTimeout', length: totalTimeout, left: total };
  }
}

/** A merged config is in dictionary mode, where `for…in` is three times as fast as a spread. */
function shallowCopyOf(config: Config): Config {
  const copy: Record<string, unknown> = {};
  for (const key in config) copy[key] = config[key as keyof Config];
  return copy as unknown as Config;
}

function budgetOf({ budget }: Policy): BudgetLike | undefined {
  const answer = typeof budget === 'function' ? budget() : budget;
  if (answer === undefined || isRetryBudget(answer)) return answer;
  throw expected('the result of retry option `budget`', 'a RetryBudget or undefined', answer);
}

function produce(data: () => unknown): unknown {
  const body = data();
  if (typeof (body as PromiseLike<unknown> | undefined)?.then !== 'function') return body;
  throw expected('the result of retry option `data`', 'a body, not a promise of one', body);
}

const ownTransform = [axios.defaults.transformRequest].flat()[0];

/** Whether the body may be edited by a `transformRequest` other than axios's own. */
const hasOwnTransform = ({ transformRequest, data }: Config): boolean =>
  typeof data === 'object' && ![transformRequest].flat().every((transform) => transform === ownTransform);
