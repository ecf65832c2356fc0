import { expected } from './expected.ts';
import { type Given, given } from './fields.ts';
import type { ThrottleLike } from './limits/brand.ts';
import type { RetryOptions } from './options.ts';
import type { RetryObserver, WaitStrategy } from './types.ts';
import { resolveJitter } from './wait/jitter.ts';
import { exponential } from './wait/strategies.ts';

/** The built-in policy, as documented on each option. */
const DEFAULTS = {
  maxAttempts: 3,
  maxElapsedTime: 300_000,
  baseDelay: 1_000,
  maxDelay: 60_000,
  exponentialBase: 2,
  retryAfter: { max: 120_000, whenLonger: 'give-up' },
  methods: ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY'],
  statuses: [408, 425, 429, 500, 502, 503, 504],
  attemptTimeout: Infinity,
  totalTimeout: Infinity,
} as const satisfies RetryOptions;

type WithDefault = 'maxAttempts' | 'maxElapsedTime' | 'attemptTimeout' | 'totalTimeout';
type AsGiven = 'stop' | 'retryIf' | 'idempotencyKey' | 'data' | 'budget' | 'beforeRetry';

/** A policy ready to be asked: every default filled in, every number that chooses a wait turned into a function. */
export interface Policy
  extends Required<Given<Pick<RetryOptions, WithDefault>>>,
    Given<Pick<RetryOptions, AsGiven>> {
  readonly wait: WaitStrategy;
  readonly retryAfter: { readonly max: number; readonly whenLonger: 'give-up' | 'clamp' } | false;
  /** In upper case. */
  readonly methods: ReadonlySet<string>;
  readonly statuses: ReadonlySet<number>;
  readonly throttle: ThrottleLike | undefined;
  readonly observers: readonly RetryObserver[];
}

/**
 * Merges validated layers of options, each one over those before it, into a policy.
 *
 * @throws TypeError when the layers together lift both bounds
 */
export function resolvePolicy(
  throttle: ThrottleLike | undefined,
  ...layers: readonly RetryOptions[]
): Policy {
  const merged: Given<RetryOptions> & typeof DEFAULTS = Object.assign({}, DEFAULTS, ...layers.map(given));
  const { maxAttempts, baseDelay, maxDelay, exponentialBase, jitter } = merged;
  if (Math.min(maxAttempts, merged.maxElapsedTime) === Infinity) {
    throw expected('retry option `maxAttempts`', 'finite when `maxElapsedTime` is Infinity', maxAttempts);
  }
  const spread = resolveJitter(jitter);
  const schedule: WaitStrategy = (context) =>
    spread(exponential(context.attemptNumber, baseDelay, exponentialBase, maxDelay), context);
  return {
    ...merged,
    wait: merged.wait ?? schedule,
    retryAfter: resolveRetryAfter(layers),
    methods: new Set(merged.methods.map((method) => method.toUpperCase())),
    statuses: new Set(merged.statuses),
    throttle,
    observers: layers.flatMap(({ observe = [] }) => observe),
  };
}

function resolveRetryAfter(layers: readonly RetryOptions[]): Policy['retryAfter'] {
  let merged: Policy['retryAfter'] = DEFAULTS.retryAfter;
  for (const { retryAfter } of layers) {
    if (retryAfter === false) merged = false;
    else if (retryAfter) merged = { ...DEFAULTS.retryAfter, ...merged, ...given(retryAfter) };
  }
  return merged;
}
