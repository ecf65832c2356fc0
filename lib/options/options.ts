import type { AxiosResponse, InternalAxiosRequestConfig, Method } from 'axios';
import type { RetryBudget } from '../limits/budget.ts';
import type { Cooldown, CooldownOptions } from '../limits/cooldown.ts';
import type { RetryThrottle, RetryThrottleOptions } from '../limits/throttle.ts';
import type {
  JitterFunction,
  JitterName,
  PendingRetryContext,
  RetryObserver,
  RetryPredicate,
  StopCondition,
  WaitStrategy,
} from '../types.ts';

/** How far to obey the server when it says how long to wait. */
export interface RetryAfterOptions {
  /**
   * The longest hint to obey, in milliseconds, or `Infinity`.
   *
   * @defaultValue 120_000
   */
  readonly max?: number | undefined;
  /**
   * What to do when the hint is longer: `give-up` fails at once with the reason `retry-after-too-long`, `clamp` waits
   * exactly `max`.
   *
   * @defaultValue 'give-up'
   */
  readonly whenLonger?: 'give-up' | 'clamp' | undefined;
  /**
   * Reads how long the server asks to wait from where the plugin does not look: the body, or a header of the server's own.
   * It returns milliseconds (0 is no wait), not a promise, or `undefined`; then the plugin reads the headers. It is called
   * only for responses that are worth another attempt.
   *
   * @defaultValue none
   * @example
   * // { "error": { "retry_in_seconds": 12 } }
   * attachRetry(client, {
   *   retryAfter: { read: ({ data }) => data?.error?.retry_in_seconds * 1_000 || undefined },
   * });
   */
  readonly read?: ((response: AxiosResponse) => number | undefined) | undefined;
}

/** How idempotency keys are made. */
export interface IdempotencyKeyOptions {
  /** @defaultValue 'Idempotency-Key' */
  readonly header?: string | undefined;
  /**
   * Makes the key of a request.
   *
   * @defaultValue a random UUID
   */
  readonly generate?: ((config: InternalAxiosRequestConfig) => string) | undefined;
}

/**
 * The policy of an instance, for `attachRetry`. Every field is optional; `undefined` counts as left out.
 *
 * @example
 * const options: RetryOptions = { maxAttempts: 5, throttle: { capacity: 1_000 } };
 * attachRetry(client, options);
 */
export interface RetryOptions {
  /**
   * How often to send at most, the first time included: an integer ≥ 1, or `Infinity`.
   *
   * @defaultValue 3
   */
  readonly maxAttempts?: number | undefined;
  /**
   * Milliseconds from the first send within which the last retry must start, or `Infinity`. A wait that would end later
   * is not begun.
   *
   * @defaultValue 300_000
   */
  readonly maxElapsedTime?: number | undefined;
  /**
   * A further stop condition; joins `maxAttempts` and `maxElapsedTime` by *or*.
   *
   * @defaultValue none
   */
  readonly stop?: StopCondition | undefined;
  /**
   * The first wait before jitter, in milliseconds.
   *
   * @defaultValue 1_000
   */
  readonly baseDelay?: number | undefined;
  /**
   * The longest wait before jitter, in milliseconds.
   *
   * @defaultValue 60_000
   */
  readonly maxDelay?: number | undefined;
  /**
   * What each wait is multiplied by to give the next, ≥ 1.
   *
   * @defaultValue 2
   */
  readonly exponentialBase?: number | undefined;
  /**
   * How waits are spread, so that many clients do not return at the same moment: `full` (or `true`) U(0, d), `equal`
   * d/2 + U(0, d/2), `none` (or `false`), or a function. See
   * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
   *
   * @defaultValue 'full'
   */
  readonly jitter?: JitterName | boolean | JitterFunction | undefined;
  /**
   * A wait strategy in place of the exponential schedule; `jitter` is not applied to it.
   *
   * @defaultValue none: the exponential schedule
   */
  readonly wait?: WaitStrategy | undefined;
  /**
   * How far to obey the server when it says how long to wait (`Retry-After` and similar headers); `false` ignores them. Layers
   * are merged field by field.
   *
   * @defaultValue { max: 120_000, whenLonger: 'give-up' }
   */
  readonly retryAfter?: RetryAfterOptions | false | undefined;
  /**
   * The methods that may be repeated whatever went wrong, in any letter case.
   *
   * @defaultValue ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY']
   */
  readonly methods?: readonly (Method | (string & {}))[] | undefined;
  /**
   * The statuses worth another attempt.
   *
   * @defaultValue [408, 425, 429, 500, 502, 503, 504]
   */
  readonly statuses?: readonly number[] | undefined;
  /**
   * Decides whether an outcome is worth another attempt, in place of the default rule; `undefined` falls back to it. It is
   * called for successes, too. It never makes an unsafe retry safe.
   *
   * @defaultValue none: the default rule
   */
  readonly retryIf?: RetryPredicate | undefined;
  /**
   * Gives POST and PATCH requests one idempotency key each, the same on every attempt, which makes them repeatable. A
   * header that is there already is kept. Only for servers that honour such keys
   * (https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/).
   *
   * @defaultValue false
   */
  readonly idempotencyKey?: boolean | IdempotencyKeyOptions | undefined;
  /**
   * Milliseconds of wall clock for each attempt, on every adapter, or `Infinity`. It ends what the adapter does; it does not cut
   * off an interceptor.
   *
   * @defaultValue none
   */
  readonly attemptTimeout?: number | undefined;
  /**
   * Milliseconds of wall clock for the request as a whole, attempts and waits, or `Infinity`. It ends
   * what the adapter does, a wait, and an interceptor that hangs in a retry. It does not cut off an interceptor of the first attempt.
   *
   * @defaultValue none
   */
  readonly totalTimeout?: number | undefined;
  /**
   * An allowance of retries shared by several requests, or a function asked for it once per request.
   *
   * @defaultValue none
   */
  readonly budget?: RetryBudget | (() => RetryBudget | undefined) | undefined;
  /**
   * Holds retries back while many requests fail (one in four is enough): a throttle, the options of one, or `false`.
   *
   * @defaultValue a throttle of its own for each `attachRetry`
   */
  readonly throttle?: RetryThrottle | RetryThrottleOptions | false | undefined;
  /**
   * Keeps the pauses that servers ask for, for all requests of a scope: a cooldown, the options of one, or `false`.
   *
   * @defaultValue a cooldown of its own for each `attachRetry`, which paces retries and holds no first attempt
   */
  readonly cooldown?: Cooldown | CooldownOptions | false | undefined;
  /**
   * Awaited before each retry, to change the URL, headers, token or body of that attempt: edit the config, or return
   * another. Afterwards the plugin checks again whether the attempt is safe to repeat.
   *
   * @defaultValue none
   */
  readonly beforeRetry?:
    | ((
        config: InternalAxiosRequestConfig,
        context: PendingRetryContext,
      ) => InternalAxiosRequestConfig | void | Promise<InternalAxiosRequestConfig | void>)
    | undefined;
  /**
   * One or several observers, which are told of attempts, retries and giving up. The observers of all layers are called.
   *
   * @defaultValue none
   */
  readonly observe?: RetryObserver | readonly RetryObserver[] | undefined;
}

/**
 * The policy of one request, for `config.retry`, on top of that of its instance. A throttle and a cooldown are shared by many
 * requests, so here each is a `RetryThrottle` or a `Cooldown` that you have made, or `false`.
 *
 * @example
 * const retry: RequestRetryOptions = { maxAttempts: 2, data: () => createReadStream('report.csv') };
 * await client.put('/reports/1', undefined, { retry });
 */
export interface RequestRetryOptions extends Omit<RetryOptions, 'throttle' | 'cooldown'> {
  /**
   * Makes the body of every attempt, the first included, so that a stream can be sent again: a new one each time. It answers
   * at once, no promise.
   *
   * @defaultValue none
   */
  readonly data?: (() => unknown) | undefined;
  /**
   * Holds the retries of this request back while many requests fail.
   *
   * @defaultValue the throttle of the instance
   */
  readonly throttle?: RetryThrottle | false | undefined;
  /**
   * Keeps the pauses that servers ask for.
   *
   * @defaultValue the cooldown of the instance
   */
  readonly cooldown?: Cooldown | false | undefined;
}
