import { type InternalAxiosRequestConfig, isAxiosError, isCancel } from 'axios';
import { isOneShot } from '../axios/body.ts';
import { retryReport, wasRetried } from '../axios/report.ts';
import { decide, mayAct, type Pause } from '../core/decide.ts';
import { describe, type Progress } from '../core/describe.ts';
import type { Policy } from '../core/policy.ts';
import { codeOf } from '../failure/causes.ts';
import { failureOf } from '../failure/classify.ts';
import { isTransient, withDefaultVerdict } from '../failure/transient.ts';
import { type Hints, readHints } from '../hints/hints.ts';
import { readVerdict } from '../options/answers.ts';
import type { Reason, RetryContext, RetryPredicate } from '../types.ts';

/** What is to become of an item that failed. */
export interface Judgement {
  /** How long it waits before it is sent again, or why it is not. */
  readonly answer: Pause | Reason;
  /** The config that it was sent with, as far as is known. */
  readonly config: InternalAxiosRequestConfig;
  /** Milliseconds for which the server asked everybody to wait. */
  readonly hint: number | undefined;
  /** Whether a server may have acted on it. */
  readonly mayHaveActed: boolean;
}

/** Judges an item that failed. A wait that the server asks for uses up no round. */
export async function judge(
  item: unknown,
  error: unknown,
  retryIf: RetryPredicate | undefined,
  policy: Policy,
  now: number,
  progress: Progress,
): Promise<Judgement> {
  const context = contextOf(error, progress);
  const { config, response } = context;
  const hints: Hints = response ? readHints(response.headers, response.status, now) : {};
  const hint = obeyed(hints.after, policy);

  const isLast = hint === undefined && progress.attemptNumber >= policy.maxAttempts;
  const terms: Policy = hint === undefined ? policy : { ...policy, maxAttempts: Infinity };
  const decision = (worthIt: boolean, keyed: boolean): Pause | Reason => {
    const { after, shouldRetry } = hints;
    const vetoed = shouldRetry === false;
    const { failure } = context;
    const risk = { failure, mayHaveActed: progress.mayHaveActed, keyed, replayable: !isOneShot(item) };
    return decide(terms, { ...risk, context, worthIt, vetoed, hint: after });
  };
  const decideAll = async (): Promise<Pause | Reason> => {
    if (isCancel(error)) return 'aborted';
    if (wasRetried(error)) return 'already-retried';
    // No function of the user is asked for what no longer matters.
    if (isLast && (retryIf || isWorthIt(context, policy, hints))) return 'max-attempts';
    // A key in the headers does not count: nobody can tell whether `send` gives the item the same one again.
    const byDefault = decision(isWorthIt(context, policy, hints), false);
    const verdict = readVerdict(await retryIf?.(withDefaultVerdict(context, typeof byDefault !== 'string')));
    // Who answers true vouches for the repetition: `send` is the user's, and what it does is not known here.
    return verdict ? decision(true, true) : verdict === false ? 'not-retryable' : byDefault;
  };

  const answer = await decideAll();
  const isForAll = typeof answer !== 'string' || response?.status === 429 || response?.status === 503;
  return { answer, config, hint: isForAll ? hint : undefined, mayHaveActed: mayAct(context.failure) };
}

const obeyed = (hint: number | undefined, { retryAfter }: Policy): number | undefined =>
  hint !== undefined && retryAfter && hint <= retryAfter.max ? hint : undefined;

function isWorthIt(context: RetryContext, { statuses }: Policy, { shouldRetry }: Hints): boolean {
  const { error } = context;
  const isGivenUp = retryReport(error)?.reason !== undefined;
  return isAxiosError(error) && !isGivenUp && (shouldRetry === true || isTransient(context, statuses));
}

function contextOf(error: unknown, progress: Progress): RetryContext {
  const { config, response } = (error ?? {}) as {
    readonly config?: InternalAxiosRequestConfig | null;
    readonly response?: RetryContext['response'] | null;
  };
  const sent = config ?? ({} as InternalAxiosRequestConfig);
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
