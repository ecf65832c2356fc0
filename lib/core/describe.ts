import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { Failure, RetryContext } from '../types.ts';

/** What a context tells of how a request has come so far. */
export interface Progress {
  readonly attemptNumber: number;
  readonly maxAttempts: number;
  readonly elapsed: number;
  readonly totalDelay: number;
  readonly duration: number;
  readonly mayHaveActed: boolean;
  readonly hint?: number | undefined;
  readonly random: () => number;
}

/** What is told of the attempt that just ended. */
export interface Result {
  /** Whether it was fulfilled. */
  readonly ok: boolean;
  /** The response or the error, untouched: what the caller gets if this attempt is the last. */
  readonly value: unknown;
  /** The config as it was sent. */
  readonly config: InternalAxiosRequestConfig;
  readonly response?: AxiosResponse | undefined;
  /** The status or the code. */
  readonly result?: number | string | undefined;
  readonly failure: Failure;
}

/** The method of a request, in upper case. */
export const methodOf = ({ method = 'get' }: { readonly method?: string }): string => method.toUpperCase();

/**
 * The context that strategies, predicates, hooks and observers get.
 *
 * @param copyOf makes the config that they see, if they look at it: an edit must not change an attempt
 * @param more what else is known at this moment
 */
export function describe<More extends object>(
  { attemptNumber, maxAttempts, elapsed, totalDelay, duration, mayHaveActed, hint, random }: Progress,
  { ok, value, config, response, result, failure }: Result,
  copyOf: (config: InternalAxiosRequestConfig) => InternalAxiosRequestConfig,
  more: More,
): RetryContext & More {
  let copy: InternalAxiosRequestConfig | undefined;
  // One field after the other, the getter first: V8 takes half as long again where a part is spread into the object.
  const context: { -readonly [name in keyof RetryContext]: RetryContext[name] } = {
    get config() {
      copy ??= copyOf(config);
      return copy;
    },
    attemptNumber,
    maxAttempts,
    elapsed,
    totalDelay,
    duration,
    mayHaveActed,
    random,
    method: methodOf(config),
    url: config.url ?? '',
    failure,
  };
  if (!ok) context.error = value;
  if (response) context.response = response;
  if (typeof result === 'number') context.status = result;
  else if (result !== undefined) context.code = result;
  if (hint !== undefined) context.hint = hint;
  return Object.freeze(Object.assign(context, more)) as RetryContext & More;
}
