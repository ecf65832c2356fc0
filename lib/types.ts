/** The vocabulary: what every part of the package says to the others and to its users. All durations are milliseconds. */
import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';

/**
 * What a failed attempt tells about the server.
 *
 * - `unsent`: provably never left this machine;
 * - `refused`: the server says that it did not act (429, 425, 421);
 * - `ambiguous`: the server may have acted (reset, timeout, truncated body, 408, 5xx);
 * - `permanent`: another attempt would fail the same way, or it is not known to be transient;
 * - `none`: the attempt did not fail.
 */
export type Failure = 'unsent' | 'refused' | 'ambiguous' | 'permanent' | 'none';

/** Why no further attempt is made. Open to the strings that a user's stop condition returns. */
export type Reason =
  | 'not-retryable'
  | 'unsafe-method'
  | 'body-not-replayable'
  | 'max-attempts'
  | 'max-elapsed-time'
  | 'stop-condition'
  | 'retry-after-too-long'
  | 'server-veto'
  | 'budget-exhausted'
  | 'throttled'
  | 'cooling-down'
  | 'already-retried'
  | 'aborted'
  | 'total-timeout'
  | 'detached'
  | 'callback-threw'
  | (string & {});

/** Who chose a wait: the policy's own schedule, or the server by a response header. */
export type DelaySource = 'backoff' | 'server';

/** What every strategy, predicate, hook and observer is told about the attempt that just ended. */
export interface RetryContext {
  /** Attempts made so far, the original request included; 1 for the original. */
  readonly attemptNumber: number;
  /** The most attempts that the policy allows, or `Infinity`. */
  readonly maxAttempts: number;
  /** Milliseconds since the request began. */
  readonly elapsed: number;
  /** Milliseconds spent waiting between attempts so far. */
  readonly totalDelay: number;
  /** The method of the attempt, in upper case. */
  readonly method: string;
  /** The `url` of the attempt, as on its config. */
  readonly url: string;
  /** The config as the attempt was sent. */
  readonly config: InternalAxiosRequestConfig;
  /** The error, when the attempt was rejected. */
  readonly error?: unknown;
  /** The response, when there was one, on success or on the error. */
  readonly response?: AxiosResponse | undefined;
  /** What the failure tells about the server. */
  readonly failure: Failure;
  /** A number in [0, 1), from the source of chance of the runtime. */
  readonly random: () => number;
  /** Milliseconds until the next attempt, once known. */
  readonly delay?: number;
  /** Who chose `delay`, once known. */
  readonly delaySource?: DelaySource;
  /** Why there is no further attempt; in `onGiveUp` only. */
  readonly reason?: Reason;
}

/** Answers at once whether to stop. `true` gives the reason `stop-condition`; a string is the reason. */
export type StopCondition = (context: RetryContext) => boolean | string | undefined;

/** Milliseconds to wait before the next attempt. */
export type WaitStrategy = (context: RetryContext) => number;

/** Spreads a wait: takes the delay of the schedule and gives the one to use, both in milliseconds. */
export type JitterFunction = (delay: number, context: RetryContext) => number;

/** `full`: U(0, d). `equal`: d/2 + U(0, d/2). `none`: d. */
export type JitterName = 'full' | 'equal' | 'none';

/** `true`: worth another attempt; `false`: not; `undefined`: no opinion. */
export type RetryVerdict = boolean | undefined;

/** Answers whether an outcome is worth another attempt. `undefined` is no opinion. */
export type RetryPredicate = (context: RetryContext) => RetryVerdict | void | Promise<RetryVerdict | void>;

/** Is told what happens, and never asked; called without `this`. What it throws, or rejects with, changes nothing. */
export interface RetryObserver {
  /** After each attempt, the first and the last included. */
  readonly onAttempt?: ((context: RetryContext) => void) | undefined;
  /** When a retry is scheduled, before the wait; `delay` and `delaySource` are known. */
  readonly onRetry?: ((context: RetryContext) => void) | undefined;
  /** When a failure will not be retried; `reason` is known. */
  readonly onGiveUp?: ((context: RetryContext) => void) | undefined;
}

/** Where time comes from. */
export interface Clock {
  /** The time of day, in milliseconds since the epoch. */
  now(): number;
  /**
   * Resolves after `ms` milliseconds; rejects, leaving no timer behind, when the signal aborts. The signal may outlive the
   * sleep and be shared by many, so take the listener off again.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Milliseconds that never jump, for durations.
   *
   * @defaultValue `now`
   */
  monotonic?(): number;
  /**
   * Like `sleep`, for a deadline: something that may pass, not something to wait for, so a virtual clock does not jump to it.
   *
   * @defaultValue the timers of the machine
   */
  alarm?(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Where time and chance come from; handed in by tests. */
export interface RetryRuntime {
  readonly clock?: Clock | undefined;
  /** A number in [0, 1). */
  readonly random?: (() => number) | undefined;
}

/** One attempt, as the report tells it. */
export interface AttemptRecord {
  /** 1 for the original request. */
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Milliseconds. */
  readonly duration: number;
  /** The HTTP status, when there was a response. */
  readonly status?: number;
  /** The error code, when there was no response. */
  readonly code?: string;
  /** Milliseconds waited after this attempt. */
  readonly delay?: number;
}

/** What happened to one request. */
export interface RetryReport {
  /** The first 10 and the last 40 attempts. */
  readonly attempts: readonly AttemptRecord[];
  /** How many attempts between those are left out. */
  readonly omitted: number;
  /** Milliseconds from the start of the first attempt to the end of the request. */
  readonly elapsed: number;
  /** Milliseconds spent waiting between attempts. */
  readonly totalDelay: number;
  /** Why there was no further attempt; `undefined` after a success, and while the request is under way. */
  readonly reason?: Reason;
}
