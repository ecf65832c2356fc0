import { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import axios, { AxiosError, type AxiosInstance, type AxiosRequestConfig, CanceledError } from 'axios';
import MockAdapter from 'axios-mock-adapter';
import { causesOf, codeOf } from '../../../lib/failure/causes.ts';
import { failureOf } from '../../../lib/failure/classify.ts';
import type { Failure } from '../../../lib/index.ts';
import { axiosSince } from '../../helpers/axios-version.ts';
import { caught } from '../../helpers/caught.ts';
import { expired, key, otherHost } from '../../helpers/certificates.ts';
import { adapters } from '../../helpers/clients.ts';
import {
  answer,
  closeServers,
  finAfterReading,
  partialBody,
  rawAnswer,
  redirect,
  refusedPort,
  resetAfterReading,
  resetBeforeReading,
  type Step,
  stall,
  stallAfterHeaders,
  startServer,
} from '../../helpers/server.ts';

afterEach(closeServers);

interface Row {
  readonly what: string;
  readonly http: Failure;
  readonly fetch: Failure;
  readonly request: () => Promise<AxiosRequestConfig>;
  /** A code in the chain of causes that proves the failure to be the one meant. */
  readonly code?: Readonly<Record<'http' | 'fetch', string | RegExp>>;
}

const refused = async (): Promise<string> => `http://127.0.0.1:${await refusedPort()}/`;
const toRefused = async (): Promise<Step> => redirect(await refused(), 303);
const at = async (script: Step | readonly Step[]): Promise<string> => (await startServer(script)).url;
const atTls = async (cert: string): Promise<string> => (await startServer(answer(200), { key, cert })).url;

/** A request that needs nothing but a server that deals with it so. */
const served =
  (script: Step | readonly Step[], config: AxiosRequestConfig = {}): Row['request'] =>
  async () => ({ url: await at(script), ...config });

/** Resolves every name to two addresses. */
const twoAddresses = new Agent({
  lookup: (_name, _options, callback) =>
    (callback as (error: null, addresses: readonly object[]) => void)(null, [
      { address: '127.0.0.1', family: 4 },
      { address: '127.0.0.2', family: 4 },
    ]),
});

const dns = /^(ENOTFOUND|EAI_AGAIN)$/;
const broken = /^(ECONNRESET|UND_ERR_SOCKET)$/;
const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n';
const gzip = { 'content-encoding': 'gzip' };

const rows: readonly Row[] = [
  {
    what: 'refused',
    code: { http: 'ECONNREFUSED', fetch: 'ECONNREFUSED' },
    http: 'unsent',
    fetch: 'ambiguous',
    request: async () => ({ url: await refused() }),
  },
  {
    what: 'refused, no redirects allowed',
    code: { http: 'ECONNREFUSED', fetch: 'ECONNREFUSED' },
    http: 'unsent',
    fetch: axiosSince('1.20.0') ? 'unsent' : 'ambiguous', // An older axios ignores it.
    request: async () => ({ url: await refused(), maxRedirects: 0 }),
  },
  {
    what: 'refused at both addresses of a name',
    code: { http: 'ECONNREFUSED', fetch: 'ECONNREFUSED' },
    http: 'unsent',
    fetch: 'ambiguous',
    request: async () => ({
      url: (await refused()).replace('127.0.0.1', 'localhost'),
      httpAgent: twoAddresses,
    }),
  },
  {
    what: 'refused after a redirect',
    code: { http: 'ECONNREFUSED', fetch: 'ECONNREFUSED' },
    http: 'ambiguous',
    fetch: 'ambiguous',
    request: async () => ({ url: await at(await toRefused()) }),
  },
  {
    what: 'name unknown',
    code: { http: dns, fetch: dns },
    http: 'unsent',
    fetch: 'ambiguous',
    request: async () => ({ url: 'http://nowhere.invalid/' }),
  },
  {
    what: 'name unknown, no redirects allowed',
    code: { http: dns, fetch: dns },
    http: 'unsent',
    fetch: axiosSince('1.20.0') ? 'unsent' : 'ambiguous', // An older axios ignores it.
    request: async () => ({ url: 'http://nowhere.invalid/', maxRedirects: 0 }),
  },
  {
    what: 'name unknown after a redirect',
    code: { http: dns, fetch: dns },
    http: 'ambiguous',
    fetch: 'ambiguous',
    request: served(redirect('http://nowhere.invalid/')),
  },
  {
    what: 'reset before the body was read',
    code: { http: 'ECONNRESET', fetch: broken },
    http: 'ambiguous',
    fetch: 'ambiguous',
    request: served(resetBeforeReading()),
  },
  {
    what: 'reset before the answer',
    code: { http: 'ECONNRESET', fetch: broken },
    http: 'ambiguous',
    fetch: 'ambiguous',
    request: served(resetAfterReading()),
  },
  {
    what: 'reset before the answer, no redirects allowed',
    code: { http: 'ECONNRESET', fetch: broken },
    http: 'ambiguous',
    fetch: 'ambiguous',
    request: served(resetAfterReading(), { maxRedirects: 0 }),
  },
  {
    what: 'closed before the answer',
    code: { http: 'ECONNRESET', fetch: broken },
    http: 'ambiguous',
    fetch: 'ambiguous',
    request: served(finAfterReading()),
  },
  {
    what: 'closed in mid-body',
    code: { http: 'ERR_BAD_RESPONSE', fetch: broken },
    http: 'ambiguous',
    fetch: 'ambiguous',
    request: served(partialBody()),
  },
  {
    what: 'closed in mid-body, as announced by `Connection: close`',
    code: { http: 'ERR_BAD_RESPONSE', fetch: 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' },
    http: 'ambiguous',
    fetch: 'ambiguous',
    request: served(rawAnswer('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1000\r\n\r\nhello')),
  },
  {
    what: 'reset in mid-body',
    code: { http: /^(ECONNRESET|ERR_BAD_RESPONSE)$/, fetch: broken },
    http: 'ambiguous',
    fetch: 'ambiguous',
    request: served(partialBody(200, 'reset')),
  },
  {
    what: 'closed between two chunks',
    code: { http: 'ERR_BAD_RESPONSE', fetch: broken },
    http: 'ambiguous',
    fetch: 'ambiguous',
    request: served(rawAnswer(chunked)),
  },
  {
    what: 'closed in the body of a 404',
    http: axiosSince('1.16.0') ? 'permanent' : 'ambiguous', // An older axios does not tell the status.
    fetch: 'ambiguous',
    request: served(partialBody(404)),
  },
  {
    what: 'timeout',
    code: { http: 'ECONNABORTED', fetch: 'ETIMEDOUT' },
    http: 'ambiguous',
    fetch: 'ambiguous',
    request: served(stall(), { timeout: 50 }),
  },
  {
    what: 'timeout with a code of its own',
    code: { http: 'ETIMEDOUT', fetch: 'ETIMEDOUT' },
    http: 'ambiguous',
    fetch: 'ambiguous',
    request: served(stall(), { timeout: 50, transitional: { clarifyTimeoutError: true } }),
  },
  {
    what: 'timeout in mid-body',
    code: { http: 'ERR_BAD_RESPONSE', fetch: 'ETIMEDOUT' },
    http: 'ambiguous',
    fetch: 'ambiguous',
    request: served(stallAfterHeaders(), { timeout: 50 }),
  },
  {
    what: 'certificate self-signed',
    code: { http: 'DEPTH_ZERO_SELF_SIGNED_CERT', fetch: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    http: 'permanent',
    fetch: 'permanent',
    request: async () => ({ url: await atTls(otherHost) }),
  },
  {
    what: 'not TLS at all',
    code: { http: /EPROTO|SSL/, fetch: /EPROTO|SSL/ },
    http: 'permanent',
    fetch: 'permanent',
    request: async () => ({ url: (await at(answer(200))).replace('http:', 'https:') }),
  },
  {
    what: 'body longer than maxContentLength',
    code: { http: 'ERR_BAD_RESPONSE', fetch: 'ERR_BAD_RESPONSE' },
    http: 'permanent',
    fetch: axiosSince('1.16.0') ? 'permanent' : 'none', // An older axios does not look.
    request: served(answer(200, 'x'.repeat(100)), { maxContentLength: 10 }),
  },
  {
    what: 'body longer than maxBodyLength',
    code: { http: 'ERR_BAD_REQUEST', fetch: 'ERR_BAD_REQUEST' },
    http: 'permanent',
    fetch: axiosSince('1.16.0') ? 'permanent' : 'none',
    request: served(answer(200), { method: 'post', data: 'x'.repeat(100), maxBodyLength: 10 }),
  },
  {
    what: 'protocol unsupported',
    http: 'permanent',
    fetch: 'permanent',
    request: async () => ({ url: 'gopher://127.0.0.1/' }),
  },
  {
    what: 'port out of range',
    http: 'permanent',
    fetch: 'permanent',
    request: async () => ({ url: 'http://127.0.0.1:99999/' }),
  },
  {
    what: 'address malformed',
    http: 'permanent',
    fetch: 'permanent',
    request: async () => ({ url: 'http://[bad' }),
  },
  {
    what: 'address relative',
    http: axiosSince('1.7.4') ? 'permanent' : 'unsent', // An older axios takes it for one of localhost.
    fetch: 'permanent',
    request: async () => ({ url: '/relative' }),
  },
  {
    what: 'answer is not HTTP',
    code: { http: /^HPE_/, fetch: /^HPE_/ },
    http: 'permanent',
    fetch: 'permanent',
    request: served(rawAnswer('I am no server\r\n\r\n')),
  },
  {
    what: 'body is not gzip',
    code: { http: /^Z_/, fetch: /^Z_/ },
    http: 'permanent',
    fetch: 'permanent',
    request: served(answer(200, 'plain', gzip)),
  },
  {
    what: 'body is not JSON',
    http: 'permanent',
    fetch: 'permanent',
    request: served(answer(200, '{'), { responseType: 'json', transitional: { silentJSONParsing: false } }),
  },
  {
    what: 'redirects without end',
    code: { http: 'ERR_FR_TOO_MANY_REDIRECTS', fetch: 'ERR_NETWORK' },
    http: 'permanent',
    fetch: 'permanent',
    request: served(redirect('/again', 302)),
  },
  {
    what: 'a redirect that is not followed',
    http: 'permanent',
    fetch: 'permanent',
    request: served(redirect('/elsewhere'), { maxRedirects: 0 }),
  },
  {
    what: 'cancelled by a signal',
    http: 'permanent',
    fetch: 'permanent',
    request: served(stall(), { signal: AbortSignal.abort() }),
  },
  {
    what: 'cancelled by AbortSignal.timeout',
    http: 'permanent',
    fetch: 'permanent',
    request: async () => ({ url: await at(stall()), signal: AbortSignal.timeout(50) }),
  },
  ...[400, 401, 403, 404, 409, 410, 422, 423, 451].map(
    (status): Row => ({
      what: `${status}`,
      http: 'permanent',
      fetch: 'permanent',
      request: served(answer(status)),
    }),
  ),
  ...[421, 425, 429].map(
    (status): Row => ({
      what: `${status}`,
      http: 'refused',
      fetch: 'refused',
      request: served(answer(status)),
    }),
  ),
  ...[408, 500, 501, 502, 503, 504, 529].map(
    (status): Row => ({
      what: `${status}`,
      http: 'ambiguous',
      fetch: 'ambiguous',
      request: served(answer(status)),
    }),
  ),
];

async function fail(config: AxiosRequestConfig, client: AxiosInstance = axios.create({ proxy: false })) {
  const error = await caught(client.request(config));
  // As the loop does: an error without a config is judged by the config that was sent.
  return { error, failure: failureOf(error, error.config ?? (config as never)) };
}

describe.each(adapters)('real failures over %s', (adapter) => {
  test.each(rows)(`$what: $${adapter}`, async ({ request, code, [adapter]: expected }) => {
    const sending = { adapter, ...(await request()) };
    if (expected === 'none') {
      expect((await axios.request({ proxy: false, ...sending })).status).toBe(200);
      return;
    }
    const { error, failure } = await fail(sending);
    expect(failure).toBe(expected);
    if (code) {
      const codes = causesOf(error).map((node) => node.code);
      expect(codes).toContainEqual(
        code[adapter] instanceof RegExp ? expect.stringMatching(code[adapter]) : code[adapter],
      );
    }
  });
});

describe('over http', () => {
  test.each([
    { what: 'expired', cert: expired, code: 'CERT_HAS_EXPIRED' },
    { what: 'for another host', cert: otherHost, code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
  ])('a trusted certificate that is $what: permanent', async ({ cert, code }) => {
    const { error, failure } = await fail({ url: await atTls(cert), httpsAgent: new TlsAgent({ ca: cert }) });
    expect(error.code).toBe(code);
    expect(failure).toBe('permanent');
  });

  test('a port below the range that browsers block is tried', async () => {
    expect((await fail({ url: 'http://127.0.0.1:1/' })).failure).toBe('unsent');
  });
});

describe('over fetch', () => {
  test('a port that browsers block is refused for good', async () => {
    expect((await fail({ adapter: 'fetch', url: 'http://127.0.0.1:1/', maxRedirects: 0 })).failure).toBe(
      'permanent',
    );
  });
});

describe('under axios-mock-adapter', () => {
  test.each([
    { what: 'networkError', answerWith: (mock: MockAdapter) => mock.onGet().networkError() },
    { what: 'timeout', answerWith: (mock: MockAdapter) => mock.onGet().timeout() },
    { what: 'abortRequest', answerWith: (mock: MockAdapter) => mock.onGet().abortRequest() },
    { what: 'a 503', answerWith: (mock: MockAdapter) => mock.onGet().reply(503) },
  ])('$what: ambiguous', async ({ answerWith }) => {
    const client = axios.create();
    answerWith(new MockAdapter(client));
    expect((await fail({ url: '/' }, client)).failure).toBe('ambiguous');
  });

  test('an error that the mock made up: permanent', async () => {
    const client = axios.create();
    new MockAdapter(client).onGet().reply(() => Promise.reject(new Error('Made up')));
    expect((await fail({ url: '/' }, client)).failure).toBe('permanent');
  });
});

type Parts = {
  readonly code?: string;
  readonly syscall?: string;
  readonly cause?: unknown;
  readonly errors?: unknown;
};

const errorWith = (parts: Parts, message = 'made by hand'): Error => Object.assign(new Error(message), parts);
const networkError = (cause?: unknown, message = 'Network Error'): AxiosError =>
  Object.assign(new AxiosError(message, 'ERR_NETWORK'), cause === undefined ? {} : { cause });
const fetchFailed = (cause: unknown): Error =>
  networkError(Object.assign(new TypeError('fetch failed'), { cause }));

describe('failures that a test cannot bring about', () => {
  const once = { maxRedirects: 0 };
  const connect = errorWith({ code: 'ECONNREFUSED', syscall: 'connect' });
  const read = errorWith({ code: 'ECONNRESET', syscall: 'read' });

  test.each<{ what: string; error: unknown; failure: Failure; config?: AxiosRequestConfig }>([
    {
      what: 'connect timed out',
      error: errorWith({ code: 'ETIMEDOUT', syscall: 'connect' }),
      failure: 'unsent',
    },
    {
      what: 'host unreachable',
      error: errorWith({ code: 'EHOSTUNREACH', syscall: 'connect' }),
      failure: 'unsent',
    },
    {
      what: 'name server down',
      error: errorWith({ code: 'EAI_AGAIN', syscall: 'getaddrinfo' }),
      failure: 'unsent',
    },
    {
      what: 'undici: connect timed out',
      error: fetchFailed(errorWith({ code: 'UND_ERR_CONNECT_TIMEOUT' })),
      failure: 'unsent',
    },
    {
      what: 'undici: connect timed out, redirects allowed',
      error: fetchFailed(errorWith({ code: 'UND_ERR_CONNECT_TIMEOUT' })),
      failure: 'ambiguous',
      config: {},
    },
    {
      what: 'undici: no headers in time',
      error: fetchFailed(errorWith({ code: 'UND_ERR_HEADERS_TIMEOUT' })),
      failure: 'ambiguous',
    },
    {
      what: 'undici: body stalled',
      error: errorWith({ cause: errorWith({ code: 'UND_ERR_BODY_TIMEOUT' }) }, 'terminated'),
      failure: 'ambiguous',
    },
    {
      what: 'both addresses refused',
      error: networkError(new AggregateError([connect, connect])),
      failure: 'unsent',
    },
    {
      what: 'one address refused, one reset',
      error: networkError(new AggregateError([connect, read])),
      failure: 'ambiguous',
    },
    {
      what: 'one leaf without any mark',
      error: networkError(new AggregateError([connect, new Error('?')])),
      failure: 'ambiguous',
    },
    {
      what: 'write to a closed pipe',
      error: errorWith({ code: 'EPIPE', syscall: 'write' }),
      failure: 'ambiguous',
    },
    { what: 'XHR: network error', error: networkError(), failure: 'ambiguous' },
    {
      what: 'XHR: aborted by the browser',
      error: new AxiosError('Request aborted', 'ECONNABORTED'),
      failure: 'ambiguous',
    },
    {
      what: 'browser fetch: network error',
      error: networkError(new TypeError('Failed to fetch')),
      failure: 'ambiguous',
    },
    { what: 'undici: bad port', error: fetchFailed(new Error('bad port')), failure: 'permanent' },
    {
      what: 'undici: certificate',
      error: fetchFailed(errorWith({ code: 'CERT_HAS_EXPIRED' })),
      failure: 'permanent',
    },
    { what: 'unknown code', error: errorWith({ code: 'E_ODD' }), failure: 'permanent' },
    { what: 'bare error', error: new Error('odd'), failure: 'permanent' },
    { what: 'bare TypeError', error: new TypeError('odd'), failure: 'permanent' },
    { what: 'string', error: 'ECONNRESET', failure: 'permanent' },
    { what: 'undefined', error: undefined, failure: 'permanent' },
    { what: 'null', error: null, failure: 'permanent' },
    { what: 'cancelled', error: new CanceledError('enough'), failure: 'permanent' },
    {
      what: 'cancelled for a reason that looks transient',
      error: Object.assign(new CanceledError('enough'), { cause: read }),
      failure: 'permanent',
    },
  ])('$what: $failure', ({ error, failure, config = once }) => {
    expect(failureOf(error, config as never)).toBe(failure);
  });
});

describe('the chain of causes', () => {
  test('is walked breadth first through causes and aggregated errors', () => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((code) => errorWith({ code })) as [
      Error,
      Error,
      Error,
      Error,
    ];
    const root = Object.assign(new AggregateError([b, c]), { cause: a });
    a.cause = d;
    expect(causesOf(root)).toEqual([root, a, b, c, d]);
  });

  test('may be a circle', () => {
    const first = errorWith({ code: 'ECONNRESET' });
    first.cause = errorWith({ cause: first });
    expect(failureOf(first, {} as never)).toBe('ambiguous');
  });

  test('is cut when it is endless', () => {
    const endless = (): object => ({
      get cause() {
        return endless();
      },
    });
    expect(causesOf(endless()).length).toBeLessThanOrEqual(100);
  });

  test('tells the nearest code', () => {
    expect(codeOf(networkError(errorWith({ code: 'ECONNRESET' })))).toBe('ERR_NETWORK');
    expect(codeOf(errorWith({ cause: errorWith({ code: 'UND_ERR_SOCKET' }) }, 'terminated'))).toBe(
      'UND_ERR_SOCKET',
    );
    expect(codeOf('ECONNRESET')).toBeUndefined();
  });
});
