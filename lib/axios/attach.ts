import type { AxiosInstance } from 'axios';
import { type Policy, resolvePolicy, withOwnLimits } from '../core/policy.ts';
import { expected } from '../options/expected.ts';
import { given, isObject } from '../options/fields.ts';
import type { RequestRetryOptions, RetryOptions } from '../options/options.ts';
import { validateOptions } from '../options/rules.ts';
import { onAbort } from '../runtime/abort.ts';
import { completeClock, systemClock, systemRandom } from '../runtime/clock.ts';
import type { RetryRuntime } from '../types.ts';
import { editorOf, type Handler } from './replay.ts';
import type { Config } from './snapshot.ts';
import { type Attachment, RetryState } from './state.ts';

declare module 'axios' {
  interface AxiosRequestConfig {
    /** The retry policy of this request, on top of the one of the instance; `false` sends it once. */
    retry?: RequestRetryOptions | false | undefined;
  }
}

/** How to end what `attachRetry` began. */
export interface RetryHandle {
  /**
   * Makes no further retries: a request that waits for its next attempt settles at once with its last outcome, one in
   * flight finishes, and a new one is sent once. Keys, deadlines and `data` stay in force. For a process that shuts down.
   */
  drain(): void;
  /**
   * Leaves the instance as if it had never been touched. A request that waits for its next attempt settles at once with its
   * last outcome.
   */
  detach(): void;
}

const ATTACHED: unique symbol = Symbol.for('axios-tenacity.attached');

const LAYERED = 'layered';

/**
 * Makes an axios instance repeat requests that fail for a passing reason, safely and within bounds. Interceptors that are
 * registered before it are inside: they run for every attempt. Those registered after it are outside: they see one
 * request and one outcome.
 *
 * @param instance what `axios.create()` gave, or axios itself
 * @param options the policy of every request; `config.retry` overrides it for one
 * @param runtime where time and chance come from, for tests
 * @throws TypeError for bad options; Error when the instance is attached already
 *
 * @example
 * const client = axios.create({ baseURL: 'https://api.example.com' });
 * client.interceptors.request.use(addFreshToken); // inside: for every attempt
 * attachRetry(client, { maxAttempts: 5 });
 * client.interceptors.response.use(null, showToast); // outside: once
 */
export function attachRetry(
  instance: AxiosInstance,
  options: RetryOptions = {},
  runtime?: RetryRuntime,
): RetryHandle {
  return attach(instance, options, runtime, { ownOf: ({ retry }) => retry });
}

/** How a drop-in for another plugin differs. */
export interface Manners {
  /** Where a request has its own options. */
  readonly ownOf: (config: Config) => RequestRetryOptions | false | undefined;
  /** What the outside gets in place of an error. */
  readonly recover?: (error: unknown) => unknown;
  /** Whether several of this kind may be on one instance. */
  readonly isLayered?: boolean;
}

/** What `attach` put on an instance. */
export interface Attached extends RetryHandle {
  readonly requestId: number;
  readonly responseId: number;
  /** Whether both interceptors are still there. */
  isAttached(): boolean;
}

/** `attachRetry`, as other manners have it. */
export function attach(
  instance: AxiosInstance,
  options: RetryOptions,
  runtime: RetryRuntime | undefined,
  { ownOf, recover, isLayered = false }: Manners,
): Attached {
  const { clock = systemClock, random = systemRandom } = given(runtime ?? {});
  const { request, response } = instance?.interceptors ?? {};
  if (!request?.handlers || !response?.handlers) throw expected('`instance`', 'an axios instance', instance);
  if (response.handlers.some((handler) => isOurs(handler) && !(isLayered && handler[ATTACHED] === LAYERED))) {
    throw new Error(
      'This axios instance retries already: override it with `config.retry`, or `detach()` it first',
    );
  }
  if (!clock?.now || !clock.sleep)
    throw expected('`runtime.clock`', 'an object of functions now and sleep', clock);
  if (typeof random !== 'function') throw expected('`runtime.random`', 'a function', random);
  const base = withOwnLimits(validateOptions(options, 'instance'));
  const policy = resolvePolicy(base);
  const policyOf = (retry: RequestRetryOptions | undefined): Policy =>
    retry === undefined ? policy : resolvePolicy(base, validateOptions(retry, 'request'));
  const end = new AbortController();
  // One listener for good: adding and removing one for each wait would cost more than the rest of the wait.
  onAbort(end.signal, () => undefined);

  const capture = (config: Config): Config => {
    if (!isObject(config)) return config;
    const own = ownOf(config);
    if (own !== false) new RetryState(attachment, policyOf(own), config, editorOf(boundary, config));
    else if (RetryState.of(config, attachment)) delete config.retryState;
    return config;
  };
  const take = (ok: boolean, value: unknown): unknown => {
    const state = RetryState.behind(ok, value, attachment);
    const taken = state ? state.take(ok, value) : ok ? value : Promise.reject(value);
    return recover && taken instanceof Promise ? taken.catch(recover) : taken;
  };
  const requestId = request.use(capture as never, rethrow, { synchronous: true });
  const responseId = response.use(
    (value) => take(true, value) as never,
    (error) => take(false, error),
  );
  const own = [lastOf(request.handlers), lastOf(response.handlers)] as const;
  Object.assign(own[1], { [ATTACHED]: isLayered ? LAYERED : true });
  const boundary = { instance, request: own[0], response: own[1] };
  const attachment: Attachment = { boundary, clock: completeClock(clock), random, ended: end.signal };

  const has = (manager: typeof request | typeof response, handler: Handler): boolean =>
    (manager.handlers as readonly unknown[] | undefined)?.includes(handler) === true;
  return {
    requestId,
    responseId,
    isAttached: () => has(request, own[0]) && has(response, own[1]),
    drain: () => end.abort(),
    detach() {
      end.abort();
      // After a `clear()` older versions of axios would eject whoever has the place now.
      if (has(request, own[0])) request.eject(requestId);
      if (has(response, own[1])) response.eject(responseId);
    },
  };
}

const isOurs = (handler: unknown): handler is { readonly [ATTACHED]: unknown } =>
  isObject(handler) && ATTACHED in handler;

const lastOf = (handlers: readonly unknown[]): Handler => handlers[handlers.length - 1] as Handler;

const rethrow = (error: unknown): never => {
  throw error;
};
