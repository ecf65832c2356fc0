import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import { withCause } from '../failure/causes.ts';
import { isTransient, withDefaultVerdict } from '../failure/transient.ts';
import { readHints } from '../hints/hints.ts';
import type { BudgetLike } from '../limits/brand.ts';
import { originOf } from '../limits/origin.ts';
import { expected } from '../options/expected.ts';
import { type CancelSource, isCancelled, type Link, linkTo, onAbort, sourcesOf } from '../runtime/abort.ts';
import type { Clock, Failure, Reason, RetryContext, RetryObserver, RetryVerdict } from '../types.ts';
import type { AttemptLog } from './attempt-log.ts';
import { decide, findHazard, type Pause } from './decide.ts';
import type { Policy } from './policy.ts';

type Config = InternalAxiosRequestConfig;

/** How one attempt ended. */
export interface Outcome {
  /** Whether it was fulfilled. */
  readonly ok: boolean;
  /** Whether it got as far as the adapter. */
  readonly isSent: boolean;
  /** The response or the error, untouched. */
  readonly value: unknown;
  /** The config as the attempt was sent. */
  readonly config: Config;
  readonly response?: AxiosResponse | undefined;
  /** The status or the code, for the report. */
  readonly result?: number | string | undefined;
  readonly failure: Failure;
  /** Why there is no asking whether to retry it; on a success it is somebody else's value. */
  readonly final?: Reason | undefined;
}

/** What all requests of one client share. */
export interface World {
  readonly clock: Required<Clock>;
  readonly random: () => number;
  /** Aborts when the plugin is detached. */
  readonly detached: AbortSignal;
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
  /** A copy of the request as the user passed it, ready to be sent. */
  prepare(): Config;
  /** Sends one attempt; never rejects. */
  send(config: Config): Promise<Outcome>;
  /** Lets go of the body that `data` made for the attempt at hand. */
  discard(): void;
  /** Frees the connection that a failed response still holds. */
  release(outcome: Outcome): void;
  /** The error of a request that was cancelled between two attempts. */
  cancelError(config: Config, source: CancelSource): unknown;
  /** Whether the attempt carries the idempotency key that all attempts share. */
  isKeyed(config: Config): boolean;
  /** Whether a body, or else the one that the user passed, can be sent again. */
  isReplayable(data?: unknown): boolean;
}

const INTERRUPTED = Symbol();

const nothing = (): void => undefined;

const methodOf = ({ method = 'get' }: Config): string => method.toUpperCase();

/** The loop: judges an outcome, waits, sends again; answers the outcome that is the caller's. */
export const run = (task: Task, terms: Terms, first: Outcome): Promise<Outcome> =>
  new Run(task, terms, first).run();

/** A request in the loop. Methods, for thousands may wait at once and closures would make each half a kilobyte heavier. */
class Run {
  readonly #task: Task;
  readonly #world: World;
  readonly #policy: Policy;
  readonly #budget: BudgetLike | undefined;
  readonly #log: AttemptLog;
  #outcome: Outcome;
  #link: Link;
  #mayHaveActed = false;
  /** What the latest retry cost, and whose tokens these were. */
  #cost = 0;
  #payer = '';
  #giveBack = nothing;

  constructor(task: Task, { world, policy, budget, log }: Terms, first: Outcome) {
    this.#task = task;
    this.#world = world;
    this.#policy = policy;
    this.#budget = budget;
    this.#log = log;
    this.#outcome = first;
    this.#link = linkTo(world.detached, []);
  }

  async run(): Promise<Outcome> {
    const { clock, detached } = this.#world;
    let startedAt = this.#log.origin;
    try {
      for (;;) {
        this.#log.add(startedAt, clock.monotonic(), this.#outcome.result);
        this.#link = linkTo(detached, sourcesOf(this.#outcome.config));
        const pause = await this.#judge();
        if (!pause || !this.#afford(pause)) return this.#outcome;
        const beganAt = clock.monotonic();
        const { signal } = this.#link;
        try {
          await clock.sleep(pause.delay, signal);
        } catch (error) {
          if (!signal.aborted) throw error;
        }
        this.#log.wait(signal.aborted ? Math.min(pause.delay, clock.monotonic() - beganAt) : pause.delay);
        const next = await this.#prepare(pause);
        this.#link.release();
        if (next && signal.aborted) this.#interrupt();
        if (!next || signal.aborted) return this.#outcome;
        startedAt = clock.monotonic();
        this.#outcome = await this.#task.send(next);
        if (!this.#outcome.isSent && !this.#outcome.ok) this.#giveBack();
        this.#giveBack = nothing;
      }
    } catch (thrown) {
      // A function of the user threw. Its error is the caller's now, and the failure at hand is its cause.
      this.#task.release(this.#outcome);
      this.#settle('callback-threw');
      const { ok, value } = this.#outcome;
      return { ...this.#outcome, ok: false, value: ok ? thrown : withCause(thrown, value) };
    } finally {
      this.#giveBack();
      this.#link.release();
    }
  }

  /** How long to wait before another attempt, if there is to be one. */
  async #judge(): Promise<Pause | undefined> {
    const policy = this.#policy;
    const { clock } = this.#world;
    const { ok, config, response, failure, final } = this.#outcome;
    this.#tell('onAttempt');
    if (final) return this.#settle(ok ? undefined : final);
    const isCut = sourcesOf(config).some(isCancelled);

    const status = response?.status ?? 0;
    const { after, shouldRetry } = readHints(response?.headers, status, clock.now());
    const keyed = this.#task.isKeyed(config);
    let worthIt =
      isTransient(this.#outcome, policy.statuses) ||
      (shouldRetry === true && status >= 400) ||
      // The first attempt is still being processed, and its answer is what the key will give.
      (status === 409 && keyed && this.#mayHaveActed);
    const { retryIf } = policy;
    if (retryIf && !isCut) {
      const verdict = await this.#ask(retryIf(withDefaultVerdict(this.#describe(), worthIt)));
      if (verdict === INTERRUPTED) return this.#interrupt();
      worthIt = (verdict as RetryVerdict) ?? worthIt;
    }
    this.#mayHaveActed ||= failure !== 'unsent' && failure !== 'refused';

    const decision = decide(policy, {
      context: this.#describe(),
      worthIt,
      vetoed: shouldRetry === false,
      hint: after,
      keyed,
      replayable: this.#task.isReplayable(),
    });
    if (typeof decision !== 'string') return this.#link.signal.aborted ? this.#interrupt() : decision;
    if (!ok || worthIt) return this.#settle(isCut && !ok ? 'aborted' : decision);
    if (this.#cost > 0) policy.throttle?.give(this.#payer, clock.monotonic(), this.#cost);
    else if (this.#log.attempts === 1) policy.throttle?.give(originOf(config), clock.monotonic());
    return this.#settle();
  }

  /** Takes what the retry costs, if there is enough left. */
  #afford(pause: Pause): true | undefined {
    const log = this.#log;
    const { config, response, failure } = this.#outcome;
    const { monotonic } = this.#world.clock;
    // Polling a success costs nothing.
    const throttle = failure === 'none' ? undefined : this.#policy.throttle;
    const origin = throttle ? originOf(config) : '';
    const cost = throttle?.take(origin, response?.status === 429, monotonic());
    if (throttle && cost === undefined) return this.#settle('throttled');
    const allowance = this.#budget?.reserve(pause.delay);
    const waited = log.totalDelay;
    this.#giveBack = () => {
      throttle?.give(origin, monotonic(), cost);
      allowance?.cancel(log.totalDelay - waited);
      this.#task.discard();
    };
    if (this.#budget && !allowance) return this.#settle('budget-exhausted');

    if (cost !== undefined) {
      this.#cost = cost;
      this.#payer = origin;
    }
    this.#tell('onRetry', pause);
    this.#task.release(this.#outcome);
    return true;
  }

  /** The config of the next attempt, once its time has come. */
  async #prepare(pause: Pause): Promise<Config | undefined> {
    if (this.#link.signal.aborted) return this.#interrupt();
    const policy = this.#policy;
    const prepared = this.#task.prepare();
    if (!policy.beforeRetry) return prepared;

    const { data } = prepared;
    const edited = await this.#ask(policy.beforeRetry(prepared, this.#describe(pause)));
    if (edited === INTERRUPTED) return this.#interrupt();
    const next = (edited ?? prepared) as Config;
    if (typeof next !== 'object')
      throw expected('the result of `beforeRetry`', 'a config or undefined', next);
    const isSame = next.data === data;
    if (!isSame) this.#task.discard();
    const failure = this.#mayHaveActed ? 'ambiguous' : this.#outcome.failure;
    const hazard = findHazard(policy, methodOf(next), failure, {
      keyed: this.#task.isKeyed(next),
      replayable: isSame || this.#task.isReplayable(next.data),
    });
    if (hazard) return this.#settle(hazard);
    return this.#elapsed > policy.maxElapsedTime ? this.#settle('max-elapsed-time') : next;
  }

  /** What a promise answers, unless the request is cancelled, detached or out of time first. */
  async #ask(answer: unknown): Promise<unknown> {
    const answered = new AbortController();
    let stop = nothing;
    const interrupted = new Promise((resolve) => {
      const interruptIt = (): void => resolve(INTERRUPTED);
      stop = onAbort(this.#link.signal, interruptIt);
      const left = this.#policy.totalTimeout - this.#elapsed;
      if (left < Infinity) {
        this.#world.clock.alarm(Math.max(0, left), answered.signal).then(interruptIt, nothing);
      }
    });
    try {
      return await Promise.race([interrupted, answer]);
    } finally {
      stop();
      answered.abort();
    }
  }

  /** Ends the request between two attempts: cancelled, detached, or out of time. */
  #interrupt(): undefined {
    const { config } = this.#outcome;
    const source = sourcesOf(config).find(isCancelled);
    if (!source) return this.#settle(this.#world.detached.aborted ? 'detached' : 'total-timeout');
    this.#task.release(this.#outcome);
    const value = this.#task.cancelError(config, source);
    this.#outcome = { ...this.#outcome, ok: false, value, response: undefined };
    return this.#settle('aborted');
  }

  #settle(reason?: Reason): undefined {
    this.#log.settle(this.#world.clock.monotonic(), reason);
    if (reason !== undefined) this.#tell('onGiveUp', { reason });
  }

  get #elapsed(): number {
    return this.#world.clock.monotonic() - this.#log.origin;
  }

  #describe(more?: Partial<RetryContext>): RetryContext {
    const { ok, value, config, response, failure } = this.#outcome;
    return Object.freeze({
      attemptNumber: this.#log.attempts,
      maxAttempts: this.#policy.maxAttempts,
      elapsed: this.#elapsed,
      totalDelay: this.#log.totalDelay,
      method: methodOf(config),
      url: config.url ?? '',
      config,
      ...(!ok && { error: value }),
      ...(response && { response }),
      failure,
      random: this.#world.random,
      ...more,
    });
  }

  #tell(event: keyof RetryObserver, more?: Partial<RetryContext>): void {
    for (const observer of this.#policy.observers) {
      try {
        const { [event]: listen } = observer;
        (listen?.(this.#describe(more)) as Promise<void> | undefined)?.then(nothing, nothing);
      } catch {
        // Observers are told and never asked.
      }
    }
  }
}
