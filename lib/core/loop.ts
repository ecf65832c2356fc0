import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import { withCause } from '../failure/causes.ts';
import { DEFAULT_VERDICT, isTransient } from '../failure/transient.ts';
import { readHints } from '../hints/hints.ts';
import type { BudgetLike } from '../limits/brand.ts';
import { originOf } from '../limits/origin.ts';
import {
  type CancelSource,
  isCancelled,
  type Link,
  linkTo,
  onAbort,
  sleepUnlessAborted,
  sourcesOf,
} from '../runtime/abort.ts';
import type { Clock, Failure, PendingRetryContext, Reason, RetryContext, RetryVerdict } from '../types.ts';
import type { AttemptLog } from './attempt-log.ts';
import { decide, findHazard, type Pause } from './decide.ts';
import { describe, methodOf } from './describe.ts';
import type { Policy } from './policy.ts';

type Config = InternalAxiosRequestConfig;

/** How one attempt ended. */
export interface Outcome {
  /** Whether it was fulfilled. */
  readonly ok: boolean;
  /** The response or the error, untouched: what the caller gets if this outcome is the last. */
  readonly value: unknown;
  /** Whether it got as far as the adapter. */
  readonly isSent: boolean;
  /** The config as the attempt was sent. */
  readonly config: Config;
  readonly response?: AxiosResponse | undefined;
  /** The status or the code, for the report. */
  readonly result?: number | string | undefined;
  readonly failure: Failure;
  /** Why nobody is asked whether to retry it. On a success: nothing tells what it is. */
  readonly final?: Reason | undefined;
}

/** What all requests of one client share. */
export interface World {
  readonly clock: Required<Clock>;
  readonly random: () => number;
  /** Aborts when there are no further retries: the plugin is detached, or drained. */
  readonly ended: AbortSignal;
}

/** What stays the same for all attempts of one request. */
export interface Terms {
  readonly world: World;
  readonly policy: Policy;
  readonly budget: BudgetLike | undefined;
  readonly log: AttemptLog;
}

/** One request on its way through the loop, and what the loop asks of it. */
export interface Task {
  /** A copy of the request as it was captured, ready to be sent. */
  prepare(): Config;
  /** The config to send, from what `beforeRetry` answered. */
  adopt(answer: unknown, prepared: Config): Config;
  /** Sends one attempt; never rejects. */
  send(config: Config): Promise<Outcome>;
  /** Whether the attempt under way may be cut off for this reason: it is in an interceptor, and no answer gets lost. */
  mayCut(reason: Reason | undefined): boolean;
  /** Nobody waits for the attempt under way any more. */
  cut(): void;
  /** Lets go of the body that `data` made for the attempt at hand. */
  discard(): void;
  /** Frees the connection that a failed response still holds. */
  release(outcome: Outcome): void;
  /** A copy of a config for those who are told of it. */
  copyOf(config: Config): Config;
  /** The error of a request that was cancelled between two attempts. */
  cancelError(config: Config, source: CancelSource): unknown;
  /** Whether the attempt carries the idempotency key that all attempts share. */
  isKeyed(config: Config): boolean;
  /** Whether the body of a config, or else the one that was captured, can be sent again. */
  isReplayable(config?: Config): boolean;
}

/** The end of a request: what the caller gets, and why there is no further attempt. */
class Settled {
  constructor(
    readonly outcome: Outcome,
    readonly reason?: Reason | undefined,
  ) {}
}

const nothing = (): void => undefined;

/** Judges an outcome, waits, sends again; answers the outcome that is the caller's. */
export const run = (task: Task, terms: Terms, first: Outcome): Promise<Outcome> =>
  new Loop(task, terms).run(first);

/** A request in the loop. Methods, for thousands may wait at once and closures would make each half a kilobyte heavier. */
class Loop {
  readonly #task: Task;
  readonly #world: World;
  readonly #policy: Policy;
  readonly #budget: BudgetLike | undefined;
  readonly #log: AttemptLog;
  #link: Link;
  #hint: number | undefined = undefined;
  /** What the latest retry cost, and whose tokens these were. */
  #cost = 0;
  #payer = '';
  /** Takes back what the retry under way has cost, should it not be sent. */
  #refund = nothing;

  constructor(task: Task, { world, policy, budget, log }: Terms) {
    this.#task = task;
    this.#world = world;
    this.#policy = policy;
    this.#budget = budget;
    this.#log = log;
    this.#link = linkTo(world.ended, []);
  }

  async run(first: Outcome): Promise<Outcome> {
    let outcome = first;
    let startedAt = this.#log.origin;
    try {
      for (;;) {
        this.#record(outcome, startedAt);

        const pause = await this.#decide(outcome);
        if (pause instanceof Settled) return this.#settle(pause);

        const refusal = this.#pay(outcome, pause);
        if (refusal) return this.#settle(refusal);

        await this.#wait(outcome, pause);
        const next = await this.#prepare(outcome, pause);
        if (next instanceof Settled) return this.#settle(next);

        startedAt = this.#now;
        const sent = await this.#send(outcome, next);
        if (sent instanceof Settled) return this.#settle(sent);
        outcome = sent;
      }
    } catch (thrown) {
      return this.#settle(this.#blame(outcome, thrown));
    } finally {
      this.#refund();
      this.#link.release();
    }
  }

  #record({ config, result }: Outcome, startedAt: number): void {
    this.#log.add(startedAt, this.#now, result);
    this.#link.release();
    this.#link = linkTo(this.#world.ended, sourcesOf(config));
  }

  /** How long to wait before another attempt, if there is to be one. */
  async #decide(outcome: Outcome): Promise<Pause | Settled> {
    const { ok, config, response, final } = outcome;
    const policy = this.#policy;
    const log = this.#log;
    const status = response?.status ?? 0;
    const { after, shouldRetry } = final ? {} : readHints(response?.headers, status, this.#world.clock.now());
    this.#hint = after;
    if (after !== undefined) log.note(log.attempts, { hint: after });
    this.#tell('onAttempt', outcome, {});
    if (final) return new Settled(outcome, ok ? undefined : final);

    const isCut = sourcesOf(config).some(isCancelled);
    const keyed = this.#task.isKeyed(config);
    const byDefault =
      isTransient(outcome, policy.statuses) ||
      (shouldRetry === true && status >= 400) ||
      // The first attempt is still being processed, and its answer is what the key will give.
      (status === 409 && keyed && log.mayHaveActed);
    const verdict = isCut ? byDefault : await this.#judge(outcome, byDefault);
    if (verdict instanceof Settled) return verdict;
    const worthIt = verdict ?? byDefault;

    const task = this.#task;
    const decision = decide(policy, {
      context: this.#describe(outcome, {}),
      worthIt: worthIt !== false,
      vetoed: shouldRetry === false,
      hint: after,
      keyed,
      get replayable() {
        return task.isReplayable();
      },
    });
    if (typeof decision !== 'string') return this.#interruption(outcome) ?? decision;
    if (!ok || worthIt) return new Settled(outcome, isCut && !ok ? 'aborted' : decision);
    this.#reward(config);
    return new Settled(outcome);
  }

  async #judge(outcome: Outcome, byDefault: boolean): Promise<RetryVerdict | Settled> {
    const { retryIf } = this.#policy;
    if (!retryIf) return byDefault;
    const answer = retryIf(this.#describe(outcome, { [DEFAULT_VERDICT]: byDefault }));
    return (await this.#unlessInterrupted(outcome, answer)) as RetryVerdict | Settled;
  }

  /** A success gives back what the last retry took, or earns a little. */
  #reward(config: Config): void {
    const { throttle } = this.#policy;
    if (this.#cost > 0) throttle?.give(this.#payer, this.#now, this.#cost);
    else if (this.#log.attempts === 1) throttle?.give(originOf(config), this.#now);
  }

  /** Takes what the retry costs; why there is none, when not enough is left. */
  #pay(outcome: Outcome, pause: Pause): Settled | undefined {
    const log = this.#log;
    const { config, response, failure } = outcome;
    // Polling a success costs nothing.
    const throttle = failure === 'none' ? undefined : this.#policy.throttle;
    const origin = throttle ? originOf(config) : '';
    const cost = throttle?.take(origin, response?.status === 429, this.#now);
    if (throttle && cost === undefined) return new Settled(outcome, 'throttled');
    const allowance = this.#budget?.reserve(pause.delay);
    const waited = log.totalDelay;
    this.#refund = () => {
      throttle?.give(origin, this.#now, cost);
      allowance?.cancel(log.totalDelay - waited);
      this.#task.discard();
    };
    if (this.#budget && !allowance) return new Settled(outcome, 'budget-exhausted');
    if (cost !== undefined) {
      this.#cost = cost;
      this.#payer = origin;
    }
    return undefined;
  }

  async #wait(outcome: Outcome, pause: Pause): Promise<void> {
    this.#tell('onRetry', outcome, pause);
    if (!isPolled(outcome)) this.#task.release(outcome);
    const beganAt = this.#now;
    const { signal } = this.#link;
    await sleepUnlessAborted(this.#world.clock, pause.delay, signal);
    this.#log.wait(signal.aborted ? Math.min(pause.delay, this.#now - beganAt) : pause.delay);
  }

  /** The config of the next attempt, once its time has come. */
  async #prepare(outcome: Outcome, pause: Pause): Promise<Config | Settled> {
    const policy = this.#policy;
    const tooLate = this.#interruption(outcome) ?? this.#lateness(outcome);
    if (tooLate) return tooLate;
    const prepared = this.#task.prepare();
    if (!policy.beforeRetry) return prepared;

    const answer = policy.beforeRetry(prepared, this.#describe(outcome, pause) as PendingRetryContext);
    const edited = await this.#unlessInterrupted(outcome, answer);
    if (edited instanceof Settled) return edited;
    const next = this.#task.adopt(edited, prepared);
    this.#noteChanges(outcome, next);
    const failure = this.#log.mayHaveActed ? 'ambiguous' : outcome.failure;
    const hazard = findHazard(policy, methodOf(next), failure, {
      keyed: this.#task.isKeyed(next),
      replayable: this.#task.isReplayable(next),
    });
    return hazard ? new Settled(outcome, hazard) : (this.#lateness(outcome) ?? next);
  }

  #noteChanges({ config }: Outcome, next: Config): void {
    const method = methodOf(next) === methodOf(config) ? undefined : methodOf(next);
    const url = next.url === config.url ? undefined : (next.url ?? '');
    if (method === undefined && url === undefined) return;
    this.#log.note(this.#log.attempts + 1, {
      ...(method !== undefined && { method }),
      ...(url !== undefined && { url }),
    });
  }

  /** Sends the next attempt. An interceptor that does not settle is cut off when the request is cancelled or out of time. */
  async #send(outcome: Outcome, next: Config): Promise<Outcome | Settled> {
    this.#task.release(outcome);
    this.#log.mayHaveActed ||= mayHaveActed(outcome.failure);
    const sent = await this.#unlessInterrupted(outcome, this.#task.send(next), (reason) =>
      this.#task.mayCut(reason),
    );
    if (sent instanceof Settled) {
      this.#task.cut();
      return sent;
    }
    const { isSent, ok } = sent as Outcome;
    if (!isSent && !ok) this.#refund();
    this.#refund = nothing;
    return sent as Outcome;
  }

  /** What a promise answers, unless the request is cancelled, ended or out of time first. */
  async #unlessInterrupted(
    outcome: Outcome,
    answer: unknown,
    mayCut: (reason?: Reason) => boolean = () => true,
  ): Promise<unknown> {
    if (!(answer as Partial<Promise<unknown>> | null | undefined)?.then) return answer;
    let stop = nothing;
    let alarm: AbortController | undefined;
    const interrupted = new Promise<Settled>((resolve) => {
      const interrupt = (): void => {
        const settled = this.#interruption(outcome) ?? new Settled(outcome, 'total-timeout');
        if (mayCut(settled.reason)) resolve(settled);
      };
      stop = onAbort(this.#link.signal, interrupt);
      const left = this.#policy.totalTimeout - this.#elapsed;
      if (left === Infinity) return;
      alarm = new AbortController();
      this.#world.clock.alarm(Math.max(0, left), alarm.signal).then(interrupt, nothing);
    });
    try {
      return await Promise.race([interrupted, answer]);
    } finally {
      stop();
      alarm?.abort();
    }
  }

  /** Why there is no going on between two attempts: the request is cancelled, or there are no further retries. */
  #interruption(outcome: Outcome): Settled | undefined {
    const { config } = outcome;
    const source = sourcesOf(config).find(isCancelled);
    if (source) {
      this.#task.release(outcome);
      const value = this.#task.cancelError(config, source);
      return new Settled({ ...outcome, ok: false, value, response: undefined }, 'aborted');
    }
    return this.#world.ended.aborted ? new Settled(outcome, 'detached') : undefined;
  }

  /** Why it is too late for a retry, after a wait or a hook that took longer than it should. */
  #lateness(outcome: Outcome): Settled | undefined {
    const { maxElapsedTime, totalTimeout } = this.#policy;
    if (this.#elapsed > maxElapsedTime) return new Settled(outcome, 'max-elapsed-time');
    return this.#elapsed >= totalTimeout ? new Settled(outcome, 'total-timeout') : undefined;
  }

  /** A function of the user threw. Its error is the caller's now, and the failure at hand is its cause. */
  #blame(outcome: Outcome, thrown: unknown): Settled {
    this.#task.release(outcome);
    const { ok, value } = outcome;
    const error = ok ? thrown : withCause(thrown, value);
    return new Settled({ ...outcome, ok: false, value: error }, 'callback-threw');
  }

  #settle({ outcome, reason }: Settled): Outcome {
    this.#log.settle(this.#now, reason);
    if (reason !== undefined) this.#tell('onGiveUp', outcome, { reason });
    return outcome;
  }

  get #now(): number {
    return this.#world.clock.monotonic();
  }

  get #elapsed(): number {
    return this.#now - this.#log.origin;
  }

  #describe<More extends object>(outcome: Outcome, more: More): RetryContext & More {
    const { attempts, totalDelay, duration, mayHaveActed } = this.#log;
    const progress = {
      attemptNumber: attempts,
      maxAttempts: this.#policy.maxAttempts,
      elapsed: this.#elapsed,
      totalDelay,
      duration,
      mayHaveActed,
      random: this.#world.random,
      ...(this.#hint !== undefined && { hint: this.#hint }),
    };
    return describe(progress, outcome, (config) => this.#task.copyOf(config), more);
  }

  #tell(event: 'onAttempt' | 'onRetry' | 'onGiveUp', outcome: Outcome, more: object): void {
    for (const observer of this.#policy.observers) {
      try {
        const { [event]: listen } = observer as { [name in typeof event]?: (context: object) => unknown };
        (listen?.(this.#describe(outcome, more)) as Promise<void> | undefined)?.then(nothing, nothing);
      } catch {
        // Observers are told and never asked.
      }
    }
  }
}

const mayHaveActed = (failure: Failure): boolean => failure !== 'unsent' && failure !== 'refused';

/** Whether a response is one that only `retryIf` sends again: an interruption hands it out, and then it must be readable. */
const isPolled = ({ failure }: Outcome): boolean => failure === 'none' || failure === 'permanent';
