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
  /** Milliseconds that the attempt took. */
  readonly duration: number;
  /** The method of the attempt, in upper case. */
  readonly method: string;
  /** The `url` of the attempt, as on its config. */
  readonly url: string;
  /** A copy of the config as the attempt was sent: an edit changes no attempt. The body is not copied. */
  readonly config: InternalAxiosRequestConfig;
  /** The error, when the attempt was rejected. */
  readonly error?: unknown;
  /** The response, when there was one, on success or on the error. */
  readonly response?: AxiosResponse | undefined;
  /** The HTTP status, when there was a whole response. */
  readonly status?: number;
  /** The error code, when there was no whole response. */
  readonly code?: string;
  /** Milliseconds that the server asked to wait, also when that was too long to be obeyed. */
  readonly hint?: number;
  /** What the failure tells about the server. */
  readonly failure: Failure;
  /** Whether an earlier attempt of this request may have acted on the server. */
  readonly mayHaveActed: boolean;
  /** A number in [0, 1), from the source of chance of the runtime. */
  readonly random: () => number;
}

/** What is told once a retry is decided: in `onRetry`, to `stop` and to `beforeRetry`. */
export interface PendingRetryContext extends RetryContext {
  /** Milliseconds until the next attempt. */
  readonly delay: number;
  /** Who chose `delay`. */
  readonly delaySource: DelaySource;
}

/** What `onGiveUp` is told. */
export interface GiveUpContext extends RetryContext {
  /** Why there is no further attempt. */
  readonly reason: Reason;
}

/** Answers at once whether to stop. `true` gives the reason `stop-condition`; a string is the reason. */
export type StopCondition = (context: PendingRetryContext) => boolean | string | undefined;

/** Milliseconds to wait before the next attempt. */
export type WaitStrategy = (context: RetryContext) => number;

/** Spreads a wait: takes the delay of the schedule and gives the one to use, both in milliseconds. */
export type JitterFunction = (delay: number, context: RetryContext) => number;

/** `full`: U(0, d). `equal`: d/2 + U(0, d/2). `none`: d. */
export type JitterName = 'full' | 'equal' | 'none';

/**
 * `true`: worth another attempt. `false`: not. `'refused'`: worth it, and the server did not act, so that it is safe whatever
 * the method. `undefined`: no opinion.
 */
export type RetryVerdict = boolean | 'refused' | undefined;

/** Answers whether an outcome is worth another attempt. `undefined` is no opinion. */
export type RetryPredicate = (context: RetryContext) => RetryVerdict | void | Promise<RetryVerdict | void>;

/** Is told what happens, and never asked; called without `this`. What it throws, or rejects with, changes nothing. */
export interface RetryObserver {
  /** After each attempt, the first and the last included. */
  readonly onAttempt?: ((context: RetryContext) => void) | undefined;
  /** When a retry is scheduled, before the wait. */
  readonly onRetry?: ((context: PendingRetryContext) => void) | undefined;
  /** When a failure will not be retried. */
  readonly onGiveUp?: ((context: GiveUpContext) => void) | undefined;
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
  /**
   * Where time comes from.
   *
   * @defaultValue the clock of the machine
   */
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
  /** Milliseconds that the server asked to wait. */
  readonly hint?: number;
  /** The method, in upper case, when `beforeRetry` changed it. */
  readonly method?: string;
  /** The `url` as on the config, when `beforeRetry` changed it. */
  readonly url?: string;
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
  /**
   * Whether an attempt before the last one may have acted on the server. A DELETE that ends in 404, or a conditional PUT that
   * ends in 412, may be one that has succeeded.
   */
  readonly mayHaveActed: boolean;
  /** Why there was no further attempt; `undefined` after a success, and while the request is under way. */
  readonly reason?: Reason;
}
