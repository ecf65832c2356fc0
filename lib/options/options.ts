import type { AxiosResponse, InternalAxiosRequestConfig, Method } from 'axios';
import { isCooldown, isRetryBudget, isRetryThrottle } from '../limits/brand.ts';
import type { RetryBudget } from '../limits/budget.ts';
import type { Cooldown, CooldownOptions } from '../limits/cooldown.ts';
import type { RetryThrottle, RetryThrottleOptions } from '../limits/throttle.ts';
import { isJitter, JITTER } from '../strategies/jitter.ts';
import type {
  JitterFunction,
  JitterName,
  PendingRetryContext,
  RetryObserver,
  RetryPredicate,
  StopCondition,
  WaitStrategy,
} from '../types.ts';
import { expected } from './expected.ts';
import { checkFields, hasOnly, isRecord, isWithin, type Rule } from './fields.ts';

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

/** Where options were written: on the instance, or on `config.retry`. */
export type OptionsPlace = 'instance' | 'request';

const isFunction = (value: unknown): boolean => typeof value === 'function';

const isName = (value: unknown): boolean => typeof value === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(value);

const isMethod = (value: unknown): boolean => isName(value) && /[a-z]/i.test(value as string);

const isListOf = (value: unknown, accepts: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(accepts);

const isErrorStatus = (value: unknown): boolean => Number.isInteger(value) && isWithin(value, 300, 599);

const aFunction: Rule<unknown> = ['a function', isFunction];
const aWait: Rule<unknown> = ['a finite number of ms ≥ 0', (v) => isWithin(v, 0, Number.MAX_VALUE)];
const aSpan: Rule<unknown> = ['a number of ms ≥ 0 or Infinity', (v) => isWithin(v, 0, Infinity)];
const aDeadline: Rule<unknown> = [
  'a number of ms > 0 or Infinity',
  (v) => isWithin(v, Number.MIN_VALUE, Infinity),
];

const retryAfterRules = {
  max: aSpan,
  whenLonger: ["'give-up' or 'clamp'", (v) => v === 'give-up' || v === 'clamp'],
  read: aFunction,
} satisfies Record<keyof RetryAfterOptions, Rule>;

const keyRules = { header: ['the name of a header', isName], generate: aFunction } satisfies Record<
  keyof IdempotencyKeyOptions,
  Rule
>;

const observerRules = { onAttempt: aFunction, onRetry: aFunction, onGiveUp: aFunction } satisfies Record<
  keyof RetryObserver,
  Rule
>;

/** Whether a value may be the options of a limit; one limit is not the options of another. */
const isOptions = (value: unknown): boolean =>
  isRecord(value) && ![isRetryBudget, isRetryThrottle, isCooldown].some((isLimit) => isLimit(value));

const isObserver = (value: unknown): boolean => hasOnly(value, observerRules);

const rules: Readonly<Record<keyof RetryOptions | keyof RequestRetryOptions, Rule<OptionsPlace>>> = {
  maxAttempts: [
    'an integer ≥ 1 or Infinity',
    (v) => v === Infinity || (Number.isInteger(v) && isWithin(v, 1, Number.MAX_VALUE)),
  ],
  maxElapsedTime: aSpan,
  stop: aFunction,
  baseDelay: aWait,
  maxDelay: aWait,
  exponentialBase: ['a finite number ≥ 1', (v) => isWithin(v, 1, Number.MAX_VALUE)],
  jitter: [JITTER, isJitter],
  wait: aFunction,
  retryAfter: [
    "false or { max: ms, whenLonger: 'give-up' or 'clamp', read: a function }",
    (v) => v === false || hasOnly(v, retryAfterRules),
    { fields: retryAfterRules },
  ],
  methods: [
    'an array of HTTP methods',
    (v) => isListOf(v, isMethod),
    { items: ['an HTTP method', isMethod] },
  ],
  statuses: [
    'an array of integers from 300 to 599',
    (v) => isListOf(v, isErrorStatus),
    { items: ['an integer from 300 to 599; `retryIf` is for successes', isErrorStatus] },
  ],
  retryIf: aFunction,
  idempotencyKey: [
    'a boolean or { header: a name, generate: a function }',
    (v) => typeof v === 'boolean' || hasOnly(v, keyRules),
    { fields: keyRules },
  ],
  data: ['a function, on `config.retry` only', (v, place) => isFunction(v) && place === 'request'],
  attemptTimeout: aDeadline,
  totalTimeout: aDeadline,
  budget: ['a RetryBudget or a function', (v) => isRetryBudget(v) || isFunction(v)],
  throttle: [
    'a RetryThrottle, false or, on the instance only, its options',
    (v, place) => v === false || isRetryThrottle(v) || (place === 'instance' && isOptions(v)),
  ],
  cooldown: [
    'a Cooldown, false or, on the instance only, its options',
    (v, place) => v === false || isCooldown(v) || (place === 'instance' && isOptions(v)),
  ],
  beforeRetry: aFunction,
  observe: [
    'an object of functions onAttempt, onRetry, onGiveUp, or an array of such',
    (v) => isObserver(v) || isListOf(v, isObserver),
    { fields: observerRules, items: ['an observer', isObserver, { fields: observerRules }] },
  ],
};

/** How it is spelled here what users of axios-retry, retry-axios and their like would type; the first that matches counts. */
const spellings: readonly (readonly [typed: RegExp, here: string])[] = [
  [/^min(Timeout|Delay)$|^first/i, 'baseDelay'],
  [/^max(Timeout|RetryDelay|RetryAfter|Interval)$/i, 'maxDelay, or retryAfter.max for hints'],
  [/^factor$|multiplier/i, 'exponentialBase'],
  [/^retryOn/i, 'retryIf'],
  [/retries|^retry$|limit/i, 'maxAttempts (retries + 1)'],
  [/^on/, 'beforeRetry or observe'],
  [/timeout/i, 'attemptTimeout or totalTimeout'],
  [/^should|condition|validate/i, 'retryIf'],
  [/after/i, 'retryAfter'],
  [/methods/i, 'methods'],
  [/status/i, 'statuses'],
  [/delay|backoff/i, 'baseDelay, maxDelay, jitter or wait'],
];

/**
 * Refuses what is no policy; answers the options.
 *
 * @throws TypeError naming the option, the rule and the value
 */
export function validateOptions(options: unknown, place: 'instance'): RetryOptions;
export function validateOptions(options: unknown, place: 'request'): RequestRetryOptions;
export function validateOptions(options: unknown, place: OptionsPlace): object {
  if (place === 'request' && !isRecord(options)) {
    throw expected('`retry`', 'false or retry options such as { maxAttempts: 4 }', options);
  }
  // Read once, and without a prototype: what somebody put on `Object.prototype` is no option.
  const own: unknown = isRecord(options) ? Object.assign(Object.create(null), options) : options;
  checkFields('retry option', rules, own, place, (name) => {
    const spelling = spellings.find(([typed]) => typed.test(name));
    return spelling && `spelled ${spelling[1]}`;
  });
  return own as object;
}
