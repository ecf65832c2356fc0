/** What users say of an outcome, what they are told, and what they hand in: none of it makes a request unsafe, or the process crash. */
import { createReadStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import axios, { type AxiosRequestConfig, type InternalAxiosRequestConfig } from 'axios';
import { attachRetry, type RetryContext, type RetryOptions, retryReport } from '../../lib/index.ts';
import { axiosSince } from '../helpers/axios-version.ts';
import { caught } from '../helpers/caught.ts';
import { adapters, createClient, fast } from '../helpers/clients.ts';
import { drip } from '../helpers/drip.ts';
import { eventually } from '../helpers/eventually.ts';
import { createGate } from '../helpers/gate.ts';
import { readText } from '../helpers/read-stream.ts';
import {
  answer,
  closeServers,
  resetAfterReading,
  type ScriptedServer,
  type Step,
  stall,
  startServer,
} from '../helpers/server.ts';

afterEach(closeServers);

/** The messages of an error and of its cause, where the fetch adapter puts what is wrong. */
const saidBy = ({ message, cause }: Error): string => `${message} ${(cause as Error | undefined)?.message}`;

/** What came of a process-wide event while a test ran; jest itself would not notice. */
function listenTo(event: 'unhandledRejection' | 'uncaughtException'): unknown[] {
  const heard: unknown[] = [];
  const listener = (reason: unknown) => heard.push(reason);
  process.on(event, listener);
  cleanups.push(() => process.off(event, listener));
  return heard;
}
const cleanups: (() => unknown)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

describe.each(adapters)('over %s', (adapter) => {
  const connect = (server: ScriptedServer, options: RetryOptions = {}, config: AxiosRequestConfig = {}) =>
    createClient({ adapter, baseURL: server.url, ...config }, options);

  describe("the verdict 'refused'", () => {
    const forbidden = answer(403, '', { 'retry-after-ms': '5' });
    const refused: RetryOptions = {
      retryIf: ({ response }) => (response?.status === 403 ? 'refused' : undefined),
    };

    test.each(['post', 'patch'] as const)('sends a %s answered 403 again, after the hint', async (method) => {
      const server = await startServer([forbidden, answer(201)]);
      const response = await connect(server, refused).client[method]('/pay', { amount: 1 });
      expect(response.status).toBe(201);
      expect(server.requests.map(({ text }) => text)).toEqual(['{"amount":1}', '{"amount":1}']);
      expect(retryReport(response)).toMatchObject({ mayHaveActed: false, attempts: [{ hint: 5 }, {}] });
    });

    test('is not what true says: a POST answered 403 is sent once', async () => {
      const server = await startServer([forbidden, answer(201)]);
      const error = await caught(connect(server, { retryIf: () => true }).client.post('/pay'));
      expect(retryReport(error)?.reason).toBe('unsafe-method');
      expect(server.requests).toHaveLength(1);
    });

    test('sends a POST again whose 200 says that it was limited', async () => {
      const server = await startServer([answer(200, { code: 'RATE_LIMITED' }), answer(200, { code: 'OK' })]);
      const { client } = connect(server, {
        retryIf: ({ response }) => (response?.data?.code === 'RATE_LIMITED' ? 'refused' : undefined),
      });
      expect((await client.post('/pay')).data).toEqual({ code: 'OK' });
    });

    test('does not reach across an earlier attempt that may have acted', async () => {
      const server = await startServer([resetAfterReading(), forbidden, answer(201)]);
      const { client } = connect(server, {
        ...refused,
        beforeRetry: (config) => {
          config.method = 'post';
        },
        methods: ['GET', 'POST'],
      });
      const once = { retry: { methods: ['GET'], beforeRetry: undefined } };
      const error = await caught(client.post('/pay', undefined, once));
      expect(retryReport(error)?.reason).toBe('unsafe-method');
      expect(server.requests).toHaveLength(1);
    });

    test('is too late for a GET that may have acted and then becomes a POST', async () => {
      const server = await startServer([answer(503), forbidden, answer(201)]);
      const { client } = connect(server, {
        ...refused,
        beforeRetry(config, { attemptNumber }) {
          if (attemptNumber === 2) config.method = 'post';
        },
      });
      const error = await caught(client.get('/pay'));
      expect(retryReport(error)).toMatchObject({ reason: 'unsafe-method', mayHaveActed: true });
      expect(server.requests).toHaveLength(2);
    });
  });

  test.each([42, 'yes', null, {}])(
    'retryIf that answers %p ends the request with a TypeError',
    async (verdict) => {
      const server = await startServer(answer(503));
      const retryIf = (async () => verdict) as never;
      const error = await caught(connect(server, { retryIf }).client.get('/'));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toContain("the result of `retryIf` to be true, false, 'refused' or undefined");
      expect(retryReport(error)?.reason).toBe('callback-threw');
      expect(server.requests).toHaveLength(1);
    },
  );

  test('retryIf that throws about a success ends the request with its error, which has a report', async () => {
    const server = await startServer(answer(200));
    const onGiveUp = jest.fn();
    const thrown = new Error('unreadable');
    const retryIf = () => {
      throw thrown;
    };
    const error = await caught(connect(server, { retryIf, observe: { onGiveUp } }).client.get('/'));
    expect(error).toBe(thrown);
    expect(retryReport(error)).toMatchObject({ reason: 'callback-threw', attempts: [{ status: 200 }] });
    expect(onGiveUp).toHaveBeenCalledTimes(1);
  });

  test.each(['wait', 'jitter', 'stop'] as const)('%s is not asked when no attempt is left', async (name) => {
    const server = await startServer(answer(503));
    const asked: number[] = [];
    const ask = (context: RetryContext) => {
      asked.push(context.attemptNumber);
      return name === 'stop' ? (false as never) : ([5, 10][context.attemptNumber - 1] as number);
    };
    const option = name === 'jitter' ? (_: number, context: RetryContext) => ask(context) : ask;
    const error = await caught(connect(server, { maxAttempts: 3, [name]: option }).client.get('/'));
    expect(error.response?.status).toBe(503);
    expect(retryReport(error)?.reason).toBe('max-attempts');
    expect(asked).toEqual([1, 2]);
  });

  test('beforeRetry that answers a part of a config is refused before anything more is sent', async () => {
    const server = await startServer(answer(429));
    const { client } = connect(server, {
      beforeRetry: (({ headers }: InternalAxiosRequestConfig) => ({ headers })) as never,
    });
    const error = await caught(client.post('/pay', { amount: 1 }));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain('undefined or a whole config, as in { ...config, url }');
    expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual(['POST /pay']);
  });

  describe('what an observer or a predicate edits', () => {
    const edit = ({ config }: RetryContext): undefined => {
      config.auth = undefined as never;
      config.headers.set('X-Edited', 'yes');
      config.headers.delete('X-Own');
      Object.assign(config.params.nested, { deep: 'edited' });
      config.params.added = 1;
      config.url = '/elsewhere';
      config.method = 'delete';
      config.timeout = 1;
      config.data = 'edited';
      return undefined;
    };
    const editors: [string, RetryOptions][] = [
      ['onAttempt', { observe: { onAttempt: edit } }],
      ['onRetry', { observe: { onRetry: edit } }],
      ['retryIf', { retryIf: edit }],
      ['stop', { stop: edit }],
      ['wait', { wait: (context) => edit(context) ?? 5 }],
      ['jitter', { jitter: (_, context) => edit(context) ?? 5 }],
      ['the context of beforeRetry', { beforeRetry: (_, context) => edit(context) }],
    ];
    const config = (): AxiosRequestConfig => ({
      auth: { username: 'me', password: 'secret' },
      headers: { 'X-Own': 'kept' },
      params: { nested: { deep: 'kept' } },
      timeout: 30_000,
    });

    test.each(editors)('in %s reaches no attempt and not the error of the caller', async (_, options) => {
      const server = await startServer(answer(503));
      const error = await caught(connect(server, options).client.put('/own', { a: 1 }, config()));
      expect(server.requests).toHaveLength(3);
      for (const { method, url, headers, text } of server.requests) {
        expect([method, decodeURIComponent(url), text]).toEqual(['PUT', '/own?nested[deep]=kept', '{"a":1}']);
        expect(headers).toMatchObject({ authorization: expect.stringMatching(/^Basic/), 'x-own': 'kept' });
        expect(headers).not.toHaveProperty('x-edited');
      }
      expect(error.config).toMatchObject({ method: 'put', url: '/own', timeout: 30_000, ...config() });
    });

    test('in onGiveUp does not reach the error of the caller', async () => {
      const server = await startServer(answer(503));
      const { client } = connect(server, { maxAttempts: 1, observe: { onGiveUp: edit } });
      const error = await caught(client.put('/own', { a: 1 }, config()));
      expect(error.config).toMatchObject({ method: 'put', url: '/own', timeout: 30_000, ...config() });
    });
  });

  describe('what an interceptor inside edits on the error', () => {
    const edit = (error: { config: InternalAxiosRequestConfig }): never => {
      error.config.auth = undefined as never;
      error.config.timeout = 1;
      error.config.baseURL = 'http://127.0.0.1:1';
      throw error;
    };

    test.each([false, true])(
      'reaches no attempt, with an inside request interceptor: %p',
      async (withRequest) => {
        const server = await startServer([answer(503), answer(200)]);
        const client = axios.create({ adapter, proxy: false, baseURL: server.url });
        if (withRequest) client.interceptors.request.use((config) => config);
        client.interceptors.response.use(null, edit);
        attachRetry(client, fast);
        await client.get('/', { auth: { username: 'me', password: 'secret' } });
        expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
          'Basic bWU6c2VjcmV0',
          'Basic bWU6c2VjcmV0',
        ]);
      },
    );
  });

  describe('a body that `data` makes from a file that is missing', () => {
    const data = () => createReadStream('/nowhere/at/all');
    const slowly = { beforeRetry: () => sleep(30) } as unknown as RetryOptions;

    test('rejects with what is wrong, and does not crash', async () => {
      const crashes = listenTo('uncaughtException');
      const server = await startServer(answer(503));
      const error = await caught(connect(server).client.put('/', undefined, { retry: { data } }));
      expect(saidBy(error)).toContain('ENOENT: no such file');
      expect(retryReport(error)).toMatchObject({ reason: 'not-retryable', attempts: [{}] });
      await sleep(30);
      expect(crashes).toEqual([]);
    });

    test('rejects on a retry after a slow beforeRetry', async () => {
      const crashes = listenTo('uncaughtException');
      const server = await startServer(answer(503));
      const bodies = [() => 'whole', data, () => 'never'];
      let made = 0;
      const { client } = connect(server, slowly);
      const error = await caught(client.put('/', undefined, { retry: { data: () => bodies[made++]?.() } }));
      expect(saidBy(error)).toContain('ENOENT: no such file');
      await sleep(30);
      expect(crashes).toEqual([]);
      expect(made).toBe(2);
    });

    test.each(['first', 'second'])(
      'rejects after a slow interceptor inside, on the %s attempt',
      async (which) => {
        const crashes = listenTo('uncaughtException');
        const server = await startServer(answer(503));
        const client = axios.create({ adapter, proxy: false, baseURL: server.url });
        client.interceptors.request.use(async (config) => {
          await sleep(30);
          return config;
        });
        attachRetry(client, fast);
        let made = 0;
        const make = () => (which === 'second' && made++ === 0 ? 'whole' : data());
        const error = await caught(client.put('/', undefined, { retry: { data: make } }));
        expect(saidBy(error)).toContain('ENOENT: no such file');
        await sleep(30);
        expect(crashes).toEqual([]);
      },
    );
  });

  describe('a polled 202 that is read as a stream stays readable', () => {
    const pending = drip(202, 20);
    const whole = 'drop '.repeat(20);
    const polling: RetryOptions = { retryIf: ({ response }) => response?.status === 202, baseDelay: 60_000 };
    const stream = { responseType: 'stream' } as const;

    test.each(['detach', 'drain'] as const)('when %s ends the wait', async (end) => {
      const server = await startServer(pending);
      const waiting = createGate();
      const { client, handle } = connect(server, { ...polling, observe: { onRetry: waiting.open } });
      const sending = client.get('/', stream);
      await waiting.passed;
      handle[end]();
      const response = await sending;
      expect(retryReport(response)?.reason).toBe('detached');
      expect(await readText(response.data)).toBe(whole);
    });

    test('when there is no attempt left, and when the wait would be too long', async () => {
      const server = await startServer(pending);
      for (const bound of [{ maxAttempts: 1 }, { maxElapsedTime: 5_000 }, { totalTimeout: 5_000 }]) {
        const response = await connect(server, { ...polling, ...bound }).client.get('/', stream);
        expect(retryReport(response)?.reason).toBeDefined();
        expect(await readText(response.data)).toBe(whole);
      }
    });

    test.each(['maxElapsedTime', 'totalTimeout'] as const)('when %s passes in beforeRetry', async (bound) => {
      const server = await startServer(pending);
      const { client } = connect(server, {
        ...polling,
        baseDelay: 1,
        [bound]: 1_000,
        beforeRetry: () => sleep(1_100) as Promise<void>,
      });
      const response = await client.get('/', stream);
      expect(retryReport(response)?.reason).toMatch(/max-elapsed-time|total-timeout/);
      expect(await readText(response.data)).toBe(whole);
      expect(server.requests).toHaveLength(1);
    });

    test.each(['detach', 'drain', 'totalTimeout'] as const)(
      'when %s comes while the next attempt is in an interceptor inside',
      async (end) => {
        const server = await startServer(pending);
        const client = axios.create({ adapter, proxy: false, baseURL: server.url });
        const inside = createGate();
        let attempts = 0;
        client.interceptors.request.use(async (config) => {
          attempts += 1;
          if (attempts < 2) return config;
          inside.open();
          return new Promise(() => undefined);
        });
        const bound = end === 'totalTimeout' ? { totalTimeout: 1_000 } : {};
        const handle = attachRetry(client, { ...fast, ...polling, baseDelay: 1, ...bound });
        const sending = client.get('/', stream);
        await inside.passed;
        if (end !== 'totalTimeout') handle[end]();
        const response = await sending;
        expect(response.status).toBe(202);
        expect(await readText(response.data)).toBe(whole);
        expect(server.requests).toHaveLength(1);
      },
    );

    test('and is let go once its retry is sent', async () => {
      const server = await startServer([drip(202, 10_000), answer(200, 'done')]);
      const { client } = connect(server, { ...polling, baseDelay: 1 });
      const response = await client.get('/', stream);
      expect(await readText(response.data)).toBe('done');
      await eventually(() => server.openSockets() <= 1);
    });
  });

  describe('options are own properties, whatever somebody put on Object.prototype:', () => {
    const pollute = (name: string, value: unknown): void => {
      Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
      cleanups.push(() => delete (Object.prototype as unknown as Record<string, unknown>)[name]);
    };

    test.each<[string, unknown]>([
      ['idempotencyKey', true],
      ['methods', ['POST']],
      ['retryIf', () => 'refused'],
      ['maxAttempts', 7],
      ['generate', () => 'polluted'],
      ['header', 'X-Polluted'],
      ['read', () => 'polluted'],
      // Older versions of axios themselves take `data` from there.
      ...(axiosSince('1.20.0') ? [['data', () => 'polluted'] as [string, unknown]] : []),
      ['beforeRetry', () => 5],
      ['clock', {}],
      ['random', 5],
    ])('%s', async (name, value) => {
      const server = await startServer(answer(503));
      pollute(name, value);
      const attached = connect(server, {}).client;
      const posted = await caught(attached.post('/', { a: 1 }, { retry: { maxElapsedTime: 9_000 } }));
      const got = await caught(attached.get('/', { retry: { idempotencyKey: {}, retryAfter: {} } }));
      const keyed = await caught(attached.post('/', { a: 1 }, { retry: { idempotencyKey: {} } }));
      expect(posted.response?.status).toBe(503);
      expect(retryReport(posted)?.reason).toBe('unsafe-method');
      expect(retryReport(got)).toMatchObject({ reason: 'max-attempts', attempts: [{}, {}, {}] });
      expect(retryReport(keyed)).toMatchObject({ reason: 'max-attempts', attempts: [{}, {}, {}] });
      expect(server.requests.at(-1)?.headers['idempotency-key']).toMatch(/^[\da-f-]{36}$/);
    });
  });

  describe('a function that has to answer at once and is async is refused, and its rejection is nobody’s:', () => {
    const failing = (async () => {
      throw new Error('nobody’s');
    }) as never;

    test.each<[string, RetryOptions, string]>([
      ['wait', { wait: failing }, 'Expected the wait to be'],
      ['jitter', { jitter: failing }, 'Expected the wait to be'],
      ['stop', { stop: failing }, 'Expected the result of `stop` to be'],
      ['budget', { budget: failing }, 'Expected the result of retry option `budget` to be'],
      ['read', { retryAfter: { read: failing } }, 'Expected the result of `retryAfter.read` to be'],
      [
        'generate',
        { idempotencyKey: { generate: failing } },
        'Expected the result of retry option `idempotencyKey.generate` to be',
      ],
    ])('%s', async (_, options, message) => {
      const unhandled = listenTo('unhandledRejection');
      const server = await startServer(answer(503));
      const error = await caught(
        connect(server, options).client.post('/', {}, { retry: { methods: ['POST'] } }),
      );
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toContain(message);
      await sleep(10);
      expect(unhandled).toEqual([]);
    });

    test('data', async () => {
      const unhandled = listenTo('unhandledRejection');
      const server = await startServer(answer(200));
      const error = await caught(connect(server).client.put('/', undefined, { retry: { data: failing } }));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toContain('Expected the result of retry option `data` to be a body');
      await sleep(10);
      expect(unhandled).toEqual([]);
      expect(server.requests).toHaveLength(0);
    });

    test('observers, which are not asked', async () => {
      const unhandled = listenTo('unhandledRejection');
      const server = await startServer(answer(503));
      const observe = { onAttempt: failing, onRetry: failing, onGiveUp: failing };
      const error = await caught(connect(server, { observe }).client.get('/'));
      expect(error.response?.status).toBe(503);
      await sleep(10);
      expect(unhandled).toEqual([]);
    });
  });

  describe('a key that the plugin made', () => {
    const keysOf = ({ requests }: ScriptedServer) =>
      requests.map(({ headers }) => headers['idempotency-key']);
    const charging: RetryOptions = { idempotencyKey: true, maxAttempts: 2 };

    test.each<[string, readonly Step[]]>([
      ['at once', [answer(201)]],
      ['after a retry', [answer(503), answer(201)]],
    ])('goes with the request that succeeded %s: its config used again gets another', async (_, steps) => {
      const server = await startServer([...steps, answer(201)]);
      const { client } = connect(server, charging);
      const response = await client.post('/charges', { amount: 1 });
      await client.request(response.config);
      const keys = keysOf(server);
      expect(new Set(keys).size).toBe(2);
      expect(keys.at(-1)).not.toBe(keys.at(-2));
    });

    test('goes with it to another client as well', async () => {
      const server = await startServer(answer(201));
      const response = await connect(server, charging).client.post('/charges', { amount: 1 });
      await connect(server, charging).client.request(response.config);
      expect(new Set(keysOf(server)).size).toBe(2);
    });

    test('stays with a failed request that is sent again', async () => {
      const server = await startServer([answer(503), answer(503), answer(201)]);
      const { client } = connect(server, charging);
      const error = await caught(client.post('/charges', { amount: 1 }));
      await client.request(error.config as InternalAxiosRequestConfig);
      expect(new Set(keysOf(server)).size).toBe(1);
      expect(keysOf(server)).toHaveLength(3);
    });
  });

  test('a key is made where there is no crypto, as in React Native', async () => {
    const { crypto } = globalThis;
    delete (globalThis as { crypto?: unknown }).crypto;
    cleanups.push(() => Object.defineProperty(globalThis, 'crypto', { value: crypto, configurable: true }));
    const server = await startServer([answer(503), answer(201)]);
    const response = await connect(server, { idempotencyKey: true }).client.post('/', {});
    expect(response.status).toBe(201);
    expect(server.requests[0]?.headers['idempotency-key']).toMatch(/^[\da-f]{8}-[\da-f]{4}-4/);
  });

  describe('the report tells that an earlier attempt may have acted', () => {
    test('a DELETE whose answer was lost, and then a 404', async () => {
      const server = await startServer([resetAfterReading(), answer(404)]);
      const error = await caught(connect(server).client.delete('/users/1'));
      expect(error.response?.status).toBe(404);
      expect(retryReport(error)).toMatchObject({ mayHaveActed: true, reason: 'not-retryable' });
    });

    test('a conditional PUT whose answer was lost, and then a 412', async () => {
      const server = await startServer([resetAfterReading(), answer(412)]);
      const config = { headers: { 'If-Match': '"1"' } };
      const error = await caught(connect(server).client.put('/users/1', {}, config));
      expect(error.response?.status).toBe(412);
      expect(retryReport(error)?.mayHaveActed).toBe(true);
    });

    test('and not after a refusal, nor after one attempt', async () => {
      const server = await startServer([answer(429), answer(404)]);
      const { client } = connect(server);
      expect(retryReport(await caught(client.delete('/users/1')))?.mayHaveActed).toBe(false);
      expect(retryReport(await caught(client.delete('/users/1')))?.mayHaveActed).toBe(false);
    });
  });

  // The fetch adapter of axios before 1.7.7 does not hear a token in flight.
  (adapter === 'http' || axiosSince('1.7.7') ? describe : describe.skip)(
    'a cancel token that fires in flight',
    () => {
      test.each([1, 2])('of %i requests: each has a report and gives up once', async (count) => {
        const server = await startServer(stall());
        const given: unknown[] = [];
        const { client } = connect(server, { observe: { onGiveUp: ({ reason }) => given.push(reason) } });
        const source = axios.CancelToken.source();
        const sendings = Array.from({ length: count }, (_, n) =>
          caught(client.get(`/${n}`, { cancelToken: source.token })),
        );
        await eventually(() => server.requests.length === count);
        source.cancel('enough');
        for (const error of await Promise.all(sendings)) {
          expect(axios.isCancel(error)).toBe(true);
          expect(error.message).toBe('enough');
          expect(retryReport(error)).toMatchObject({ reason: 'aborted', attempts: [{ number: 1 }] });
        }
        expect(given).toEqual(Array.from({ length: count }, () => 'aborted'));
      });

      test('on the second attempt', async () => {
        const server = await startServer([answer(503), stall()]);
        const given: unknown[] = [];
        const { client } = connect(server, { observe: { onGiveUp: ({ reason }) => given.push(reason) } });
        const source = axios.CancelToken.source();
        const sending = caught(client.get('/', { cancelToken: source.token }));
        await eventually(() => server.requests.length === 2);
        source.cancel('enough');
        const error = await sending;
        expect(axios.isCancel(error)).toBe(true);
        expect(retryReport(error)).toMatchObject({ reason: 'aborted', attempts: [{ status: 503 }, {}] });
        expect(given).toEqual(['aborted']);
      });
    },
  );
});

describe('a large body costs a request that is not repeated nothing of its own', () => {
  /** How often the rows of a body were read by whom: JSON.stringify reads each field once. */
  function countedRows(size: number): { readonly rows: object[]; readonly reads: () => number } {
    let reads = 0;
    const rows = Array.from({ length: size }, (_, id) =>
      Object.defineProperty({}, 'id', {
        enumerable: true,
        get: () => {
          reads += 1;
          return id;
        },
      }),
    );
    return { rows, reads: () => reads };
  }
  const size = 50_000;

  test.each([404, 200, 503])('answered %i to a POST: its rows are read once, by axios', async (status) => {
    const server = await startServer(answer(status));
    const { client } = createClient({ adapter: 'http', baseURL: server.url, validateStatus: () => true });
    const { rows, reads } = countedRows(size);
    await client.post('/', { rows });
    expect(reads()).toBe(size);
  });

  test('nor does an inside request interceptor have it copied beyond ten thousand values', async () => {
    const server = await startServer(answer(404));
    const client = axios.create({ adapter: 'http', proxy: false, baseURL: server.url });
    client.interceptors.request.use((config) => config);
    attachRetry(client, fast);
    const { rows, reads } = countedRows(size);
    await caught(client.put('/', { rows }));
    expect(reads()).toBe(size);
  });

  test('with a retry it is looked at, but no further than ten thousand values', async () => {
    const server = await startServer([answer(503), answer(200)]);
    const { client } = createClient({ adapter: 'http', baseURL: server.url });
    const { rows, reads } = countedRows(size);
    await client.put('/', { rows });
    expect(reads()).toBeLessThanOrEqual(2 * size + 10_000);
    expect(server.requests[1]?.body).toEqual(server.requests[0]?.body);
  });
});
