import { codeOf } from '../failure/causes.ts';
import type { DelaySource, Reason, RetryContext } from '../types.ts';
import { addressOf } from './address.ts';

/** What one event is in a log: the object beside the text of a line. Durations are whole milliseconds. */
export interface RetryLogEntry {
  readonly event: 'attempt' | 'retry' | 'give-up';
  readonly method: string;
  /** With `baseURL`, without credentials, query and fragment. */
  readonly url: string;
  readonly attemptNumber: number;
  /** Missing when there is no limit. */
  readonly maxAttempts?: number;
  readonly status?: number;
  /** When there was no response. */
  readonly code?: string;
  readonly elapsed: number;
  readonly totalDelay: number;
  /** On `retry` only. */
  readonly delay?: number;
  /** On `retry` only. */
  readonly delaySource?: DelaySource;
  /** On `give-up` only. */
  readonly reason?: Reason;
}

export function entryOf(event: RetryLogEntry['event'], context: RetryContext): RetryLogEntry {
  const { method, attemptNumber, maxAttempts, elapsed, totalDelay, delay, delaySource, reason } = context;
  return {
    event,
    method,
    url: addressOf(context),
    attemptNumber,
    ...(maxAttempts < Infinity && { maxAttempts }),
    ...resultOf(context),
    elapsed: Math.round(elapsed),
    totalDelay: Math.round(totalDelay),
    ...(delay !== undefined && { delay: Math.round(delay) }),
    ...(delaySource !== undefined && { delaySource }),
    ...(reason !== undefined && { reason }),
  };
}

/** The status; or the code, when there was no whole response. Never a message, which may quote the URL. */
export function resultOf({ error, response }: Pick<RetryContext, 'error' | 'response'>): {
  readonly status?: number;
  readonly code?: string;
} {
  if (response && (error === undefined || response.status >= 400)) return { status: response.status };
  const code = codeOf(error);
  return code === undefined ? {} : { code };
}
