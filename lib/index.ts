export { type HedgeOptions, type HedgingAdapter, hedge } from './adapters/hedge.ts';
export {
  type ConcurrencyLimiter,
  type LimitConcurrencyOptions,
  limitConcurrency,
} from './adapters/limit-concurrency.ts';
export { type RetryTransportOptions, retryTransport } from './adapters/retry-transport.ts';
export { attachRetry, type RetryHandle } from './axios/attach.ts';
export { attemptOf, retryReport, wasRetried } from './axios/report.ts';

export { type BatchOptions, batch } from './batch/batch.ts';
export type { BatchProgress, BatchRejection, BatchResult } from './batch/result.ts';
export {
  type ExplainPolicyContext,
  explainPolicy,
  type FailingRun,
  type PolicyExplanation,
  type PolicyWarning,
  type PolicyWarningCode,
  type WaitRange,
} from './explain/explain.ts';
export type { Reservation } from './limits/brand.ts';
export { RetryBudget, type RetryBudgetOptions } from './limits/budget.ts';
export { Cooldown, type CooldownOptions } from './limits/cooldown.ts';
export { RetryThrottle, type RetryThrottleOptions } from './limits/throttle.ts';
export { type LogRetriesOptions, logRetries, type RetryLogEntry } from './observe/log.ts';
export type {
  IdempotencyKeyOptions,
  RequestRetryOptions,
  RetryAfterOptions,
  RetryOptions,
} from './options/options.ts';
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
} from './strategies/retry-if.ts';
export { stopAfterAttempt, stopAfterDelay, stopAll, stopAny, stopBeforeDelay } from './strategies/stop.ts';
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
} from './strategies/wait.ts';
export type * from './types.ts';
