export {
  attachRetryWithTelemetry,
  type TelemetryOptions,
  type TelemetryRetryOptions,
} from './opentelemetry/attach.ts';
export {
  ResendCountProcessor,
  resendCountHook,
  retryAttempt,
  type StartedSpan,
} from './opentelemetry/attempt-number.ts';
