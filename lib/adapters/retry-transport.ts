import type { AxiosAdapter, InternalAxiosRequestConfig } from 'axios';
import { type Adapter, senderOf } from '../axios/adapter.ts';
import { isOneShot } from '../axios/body.ts';
import { onCanceled, throwIfCanceled } from '../axios/cancellation.ts';
import { failureOf } from '../failure/classify.ts';
import { aDuration, aFactor, aPositiveInteger } from '../options/common-rules.ts';
import { checkFields, given, type Rule } from '../options/fields.ts';
import { sourcesOf } from '../runtime/abort.ts';
import { completeClock, systemClock, systemRandom } from '../runtime/clock.ts';
import { resolveJitter } from '../strategies/jitter.ts';
import { waitExponential } from '../strategies/wait.ts';
import type { JitterName, RetryContext, RetryRuntime } from '../types.ts';

/** How often, and how soon, `retryTransport` tries to connect again. */
export interface RetryTransportOptions {
  /**
   * How often to send at most, the first time included: an integer ≥ 1.
   *
   * @defaultValue 3
   */
  readonly maxAttempts?: number | undefined;
  /**
   * The first wait before jitter, in milliseconds.
   *
   * @defaultValue 100
   */
  readonly baseDelay?: number | undefined;
  /**
   * The longest wait before jitter, in milliseconds.
   *
   * @defaultValue 2_000
   */
  readonly maxDelay?: number | undefined;
  /**
   * What each wait is multiplied by to give the next, ≥ 1.
   *
   * @defaultValue 2
   */
  readonly exponentialBase?: number | undefined;
  /**
   * How waits are spread: `full` (or `true`), `equal`, `none` (or `false`).
   *
   * @defaultValue 'full'
   */
  readonly jitter?: JitterName | boolean | undefined;
}

const DEFAULTS = {
  maxAttempts: 3,
  baseDelay: 100,
  maxDelay: 2_000,
  exponentialBase: 2,
  jitter: 'full',
} as const satisfies RetryTransportOptions;

const rules: Readonly<Record<keyof RetryTransportOptions, Rule>> = {
  maxAttempts: aPositiveInteger,
  baseDelay: aDuration,
  maxDelay: aDuration,
  exponentialBase: aFactor,
  jitter: [
    "'full', 'equal', 'none' or a boolean",
    (name) => ['full', 'equal', 'none', true, false].includes(name as string),
  ],
};

/**
 * An adapter that sends again when no connection could be made, whatever the method: the request never left this machine.
 * It works below the interceptors and knows nothing of policies, so its attempts multiply with those of `attachRetry`: 3
 * here and 3 there are up to 9. A body that can be read only once is not sent again; nor is, over the fetch adapter, a
 * POST or PATCH that may follow redirects, since nothing tells that the first hop failed (`maxRedirects: 0` does, in axios
 * before 1.20 `fetchOptions: { redirect: 'manual' }`).
 *
 * @param options how often and how soon
 * @param adapter what sends: a name, a function, or an array of these; by default the adapter of axios's own defaults
 * @param runtime where time and chance come from, for tests
 * @throws TypeError for an unknown option, a value out of range, or what cannot be an adapter
 * @example
 * const client = axios.create({ adapter: retryTransport({ maxAttempts: 3 }) });
 */
export function retryTransport(
  options: RetryTransportOptions = {},
  adapter?: Adapter,
  runtime: RetryRuntime = {},
): AxiosAdapter {
  checkFields('retry transport option', rules, options, undefined);
  const { maxAttempts, jitter, ...schedule } = { ...DEFAULTS, ...given(options) };
  const wait = waitExponential(schedule);
  const spread = resolveJitter(jitter);
  const { clock = systemClock, random = systemRandom } = given(runtime);
  const { sleep } = completeClock(clock);
  const send = senderOf(adapter);

  return async (config) => {
    // A deadline around the transport takes its signal back when it strikes.
    const sources = sourcesOf(config);
    for (let attemptNumber = 1; ; attemptNumber += 1) {
      try {
        return await send(config);
      } catch (error) {
        if (attemptNumber >= maxAttempts || !mayBeResent(error, config)) throw error;
      }
      const context = { attemptNumber, random } as RetryContext;
      const delay = spread(wait(context), context);
      await sleepUnlessCanceled(
        (signal) => sleep(delay, signal),
        (cancel) => onCanceled(config, cancel, sources),
      );
      throwIfCanceled(config, sources);
    }
  };
}

const IDEMPOTENT = /^(get|head|options|trace|put|delete|query)$/i;

function mayBeResent(error: unknown, config: InternalAxiosRequestConfig): boolean {
  // A redirect that was followed matters only to a method that must not act twice.
  const isRepeatable = IDEMPOTENT.test(config.method ?? 'get');
  return failureOf(error, config, { anyHop: isRepeatable }) === 'unsent' && !isOneShot(config.data);
}

/** Sleeps, and throws the error of a cancellation that comes first. */
async function sleepUnlessCanceled(
  sleep: (signal: AbortSignal) => Promise<void>,
  subscribe: (cancel: (error: unknown) => void) => () => void,
): Promise<void> {
  const controller = new AbortController();
  const stop = subscribe((error) => controller.abort(error));
  try {
    await sleep(controller.signal);
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    stop();
  }
}
