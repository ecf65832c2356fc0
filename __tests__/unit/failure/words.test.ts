import { Agent } from 'node:http';
import axios, { AxiosError, type AxiosRequestConfig } from 'axios';
import { failureOf } from '../../../lib/failure/classify.ts';
import { axiosSince } from '../../helpers/axios-version.ts';
import { caught } from '../../helpers/caught.ts';

afterEach(() => jest.restoreAllMocks());

/** What axios makes of a `fetch` that rejects so, whatever the version of axios. */
async function overFetch(thrown: unknown): Promise<string> {
  jest.spyOn(globalThis, 'fetch').mockRejectedValue(thrown);
  const error = await caught(axios.get('http://127.0.0.1/', { adapter: 'fetch' }));
  return failureOf(error, error.config as never);
}

/** What axios makes of a connection that an agent cannot open. */
async function overHttp(thrown: Error, config: AxiosRequestConfig = {}): Promise<string> {
  const httpAgent = new Agent();
  httpAgent.createConnection = (_, callback): undefined => {
    setImmediate(() => (callback as (error: Error) => void)(thrown));
  };
  const sent = { adapter: 'http', proxy: false, httpAgent, ...config } as const;
  const error = await caught(axios.get('http://127.0.0.1/', sent));
  return failureOf(error, error.config as never);
}

const because = (cause: unknown) => new TypeError('fetch failed', { cause });
const coded = (code: string, message = code, more: object = {}) =>
  Object.assign(new Error(message), { code, ...more });

describe('a failure of sending may pass, whatever the words', () => {
  test.each<[string, unknown]>([
    ['React Native', new TypeError('Network request failed')],
    ['React Native, timed out', new TypeError('Network request timed out')],
    ['Chromium', new TypeError('Failed to fetch')],
    ['Chromium, in the body', new TypeError('network error')],
    ['Safari', new TypeError('Load failed')],
    ['Safari, offline', new TypeError('The Internet connection appears to be offline.')],
    ['Safari, connection lost', new TypeError('The network connection was lost.')],
    ['Safari, name unknown', new TypeError('A server with the specified hostname could not be found.')],
    ['Firefox', new TypeError('NetworkError when attempting to fetch resource.')],
    ['Firefox, in the answer', new TypeError('Error in input stream')],
    ['Firefox, in the body', new TypeError('Error in body stream')],
    ['Cloudflare', new Error('Network connection lost.')],
    ['Cloudflare, inside', new Error('internal error; reference = 0a1b2c')],
    ['Electron', new Error('net::ERR_CONNECTION_RESET')],
    ['Electron, offline', new Error('net::ERR_INTERNET_DISCONNECTED')],
    ['undici', because(coded('UND_ERR_SOCKET', 'other side closed'))],
    ['undici, a code unknown', because(coded('UND_ERR_ODD'))],
    ['a proxy of undici', because(new DOMException('Request was cancelled.'))],
    [
      'local: address not available',
      because(coded('EADDRNOTAVAIL', 'read EADDRNOTAVAIL', { syscall: 'read' })),
    ],
    ['local: reset by the network', because(coded('ENETRESET', 'read ENETRESET', { syscall: 'read' }))],
    ['local: no buffers', because(coded('ENOBUFS', 'write ENOBUFS', { syscall: 'write' }))],
    ['node-fetch', new Error('request to https://api.example/certificate failed, reason: other side closed')],
    [
      'Deno',
      new Error(
        'error sending request for url (https://api.example/certificates): connection closed before message completed',
      ),
    ],
    ['no words', new Error()],
    ['no error', 'down'],
  ])('%s over fetch', async (_, thrown) => {
    expect(await overFetch(thrown)).toBe('ambiguous');
  });

  test('a timeout of the platform over fetch', async () => {
    // An older axios breaks on a DOMException, and throws a TypeError of its own.
    const told = axiosSince('1.20.0') ? 'ambiguous' : 'permanent';
    expect(await overFetch(new DOMException('signal timed out', 'TimeoutError'))).toBe(told);
  });

  test.each<[string, Error]>([
    ['an agent', new Error('Proxy connection ended before receiving CONNECT response')],
    ['an agent, answered', new Error('Bad response: 502')],
    ['an agent for SOCKS', new Error('Socks5 proxy rejected connection - Failure')],
    ['a tunnel', coded('ECONNRESET', 'tunneling socket could not be established, cause=socket hang up')],
    ['no words', new Error('odd')],
  ])('%s over http, and nothing was sent', async (_, thrown) => {
    expect(await overHttp(thrown)).toBe('unsent');
    expect(await overHttp(thrown, { maxRedirects: 0 })).toBe('unsent');
  });
});

describe('a failure is for good', () => {
  test.each<[string, unknown]>([
    ['Electron: certificate', new Error('net::ERR_CERT_AUTHORITY_INVALID')],
    ['Electron: TLS', new Error('net::ERR_SSL_PROTOCOL_ERROR')],
    ['Electron: redirects', new Error('net::ERR_TOO_MANY_REDIRECTS')],
    ['Electron: port', new Error('net::ERR_UNSAFE_PORT')],
    ['Electron: scheme', new Error('net::ERR_UNKNOWN_URL_SCHEME')],
    ['Safari: certificate', new TypeError('The certificate for this server is invalid.')],
    ['Deno: certificate', new Error('client error (Connect): invalid peer certificate: UnknownIssuer')],
    ['undici: port', because(new Error('bad port'))],
    ['undici: scheme', because(new Error('unknown scheme'))],
    ['undici: scheme of a redirect', because(new Error('URL scheme must be a HTTP(S) scheme'))],
    ['undici: redirects', because(new Error('redirect count exceeded'))],
    ['undici: redirect refused', because(new Error('unexpected redirect'))],
    ['undici: headers too long', because(coded('UND_ERR_HEADERS_OVERFLOW'))],
    ['undici: length of the body', because(coded('UND_ERR_REQ_CONTENT_LENGTH_MISMATCH'))],
    ['undici: body used', new TypeError('Response body object should not be disturbed or locked')],
    ['undici: body of a GET', new TypeError('Request with GET/HEAD method cannot have body.')],
    ['undici: header', new TypeError('Headers.append: "x y" is an invalid header name.')],
    ['undici: URL', new TypeError('Failed to parse URL from /x')],
    ['no TLS there', because(coded('EPROTO'))],
    ['compression', because(coded('Z_DATA_ERROR'))],
    ['Brotli', because(coded('ERR__ERROR_FORMAT_PADDING_1'))],
    ['not HTTP', because(coded('HPE_INVALID_CONSTANT'))],
    ['file missing', coded('ENOENT', 'ENOENT: no such file', { syscall: 'open' })],
    ['queue full', coded('ERR_QUEUE_FULL')],
    ['aborted', new DOMException('This operation was aborted', 'AbortError')],
    ['V8: no function', new TypeError('response.clone is not a function')],
    ['V8: no object', new TypeError("Cannot read properties of undefined (reading 'x')")],
    ['V8: no variable', new ReferenceError('x is not defined')],
    ['JavaScriptCore: no object', new TypeError("undefined is not an object (evaluating 'x.y')")],
    ['SpiderMonkey: no object', new TypeError('x is undefined')],
    ['out of range', new RangeError('Invalid array length')],
  ])('%s', async (_, thrown) => {
    expect(await overFetch(thrown)).toBe('permanent');
  });

  test('not when a timeout cut it off, whose cause is the abort', () => {
    const timeout = new AxiosError('timeout of 50ms exceeded', 'ETIMEDOUT', {} as never);
    Object.defineProperty(timeout, 'cause', { value: new DOMException('aborted', 'AbortError') });
    expect(failureOf(timeout, {} as never)).toBe('ambiguous');
  });
});
