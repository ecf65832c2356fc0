import axios, { type AxiosInstance, type AxiosRequestConfig, type AxiosStatic, isCancel } from 'axios';
import axiosRetry, {
  exponentialDelay,
  type IAxiosRetryConfig,
  type IAxiosRetryConfigExtended,
} from '../../../lib/axios-retry.ts';
import { attachRetry, retryReport } from '../../../lib/index.ts';
import { caught } from '../../helpers/caught.ts';
import { adapters } from '../../helpers/clients.ts';
import {
  answer,
  closeServers,
  echo,
  finAfterReading,
  type ScriptedServer,
  type Step,
  slowly,
  stall,
  startServer,
} from '../../helpers/server.ts';

afterEach(async () => {
  jest.restoreAllMocks();
  await closeServers();
});

const busy = answer(503, 'busy');
const ok = answer(200, 'whole');
const yes = (): boolean => true;

interface Stage {
  readonly server: ScriptedServer;
  readonly client: AxiosInstance;
  readonly ids: ReturnType<typeof axiosRetry>;
}

async function setUp(
  script: Step | readonly Step[],
  options?: IAxiosRetryConfig,
  defaults: AxiosRequestConfig = {},
): Promise<Stage> {
  const server = await startServer(script);
  const client = axios.create({ baseURL: server.url, ...(defaults as object) });
  return { server, client, ids: axiosRetry(client, options) };
}

const stateOf = (sent: { config?: AxiosRequestConfig }): IAxiosRetryConfigExtended =>
  sent.config?.['axios-retry'] ?? {};

describe.each(adapters)('over %s', (adapter) => {
  test('a GET is retried three times by default, without waiting', async () => {
    const { server, client } = await setUp(busy, undefined, { adapter });
    const error = await caught(client.get('/'));
    expect(error.response?.status).toBe(503);
    expect(server.requests).toHaveLength(4);
    expect(retryReport(error)).toMatchObject({ reason: 'max-attempts', totalDelay: 0 });
  });

  test('a POST is not retried after a 503 by default, and is after a connection that was closed', async () => {
    const { server, client } = await setUp([busy, finAfterReading(), echo()], undefined, { adapter });
    expect((await caught(client.post('/', { a: 1 }))).response?.status).toBe(503);
    expect(server.requests).toHaveLength(1);
    expect((await client.post('/', { a: 1 })).data.body).toBe('{"a":1}');
    expect(server.requests).toHaveLength(3);
  });

  test('the condition alone decides, for every method', async () => {
    for (const method of ['post', 'patch', 'delete', 'purge', 'propfind']) {
      const { server, client } = await setUp([busy, ok], { retryCondition: yes }, { adapter });
      await client.request({ url: '/', method });
      expect(server.requests.map((request) => request.method)).toEqual(Array(2).fill(method.toUpperCase()));
    }
  });

  test('the whole request has the time of `timeout`', async () => {
    const { server, client } = await setUp(
      [slowly(60, busy), stall()],
      { retryCondition: ({ code }) => code !== 'ECONNABORTED' && code !== 'ETIMEDOUT' },
      { adapter, timeout: 800 },
    );
    const error = await caught(client.get('/'));
    expect(error.code).toBe(adapter === 'http' ? 'ECONNABORTED' : 'ETIMEDOUT');
    expect(error.config?.timeout).toBeLessThanOrEqual(741);
    expect(server.requests).toHaveLength(2);
  });

  test('shouldResetTimeout gives every attempt the whole `timeout`', async () => {
    const { client } = await setUp(
      [slowly(20, busy), slowly(20, busy), ok],
      { shouldResetTimeout: true },
      { adapter, timeout: 2_000 },
    );
    const response = await client.get('/');
    expect([response.data, response.config.timeout]).toEqual(['whole', 2_000]);
  });
});

test('a wait beyond `timeout` is not begun, though it counts as a retry', async () => {
  const onMaxRetryTimesExceeded = jest.fn();
  const onRetry = jest.fn();
  const { server, client } = await setUp(
    busy,
    { retryDelay: () => 60_000, onRetry, onMaxRetryTimesExceeded },
    { timeout: 1_000 },
  );
  const error = await caught(client.get('/'));
  expect(error.response?.status).toBe(503);
  expect(server.requests).toHaveLength(1);
  expect(stateOf(error).retryCount).toBe(1);
  expect(retryReport(error)?.reason).toBe('total-timeout');
  expect(onRetry).not.toHaveBeenCalled();
  expect(onMaxRetryTimesExceeded).not.toHaveBeenCalled();
});

describe('the state on the config', () => {
  test('tells of the retries made and of the last attempt, on the response', async () => {
    const startedAt = Date.now();
    const { client } = await setUp([busy, slowly(30, busy), ok]);
    const state = stateOf(await client.get('/'));
    expect(state).toMatchObject({
      retries: 3,
      retryCount: 2,
      shouldResetTimeout: false,
      validateResponse: null,
    });
    expect(state.lastRequestTime).toBeGreaterThanOrEqual(startedAt + 29);
    expect(state.lastRequestTime).toBeLessThanOrEqual(Date.now());
  });

  test('tells of a request that was never retried', async () => {
    const { client } = await setUp(ok, { retries: 7 });
    expect(stateOf(await client.get('/'))).toMatchObject({ retries: 7, retryCount: 0 });
  });

  test('is what the functions of the user see', async () => {
    const seen: unknown[] = [];
    const { client } = await setUp([busy, busy, ok], {
      retryCondition: (error) => {
        seen.push(['condition', stateOf(error as never).retryCount]);
        return true;
      },
      retryDelay: (count, error) => {
        seen.push(['delay', count, stateOf(error as never).retryCount]);
        return 0;
      },
      onRetry: (count, error, config) => {
        seen.push(['onRetry', count, config === error.config, config['axios-retry']?.retryCount]);
      },
    });
    await client.get('/');
    expect(seen).toEqual([
      ['condition', 0],
      ['delay', 1, 1],
      ['onRetry', 1, true, 1],
      ['condition', 1],
      ['delay', 2, 2],
      ['onRetry', 2, true, 2],
    ]);
  });

  test('is carried by a config that is sent again, and the allowance with it', async () => {
    const { server, client } = await setUp(busy, { retries: 1 });
    const error = await caught(client.get('/'));
    await caught(client.request(error.config as AxiosRequestConfig));
    expect(server.requests).toHaveLength(3);
  });
});

describe('onRetry', () => {
  test('is awaited before the wait begins', async () => {
    let awaitedAt = 0;
    const { client } = await setUp(
      [
        busy,
        (exchange) => {
          expect(performance.now() - awaitedAt).toBeGreaterThanOrEqual(49);
          return ok(exchange);
        },
      ],
      {
        retryDelay: () => 50,
        onRetry: async () => {
          await new Promise((resolve) => setTimeout(resolve, 20));
          awaitedAt = performance.now();
        },
      },
    );
    expect((await client.get('/')).data).toBe('whole');
    expect(awaitedAt).toBeGreaterThan(0);
  });

  test('is left alone by an abort, which ends the request at once', async () => {
    const controller = new AbortController();
    const { server, client } = await setUp(busy, {
      onRetry: () => {
        controller.abort();
        return new Promise(() => undefined);
      },
    });
    expect(isCancel(await caught(client.get('/', { signal: controller.signal })))).toBe(true);
    expect(server.requests).toHaveLength(1);
  });

  test('can fail the request, with the failure at hand as the cause', async () => {
    const { server, client } = await setUp(busy, {
      onRetry: () => {
        throw new Error('no more of this');
      },
    });
    const error = await caught(client.get('/'));
    expect(error.message).toBe('no more of this');
    expect(error.cause).toMatchObject({ response: { status: 503 } });
    expect(server.requests).toHaveLength(1);
  });
});

describe('onMaxRetryTimesExceeded', () => {
  test('gets the last error and the count, and is awaited', async () => {
    let done = false;
    const onMaxRetryTimesExceeded = jest.fn(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      done = true;
    });
    const { client } = await setUp(busy, { retries: 2, onMaxRetryTimesExceeded });
    const error = await caught(client.get('/'));
    expect(done).toBe(true);
    expect(onMaxRetryTimesExceeded.mock.calls).toEqual([[error, 2]]);
  });

  test('is not called for a failure that is not retried', async () => {
    const onMaxRetryTimesExceeded = jest.fn();
    const { client } = await setUp(answer(404), { onMaxRetryTimesExceeded });
    await caught(client.get('/'));
    expect(onMaxRetryTimesExceeded).not.toHaveBeenCalled();
  });
});

describe('validateResponse', () => {
  const isDone = ({ data }: { data: unknown }): boolean => data === 'done';

  test('is asked once for each response, and its word replaces validateStatus', async () => {
    const validateResponse = jest.fn(isDone);
    const { client } = await setUp(
      [answer(200, 'pending'), answer(404, 'pending'), answer(404, 'done')],
      { validateResponse, retryCondition: yes },
      { validateStatus: () => true },
    );
    const response = await client.get('/');
    expect([response.status, response.data]).toEqual([404, 'done']);
    expect(validateResponse).toHaveBeenCalledTimes(3);
  });

  test('rejects with an axios error that carries the response', async () => {
    const { client } = await setUp(answer(200, 'pending'), { validateResponse: isDone, retries: 1 });
    const error = await caught(client.get('/'));
    expect(error).toMatchObject({ isAxiosError: true, response: { status: 200, data: 'pending' } });
  });

  test('leaves a stream that is a success open', async () => {
    const { client } = await setUp(ok, { validateResponse: () => true }, { responseType: 'stream' });
    const chunks: Buffer[] = [];
    for await (const chunk of (await client.get('/')).data) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('whole');
  });
});

test('the waits are those of retryDelay', async () => {
  jest.spyOn(Math, 'random').mockReturnValue(0);
  const { client } = await setUp([busy, busy, ok], {
    retryDelay: (count, error) => exponentialDelay(count, error, 5),
  });
  const report = retryReport(await client.get('/'));
  expect(report?.attempts.map(({ delay }) => delay)).toEqual([10, 20, undefined]);
});

test('Retry-After is waited for, to the millisecond and not longer', async () => {
  const { client } = await setUp([answer(429, '', { 'retry-after': '0.05' }), ok]);
  expect(retryReport(await client.get('/'))?.totalDelay).toBe(50);
});

test('a server that says `x-should-retry: false` is obeyed, and nobody is told of a retry', async () => {
  const onRetry = jest.fn();
  const { server, client } = await setUp(answer(503, '', { 'x-should-retry': 'false' }), { onRetry });
  const error = await caught(client.get('/'));
  expect(retryReport(error)?.reason).toBe('server-veto');
  expect(server.requests).toHaveLength(1);
  expect(onRetry).not.toHaveBeenCalled();
});

test('a method that nobody has heard of is not retried, and nobody is told of a retry', async () => {
  const onRetry = jest.fn();
  const { client } = await setUp(ok, { retryCondition: yes, onRetry });
  const adapter = jest.fn(async () => Promise.reject(new Error('unreachable')));
  const error = await caught(
    client.request({
      method: 'MADEUP',
      adapter: (config) => adapter().catch((cause) => Promise.reject(Object.assign(cause, { config }))),
    }),
  );
  expect(retryReport(error)?.reason).toBe('unsafe-method');
  expect(adapter).toHaveBeenCalledTimes(1);
  expect(onRetry).not.toHaveBeenCalled();
});

test('options of the request are not reported as another plugin', async () => {
  const warn = jest.spyOn(console, 'warn').mockReturnValue();
  const { client } = await setUp([busy, ok]);
  await client.get('/', { 'axios-retry': { retries: 1 } });
  expect(warn).not.toHaveBeenCalled();
});

describe('ejecting', () => {
  const eject = (client: AxiosInstance, ids: ReturnType<typeof axiosRetry>): void => {
    client.interceptors.request.eject(ids.requestInterceptorId);
    client.interceptors.response.eject(ids.responseInterceptorId);
  };

  test('both interceptors leaves the instance without retries and without state', async () => {
    const { server, client, ids } = await setUp(busy, { validateResponse: () => true });
    eject(client, ids);
    const error = await caught(client.get('/'));
    expect(stateOf(error)).toEqual({});
    expect(server.requests).toHaveLength(1);
  });

  test('the ids are those of two interceptors of its own', async () => {
    const { client, ids } = await setUp(ok);
    const own = client.interceptors.response.use(({ data }) => data);
    eject(client, ids);
    client.interceptors.response.eject(own);
    expect(await client.get('/')).toMatchObject({ status: 200 });
    expect(own).not.toBe(ids.responseInterceptorId);
  });
});

test('a second call on an instance puts its options in force, and attempts do not multiply', async () => {
  const { server, client } = await setUp(busy, { retries: 1 });
  axiosRetry(client, { retries: 2 });
  await caught(client.get('/'));
  expect(server.requests).toHaveLength(3);
});

test('each instance has options of its own, and axios itself is one', async () => {
  const server = await startServer(busy);
  const first = axios.create();
  const second = axios.create();
  axiosRetry(first, { retries: 0 });
  axiosRetry(second, { retries: 1 });
  const { requestInterceptorId, responseInterceptorId } = axiosRetry(axios, { retries: 2 });
  for (const client of [first, second, axios as AxiosStatic]) await caught(client.get(server.url));
  expect(server.requests).toHaveLength(1 + 2 + 3);
  axios.interceptors.request.eject(requestInterceptorId);
  axios.interceptors.response.eject(responseInterceptorId);
});

test('an instance that attachRetry retries for is refused', () => {
  const client = axios.create();
  attachRetry(client);
  expect(() => axiosRetry(client)).toThrow('This axios instance retries already');
});

test('what another retrying client gave up on is not retried once more', async () => {
  const { server, client: inner } = await setUp(busy);
  const { client: outer } = await setUp(ok, undefined, { adapter: () => inner.get('/') });
  expect((await caught(outer.get('/'))).response?.status).toBe(503);
  expect(server.requests).toHaveLength(4);
});

test('what is no axios instance is refused', () => {
  expect(() => axiosRetry({} as AxiosInstance)).toThrow('an axios instance');
});

test('later interceptors see one outcome', async () => {
  const { client } = await setUp([busy, ok]);
  const seen: unknown[] = [];
  client.interceptors.response.use(
    (response) => {
      seen.push(response.status);
      return response;
    },
    (error) => {
      seen.push(isCancel(error));
      return Promise.reject(error);
    },
  );
  await client.get('/');
  expect(seen).toEqual([200]);
});

test.each([3, true, false, { times: 2 }])(
  'a `retry` of the application on a config means nothing here: %p',
  async (retry) => {
    const { server, client } = await setUp(busy);
    await caught(client.get('/', { retry } as never));
    expect(server.requests).toHaveLength(4);
  },
);

describe('what is no instance', () => {
  test.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [5, '5'],
    ['client', '"client"'],
    [{}, '[object Object]'],
    [{ default: {} }, '[object Object]'],
  ])('as %p, is refused with a TypeError that says so', (instance, shown) => {
    expect(() => axiosRetry(instance as never)).toThrow(
      new TypeError(`Expected \`instance\` to be an axios instance, got ${shown}`),
    );
  });
});
