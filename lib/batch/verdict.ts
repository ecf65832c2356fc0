import { type InternalAxiosRequestConfig, isAxiosError, isCancel } from 'axios';
import { isOneShot } from '../axios/body.ts';
import { retryReport, wasRetried } from '../axios/report.ts';
import { decide, type Pause } from '../core/decide.ts';
import type { Policy } from '../core/policy.ts';
import { failureOf } from '../failure/classify.ts';
import { isTransient, withDefaultVerdict } from '../failure/transient.ts';
import { type Hints, readHints } from '../hints/hints.ts';
import type { Reason, RetryContext, RetryPredicate } from '../types.ts';

/** What the context tells of a batch and not of the item that failed. */
type Circumstances = Pick<
  RetryContext,
  'attemptNumber' | 'maxAttempts' | 'elapsed' | 'totalDelay' | 'random'
>;

/** What is to become of an item that failed. */
export interface Judgement {
  /** How long it waits before it is sent again, or why it is not. */
  readonly answer: Pause | Reason;
  /** The config that it was sent with, as far as is known. */
  readonly config: InternalAxiosRequestConfig;
  /** Milliseconds for which the server asked everybody to wait. */
  readonly hint: number | undefined;
}

/** Judges an item that failed. A wait that the server asks for uses up no round. */
export async function judge(
  item: unknown,
  error: unknown,
  retryIf: RetryPredicate | undefined,
  policy: Policy,
  now: number,
  circumstances: Circumstances,
): Promise<Judgement> {
  const context = describe(error, circumstances);
  const { config, response } = context;
  const hints: Hints = response ? readHints(response.headers, response.status, now) : {};
  const hint = obeyed(hints.after, policy);

  const isLast = hint === undefined && circumstances.attemptNumber >= policy.maxAttempts;
  const terms: Policy = hint === undefined ? policy : { ...policy, maxAttempts: Infinity };
  const decision = (worthIt: boolean, keyed: boolean): Pause | Reason => {
    const { after, shouldRetry } = hints;
    const vetoed = shouldRetry === false;
    return decide(terms, { context, worthIt, vetoed, hint: after, keyed, replayable: !isOneShot(item) });
  };
  const decideAll = async (): Promise<Pause | Reason> => {
    if (isCancel(error)) return 'aborted';
    if (wasRetried(error)) return 'already-retried';
    // No function of the user is asked for what no longer matters.
    if (isLast && (retryIf || isWorthIt(context, policy, hints))) return 'max-attempts';
    // A key in the headers does not count: nobody can tell whether `send` gives the item the same one again.
    const byDefault = decision(isWorthIt(context, policy, hints), false);
    const verdict = await retryIf?.(withDefaultVerdict(context, typeof byDefault !== 'string'));
    // Who answers true vouches for the repetition: `send` is the user's, and what it does is not known here.
    return verdict ? decision(true, true) : verdict === false ? 'not-retryable' : byDefault;
  };

  const answer = await decideAll();
  const isForAll = typeof answer !== 'string' || response?.status === 429 || response?.status === 503;
  return { answer, config, hint: isForAll ? hint : undefined };
}

const obeyed = (hint: number | undefined, { retryAfter }: Policy): number | undefined =>
  hint !== undefined && retryAfter && hint <= retryAfter.max ? hint : undefined;

function isWorthIt(context: RetryContext, { statuses }: Policy, { shouldRetry }: Hints): boolean {
  const { error } = context;
  const isGivenUp = retryReport(error)?.reason !== undefined;
  return isAxiosError(error) && !isGivenUp && (shouldRetry === true || isTransient(context, statuses));
}

function describe(error: unknown, circumstances: Circumstances): RetryContext {
  const { config, response } = (error ?? {}) as {
    readonly config?: InternalAxiosRequestConfig | null;
    readonly response?: RetryContext['response'] | null;
  };
  const sent = config ?? ({} as InternalAxiosRequestConfig);
  return Object.freeze({
    ...circumstances,
    method: (sent.method ?? 'get').toUpperCase(),
    url: sent.url ?? '',
    config: sent,
    error,
    ...(response && { response }),
    failure: failureOf(error, sent),
  });
}
