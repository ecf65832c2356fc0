import { getEventListeners } from 'node:events';
import { runInNewContext } from 'node:vm';
import axios, {
  AxiosError,
  AxiosHeaders,
  type AxiosRequestConfig,
  type InternalAxiosRequestConfig,
} from 'axios';
import { codeOf } from '../../../lib/failure/causes.ts';
import { failureOf } from '../../../lib/failure/classify.ts';
import { attachRetry, type RetryOptions, type RetryReport, retryReport } from '../../../lib/index.ts';
import {
  type ScriptedAdapterOptions,
  type Step,
  scriptedAdapter,
  virtualClock,
} from '../../../lib/testing.ts';
import { caught } from '../../helpers/caught.ts';
import { adapters } from '../../helpers/clients.ts';
import {
  answer,
  closeServers,
  partialBody,
  refusedPort,
  resetAfterReading,
  type Step as ServerStep,
  stall,
  startServer,
} from '../../helpers/server.ts';

afterEach(closeServers);

type Node = AxiosError & { readonly syscall?: string };

/** What users and retry policies look at in an error; port numbers are left out. */
function portrait(error: AxiosError) {
  const { name, message, code, isAxiosError, response, status, config, request } = error;
  const {
    name: causeName,
    message: causeMessage,
    code: causeCode,
    syscall,
  } = (error.cause ?? {}) as Partial<Node>;
  const { headers, data } = response ?? {};
  return {
    error: { name, code, isAxiosError, status, message: message.replace(/\d+/g, '#') },
    isAxiosError: axios.isAxiosError(error),
    isCancel: axios.isCancel(error),
    isCauseEnumerable: Object.keys(error).includes('cause'),
    cause: { causeName, causeCode, syscall, message: causeMessage?.replace(/\d+/g, '#') },
    hasConfig: config?.url !== undefined,
    hasRequest: request !== undefined && request !== null,
    response: response && { status: response.status, retryAfter: headers?.['retry-after'], data },
    retry: { failure: config && failureOf(error, config), code: codeOf(error) },
  };
}

describe.each(adapters)('as the %s adapter,', (flavour) => {
  const real: AxiosRequestConfig = { adapter: flavour, proxy: false };
  const scripted = (...script: Step[]): AxiosRequestConfig => ({
    adapter: scriptedAdapter(script, { flavour }),
  });

  /** The portraits of the error of a real server and of the scripted one, for the same request. */
  async function compare(server: ServerStep, step: Step, config: AxiosRequestConfig = {}) {
    const { url } = await startServer(server);
    const send = (more: AxiosRequestConfig) => caught(axios.request({ url, ...more, ...config }));
    return [portrait(await send(scripted(step))), portrait(await send(real))];
  }

  test.each<[string, ServerStep, Step, AxiosRequestConfig?]>([
    ['a 503', answer(503, ''), 503],
    ['a 404 with JSON', answer(404, { error: 'gone' }), { status: 404, data: { error: 'gone' } }],
    [
      'a 429 with a hint',
      answer(429, 'slow', { 'retry-after': 2 }),
      { status: 429, retryAfter: 2, data: 'slow' },
    ],
    ['a 200 refused by validateStatus', answer(200, ''), 200, { validateStatus: () => false }],
    ['a reset connection', resetAfterReading(), 'ECONNRESET'],
    ['a reset connection of a POST', resetAfterReading(), 'ECONNRESET', { method: 'POST', data: { a: 1 } }],
    ['a body cut short', partialBody(), 'truncated'],
    ['a timeout', stall(), 'timeout', { timeout: 30 }],
    [
      'a timeout told clearly',
      stall(),
      'timeout',
      { timeout: 30, transitional: { clarifyTimeoutError: true } },
    ],
    ['a timeout with its own message', stall(), 'timeout', { timeout: 30, timeoutErrorMessage: 'too slow' }],
  ])('%s looks like the real one', async (_, server, step, config = {}) => {
    const [imitation, original] = await compare(server, step, config);
    expect(imitation).toEqual(original);
  });

  test('a refused connection looks like the real one, and provably never left the machine on http', async () => {
    const url = `http://127.0.0.1:${await refusedPort()}/`;
    for (const method of ['GET', 'POST']) {
      const original = portrait(await caught(axios.request({ ...real, url, method })));
      expect(portrait(await caught(axios.request({ ...scripted('ECONNREFUSED'), url, method })))).toEqual(
        original,
      );
      expect(original.retry.failure).toBe(flavour === 'http' ? 'unsent' : 'ambiguous');
    }
  });

  test.each([
    ['ENOTFOUND', 'getaddrinfo', flavour === 'http' ? 'unsent' : 'ambiguous'],
    ['EAI_AGAIN', 'getaddrinfo', flavour === 'http' ? 'unsent' : 'ambiguous'],
    ['ETIMEDOUT', 'connect', flavour === 'http' ? 'unsent' : 'ambiguous'],
    ['EPIPE', 'write', 'ambiguous'],
    ['CERT_HAS_EXPIRED', undefined, 'permanent'],
    ['HPE_INVALID_CONSTANT', undefined, 'permanent'],
  ])('%s has its system call and its failure', async (code, syscall, failure) => {
    const error = await caught(axios.get('/', scripted(code)));
    expect(error).toMatchObject({
      code: flavour === 'http' ? code : 'ERR_NETWORK',
      message: flavour === 'http' ? expect.stringContaining(code) : 'Network Error',
      cause: { code },
    });
    expect((error.cause as Node).syscall).toBe(syscall);
    expect(failureOf(error, error.config as InternalAxiosRequestConfig)).toBe(failure);
  });

  test.each<[string, ServerStep, Step, AxiosRequestConfig?]>([
    ['JSON', answer(200, { a: [1, null] }), { status: 200, data: { a: [1, null] } }],
    [
      'JSON that is asked for as text',
      answer(200, { a: 1 }),
      { status: 200, data: { a: 1 } },
      { responseType: 'text' },
    ],
    ['a number', answer(200, '7'), { status: 200, data: 7 }],
    ['text', answer(200, 'hello'), { status: 200, data: 'hello' }],
    ['nothing', answer(204, ''), 204],
    [
      'a failure that the caller asked to receive',
      answer(503, 'down'),
      { status: 503, data: 'down' },
      { validateStatus: null },
    ],
  ])('the response with %s has the data of the real one', async (_, server, step, config = {}) => {
    const { url } = await startServer(server);
    const [imitation, original] = [
      await axios.get(url, { ...scripted(step), ...config }),
      await axios.get(url, { ...real, ...config }),
    ];
    expect(imitation.data).toEqual(original.data);
    expect(imitation.status).toBe(original.status);
    expect(imitation.config.url).toBe(url);
  });

  test('a cancelled request looks like the real one', async () => {
    const { url } = await startServer(stall());
    const outcomes = [];
    for (const config of [scripted(() => new Promise(() => undefined)), real]) {
      const controller = new AbortController();
      const token = axios.CancelToken.source();
      const bySignal = caught(axios.get(url, { ...config, signal: controller.signal }));
      const again = config === real ? real : scripted(() => new Promise(() => undefined));
      const byToken = caught(axios.get(url, { ...again, cancelToken: token.token }));
      await new Promise((resolve) => setTimeout(resolve, 20));
      controller.abort(new Error('left the page'));
      token.cancel('changed my mind');
      outcomes.push([portrait(await bySignal), portrait(await byToken)]);
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    }
    expect(outcomes[0]).toEqual(outcomes[1]);
    expect(outcomes[0]?.[0]).toMatchObject({ isCancel: true, retry: { failure: 'permanent' } });
  });

  test.each<[string, AxiosRequestConfig, RetryOptions]>([
    ['a GET', { method: 'GET' }, {}],
    ['a POST', { method: 'POST', data: { a: 1 } }, {}],
    ['a POST with a key', { method: 'POST', data: { a: 1 } }, { idempotencyKey: true }],
  ])('%s is retried as over the wire', async (_, config, retry) => {
    const server = await startServer([
      answer(429, '', { 'retry-after': 2 }),
      resetAfterReading(),
      answer(503),
      partialBody(),
      answer(200, { name: 'Ada' }),
    ]);
    const adapter = scriptedAdapter(
      [
        { status: 429, retryAfter: 2 },
        'ECONNRESET',
        503,
        'truncated',
        { status: 200, data: { name: 'Ada' } },
      ],
      { flavour },
    );
    const play = async (defaults: AxiosRequestConfig) => {
      const clock = virtualClock();
      const client = axios.create({ baseURL: server.url, ...(defaults as object) });
      attachRetry(client, { maxAttempts: 9, jitter: 'none', ...retry }, { clock, random: () => 0 });
      const outcome = await client
        .request({ url: '/users', params: { page: 1 }, ...config })
        .catch((e: AxiosError) => e);
      const { attempts, reason } = retryReport(outcome) as RetryReport;
      const data = (outcome as { readonly data?: unknown }).data;
      return {
        data,
        reason,
        sleeps: clock.sleeps,
        attempts: attempts.map(({ duration, startedAt, ...rest }) => rest),
      };
    };
    expect(await play({ adapter })).toEqual(await play(real));

    const wire = server.requests.map(({ method, url, text }) => ({
      method,
      url: server.url + url,
      body: text,
    }));
    expect(adapter.requests.map(({ method, url, data = '' }) => ({ method, url, body: data }))).toEqual(wire);
    const keys = adapter.requests.map(({ headers }) => headers['Idempotency-Key']);
    expect(new Set(keys).size).toBe(1);
  });
});

describe('a script', () => {
  test('is played step by step, with steps that depend on the request', async () => {
    const failure = new Error('as it is');
    const adapter = scriptedAdapter([
      503,
      ({ url }) => ({ status: 200, data: { url } }),
      async () => () => 404,
      failure,
      () => {
        throw failure;
      },
    ]);
    const client = axios.create({ adapter });
    expect(await caught(client.get('/'))).toMatchObject({
      code: 'ERR_BAD_RESPONSE',
      response: { status: 503 },
    });
    expect((await client.get('/users/1')).data).toEqual({ url: '/users/1' });
    expect(await caught(client.get('/'))).toMatchObject({
      code: 'ERR_BAD_REQUEST',
      response: { status: 404 },
    });
    expect(adapter.remaining).toBe(2);
    expect(await caught<Error>(client.get('/'))).toBe(failure);
    expect(await caught<Error>(client.get('/'))).toBe(failure);
    expect(adapter.remaining).toBe(0);
    adapter.done();
  });

  test('records what was sent, as it was when it was sent', async () => {
    const adapter = scriptedAdapter([200, 200]);
    const client = axios.create({
      adapter,
      baseURL: 'https://api.example.com/v1',
      headers: { 'X-Team': 'blue' },
    });
    const response = await client.post('/users', { name: 'Ada' }, { params: { dry: true } });
    response.config.headers.set('X-Team', 'red');
    await client.get('https://other.example.com/');
    const [post, get] = adapter.requests;
    expect(post).toMatchObject({
      method: 'POST',
      url: 'https://api.example.com/v1/users?dry=true',
      data: '{"name":"Ada"}',
    });
    expect(post?.headers.get('x-team')).toBe('blue');
    expect(post?.headers['Content-Type']).toBe('application/json');
    expect(get).toMatchObject({ method: 'GET', url: 'https://other.example.com/', data: undefined });
  });

  test('that is called more often than written says so, and is not retried', async () => {
    const adapter = scriptedAdapter([503, 503]);
    const client = axios.create({ adapter });
    const clock = virtualClock();
    attachRetry(client, { maxAttempts: 9, retryIf: () => true, jitter: 'none' }, { clock });
    const error = await caught(client.get('/users/1'));
    expect(error.message).toBe(
      'The script of scriptedAdapter has 2 steps, and there were 3 requests: GET /users/1, GET /users/1, GET /users/1. ' +
        'Add a step, or find out why it was sent',
    );
    expect(clock.sleeps).toEqual([1_000, 2_000]);
    expect(() => adapter.done()).toThrow('has 2 steps, and there were 3 requests');
    expect(adapter.remaining).toBe(0);
  });

  test('without a step is for what is never sent', async () => {
    const adapter = scriptedAdapter([]);
    adapter.done();
    expect((await caught(axios.get('/', { adapter }))).message).toContain(
      'has 0 steps, and there were 1 request: GET /',
    );
  });

  test('that is not used up says so when asked', async () => {
    const adapter = scriptedAdapter([200, 503, 200]);
    await axios.get('/a', { adapter });
    expect(() => adapter.done()).toThrow(
      'The script of scriptedAdapter has 3 steps, and only 1 request came: GET /a',
    );
    expect(() => scriptedAdapter([200]).done()).toThrow('has 1 step, and only 0 requests came: none');
  });

  test('loses no step to a request that was cancelled before', async () => {
    const adapter = scriptedAdapter([200]);
    const config = { url: '/', headers: new axios.AxiosHeaders() };
    for (const flavour of adapters) {
      const unused = scriptedAdapter([200], { flavour });
      expect(axios.isCancel(await caught(unused({ ...config, signal: AbortSignal.abort() })))).toBe(true);
      expect(unused.remaining).toBe(1);
    }
    expect((await adapter(config)).status).toBe(200);
  });

  test('leaves no listener on the signal of a request that settled', async () => {
    const { signal } = new AbortController();
    const adapter = scriptedAdapter([200, 'ECONNRESET']);
    await axios.get('/', { adapter, signal });
    await caught(axios.get('/', { adapter, signal }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  test('takes the caller’s own headers over those it makes', async () => {
    const adapter = scriptedAdapter([
      { status: 200, data: { a: 1 }, headers: { 'Content-Type': 'application/hal+json', ETag: '"1"' } },
    ]);
    const { headers } = await axios.get('/', { adapter });
    expect([headers['content-type'], headers.etag]).toEqual(['application/hal+json', '"1"']);
  });

  test('gives streams and buffers as they are', async () => {
    const bytes = new Uint8Array([1, 2]);
    const adapter = scriptedAdapter([{ status: 200, data: bytes }]);
    expect((await axios.get('/', { adapter, responseType: 'arraybuffer' })).data).toBe(bytes);
  });
});

describe('scriptedAdapter refuses', () => {
  test.each([
    99,
    600,
    200.5,
    'econnreset',
    '',
    '503',
    null,
    undefined,
    {},
    [503],
    { status: '503' },
    { status: 503, retryafter: 1 },
  ])('%j as a step', async (step) => {
    expect(() => scriptedAdapter([200, step as Step])).toThrow(TypeError);
    expect(() => scriptedAdapter([200, step as Step])).toThrow(
      /^Expected step 2 of scriptedAdapter to be a status, \{ status, … \}, 'timeout', 'truncated', an error code, an Error or a function, got /,
    );
    const error = await caught<Error>(axios.get('/', { adapter: scriptedAdapter([() => step as Step]) }));
    expect(error.message).toMatch(/^Expected the result of a step of scriptedAdapter to be /);
  });

  test('what is no script and no flavour', () => {
    expect(() => scriptedAdapter(503 as never)).toThrow(
      'Expected `scriptedAdapter` to be given an array of steps, got 503',
    );
    expect(() => scriptedAdapter([], { flavour: 'xhr' as never })).toThrow(
      "Expected scriptedAdapter option `flavour` to be 'http' or 'fetch', got \"xhr\"",
    );
    expect(() => scriptedAdapter([], { flavor: 'fetch' } as never)).toThrow(
      'Expected scriptedAdapter option `flavor` to be spelled `flavour`, got "fetch"',
    );
  });
});

test.each(['http', 'fetch'] as const)(
  "'ERR_NETWORK' is the network error of a browser, over %s, and a GET is sent again",
  async (flavour) => {
    const adapter = scriptedAdapter(['ERR_NETWORK', 200], { flavour });
    const client = axios.create({ adapter });
    attachRetry(client, { baseDelay: 0 });
    const response = await client.get('/');
    expect(retryReport(response)?.attempts).toMatchObject([{ code: 'ERR_NETWORK' }, { status: 200 }]);
  },
);

describe('step by step', () => {
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
      expect(await fail(status, { validateStatus: () => false })).toMatchObject({
        code,
        response: { status },
      });
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

  // Older axios passes on what fetch says in another way, and the kit imitates the newest.
  test('a body that is cut off over fetch looks like the real one and names the socket', async () => {
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
});
