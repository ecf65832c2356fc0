import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import { aBoolean, isFunction } from '../options/common-rules.ts';
import { checkFields, isObject, type Rule } from '../options/fields.ts';
import type { RetryOptions } from '../options/options.ts';

/** What `attachRetryWithTelemetry` records, and where. */
export interface TelemetryOptions {
  /**
   * Whether the metrics `axios_tenacity.*` are recorded.
   *
   * @defaultValue true
   */
  readonly metrics?: boolean | undefined;
  /**
   * Whether a request that is retried gets an INTERNAL span, from the first retry that is scheduled to the end of the
   * request. The client spans of its retries are children of it.
   *
   * @defaultValue false
   */
  readonly span?: boolean | undefined;
  /**
   * Where the metrics go.
   *
   * @defaultValue the global one, also when it is set later
   */
  readonly meterProvider?: MeterProvider | undefined;
  /**
   * Where the span goes.
   *
   * @defaultValue the global one, also when it is set later
   */
  readonly tracerProvider?: TracerProvider | undefined;
}

/** The options of `attachRetry`, and what is recorded. */
export interface TelemetryRetryOptions extends RetryOptions {
  /**
   * What is recorded, and where.
   *
   * @defaultValue the metrics, by the global provider
   */
  readonly telemetry?: TelemetryOptions | undefined;
}

const providerWith = (method: string): Rule => [
  `a provider with the method ${method}`,
  (value) => isObject(value) && isFunction((value as Record<string, unknown>)[method]),
];

const RULES: Readonly<Record<keyof TelemetryOptions, Rule>> = {
  metrics: aBoolean,
  span: aBoolean,
  meterProvider: providerWith('getMeter'),
  tracerProvider: providerWith('getTracer'),
};

/** @throws TypeError for an unknown option or one that breaks its rule */
export function checkTelemetry(options: TelemetryOptions): TelemetryOptions {
  checkFields('`telemetry` option', RULES, options, undefined);
  return options;
}
