import type { DelaySource, GiveUpContext, PendingRetryContext, Reason, RetryContext } from '../types.ts';
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

/** A context of any moment. */
export type EventContext = RetryContext & Partial<PendingRetryContext & GiveUpContext>;

export function entryOf(event: RetryLogEntry['event'], context: EventContext): RetryLogEntry {
  const { method, attemptNumber, maxAttempts, elapsed, totalDelay, delay, delaySource, reason } = context;
  const { status, code } = context;
  return {
    event,
    method,
    url: addressOf(context),
    attemptNumber,
    ...(maxAttempts < Infinity && { maxAttempts }),
    // Never a message, which may quote the URL.
    ...(status !== undefined && { status }),
    ...(code !== undefined && { code }),
    elapsed: Math.round(elapsed),
    totalDelay: Math.round(totalDelay),
    ...(delay !== undefined && { delay: Math.round(delay) }),
    ...(delaySource !== undefined && { delaySource }),
    ...(reason !== undefined && { reason }),
  };
}
