import { headerOf } from '../axios/idempotency.ts';
import { type Policy, resolvePolicy, withOwnLimits } from '../core/policy.ts';
import { isCooldown, isRetryThrottle } from '../limits/brand.ts';
import { Cooldown, type CooldownOptions } from '../limits/cooldown.ts';
import { RetryThrottle, type RetryThrottleOptions } from '../limits/throttle.ts';
import { expected } from '../options/expected.ts';
import { type Given, given, isRecord } from '../options/fields.ts';
import type { RequestRetryOptions, RetryOptions } from '../options/options.ts';
import { validateOptions } from '../options/rules.ts';
import type { PolicyExplanation } from './explanation.ts';
import {
  findWorstCase,
  longestHint,
  MOST_ATTEMPTS,
  playFailingRun,
  sampleSchedule,
  type WaitRange,
} from './schedule.ts';
import { explainInWords } from './text.ts';
import { findWarnings } from './warnings.ts';

export type { PolicyExplanation, PolicyWarning, PolicyWarningCode } from './explanation.ts';
export type { FailingRun, WaitRange } from './schedule.ts';

/** What explainPolicy has to know of axios's own configuration; an instance's `defaults` will do. */
export interface ExplainPolicyContext {
  /**
   * axios's `timeout`, in milliseconds; 0 is none.
   *
   * @defaultValue 0
   */
  readonly timeout?: number | undefined;
}

/** So many waits are told of a policy without a limit of attempts. */
const MOST_OF_ENDLESS = 10;

/**
 * What a policy would do, as data and, with `String()`, in words for a terminal: what is retried, how long the waits are,
 * which bound ends a request first, and which options defeat each other. It sends nothing and waits for nothing. A `wait`,
 * `jitter` or `stop` function is asked outside of any request; `retryIf`, `budget` and throttle are not asked. For
 * development and tests, not for the path of a request.
 *
 * @throws TypeError for what `attachRetry` and `config.retry` refuse
 * @example
 * console.log(String(explainPolicy({ maxAttempts: 5, totalTimeout: 10_000 }, client.defaults)));
 */
export function explainPolicy(
  options: RetryOptions | RequestRetryOptions = {},
  context: ExplainPolicyContext = {},
): PolicyExplanation {
  checkOptions(options);
  const own: Given<RetryOptions> = given(options);
  const { timeout = 0 } = given(context);
  if (!(typeof timeout === 'number' && timeout >= 0)) {
    throw expected('`timeout` of `explainPolicy`', 'a number of milliseconds ≥ 0', timeout);
  }
  const policy = resolvePolicy(withOwnLimits(given(options) as RetryOptions));
  const { maxAttempts, maxElapsedTime, attemptTimeout, totalTimeout, idempotencyKey, retryAfter } = policy;
  const waits = sampleSchedule(policy);
  let stopFault = false;
  const onFault = (): void => {
    stopFault = true;
  };
  const attemptTime = [attemptTimeout, timeout].find((ms) => ms < Infinity) ?? 0;
  const fastest = playFailingRun(policy, waits, { waits: 'shortest', attemptTime: 0, onFault });
  const slowest = playFailingRun(policy, waits, { waits: 'longest', attemptTime, onFault });
  const schedule = listWaits(policy, waits.rangeOf);
  const facts: Omit<PolicyExplanation, 'toString'> = {
    maxAttempts,
    maxElapsedTime,
    attemptTimeout,
    totalTimeout,
    methods: [...policy.methods],
    statuses: [...policy.statuses],
    retryIf: policy.retryIf !== undefined,
    idempotencyKey: idempotencyKey ? headerOf(idempotencyKey) : false,
    jitter: nameJitter(own),
    throttle: own.throttle !== false,
    budget: own.budget !== undefined,
    schedule,
    omitted: maxAttempts - 1 - schedule.length,
    sampled: own.wait !== undefined || typeof own.jitter === 'function',
    retryAfter: retryAfter && { max: retryAfter.max, whenLonger: retryAfter.whenLonger },
    longestHint: longestHint(policy),
    fastest,
    slowest,
    worstCase: findWorstCase(policy, waits),
    warnings: findWarnings({
      options: own,
      policy,
      schedule,
      fastest,
      timeout: timeout || Infinity,
      waitFault: waits.fault,
      stopFault,
    }),
  };
  const text = explainInWords(facts);
  return Object.freeze(Object.defineProperty(facts, 'toString', { value: () => text }));
}

function checkOptions(options: RetryOptions | RequestRetryOptions): void {
  // `data` is for requests, the options of a throttle or a cooldown are for instances; a policy to be explained may be of either.
  const { data, ...rest }: RequestRetryOptions = isRecord(options) ? options : {};
  const { throttle, cooldown } = validateOptions(isRecord(options) ? rest : options, 'instance');
  validateOptions({ data }, 'request');
  if (throttle && !isRetryThrottle(throttle)) new RetryThrottle(throttle as RetryThrottleOptions);
  if (cooldown && !isCooldown(cooldown)) new Cooldown(cooldown as CooldownOptions);
}

function listWaits(
  { maxAttempts }: Policy,
  rangeOf: (attemptNumber: number) => WaitRange | undefined,
): WaitRange[] {
  const length = maxAttempts === Infinity ? MOST_OF_ENDLESS : Math.min(maxAttempts - 1, MOST_ATTEMPTS);
  return Array.from({ length }, (_, index) => rangeOf(index + 1)).filter((range) => range !== undefined);
}

function nameJitter({ wait, jitter = 'full' }: RetryOptions): PolicyExplanation['jitter'] {
  if (wait || typeof jitter === 'function') return 'custom';
  return jitter === true ? 'full' : jitter || 'none';
}
