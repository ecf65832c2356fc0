import type { AxiosInstance, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import { type Outcome, run } from '../engine.ts';
import { expected } from '../expected.ts';
import { isRetryThrottle, type ThrottleLike } from '../limits/brand.ts';
import { RetryThrottle, type RetryThrottleOptions } from '../limits/throttle.ts';
import { type RetryOptions, validateOptions } from '../options.ts';
import { type Policy, resolvePolicy } from '../policy.ts';
import { completeClock, systemClock, systemRandom } from '../runtime/clock.ts';
import type { RetryRuntime } from '../types.ts';
import { markRetried } from './layers.ts';
import { type Attachment, Call, type Handlers } from './replay.ts';
import { RetryState } from './state.ts';

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

type Config = InternalAxiosRequestConfig & { retryState?: unknown };

type Carrier = { readonly config?: Config } | null | undefined;

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
  runtime: RetryRuntime = {},
): RetryHandle {
  checkInstance(instance);
  const given = validateOptions(options, 'instance');
  const throttle = throttleOf(given);
  const policy = resolvePolicy(throttle, given);
  const detachment = new AbortController();
  const attachment: Attachment = { instance, ...checkRuntime(runtime), detached: detachment.signal };
  const { request, response } = instance.interceptors;

  /** What must stand in our place while axios builds the request with this config. */
  const capture = (config: Config): Handlers => {
    const call = callOf(config, attachment);
    const pass = call?.claimPass(config);
    if (pass) return pass;
    if (config.retry === false) {
      if (call) delete config.retryState;
      return first;
    }
    const isEditable = request.handlers?.some((handler) => handler && handler !== requestHandler) === true;
    const fresh = new Call(attachment, policyOf(config.retry), config, isEditable);
    if (!fresh.policy.data) return first;
    const rejected = (error: unknown): unknown => {
      // An interceptor failed before the body was sent, and its error does not say whose it is.
      if (callOf((error as Carrier)?.config, attachment) !== fresh) fresh.discard();
      return take(false, error);
    };
    return { ...first, rejected };
  };

  const policyOf = (retry: RetryOptions | undefined): Policy => {
    if (retry === undefined) return policy;
    const own = validateOptions(retry, 'request');
    return resolvePolicy(throttleOf(own, throttle), given, own);
  };

  /** Takes the first outcome of a call; whatever else comes this way is none of ours. */
  const take = (ok: boolean, value: unknown): unknown => {
    const call = callOf((value as Carrier)?.config, attachment);
    if (call === undefined || call.isTaken) return ok ? value : Promise.reject(value);
    call.isTaken = true;
    if (!ok || needsJudgement(call.policy, value as AxiosResponse))
      return conclude(call, call.read(ok, value));
    call.succeed(value as AxiosResponse);
    return value;
  };
  const first: Handlers = {
    fulfilled: (value) => take(true, value),
    rejected: (error) => take(false, error),
  };

  // `runWhen` sees every config before the first interceptor does, whatever the order of registration.
  const requestId = request.use(null, null, {
    synchronous: true,
    runWhen(config) {
      ({ fulfilled: responseHandler.fulfilled, rejected: responseHandler.rejected } = capture(config));
      return false;
    },
  });
  const responseId = response.use(first.fulfilled as never, first.rejected);
  const requestHandler = request.handlers?.at(-1);
  const responseHandler = response.handlers?.at(-1) as { fulfilled: unknown; rejected: unknown };
  Object.defineProperty(instance, ATTACHED, { value: true, configurable: true });

  return {
    detach() {
      // After a `clear()` older versions of axios would eject whoever has the place now.
      if (requestHandler && request.handlers?.includes(requestHandler)) request.eject(requestId);
      if (response.handlers?.includes(responseHandler as never)) response.eject(responseId);
      if (!detachment.signal.aborted) delete (instance as { [ATTACHED]?: true })[ATTACHED];
      detachment.abort();
    },
  };
}

function callOf(config: Config | undefined, attachment: Attachment): Call | undefined {
  const owner = RetryState.ownerOf(config?.retryState);
  return owner instanceof Call && owner.attachment === attachment ? owner : undefined;
}

const needsJudgement = ({ retryIf, observers, statuses }: Policy, { status }: AxiosResponse): boolean =>
  !(status < 400) || retryIf !== undefined || observers.length > 0 || statuses.has(status);

async function conclude(call: Call, first: Outcome): Promise<unknown> {
  const { ok, value } = await run(call, first);
  if (ok) return value;
  if (call.log.attempts > 1) markRetried(value);
  throw value;
}

function throttleOf({ throttle }: RetryOptions, inherited?: ThrottleLike): ThrottleLike | undefined {
  if (throttle === false) return undefined;
  if (isRetryThrottle(throttle)) return throttle;
  return inherited ?? new RetryThrottle(throttle as RetryThrottleOptions | undefined);
}

function checkInstance(instance: AxiosInstance): void {
  const { request, response } = instance?.interceptors ?? {};
  if (
    !Array.isArray(request?.handlers) ||
    !Array.isArray(response?.handlers) ||
    typeof instance.request !== 'function'
  ) {
    throw expected('the first argument of `attachRetry`', 'an axios instance', instance);
  }
  if (ATTACHED in instance) {
    throw new Error(
      'Retries are attached to this axios instance already: override them for one request with `config.retry`, or call ' +
        '`detach()` on the first handle before attaching anew',
    );
  }
}

function checkRuntime({
  clock = systemClock,
  random = systemRandom,
}: RetryRuntime): Pick<Attachment, 'clock' | 'random'> {
  if (typeof clock?.now !== 'function' || typeof clock.sleep !== 'function') {
    throw expected('`runtime.clock`', 'an object of functions now and sleep', clock);
  }
  if (typeof random !== 'function') throw expected('`runtime.random`', 'a function', random);
  return { clock: completeClock(clock), random };
}
