import { type Policy, resolvePolicy } from '../core/policy.ts';
import { showDuration } from '../observe/duration.ts';
import { given } from '../options/fields.ts';
import type { RetryOptions } from '../options/options.ts';
import type { RetryContext } from '../types.ts';
import type { PolicyWarning, PolicyWarningCode } from './explanation.ts';
import type { FailingRun, WaitRange } from './schedule.ts';

/** All that the warnings are about. */
export interface Findings {
  readonly options: RetryOptions;
  readonly policy: Policy;
  readonly schedule: readonly WaitRange[];
  readonly fastest: FailingRun;
  /** axios's own; `Infinity` for none. */
  readonly timeout: number;
  /** What is wrong with the wait, if anything is. */
  readonly waitFault: string | undefined;
  readonly stopFault: boolean;
}

/** What is wrong, or `undefined`. */
type Check = (findings: Findings) => string | undefined;

/** The bound that ends a request sooner, with its length. */
const tighterBound = ({ maxElapsedTime, totalTimeout }: Policy): readonly [ms: number, text: string] =>
  totalTimeout <= maxElapsedTime
    ? [totalTimeout, `totalTimeout (${showDuration(totalTimeout)})`]
    : [maxElapsedTime, `maxElapsedTime (${showDuration(maxElapsedTime)})`];

const findWaitOutOfReach: Check = ({ policy, schedule }) => {
  const [limit, bound] = tighterBound(policy);
  const index = schedule.findIndex(([, most]) => most > limit);
  const [least, most] = schedule[index] ?? [0, 0];
  if (most === 0) return undefined;
  const length = least === most ? `is ${showDuration(most)}` : `may be ${showDuration(most)}`;
  return `wait ${index + 1} ${length}, longer than ${bound}: a wait that would end too late is not begun`;
};

/** The first wait of the exponential schedule, before jitter. */
const firstWait = (options: RetryOptions): number =>
  resolvePolicy({ ...options, jitter: 'none' }).wait({ attemptNumber: 1 } as RetryContext);

/** The most that each duration is when it was probably meant in seconds. Fewer milliseconds make sense for hardly a server. */
const MOST_SECONDS = {
  baseDelay: 5,
  maxDelay: 120,
  attemptTimeout: 30,
  totalTimeout: 120,
  maxElapsedTime: 300,
  'retryAfter.max': 300,
  "axios's timeout": 30,
} as const;

const findSeconds: Check = ({ options, schedule, timeout }) => {
  const { retryAfter, wait } = options;
  const durations = given({
    ...options,
    'retryAfter.max': retryAfter ? retryAfter.max : undefined,
    "axios's timeout": timeout,
  });
  const first = wait ? (schedule[0]?.[1] ?? 0) : firstWait({ ...options, maxDelay: Number.MAX_VALUE });
  // Who waits 10 ms at first, and 100 at most, means milliseconds.
  const isMeant = (ms: number): boolean => first > MOST_SECONDS.baseDelay && first <= ms;
  const names = (Object.keys(MOST_SECONDS) as (keyof typeof MOST_SECONDS)[]).filter((name) => {
    const ms = durations[name] ?? 0;
    return ms > 0 && ms <= MOST_SECONDS[name] && !isMeant(ms);
  });
  const [name] = names;
  if (name === undefined) return undefined;
  const list = names.map((each) => `${each} (${durations[each]})`).join(', ');
  return `${list} ${names.length > 1 ? 'look' : 'looks'} like seconds; durations are milliseconds: ${durations[name]} seconds are ${Number(durations[name]) * 1_000}`;
};

const checks: Readonly<Record<PolicyWarningCode, Check>> = {
  'looks-like-seconds': findSeconds,

  'wait-out-of-reach': findWaitOutOfReach,

  'attempts-out-of-reach': (findings) => {
    const { policy, fastest } = findings;
    const isTooLate = fastest.bound === 'max-elapsed-time' || fastest.bound === 'total-timeout';
    if (!isTooLate || policy.maxAttempts === Infinity || findWaitOutOfReach(findings)) return undefined;
    const [, bound] = tighterBound(policy);
    return `maxAttempts ${policy.maxAttempts} is not reached: with the shortest waits ${bound} ends it after ${fastest.attempts}`;
  },

  'hint-out-of-reach': ({ policy, options: { retryAfter } }) => {
    const [limit, bound] = tighterBound(policy);
    // A default that is too long does no harm: the longer hints give up either way.
    const isChosen = retryAfter && (retryAfter.max !== undefined || retryAfter.whenLonger === 'clamp');
    if (!isChosen || policy.retryAfter === false || policy.retryAfter.max <= limit) return undefined;
    return `retryAfter.max (${showDuration(policy.retryAfter.max)}) is longer than ${bound}: such a wait is not begun`;
  },

  'timeout-out-of-reach': ({ policy: { totalTimeout }, timeout }) =>
    timeout < Infinity && timeout > totalTimeout
      ? `axios's timeout (${showDuration(timeout)}) is longer than totalTimeout (${showDuration(totalTimeout)}), which ends the request first`
      : undefined,

  'attempt-timeout-out-of-reach': ({ policy: { attemptTimeout, totalTimeout } }) =>
    attemptTimeout < Infinity && attemptTimeout >= totalTimeout
      ? `attemptTimeout (${showDuration(attemptTimeout)}) leaves no time for a retry within totalTimeout (${showDuration(totalTimeout)})`
      : undefined,

  'base-delay-above-max-delay': ({ options }) => {
    if (options.wait !== undefined) return undefined;
    // Asked of the schedule itself, so that the defaults stand in one place.
    const baseDelay = firstWait({ ...options, maxDelay: Number.MAX_VALUE });
    const maxDelay = firstWait({ ...options, baseDelay: Number.MAX_VALUE });
    if (baseDelay <= maxDelay) return undefined;
    return `baseDelay (${showDuration(baseDelay)}) is above maxDelay (${showDuration(maxDelay)}): waits do not grow`;
  },

  'schedule-ignored': ({ options }) => {
    const names = (['baseDelay', 'maxDelay', 'exponentialBase', 'jitter'] as const).filter(
      (name) => options[name] !== undefined,
    );
    if (options.wait === undefined || names.length === 0) return undefined;
    return `${names.join(', ')} ${names.length > 1 ? 'have' : 'has'} no effect: wait stands in place of the schedule`;
  },

  'no-wait': ({ schedule }) =>
    schedule.length > 0 && schedule.every(([, most]) => most === 0)
      ? 'retries come at once: a server in trouble gets no rest; give baseDelay or wait'
      : undefined,

  'no-jitter': ({ schedule }) =>
    schedule.some(([, most]) => most > 0) && schedule.every(([least, most]) => least === most)
      ? "jitter is off: clients that fail together come back together; use jitter 'full' for more than a few"
      : undefined,

  'unkeyed-method': ({ policy: { methods, idempotencyKey } }) => {
    const unkeyed = ['POST', 'PATCH'].filter((method) => methods.has(method));
    if (unkeyed.length === 0 || idempotencyKey) return undefined;
    return `${unkeyed.join(' and ')} in methods without idempotencyKey: a retry may act twice on the server`;
  },

  'wait-unknown': ({ waitFault }) => waitFault && `the schedule is not known to its end: ${waitFault}`,

  'stop-unknown': ({ stopFault }) =>
    stopFault
      ? 'stop is left out of account: it throws, or answers neither a boolean nor a string, when asked outside of a request'
      : undefined,
};

/** The combinations of options that defeat themselves, or other clients. */
export const findWarnings = (findings: Findings): readonly PolicyWarning[] =>
  (Object.keys(checks) as PolicyWarningCode[]).flatMap((code) => {
    const message = checks[code](findings);
    return message === undefined ? [] : [Object.freeze({ code, message })];
  });
