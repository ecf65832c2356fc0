import type { InternalAxiosRequestConfig } from 'axios';
import type { BudgetLike } from '../limits/brand.ts';
import type { CancelSource } from '../runtime/abort.ts';
import type { Clock, Reason } from '../types.ts';
import type { AttemptLog } from './attempt-log.ts';
import type { Outcome } from './outcome.ts';
import type { Policy } from './policy.ts';

type Config = InternalAxiosRequestConfig;

/** What all requests of one client share. */
export interface World {
  readonly clock: Required<Clock>;
  readonly random: () => number;
  /** Aborts when there are no further retries: the plugin is detached, or drained. */
  readonly ended: AbortSignal;
}

/** What stays the same for all attempts of one request. */
export interface Terms {
  readonly world: World;
  readonly policy: Policy;
  readonly budget: BudgetLike | undefined;
  readonly log: AttemptLog;
  /** When the first attempt started, on the monotonic clock. */
  readonly startedAt: number;
}

/** One request on its way through the loop, and what the loop asks of it. */
export interface Task {
  /** A copy of the request as it was captured, ready to be sent. */
  prepare(): Config;
  /** The config to send, from what `beforeRetry` answered. */
  adopt(answer: unknown, prepared: Config): Config;
  /** Sends one attempt, and frees what the outcome before it still holds once it is sent. */
  send(config: Config, previous: Outcome): Promise<Outcome>;
  /**
   * Cuts the attempt under way off, and calls back when it is: at once if it is in an interceptor and no answer gets lost, else
   * when an interceptor still holds it after the adapter is done. Tells whether it was sent.
   */
  cut(reason: Reason | undefined, cutOff: (isSent: boolean) => void): void;
  /** Frees the connection that a failed response still holds. */
  release(outcome: Outcome): void;
  /** Drops what a failure holds of the memory of a request over the network. */
  lighten(outcome: Outcome): void;
  /** A copy of a config for those who are told of it. */
  copyOf(config: Config): Config;
  /** The error of a request that was cancelled between two attempts. */
  cancelError(config: Config, source: CancelSource): unknown;
  /** Whether the attempt carries the idempotency key that all attempts share. */
  isKeyed(config: Config): boolean;
  /** Whether the body of a config, or else the one that was captured, can be sent again. */
  isReplayable(config?: Config): boolean;
}
