import { type CooldownLike, isCooldown, isRetryThrottle, type ThrottleLike } from '../limits/brand.ts';
import { Cooldown } from '../limits/cooldown.ts';
import { RetryThrottle } from '../limits/throttle.ts';
import { expected } from '../options/expected.ts';
import { type Given, given } from '../options/fields.ts';
import type { RequestRetryOptions, RetryAfterOptions, RetryOptions } from '../options/options.ts';
import { resolveJitter } from '../strategies/jitter.ts';
import { exponential } from '../strategies/wait.ts';
import type { RetryObserver, WaitStrategy } from '../types.ts';

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

/** How far to obey the server: {@link RetryAfterOptions} with the defaults filled in. */
type RetryAfter = Required<Given<Omit<RetryAfterOptions, 'read'>>> & Given<Pick<RetryAfterOptions, 'read'>>;

/** A policy ready to be asked: every default filled in, every number that chooses a wait turned into a function. */
export interface Policy
  extends Required<Given<Pick<RetryOptions, WithDefault>>>,
    Given<Pick<RetryOptions & RequestRetryOptions, AsGiven>> {
  readonly wait: WaitStrategy;
  readonly retryAfter: RetryAfter | false;
  /** In upper case. */
  readonly methods: ReadonlySet<string>;
  readonly statuses: ReadonlySet<number>;
  readonly throttle: ThrottleLike | undefined;
  readonly cooldown: CooldownLike | undefined;
  readonly observers: readonly RetryObserver[];
}

const mergeRetryAfter = (
  merged: Policy['retryAfter'],
  { retryAfter }: Pick<RetryOptions, 'retryAfter'>,
): Policy['retryAfter'] =>
  retryAfter === undefined
    ? merged
    : retryAfter && Object.assign(Object.create(null), DEFAULTS.retryAfter, merged, given(retryAfter));

/**
 * Merges validated options, those of a request over those of its instance, into a policy.
 *
 * @throws TypeError when the two together lift both bounds
 */
export function resolvePolicy(base: RetryOptions = {}, own: RequestRetryOptions = {}): Policy {
  const layers = [base, own];
  const merged: Given<RetryOptions> & typeof DEFAULTS = Object.assign(
    Object.create(null),
    DEFAULTS,
    ...layers.map(given),
  );
  const { maxAttempts, baseDelay, maxDelay, exponentialBase, jitter } = merged;
  if (Math.min(maxAttempts, merged.maxElapsedTime) === Infinity) {
    throw expected('retry option `maxAttempts`', 'finite when `maxElapsedTime` is Infinity', maxAttempts);
  }
  const spread = resolveJitter(jitter);
  const schedule: WaitStrategy = (context) =>
    spread(exponential(context.attemptNumber, baseDelay, exponentialBase, maxDelay), context);
  return Object.assign(merged, {
    wait: merged.wait ?? schedule,
    retryAfter: layers.reduce<Policy['retryAfter']>(
      mergeRetryAfter,
      given(DEFAULTS.retryAfter) as RetryAfter,
    ),
    methods: new Set(merged.methods.map((method) => method.toUpperCase())),
    statuses: new Set(merged.statuses),
    throttle: isRetryThrottle(merged.throttle) ? merged.throttle : undefined,
    cooldown: isCooldown(merged.cooldown) ? merged.cooldown : undefined,
    observers: layers.flatMap(({ observe = [] }) => observe),
    ...(merged.idempotencyKey && { idempotencyKey: given(Object(merged.idempotencyKey)) }),
  });
}

/** The options of an instance, with what its requests share made: the throttle and the cooldown. */
export function withOwnLimits(options: RetryOptions): RetryOptions {
  const { throttle, cooldown } = options;
  return Object.assign(options, {
    throttle: throttle === false || isRetryThrottle(throttle) ? throttle : new RetryThrottle(throttle),
    cooldown: cooldown === false || isCooldown(cooldown) ? cooldown : new Cooldown(cooldown),
  });
}
