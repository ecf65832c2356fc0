import type { AxiosError, AxiosInstance, AxiosRequestConfig, AxiosResponse, AxiosStatic } from 'axios';
import { expected } from '../options/expected.ts';
import { systemClock } from '../runtime/clock.ts';
import { noDelay } from './delays.ts';
import { isNetworkOrIdempotentRequestError } from './predicates.ts';

/** The key of the options and the state on a request's config. */
export const namespace = 'axios-retry';

/** The options of axios-retry, on the instance or on `config['axios-retry']`. All durations are milliseconds. */
export interface IAxiosRetryConfig {
  /**
   * How often to retry at most; the first send does not count.
   *
   * @defaultValue 3
   */
  retries?: number;
  /**
   * Whether each retry gets the whole `timeout` of the request again; otherwise what is left of it, waits included.
   *
   * @defaultValue false
   */
  shouldResetTimeout?: boolean;
  /**
   * Whether a failure is worth a retry; it alone decides, whatever the method.
   *
   * @defaultValue `isNetworkOrIdempotentRequestError`
   */
  retryCondition?: (error: AxiosError) => boolean | Promise<boolean>;
  /**
   * How long to wait before a retry, whose number counts from 1.
   *
   * @defaultValue `noDelay`: what `Retry-After` says, else 0
   */
  retryDelay?: (retryCount: number, error: AxiosError) => number;
  /** Awaited before the wait of each retry; what it edits on the config, the retry is sent with. */
  onRetry?: (
    retryCount: number,
    error: AxiosError,
    requestConfig: AxiosRequestConfig,
  ) => Promise<void> | void;
  /** Awaited once all retries have failed; what it throws is what the caller gets. */
  onMaxRetryTimesExceeded?: (error: AxiosError, retryCount: number) => Promise<void> | void;
  /**
   * Whether a response is a success, in place of axios's `validateStatus`; `null` leaves it to axios.
   *
   * @defaultValue null
   */
  validateResponse?: ((response: AxiosResponse) => boolean) | null;
}

/** What `config['axios-retry']` holds once the request is under way. */
export interface IAxiosRetryConfigExtended extends IAxiosRetryConfig {
  /** How often the request was retried so far. */
  retryCount?: number;
  /** When the last attempt was sent, in milliseconds since the epoch. */
  lastRequestTime?: number;
}

/** What to eject to undo `axiosRetry`. */
export interface IAxiosRetryReturn {
  /** The id of the request interceptor. */
  requestInterceptorId: number;
  /** The id of the response interceptor. */
  responseInterceptorId: number;
}

/** The default export: the function, and its named companions as properties. */
export interface AxiosRetry {
  (axiosInstance: AxiosStatic | AxiosInstance, axiosRetryConfig?: IAxiosRetryConfig): IAxiosRetryReturn;

  /** The function of that name, as on axios-retry. */
  isNetworkError(error: AxiosError): boolean;
  /** The function of that name, as on axios-retry. */
  isRetryableError(error: AxiosError): boolean;
  /** The function of that name, as on axios-retry. */
  isSafeRequestError(error: AxiosError): boolean;
  /** The function of that name, as on axios-retry. */
  isIdempotentRequestError(error: AxiosError): boolean;
  /** The function of that name, as on axios-retry. */
  isNetworkOrIdempotentRequestError(error: AxiosError): boolean;
  /** What `Retry-After` says, else no wait at all. */
  noDelay(retryCount?: number, error?: AxiosError): number;
  /** The function of that name, as on axios-retry. */
  exponentialDelay(retryCount?: number, error?: AxiosError, delayFactor?: number): number;
  /** The function of that name, as on axios-retry. */
  linearDelay(delayFactor?: number): (retryCount: number, error: AxiosError | undefined) => number;
}

declare module 'axios' {
  interface AxiosRequestConfig {
    'axios-retry'?: IAxiosRetryConfigExtended;
  }
}

/** The options that hold where neither the instance nor the request says otherwise. */
export const DEFAULT_OPTIONS: Required<IAxiosRetryConfig> = {
  retries: 3,
  retryCondition: isNetworkOrIdempotentRequestError,
  retryDelay: noDelay,
  shouldResetTimeout: false,
  onRetry: () => {},
  onMaxRetryTimesExceeded: () => {},
  validateResponse: null,
};

/** The options of a request with every default filled in, and how far it has come. */
export type RetryProgress = Required<IAxiosRetryConfigExtended>;

const FUNCTIONS = [
  'retryCondition',
  'retryDelay',
  'onRetry',
  'onMaxRetryTimesExceeded',
  'validateResponse',
] as const;

/** Refuses an option that is no function and has to be one; answers the options. */
export function checkOptions<T extends IAxiosRetryConfig>(options: T): T {
  for (const name of FUNCTIONS) {
    const value: unknown = options[name] ?? undefined;
    if (value !== undefined && typeof value !== 'function') {
      throw expected(`axios-retry option \`${name}\``, 'a function', value);
    }
  }
  return options;
}

/** Options without those that have no opinion, so that they do not undo a default. */
const opinionsOf = (options: IAxiosRetryConfigExtended | null | undefined): IAxiosRetryConfigExtended =>
  Object.fromEntries(
    Object.entries(options ?? {}).filter(
      ([name, value]) => value !== undefined && (value !== null || name === 'validateResponse'),
    ),
  );

/** Puts the options in force, and how far the request has come, on its config. */
export function noteProgress(
  config: AxiosRequestConfig,
  options: IAxiosRetryConfig,
  isSent = false,
): RetryProgress {
  const progress: RetryProgress = {
    retryCount: 0,
    lastRequestTime: 0,
    ...DEFAULT_OPTIONS,
    ...opinionsOf(options),
    ...opinionsOf(config[namespace]),
  };
  if (isSent || !progress.lastRequestTime) progress.lastRequestTime = systemClock.now();
  config[namespace] = progress;
  return progress;
}
