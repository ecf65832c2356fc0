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

/** What a context tells of the attempt that just ended. */
export interface Result {
  readonly ok: boolean;
  readonly value: unknown;
  readonly config: InternalAxiosRequestConfig;
  readonly response?: AxiosResponse | undefined;
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
  progress: Progress,
  { ok, value, config, response, result, failure }: Result,
  copyOf: (config: InternalAxiosRequestConfig) => InternalAxiosRequestConfig,
  more: More,
): RetryContext & More {
  let copy: InternalAxiosRequestConfig | undefined;
  return Object.freeze({
    // The getter stands first: V8 takes five times as long for an object that begins with a spread.
    get config() {
      copy ??= copyOf(config);
      return copy;
    },
    ...progress,
    method: methodOf(config),
    url: config.url ?? '',
    ...(!ok && { error: value }),
    ...(response && { response }),
    ...(typeof result === 'number' ? { status: result } : result !== undefined && { code: result }),
    failure,
    ...more,
  }) as RetryContext & More;
}
