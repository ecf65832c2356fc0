import type { Failure, RetryContext } from '../types.ts';

/** Whether the default rule finds an outcome worth another attempt: a listed status, or a failure that may pass. */
export function isTransient(
  { failure, response }: Pick<RetryContext, 'failure' | 'response'>,
  statuses: ReadonlySet<number>,
): boolean {
  const { status = 0 } = response ?? {};
  // An ambiguous failure with a status below 400 is a body that was cut off in the middle.
  return failure === 'unsent' || (failure === 'ambiguous' && status < 400) || statuses.has(status);
}

/** What a status tells about the server. */
export function failureOfStatus(status: number): Failure {
  if (status === 429 || status === 425 || status === 421) return 'refused';
  if (status >= 500 || status === 408) return 'ambiguous';
  return status >= 400 ? 'permanent' : 'none';
}

/** Under which a context carries the verdict of the default rule, for `defaultVerdict`. */
export const DEFAULT_VERDICT: unique symbol = Symbol.for('axios-tenacity.default-verdict');

/** A context that carries the verdict of the default rule, for `defaultVerdict`. */
export const withDefaultVerdict = (context: RetryContext, verdict: boolean): RetryContext =>
  ({ ...context, [DEFAULT_VERDICT]: verdict }) as RetryContext;

/** What the default rule says of this outcome under the policy in force. */
export const defaultVerdict = (context: RetryContext): boolean =>
  (context as { readonly [DEFAULT_VERDICT]?: boolean })[DEFAULT_VERDICT] === true;
