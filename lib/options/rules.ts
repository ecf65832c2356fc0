import { isCooldown, isRetryBudget, isRetryThrottle } from '../limits/brand.ts';
import { isJitter, JITTER } from '../strategies/jitter.ts';
import type { RetryObserver } from '../types.ts';
import {
  aBudget,
  aDeadline,
  aDuration,
  aFactor,
  aFunction,
  aPositiveCount,
  aSpan,
  isFunction,
} from './common-rules.ts';
import { expected } from './expected.ts';
import { checkFields, hasOnly, isIntegerWithin, isRecord, type Rule } from './fields.ts';
import type {
  IdempotencyKeyOptions,
  RequestRetryOptions,
  RetryAfterOptions,
  RetryOptions,
} from './options.ts';
import { spellingOf } from './spellings.ts';

/** Where options were written: on the instance, or on `config.retry`. */
export type OptionsPlace = 'instance' | 'request';

const isName = (value: unknown): boolean => typeof value === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(value);

const isMethod = (value: unknown): boolean => isName(value) && /[a-z]/i.test(value as string);

const isListOf = (value: unknown, accepts: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(accepts);

const isErrorStatus = (value: unknown): boolean => isIntegerWithin(value, 300, 599);

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
  maxAttempts: aPositiveCount,
  maxElapsedTime: aSpan,
  stop: aFunction,
  baseDelay: aDuration,
  maxDelay: aDuration,
  exponentialBase: aFactor,
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
  budget: aBudget,
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
  checkFields('retry option', rules, own, place, spellingOf);
  return own as object;
}
