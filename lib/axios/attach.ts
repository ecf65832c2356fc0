import type { AxiosInstance } from 'axios';
import { type Policy, resolvePolicy } from '../core/policy.ts';
import { isRetryThrottle } from '../limits/brand.ts';
import { RetryThrottle } from '../limits/throttle.ts';
import { expected } from '../options/expected.ts';
import { type RetryOptions, validateOptions } from '../options/options.ts';
import { onAbort } from '../runtime/abort.ts';
import { completeClock, systemClock, systemRandom } from '../runtime/clock.ts';
import type { RetryRuntime } from '../types.ts';
import { type Attachment, type Config, type Handlers, RetryState } from './replay.ts';

declare module 'axios' {
  interface AxiosRequestConfig {
    /** The retry policy of this request, on top of the one of the instance; `false` sends it once. */
    retry?: RetryOptions | false | undefined;
  }
}

/** How to undo `attachRetry`. */
export interface RetryHandle {
  /**
   * Leaves the instance as if it had never been touched. A request that is waiting for its next attempt settles at once
   * with its last outcome.
   */
  detach(): void;
}

const ATTACHED = Symbol.for('axios-tenacity.attached');

/**
 * Makes an axios instance repeat requests that fail for a passing reason, safely and within bounds. Attach first, right
 * after `axios.create()`.
 *
 * @param instance what `axios.create()` gave, or axios itself
 * @param options the policy of every request; `config.retry` overrides it for one
 * @param runtime where time and chance come from, for tests
 * @throws TypeError for bad options; Error when the instance is attached already
 */
export function attachRetry(
  instance: AxiosInstance,
  options: RetryOptions = {},
  runtime?: RetryRuntime,
): RetryHandle {
  return attach(instance, options, runtime, ({ retry }) => retry);
}

/** `attachRetry`, told where a request has its own options. */
export function attach(
  instance: AxiosInstance,
  options: RetryOptions,
  runtime: RetryRuntime | undefined,
  ownOf: (config: Config) => RetryOptions | false | undefined,
): RetryHandle {
  const { clock = systemClock, random = systemRandom } = runtime ?? {};
  const { request, response } = instance?.interceptors ?? {};
  if (!request?.handlers || !response?.handlers) throw expected('`instance`', 'an axios instance', instance);
  if (response.handlers.some((handler) => handler && ATTACHED in handler)) {
    throw new Error(
      'This axios instance retries already: override it with `config.retry`, or `detach()` it first',
    );
  }
  if (!clock?.now || !clock.sleep)
    throw expected('`runtime.clock`', 'an object of functions now and sleep', clock);
  if (typeof random !== 'function') throw expected('`runtime.random`', 'a function', random);
  const given = withThrottle(validateOptions(options, 'instance'));
  const policy = resolvePolicy(given);
  const detachment = new AbortController();
  // One listener for good: adding and removing one for each wait would cost more than the rest of the wait.
  onAbort(detachment.signal, () => undefined);
  const attachment: Attachment = {
    instance,
    clock: completeClock(clock),
    random,
    reset: () => place(first),
    detached: detachment.signal,
  };

  const stateOf = (value: unknown): RetryState | undefined =>
    RetryState.of((value as { readonly config?: Config } | null | undefined)?.config, attachment);

  const policyOf = (retry: RetryOptions | undefined): Policy =>
    retry === undefined ? policy : resolvePolicy(given, validateOptions(retry, 'request'));

  const isForeign = (handler: unknown): boolean => Boolean(handler) && handler !== requestHandler;

  /** What must stand in our place while axios builds the request with this config. */
  const capture = (config: Config): Handlers => {
    const state = RetryState.of(config, attachment);
    const pass = state?.claimPass(config);
    if (pass) return pass;
    const own = ownOf(config);
    if (own === false) {
      if (state) delete config.retryState;
      return first;
    }
    const isEditable = request.handlers?.some(isForeign) === true;
    const fresh = new RetryState(attachment, policyOf(own), config, isEditable);
    if (!fresh.hasBody()) return first;
    const rejected = (error: unknown): unknown => {
      // An interceptor may have failed before the body was sent, with an error that does not say whose it is.
      if (stateOf(error) !== fresh) fresh.discard();
      return first.rejected(error);
    };
    return { ...first, rejected };
  };

  const take = (ok: boolean, value: unknown): unknown => {
    const state = stateOf(value);
    return state ? state.take(ok, value) : ok ? value : Promise.reject(value);
  };
  const first: Handlers = {
    fulfilled: (value) => take(true, value),
    rejected: (error) => take(false, error),
  };

  const place = (handlers: Handlers): void => {
    // The usual ones stand there already.
    if (responseHandler.rejected !== handlers.rejected) Object.assign(responseHandler, handlers);
  };

  // `runWhen` sees every config before the first interceptor does, whatever the order of registration.
  const requestId = request.use(null, null, {
    synchronous: true,
    runWhen(config) {
      place(capture(config));
      return false;
    },
  });
  const responseId = response.use(first.fulfilled as never, first.rejected);
  const requestHandler = request.handlers.at(-1);
  const responseHandler = Object.assign(response.handlers.at(-1) as unknown as Handlers, {
    [ATTACHED]: true,
  });

  return {
    detach() {
      if (detachment.signal.aborted) return;
      // After a `clear()` older versions of axios would eject whoever has the place now.
      if (request.handlers?.includes(requestHandler as never)) request.eject(requestId);
      if (response.handlers?.includes(responseHandler as never)) response.eject(responseId);
      detachment.abort();
    },
  };
}

function withThrottle({ throttle, ...options }: RetryOptions): RetryOptions {
  const isReady = throttle === false || isRetryThrottle(throttle);
  return { ...options, throttle: isReady ? throttle : new RetryThrottle(throttle) };
}
