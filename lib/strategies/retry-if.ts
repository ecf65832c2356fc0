/**
 * What is worth another attempt, in pieces. The pieces answer true or false and so stand in place of the default rule; to
 * add to it, `retryAny(retryIfDefault(), retryIfStatus(409))`. None of them makes an unsafe repetition safe.
 */
import type { AxiosResponse } from 'axios';
import { causesOf } from '../failure/causes.ts';
import { defaultVerdict } from '../failure/transient.ts';
import { requireFunctions, requireGiven } from '../options/expected.ts';
import type { RetryContext, RetryPredicate } from '../types.ts';

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

const isStatus = (status: unknown): boolean =>
  Number.isInteger(status) && Number(status) >= 100 && Number(status) <= 599;

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
 * True when any of the predicates is, false when all are, else no opinion (Kleene's logic). Asked in order, one after the
 * other, until one answers true. Given none, it has no opinion. What a predicate throws passes through.
 *
 * @throws TypeError unless all are functions
 * @example
 * attachRetry(client, { retryIf: retryAny(retryIfDefault(), retryIfStatus(409)) });
 */
export const retryAny = (...predicates: readonly RetryPredicate[]): RetryPredicate => {
  requireFunctions('retryAny', predicates);
  return askUntil(true, predicates);
};

/**
 * True when all of the predicates are, false when any is, else no opinion (Kleene's logic). Asked in order, one after the
 * other, until one answers false. Given none, it has no opinion. What a predicate throws passes through.
 *
 * @throws TypeError unless all are functions
 * @example
 * attachRetry(client, { retryIf: retryAll(retryIfDefault(), retryNot(retryIfStatus(500))) });
 */
export const retryAll = (...predicates: readonly RetryPredicate[]): RetryPredicate => {
  requireFunctions('retryAll', predicates);
  return askUntil(false, predicates);
};

/**
 * The opposite of what the predicate answers; no opinion stays no opinion.
 *
 * @throws TypeError unless it is a function
 * @example
 * attachRetry(client, { retryIf: retryAll(retryIfDefault(), retryNot(retryIfTimeout())) });
 */
export const retryNot = (predicate: RetryPredicate): RetryPredicate => {
  requireFunctions('retryNot', [predicate]);
  return (context) =>
    whenAnswered(predicate(context), (answer) => (typeof answer === 'boolean' ? !answer : undefined));
};

/** Asks in order until the `decisive` answer; the opposite one when all gave that, else none. */
const askUntil = (decisive: boolean, predicates: readonly RetryPredicate[]): RetryPredicate => {
  const askFrom = (index: number, unanimous: boolean, context: RetryContext): Answer => {
    const predicate = predicates[index];
    if (!predicate) return unanimous ? !decisive : undefined;
    return whenAnswered(predicate(context), (answer) =>
      answer === decisive ? decisive : askFrom(index + 1, unanimous && answer === !decisive, context),
    );
  };
  return (context) => askFrom(0, predicates.length > 0, context);
};

/** Goes on at once with an answer that is there, and later with one that is promised. */
const whenAnswered = (answer: Answer, next: (answer: unknown) => Answer): Answer =>
  isThenable(answer) ? Promise.resolve<unknown>(answer).then(next) : next(answer);

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
