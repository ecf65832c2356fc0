import { inspect } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import axios, { AxiosError, type AxiosRequestConfig, type InternalAxiosRequestConfig } from 'axios';
import {
  attachRetry,
  type RetryOptions,
  type RetryReport,
  retryReport,
  wasRetried,
} from '../../../lib/index.ts';
import { virtualClock } from '../../../lib/testing.ts';
import { caught } from '../../helpers/caught.ts';
import { adapters, createClient, fast } from '../../helpers/clients.ts';
import { scripted, type Turn } from '../../helpers/scripted.ts';
import {
  answer,
  closeServers,
  partialBody,
  resetAfterReading,
  slowly,
  startServer,
} from '../../helpers/server.ts';

afterEach(closeServers);

describe('what the report tells', () => {
  test('of a request that recovered: every attempt and wait to the millisecond, and no reason', async () => {
    const clock = virtualClock({ now: 1_000_000 });
    const taking = (ms: number, status: number) => async (config: AxiosRequestConfig) => {
      await clock.advance(ms);
      return scripted(status).adapter(config as never);
    };
    const { adapter } = scripted(taking(30, 503), taking(40, 429), taking(50, 200));
    const client = axios.create({ adapter });
    attachRetry(client, { baseDelay: 100, jitter: 'none' }, { clock });
    const report = retryReport(await client.get('/'));
    expect(report).toEqual({
      attempts: [
        { number: 1, startedAt: 1_000_000, duration: 30, status: 503, delay: 100 },
        { number: 2, startedAt: 1_000_130, duration: 40, status: 429, delay: 200 },
        { number: 3, startedAt: 1_000_370, duration: 50, status: 200 },
      ],
      omitted: 0,
      elapsed: 420,
      totalDelay: 300,
      mayHaveActed: true,
    });
    expect(Object.keys(report as object)).not.toContain('reason');
  });

  test('of a request that was given up: the same, and the reason', async () => {
    const clock = virtualClock({ now: 1_000_000 });
    const client = axios.create({ adapter: scripted(503).adapter });
    attachRetry(client, { baseDelay: 100, jitter: 'none', maxAttempts: 2 }, { clock });
    expect(retryReport(await caught(client.get('/')))).toEqual({
      attempts: [
        { number: 1, startedAt: 1_000_000, duration: 0, status: 503, delay: 100 },
        { number: 2, startedAt: 1_000_100, duration: 0, status: 503 },
      ],
      omitted: 0,
      elapsed: 100,
      totalDelay: 100,
      mayHaveActed: true,
      reason: 'max-attempts',
    });
  });

  test.each(adapters)('of real attempts over %s: statuses, codes, times', async (adapter) => {
    const server = await startServer([
      slowly(30, answer(503)),
      resetAfterReading(),
      partialBody(200),
      answer(200, { fine: true }),
    ]);
    const { client } = createClient({ adapter }, { maxAttempts: 4 });
    const before = Date.now();
    const report = retryReport(await client.get(server.url));
    const after = Date.now();
    expect(
      report?.attempts.map(({ number, status, code, delay }) => [number, status, typeof code, delay]),
    ).toEqual([
      [1, 503, 'undefined', 5],
      [2, undefined, 'string', 10],
      [3, undefined, 'string', 20],
      [4, 200, 'undefined', undefined],
    ]);
    expect(report?.attempts[0]?.duration).toBeGreaterThanOrEqual(29);
    const starts = report?.attempts.map(({ startedAt }) => startedAt) ?? [];
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    expect(starts[0]).toBeGreaterThanOrEqual(before - 1);
    expect(starts[3]).toBeLessThanOrEqual(after + 1);
    const durations = report?.attempts.reduce((sum, { duration }) => sum + duration, 0) ?? 0;
    expect(report?.totalDelay).toBe(35);
    expect(report?.elapsed).toBeGreaterThanOrEqual(durations + 35 - 1);
    expect(report?.elapsed).toBeLessThanOrEqual(after - before + 2);
  });

  test.each<[string, RetryOptions, number, string]>([
    ['not-retryable', {}, 404, 'get'],
    ['unsafe-method', {}, 503, 'post'],
    ['max-attempts', { maxAttempts: 1 }, 503, 'get'],
    ['max-elapsed-time', { maxElapsedTime: 0 }, 503, 'get'],
    ['stop-condition', { stop: () => true }, 503, 'get'],
    ['maintenance', { stop: () => 'maintenance' }, 503, 'get'],
    ['total-timeout', { totalTimeout: 1_000, baseDelay: 1_000 }, 503, 'get'],
  ])('the reason %s', async (reason, options, status, method) => {
    const { client } = createClient({ adapter: scripted(status).adapter }, options);
    const error = await caught(client.request({ url: '/', method }));
    expect(retryReport(error)).toMatchObject({ reason, omitted: 0, totalDelay: 0 });
    expect(retryReport(error)?.attempts).toHaveLength(1);
  });

  test('of a first success: one attempt', async () => {
    const { client } = createClient({ adapter: scripted(200).adapter });
    expect(retryReport(await client.get('/'))).toEqual({
      attempts: [{ number: 1, startedAt: expect.any(Number), duration: expect.any(Number), status: 200 }],
      omitted: 0,
      elapsed: expect.any(Number),
      totalDelay: 0,
      mayHaveActed: false,
    });
  });

  test('is the same whenever it is asked, and nobody’s to change', async () => {
    const { client } = createClient({ adapter: scripted(503, 200).adapter });
    const response = await client.get('/');
    const first = retryReport(response);
    await new Promise((resolve) => setTimeout(resolve, 10));
    Object.assign(first as object, { reason: 'changed' });
    (first?.attempts as unknown[]).length = 0;
    const second = retryReport(response);
    expect(second?.attempts).toHaveLength(2);
    expect(second).not.toHaveProperty('reason');
    expect(retryReport(response)).toEqual(second);
  });

  test('is there for observers while the request is under way', async () => {
    const counts: (number | undefined)[] = [];
    const onRetry = ({ error }: { readonly error?: unknown }) =>
      void counts.push(retryReport(error)?.attempts.length);
    const { client } = createClient({ adapter: scripted(503, 503, 200).adapter }, { observe: { onRetry } });
    await client.get('/');
    expect(counts).toEqual([1, 2]);
  });

  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a string', 'error'],
    ['an error', new Error('other')],
    ['an axios error without config', new AxiosError('other')],
    ['an error with a foreign state', { config: { retryState: { attempts: 5 } } }],
    ['an error with no state', { config: {} }],
    ['an error with a null config', { config: null }],
  ])('there is none of %s', (_, value) => {
    expect(retryReport(value)).toBeUndefined();
  });

  test('there is none of a request that was sent with retry: false', async () => {
    const { client } = createClient({ adapter: scripted(503).adapter });
    expect(retryReport(await caught(client.get('/', { retry: false })))).toBeUndefined();
  });

  test('there is none of another client’s error', async () => {
    expect(retryReport(await caught(axios.get('/', { adapter: scripted(503).adapter })))).toBeUndefined();
  });
});

describe('beyond fifty attempts', () => {
  test.each([
    [49, 0],
    [50, 0],
    [51, 1],
    [52, 2],
    [90, 40],
    [91, 41],
    [200, 150],
  ])(
    'of %d attempts %d are omitted: the first 10 and the last 40 are kept, in order',
    async (attempts, omitted) => {
      const clock = virtualClock();
      const client = axios.create({ adapter: scripted(503).adapter });
      const wait = ({ attemptNumber }: { readonly attemptNumber: number }) => attemptNumber;
      attachRetry(
        client,
        { maxAttempts: attempts, maxElapsedTime: Infinity, wait, throttle: false },
        { clock },
      );
      const report = retryReport(await caught(client.get('/')));
      expect(report?.omitted).toBe(omitted);
      const numbers = Array.from({ length: attempts }, (_, i) => i + 1).filter(
        (number) => number <= 10 || number > 10 + omitted,
      );
      expect(report?.attempts.map(({ number }) => number)).toEqual(numbers);
      expect(report?.attempts).toEqual(
        numbers.map((number) => ({
          number,
          startedAt: (number * (number - 1)) / 2,
          duration: 0,
          status: 503,
          ...(number < attempts && { delay: number }),
        })),
      );
      expect(report?.totalDelay).toBe((attempts * (attempts - 1)) / 2);
    },
  );
});

describe('what the report keeps to itself', () => {
  const secret = 's3cr3t';
  const failing = async () => {
    const { client } = createClient(
      { adapter: scripted(503, 503).adapter },
      { maxAttempts: 2, stop: () => false },
    );
    return caught(client.get('/', { retry: { observe: { onGiveUp: () => undefined } } }));
  };
  const traces = /retryState|axios-tenacity|attempts|totalDelay|omitted|startedAt/;

  test('nothing shows in JSON.stringify(error)', async () => {
    const error = await failing();
    const text = JSON.stringify(error);
    expect(text).toContain('"url":"/"');
    expect(text).not.toMatch(traces);
    expect(JSON.parse(text).config).not.toHaveProperty('retryState');
    expect(JSON.stringify(error.config)).not.toMatch(traces);
  });

  test('nothing but the name of the class shows in util.inspect', async () => {
    const error = await failing();
    for (const options of [{}, { depth: Infinity }, { depth: Infinity, showHidden: false, getters: true }]) {
      expect(inspect(error, options)).not.toMatch(/attempts|totalDelay|omitted|startedAt|s3cr3t/);
    }
    expect(inspect(error.config, { depth: 2 })).toContain('retryState: RetryState {}');
  });

  test('nothing but an empty object comes through structuredClone of a plain pick', async () => {
    const { config } = await failing();
    const { url, method, retryState } = config as unknown as Record<string, unknown>;
    const clone = structuredClone({ url, method, retryState });
    expect(clone).toEqual({ url: '/', method: 'get', retryState: {} });
  });

  test('nothing enumerable is on the state', async () => {
    const { config } = await failing();
    const { retryState } = config as unknown as { retryState: object };
    expect([Object.keys(retryState), Object.getOwnPropertySymbols(retryState)]).toEqual([[], []]);
    expect(Reflect.ownKeys(retryState)).toEqual([]);
  });

  test('nor does anything of an error with a success', async () => {
    const { client } = createClient({ adapter: scripted(503, 200).adapter });
    const response = await client.get('/', { headers: { authorization: secret } });
    expect(JSON.stringify(response.config)).not.toMatch(traces);
    expect(JSON.stringify(retryReport(response))).not.toContain(secret);
  });

  test('a toJSON of the error is a fair copy of the config otherwise', async () => {
    const bare = await caught(axios.get('/', { adapter: scripted(503).adapter }));
    const { client } = createClient({ adapter: scripted(503).adapter }, { maxAttempts: 1 });
    const error = await caught(client.get('/'));
    const keys = (value: AxiosError) => Object.keys((value.toJSON() as { config: object }).config).sort();
    expect(keys(error).filter((key) => key !== 'proxy' && key !== 'retryState')).toEqual(
      keys(bare).filter((key) => key !== 'proxy'),
    );
  });
});

test('the report keeps no error, config, body or header alive', async () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const refs: Record<string, WeakRef<object>> = {};
  const state = await (async () => {
    const adapter = async (config: AxiosRequestConfig) => {
      const data = { large: 'x'.repeat(1_000) };
      const headers = { 'x-large': 'x' };
      const response = { status: 503, statusText: '', headers, config, request: {}, data } as never;
      const error = new AxiosError('busy', 'ERR_BAD_RESPONSE', config as never, {}, response);
      Object.assign(refs, {
        error: new WeakRef(error),
        response: new WeakRef(response),
        data: new WeakRef(data),
        headers: new WeakRef(headers),
      });
      throw error;
    };
    const client = axios.create({ adapter });
    attachRetry(client, fast);
    const error = await caught(client.get('/'));
    const { retryState } = error.config as unknown as { retryState: unknown };
    return { config: { retryState } };
  })();
  await new Promise((resolve) => setTimeout(resolve, 5));
  gc();
  expect(retryReport(state)?.attempts).toHaveLength(3);
  const alive = Object.keys(refs).filter((name) => refs[name]?.deref() !== undefined);
  expect(alive).toEqual([]);
});

test('a success at the first try is in the report though no time has passed, as under a virtual clock', async () => {
  const client = axios.create({
    adapter: (config) => Promise.resolve({ data: {}, status: 200, statusText: 'OK', headers: {}, config }),
  });
  attachRetry(client, {}, { clock: { now: () => 0, sleep: () => Promise.resolve() } });
  expect(retryReport(await client.get('/'))?.attempts).toEqual([
    { number: 1, startedAt: 0, duration: 0, status: 200 },
  ]);
});

describe.each(adapters)('over %s the report of an attempt tells', (adapter) => {
  test('the hint of the server, also when it was too long to be obeyed', async () => {
    const server = await startServer([
      answer(503, '', { 'retry-after-ms': '3' }),
      answer(503),
      answer(503, '', { 'retry-after': '900' }),
    ]);
    const { client } = createClient({ adapter, baseURL: server.url }, { maxAttempts: 5 });
    const error = await client.get('/').catch((reason: unknown) => reason);
    const report = retryReport(error);
    expect(report?.reason).toBe('retry-after-too-long');
    expect(report?.attempts.map(({ hint }) => hint)).toEqual([3, undefined, 900_000]);
    expect(report?.attempts[1]).not.toHaveProperty('hint');
  });

  test('the method and the address that beforeRetry changed, of that attempt alone', async () => {
    const server = await startServer([answer(503), answer(503), answer(503), answer(200)]);
    const edits: ((config: InternalAxiosRequestConfig) => void)[] = [
      (config) => Object.assign(config, { url: '/mirror' }),
      (config) => Object.assign(config, { method: 'head' }),
      () => undefined,
    ];
    const { client } = createClient(
      { adapter, baseURL: server.url },
      { maxAttempts: 5, beforeRetry: (config, { attemptNumber }) => edits[attemptNumber - 1]?.(config) },
    );
    const attempts = retryReport(await client.get('/main'))?.attempts ?? [];
    expect(server.requests.map(({ method, url }) => [method, url])).toEqual([
      ['GET', '/main'],
      ['GET', '/mirror'],
      ['HEAD', '/main'],
      ['GET', '/main'],
    ]);
    const none = { method: undefined, url: undefined };
    expect(attempts.map(({ method, url }) => ({ method, url }))).toEqual([
      none,
      { ...none, url: '/mirror' },
      { ...none, method: 'HEAD' },
      none,
    ]);
  });

  test('and not what an interceptor inside changes on every attempt', async () => {
    const server = await startServer([answer(503), answer(200)]);
    const client = axios.create({ adapter, proxy: false, baseURL: server.url });
    client.interceptors.request.use((config) => Object.assign(config, { url: `/v1${config.url}` }));
    attachRetry(client, { ...fast, beforeRetry: () => undefined });
    const attempts = retryReport(await client.get('/main'))?.attempts ?? [];
    expect(server.requests.map(({ url }) => url)).toEqual(['/v1/main', '/v1/main']);
    expect(attempts.every((attempt) => !('url' in attempt))).toBe(true);
  });
});

test('the report is there for another build of the package as well', async () => {
  const client = axios.create({ adapter: scripted(200).adapter });
  attachRetry(client);
  const response = await client.get('/');
  const { retryState } = response.config as { retryState?: Record<symbol, () => RetryReport> };
  expect(retryState?.[Symbol.for('axios-tenacity.report')]?.()).toEqual(retryReport(response));
});

describe('whether a frozen error, which takes no mark, was retried', () => {
  const frozen: Turn = (config) => {
    throw Object.freeze(new axios.AxiosError('socket hang up', 'ECONNRESET', config));
  };

  test.each([
    ['get', true],
    ['post', false],
  ])('after a %s: %p', async (method, retried) => {
    const client = axios.create({ adapter: scripted(frozen).adapter });
    attachRetry(client, { baseDelay: 0 });
    expect(wasRetried(await caught(client.request({ method, url: '/' })))).toBe(retried);
  });

  test('after another build of the package gave up on it: true', () => {
    const retryState = { [Symbol.for('axios-tenacity.exhausted')]: () => true };
    expect(wasRetried(Object.freeze({ config: { retryState } }))).toBe(true);
  });

  test.each([[undefined], [null], [{}], ['state']])('with the state %p: false', (retryState) => {
    expect(wasRetried(Object.freeze({ config: { retryState } }))).toBe(false);
  });
});
