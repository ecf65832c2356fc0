/**
 * What is worth another attempt, in pieces. The pieces answer true or false and so stand in place of the default rule; to
 * add to it, `retryAny(retryIfDefault(), retryIfStatus(409))`. None of them makes an unsafe repetition safe: only a function
 * of the user that answers `'refused'` does.
 */
import type { AxiosResponse } from 'axios';
import { causesOf } from '../failure/causes.ts';
import { defaultVerdict } from '../failure/transient.ts';
import { readVerdict } from '../options/answers.ts';
import { isStatus } from '../options/common-rules.ts';
import { requireFunctions, requireGiven } from '../options/expected.ts';
import type { RetryContext, RetryPredicate, RetryVerdict } from '../types.ts';

type Answer = ReturnType<RetryPredicate>;

/**
 * The default rule: the statuses of the policy and transient failures. To be combined; alone it changes nothing.
 *
 * @example
 * attachRetry(client, { retryIf: retryAny(retryIfDefault(), retryIfStatus(409)) });
 */
export const retryIfDefault = (): RetryPredicate => (context) => defaultVerdict(context);

/**
 * Responses with one of these statuses, or within one of the `[from, to]` ranges, both ends included:
 * `retryIfStatus(409, [500, 599])`.
 *
 * @throws TypeError for anything but integers from 100 to 599 and rising pairs of them
 * @example
 * attachRetry(client, { retryIf: retryIfStatus(409, 429, [500, 599]) });
 */
export const retryIfStatus = (
  ...statuses: readonly (number | readonly [from: number, to: number])[]
): RetryPredicate => {
  const ranges = statuses.map((status) => {
    const range: readonly number[] = Array.isArray(status) ? [...status] : [status, status];
    const [from = 0, to = 0] = range;
    const holds = range.length === 2 && range.every(isStatus) && from <= to;
    requireGiven('retryIfStatus', 'integers from 100 to 599, or [from, to] pairs of them', status, holds);
    return { from, to };
  });
  return ({ response }) =>
    ranges.some(({ from, to }) => response && response.status >= from && response.status <= to);
};

/**
 * Errors with one of these codes (`'ECONNRESET'`), on themselves or on any of their causes, through `AggregateError`.
 *
 * @throws TypeError for anything but non-empty strings
 * @example
 * attachRetry(client, { retryIf: retryAny(retryIfDefault(), retryIfCode('EHOSTDOWN')) });
 */
export const retryIfCode = (...codes: readonly string[]): RetryPredicate => {
  for (const code of codes) {
    requireGiven('retryIfCode', 'error codes as strings', code, typeof code === 'string' && code !== '');
  }
  return ({ error }) => causesOf(error).some(({ code }) => codes.includes(code as string));
};

/**
 * Rejected outcomes for which `judge` answers true; for any other outcome the answer is false and `judge` not asked.
 *
 * @example
 * attachRetry(client, { retryIf: retryIfError((error) => String(error).includes('busy')) });
 */
export const retryIfError = (judge: (error: unknown, context: RetryContext) => Answer): RetryPredicate => {
  requireFunctions('retryIfError', [judge]);
  return (context) => context.error !== undefined && judge(context.error, context);
};

/**
 * Responses, on success or on an error, for which `judge` answers true: `retryIfResponse(({ data }) => data.state ===
 * 'pending')`. Without a response the answer is false and `judge` not asked. `data` is as `transformResponse` left it, and
 * `undefined` when the body was cut off.
 *
 * @example
 * attachRetry(client, { retryIf: retryAny(retryIfDefault(), retryIfResponse(({ data }) => data?.state === 'pending')) });
 */
export const retryIfResponse = (
  judge: (response: AxiosResponse, context: RetryContext) => Answer,
): RetryPredicate => {
  requireFunctions('retryIfResponse', [judge]);
  return (context) => context.response !== undefined && judge(context.response, context);
};

/**
 * Attempts that ran out of time on this side. Not the statuses 408 and 504, which are `retryIfStatus(408, 504)`.
 *
 * @example
 * attachRetry(client, { retryIf: retryNot(retryIfTimeout()) });
 */
export const retryIfTimeout = (): RetryPredicate => (context) => timedOut(context.error);

/**
 * Connections that could not be made, or broke before there was a response (over fetch, within it too); not timeouts
 * after connecting, certificates, or cancelled requests.
 *
 * @example
 * attachRetry(client, { retryIf: retryAny(retryIfConnectionFailed(), retryIfStatus(503)) });
 */
export const retryIfConnectionFailed =
  (): RetryPredicate =>
  ({ error, response, failure }) =>
    !response &&
    (failure === 'unsent' || (failure === 'ambiguous' && (!timedOut(error) || timedOutConnecting(error))));

/**
 * A yes when any of the predicates says yes, false when all say false, else `undefined` (Kleene's logic). The predicates are
 * asked in order, one after the other, until one says yes, and that answer counts: `true` or `'refused'`. So put a predicate
 * that answers `'refused'` before those that answer `true` to the same outcomes. Without predicates the answer is
 * `undefined`. What a predicate throws passes through.
 *
 * @example
 * // a 403 with `Retry-After` did not act; all else as always
 * retryAny(({ status, hint }) => status === 403 && hint !== undefined && 'refused', retryIfDefault());
 *
 * @throws TypeError unless all are functions; when one answers what is no verdict
 */
export const retryAny = (...predicates: readonly RetryPredicate[]): RetryPredicate => {
  requireFunctions('retryAny', predicates);
  return askInTurn(predicates, isYes);
};

/**
 * A yes when all of the predicates say yes, false when any says false, else `undefined` (Kleene's logic). The yes is
 * `'refused'` when at least one of them says so: that the server did not act is true whatever the others find worth it.
 * The predicates are asked in order, one after the other, until one answers false. Without predicates the answer is
 * `undefined`. What a predicate throws passes through.
 *
 * @example
 * retryAll(retryIfStatus(403), ({ hint }) => hint !== undefined && 'refused');
 *
 * @throws TypeError unless all are functions; when one answers what is no verdict
 */
export const retryAll = (...predicates: readonly RetryPredicate[]): RetryPredicate => {
  requireFunctions('retryAll', predicates);
  return askInTurn(predicates, (verdict) => verdict === false);
};

/**
 * The opposite of what the predicate answers: false for `true` and for `'refused'`, true for false; no opinion stays no
 * opinion.
 *
 * @throws TypeError unless it is a function; when it answers what is no verdict
 * @example
 * attachRetry(client, { retryIf: retryAll(retryIfDefault(), retryNot(retryIfTimeout())) });
 */
export const retryNot = (predicate: RetryPredicate): RetryPredicate => {
  requireFunctions('retryNot', [predicate]);
  return (context) =>
    whenAnswered(predicate(context), (verdict) => (verdict === undefined ? undefined : !verdict));
};

const isYes = (verdict: RetryVerdict): boolean => verdict === true || verdict === 'refused';

/** Asks in order until a verdict is decisive, which is the answer then; else the answer is what all have in common. */
const askInTurn = (
  predicates: readonly RetryPredicate[],
  isDecisive: (verdict: RetryVerdict) => boolean,
): RetryPredicate => {
  const askFrom = (index: number, verdicts: readonly RetryVerdict[], context: RetryContext): Answer => {
    const predicate = predicates[index];
    if (!predicate) return inCommon(verdicts);
    return whenAnswered(predicate(context), (verdict) =>
      isDecisive(verdict) ? verdict : askFrom(index + 1, [...verdicts, verdict], context),
    );
  };
  return (context) => askFrom(0, [], context);
};

/** What verdicts of one kind, all yes or all no, say together; one without opinion leaves none. */
const inCommon = (verdicts: readonly RetryVerdict[]): RetryVerdict =>
  verdicts.includes(undefined) ? undefined : verdicts.includes('refused') ? 'refused' : verdicts[0];

/** Goes on at once with a verdict that is there, and later with one that is promised. */
const whenAnswered = (answer: Answer, next: (verdict: RetryVerdict) => Answer): Answer =>
  isThenable(answer)
    ? Promise.resolve<unknown>(answer).then((later) => next(readVerdict(later)))
    : next(readVerdict(answer));

const isThenable = (answer: unknown): answer is PromiseLike<unknown> =>
  typeof (answer as { then?: unknown } | null | undefined)?.then === 'function';

const timedOutConnecting = (error: unknown): boolean =>
  causesOf(error).some(({ code, syscall }) => code === 'UND_ERR_CONNECT_TIMEOUT' || syscall === 'connect');

const timedOut = (error: unknown): boolean => {
  const causes = causesOf(error);
  return (
    // ETIMEDOUT, ETIMEOUT (DNS), UND_ERR_HEADERS_TIMEOUT
    causes.some(({ code }) => typeof code === 'string' && /TIMED?OUT$/.test(code)) ||
    (causes.some(({ code }) => code === 'ECONNABORTED') &&
      // The system has that code for a connection cut on this side, and XMLHttpRequest for a page that is left.
      !causes.some(({ syscall, message }) => syscall !== undefined || message === 'Request aborted'))
  );
};
