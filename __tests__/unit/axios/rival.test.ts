import axios, { type AxiosAdapter, AxiosError, type AxiosInstance, type AxiosRequestConfig } from 'axios';
import axiosRetry from 'axios-retry';
import pRetry, { AbortError } from 'p-retry';
import { attachRetry, retryReport, wasRetried } from '../../../lib/index.ts';
import { caught } from '../../helpers/caught.ts';
import { adapters, createClient, fast } from '../../helpers/clients.ts';
import { scripted } from '../../helpers/scripted.ts';
import { answer, closeServers, type ScriptedServer, startServer } from '../../helpers/server.ts';
import { stage } from '../../helpers/stage.ts';

let warn: jest.SpyInstance;

beforeEach(() => {
  warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
});

afterEach(async () => {
  warn.mockRestore();
  await closeServers();
});

describe('wasRetried', () => {
  const giveUp = (status: number): Promise<AxiosError> =>
    caught(createClient({ adapter: scripted(status).adapter }).client.get('/'));

  test('is true of an error that a client gave up on after retrying, also as a cause', async () => {
    const error = await giveUp(503);
    expect(wasRetried(error)).toBe(true);
    expect(wasRetried(new Error('No users', { cause: new Error('No answer', { cause: error }) }))).toBe(true);
    expect(wasRetried(new AggregateError([new Error('Other'), error]))).toBe(true);
    expect(Object.keys(error)).not.toContain('retried');
    expect(JSON.stringify(error)).not.toContain('tenacity');
  });

  test('is false of an error that was sent once', async () => {
    expect(wasRetried(await giveUp(404))).toBe(false);
    const { client } = createClient({ adapter: scripted(503).adapter });
    expect(wasRetried(await caught(client.get('/', { retry: false })))).toBe(false);
    expect(wasRetried(await caught(client.get('/', { retry: { maxAttempts: 1 } })))).toBe(false);
  });

  test.each([undefined, null, 'a string', 5, new Error('Other'), new AxiosError('Other'), {}])(
    'is false of %p',
    (value) => {
      expect(wasRetried(value)).toBe(false);
    },
  );

  test('is true of a frozen error, which takes no mark', async () => {
    const client = axios.create({ adapter: scripted(503).adapter });
    client.interceptors.response.use(undefined, (error) => Promise.reject(Object.freeze(error)));
    attachRetry(client, fast);
    expect(wasRetried(await caught(client.get('/')))).toBe(true);
  });
});

describe.each(adapters)('over %s, a server that is down gets', (adapter) => {
  let server: ScriptedServer;
  let inner: AxiosInstance;

  beforeEach(async () => {
    server = await startServer(answer(503));
    ({ client: inner } = createClient({ adapter, baseURL: server.url }));
  });

  /** A client of ours whose attempts are made by this adapter. */
  const around = (send: AxiosAdapter): AxiosInstance => createClient({ adapter: send }).client;

  test('3 requests from one of our clients', async () => {
    await caught(inner.get('/'));
    expect(server.requests).toHaveLength(3);
  });

  test('3 from a client around a client that hands its error on', async () => {
    const error = await caught(around((config) => inner.get(config.url ?? '')).get('/'));
    expect(server.requests).toHaveLength(3);
    expect(wasRetried(error)).toBe(true);
  });

  test('3 from a client around a client that is given its whole config', async () => {
    const error = await caught(
      around((config) => inner.request({ ...config, adapter, baseURL: server.url })).get('/'),
    );
    expect(server.requests).toHaveLength(3);
    expect(wasRetried(error)).toBe(true);
  });

  test('3 from a client around a client whose error becomes an error of its own', async () => {
    const send: AxiosAdapter = async (config) => {
      try {
        return await inner.get(config.url ?? '');
      } catch (cause) {
        throw Object.assign(new AxiosError('The gateway failed', 'ECONNRESET', config), { cause });
      }
    };
    const error = await caught(around(send).get('/'));
    expect(server.requests).toHaveLength(3);
    expect(retryReport(error)).toMatchObject({ reason: 'already-retried', attempts: [{ number: 1 }] });
  });

  test('3 from a client around a client that leaves the retries to it', async () => {
    const send: AxiosAdapter = (config) =>
      inner.request({ ...config, adapter, baseURL: server.url, retry: false });
    const error = await caught(around(send).get('/'));
    expect(server.requests).toHaveLength(3);
    expect(retryReport(error)).toMatchObject({ reason: 'max-attempts' });
  });

  describe('from p-retry with two retries around a client', () => {
    const options = { retries: 2, minTimeout: 1, maxTimeout: 1 };

    test('9, when it does not ask', async () => {
      await caught(pRetry(() => inner.get('/'), options));
      expect(server.requests).toHaveLength(9);
    });

    test('3, when it asks wasRetried', async () => {
      const error = await caught(
        pRetry(
          () =>
            inner.get('/').catch((error) => {
              throw wasRetried(error) ? new AbortError(error) : error;
            }),
          options,
        ),
      );
      expect(server.requests).toHaveLength(3);
      expect(error.response?.status).toBe(503);
    });
  });

  describe('with axios-retry, three retries, on the same instance', () => {
    const options = { retries: 3, retryDelay: () => 1 };

    test('12, when it came after us', async () => {
      axiosRetry(inner, options);
      await caught(inner.get('/'));
      expect(server.requests).toHaveLength(12);
    });

    test('3, when its condition asks wasRetried', async () => {
      const retryCondition = (error: AxiosError) =>
        !wasRetried(error) && axiosRetry.isNetworkOrIdempotentRequestError(error);
      axiosRetry(inner, { ...options, retryCondition });
      await caught(inner.get('/'));
      expect(server.requests).toHaveLength(3);
    });

    test('a warning, once', async () => {
      axiosRetry(inner, options);
      await caught(inner.get('/'));
      await caught(inner.get('/'));
      expect(warn.mock.calls).toEqual([
        [
          'axios-tenacity: a request carries what axios-retry leaves on it; if that works here too, attempts multiply: keep one of them',
        ],
      ]);
    });

    test('6, when it came before us', async () => {
      const client = axios.create({ adapter, baseURL: server.url });
      axiosRetry(client, options);
      attachRetry(client, { ...fast, throttle: false });
      await caught(client.get('/'));
      expect(server.requests).toHaveLength(6);
    });
  });

  test('6 with a hand-written interceptor after us that repeats a request once', async () => {
    inner.interceptors.response.use(undefined, (error: AxiosError) => {
      const config = error.config as { again?: boolean } | undefined;
      if (!config || config.again) throw error;
      return inner.request({ ...config, again: true } as object);
    });
    await caught(inner.get('/'));
    expect(server.requests).toHaveLength(6);
  });
});

describe('the warning about another plugin', () => {
  const message = (name: string) =>
    `axios-tenacity: a request carries what ${name} leaves on it; if that works here too, attempts multiply: keep one of them`;

  test.each([
    ['axios-retry', 'axios-retry', { retries: 2 }],
    ['retry-axios', 'raxConfig', { retry: 2 }],
  ])('names %s by the key %s of a failed request', async (name, key, value) => {
    const { client } = createClient({ adapter: scripted(503).adapter });
    await caught(client.get('/', { [key]: value }));
    expect(warn.mock.calls).toEqual([[message(name)]]);
  });

  test.each(['_retryCount', '__retryCount', 'retryCount', 'retry_count', '_retries', '_retryNumber'])(
    'names a hand-written retry by the count `%s` that it leaves on what it sends again',
    async (name) => {
      const { client } = createClient({ adapter: scripted(404).adapter });
      client.interceptors.response.use(undefined, (error: AxiosError) => {
        const config = error.config as unknown as Record<string, number>;
        const count = (config[name] ?? 0) + 1;
        if (count > 2) throw error;
        return client.request({ ...config, [name]: count });
      });
      await caught(client.get('/'));
      expect(warn.mock.calls).toEqual([[message(`a retry of your own (\`${name}\`)`)]]);
    },
  );

  test.each([{ _retry: true }, { retryCount: 0 }, { retries: undefined }, { retryPolicy: 3 }])(
    'is not given for %j, which is no count of retries',
    async (config) => {
      const { client } = createClient({ adapter: scripted(404).adapter });
      await caught(client.get('/', config as object));
      expect(warn).not.toHaveBeenCalled();
    },
  );

  test('is not given for a failed request that its caller sends again', async () => {
    const { client } = createClient({ adapter: scripted(503).adapter });
    const error = await caught(client.get('/'));
    await caught(client.request(error.config as object));
    expect(warn).not.toHaveBeenCalled();
  });

  test('is given once per instance', async () => {
    for (const { client } of [1, 2].map(() => createClient({ adapter: scripted(404).adapter }))) {
      const config = { 'axios-retry': { retries: 2 }, raxConfig: {} };
      await Promise.all([caught(client.get('/', config)), caught(client.get('/', config))]);
      await caught(client.get('/', config));
    }
    expect(warn).toHaveBeenCalledTimes(2);
  });

  test('is not given for a request that succeeds, nor for one without such a key', async () => {
    const { client } = createClient({ adapter: scripted(200, 404).adapter });
    await client.get('/', { raxConfig: {} } as object);
    await caught(client.get('/', { raxConfig: undefined } as object));
    expect(warn).not.toHaveBeenCalled();
  });
});

test('a rival is warned of when a request fails, and not when it works', async () => {
  const observe = { onAttempt: () => undefined };
  await stage([200], { observe }).send({ raxConfig: {} } as AxiosRequestConfig);
  expect(warn).not.toHaveBeenCalled();
  await stage([404]).send({ raxConfig: {} } as AxiosRequestConfig);
  expect(warn).toHaveBeenCalledTimes(1);
});

test('an instance of our own drop-in for axios-retry is no rival, of whichever build', async () => {
  const world = stage([404]);
  Object.assign(world.client, { [Symbol.for('axios-tenacity.axios-retry')]: true });
  await world.send({ 'axios-retry': {} } as AxiosRequestConfig);
  expect(warn).not.toHaveBeenCalled();
});
