import { expected, isDuration } from '../options/expected.ts';
import type { DelaySource, Reason, RetryContext } from '../types.ts';
import type { Policy } from './policy.ts';

/** What is known of an outcome when the decision falls. */
export interface Evidence {
  readonly context: RetryContext;
  /** `retryIf`, else the default rule, finds it worth another attempt. */
  readonly worthIt: boolean;
  /** The server asked for no further attempt. */
  readonly vetoed: boolean;
  /** Milliseconds that the server asked to wait. */
  readonly hint: number | undefined;
  /** Puts off a retry that would be sent during a pause which the server asked of everybody. */
  readonly pace?: (pause: Pause) => Pause;
  /** The request carries the same idempotency key on every attempt. */
  readonly keyed: boolean;
  /** The body can be sent again. */
  readonly replayable: boolean;
}

/** How long to wait before another attempt, and who said so. */
export interface Pause {
  readonly delay: number;
  readonly delaySource: DelaySource;
}

/** Decides whether there is another attempt: the wait before it, or why there is none. Pure: chance comes with the context. */
export function decide(policy: Policy, evidence: Evidence): Pause | Reason {
  const { context } = evidence;
  const hazard = findHazard(policy, context.method, context.failure, evidence);
  if (!evidence.worthIt) return 'not-retryable';
  if (evidence.vetoed) return 'server-veto';
  if (hazard) return hazard;
  const chosen = chooseWait(policy, context, evidence.hint);
  if (typeof chosen === 'string') return chosen;
  const pause = evidence.pace?.(chosen) ?? chosen;
  return findBound(policy, context, pause) ?? pause;
}

/** Why sending the request again might act twice or send another body, if it might. */
export function findHazard(
  { methods }: Policy,
  method: string,
  failure: RetryContext['failure'],
  { keyed, replayable }: Pick<Evidence, 'keyed' | 'replayable'>,
): Reason | undefined {
  const isSafe = methods.has(method) || keyed || failure === 'unsent' || failure === 'refused';
  return !isSafe ? 'unsafe-method' : replayable ? undefined : 'body-not-replayable';
}

function chooseWait({ retryAfter, wait }: Policy, context: RetryContext, hint?: number): Pause | Reason {
  if (hint !== undefined && retryAfter) {
    const { max, whenLonger } = retryAfter;
    if (hint > max && whenLonger === 'give-up') return 'retry-after-too-long';
    const spread = hint > max ? 0 : context.random() * Math.min(1_000, hint / 10);
    return { delay: Math.min(hint, max) + spread, delaySource: 'server' };
  }
  return { delay: waitOf({ wait }, context), delaySource: 'backoff' };
}

/**
 * The wait of the policy itself, in milliseconds.
 *
 * @throws TypeError when its function answers anything else
 */
export function waitOf({ wait }: Pick<Policy, 'wait'>, context: RetryContext): number {
  const delay = wait(context);
  if (isDuration(delay)) return delay;
  throw expected('the wait', 'a finite number of milliseconds ≥ 0', delay);
}

function findBound(policy: Policy, context: RetryContext, pause: Pause): Reason | undefined {
  const startsAt = context.elapsed + pause.delay;
  if (context.attemptNumber >= policy.maxAttempts) return 'max-attempts';
  if (startsAt > policy.maxElapsedTime) return 'max-elapsed-time';
  if (startsAt >= policy.totalTimeout) return 'total-timeout';
  const { stop } = policy;
  const answer = stop?.({ ...context, ...pause });
  if (!answer || typeof answer === 'string') return answer || undefined;
  if (answer === true) return 'stop-condition';
  throw expected('the result of `stop`', 'a boolean or a string', answer);
}
