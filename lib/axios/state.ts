import axios, { type AxiosResponse } from 'axios';
import type { AttemptLog } from '../core/attempt-log.ts';
import { describe } from '../core/describe.ts';
import { run } from '../core/loop.ts';
import { tell } from '../core/observe.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Policy } from '../core/policy.ts';
import type { Task, Terms, World } from '../core/task.ts';
import { causesOf } from '../failure/causes.ts';
import { readHeader } from '../hints/header.ts';
import { askBudget } from '../limits/ask-budget.ts';
import type { BudgetLike } from '../limits/brand.ts';
import { originOf } from '../limits/origin.ts';
import { expected } from '../options/expected.ts';
import { isObject } from '../options/fields.ts';
import type { CancelSource } from '../runtime/abort.ts';
import type { Reason, RetryContext, RetryReport } from '../types.ts';
import { restore, unwrapped, wrapped } from './adapter.ts';
import { isOneShot, releaseBody } from './body.ts';
import { canceledError } from './cancellation.ts';
import { type Claimant, claimantsOf, claimErrors } from './claims.ts';
import { Flight, gate } from './flight.ts';
import { withHold } from './hold.ts';
import { applyKey, headerOf } from './idempotency.ts';
import { MadeBody, withoutMakers } from './made-body.ts';
import { type Carrier, carriersOf, readOutcome } from './outcome.ts';
import { type Boundary, type Editor, sendInside } from './replay.ts';
import { Answering, linkReport } from './report.ts';
import { reportRival } from './rival.ts';
import { type Config, copyOfConfig, Snapshot } from './snapshot.ts';
import { Times } from './times.ts';

/** What all requests of one attached instance share. */
export interface Attachment extends World {
  readonly boundary: Boundary;
}

/**
 * One request of an attached instance; its config carries it through axios. A class instance, since axios clones plain
 * objects when it merges configs. Its data are private, so that nothing of it shows in a log.
 */
export class RetryState extends Answering implements Task, Claimant {
  readonly #attachment: Attachment;
  readonly #policy: Policy;
  readonly #budget: BudgetLike | undefined;
  readonly #snapshot: Snapshot;
  /** The key that `idempotencyKey` made. */
  readonly #key: string | false | undefined;
  readonly #madeBody: MadeBody | undefined;
  readonly #times: Times;
  /** When the first attempt ended, and with which status, if that was all. */
  #endedAt = -1;
  #status = 0;
  #log: AttemptLog | undefined = undefined;
  /** The retry under way. */
  #flight: Flight | undefined = undefined;

  /** Captures a request as it comes by. */
  constructor(attachment: Attachment, policy: Policy, config: Config, editor: Editor) {
    super();
    const { clock, random } = attachment;
    const { budget, idempotencyKey, data } = policy;
    this.#attachment = attachment;
    this.#policy = policy;
    this.#times = new Times(clock, policy);
    this.#budget = budget && askBudget(budget);
    restore(config);
    this.#key = idempotencyKey && applyKey(config, idempotencyKey, RetryState.#spentKeyOf(config), random);
    config.retryState = this;
    if (data) config.data = undefined;
    this.#snapshot = new Snapshot(
      config,
      editor !== undefined,
      editor === 'request' || hasOwnTransform(config),
    );
    this.#madeBody = data && new MadeBody(data);
    this.#madeBody?.putInto(config);
    if (config.cancelToken || data) claimErrors(config, this);
    this.#times.limit(config);
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
      return state && !state.isTaken ? state : undefined;
    };
    if (ok) return carried(value as Carrier | undefined);
    const isOurs = (claimant: object): claimant is RetryState =>
      #attachment in claimant && claimant.#attachment === attachment;
    return carriersOf(ok, value).map(carried).find(Boolean) ?? claimantsOf(value).find(isOurs);
  }

  get isTaken(): boolean {
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
      tell(observers, 'onAttempt', () => this.#describeSuccess(value as AxiosResponse));
    }
    return value;
  }

  /** The context of a first attempt that succeeded and that nobody judges. */
  #describeSuccess(response: AxiosResponse): RetryContext {
    const progress = {
      attemptNumber: 1,
      maxAttempts: this.#policy.maxAttempts,
      ...this.#times.until(this.#endedAt),
      totalDelay: 0,
      mayHaveActed: false,
      random: this.#attachment.random,
    };
    const { config, status } = response;
    const result = { ok: true, value: response, config, response, result: status, failure: 'none' } as const;
    return describe(progress, result, (sent) => this.copyOf(sent), {});
  }

  async #conclude(ok: boolean, value: unknown): Promise<unknown> {
    const outcome = this.#read(ok, value, undefined);
    this.#snapshot.seal();
    if (!ok) reportRival(this.#attachment.boundary.instance, outcome.config);
    const last = await run(this, this.#begin(), outcome);
    if (last.ok) return last.value;
    if (isObject(last.value)) linkReport(last.value, this);
    throw last.value;
  }

  /** Begins to log the request; answers what stays the same for all its attempts. */
  #begin(): Terms {
    this.#log = this.#times.newLog();
    return {
      world: this.#attachment,
      policy: this.#policy,
      budget: this.#budget,
      log: this.#log,
      startedAt: this.#times.attemptedAt,
    };
  }

  #read(ok: boolean, value: unknown, sent: Config | undefined): Outcome {
    if (!ok) this.#madeBody?.discard();
    return readOutcome(ok, value, {
      state: this,
      config: sent ?? this.#snapshot.config,
      isSent: this.#flight?.isSent ?? true,
      isOverdue: this.#times.isOverdue,
      isEnded: this.#attachment.ended.aborted,
    });
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
    if (this.#madeBody) config.transformRequest = withoutMakers(config);
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
    this.#madeBody?.discard();
    const flight = new Flight(response);
    this.#flight = flight;
    this.#times.begin();
    if (config.data === undefined) this.#madeBody?.putInto(config);
    const guard = (sent: Config): Config => {
      if (unwrapped(sent.adapter) === sent.adapter) {
        gate(sent, flight, this.#attachment.ended);
        this.#times.limit(sent);
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
    if (!ok && this.#madeBody?.hasThrown(value)) throw value;
    const outcome = this.#read(ok, value, config);
    flight.land();
    if (flight.isCut) this.release(outcome);
    return outcome;
  }

  cut(reason: Reason | undefined, cutOff: (isSent: boolean) => void): void {
    const flight = this.#flight;
    if (!flight || flight.isCut || flight.isLanded || (flight.isSent && reason === 'detached')) return;
    if (flight.phase === 'adapter') {
      // What the adapter answers is the outcome, unless an interceptor hangs on it.
      flight.onHang(this.#attachment.clock.alarm, () => this.cut(reason, cutOff));
      return;
    }
    flight.isCut = true;
    this.#madeBody?.discard();
    cutOff(flight.isSent);
  }

  release({ response }: Outcome): void {
    this.#madeBody?.discard();
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
    if (config?.data === undefined && this.#madeBody) return true;
    return !isOneShot(config ? config.data : this.#snapshot.data);
  }

  /** The key of a request that has succeeded, through whatever client: one that is made from its config must not carry it again. */
  static #spentKeyOf({ retryState: state }: Config): string | false | undefined {
    if (!isObject(state) || !(#attachment in state)) return undefined;
    const log = state.#log;
    const hasSucceeded = log ? log.isSettled && log.reason === undefined : state.#endedAt >= 0;
    return hasSucceeded ? state.#key : undefined;
  }

  /** Lets the first attempt wait in front of the adapter while its scope cools. That wait is no part of the attempt. */
  #hold(config: Config): void {
    const { cooldown } = this.#policy;
    if (!cooldown?.holds) return;
    const { adapter } = config;
    const { clock, ended } = this.#attachment;
    config.adapter = wrapped(adapter, withHold(adapter, { cooldown, clock, ended, times: this.#times }));
  }

  report(): RetryReport | undefined {
    // What this build did not make itself, as a deep copy or a proxy, has none of the data.
    if (!(#attachment in this)) return undefined;
    if (this.#endedAt >= 0 && !this.#log) {
      this.#log = this.#times.newLog();
      this.#log.add(this.#times.attemptedAt, this.#endedAt, this.#status);
      this.#log.settle(this.#endedAt);
    }
    return (this.#log ?? this.#times.newLog()).report();
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

const needsJudgement = ({ retryIf, statuses }: Policy, { status }: AxiosResponse): boolean =>
  !(status < 400) || retryIf !== undefined || statuses.has(status);

const axiosTransform = /* @__PURE__ */ (() => [axios.defaults.transformRequest].flat()[0])();

/** Whether the body may be edited by a `transformRequest` other than axios's own. */
const hasOwnTransform = ({ transformRequest, data }: Config): boolean =>
  typeof data === 'object' && [transformRequest].flat().some((transform) => transform !== axiosTransform);
