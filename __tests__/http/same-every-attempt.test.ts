import { Readable } from 'node:stream';
import axios, { type AxiosStatic, type InternalAxiosRequestConfig } from 'axios';
import {
  attachRetry,
  type GiveUpContext,
  limitConcurrency,
  type RetryContext,
  type RetryOptions,
  RetryThrottle,
  retryReport,
  retryTransport,
  wasRetried,
} from '../../lib/index.ts';
import { caught } from '../helpers/caught.ts';
import { adapters, createClient, fast } from '../helpers/clients.ts';
import { scripted } from '../helpers/scripted.ts';
import { answer, closeServers, echo, startServer } from '../helpers/server.ts';

afterEach(closeServers);

test('an instance of another copy of axios gets headers of its own class, so that it drops none', async () => {
  let other = axios;
  jest.isolateModules(() => {
    other = require('axios') as AxiosStatic;
  });
  expect(other.AxiosHeaders).not.toBe(axios.AxiosHeaders);
  const { adapter, sent } = scripted(503, 503, 200);
  const client = other.create({ adapter, headers: { Authorization: 'Bearer token' } });
  const seen: unknown[] = [];
  attachRetry(client, {
    ...fast,
    idempotencyKey: true,
    beforeRetry: (config) => void seen.push(config.headers),
  });
  await client.post('/charges', { amount: 1 });
  for (const headers of [...seen, ...sent.map((config) => config.headers)]) {
    expect(headers).toBeInstanceOf(other.AxiosHeaders);
    expect(headers).toMatchObject({ Authorization: 'Bearer token' });
  }
  expect(new Set(sent.map((config) => config.headers.get('Idempotency-Key'))).size).toBe(1);
});

test.each(adapters)(
  '`data` that gives the same stream again is refused over %s, and nothing is sent empty',
  async (adapter) => {
    const server = await startServer([answer(503), echo()]);
    const { client } = createClient({ adapter });
    const stream = Readable.from([Buffer.from('content')]);
    const error = await caught(client.put(server.url, undefined, { retry: { data: () => stream } }));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toBe(
      'Expected the result of retry option `data` to be a new body for every attempt, got [object Object]',
    );
    expect(error.cause).toMatchObject({ response: { status: 503 } });
    expect(server.requests).toHaveLength(1);
  },
);

test('`data` may give the same text or bytes every time', async () => {
  const server = await startServer([answer(503), echo()]);
  const { client } = createClient();
  const bytes = Buffer.from('content');
  const response = await client.put(server.url, undefined, { retry: { data: () => bytes } });
  expect(response.data.body).toBe('content');
});

test('a header with several values has as many on every attempt, whatever an interceptor appends', async () => {
  const { adapter, sent } = scripted(503, 503, 200);
  const client = axios.create({ adapter });
  attachRetry(client, fast);
  client.interceptors.request.use((config) => {
    (config.headers['x-list'] as string[]).push('appended');
    return config;
  });
  const list = ['mine'];
  await client.get('/', { headers: { 'x-list': list } as never });
  expect(sent.map((config) => config.headers['x-list'])).toEqual(Array(3).fill(['mine', 'appended']));
});

test('what a config carries under a symbol is there on every attempt, or on none where axios drops it', async () => {
  const tag = Symbol('tag');
  const { adapter, sent } = scripted(503, 200);
  const client = axios.create({ adapter });
  attachRetry(client, fast);
  await client.get('/', { [tag]: 'mine' } as object);
  const [first, second] = sent as unknown as readonly Record<symbol, unknown>[];
  expect(second?.[tag]).toBe(first?.[tag]);
});

test('a frozen config from `beforeRetry` is sent like any other', async () => {
  const { adapter, sent } = scripted(503, 200);
  const client = axios.create({ adapter });
  attachRetry(client, { ...fast, beforeRetry: (config) => Object.freeze({ ...config, url: '/other' }) });
  const response = await client.get('/');
  expect(sent[1]?.url).toBe('/other');
  expect(retryReport(response)?.attempts).toHaveLength(2);
});

test.each([
  ['may have acted', 500],
  ['did act', 200],
])('a key that `beforeRetry` takes away does not make a POST safe that %s before', async (_, status) => {
  const { adapter, sent } = scripted(status, 429, 200);
  const client = axios.create({ adapter });
  attachRetry(client, {
    ...fast,
    retryIf: () => true,
    idempotencyKey: true,
    beforeRetry(config, { attemptNumber }) {
      if (attemptNumber === 2) config.headers.delete('Idempotency-Key');
    },
  });
  const error = await caught(client.post('/charges', { amount: 1 }));
  expect(retryReport(error)?.reason).toBe('unsafe-method');
  expect(sent).toHaveLength(2);
});

describe('when a function of the user throws', () => {
  const fail = (): never => {
    throw new Error('mine');
  };

  test.each<[string, RetryOptions]>([
    ['wait', { wait: fail }],
    ['stop', { stop: fail }],
    ['retryIf', { retryIf: fail }],
    ['beforeRetry', { beforeRetry: fail }],
  ])('in `%s`: observers learn that the request is over, and the report says why', async (_, options) => {
    const givenUp: GiveUpContext[] = [];
    const client = axios.create({ adapter: scripted(503).adapter });
    attachRetry(client, {
      ...fast,
      ...options,
      observe: { onGiveUp: (context) => void givenUp.push(context) },
    });
    const error = await caught(client.get('/'));
    expect(error.message).toBe('mine');
    expect(givenUp.map(({ reason }) => reason)).toEqual(['callback-threw']);
    expect(retryReport(error.cause)?.reason).toBe('callback-threw');
  });

  test('after a retry, the error counts as retried', async () => {
    const client = axios.create({ adapter: scripted(503).adapter });
    const stop = ({ attemptNumber }: RetryContext): boolean => (attemptNumber === 2 ? fail() : false);
    attachRetry(client, { ...fast, stop });
    expect(wasRetried(await caught(client.get('/')))).toBe(true);
  });

  test('a `stop` that answers a promise is refused: it could never stop anything', async () => {
    const client = axios.create({ adapter: scripted(503).adapter });
    attachRetry(client, { ...fast, stop: (async () => true) as never });
    const error = await caught(client.get('/'));
    expect(error.message).toBe(
      'Expected the result of `stop` to be a boolean or a string, got [object Promise]',
    );
    expect(error.cause).toMatchObject({ response: { status: 503 } });
  });
});

describe.each(adapters)('an instance of another copy of axios, over %s:', (adapter) => {
  const copyOfAxios = (): AxiosStatic => {
    let copy = axios;
    jest.isolateModules(() => {
      copy = require('axios') as AxiosStatic;
    });
    return copy;
  };

  test.each<[string, RetryOptions]>([
    ['without deadlines', {}],
    ['with a deadline', { totalTimeout: 5_000 }],
  ])('%s, no header is lost on the way to the server or back', async (_, options) => {
    const server = await startServer([
      answer(503, '', { 'retry-after-ms': '7' }),
      answer(200, '', { 'x-mine': 'yes' }),
    ]);
    const client = copyOfAxios().create({
      adapter,
      proxy: false,
      headers: { Authorization: 'Bearer token' },
    });
    attachRetry(client, { ...fast, ...options, idempotencyKey: true });
    const response = await client.post(server.url, { amount: 1 });
    expect(retryReport(response)?.attempts[0]?.delay).toBeGreaterThanOrEqual(7);
    expect(response.headers['x-mine']).toBe('yes');
    const seen = server.requests.map(({ headers }) => [headers.authorization, headers['idempotency-key']]);
    expect(seen[0]).toEqual(['Bearer token', expect.any(String)]);
    expect(seen[1]).toEqual(seen[0]);
  });

  test('limitConcurrency and retryTransport lose none either', async () => {
    const server = await startServer(answer(200, '', { 'x-mine': 'yes' }));
    const client = copyOfAxios().create({ proxy: false, headers: { Authorization: 'Bearer token' } });
    for (const limited of [limitConcurrency(1, adapter), retryTransport({}, adapter)]) {
      const response = await client.get(server.url, { adapter: limited });
      expect(response.headers['x-mine']).toBe('yes');
    }
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token',
      'Bearer token',
    ]);
  });
});

test('`data` that gives null gives it on every attempt', async () => {
  const { adapter, sent } = scripted(503, 200);
  const client = axios.create({ adapter });
  attachRetry(client, fast);
  const headers = { 'content-type': 'application/json' };
  await client.put('/', undefined, { headers, retry: { data: () => null } });
  expect(sent.map((config) => config.data)).toEqual(['null', 'null']);
});

test('the success of a retry gives its cost back to the origin that paid, whichever host `beforeRetry` chose', async () => {
  const throttle = new RetryThrottle({ capacity: 20, retryCost: 14 });
  const { adapter } = scripted(...Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? 503 : 200)));
  const client = axios.create({ adapter, baseURL: 'http://a.test' });
  const beforeRetry = (config: InternalAxiosRequestConfig): void => {
    config.baseURL = 'http://b.test';
  };
  attachRetry(client, { throttle, baseDelay: 0, beforeRetry });
  for (let n = 0; n < 20; n += 1) expect((await client.get('/')).status).toBe(200);
});
