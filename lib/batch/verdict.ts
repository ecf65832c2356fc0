import { type InternalAxiosRequestConfig, isAxiosError, isCancel } from 'axios';
import { isOneShot } from '../axios/body.ts';
import { retryReport, wasRetried } from '../axios/report.ts';
import { decide } from '../core/decide.ts';
import { describe } from '../core/describe.ts';
import type { Policy } from '../core/policy.ts';
import { codeOf } from '../failure/causes.ts';
import { failureOf } from '../failure/classify.ts';
import { isTransient, withDefaultVerdict } from '../failure/transient.ts';
import { type Hints, readHints } from '../hints/hints.ts';
import type { RetryContext, RetryPredicate } from '../types.ts';

/** What the context tells of a batch and not of the item that failed. */
type Circumstances = Pick<RetryContext, 'attemptNumber' | 'elapsed' | 'totalDelay' | 'random'>;

/** The milliseconds to wait before a failed item is sent again; `undefined` when it is not. */
export async function judge(
  item: unknown,
  error: unknown,
  retryIf: RetryPredicate | undefined,
  policy: Policy,
  now: number,
  circumstances: Circumstances,
): Promise<number | undefined> {
  if (isCancel(error) || wasRetried(error)) return undefined;
  const context = contextOf(error, policy, circumstances);
  const { response } = context;
  const hints: Hints = response ? readHints(response.headers, response.status, now) : {};

  const decision = (worthIt: boolean, keyed: boolean): number | undefined => {
    const { after: hint, shouldRetry } = hints;
    const vetoed = shouldRetry === false;
    const { failure } = context;
    const risk = { failure, mayHaveActed: false, keyed, replayable: !isOneShot(item) };
    const answer = decide(policy, { ...risk, context, worthIt, vetoed, hint });
    return typeof answer === 'string' ? undefined : answer.delay;
  };
  // A key in the headers does not count: nobody can tell whether `send` gives the item the same one again.
  const byDefault = decision(isWorthIt(context, policy, hints), false);
  const verdict = await retryIf?.(withDefaultVerdict(context, byDefault !== undefined));
  // Who answers true vouches for the repetition: `send` is the user's, and what it does is not known here.
  return verdict ? decision(true, true) : verdict === false ? undefined : byDefault;
}

function isWorthIt(context: RetryContext, { statuses }: Policy, { shouldRetry }: Hints): boolean {
  const { error } = context;
  const isGivenUp = retryReport(error)?.reason !== undefined;
  return isAxiosError(error) && !isGivenUp && (shouldRetry === true || isTransient(context, statuses));
}

function contextOf(error: unknown, { maxAttempts }: Policy, circumstances: Circumstances): RetryContext {
  const { config, response } = (error ?? {}) as {
    readonly config?: InternalAxiosRequestConfig | null;
    readonly response?: RetryContext['response'] | null;
  };
  const sent = config ?? ({} as InternalAxiosRequestConfig);
  const progress = { ...circumstances, maxAttempts, duration: 0, mayHaveActed: false };
  const result = {
    ok: false,
    value: error,
    config: sent,
    response: response ?? undefined,
    result: response?.status ?? codeOf(error),
    failure: failureOf(error, sent),
  };
  return describe(progress, result, (same) => same, {});
}
