import { readStop, readWait } from '../options/answers.ts';
import type { DelaySource, Failure, PendingRetryContext, Reason, RetryContext } from '../types.ts';
import type { Policy } from './policy.ts';

/** What may make it unsafe to send the request again. */
export interface Risk {
  /** What the latest attempt tells about the server, after the word of `retryIf`. */
  readonly failure: Failure;
  /** An earlier attempt of this request may have acted on the server. */
  readonly mayHaveActed: boolean;
  /** The request carries the same idempotency key on every attempt. */
  readonly keyed: boolean;
  /** The body can be sent again. May be a getter: it is read last. */
  readonly replayable: boolean;
}

/** What is known of an outcome when the decision falls. */
export interface Evidence extends Risk {
  readonly context: RetryContext;
  /** `retryIf`, else the default rule, finds it worth another attempt. */
  readonly worthIt: boolean;
  /** The server asked for no further attempt. */
  readonly vetoed: boolean;
  /** Milliseconds that the server asked to wait. */
  readonly hint: number | undefined;
  /** Puts off a retry that would be sent during a pause which the server asked of everybody. */
  readonly pace?: (pause: Pause) => Pause;
}

/** How long to wait before another attempt, and who said so. */
export interface Pause {
  readonly delay: number;
  readonly delaySource: DelaySource;
}

/**
 * Decides whether there is another attempt: the wait before it, or why there is none. The first reason counts, and nothing
 * is asked once there is one. Pure: chance comes with the context.
 */
export function decide(policy: Policy, evidence: Evidence): Pause | Reason {
  const { context, worthIt, vetoed } = evidence;
  if (!worthIt) return 'not-retryable';
  if (vetoed) return 'server-veto';
  const hazard = findHazard(policy, context.method, evidence);
  if (hazard) return hazard;
  if (isLastAttempt(policy, context)) return 'max-attempts';
  const chosen = chooseWait(policy, evidence);
  if (typeof chosen === 'string') return chosen;
  const pause = evidence.pace?.(chosen) ?? chosen;
  return findBound(policy, context, pause) ?? pause;
}

/** Whether a server may have acted on an attempt that ended so. */
export const mayAct = (failure: Failure): boolean => failure !== 'unsent' && failure !== 'refused';

/** Why sending the request again might act twice or send another body, if it might. */
export function findHazard({ methods }: Policy, method: string, risk: Risk): Reason | undefined {
  const isSafe = methods.has(method) || risk.keyed || !(risk.mayHaveActed || mayAct(risk.failure));
  if (!isSafe) return 'unsafe-method';
  // To look at the body costs time, so it comes last.
  return risk.replayable ? undefined : 'body-not-replayable';
}

/** Whether the policy allows no attempt after this one. */
export const isLastAttempt = (
  { maxAttempts }: Policy,
  { attemptNumber }: Pick<RetryContext, 'attemptNumber'>,
): boolean => attemptNumber >= maxAttempts;

function chooseWait(policy: Policy, { context, hint, failure }: Evidence): Pause | Reason {
  const asked = obey(policy, hint, context.random);
  // Polling goes at the pace of the policy, so that a tiny hint makes no hot loop.
  if (typeof asked === 'string' || (asked && failure !== 'none')) return asked;
  const delay = waitOf(policy, context);
  return asked && asked.delay >= delay ? asked : { delay, delaySource: 'backoff' };
}

/** The wait that the server asks for, as far as the policy obeys it; `undefined` when there is none to obey. */
function obey(
  { retryAfter }: Policy,
  hint: number | undefined,
  random: () => number,
): Pause | Reason | undefined {
  if (hint === undefined || !retryAfter) return undefined;
  const { max, whenLonger } = retryAfter;
  if (hint > max && whenLonger === 'give-up') return 'retry-after-too-long';
  return { delay: hint > max ? max : spreadHint(hint, random), delaySource: 'server' };
}

/** A hint with up to a tenth of it, a second at most, added: clients that got the same one do not all return together. */
export const spreadHint = (hint: number, random: () => number): number =>
  hint + random() * Math.min(1_000, hint / 10);

/**
 * The wait of the policy itself, in milliseconds.
 *
 * @throws TypeError when its function answers anything else
 */
export const waitOf = ({ wait }: Policy, context: RetryContext): number => readWait(wait(context));

/** The bound, other than the number of attempts, that leaves no room for another attempt after this wait. */
export function findBound(policy: Policy, context: RetryContext, pause: Pause): Reason | undefined {
  const startsAt = context.elapsed + pause.delay;
  if (startsAt > policy.maxElapsedTime) return 'max-elapsed-time';
  if (startsAt >= policy.totalTimeout) return 'total-timeout';
  return policy.stop && askToStop(policy, { ...context, ...pause });
}

/**
 * The reason that the stop condition of the policy gives, if it does.
 *
 * @throws TypeError when it answers what is no answer
 */
export function askToStop({ stop }: Policy, context: PendingRetryContext): Reason | undefined {
  const answer = readStop(stop?.(context));
  return answer === true ? 'stop-condition' : answer || undefined;
}
