import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import { decide, findHazard, type Pause } from './decide.ts';
import { expected } from './expected.ts';
import type { BudgetLike } from './limits/brand.ts';
import { originOf } from './limits/origin.ts';
import type { Policy } from './policy.ts';
import type { AttemptLog } from './report.ts';
import { isTransient, withDefaultVerdict } from './retryable.ts';
import {
  type CancelSource,
  isCancelled,
  type Link,
  linkTo,
  onAbort,
  sourcesOf,
} from './runtime/interrupt.ts';
import { readHints } from './server/hints.ts';
import type { Clock, Failure, Reason, RetryContext, RetryObserver, RetryVerdict } from './types.ts';

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
  /** Why there is no asking whether to retry it. */
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

const INTERRUPTED = Symbol('interrupted');

const nothing = (): void => undefined;

const methodOf = ({ method = 'get' }: Config): string => method.toUpperCase();

/** The loop: judges an outcome, waits, sends again; answers the outcome that is the caller's. */
export async function run(task: Task, terms: Terms, first: Outcome): Promise<Outcome> {
  const { policy, budget, log, world } = terms;
  const { clock, random, detached } = world;
  const { monotonic } = clock;
  let outcome = first;
  let startedAt = log.origin;
  let mayHaveActed = false;
  let lastCost = 0;
  let giveBack = nothing;
  let link: Link | undefined;

  try {
    for (;;) {
      log.add(startedAt, monotonic(), outcome.result);
      link = linkTo(detached, sourcesOf(outcome.config));
      const pause = await judge(link.signal);
      const next = pause && (await prepare(pause, link.signal));
      link.release();
      if (!next) return outcome;
      startedAt = monotonic();
      outcome = await task.send(next);
      if (!outcome.isSent && !outcome.ok) giveBack();
      giveBack = nothing;
    }
  } catch (thrown) {
    // A function of the user threw. Its error is the caller's now, and the failure at hand is its cause.
    task.release(outcome);
    settle('callback-threw');
    return { ...outcome, ok: false, value: withCause(thrown, outcome) };
  } finally {
    giveBack();
    link?.release();
  }

  /** How long to wait before another attempt, if there is to be one. */
  async function judge(signal: AbortSignal): Promise<Pause | undefined> {
    const { ok, config, response, failure, final } = outcome;
    tell('onAttempt');
    if (final) return settle(ok ? undefined : final);
    const isCut = sourcesOf(config).some(isCancelled);
    if (isCut && !ok) return interrupt();

    const status = response?.status ?? 0;
    const { after, shouldRetry } = readHints(response?.headers, status, clock.now());
    const keyed = task.isKeyed(config);
    let worthIt =
      isTransient(outcome, policy.statuses) ||
      (shouldRetry === true && status >= 400) ||
      // The first attempt is still being processed, and its answer is what the key will give.
      (status === 409 && keyed && mayHaveActed);
    const { retryIf } = policy;
    if (retryIf && !isCut) {
      const verdict = await ask(retryIf(withDefaultVerdict(describe(), worthIt)), signal);
      if (verdict === INTERRUPTED) return interrupt();
      worthIt = (verdict as RetryVerdict) ?? worthIt;
    }
    mayHaveActed ||= failure === 'ambiguous';

    const decision = decide(policy, {
      context: describe(),
      worthIt,
      vetoed: shouldRetry === false,
      hint: after,
      keyed,
      replayable: task.isReplayable(),
    });
    if (typeof decision !== 'string') return signal.aborted ? interrupt() : decision;
    if (!ok || worthIt) return settle(decision);
    if (log.attempts === 1 || lastCost > 0) {
      policy.throttle?.give(originOf(config), monotonic(), lastCost || undefined);
    }
    return settle();
  }

  /** The config of the next attempt, once its time has come. */
  async function prepare({ delay, delaySource }: Pause, signal: AbortSignal): Promise<Config | undefined> {
    const { config, response, failure } = outcome;
    const { beforeRetry } = policy;
    // Polling a success costs nothing.
    const throttle = failure === 'none' ? undefined : policy.throttle;
    const origin = throttle ? originOf(config) : '';
    const cost = throttle?.take(origin, response?.status === 429, monotonic());
    if (throttle && cost === undefined) return settle('throttled');
    const allowance = budget?.reserve(delay);
    const beganAt = monotonic();
    const slept = (): number => Math.min(delay, monotonic() - beganAt);
    giveBack = () => {
      throttle?.give(origin, monotonic(), cost);
      allowance?.cancel(slept());
      task.discard();
    };
    if (budget && !allowance) return settle('budget-exhausted');

    lastCost = cost ?? lastCost;
    tell('onRetry', { delay, delaySource });
    task.release(outcome);
    try {
      await clock.sleep(delay, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    log.wait(signal.aborted ? slept() : delay);
    if (signal.aborted) return interrupt();
    const prepared = task.prepare();
    if (!beforeRetry) return prepared;

    const { data } = prepared;
    const edited = await ask(beforeRetry(prepared, describe({ delay, delaySource })), signal);
    if (edited === INTERRUPTED) return interrupt();
    const next = (edited ?? prepared) as Config;
    if (typeof next !== 'object')
      throw expected('the result of `beforeRetry`', 'a config or undefined', next);
    const isSame = next.data === data;
    if (!isSame) task.discard();
    const hazard = findHazard(policy, methodOf(next), mayHaveActed ? 'ambiguous' : failure, {
      keyed: task.isKeyed(next),
      replayable: isSame || task.isReplayable(next.data),
    });
    if (hazard) return settle(hazard);
    return elapsed() > policy.maxElapsedTime ? settle('max-elapsed-time') : next;
  }

  /** What a promise answers, unless the request is cancelled, detached or out of time first. */
  async function ask(answer: unknown, signal: AbortSignal): Promise<unknown> {
    const answered = new AbortController();
    let stop = nothing;
    const interrupted = new Promise((resolve) => {
      const interruptIt = (): void => resolve(INTERRUPTED);
      stop = onAbort(signal, interruptIt);
      const left = policy.totalTimeout - elapsed();
      if (left < Infinity) clock.alarm(Math.max(0, left), answered.signal).then(interruptIt, nothing);
    });
    try {
      return await Promise.race([interrupted, answer]);
    } finally {
      stop();
      answered.abort();
    }
  }

  /** Ends the request between two attempts: cancelled, detached, or out of time. */
  function interrupt(): undefined {
    const { config } = outcome;
    const source = sourcesOf(config).find(isCancelled);
    if (!source) return settle(detached.aborted ? 'detached' : 'total-timeout');
    task.release(outcome);
    outcome = { ...outcome, ok: false, value: task.cancelError(config, source), response: undefined };
    return settle('aborted');
  }

  function settle(reason?: Reason): undefined {
    log.settle(monotonic(), reason);
    if (reason !== undefined) tell('onGiveUp', { reason });
  }

  function elapsed(): number {
    return monotonic() - log.origin;
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
      random,
      ...more,
    });
  }

  function tell(event: keyof RetryObserver, more?: Partial<RetryContext>): void {
    for (const observer of policy.observers) {
      try {
        const { [event]: listen } = observer;
        (listen?.(describe(more)) as Promise<void> | undefined)?.then(nothing, nothing);
      } catch {
        // Observers are told and never asked.
      }
    }
  }
}

function withCause(thrown: unknown, { ok, value }: Outcome): unknown {
  if (thrown instanceof Error && thrown !== value && !ok && !('cause' in thrown)) {
    Reflect.defineProperty(thrown, 'cause', { value, writable: true, configurable: true });
  }
  return thrown;
}
