import type { AxiosError } from 'axios';

/** Codes that the next attempt would meet again: a name that does not exist, no network, a certificate that does not hold. */
const PERMANENT = new Set(
  (
    'ENOTFOUND ENETUNREACH OUT_OF_MEM INVALID_CA INVALID_PURPOSE PATH_LENGTH_EXCEEDED HOSTNAME_MISMATCH ' +
    'CERT_CHAIN_TOO_LONG CERT_HAS_EXPIRED CERT_NOT_YET_VALID CERT_REJECTED CERT_REVOKED CERT_SIGNATURE_FAILURE ' +
    'CERT_UNTRUSTED CRL_HAS_EXPIRED CRL_NOT_YET_VALID CRL_SIGNATURE_FAILURE DEPTH_ZERO_SELF_SIGNED_CERT ' +
    'ERROR_IN_CERT_NOT_AFTER_FIELD ERROR_IN_CERT_NOT_BEFORE_FIELD ERROR_IN_CRL_LAST_UPDATE_FIELD ' +
    'ERROR_IN_CRL_NEXT_UPDATE_FIELD SELF_SIGNED_CERT_IN_CHAIN UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY ' +
    'UNABLE_TO_DECRYPT_CERT_SIGNATURE UNABLE_TO_DECRYPT_CRL_SIGNATURE UNABLE_TO_GET_CRL UNABLE_TO_GET_ISSUER_CERT ' +
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY UNABLE_TO_VERIFY_LEAF_SIGNATURE'
  ).split(' '),
);

const GIVEN_UP = ['ERR_CANCELED', 'ECONNABORTED'];
const SAFE_METHODS = ['get', 'head', 'options'];
const IDEMPOTENT_METHODS = [...SAFE_METHODS, 'put', 'delete'];

/**
 * Whether a request failed without a response for a reason that may pass; a timeout or a cancellation is none.
 *
 * @example
 * axiosRetry(client, { retryCondition: isNetworkError });
 */
export function isNetworkError(error: unknown): boolean {
  const { response, code } = error as Partial<AxiosError>;
  return !response && !!code && !GIVEN_UP.includes(code) && !PERMANENT.has(code);
}

/**
 * Whether there was no response, or one of status 429 or 5xx; a timeout does not count.
 *
 * @example
 * axiosRetry(client, { retryCondition: isRetryableError });
 */
export function isRetryableError({ code, response }: AxiosError): boolean {
  if (code === 'ECONNABORTED') return false;
  return !response || response.status === 429 || (response.status >= 500 && response.status <= 599);
}

/**
 * `isRetryableError`, of a GET, HEAD or OPTIONS request.
 *
 * @example
 * axiosRetry(client, { retryCondition: isSafeRequestError });
 */
export const isSafeRequestError = (error: AxiosError): boolean => isRetryableOf(SAFE_METHODS, error);

/**
 * `isRetryableError`, of a GET, HEAD, OPTIONS, PUT or DELETE request.
 *
 * @example
 * axiosRetry(client, { retryCondition: isIdempotentRequestError });
 */
export const isIdempotentRequestError = (error: AxiosError): boolean =>
  isRetryableOf(IDEMPOTENT_METHODS, error);

/**
 * `isNetworkError`, of whatever method, or `isIdempotentRequestError`: the default condition.
 *
 * @example
 * axiosRetry(client, { retryCondition: (error) => isNetworkOrIdempotentRequestError(error) || error.code === 'ECONNABORTED' });
 */
export const isNetworkOrIdempotentRequestError = (error: AxiosError): boolean =>
  isNetworkError(error) || isIdempotentRequestError(error);

const isRetryableOf = (methods: readonly string[], error: AxiosError): boolean =>
  methods.includes(error.config?.method ?? '') && isRetryableError(error);
