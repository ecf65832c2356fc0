export { attachRetryWithTelemetry } from './opentelemetry/attach.ts';
export {
  ResendCountProcessor,
  resendCountHook,
  retryAttempt,
  type StartedSpan,
} from './opentelemetry/attempt-number.ts';
export type { TelemetryOptions, TelemetryRetryOptions } from './opentelemetry/options.ts';
