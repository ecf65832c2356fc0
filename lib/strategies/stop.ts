import { readStop } from '../options/answers.ts';
import { requireDurations, requireFunctions, requireGiven } from '../options/expected.ts';
import type { StopCondition } from '../types.ts';

/**
 * Stops once `n` attempts were made, the original request included. For a plain bound use `maxAttempts`; this one is for
 * `stopAll` and `stopAny`.
 *
 * @throws TypeError unless `n` is an integer ≥ 1
 * @example
 * attachRetry(client, { stop: stopAll(stopAfterAttempt(3), stopAfterDelay(10_000)) });
 */
export const stopAfterAttempt = (n: number): StopCondition => {
  requireGiven('stopAfterAttempt', 'an integer ≥ 1', n, Number.isInteger(n) && n >= 1);
  return ({ attemptNumber }) => attemptNumber >= n;
};

/**
 * Stops once `ms` milliseconds have passed since the request began. It does not look ahead: the last wait may end
 * later. Not for deadlines; use `stopBeforeDelay` or `totalTimeout`.
 *
 * @throws TypeError unless `ms` is a finite number ≥ 0
 * @example
 * attachRetry(client, { stop: stopAfterDelay(10_000) });
 */
export const stopAfterDelay = (ms: number): StopCondition => {
  requireDurations('stopAfterDelay', ms);
  return ({ elapsed }) => elapsed >= ms;
};

/**
 * Stops when the next attempt would start `ms` milliseconds or more after the request began, so that no wait is begun in
 * vain. As tenacity's `stop_before_delay` it refuses a start at `ms` exactly, which `maxElapsedTime` allows.
 *
 * @throws TypeError unless `ms` is a finite number ≥ 0
 * @example
 * attachRetry(client, { stop: stopBeforeDelay(10_000) });
 */
export const stopBeforeDelay = (ms: number): StopCondition => {
  requireDurations('stopBeforeDelay', ms);
  return ({ elapsed, delay = 0 }) => elapsed + delay >= ms;
};

/**
 * Stops when any of the conditions does, for the reason of the first that does; the rest are not asked. Given none, it
 * never stops.
 *
 * @throws TypeError unless all are functions
 * @example
 * attachRetry(client, { stop: stopAny(stopBeforeDelay(10_000), () => shuttingDown && 'shutting-down') });
 */
export const stopAny = (...conditions: readonly StopCondition[]): StopCondition => {
  requireFunctions('stopAny', conditions);
  return (context) => {
    for (const condition of conditions) {
      const answer = readStop(condition(context));
      if (answer) return answer;
    }
    return false;
  };
};

/**
 * Stops when all of the conditions do, for the first reason that one of them names; after one that does not, the rest are
 * not asked. Given none, it never stops, so that an empty list cannot switch retries off by accident.
 *
 * @throws TypeError unless all are functions
 * @example
 * attachRetry(client, { stop: stopAll(stopAfterAttempt(3), stopAfterDelay(10_000)) });
 */
export const stopAll = (...conditions: readonly StopCondition[]): StopCondition => {
  requireFunctions('stopAll', conditions);
  return (context) => {
    let reason: string | undefined;
    for (const condition of conditions) {
      const answer = readStop(condition(context));
      if (!answer) return false;
      if (answer !== true) reason ??= answer;
    }
    return reason ?? conditions.length > 0;
  };
};
