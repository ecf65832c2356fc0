import { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import original from 'axios-retry';
import axiosRetry, * as dropIn from '../../../lib/axios-retry.ts';

const predicates = [
  'isNetworkError',
  'isRetryableError',
  'isSafeRequestError',
  'isIdempotentRequestError',
  'isNetworkOrIdempotentRequestError',
] as const;

const methods = ['get', 'head', 'options', 'put', 'delete', 'post', 'patch', 'query', 'GET', undefined];
const statuses = [undefined, 100, 200, 304, 400, 408, 425, 429, 499, 500, 503, 599, 600];
const codes = [
  ...[undefined, 'ECONNABORTED', 'ETIMEDOUT', 'ERR_CANCELED', 'ERR_NETWORK', 'ECONNREFUSED', 'ECONNRESET'],
  ...['EPIPE', 'EAI_AGAIN', 'ERR_BAD_RESPONSE', 'ERR_BAD_REQUEST', 'ERR_FR_TOO_MANY_REDIRECTS', 'EPROTO'],
  ...['ENOTFOUND', 'ENETUNREACH', 'OUT_OF_MEM', 'INVALID_CA', 'INVALID_PURPOSE', 'PATH_LENGTH_EXCEEDED'],
  ...['HOSTNAME_MISMATCH', 'CERT_CHAIN_TOO_LONG', 'CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'CERT_REJECTED'],
  ...['CERT_REVOKED', 'CERT_SIGNATURE_FAILURE', 'CERT_UNTRUSTED', 'CRL_HAS_EXPIRED', 'CRL_NOT_YET_VALID'],
  ...['CRL_SIGNATURE_FAILURE', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'ERROR_IN_CERT_NOT_AFTER_FIELD'],
  ...['ERROR_IN_CERT_NOT_BEFORE_FIELD', 'ERROR_IN_CRL_LAST_UPDATE_FIELD', 'ERROR_IN_CRL_NEXT_UPDATE_FIELD'],
  ...['SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY', 'UNABLE_TO_DECRYPT_CERT_SIGNATURE'],
  ...['UNABLE_TO_DECRYPT_CRL_SIGNATURE', 'UNABLE_TO_GET_CRL', 'UNABLE_TO_GET_ISSUER_CERT'],
  ...['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ERR_TLS_CERT_ALTNAME_INVALID'],
];

const failed = (method?: string, code?: string, status?: number): AxiosError =>
  new AxiosError(
    'failed',
    code,
    method === undefined ? undefined : ({ method } as InternalAxiosRequestConfig),
    undefined,
    status === undefined ? undefined : ({ status } as AxiosResponse),
  );

const everyFailure = methods.flatMap((method) =>
  codes.flatMap((code) => statuses.map((status) => failed(method, code, status))),
);

test.each(predicates)('%s answers as that of axios-retry, whatever method, code and status', (name) => {
  const differing = everyFailure.filter((error) => dropIn[name](error) !== original[name](error));
  expect(differing.map(({ config, code, response }) => [config?.method, code, response?.status])).toEqual([]);
  expect(axiosRetry[name]).toBe(dropIn[name]);
});

test.each<[string, readonly unknown[], readonly boolean[]]>([
  // Of isNetworkError, isRetryableError, isSafeRequestError, isIdempotentRequestError, isNetworkOrIdempotentRequestError.
  ['a GET that was reset', ['get', 'ECONNRESET'], [true, true, true, true, true]],
  ['a POST that was reset', ['post', 'ECONNRESET'], [true, true, false, false, true]],
  ['a PUT answered by 503', ['put', 'ERR_BAD_RESPONSE', 503], [false, true, false, true, true]],
  ['a POST answered by 503', ['post', 'ERR_BAD_RESPONSE', 503], [false, true, false, false, false]],
  ['a GET answered by 429', ['get', 'ERR_BAD_REQUEST', 429], [false, true, true, true, true]],
  ['a GET answered by 404', ['get', 'ERR_BAD_REQUEST', 404], [false, false, false, false, false]],
  ['a GET that timed out', ['get', 'ECONNABORTED'], [false, false, false, false, false]],
  ['a POST to an unknown host', ['post', 'ENOTFOUND'], [false, true, false, false, false]],
])('%s is judged by each predicate', (_, args, verdicts) => {
  const error = failed(...(args as Parameters<typeof failed>));
  expect(predicates.map((name) => dropIn[name](error))).toEqual(verdicts);
});

test('an error that is none of axios is no network error', () => {
  expect(dropIn.isNetworkError(new Error('bug'))).toBe(false);
});
