export { attachRetry, type RetryHandle } from './axios/attach.ts';
export { type BatchOptions, type BatchResult, batch } from './axios/batch.ts';
export { type ConcurrencyLimiter, limitConcurrency } from './axios/concurrency.ts';
export { wasRetried } from './axios/layers.ts';
export { retryReport } from './axios/state.ts';
export { type RetryTransportOptions, retryTransport } from './axios/transport.ts';
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
export {
  type ExplainPolicyContext,
  explainPolicy,
  type FailingRun,
  type PolicyExplanation,
  type PolicyWarning,
  type PolicyWarningCode,
  type WaitRange,
} from './explain.ts';
export { RetryBudget, type RetryBudgetOptions } from './limits/budget.ts';
export { RetryThrottle, type RetryThrottleOptions } from './limits/throttle.ts';
export { type LogRetriesOptions, logRetries, type RetryLogEntry } from './observe/log.ts';
export type { IdempotencyKeyOptions, RetryAfterOptions, RetryOptions } from './options.ts';
export { stopAfterAttempt, stopAfterDelay, stopAll, stopAny, stopBeforeDelay } from './stop.ts';
export type * from './types.ts';
export {
  type ExponentialJitterOptions,
  type ExponentialOptions,
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
