import type { JitterName } from '../types.ts';
import type { FailingRun, WaitRange } from './schedule.ts';

/** What is wrong with a combination of options. */
export type PolicyWarningCode =
  | 'looks-like-seconds'
  | 'attempts-out-of-reach'
  | 'wait-out-of-reach'
  | 'hint-out-of-reach'
  | 'timeout-out-of-reach'
  | 'attempt-timeout-out-of-reach'
  | 'base-delay-above-max-delay'
  | 'schedule-ignored'
  | 'no-wait'
  | 'no-jitter'
  | 'unkeyed-method'
  | 'wait-unknown'
  | 'stop-unknown';

/** A combination of options that defeats itself, or other clients, in words. */
export interface PolicyWarning {
  /** What is wrong, for programs. */
  readonly code: PolicyWarningCode;
  /** What is wrong, in words that name the options and their values. */
  readonly message: string;
}

/** A policy as data; its `toString` is the same in words. All times are milliseconds. */
export interface PolicyExplanation {
  /** Sends in all at most, or `Infinity`. */
  readonly maxAttempts: number;
  /** From the first send until the last retry must start, or `Infinity`. */
  readonly maxElapsedTime: number;
  /** Of each attempt, or `Infinity`. */
  readonly attemptTimeout: number;
  /** Of the request, or `Infinity`. */
  readonly totalTimeout: number;
  /** The methods that may be repeated whatever went wrong. */
  readonly methods: readonly string[];
  /** The statuses worth another attempt. */
  readonly statuses: readonly number[];
  /** Whether `retryIf` is asked before the default rule. */
  readonly retryIf: boolean;
  /** The header that makes POST and PATCH repeatable, or `false`. */
  readonly idempotencyKey: string | false;
  /** Whether a throttle holds retries back while many requests fail. */
  readonly throttle: boolean;
  /** Whether a budget limits the retries of several requests. */
  readonly budget: boolean;
  /** How waits are spread; `custom` when a function says. */
  readonly jitter: JitterName | 'custom';
  /** The least and the most of each wait, the first after attempt 1, when the server asks for none. */
  readonly schedule: readonly WaitRange[];
  /** How many waits follow those in `schedule`, which has 10 when attempts are not limited, else at most 1,000. */
  readonly omitted: number;
  /**
   * Whether the schedule is what `wait` or `jitter` answered when `random` gave 0 and just below 1: exact for the
   * strategies of this package and combinations of them, an example for other functions.
   */
  readonly sampled: boolean;
  /** How far the server's hints are obeyed, or `false`. */
  readonly retryAfter: { readonly max: number; readonly whenLonger: 'give-up' | 'clamp' } | false;
  /** The longest wait that the server can ask for, its spread included; 0 when hints are ignored. */
  readonly longestHint: number;
  /** When every attempt fails at once and every wait is the shortest. */
  readonly fastest: FailingRun;
  /** When every attempt takes as long as its timeout allows (0 without one) and every wait is the longest. */
  readonly slowest: FailingRun;
  /** The bounds that nothing lifts, whatever servers answer. */
  readonly worstCase: {
    /** From the first send until the last retry starts. */
    readonly lastRetry: number;
    /** From the first send until the request has settled; `Infinity` unless attempts have a timeout. */
    readonly total: number;
  };
  /** What in the policy defeats itself or other clients; empty when nothing does. */
  readonly warnings: readonly PolicyWarning[];
  /** The policy in words, in lines of at most 100 columns. */
  toString(): string;
}
