import type { InternalAxiosRequestConfig } from 'axios';
import { expected } from './expected.ts';
import type { BudgetLike, ThrottleLike } from './limits/brand.ts';
import type { IdempotencyKeyOptions, RetryOptions } from './options.ts';
import type { RetryContext, RetryObserver, RetryPredicate, StopCondition, WaitStrategy } from './types.ts';
import { resolveJitter } from './wait/jitter.ts';
import { exponential } from './wait/strategies.ts';

/** A policy ready to be asked: every default filled in, every number that chooses a wait turned into a function. */
export interface Policy {
  readonly maxAttempts: number;
  readonly maxElapsedTime: number;
  readonly stop: StopCondition | undefined;
  readonly wait: WaitStrategy;
  readonly retryAfter: { readonly max: number; readonly whenLonger: 'give-up' | 'clamp' } | false;
  readonly methods: ReadonlySet<string>;
  readonly statuses: ReadonlySet<number>;
  readonly retryIf: RetryPredicate | undefined;
  readonly idempotencyKey: IdempotencyKeyOptions | false;
  readonly data: (() => unknown) | undefined;
  readonly attemptTimeout: number;
  readonly totalTimeout: number;
  readonly budget: BudgetLike | (() => BudgetLike | undefined) | undefined;
  readonly throttle: ThrottleLike | undefined;
  readonly beforeRetry:
    | ((
        config: InternalAxiosRequestConfig,
        context: RetryContext,
      ) => InternalAxiosRequestConfig | void | Promise<InternalAxiosRequestConfig | void>)
    | undefined;
  readonly observers: readonly RetryObserver[];
}

/** The built-in policy, as documented on each option. */
export const defaults = {
  maxAttempts: 3,
  maxElapsedTime: 300_000,
  baseDelay: 1_000,
  maxDelay: 60_000,
  exponentialBase: 2,
  retryAfter: { max: 120_000, whenLonger: 'give-up' },
  methods: ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY'],
  statuses: [408, 425, 429, 500, 502, 503, 504],
} as const satisfies RetryOptions;

type Given<T> = { readonly [name in keyof T]?: Exclude<T[name], undefined> };

const given = <T extends object>(layer: T): Given<T> =>
  Object.fromEntries(Object.entries(layer).filter(([, value]) => value !== undefined)) as Given<T>;

/**
 * Merges validated layers of options, later ones first in effect, into a policy.
 *
 * @throws TypeError when the layers together lift both bounds
 */
export function resolvePolicy(throttle: ThrottleLike | undefined, ...layers: readonly RetryOptions[]): Policy {
  const merged: Given<RetryOptions> = Object.assign({}, ...layers.map(given));
  const { maxAttempts = defaults.maxAttempts, maxElapsedTime = defaults.maxElapsedTime } = merged;
  if (maxAttempts === Infinity && maxElapsedTime === Infinity) {
    throw expected('retry option `maxAttempts`', 'finite when `maxElapsedTime` is Infinity', maxAttempts);
  }
  const { idempotencyKey = false } = merged;
  return {
    maxAttempts,
    maxElapsedTime,
    stop: merged.stop,
    wait: merged.wait ?? schedule(merged),
    retryAfter: resolveRetryAfter(layers),
    methods: new Set((merged.methods ?? defaults.methods).map((method) => method.toUpperCase())),
    statuses: new Set(merged.statuses ?? defaults.statuses),
    retryIf: merged.retryIf,
    idempotencyKey: idempotencyKey === true ? {} : idempotencyKey,
    data: merged.data,
    attemptTimeout: merged.attemptTimeout ?? Infinity,
    totalTimeout: merged.totalTimeout ?? Infinity,
    budget: merged.budget,
    throttle,
    beforeRetry: merged.beforeRetry,
    observers: layers.flatMap(({ observe = [] }) => observe),
  };
}

function schedule(options: Given<RetryOptions>): WaitStrategy {
  const { baseDelay, maxDelay, exponentialBase } = { ...defaults, ...options };
  const jitter = resolveJitter(options.jitter);
  return (context) => jitter(exponential(context.attemptNumber, baseDelay, exponentialBase, maxDelay), context);
}

function resolveRetryAfter(layers: readonly RetryOptions[]): Policy['retryAfter'] {
  return layers.reduce<Policy['retryAfter']>(
    (merged, { retryAfter }) =>
      retryAfter === undefined ? merged : retryAfter && { ...defaults.retryAfter, ...merged, ...given(retryAfter) },
    defaults.retryAfter,
  );
}
