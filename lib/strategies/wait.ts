/**
 * How long to wait. Every strategy here depends on `attemptNumber` and `random` alone and never falls as `random` rises,
 * so that the least and the most it can answer are what it answers when `random` is 0 and just below 1: `waitBounds`.
 */
import { readWait } from '../options/answers.ts';
import { aDuration, aFactor } from '../options/common-rules.ts';
import { requireDurations, requireFunctions, requireGiven } from '../options/expected.ts';
import { type FilledRules, readFilled } from '../options/filled.ts';
import type { RetryContext, WaitStrategy } from '../types.ts';

/** An exponential schedule, with the names and the defaults of the retry options. */
export interface ExponentialOptions {
  /**
   * The first wait, in milliseconds.
   *
   * @defaultValue 1_000
   */
  readonly baseDelay?: number | undefined;
  /**
   * What each wait is multiplied by to give the next, ≥ 1.
   *
   * @defaultValue 2
   */
  readonly exponentialBase?: number | undefined;
  /**
   * The longest wait, in milliseconds.
   *
   * @defaultValue 60_000
   */
  readonly maxDelay?: number | undefined;
}

/** An exponential schedule with a bounded random addition. */
export interface ExponentialJitterOptions extends ExponentialOptions {
  /**
   * The longest addition, in milliseconds; beyond `maxDelay` it counts as `maxDelay`.
   *
   * @defaultValue 1_000
   */
  readonly jitter?: number | undefined;
}

const exponentialRules: FilledRules<ExponentialOptions> = {
  baseDelay: aDuration,
  exponentialBase: aFactor,
  maxDelay: aDuration,
};

const exponentialDefaults = { baseDelay: 1_000, exponentialBase: 2, maxDelay: 60_000 };

/**
 * Milliseconds after attempt `attemptNumber`: `min(maxDelay, baseDelay · exponentialBase^(attemptNumber − 1))`. The
 * one formula of this package; finite for any attempt, since neither factor may overflow (0 · Infinity is NaN).
 */
export const exponential = (
  attemptNumber: number,
  baseDelay: number,
  exponentialBase: number,
  maxDelay: number,
): number =>
  Math.min(
    maxDelay,
    Number.MAX_VALUE,
    baseDelay * Math.min(Number.MAX_VALUE, exponentialBase ** (attemptNumber - 1)),
  );

/**
 * The least and the most milliseconds that a strategy answers in this context. Exact for the strategies of this package
 * and for functions that keep their contract (they never fall as `random` rises); for others a sample of two.
 */
export const waitBounds = (
  wait: WaitStrategy,
  context: RetryContext,
): readonly [least: number, most: number] => [
  wait({ ...context, random: () => 0 }),
  wait({ ...context, random: () => 1 - Number.EPSILON / 2 }),
];

/**
 * Retries at once. Not against a server that may be overloaded: many clients at once keep it down.
 *
 * @example
 * await client.get('/me', { retry: { wait: waitNone() } });
 */
export const waitNone = (): WaitStrategy => () => 0;

/**
 * Waits `ms` milliseconds every time. Not for many clients of one server: they all come back together.
 *
 * @throws TypeError unless `ms` is a finite number ≥ 0
 * @example
 * attachRetry(client, { wait: waitFixed(2_000) });
 */
export const waitFixed = (ms: number): WaitStrategy => {
  requireDurations('waitFixed', ms);
  return () => ms;
};

/**
 * Waits between `min` and `max` milliseconds, evenly spread.
 *
 * @throws TypeError unless both are finite numbers ≥ 0 and `max` ≥ `min`
 * @example
 * attachRetry(client, { wait: waitRandom(500, 1_500) });
 */
export const waitRandom = (min: number, max: number): WaitStrategy => {
  requireDurations('waitRandom', min, max);
  requireGiven('waitRandom', 'a `max` ≥ `min`', max, max >= min);
  return ({ random }) => min + random() * (max - min);
};

/**
 * Waits `start` milliseconds, then `increment` more each time (less, when negative), never below 0 or above `max`.
 *
 * @defaultValue no cap, but the policy's own bounds
 * @throws TypeError unless all are finite and `start` and `max` are ≥ 0
 * @example
 * attachRetry(client, { wait: waitIncrementing(1_000, 500, 5_000) }); // 1 s, 1.5 s, 2 s, … 5 s
 */
export const waitIncrementing = (
  start: number,
  increment: number,
  max: number = Number.MAX_VALUE,
): WaitStrategy => {
  requireDurations('waitIncrementing', start, max);
  requireGiven('waitIncrementing', 'a finite `increment`', increment, Number.isFinite(increment));
  return ({ attemptNumber }) => Math.max(0, Math.min(max, start + increment * (attemptNumber - 1)));
};

/**
 * Waits `min(maxDelay, baseDelay · exponentialBase^(n−1))` milliseconds the nth time, without chance. Not for many
 * clients of one server: use `waitRandomExponential`, which is the policy's own schedule too.
 *
 * @throws TypeError for an unknown option or one out of range
 * @example
 * attachRetry(client, { wait: waitExponential({ baseDelay: 200, maxDelay: 5_000 }) }); // 200 ms, 400 ms, 800 ms, …
 */
export const waitExponential = (options: ExponentialOptions = {}): WaitStrategy => {
  const { baseDelay, exponentialBase, maxDelay } = readFilled(
    '`waitExponential`',
    exponentialRules,
    exponentialDefaults,
    options,
  );
  return ({ attemptNumber }) => exponential(attemptNumber, baseDelay, exponentialBase, maxDelay);
};

/**
 * Waits between 0 and what `waitExponential` would: the full jitter of
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/. Not where a retry must not come at once.
 *
 * @throws TypeError for an unknown option or one out of range
 * @example
 * attachRetry(client, { wait: waitRandomExponential({ baseDelay: 200 }) });
 */
export const waitRandomExponential = (options: ExponentialOptions = {}): WaitStrategy => {
  const { baseDelay, exponentialBase, maxDelay } = readFilled(
    '`waitRandomExponential`',
    exponentialRules,
    exponentialDefaults,
    options,
  );
  return ({ attemptNumber, random }) =>
    random() * exponential(attemptNumber, baseDelay, exponentialBase, maxDelay);
};

/**
 * Waits `min(exponential, maxDelay − jitter) + U(0, jitter)` milliseconds: tenacity's `wait_exponential_jitter`, but
 * spread at the cap as well, where tenacity's waits all become `maxDelay`. The spread never grows beyond `jitter`, so
 * not for very many clients: use `waitRandomExponential`.
 *
 * @throws TypeError for an unknown option or one out of range
 * @example
 * attachRetry(client, { wait: waitExponentialJitter({ baseDelay: 1_000, jitter: 500 }) });
 */
export const waitExponentialJitter = (options: ExponentialJitterOptions = {}): WaitStrategy => {
  const rules = { ...exponentialRules, jitter: aDuration };
  const { baseDelay, exponentialBase, maxDelay, jitter } = readFilled(
    '`waitExponentialJitter`',
    rules,
    { ...exponentialDefaults, jitter: 1_000 },
    options,
  );
  const spread = Math.min(jitter, maxDelay);
  return ({ attemptNumber, random }) =>
    exponential(attemptNumber, baseDelay, exponentialBase, maxDelay - spread) + random() * spread;
};

/**
 * Waits by the nth strategy the nth time, and by the last one from then on. Each sees the attempt number of the request,
 * not of its own turn.
 *
 * @throws TypeError unless given at least one strategy, and functions only
 * @example
 * attachRetry(client, { wait: waitChain(waitFixed(100), waitExponential()) }); // 100 ms, 2 s, 4 s, …
 */
export const waitChain = (...strategies: readonly WaitStrategy[]): WaitStrategy => {
  requireStrategies('waitChain', strategies);
  return (context) => {
    const turn = Math.min(context.attemptNumber, strategies.length) - 1;
    return (strategies[turn] as WaitStrategy)(context);
  };
};

/**
 * Waits the sum of what the strategies answer, as in `waitCombine(waitFixed(3_000), waitRandom(0, 1_000))`.
 *
 * @throws TypeError unless given at least one strategy, and functions only
 * @example
 * attachRetry(client, { wait: waitCombine(waitFixed(3_000), waitRandom(0, 1_000)) });
 */
export const waitCombine = (...strategies: readonly WaitStrategy[]): WaitStrategy => {
  requireStrategies('waitCombine', strategies);
  return (context) =>
    Math.min(
      Number.MAX_VALUE,
      strategies.reduce((sum, wait) => sum + readWait(wait(context)), 0),
    );
};

const requireStrategies = (name: string, strategies: readonly unknown[]): void => {
  requireGiven(name, 'at least one wait strategy', strategies, strategies.length > 0);
  requireFunctions(name, strategies);
};
