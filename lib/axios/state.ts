import axios, { type AxiosRequestTransformer, type AxiosResponse, isCancel } from 'axios';
import { AttemptLog } from '../core/attempt-log.ts';
import { type Outcome, run, type Task, type Terms, tellOfSuccess, type World } from '../core/loop.ts';
import type { Policy } from '../core/policy.ts';
import { causesOf, codeOf } from '../failure/causes.ts';
import { failureOf, failureOfResponse } from '../failure/classify.ts';
import { readHeader } from '../hints/header.ts';
import { askBudget } from '../limits/ask-budget.ts';
import type { BudgetLike } from '../limits/brand.ts';
import { originOf } from '../limits/origin.ts';
import { expected } from '../options/expected.ts';
import { isObject } from '../options/fields.ts';
import type { CancelSource } from '../runtime/abort.ts';
import type { Reason, RetryReport } from '../types.ts';
import { unwrapped, wrapped } from './adapter.ts';
import { closeStream, isOneShot, releaseBody, throwIfFailed, watchBody } from './body.ts';
import { canceledError } from './cancellation.ts';
import { type Deadline, restoreAdapter, withDeadline } from './deadline.ts';
import { ERR_COOLING_DOWN, withHold } from './hold.ts';
import { applyKey, headerOf } from './idempotency.ts';
import { type Boundary, type Editor, Flight, gate, sendInside } from './replay.ts';
import { Answering, linkReport, wasRetried } from './report.ts';
import { reportRival } from './rival.ts';
import { type Config, copyOfConfig, Snapshot } from './snapshot.ts';
import { isMarkedUnsent } from './unsent.ts';

/** What all requests of one attached instance share. */
export interface Attachment extends World {
  readonly boundary: Boundary;
}

/**
 * One request of an attached instance; its config carries it through axios. A class instance, since axios clones plain
 * objects when it merges configs. Its data are private, so that nothing of it shows in a log.
 */
export class RetryState extends Answering implements Task {
  readonly #attachment: Attachment;
  readonly #policy: Policy;
  readonly #budget: BudgetLike | undefined;
  readonly #snapshot: Snapshot;
  readonly #startedAt: number;
  /** The same moment on the monotonic clock. */
  readonly #origin: number;
  /** When the first attempt ended, and with which status, if that was all. */
  #endedAt = -1;
  #status = 0;
  #log: AttemptLog | undefined = undefined;
  /** The retry under way. */
  #flight: Flight | undefined = undefined;
  #attemptedAt: number;
  /** `totalTimeout` cut an attempt off. */
  #isOverdue = false;
  /** What `data` made for the attempt under way. */
  #body: unknown = undefined;
  /** What `data` threw. */
  #thrown: unknown = NOTHING;
  /** The key that `idempotencyKey` made. */
  readonly #key: string | false | undefined;

  /** Captures a request as it comes by. */
  constructor(attachment: Attachment, policy: Policy, config: Config, editor: Editor) {
    super();
    this.#attachment = attachment;
    this.#policy = policy;
    this.#startedAt = attachment.clock.now();
    this.#origin = this.#attemptedAt = attachment.clock.monotonic();
    this.#budget = policy.budget && askBudget(policy.budget);
    restore(config);
    this.#key =
      policy.idempotencyKey &&
      applyKey(config, policy.idempotencyKey, RetryState.#spentKeyOf(config), attachment.random);
    config.retryState = this;
    if (policy.data) config.data = undefined;
    this.#snapshot = new Snapshot(
      config,
      editor !== undefined,
      editor === 'request' || hasOwnTransform(config),
    );
    if (policy.data) this.#makeBody(config, policy.data);
    if (config.cancelToken || policy.data) this.#guard(config);
    this.#limit(config);
    this.#hold(config);
  }

  /** The state of the request with this config, if it is one of this attachment. */
  static of(config: Config | null | undefined, attachment: Attachment): RetryState | undefined {
    const state = config?.retryState;
    return isObject(state) && #attachment in state && state.#attachment === attachment ? state : undefined;
  }

  /** The state of the request that an outcome belongs to, followed along the causes of an error. */
  static behind(ok: boolean, value: unknown, attachment: Attachment): RetryState | undefined {
    const carried = (carrier: Carrier | undefined): RetryState | undefined => {
      const state = RetryState.of(carrier?.config, attachment);
      return state && !state.#isTaken ? state : undefined;
    };
    if (ok) return carried(value as Carrier | undefined);
    const isClaimant = (state: RetryState): boolean => !state.#isTaken && state.#attachment === attachment;
    return carriersOf(ok, value).map(carried).find(Boolean) ?? claimed.get(value as object)?.find(isClaimant);
  }

  get #isTaken(): boolean {
    return this.#log !== undefined || this.#endedAt >= 0;
  }

  /** Takes the outcome of the first attempt; answers what the outside gets. */
  take(ok: boolean, value: unknown): unknown {
    const { throttle, observers } = this.#policy;
    if (!ok || needsJudgement(this.#policy, value as AxiosResponse)) return this.#conclude(ok, value);
    const { status, config } = value as AxiosResponse;
    // The report is made when somebody asks.
    this.#endedAt = this.#attachment.clock.monotonic();
    this.#status = status;
    if (throttle && !throttle.idle) throttle.give(originOf(config), this.#endedAt);
    if (observers.some(({ onAttempt }) => onAttempt)) {
      const outcome = this.#read(true, value, undefined);
      tellOfSuccess(this, this.#begin(), outcome);
    }
    return value;
  }

  async #conclude(ok: boolean, value: unknown): Promise<unknown> {
    const outcome = this.#read(ok, value, undefined);
    this.#snapshot.seal();
    if (!ok) reportRival(this.#attachment.boundary.instance, outcome.config);
    const last = await run(this, this.#begin(), outcome);
    if (last.ok) return last.value;
    if (isCancel(last.value)) linkReport(last.value as object, this);
    throw last.value;
  }

  /** Begins to log the request; answers what stays the same for all its attempts. */
  #begin(): Terms {
    this.#log = this.#newLog();
    return {
      world: this.#attachment,
      policy: this.#policy,
      budget: this.#budget,
      log: this.#log,
      startedAt: this.#attemptedAt,
    };
  }

  #newLog(): AttemptLog {
    return new AttemptLog(this.#startedAt, this.#origin);
  }

  /** What came of an attempt. A value that does not carry this request is final: nothing tells what it is. */
  #read(ok: boolean, value: unknown, sent: Config | undefined): Outcome {
    if (!ok) this.discard();
    const isSent = (this.#flight?.isSent ?? true) && !isMarkedUnsent(value);
    const carrier = carriersOf(ok, value).find(({ config }) => config?.retryState === this);
    if (!carrier) {
      const final = isCancel(value) ? 'aborted' : wasRetried(value) ? 'already-retried' : 'not-retryable';
      return { ok, value, isSent, config: sent ?? this.#snapshot.config, failure: 'none', final };
    }
    const config = carrier.config as Config;
    restore(config);
    if (ok) {
      const response = value as AxiosResponse;
      const failure = failureOfResponse(response);
      return { ok, value, isSent, config, response, result: response.status, failure };
    }
    const { response } = carrier;
    const result = codeOf(carrier);
    if (result === ERR_COOLING_DOWN) {
      const { hint } = carrier;
      const final = this.#attachment.ended.aborted ? 'detached' : 'cooling-down';
      return { ok, value, isSent: false, config, result, failure: 'unsent', final, hint };
    }
    return {
      ok,
      value,
      isSent,
      config,
      response,
      // An error with a status below 400 is a body that was cut off: its code tells more.
      result: response && response.status >= 400 ? response.status : result,
      failure: failureOf(carrier, config),
      final: this.#finalReason(value),
    };
  }

  #finalReason(error: unknown): Reason | undefined {
    if (this.#isOverdue) return 'total-timeout';
    if (isCancel(error)) return 'aborted';
    return wasRetried(error) ? 'already-retried' : undefined;
  }

  isCalm(config: Config): boolean {
    const { throttle, cooldown } = this.#policy;
    const now = this.#attachment.clock.monotonic();
    const isCooling = cooldown && !cooldown.idle && cooldown.left(cooldown.scopeOf(config), now) > 0;
    return !isCooling && !throttle?.isLow(originOf(config), now);
  }

  prepare(): Config {
    const config = this.#snapshot.copy();
    config.retryState = this;
    if (this.#policy.data) config.transformRequest = withoutMakers(config);
    return config;
  }

  adopt(answer: unknown, prepared: Config): Config {
    if (answer !== undefined && (answer as Config | null)?.retryState !== this) {
      const rule = 'undefined or a whole config, as in { ...config, url }';
      throw expected('the result of `beforeRetry`', rule, answer);
    }
    // What the hook answers is not written to: it may be frozen.
    const next = answer === undefined || answer === prepared ? prepared : ({ ...answer } as Config);
    if (!(typeof (next.headers as { set?: unknown } | undefined)?.set === 'function')) {
      next.headers = this.#snapshot.headersOf(next.headers);
    }
    return next;
  }

  async send(config: Config, { response }: Outcome): Promise<Outcome> {
    this.discard();
    const flight = new Flight(response);
    this.#flight = flight;
    this.#attemptedAt = this.#attachment.clock.monotonic();
    const { data } = this.#policy;
    if (data && config.data === undefined) this.#makeBody(config, data);
    const guard = (sent: Config): Config => {
      if (unwrapped(sent.adapter) === sent.adapter) {
        gate(sent, flight, this.#attachment.ended);
        this.#limit(sent);
      }
      return sent;
    };
    // Guarded once more after the inside: an interceptor may put an adapter of its own in the place of ours.
    return sendInside(this.#attachment.boundary, guard(config), guard).then(
      ({ ok, value }) => this.#land(flight, ok, value, config),
      // axios goes by nothing else when a synchronous interceptor throws.
      (error) => this.#land(flight, false, error, config),
    );
  }

  #land(flight: Flight, ok: boolean, value: unknown, config: Config): Outcome {
    // The error of a function of the user is no outcome.
    if (!ok && value === this.#thrown) throw value;
    const outcome = this.#read(ok, value, config);
    if (flight.isCut) this.release(outcome);
    else flight.land();
    return outcome;
  }

  cut(reason: Reason | undefined): boolean {
    const flight = this.#flight;
    const phase = flight?.phase;
    if (!(phase === 'before' || (phase === 'after' && reason !== 'detached'))) return false;
    (flight as Flight).isCut = true;
    return true;
  }

  discard(): void {
    closeStream(this.#body);
  }

  release({ response }: Outcome): void {
    this.discard();
    releaseBody(response);
  }

  lighten({ value, response }: Outcome): void {
    for (const each of [response, ...causesOf(value)] as { request?: unknown; stack?: unknown }[]) {
      // An error may be frozen.
      if (each?.request) Reflect.set(each, 'request', undefined);
      // Frames that are not written out yet hold what they ran with, the request again.
      void each?.stack;
    }
  }

  copyOf(config: Config): Config {
    const copy = copyOfConfig(config);
    copy.headers = this.#snapshot.headersOf(config.headers);
    copy.data = config.data;
    return copy;
  }

  cancelError(config: Config, source: CancelSource): unknown {
    return canceledError(config, source);
  }

  isKeyed({ headers }: Config): boolean {
    const header = headerOf(this.#policy.idempotencyKey);
    const key = readHeader(headers, header);
    // An interceptor would make another one on every attempt.
    return key !== undefined && key === readHeader(this.#snapshot.headers, header);
  }

  isReplayable(config?: Config): boolean {
    if (config?.data === undefined && this.#policy.data) return true;
    return !isOneShot(config ? config.data : this.#snapshot.data);
  }

  /** The key of a request that has succeeded, through whatever client: one that is made from its config must not carry it again. */
  static #spentKeyOf({ retryState: state }: Config): string | false | undefined {
    if (!isObject(state) || !(#attachment in state)) return undefined;
    const log = state.#log;
    const hasSucceeded = log ? log.isSettled && log.reason === undefined : state.#endedAt >= 0;
    return hasSucceeded ? state.#key : undefined;
  }

  /** Lets axios ask `data` for the body of an attempt when it is about to be sent. */
  #makeBody(config: Config, data: () => unknown): void {
    const make = (): unknown => {
      try {
        const body = produce(data);
        if (body === this.#body && isOneShot(body)) throw notABody('a new body for every attempt', body);
        this.#body = body;
        return body;
      } catch (error) {
        this.#thrown = error;
        throw error;
      }
    };
    makers.add(make);
    config.transformRequest = [make, ...withoutMakers(config)];
  }

  /**
   * A cancel token, or a body that failed, rejects with an error that has no config, or on the fetch adapter that of another
   * request under the same token: notes that it belongs to this one.
   */
  #guard(config: Config): void {
    const { adapter } = config;
    config.adapter = wrapped(adapter, async (sent) => {
      try {
        const send = restoreAdapter(sent, adapter);
        throwIfFailed(sent.data);
        return await send(sent);
      } catch (error) {
        if (isObject(error) && (isCancel(error) || !('config' in error && error.config))) {
          const others = (claimed.get(error) ?? []).filter((state) => !state.#isTaken);
          claimed.set(error, [...others, this]);
          linkReport(error, this);
        }
        throw error;
      }
    });
  }

  /** Puts the deadlines of the policy around the adapter. */
  #limit(config: Config): void {
    const { attemptTimeout, totalTimeout } = this.#policy;
    if (Math.min(attemptTimeout, totalTimeout) === Infinity) return;
    const { adapter } = config;
    const { alarm } = this.#attachment.clock;
    config.adapter = wrapped(
      adapter,
      withDeadline(adapter, alarm, () => this.#nextDeadline()),
    );
  }

  /** Lets the first attempt wait in front of the adapter while its scope cools. That wait is no part of the attempt. */
  #hold(config: Config): void {
    const { cooldown } = this.#policy;
    if (!cooldown?.holds) return;
    const { adapter } = config;
    const { clock, ended } = this.#attachment;
    const left = (): number => this.#totalEnd - clock.monotonic();
    const begin = (): void => {
      this.#attemptedAt = clock.monotonic();
    };
    config.adapter = wrapped(adapter, withHold(adapter, { cooldown, clock, ended, left, begin }));
  }

  get #totalEnd(): number {
    return this.#origin + this.#policy.totalTimeout;
  }

  #nextDeadline(): Deadline {
    const { attemptTimeout, totalTimeout } = this.#policy;
    const attempt = this.#attemptedAt + attemptTimeout;
    const isTotal = this.#totalEnd <= attempt;
    return {
      left: Math.min(attempt, this.#totalEnd) - this.#attachment.clock.monotonic(),
      name: isTotal ? `totalTimeout of ${totalTimeout} ms` : `attemptTimeout of ${attemptTimeout} ms`,
      strike: () => {
        this.#isOverdue = isTotal;
      },
    };
  }

  report(): RetryReport | undefined {
    // What this build did not make itself, as a deep copy or a proxy, has none of the data.
    if (!(#attachment in this)) return undefined;
    if (this.#endedAt >= 0 && !this.#log) {
      this.#log = this.#newLog();
      this.#log.add(this.#attemptedAt, this.#endedAt, this.#status);
      this.#log.settle(this.#endedAt);
    }
    return (this.#log ?? this.#newLog()).report();
  }

  isExhausted(): boolean {
    return #attachment in this && this.#log?.reason !== undefined && this.#log.attempts > 1;
  }

  attempt(): number | undefined {
    if (!(#attachment in this)) return undefined;
    return this.#log ? this.#log.attempts + (this.#log.isSettled ? 0 : 1) : 1;
  }

  /** Keeps libraries that clone deeply, as lodash does, from making a copy that is no longer ours. */
  get [Symbol.toStringTag](): string {
    return 'RetryState';
  }

  toJSON(): undefined {
    return undefined;
  }
}

/** No error is this. */
const NOTHING = Symbol();

interface Carrier {
  readonly config?: Config | null;
  readonly response?: AxiosResponse;
  readonly hint?: number;
}

/** What may carry the config of a request: a response, or an error and its causes. */
const carriersOf = (ok: boolean, value: unknown): readonly Carrier[] =>
  (ok ? [value].filter(isObject) : causesOf(value)) as readonly Carrier[];

/** The requests that an error without config may belong to. */
const claimed = new WeakMap<object, readonly RetryState[]>();

/** The transforms that make a body by `data`. */
const makers = new WeakSet<object>();

/** The transforms of a config but those of ours. */
const withoutMakers = ({ transformRequest }: Config): AxiosRequestTransformer[] =>
  [transformRequest].flat().filter((transform) => transform !== undefined && !makers.has(transform)) as never;

/** Takes our wrappers off the adapter of a config that may be used again; they are left when an attempt did not reach it. */
function restore(config: Config): void {
  const adapter = unwrapped(config.adapter);
  if (adapter !== config.adapter) config.adapter = adapter as never;
}

const needsJudgement = ({ retryIf, statuses }: Policy, { status }: AxiosResponse): boolean =>
  !(status < 400) || retryIf !== undefined || statuses.has(status);

function produce(data: () => unknown): unknown {
  const body = data() as (Partial<Promise<unknown>> & { on?: unknown }) | undefined;
  if (body?.then) throw notABody('a body', body);
  watchBody(body);
  return body;
}

const notABody = (rule: string, body: unknown): TypeError =>
  expected('the result of retry option `data`', rule, body);

const axiosTransform = /* @__PURE__ */ (() => [axios.defaults.transformRequest].flat()[0])();

/** Whether the body may be edited by a `transformRequest` other than axios's own. */
const hasOwnTransform = ({ transformRequest, data }: Config): boolean =>
  typeof data === 'object' && [transformRequest].flat().some((transform) => transform !== axiosTransform);
