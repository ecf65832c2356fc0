/** A drop-in for the axios-retry package: the same names, options and state, on the engine of this one. */
import { axiosRetry } from './axios-retry/attach.ts';
import type { AxiosRetry } from './axios-retry/config.ts';
import { exponentialDelay, linearDelay, noDelay } from './axios-retry/delays.ts';
import {
  isIdempotentRequestError,
  isNetworkError,
  isNetworkOrIdempotentRequestError,
  isRetryableError,
  isSafeRequestError,
} from './axios-retry/predicates.ts';

export {
  type AxiosRetry,
  DEFAULT_OPTIONS,
  type IAxiosRetryConfig,
  type IAxiosRetryConfigExtended,
  type IAxiosRetryReturn,
  namespace,
} from './axios-retry/config.ts';
export { exponentialDelay, linearDelay, retryAfter } from './axios-retry/delays.ts';
export {
  isIdempotentRequestError,
  isNetworkError,
  isNetworkOrIdempotentRequestError,
  isRetryableError,
  isSafeRequestError,
} from './axios-retry/predicates.ts';

/**
 * Retries like axios-retry, with its options, and repairs its faults.
 *
 * @example
 * axiosRetry(client, { retries: 3, retryDelay: axiosRetry.exponentialDelay });
 */
const withCompanions: AxiosRetry = Object.assign(axiosRetry, {
  isNetworkError,
  isRetryableError,
  isSafeRequestError,
  isIdempotentRequestError,
  isNetworkOrIdempotentRequestError,
  noDelay,
  exponentialDelay,
  linearDelay,
});
export default withCompanions;
