import type { InternalAxiosRequestConfig } from 'axios';
import { expected } from './expected.ts';
import { isRetryBudget, isRetryThrottle } from './limits/brand.ts';
import type { RetryBudget } from './limits/budget.ts';
import type { RetryThrottle, RetryThrottleOptions } from './limits/throttle.ts';
import type {
  JitterFunction,
  JitterName,
  RetryContext,
  RetryObserver,
  RetryPredicate,
  StopCondition,
  WaitStrategy,
} from './types.ts';

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

/** The policy, on an instance or on one request. Every field is optional; `undefined` has no opinion. */
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
  /** A further stop condition; joins `maxAttempts` and `maxElapsedTime` by *or*. */
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
  /** A wait strategy in place of the exponential schedule; `jitter` is not applied to it. */
  readonly wait?: WaitStrategy | undefined;
  /** How far to obey the server's hint (`Retry-After` and its kin); `false` ignores hints. Merged by field. */
  readonly retryAfter?: RetryAfterOptions | false | undefined;
  /**
   * The methods that may be repeated whatever went wrong, in any letter case.
   *
   * @defaultValue ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY']
   */
  readonly methods?: readonly string[] | undefined;
  /**
   * The statuses worth another attempt.
   *
   * @defaultValue [408, 425, 429, 500, 502, 503, 504]
   */
  readonly statuses?: readonly number[] | undefined;
  /**
   * Whether an outcome is worth another attempt, successes included, in place of the default rule; `undefined` falls
   * back to it. It never makes an unsafe repetition safe.
   */
  readonly retryIf?: RetryPredicate | undefined;
  /**
   * Gives POST and PATCH requests one idempotency key each, the same on every attempt, which makes them repeatable. A
   * header already there is kept. Only for servers that honour such keys
   * (https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/).
   *
   * @defaultValue false
   */
  readonly idempotencyKey?: boolean | IdempotencyKeyOptions | undefined;
  /** Makes the body of every attempt, the first included, so that a stream can be sent again. On `config.retry` only. */
  readonly data?: (() => unknown) | undefined;
  /** Milliseconds of wall clock for each attempt, on every adapter, or `Infinity`. */
  readonly attemptTimeout?: number | undefined;
  /** Milliseconds of wall clock for the request as a whole, attempts and waits, or `Infinity`. */
  readonly totalTimeout?: number | undefined;
  /** An allowance of retries shared by several requests, or a function asked for it once per request. */
  readonly budget?: RetryBudget | (() => RetryBudget | undefined) | undefined;
  /**
   * Holds retries back while most requests fail: a throttle, the options of one, or `false`. On `config.retry` a
   * throttle or `false` only.
   *
   * @defaultValue a throttle of its own for each `attachRetry`
   */
  readonly throttle?: RetryThrottle | RetryThrottleOptions | false | undefined;
  /**
   * Awaited before each retry, to change the URL, headers, token or body of that attempt: edit the config, or return
   * another. Whether the attempt is safe to repeat is checked again afterwards.
   */
  readonly beforeRetry?:
    | ((
        config: InternalAxiosRequestConfig,
        context: RetryContext,
      ) => InternalAxiosRequestConfig | void | Promise<InternalAxiosRequestConfig | void>)
    | undefined;
  /** Who is told of attempts, retries and giving up. Adds up over the layers. */
  readonly observe?: RetryObserver | readonly RetryObserver[] | undefined;
}

/** Where options were written: on the instance, or on `config.retry`. */
export type OptionsPlace = 'instance' | 'request';

type Rule = readonly [text: string, accepts: (value: unknown, place: OptionsPlace) => boolean];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isFunction = (value: unknown): boolean => typeof value === 'function';
const isToken = (value: unknown): boolean => typeof value === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(value);
const isListOf = (value: unknown, accepts: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(accepts);
const isStatus = (value: unknown): boolean =>
  Number.isInteger(value) && Number(value) >= 100 && Number(value) <= 599;

const hasOnly = (value: unknown, rules: Readonly<Record<string, (field: unknown) => boolean>>): boolean =>
  isObject(value) &&
  Object.entries(value).every(
    ([name, field]) => field === undefined || (Object.hasOwn(rules, name) && rules[name]?.(field)),
  );

const isAtLeast = (least: number, value: unknown): boolean => typeof value === 'number' && value >= least;

const duration: Rule = ['a finite number of milliseconds ≥ 0', (v) => isAtLeast(0, v) && v !== Infinity];
const deadline: Rule = ['a number of milliseconds > 0 or Infinity', (v) => typeof v === 'number' && v > 0];
const anyFunction: Rule = ['a function', isFunction];

const isObserver = (value: unknown): boolean =>
  hasOnly(value, { onAttempt: isFunction, onRetry: isFunction, onGiveUp: isFunction });

const rules: Readonly<Record<keyof RetryOptions, Rule>> = {
  maxAttempts: [
    'an integer ≥ 1 or Infinity',
    (v) => v === Infinity || (Number.isInteger(v) && isAtLeast(1, v)),
  ],
  maxElapsedTime: ['a number of milliseconds ≥ 0 or Infinity', (v) => isAtLeast(0, v)],
  stop: anyFunction,
  baseDelay: duration,
  maxDelay: duration,
  exponentialBase: ['a finite number ≥ 1', (v) => isAtLeast(1, v) && v !== Infinity],
  jitter: [
    "'full', 'equal', 'none', a boolean or a function",
    (v) => ['full', 'equal', 'none', true, false].includes(v as string) || isFunction(v),
  ],
  wait: anyFunction,
  retryAfter: [
    "false or { max?: a number of milliseconds ≥ 0 or Infinity, whenLonger?: 'give-up' or 'clamp' }",
    (v) =>
      v === false ||
      hasOnly(v, { max: (max) => isAtLeast(0, max), whenLonger: (w) => w === 'give-up' || w === 'clamp' }),
  ],
  methods: ['an array of HTTP methods', (v) => isListOf(v, isToken)],
  statuses: ['an array of HTTP statuses from 100 to 599', (v) => isListOf(v, isStatus)],
  retryIf: anyFunction,
  idempotencyKey: [
    'a boolean or { header?: a header name, generate?: a function }',
    (v) => typeof v === 'boolean' || hasOnly(v, { header: isToken, generate: isFunction }),
  ],
  data: ['a function, on `config.retry` only', (v, place) => isFunction(v) && place === 'request'],
  attemptTimeout: deadline,
  totalTimeout: deadline,
  budget: ['a RetryBudget or a function', (v) => isRetryBudget(v) || isFunction(v)],
  throttle: [
    'a RetryThrottle, its options (on the instance only) or false',
    (v, place) => v === false || isRetryThrottle(v) || (place === 'instance' && isObject(v)),
  ],
  beforeRetry: anyFunction,
  observe: [
    'an object of functions onAttempt, onRetry, onGiveUp, or an array of such',
    (v) => isObserver(v) || isListOf(v, isObserver),
  ],
};

/** What users of axios-retry and retry-axios would type, and how it is spelled here. */
const renamed: Readonly<Record<string, string>> = {
  retries: '`maxAttempts` (one more than the retries)',
  retry: '`maxAttempts` (one more than the retries)',
  retryDelay: '`baseDelay`, or `wait` for a function',
  retryCondition: '`retryIf`',
  shouldRetry: '`retryIf`',
  validateResponse: '`retryIf`',
  noResponseRetries: '`retryIf` and `maxAttempts`',
  shouldResetTimeout: '`attemptTimeout` or `totalTimeout`',
  onRetry: '`observe: { onRetry }`, or `beforeRetry` to change the request',
  onRetryAttempt: '`observe: { onRetry }`, or `beforeRetry` to change the request',
  onMaxRetryTimesExceeded: '`observe: { onGiveUp }`',
  onError: '`observe: { onAttempt }`',
  httpMethodsToRetry: '`methods`',
  statusCodesToRetry: '`statuses`',
  backoffType: '`exponentialBase`, `jitter` or `wait`',
  maxRetryDelay: '`maxDelay`',
  checkRetryAfter: '`retryAfter`',
  maxRetryAfter: '`retryAfter: { max }`',
};

/** Refuses what is no policy; answers the options. @throws TypeError naming the option, the rule and the value. */
export function validateOptions(options: unknown, place: OptionsPlace): RetryOptions {
  if (!isObject(options)) {
    throw place === 'instance'
      ? expected('retry options', 'an object', options)
      : expected('`retry`', 'an object of retry options, such as { maxAttempts: 4 }, or false', options);
  }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(rules, name)) {
      const spelling = Object.hasOwn(renamed, name)
        ? `spelled ${renamed[name]}`
        : `one of ${Object.keys(rules).join(', ')}`;
      throw expected(`retry option \`${name}\``, spelling, value);
    }
    const [text, accepts] = rules[name as keyof RetryOptions];
    if (value !== undefined && !accepts(value, place))
      throw expected(`retry option \`${name}\``, text, value);
  }
  return options;
}
