import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import axios, { AxiosError, type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { attachRetry, type RetryOptions, retryReport, wasRetried } from '../../lib/index.ts';
import { caught } from '../helpers/caught.ts';
import { adapters, createClient, fast } from '../helpers/clients.ts';
import { createGate } from '../helpers/gate.ts';
import { scripted } from '../helpers/scripted.ts';
import { answer, closeServers, startServer } from '../helpers/server.ts';

afterEach(closeServers);

const odd: readonly (readonly [string, unknown])[] = [
  ['a string', 'a string'],
  ['an empty string', ''],
  ['undefined', undefined],
  ['null', null],
  ['a number', 0],
  ['a symbol', Symbol('odd')],
  ['a function', () => undefined],
  ['an error without config', new Error('no config')],
  ['a frozen error without config', Object.freeze(new Error('frozen'))],
  ['an axios error without config', new AxiosError('no config', 'ECONNRESET')],
  ['an error whose config is null', Object.assign(new Error('null'), { config: null })],
  ['an error whose config is a string', Object.assign(new Error('text'), { config: 'GET /' })],
  ['an error with the config of nobody', new AxiosError('whose?', 'ECONNRESET', { headers: {} } as never)],
  ['an object without a prototype', Object.assign(Object.create(null), { odd: true })],
];

const reject = (value: unknown) => () => Promise.reject(value);

describe.each(odd)('a rejection with %s is the caller’s as it is, and ends the request', (_, value) => {
  test.each([1, 2])('from the adapter on attempt %d', async (attempt) => {
    const { adapter, sent } = scripted(...Array.from({ length: attempt - 1 }, () => 503), reject(value));
    const { client } = createClient({ adapter });
    expect(await caught<unknown>(client.get('/'))).toBe(value);
    expect(sent).toHaveLength(attempt);
  });

  test.each([1, 2])('from a request interceptor on attempt %d', async (attempt) => {
    const { adapter, sent } = scripted(503);
    const { client } = createClient({ adapter });
    let runs = 0;
    client.interceptors.request.use((config) => {
      runs += 1;
      return runs === attempt ? Promise.reject(value) : config;
    });
    expect(await caught<unknown>(client.get('/'))).toBe(value);
    expect([sent.length, runs]).toEqual([attempt - 1, attempt]);
  });

  test.each([1, 2])('from a response interceptor registered before us on attempt %d', async (attempt) => {
    const { adapter, sent } = scripted(503);
    const client = axios.create({ adapter });
    client.interceptors.response.use(undefined, (error) =>
      Promise.reject(sent.length === attempt ? value : error),
    );
    const laterSaw: unknown[] = [];
    attachRetry(client, fast);
    client.interceptors.response.use(undefined, (error) => {
      if (!axios.isCancel(error)) laterSaw.push(error);
      return Promise.reject(error);
    });
    expect(await caught<unknown>(client.get('/'))).toBe(value);
    expect(sent).toHaveLength(attempt);
    expect(laterSaw).toEqual([value]);
  });

  test.each([0, 1, 2])(
    'from a response interceptor registered after us, after %d retries',
    async (retries) => {
      const { adapter, sent } = scripted(...Array.from({ length: retries }, () => 503), 200);
      const { client } = createClient({ adapter });
      client.interceptors.response.use(reject(value));
      expect(await caught<unknown>(client.get('/'))).toBe(value);
      expect(sent).toHaveLength(retries + 1);
    },
  );
});

describe('a frozen error with its config', () => {
  const frozen = (attempt: number) => (config: AxiosRequestConfig) => {
    throw Object.freeze(new AxiosError(`reset ${attempt}`, 'ECONNRESET', config as never));
  };

  test('is retried, and the last one is the caller’s', async () => {
    const { adapter, sent } = scripted(frozen(1), frozen(2), frozen(3));
    const { client } = createClient({ adapter });
    const error = await caught(client.get('/'));
    expect(error.message).toBe('reset 3');
    expect(Object.isFrozen(error)).toBe(true);
    expect(retryReport(error)).toMatchObject({
      reason: 'max-attempts',
      attempts: [{}, {}, { code: 'ECONNRESET' }],
    });
    expect(wasRetried(error)).toBe(true);
    expect(sent).toHaveLength(3);
  });

  test('is recovered from', async () => {
    const { adapter } = scripted(frozen(1), 200);
    const { client } = createClient({ adapter });
    expect((await client.get('/')).status).toBe(200);
  });
});

describe.each<[string, unknown]>([
  ['the data', { status: 200 }],
  ['undefined', undefined],
  ['null', null],
  ['a string', 'unwrapped'],
  ['a number', 0],
])('a success that becomes %s in an interceptor', (_, value) => {
  test.each([0, 1, 2])('registered before us reaches the caller after %d retries', async (retries) => {
    const { adapter, sent } = scripted(...Array.from({ length: retries }, () => 503), 200);
    const client = axios.create({ adapter });
    client.interceptors.response.use(() => value as never);
    attachRetry(client, fast);
    const laterSaw: unknown[] = [];
    client.interceptors.response.use((response) => {
      laterSaw.push(response);
      return response;
    });
    expect(await client.get('/')).toEqual(value);
    expect(sent).toHaveLength(retries + 1);
    expect(laterSaw).toEqual([value]);
  });

  test.each([0, 1, 2])('registered after us reaches the caller after %d retries', async (retries) => {
    const { adapter, sent } = scripted(...Array.from({ length: retries }, () => 503), 200);
    const { client } = createClient({ adapter });
    client.interceptors.response.use(() => value as never);
    expect(await client.get('/')).toEqual(value);
    expect(sent).toHaveLength(retries + 1);
  });
});

describe('a failure that an interceptor registered before us turns into a success', () => {
  test.each([1, 2])('on attempt %d is the answer', async (attempt) => {
    const { adapter, sent } = scripted(503);
    const client = axios.create({ adapter });
    client.interceptors.response.use(undefined, (error) =>
      sent.length === attempt ? 'a fallback' : Promise.reject(error),
    );
    attachRetry(client, fast);
    expect(await client.get('/')).toBe('a fallback');
    expect(sent).toHaveLength(attempt);
  });
});

describe.each(adapters)('over %s', (adapter) => {
  describe('a token refresh inside a request interceptor, through the same instance,', () => {
    /** Every request but the refresh itself asks for a token first. */
    function refreshIn(client: AxiosInstance): void {
      client.interceptors.request.use(async (config) => {
        if (config.url === '/token') return config;
        const { data } = await client.get('/token');
        config.headers.set('authorization', `Bearer ${data.token}`);
        return config;
      });
    }
    const paths = (requests: readonly { readonly url: string }[], path: string) =>
      requests.filter(({ url }) => url === path).length;

    test.each([401, 503])('that fails with %d never answers another caller', async (status) => {
      const server = await startServer(answer(status, 'no token'));
      const { client } = createClient({ adapter, baseURL: server.url }, { throttle: false });
      refreshIn(client);
      const errors = await Promise.all(
        Array.from({ length: 5 }, (_, i) => caught(client.get(`/orders/${i}`))),
      );
      expect(errors.map((error) => [error.config?.url, error.response?.status])).toEqual(
        errors.map(() => ['/token', status]),
      );
      const attempts = status === 401 ? 1 : 3;
      expect(errors.map((error) => retryReport(error)?.attempts.length)).toEqual(errors.map(() => attempts));
      expect(server.requests).toHaveLength(5 * attempts);
      expect(paths(server.requests, '/token')).toBe(5 * attempts);
    });

    test('that recovers lets every caller have its own answer', async () => {
      let tokens = 0;
      const server = await startServer(({ response, recorded: { url, headers } }) => {
        if (url !== '/token') return response.end(`${url} for ${headers.authorization}`);
        tokens += 1;
        return response.writeHead(tokens <= 5 ? 503 : 200).end('{"token":"t"}');
      });
      const { client } = createClient({ adapter, baseURL: server.url });
      refreshIn(client);
      const answers = await Promise.all(Array.from({ length: 5 }, (_, i) => client.get(`/orders/${i}`)));
      expect(answers.map(({ data }) => data)).toEqual(answers.map((_, i) => `/orders/${i} for Bearer t`));
      expect(answers.map((response) => retryReport(response)?.attempts.length)).toEqual([1, 1, 1, 1, 1]);
    });

    test('that fails on a replay ends that request with the error of the refresh', async () => {
      let tokens = 0;
      const server = await startServer(({ response, recorded: { url } }) => {
        if (url !== '/token') return response.writeHead(503).end();
        tokens += 1;
        return response.writeHead(tokens === 1 ? 200 : 401).end('{"token":"t"}');
      });
      const { client } = createClient({ adapter, baseURL: server.url });
      refreshIn(client);
      const error = await caught(client.get('/orders'));
      expect([error.config?.url, error.response?.status]).toEqual(['/token', 401]);
      expect(server.requests.map(({ url }) => url)).toEqual(['/token', '/orders', '/token']);
    });
  });

  test('a 401 refresher registered before us sends the request again within its own attempt', async () => {
    const server = await startServer(({ response, recorded: { url, headers } }) => {
      if (url === '/token') return response.end('{"token":"new"}');
      return response.writeHead(headers.authorization === 'Bearer new' ? 200 : 401).end('"orders"');
    });
    const client = axios.create({ adapter, proxy: false, baseURL: server.url });
    client.interceptors.response.use(undefined, async (error: AxiosError) => {
      const { config, response } = error;
      if (response?.status !== 401 || config === undefined) throw error;
      const { data } = await client.get('/token');
      config.headers.set('authorization', `Bearer ${data.token}`);
      return client.request(config);
    });
    attachRetry(client, fast);
    const response = await client.get('/orders');
    expect(response.data).toBe('orders');
    expect(server.requests.map(({ url }) => url)).toEqual(['/orders', '/token', '/orders']);
  });

  describe('a config used again', () => {
    test('after a failure has a full allowance and a report of its own', async () => {
      const server = await startServer(answer(503));
      const { client } = createClient({ adapter });
      const first = await caught(client.get(server.url));
      const second = await caught(client.request(first.config as AxiosRequestConfig));
      const third = await caught(client.request(second.config as AxiosRequestConfig));
      expect(server.requests).toHaveLength(9);
      expect([first, second, third].map((error) => retryReport(error)?.attempts.length)).toEqual([3, 3, 3]);
      expect(
        new Set([first, second, third].map((error) => retryReport(error)?.attempts[0]?.startedAt)).size,
      ).toBe(3);
    });

    test('after a success has a full allowance', async () => {
      const server = await startServer([
        answer(503),
        answer(200),
        answer(503),
        answer(503),
        answer(200, 'again'),
      ]);
      const { client } = createClient({ adapter });
      const first = await client.get(server.url);
      const second = await client.request(first.config);
      expect(second.data).toBe('again');
      expect([first, second].map((response) => retryReport(response)?.attempts.length)).toEqual([2, 3]);
    });

    test('keeps its override, or takes another', async () => {
      const server = await startServer(answer(503));
      const { client } = createClient({ adapter });
      const first = await caught(client.get(server.url, { retry: { maxAttempts: 2 } }));
      const again = first.config as AxiosRequestConfig;
      await caught(client.request(again));
      expect(server.requests).toHaveLength(4);
      await caught(client.request({ ...again, retry: false }));
      expect(server.requests).toHaveLength(5);
      await caught(client.request({ ...again, retry: { maxAttempts: 4 } }));
      expect(server.requests).toHaveLength(9);
    });

    test('by a bare instance is sent once, and by another attached one with its allowance', async () => {
      const server = await startServer(answer(503));
      const { client } = createClient({ adapter });
      const other = createClient({ adapter }, { maxAttempts: 2 }).client;
      const { config } = await caught(client.get(server.url));
      await caught(axios.request({ ...config, proxy: false }));
      expect(server.requests).toHaveLength(4);
      const error = await caught(other.request(config as AxiosRequestConfig));
      expect(server.requests).toHaveLength(6);
      expect(retryReport(error)?.attempts).toHaveLength(2);
    });

    test('by an interceptor registered after us is a request of its own', async () => {
      const server = await startServer([
        answer(503),
        answer(503),
        answer(503),
        answer(503),
        answer(200, 'at last'),
      ]);
      const { client } = createClient({ adapter });
      let isAgain = false;
      client.interceptors.response.use(undefined, (error: AxiosError) => {
        if (isAgain || axios.isCancel(error)) throw error;
        isAgain = true;
        return client.request(error.config as AxiosRequestConfig);
      });
      expect((await client.get(server.url)).data).toBe('at last');
      expect(server.requests).toHaveLength(5);
    });
  });

  test('the same config object in five concurrent calls is five requests', async () => {
    let arrived = 0;
    const all = createGate();
    const server = await startServer(async ({ response, number }) => {
      arrived += 1;
      if (arrived === 5) all.open();
      await all.passed;
      response.writeHead(number <= 5 ? 503 : 200).end(String(number));
    });
    const { client } = createClient({ adapter });
    const config = { url: server.url, headers: { 'x-kept': 'yes' }, retry: { maxAttempts: 2 } };
    const snapshot = structuredClone(config);
    const answers = await Promise.all(Array.from({ length: 5 }, () => client.request(config)));
    expect(new Set(answers.map(({ data }) => data)).size).toBe(5);
    expect(answers.map((response) => retryReport(response)?.attempts.map(({ status }) => status))).toEqual(
      answers.map(() => [503, 200]),
    );
    expect(server.requests).toHaveLength(10);
    expect(config).toEqual(snapshot);
  });
});

describe('a thousand attempts', () => {
  const many: RetryOptions = { maxAttempts: Infinity, wait: () => 0, throttle: false };
  /** A timer of 0 ms takes one; this clock takes none. */
  const instantly = { clock: { now: () => Date.now(), sleep: async () => undefined } };

  /** Room for every frame, so that a stack that grows shows. */
  async function withWholeStacks<T>(task: () => Promise<T>): Promise<T> {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = Infinity;
    try {
      return await task();
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  }

  const collectGarbage = async (): Promise<void> => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    await new Promise((resolve) => setTimeout(resolve, 0));
    gc();
    gc();
  };

  test('keep the stack flat', async () => {
    const depths: number[] = [];
    const { adapter } = scripted(...Array.from({ length: 999 }, () => 503), 200);
    const { client } = createClient({ adapter }, { ...many, maxAttempts: 1_000 }, instantly);
    client.interceptors.request.use((config) => {
      depths.push(new Error().stack?.split('\n').length ?? 0);
      return config;
    });
    const response = await withWholeStacks(() => client.get('/'));
    expect(response.status).toBe(200);
    expect(depths).toHaveLength(1_000);
    expect(depths.at(-1)).toBe(depths[1]);
  });

  test('keep none of the errors, configs and bodies that are over', async () => {
    const refs: WeakRef<object>[] = [];
    let attempts = 0;
    const adapter = async (config: AxiosRequestConfig) => {
      attempts += 1;
      if (attempts > 20) {
        await collectGarbage();
        return { status: 200, statusText: '', headers: {}, config, data: 'whole' } as never;
      }
      const response = { status: 503, statusText: '', headers: {}, config, data: { attempts } } as never;
      const error = new AxiosError('busy', 'ERR_BAD_RESPONSE', config as never, {}, response);
      refs.push(new WeakRef(error), new WeakRef(config), new WeakRef((response as { data: object }).data));
      throw error;
    };
    const { client } = createClient({ adapter }, many, instantly);
    expect((await client.get('/')).data).toBe('whole');
    // The first outcome, which began the loop, and what the latest attempts left behind may still be at hand.
    expect(refs).toHaveLength(60);
    expect(refs.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(20);
  });

  test('over HTTP reach the answer', async () => {
    const server = await startServer([
      ...Array.from({ length: 299 }, () => answer(503)),
      answer(200, 'at last'),
    ]);
    const { client } = createClient({ adapter: 'http' }, { ...many, maxAttempts: 300 });
    const response = await client.get(server.url);
    expect(response.data).toBe('at last');
    expect(retryReport(response)).toMatchObject({ omitted: 250, totalDelay: 0 });
  });
});
