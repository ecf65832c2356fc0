import axios, {
  AxiosHeaders,
  type AxiosInstance,
  type AxiosRequestHeaders,
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
import { readHeader } from '../server/header.ts';
import type { Clock, RetryReport } from '../types.ts';
import { closeStream, copyOf, isOneShot, releaseBody } from './body.ts';
import { canceledError } from './cancellation.ts';
import { withDeadline } from './deadline.ts';
import { codeOf, failureOf } from './failure.ts';
import { applyKey, headerOf } from './idempotency.ts';
import { wasRetried } from './layers.ts';
import { RetryState } from './state.ts';

export type Config = InternalAxiosRequestConfig & { retryState?: unknown };

/** What all requests of one attached instance share. */
export interface Attachment {
  readonly instance: AxiosInstance;
  readonly clock: Required<Clock>;
  readonly random: () => number;
  /** Aborts when the plugin is detached. */
  readonly detached: AbortSignal;
  /** Takes the handlers of a replay out again, so that they keep nothing of it alive. */
  readonly reset: () => void;
}

/** What stands in the place of the plugin's response interceptor while axios builds a request. */
export interface Handlers {
  readonly fulfilled: (value: unknown) => unknown;
  readonly rejected: (error: unknown) => unknown;
}

/** One request of an attached instance, as it was before the first interceptor. */
export class Call {
  readonly state: RetryState;
  readonly budget: BudgetLike | undefined;
  readonly config: Config;
  /** What axios or an interceptor would change on the way. */
  readonly pristine: Partial<Config>;
  readonly startedAt: number;
  readonly origin: number;
  /** When the attempt under way started. */
  attemptedAt: number;
  /** When the first attempt ended, and with which status, if that was all. */
  endedAt = 0;
  status = 0;
  log: AttemptLog | undefined = undefined;
  /** `totalTimeout` cut an attempt off. */
  isOverdue = false;
  /** What `data` made for the attempt under way. */
  body: unknown = undefined;
  /** The handlers of the replay that axios is about to build. */
  pass: Handlers | undefined = undefined;

  constructor(
    readonly attachment: Attachment,
    readonly policy: Policy,
    config: Config,
    isEditable: boolean,
  ) {
    const { clock } = attachment;
    const { budget, idempotencyKey, data } = policy;
    this.startedAt = clock.now();
    this.origin = this.attemptedAt = clock.monotonic();
    this.budget = budget && budgetOf(budget);
    if (idempotencyKey) applyKey(config, idempotencyKey);
    const isCopied = isEditable || hasOwnTransform(config);
    this.pristine = {
      method: config.method as string,
      url: config.url as string,
      headers: { ...config.headers } as AxiosRequestHeaders,
      params: copyOf(config.params),
      data: isCopied ? copyOf(config.data) : config.data,
      adapter: config.adapter as never,
    };
    this.config = isEditable ? copyOfConfig(config) : config;
    this.state = config.retryState = new RetryState(this);
    if (data) config.data = this.body = produce(data);
    limit(this, config);
  }

  report(): RetryReport {
    const log = this.log ?? new AttemptLog(this.startedAt, this.origin);
    if (this.endedAt > 0) log.add(this.origin, this.endedAt, this.status);
    return log.report();
  }
}

/** Ends a request whose first attempt needs no judgement; the report is made when somebody asks. */
export function succeed(call: Call, { status, config }: AxiosResponse): void {
  const { throttle } = call.policy;
  call.endedAt = call.attachment.clock.monotonic();
  call.status = status;
  if (throttle && !throttle.idle) throttle.give(originOf(config), call.endedAt);
}

/** The handlers of the replay whose config axios is building now; they are handed out once. */
export function claimPass(call: Call, config: Config): Handlers | undefined {
  const { pass } = call;
  call.pass = undefined;
  if (pass) limit(call, config);
  return pass;
}

/** What came of an attempt. A value that does not carry the call's config is final: nothing tells what it is. */
export function read(call: Call, ok: boolean, value: unknown, sent: Config = call.config): Outcome {
  if (!ok) closeStream(call.body);
  const { config, response } = (value ?? {}) as {
    readonly config?: Config;
    readonly response?: AxiosResponse;
  };
  if (config?.retryState !== call.state)
    return { ok, value, config: sent, failure: 'none', final: 'not-retryable' };
  return ok
    ? {
        ok,
        value,
        config,
        response: value as AxiosResponse,
        failure: failureOfStatus((value as AxiosResponse).status),
      }
    : {
        ok,
        value,
        config,
        response,
        code: codeOf(value),
        failure: failureOf(value, config),
        cancelled: isCancel(value),
        final: call.isOverdue ? 'total-timeout' : undefined,
      };
}

/** How the loop sends a call again. */
export function taskOf(call: Call): Task {
  const { policy, pristine, budget } = call;
  const { clock, random, detached, instance, reset } = call.attachment;
  const discard = (): void => closeStream(call.body);
  return {
    policy,
    clock,
    random,
    detached,
    budget,
    log: (call.log = new AttemptLog(call.startedAt, call.origin)),
    discard,
    isReplayable: () => policy.data !== undefined || !isOneShot(pristine.data),
    isOneShot,
    wasRetried,
    originOf,

    prepare() {
      discard();
      const { headers, params, data } = pristine;
      const config = Object.assign(copyOfConfig(call.config), pristine);
      config.headers = new AxiosHeaders(headers);
      config.params = copyOf(params);
      config.data = policy.data ? (call.body = produce(policy.data)) : copyOf(data);
      return config;
    },

    send: (config: Config) =>
      new Promise((resolve) => {
        const settle = (ok: boolean, value: unknown): void => resolve(read(call, ok, value, config));
        const handOver = (ok: boolean, value: unknown): never => {
          settle(ok, value);
          throw superseded(config);
        };
        call.pass = {
          fulfilled: (value) => handOver(true, value),
          rejected: (error) => handOver(false, error),
        };
        call.attemptedAt = clock.monotonic();
        config.retryState = call.state;
        const sent = instance.request(config);
        reset();
        sent.then(
          (value) => settle(true, value),
          (error) => settle(false, error),
        );
      }),

    release({ response }) {
      discard();
      releaseBody(response);
    },

    cancelError: canceledError,

    // Not when an interceptor made the key: that is another one on every attempt.
    isKeyed({ headers }) {
      const header = headerOf(policy.idempotencyKey);
      const key = readHeader(headers, header);
      return key !== undefined && readHeader(pristine.headers, header) === key;
    },
  };
}

/** How the pass of a replay ends. Built without a stack, which nobody reads and which costs more than all the rest. */
function superseded(config: Config): unknown {
  return Object.assign(Object.create(CanceledError.prototype), {
    message: 'superseded by a retry',
    name: 'CanceledError',
    code: 'ERR_CANCELED',
    isAxiosError: true,
    __CANCEL__: true,
    config,
  });
}

function limit(call: Call, config: Config): void {
  const { attemptTimeout, totalTimeout } = call.policy;
  if (Math.min(attemptTimeout, totalTimeout) === Infinity) return;
  const { monotonic, alarm } = call.attachment.clock;
  config.adapter = withDeadline(config.adapter, alarm, () => {
    const attempt = call.attemptedAt + attemptTimeout;
    const total = call.origin + totalTimeout;
    return attempt < total
      ? { left: attempt - monotonic(), name: `attemptTimeout of ${attemptTimeout} ms` }
      : {
          left: total - monotonic(),
          name: `totalTimeout of ${totalTimeout} ms`,
          strike: () => (call.isOverdue = true),
        };
  });
}

function originOf({ url = '', baseURL }: Config): string {
  try {
    return new URL(/^([a-z][\w+.-]*:)?\/\//i.test(url) ? url : (baseURL ?? url), globalThis.location?.href)
      .origin;
  } catch {
    return '';
  }
}

/** A copy of all but the body. A merged config is in dictionary mode, where `for…in` is three times as fast as a spread. */
function copyOfConfig(config: Config): Config {
  const copy: Record<string, unknown> = {};
  for (const key in config) if (key !== 'data') copy[key] = copyOf(config[key as keyof Config]);
  return copy as unknown as Config;
}

function budgetOf(budget: NonNullable<Policy['budget']>): BudgetLike | undefined {
  const answer = typeof budget === 'function' ? budget() : budget;
  if (answer === undefined || isRetryBudget(answer)) return answer;
  throw expected('the result of retry option `budget`', 'a RetryBudget or undefined', answer);
}

function produce(data: () => unknown): unknown {
  const body = data() as Partial<Promise<unknown>> | undefined;
  if (!body?.then) return body;
  throw expected('the result of retry option `data`', 'a body', body);
}

const axiosTransform = [axios.defaults.transformRequest].flat()[0];

/** Whether the body may be edited by a `transformRequest` other than axios's own. */
const hasOwnTransform = ({ transformRequest, data }: Config): boolean =>
  typeof data === 'object' && [transformRequest].flat().some((transform) => transform !== axiosTransform);
