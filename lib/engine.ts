import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import { decide, findHazard, type Pause } from './decide.ts';
import { expected } from './expected.ts';
import type { BudgetLike } from './limits/brand.ts';
import type { Policy } from './policy.ts';
import type { AttemptLog } from './report.ts';
import { isTransient, withDefaultVerdict } from './retryable.ts';
import { type CancelSource, isCancelled, type Link, link, onAbort } from './runtime/interrupt.ts';
import { readHints } from './server/hints.ts';
import type { Clock, Failure, Reason, RetryContext, RetryObserver, RetryVerdict } from './types.ts';

type Config = InternalAxiosRequestConfig;

/** How one attempt ended. */
export interface Outcome {
  /** Whether it was fulfilled. */
  readonly ok: boolean;
  /** The response or the error, untouched. */
  readonly value: unknown;
  /** The config as the attempt was sent. */
  readonly config: Config;
  readonly response?: AxiosResponse | undefined;
  /** The code of the error, when there is one. */
  readonly code?: string | undefined;
  readonly failure: Failure;
  /** The request was cancelled. */
  readonly cancelled?: boolean;
  /** Why there is no asking whether to retry it: nothing tells what it is, or `totalTimeout` cut it off. */
  readonly final?: Reason | undefined;
}

/** One request on its way through the loop, and what the loop asks of the world around it. */
export interface Task {
  readonly policy: Policy;
  readonly clock: Required<Clock>;
  readonly random: () => number;
  readonly log: AttemptLog;
  readonly budget: BudgetLike | undefined;
  /** Aborts when the plugin is detached. */
  readonly detached: AbortSignal;
  /** Whether the body, as the user passed it, can be sent again. */
  isReplayable(): boolean;
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
  /** Whether the body can be read only once. */
  isOneShot(data: unknown): boolean;
  /** Whether an inner layer gave this up after retrying it. */
  wasRetried(value: unknown): boolean;
  /** The origin that the attempt went to. */
  originOf(config: Config): string;
}

const INTERRUPTED = Symbol('interrupted');

const nothing = (): undefined => undefined;

const methodOf = ({ method = 'get' }: Config): string => method.toUpperCase();

const cancelledBy = ({ signal, cancelToken }: Config): CancelSource | undefined =>
  ([signal, cancelToken] as (CancelSource | undefined)[]).find((source) => source && isCancelled(source));

/** The loop: judges an outcome, waits, sends again; answers the outcome that is the caller's. */
export async function run(task: Task, first: Outcome): Promise<Outcome> {
  const { policy, clock, log, budget, detached } = task;
  const { retryIf, beforeRetry } = policy;
  let outcome = first;
  let startedAt = log.origin;
  let mayHaveActed = false;
  let lastCost = 0;

  for (;;) {
    const { ok, response, code } = outcome;
    // An error with a status below 400 is a body that was cut off: its code tells more.
    const status = response && (ok || response.status >= 400) ? response.status : undefined;
    log.add(startedAt, clock.monotonic(), status ?? code);
    try {
      const next = await judge();
      if (next === undefined) return outcome;
      startedAt = clock.monotonic();
      outcome = await task.send(next);
    } catch (thrown) {
      // A function of the user threw. Its error is the caller's now, and the failure at hand is its cause.
      task.release(outcome);
      log.settle(clock.monotonic());
      return { ...outcome, ok: false, value: withCause(thrown, outcome) };
    }
  }

  /** The config of the next attempt, when there is one and its time has come. */
  async function judge(): Promise<Config | undefined> {
    const { ok, value, config, response, failure, cancelled = false, final } = outcome;
    tell('onAttempt');
    if (final) return settle(ok ? undefined : final);
    const isCut = cancelledBy(config) !== undefined;
    if (isCut && !ok && !cancelled) return interrupt();

    const status = response?.status ?? 0;
    const { after, shouldRetry } = readHints(response?.headers, status, clock.now());
    const aborted = cancelled || isCut;
    const alreadyRetried = !ok && task.wasRetried(value);
    const keyed = task.isKeyed(config);
    let worthIt =
      isTransient(outcome, policy.statuses) ||
      (shouldRetry === true && status >= 400) ||
      // The first attempt is still being processed, and its answer is what the key will give.
      (status === 409 && keyed && mayHaveActed);
    if (retryIf && !aborted && !alreadyRetried) {
      const answer = retryIf(withDefaultVerdict(describe(), worthIt));
      const verdict = (answer as Promise<RetryVerdict> | undefined)?.then ? await ask(answer) : answer;
      if (verdict === INTERRUPTED) return interrupt();
      worthIt = (verdict as RetryVerdict) ?? worthIt;
    }
    mayHaveActed ||= failure === 'ambiguous';

    const decision = decide(policy, {
      context: describe(),
      aborted,
      alreadyRetried,
      worthIt,
      vetoed: shouldRetry === false,
      hint: after,
      keyed,
      replayable: task.isReplayable(),
    });
    if (typeof decision !== 'string') return pause(decision);
    if (!ok || worthIt) return settle(decision);
    if (log.attempts === 1 || lastCost > 0) {
      policy.throttle?.give(task.originOf(config), clock.monotonic(), lastCost || undefined);
    }
    return settle();
  }

  async function pause({ delay, delaySource }: Pause): Promise<Config | undefined> {
    const { ok, config, response, failure } = outcome;
    if (detached.aborted) return interrupt();
    // Polling a success costs nothing.
    const throttle = ok && !((response?.status ?? 0) >= 400) ? undefined : policy.throttle;
    const origin = throttle ? task.originOf(config) : '';
    const cost = throttle?.take(origin, response?.status === 429, clock.monotonic());
    if (throttle && cost === undefined) return settle('throttled');
    const allowance = budget?.reserve(delay);
    const beganAt = clock.monotonic();
    const slept = (): number => Math.min(delay, clock.monotonic() - beganAt);
    let next: Config | undefined;
    try {
      if (budget && !allowance) return settle('budget-exhausted');
      lastCost = cost ?? lastCost;
      tell('onRetry', { delay, delaySource });
      task.release(outcome);
      const isComplete = await sleep(delay);
      log.wait(isComplete ? delay : slept());
      if (!isComplete) return interrupt();
      const prepared = task.prepare();
      if (!beforeRetry) return (next = prepared);

      const { data } = prepared;
      const edited = await ask(beforeRetry(prepared, describe({ delay, delaySource })));
      if (edited === INTERRUPTED) return interrupt();
      const config = (edited as Config | undefined) ?? prepared;
      if (typeof config !== 'object')
        throw expected('the result of `beforeRetry`', 'a config or undefined', config);
      if (config.data !== data) task.discard();
      const replayable = config.data === data || !task.isOneShot(config.data);
      const hazard = findHazard(policy, methodOf(config), failure, {
        keyed: task.isKeyed(config),
        replayable,
      });
      if (hazard) return settle(hazard);
      if (elapsed() > policy.maxElapsedTime) return settle('max-elapsed-time');
      return (next = config);
    } finally {
      if (!next) {
        throttle?.give(origin, clock.monotonic(), cost);
        allowance?.cancel(slept());
        task.discard();
      }
    }
  }

  /** Whether the whole delay passed. */
  async function sleep(delay: number): Promise<boolean> {
    const { signal, release } = linked();
    try {
      await clock.sleep(delay, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      release();
    }
    return !signal.aborted;
  }

  /** The answer of a user's function, unless the request is cancelled, detached or out of time first. */
  async function ask<T>(answer: T | Promise<T>): Promise<T | typeof INTERRUPTED> {
    const { signal, release } = linked();
    const answered = new AbortController();
    let unsubscribe = nothing as () => void;
    const interrupted = new Promise<typeof INTERRUPTED>((resolve) => {
      const interruptIt = (): void => resolve(INTERRUPTED);
      unsubscribe = onAbort(signal, interruptIt);
      const left = policy.totalTimeout - elapsed();
      if (left < Infinity) clock.alarm(Math.max(0, left), answered.signal).then(interruptIt, nothing);
    });
    try {
      return await Promise.race([interrupted, answer]);
    } finally {
      answered.abort();
      unsubscribe();
      release();
    }
  }

  function linked(): Link {
    const { signal, cancelToken } = outcome.config as { signal?: CancelSource; cancelToken?: CancelSource };
    return link(detached, signal, cancelToken);
  }

  /** Ends the request between two attempts: cancelled, detached, or out of time. */
  function interrupt(): undefined {
    const { config } = outcome;
    const source = cancelledBy(config);
    if (source === undefined) return settle(detached.aborted ? 'detached' : 'total-timeout');
    task.release(outcome);
    outcome = { ok: false, value: task.cancelError(config, source), config, failure: outcome.failure };
    return settle('aborted');
  }

  function settle(reason?: Reason): undefined {
    log.settle(clock.monotonic(), reason);
    if (reason !== undefined) tell('onGiveUp', { reason });
  }

  function elapsed(): number {
    return clock.monotonic() - log.origin;
  }

  function describe(more?: Partial<RetryContext>): RetryContext {
    const { ok, value, config, response, failure } = outcome;
    return Object.freeze({
      attemptNumber: log.attempts,
      maxAttempts: policy.maxAttempts,
      elapsed: elapsed(),
      totalDelay: log.totalDelay,
      method: methodOf(config),
      url: config.url ?? '',
      config,
      ...(!ok && { error: value }),
      ...(response && { response }),
      failure,
      random: task.random,
      ...more,
    });
  }

  function tell(event: keyof RetryObserver, more?: Partial<RetryContext>): void {
    const context = policy.observers.length > 0 ? describe(more) : undefined;
    for (const observer of context ? policy.observers : []) {
      try {
        const { [event]: listen } = observer;
        (listen?.(context as RetryContext) as Promise<void> | undefined)?.then(nothing, nothing);
      } catch {
        // Observers are told and never asked.
      }
    }
  }
}

function withCause(thrown: unknown, { ok, value }: Outcome): unknown {
  if (
    thrown instanceof Error &&
    thrown !== value &&
    !ok &&
    !('cause' in thrown) &&
    Object.isExtensible(thrown)
  ) {
    Object.defineProperty(thrown, 'cause', { value, writable: true, configurable: true });
  }
  return thrown;
}
