import { expected } from './expected.ts';
import type { Policy } from './policy.ts';
import type { DelaySource, Reason, RetryContext } from './types.ts';

/** What is known of an outcome when the decision falls. */
export interface Evidence {
  readonly context: RetryContext;
  /** The request was cancelled. */
  readonly aborted: boolean;
  /** An inner layer gave the request up after retrying it. */
  readonly alreadyRetried: boolean;
  /** `retryIf`, else the default rule, finds it worth another attempt. */
  readonly worthIt: boolean;
  /** The server asked for no further attempt. */
  readonly vetoed: boolean;
  /** Milliseconds that the server asked to wait. */
  readonly hint: number | undefined;
  /** The request carries the same idempotency key on every attempt. */
  readonly keyed: boolean;
  /** The body can be sent again. */
  readonly replayable: boolean;
}

/** Another attempt after `delay` milliseconds, or none because of `reason`. */
export type Decision =
  | { readonly retry: true; readonly delay: number; readonly delaySource: DelaySource }
  | { readonly retry: false; readonly reason: Reason };

const stopBecause = (reason: Reason): Decision => ({ retry: false, reason });

/** Decides whether there is another attempt, and after how long. Pure: chance comes with the context. */
export function decide(policy: Policy, evidence: Evidence): Decision {
  if (evidence.aborted) return stopBecause('aborted');
  if (evidence.alreadyRetried) return stopBecause('already-retried');
  if (!evidence.worthIt) return stopBecause('not-retryable');
  if (evidence.vetoed) return stopBecause('server-veto');
  const hazard = findHazard(policy, evidence.context, evidence);
  if (hazard) return stopBecause(hazard);
  const pause = chooseWait(policy, evidence);
  if (!pause.retry) return pause;
  const bound = findBound(policy, {
    ...evidence.context,
    delay: pause.delay,
    delaySource: pause.delaySource,
  });
  return bound ? stopBecause(bound) : pause;
}

/** Why sending the request again might act twice or send another body, if it might. */
export function findHazard(
  { methods }: Policy,
  { method, failure }: Pick<RetryContext, 'method' | 'failure'>,
  { keyed, replayable }: Pick<Evidence, 'keyed' | 'replayable'>,
): Reason | undefined {
  if (!methods.has(method) && !keyed && failure !== 'unsent' && failure !== 'refused') return 'unsafe-method';
  return replayable ? undefined : 'body-not-replayable';
}

function chooseWait({ retryAfter, wait }: Policy, { context, hint }: Evidence): Decision {
  if (hint === undefined || retryAfter === false) {
    return { retry: true, delay: checkDelay(wait(context)), delaySource: 'backoff' };
  }
  if (hint <= retryAfter.max) {
    return {
      retry: true,
      delay: hint + context.random() * Math.min(1_000, hint / 10),
      delaySource: 'server',
    };
  }
  return retryAfter.whenLonger === 'clamp'
    ? { retry: true, delay: retryAfter.max, delaySource: 'server' }
    : stopBecause('retry-after-too-long');
}

function checkDelay(delay: number): number {
  if (Number.isFinite(delay) && delay >= 0) return delay;
  throw expected('the wait of retry option `wait` or `jitter`', 'a finite number of milliseconds ≥ 0', delay);
}

function findBound(policy: Policy, context: RetryContext & { readonly delay: number }): Reason | undefined {
  const { attemptNumber, elapsed, delay } = context;
  if (attemptNumber >= policy.maxAttempts) return 'max-attempts';
  if (elapsed + delay > policy.maxElapsedTime) return 'max-elapsed-time';
  if (elapsed + delay >= policy.totalTimeout) return 'total-timeout';
  const stop = policy.stop?.(context);
  return stop === true ? 'stop-condition' : typeof stop === 'string' && stop !== '' ? stop : undefined;
}
