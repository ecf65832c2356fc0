export { attachRetry, type RetryHandle } from './axios/attach.ts';
export { wasRetried } from './axios/layers.ts';
export { retryReport } from './axios/state.ts';
export {
  retryAll,
  retryAny,
  retryIfCode,
  retryIfConnectionFailed,
  retryIfDefault,
  retryIfError,
  retryIfResponse,
  retryIfStatus,
  retryIfTimeout,
  retryNot,
} from './combine.ts';
export { RetryBudget, type RetryBudgetOptions } from './limits/budget.ts';
export { RetryThrottle, type RetryThrottleOptions } from './limits/throttle.ts';
export type { IdempotencyKeyOptions, RetryAfterOptions, RetryOptions } from './options.ts';
export { stopAfterAttempt, stopAfterDelay, stopAll, stopAny, stopBeforeDelay } from './stop.ts';
export type * from './types.ts';
export {
  waitChain,
  waitCombine,
  waitExponential,
  waitExponentialJitter,
  waitFixed,
  waitIncrementing,
  waitNone,
  waitRandom,
  waitRandomExponential,
} from './wait/strategies.ts';
