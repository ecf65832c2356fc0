import type { DelaySource, GiveUpContext, PendingRetryContext, Reason, RetryContext } from '../types.ts';
import { addressOf } from './address.ts';

/** What one event is in a log: the object beside the text of a line. Durations are whole milliseconds. */
export interface RetryLogEntry {
  /** What is told: an attempt that ended, a retry that is scheduled, or a request that is given up. */
  readonly event: 'attempt' | 'retry' | 'give-up';
  /** In upper case. */
  readonly method: string;
  /** With `baseURL`, without credentials, query and fragment. */
  readonly url: string;
  /** 1 for the original request. */
  readonly attemptNumber: number;
  /** Missing when there is no limit. */
  readonly maxAttempts?: number;
  /** When there was a whole response. */
  readonly status?: number;
  /** When there was no response. */
  readonly code?: string;
  /** Since the request began. */
  readonly elapsed: number;
  /** Spent waiting between attempts so far. */
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
