import axios, {
  AxiosHeaders,
  type AxiosInstance,
  type AxiosResponse,
  CanceledError,
  type InternalAxiosRequestConfig,
  isCancel,
} from 'axios';
import type { Outcome, Task } from '../engine.ts';
import { expected } from '../expected.ts';
import { type BudgetLike, isRetryBudget } from '../limits/brand.ts';
import type { Policy } from '../policy.ts';
import { AttemptLog } from '../report.ts';
import { failureOfStatus } from '../retryable.ts';
import type { CancelSource } from '../runtime/interrupt.ts';
import { readHeader } from '../server/header.ts';
import type { Clock, RetryReport } from '../types.ts';
import { closeStream, copyOf, isOneShot, releaseBody } from './body.ts';
import { type Deadline, withDeadline } from './deadline.ts';
import { codeOf, failureOf } from './failure.ts';
import { applyKey, headerOf } from './idempotency.ts';
import { wasRetried } from './layers.ts';
import { RetryState } from './state.ts';

type Config = InternalAxiosRequestConfig & { retryState?: unknown };

/** What all requests of one attached instance share. */
export interface Attachment {
  readonly instance: AxiosInstance;
  readonly clock: Required<Clock>;
  readonly random: () => number;
  /** Aborts when the plugin is detached. */
  readonly detached: AbortSignal;
}

/** What stands in the place of the plugin's response interceptor while axios builds a request. */
export interface Handlers {
  readonly fulfilled: (value: unknown) => unknown;
  readonly rejected: (error: unknown) => unknown;
}

/** One request of an attached instance: as the user passed it, and how to send it again. */
export class Call implements Task {
  readonly clock: Required<Clock>;
  readonly random: () => number;
  readonly detached: AbortSignal;
  readonly budget: BudgetLike | undefined;
  ambiguous = false;
  cost = 0;
  /** Whether its first outcome was met: it is the loop's from then on. */
  isTaken = false;
  private lazyLog: AttemptLog | undefined = undefined;
  private endedAt = 0;
  private status = 0;
  /** When the attempt under way started. */
  private attemptedAt: number;
  private readonly startedAt: number;
  private readonly origin: number;
  private readonly state: RetryState;
  private readonly config: Config;
  private readonly method: string | undefined;
  private readonly url: string | undefined;
  private readonly headers: object;
  private readonly params: unknown;
  private readonly data: unknown;
  private readonly adapter: Config['adapter'];
  /** The product of `data` for the attempt under way. */
  private body: unknown = undefined;
  /** The handlers of the replay that axios is about to build. */
  private pass: Handlers | undefined = undefined;

  /** Notes the request as it is before the first interceptor, and marks its config as this call's. */
  constructor(
    readonly attachment: Attachment,
    readonly policy: Policy,
    config: Config,
    isEditable: boolean,
  ) {
    const { clock } = attachment;
    this.clock = clock;
    this.random = attachment.random;
    this.detached = attachment.detached;
    this.budget = policy.budget && budgetOf(policy);
    this.startedAt = clock.now();
    this.origin = this.attemptedAt = clock.monotonic();
    if (policy.idempotencyKey) applyKey(config, policy.idempotencyKey);
    this.method = config.method;
    this.url = config.url;
    this.headers = { ...config.headers };
    this.params = copyOf(config.params);
    this.data = isEditable || hasOwnTransform(config) ? copyOf(config.data) : config.data;
    this.adapter = config.adapter;
    this.config = isEditable ? shallowCopyOf(config) : config;
    this.state = config.retryState = new RetryState(this);
    if (policy.data) config.data = this.body = produce(policy.data);
    this.limit(config);
  }

  get log(): AttemptLog {
    this.lazyLog ??= new AttemptLog(this.startedAt, this.origin);
    return this.lazyLog;
  }

  get replayable(): boolean {
    return this.policy.data !== undefined || !isOneShot(this.data, this.headers);
  }

  /** Ends a request whose first attempt needs no judgement; its report is made when somebody asks. */
  succeed(response: AxiosResponse): void {
    this.endedAt = this.clock.monotonic();
    this.status = response.status;
    const { throttle } = this.policy;
    if (throttle && !throttle.idle) throttle.give(this.originOf(response.config), this.endedAt);
  }

  report(): RetryReport {
    if (this.lazyLog === undefined && this.endedAt > 0) this.log.add(this.origin, this.endedAt, this.status);
    return this.log.report();
  }

  /** The handlers of the replay whose config axios is building now; they are handed out once. */
  claimPass(config: Config): Handlers | undefined {
    const { pass } = this;
    this.pass = undefined;
    if (pass) this.limit(config);
    return pass;
  }

  prepare(): Config {
    this.discard();
    const { data } = this.policy;
    return {
      ...shallowCopyOf(this.config),
      method: this.method as string,
      url: this.url as string,
      headers: new AxiosHeaders(this.headers as never),
      params: copyOf(this.params),
      adapter: this.adapter as never,
      data: data ? (this.body = produce(data)) : copyOf(this.data),
    };
  }

  discard(): void {
    closeStream(this.body);
  }

  send(config: Config): Promise<Outcome> {
    return new Promise((resolve) => {
      let isOver = false;
      const settle = (ok: boolean, value: unknown): void => {
        if (isOver) return;
        isOver = true;
        resolve(this.read(ok, value, config));
      };
      const handOver = (ok: boolean, value: unknown): never => {
        settle(ok, value);
        throw new CanceledError('superseded by a retry', config);
      };
      this.pass = {
        fulfilled: (value) => handOver(true, value),
        rejected: (error) => handOver(false, error),
      };
      this.attemptedAt = this.clock.monotonic();
      config.retryState = this.state;
      this.attachment.instance.request(config).then(
        (value) => settle(true, value),
        (error) => settle(false, error),
      );
    });
  }

  /** What came of an attempt. A value that does not carry this call's config is final: nothing tells what it is. */
  read(ok: boolean, value: unknown, sent: Config = this.config): Outcome {
    if (!ok) this.discard();
    const { config, response } = (value ?? {}) as {
      readonly config?: Config;
      readonly response?: AxiosResponse;
    };
    if (config?.retryState !== this.state) {
      return { ok, value, config: sent, failure: 'none', cancelled: false, final: true };
    }
    return ok
      ? {
          ok,
          value,
          config,
          response: value as AxiosResponse,
          failure: failureOfStatus((value as AxiosResponse).status),
          cancelled: false,
          final: false,
        }
      : {
          ok,
          value,
          config,
          response,
          code: codeOf(value),
          failure: failureOf(value, config),
          cancelled: isCancel(value),
          final: false,
        };
  }

  release({ response }: Outcome): void {
    this.discard();
    releaseBody(response);
  }

  cancelError(config: Config, source: CancelSource): unknown {
    const reason = source.reason as { readonly message?: string } | undefined;
    const error = new CanceledError('subscribe' in source ? reason?.message : undefined, config);
    return Object.defineProperty(error, 'cause', { value: reason, writable: true, configurable: true });
  }

  /** Not when an interceptor made the key: that is another one on every attempt. */
  isKeyed({ headers }: Config): boolean {
    const header = headerOf(this.policy.idempotencyKey);
    const key = readHeader(this.headers, header);
    return key !== undefined && readHeader(headers, header) === key;
  }

  isOneShot({ data, headers }: Config): boolean {
    return isOneShot(data, headers);
  }

  wasRetried(value: unknown): boolean {
    return wasRetried(value);
  }

  originOf({ url = '', baseURL }: Config): string {
    try {
      return new URL(/^([a-z][\w+.-]*:)?\/\//i.test(url) ? url : (baseURL ?? url), globalThis.location?.href)
        .origin;
    } catch {
      return '';
    }
  }

  private limit(config: Config): void {
    const { attemptTimeout, totalTimeout } = this.policy;
    if (Math.min(attemptTimeout, totalTimeout) === Infinity) return;
    config.adapter = withDeadline(config.adapter, () => this.nextDeadline(), this.clock.alarm);
  }

  private nextDeadline(): Deadline {
    const { attemptTimeout, totalTimeout } = this.policy;
    const now = this.clock.monotonic();
    const attempt = this.attemptedAt + attemptTimeout - now;
    const total = this.origin + totalTimeout - now;
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
  throw expected('the result of retry option `data`', 'a body, not a promise', body);
}

const axiosTransform = [axios.defaults.transformRequest].flat()[0];

/** Whether the body may be edited by a `transformRequest` other than axios's own. */
const hasOwnTransform = ({ transformRequest, data }: Config): boolean =>
  typeof data === 'object' && [transformRequest].flat().some((transform) => transform !== axiosTransform);
