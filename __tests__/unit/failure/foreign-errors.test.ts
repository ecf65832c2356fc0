import { AxiosError, type InternalAxiosRequestConfig } from 'axios';
import { failureOf } from '../../../lib/failure/classify.ts';

const config = { maxRedirects: 5 } as InternalAxiosRequestConfig;

/** As axios's fetch adapter tells of a failure of the network. */
function networkError(cause: object): AxiosError {
  const error = new AxiosError('Network Error', 'ERR_NETWORK', config, {});
  return Object.assign(error, { cause });
}

const at = 'error sending request for url (https://api.example.com/)';
const from = 'error sending request from 127.0.0.1:4 for http://127.0.0.1:5/ (127.0.0.1:5)';
const asBunSays = (code: string, name = TypeError) =>
  Object.assign(new name(`${code}: …`), { code, errno: 0 });

/** What the runtimes' fetch says, as measured with Deno 2.9.6 and Bun 1.4.5; over http both speak as Node does. */
describe('a failure over the fetch', () => {
  test.each([
    `${at}: client error (Connect): tcp connect error: Connection refused (os error 111)`,
    `${at}: client error (Connect): dns error: failed to lookup address information: Name or service not known`,
    `${from}: client error (SendRequest): connection closed before message completed`,
    'Connection reset by peer (os error 104)',
    'Connection reset by peer (os error 54)',
  ])('of Deno may pass: %s', (message) => {
    expect(failureOf(networkError(new Error(message)), config)).toBe('ambiguous');
  });

  test('of Deno may pass: a body that was cut off', () => {
    const cause = new TypeError('error reading a body from connection');
    const error = AxiosError.from(cause, undefined, config);
    expect(failureOf(error, config)).toBe('ambiguous');
  });

  test.each([
    `${at}: client error (Connect): invalid peer certificate: certificate expired: verification time 1795473481`,
    `${at}: client error (Connect): invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))`,
    `${from}: client error (SendRequest): invalid HTTP version parsed`,
  ])('of Deno is for good: %s', (message) => {
    expect(failureOf(networkError(new Error(message)), config)).toBe('permanent');
  });

  test.each([
    'ECONNRESET',
    'ECONNREFUSED',
    'ENOTFOUND',
    'ConnectionRefused',
    'ConnectionClosed',
    'FailedToOpenSocket',
  ])('of Bun may pass: %s', (code) => {
    expect(failureOf(networkError(asBunSays(code)), config)).toBe('ambiguous');
    expect(failureOf(networkError(asBunSays(code)), { ...config, maxRedirects: 0 })).toBe('ambiguous');
  });

  test.each([
    'Malformed_HTTP_Response',
    'ZlibError',
    'TooManyRedirects',
    'CERT_HAS_EXPIRED',
    'ERR_INVALID_URL',
  ])('of Bun is for good: %s', (code) => {
    expect(failureOf(networkError(asBunSays(code)), config)).toBe('permanent');
  });
});
