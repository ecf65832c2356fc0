import { context } from '@opentelemetry/api';
import type { AxiosInstance, AxiosResponse } from 'axios';
import { adapterFor } from '../axios/adapter.ts';
import { attachRetry, type RetryHandle } from '../axios/attach.ts';
import { attemptOf, retryReport } from '../axios/report.ts';
import type { Config } from '../axios/snapshot.ts';
import { isRetryThrottle } from '../limits/brand.ts';
import { RetryThrottle } from '../limits/throttle.ts';
import { isObject, isRecord } from '../options/fields.ts';
import type { RetryOptions } from '../options/options.ts';
import { completeClock, systemClock } from '../runtime/clock.ts';
import type { RetryObserver, RetryRuntime } from '../types.ts';
import { sendAs } from './attempt-number.ts';
import { RetryMetrics } from './metrics.ts';
import { checkTelemetry, type TelemetryRetryOptions } from './options.ts';
import { RetrySpans } from './retry-span.ts';

/**
 * `attachRetry` for a client that OpenTelemetry watches. It takes the same arguments and stands in the same place. In addition
 * it
 *
 * - tells the attempt number to the OpenTelemetry context of each retry, so that a {@link ResendCountProcessor} or a
 *   {@link resendCountHook} can set `http.request.resend_count` on the client spans of your HTTP instrumentation;
 * - records metrics of retries, give-ups, waits and throttle tokens;
 * - makes one INTERNAL span for each request that is retried, with `telemetry: { span: true }`.
 *
 * A request that succeeds at the first attempt leaves nothing. No attribute holds a path, a query, a header or a body.
 *
 * @throws TypeError for bad options; Error when the instance is attached already
 * @example
 * ```ts
 * const client = axios.create({ baseURL: 'https://api.example.com' });
 * attachRetryWithTelemetry(client, { maxAttempts: 5, telemetry: { span: true } });
 * ```
 */
export function attachRetryWithTelemetry(
  instance: AxiosInstance,
  options: TelemetryRetryOptions = {},
  runtime?: RetryRuntime,
): RetryHandle {
  if (!isRecord(options)) return attachRetry(instance, options, runtime);
  const { telemetry = {}, ...policy } = options as TelemetryRetryOptions;
  const { metrics = true, span = false, meterProvider, tracerProvider } = checkTelemetry(telemetry);
  const observed = observedThrottle(policy.throttle, runtime);
  const watch: Watch = {
    metrics: metrics ? new RetryMetrics(meterProvider, observed) : undefined,
    spans: span ? new RetrySpans(tracerProvider) : undefined,
  };
  const handle = attachRetry(
    instance,
    {
      ...policy,
      throttle: observed?.throttle ?? policy.throttle,
      observe: [policy.observe ?? [], observerOf(watch)].flat(),
    },
    runtime,
  );
  // Registered after it, so outside: once for each request.
  const { request, response } = instance.interceptors;
  const requestId = request.use(numberAttempts(watch), null, { synchronous: true });
  const responseId = response.use(noteSuccess(watch));
  return {
    drain: handle.drain,
    detach() {
      handle.detach();
      request.eject(requestId);
      response.eject(responseId);
    },
  };
}

/** What watches the requests of a client. */
interface Watch {
  readonly metrics: RetryMetrics | undefined;
  readonly spans: RetrySpans | undefined;
}

/** The throttle that `attachRetry` would make by itself, so that the gauge can read it. */
function observedThrottle(
  throttle: RetryOptions['throttle'],
  { clock = systemClock }: RetryRuntime = {},
): { readonly throttle: RetryThrottle; readonly now: () => number } | undefined {
  // `attachRetry` refuses what is no throttle.
  if (throttle !== undefined && !isObject(throttle)) return undefined;
  const { monotonic } = completeClock(clock);
  return {
    throttle: (isRetryThrottle(throttle) ? throttle : new RetryThrottle(throttle)) as RetryThrottle,
    now: monotonic,
  };
}

/** What identifies a request through all its attempts. */
const requestOf = ({ retryState }: Config): object | undefined =>
  isObject(retryState) ? retryState : undefined;

/** Puts around the adapter what tells the context of a retry its number. */
const numberAttempts =
  ({ spans }: Watch) =>
  (config: Config): Config => {
    const { adapter } = config;
    config.adapter = (sent: Config) => {
      // The error of a request shows what its caller gave.
      sent.adapter = adapter as never;
      const send = () => adapterFor(adapter, sent)(sent);
      const number = attemptOf(sent) ?? 1;
      const request = requestOf(sent);
      if (number === 1 || !request) return send();
      return sendAs(number, spans?.contextOf(request) ?? context.active(), send);
    };
    return config;
  };

const observerOf = ({ metrics, spans }: Watch): RetryObserver => ({
  onRetry(event) {
    metrics?.retried(event);
    const request = requestOf(event.config);
    if (request) spans?.begin(request, event);
  },
  onGiveUp(event) {
    metrics?.gaveUp(event);
    const request = requestOf(event.config);
    if (request) spans?.giveUp(request, event);
  },
});

/** Notes a success after retries: no observer is told of it. A response that is given up was told already. */
const noteSuccess =
  ({ metrics, spans }: Watch) =>
  (response: AxiosResponse): AxiosResponse => {
    const config: Config | undefined = response?.config;
    const retries = (attemptOf(config) ?? 1) - 1;
    const request = config && requestOf(config);
    if (retries > 0 && request && retryReport(response)?.reason === undefined) {
      metrics?.recovered(response, retries);
      spans?.succeed(request, retries);
    }
    return response;
  };
