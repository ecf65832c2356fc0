import { runInNewContext } from 'node:vm';
import axios, { AxiosError, AxiosHeaders, type AxiosRequestConfig } from 'axios';
import { type ScriptedAdapterOptions, type Step, scriptedAdapter } from '../../../lib/testing.ts';
import { caught } from '../../helpers/caught.ts';

const raw = { transformResponse: (data: unknown): unknown => data };

const send = (step: Step, config: AxiosRequestConfig = {}, options: ScriptedAdapterOptions = {}) =>
  axios.get('https://api.example.com/a', { adapter: scriptedAdapter([step], options), ...raw, ...config });

const fail = (step: Step, config?: AxiosRequestConfig, options?: ScriptedAdapterOptions) =>
  caught(send(step, config, options));

describe('what is a step', () => {
  test.each([[100], [599], ['timeout'], ['EPIPE'], ['E2_BIG'], ['E_A_B'], [new Error('mine')]])(
    '%p is',
    (step) => {
      expect(() => scriptedAdapter([step])).not.toThrow();
    },
  );

  test.each<[unknown]>([
    [99],
    [600],
    [200.5],
    [null],
    [undefined],
    [Object.assign([], { status: 200 })],
    [['timeout']],
    ['xtimeout'],
    ['timeoutx'],
    ['Econnreset'],
    ['E_x'],
    ['E_'],
    [''],
    [{ status: 99 }],
    [{ status: 200, body: 'x' }],
  ])('%p is none', (step) => {
    expect(() => scriptedAdapter([step as Step])).toThrow(
      /^Expected step 1 of scriptedAdapter to be a status, /,
    );
  });

  test('an error of another realm is, and is thrown as it is', async () => {
    const error = runInNewContext('new Error("elsewhere")') as Error;
    expect(await fail(error)).toBe(error);
  });
});

describe('an answer', () => {
  test.each<[unknown, unknown, boolean]>([
    [{ a: 1 }, '{"a":1}', true],
    [Object.assign(Object.create(null), { a: 1 }), '{"a":1}', true],
    [[1], '[1]', true],
    [5, '5', true],
    [false, 'false', true],
    ['text', 'text', false],
    [null, '', false],
    [undefined, '', false],
  ])('of %p has the body %p', async (data, body, isJson) => {
    const response = await send({ status: 200, data });
    expect([response.data, response.statusText]).toEqual([body, '']);
    expect(response.headers['content-type']).toBe(isJson ? 'application/json' : undefined);
  });

  test('of an instance of a class has it as it is', async () => {
    const data = new Date(0);
    expect((await send({ status: 200, data })).data).toBe(data);
  });

  test('has what stands for the request of its adapter', async () => {
    const [method, url] = ['GET', 'https://api.example.com/a'];
    expect((await send(200)).request).toEqual({ method, path: url, _redirectCount: 0 });
    expect((await send(200, {}, { flavour: 'fetch' })).request).toEqual({ method, url });
  });

  test('is recorded as one to a GET when no method is given', async () => {
    const adapter = scriptedAdapter([200]);
    await adapter({ url: '/', headers: new AxiosHeaders() });
    expect(adapter.requests).toMatchObject([{ method: 'GET', url: '/' }]);
  });

  test.each([
    [399, 'ERR_BAD_RESPONSE'],
    [400, 'ERR_BAD_REQUEST'],
    [499, 'ERR_BAD_REQUEST'],
    [500, 'ERR_BAD_RESPONSE'],
  ])('%i that is not wanted has the code %s', async (status, code) => {
    expect(await fail(status, { validateStatus: () => false })).toMatchObject({ code, response: { status } });
  });
});

describe('a failed connection', () => {
  const host = { address: '127.0.0.1', port: 1 };
  const name = { syscall: 'getaddrinfo', hostname: 'scripted.invalid' };
  const systemErrors: readonly (readonly [string, string, object])[] = [
    ...['ECONNREFUSED', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'].map(
      (code) => [code, `connect ${code} 127.0.0.1:1`, { code, syscall: 'connect', ...host }] as const,
    ),
    ...['ENOTFOUND', 'EAI_AGAIN'].map(
      (code) => [code, `getaddrinfo ${code} scripted.invalid`, { code, ...name }] as const,
    ),
    ['ECONNRESET', 'read ECONNRESET', { code: 'ECONNRESET', syscall: 'read' }],
    ['EPIPE', 'write EPIPE', { code: 'EPIPE', syscall: 'write' }],
    ['CERT_HAS_EXPIRED', 'CERT_HAS_EXPIRED', { code: 'CERT_HAS_EXPIRED' }],
  ];

  test.each(systemErrors)('%s says over http "%s"', async (code, message, details) => {
    const error = await fail(code);
    expect([error.message, error.code]).toEqual([message, code]);
    expect(error.cause).toMatchObject({ message, ...details });
  });

  test.each(systemErrors)('%s is over fetch the cause "%s"', async (code, message, details) => {
    const error = await fail(code, {}, { flavour: 'fetch' });
    expect([error.message, error.code]).toEqual(['Network Error', 'ERR_NETWORK']);
    expect(error.cause).toMatchObject({ message, ...details });
    expect(Object.getOwnPropertyDescriptor(error, 'cause')).toMatchObject({
      writable: true,
      configurable: true,
      enumerable: false,
    });
  });
});

test.each(['http', 'fetch'] as const)(
  'the one error that browsers have says over %s what they say',
  async (flavour) => {
    const error = await fail('ERR_NETWORK', {}, { flavour });
    expect([error.message, error.code]).toEqual(['Network Error', 'ERR_NETWORK']);
    expect(error.cause).toEqual(new TypeError('Failed to fetch'));
  },
);

describe('a timeout', () => {
  test.each<[string, AxiosRequestConfig, [string, string]]>([
    ['without a number', {}, ['timeout exceeded', 'ECONNABORTED']],
    ['of 50 ms', { timeout: 50 }, ['timeout of 50ms exceeded', 'ECONNABORTED']],
    ['with words of the caller', { timeoutErrorMessage: 'too slow' }, ['too slow', 'ECONNABORTED']],
    [
      'that is to be told clearly',
      { transitional: { clarifyTimeoutError: true } },
      ['timeout exceeded', 'ETIMEDOUT'],
    ],
  ])('%s', async (_, config, told) => {
    const { message, code } = await fail('timeout', config);
    expect([message, code]).toEqual(told);
  });

  test('of a config without transitional settings', async () => {
    const adapter = scriptedAdapter(['timeout']);
    expect(await caught(adapter({ headers: new AxiosHeaders() }))).toMatchObject({ code: 'ECONNABORTED' });
  });
});

test('a body that is cut off over fetch names the socket', async () => {
  const error = await fail('truncated', {}, { flavour: 'fetch' });
  expect(error.cause).toMatchObject({
    name: 'TypeError',
    message: 'terminated',
    cause: { name: 'SocketError', message: 'other side closed', code: 'UND_ERR_SOCKET' },
  });
});

test('a cancellation over fetch by an error of axios is that error', async () => {
  const controller = new AbortController();
  const reason = new AxiosError('mine', 'EMINE');
  controller.abort(reason);
  const adapter = scriptedAdapter([200], { flavour: 'fetch' });
  const config = { headers: new AxiosHeaders(), signal: controller.signal };
  expect(await caught(adapter(config))).toBe(reason);
  expect(reason.config).toBe(config);
});
