/** What a policy would do, found out by asking its functions outside of any request. */

import { askToStop, findBound, isLastAttempt, spreadHint } from '../core/decide.ts';
import type { Policy } from '../core/policy.ts';
import { spreadOf } from '../limits/line.ts';
import { waitBounds } from '../strategies/wait.ts';
import type { PendingRetryContext, Reason, RetryContext } from '../types.ts';

/** The least and the most milliseconds of one wait, before a server is asked. */
export type WaitRange = readonly [least: number, most: number];

/** How a request goes on that never succeeds and gets no hint from the server. */
export interface FailingRun {
  /** Attempts made, the first included. */
  readonly attempts: number;
  /** Milliseconds from the first send to the end of the last attempt. */
  readonly elapsed: number;
  /** The bound that ends it, as `onGiveUp` would tell it; `undefined` when none does within 1,000 attempts. */
  readonly bound: Reason | undefined;
}

/** The waits of a policy, as far as they are known. */
export interface Schedule {
  /** The wait after attempt `attemptNumber`; `undefined` when the policy's function gave none. */
  rangeOf(attemptNumber: number): WaitRange | undefined;
  /** What is wrong with the policy's function, once a wait was asked for that it does not give. */
  readonly fault: string | undefined;
}

/** Beyond so many waits and attempts nobody reads on, and a run without waits would never end. */
export const MOST_ATTEMPTS = 1_000;

/** Asks for each wait once, and no further after one that fails. */
export function sampleSchedule({ wait, maxAttempts }: Policy): Schedule {
  const ranges: WaitRange[] = [];
  let totalDelay = 0;
  let fault: string | undefined;
  return {
    rangeOf(attemptNumber) {
      while (fault === undefined && ranges.length < attemptNumber) {
        const range = sample({
          attemptNumber: ranges.length + 1,
          maxAttempts,
          totalDelay,
          elapsed: totalDelay,
        });
        if (typeof range === 'string') fault = range;
        else {
          ranges.push(range);
          totalDelay += range[1];
        }
      }
      return ranges[attemptNumber - 1];
    },
    get fault() {
      return fault;
    },
  };

  function sample(progress: Progress): WaitRange | string {
    try {
      const answers = waitBounds(wait, contextOf(progress));
      const bad = answers.find((ms) => !(Number.isFinite(ms) && ms >= 0));
      return bad === undefined
        ? rangeOf(answers)
        : `wait or jitter answers ${String(bad)} after attempt ${progress.attemptNumber}`;
    } catch {
      return `wait or jitter throws after attempt ${progress.attemptNumber} when asked outside of a request`;
    }
  }
}

type Progress = Pick<RetryContext, 'attemptNumber' | 'maxAttempts' | 'totalDelay' | 'elapsed'>;

const contextOf = (progress: Progress): RetryContext => ({
  ...progress,
  duration: 0,
  mayHaveActed: false,
  method: 'GET',
  url: '',
  config: { method: 'get', url: '', headers: {} } as RetryContext['config'],
  failure: 'ambiguous',
  random: () => 0.5,
});

/** In order, and 999.9999999999999, which is what just below 1 gives, as the 1000 that it never reaches. */
function rangeOf([one, other]: readonly [number, number]): WaitRange {
  const least = Math.min(one, other);
  const most = Math.max(one, other);
  if (least === most) return [least, most];
  return [Math.min(least, Number(least.toPrecision(12))), Math.max(most, Number(most.toPrecision(12)))];
}

/**
 * Plays a request through whose every attempt fails after `attemptTime` milliseconds, with the shortest or the longest
 * waits.
 *
 * @param onFault is told when the stop condition throws; the run goes on
 */
export function playFailingRun(
  policy: Policy,
  schedule: Schedule,
  {
    waits,
    attemptTime,
    onFault,
  }: { waits: 'shortest' | 'longest'; attemptTime: number; onFault: () => void },
): FailingRun {
  const { maxAttempts, totalTimeout } = policy;
  const played: Policy = { ...policy, stop: (context) => stopOrFault(policy, context, onFault) };
  let elapsed = 0;
  let totalDelay = 0;
  for (let attempts = 1; ; attempts += 1) {
    elapsed = Math.min(totalTimeout, elapsed + attemptTime);
    const context = contextOf({ attemptNumber: attempts, maxAttempts, elapsed, totalDelay });
    const end = (bound: Reason | undefined): FailingRun => ({ attempts, elapsed, bound });
    if (isLastAttempt(policy, context)) return end('max-attempts');
    const delay = schedule.rangeOf(attempts)?.[waits === 'shortest' ? 0 : 1];
    if (attempts >= MOST_ATTEMPTS || delay === undefined) return end(undefined);
    const bound = findBound(played, context, { delay, delaySource: 'backoff' });
    if (bound) return end(bound);
    elapsed += delay;
    totalDelay += delay;
  }
}

function stopOrFault(policy: Policy, context: PendingRetryContext, onFault: () => void): Reason | undefined {
  try {
    return askToStop(policy, context);
  } catch {
    onFault();
    return undefined;
  }
}

/** The longest wait that a server can bring about, with what is added to spread it; 0 when hints are ignored. */
export function longestHint({ retryAfter, cooldown }: Policy): number {
  if (retryAfter === false) return 0;
  const { max } = retryAfter;
  return cooldown && max < Infinity ? max + spreadOf(max) : spreadHint(max, () => 1);
}

/**
 * The most milliseconds from the first send until the last retry starts, and until the request has settled, whatever
 * servers answer.
 */
export function findWorstCase(policy: Policy, schedule: Schedule): { lastRetry: number; total: number } {
  const { maxAttempts, maxElapsedTime, attemptTimeout, totalTimeout } = policy;
  const latest = Math.min(maxElapsedTime, totalTimeout);
  const hint = longestHint(policy);
  let lastRetry = 0;
  for (let attempt = 1; attempt < maxAttempts && lastRetry < latest; attempt += 1) {
    const most = attempt < MOST_ATTEMPTS ? schedule.rangeOf(attempt)?.[1] : undefined;
    lastRetry += attemptTimeout + Math.max(most ?? Infinity, hint);
  }
  lastRetry = Math.min(lastRetry, latest);
  return { lastRetry, total: Math.min(totalTimeout, lastRetry + attemptTimeout) };
}
