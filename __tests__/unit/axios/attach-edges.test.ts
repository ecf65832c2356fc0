import { Readable } from 'node:stream';
import axios, { type AxiosRequestConfig, type AxiosResponse } from 'axios';
import { attachRetry, RetryThrottle, retryReport } from '../../../lib/index.ts';
import { caught } from '../../helpers/caught.ts';
import { createEventClock } from '../../helpers/event-clock.ts';
import { scripted, type Turn } from '../../helpers/scripted.ts';
import { ORIGIN, stage } from '../../helpers/stage.ts';

describe('what has interceptors of one side only', () => {
  const side = { handlers: [] };

  test.each<[string, object]>([
    ['requests', { request: side }],
    ['responses', { response: side }],
    ['requests, and responses of another kind', { request: side, response: {} }],
    ['responses, and requests of another kind', { request: {}, response: side }],
  ])('of %s, is no axios instance', (_, interceptors) => {
    expect(() => attachRetry({ interceptors } as never)).toThrow(
      /^Expected `instance` to be an axios instance/,
    );
  });
});

test.each<[string, object]>([
  ['now', { sleep: async () => undefined }],
  ['sleep', { now: () => 0 }],
])('a clock without %s is refused', (_, clock) => {
  expect(() => attachRetry(axios.create(), {}, { clock } as never)).toThrow(/^Expected `runtime\.clock`/);
});

test('the places of ejected interceptors are no hindrance', async () => {
  const { adapter, sent } = scripted(503, 200);
  const client = axios.create({ adapter });
  const ids = [client.interceptors.request.use(null), client.interceptors.request.use(null)];
  const [first = 0] = ids;
  client.interceptors.response.eject(client.interceptors.response.use(null));
  client.interceptors.response.handlers?.push(null as never);
  client.interceptors.request.eject(first);
  client.interceptors.request.handlers?.push(null as never);
  attachRetry(client, { baseDelay: 0 });
  client.interceptors.request.use((config) => config);
  expect((await client.get('/')).status).toBe(200);
  expect(sent).toHaveLength(2);
});

test('detaching from an instance whose interceptors were taken away does no harm', () => {
  const client = axios.create();
  const handle = attachRetry(client);
  Object.assign(client.interceptors.request, { handlers: null });
  Object.assign(client.interceptors.response, { handlers: null });
  expect(() => handle.detach()).not.toThrow();
});

test('the adapter is reached without waiting for anybody', () => {
  const { adapter, sent } = scripted(200);
  const client = axios.create({ adapter });
  const bare = scripted(200);
  void axios.get('/', { adapter: bare.adapter });
  attachRetry(client);
  void client.get('/');
  expect(sent).toHaveLength(bare.sent.length);
});

test('on an axios that ejects by place, whoever came after a clear() keeps his', async () => {
  const client = axios.create({ adapter: scripted(200).adapter });
  for (const side of [client.interceptors.request, client.interceptors.response]) {
    // As older versions of axios do.
    side.eject = (id) => {
      if (side.handlers?.[id]) side.handlers[id] = null as never;
    };
  }
  const handle = attachRetry(client);
  const seen: string[] = [];
  for (const name of ['request', 'response'] as const) {
    client.interceptors[name].clear();
    (client.interceptors[name] as typeof client.interceptors.request).use((value) => {
      seen.push(name);
      return value;
    });
  }
  handle.detach();
  await client.get('/');
  expect(seen).toEqual(['request', 'response']);
});

test('another build of the package sees that an instance is attached', () => {
  const client = axios.create();
  attachRetry(client);
  const attached = Symbol.for('axios-tenacity.attached');
  expect(client.interceptors.response.handlers?.filter((handler) => attached in handler)).toHaveLength(1);
  expect(client.interceptors.request.handlers).toHaveLength(1);
});

test.each([[undefined], [null], ['text']])('a rejection with %p is the caller’s as it is', async (value) => {
  const client = axios.create({ adapter: () => Promise.reject(value) });
  attachRetry(client);
  await expect(client.get('/')).rejects.toBe(value);
});

describe('the config of a request that is over, used again', () => {
  test('with `retry: false` is sent once and has no report', async () => {
    const world = stage([503]);
    const first = await world.send();
    const { config } = first.value as { config: AxiosRequestConfig };
    const second = await world.send({ ...config, retry: false });
    expect([first.report?.attempts.length, second.report, world.sent.length]).toEqual([3, undefined, 4]);
  });

  test('with `retry: false` by another client keeps the report that is there', async () => {
    const { value, report } = await stage([503]).send();
    const { config } = value as { config: AxiosRequestConfig };
    const other = await stage([503]).send({ ...config, adapter: scripted(503).adapter, retry: false });
    expect(other.report).toEqual(report);
  });
});

describe('an outcome of another request that passes through', () => {
  test('a failure that was retried inside ends the outer one as it is', async () => {
    const world = stage([503]);
    const inner = (): Promise<AxiosResponse> => world.client.get('/inner');
    const outer = await world.send({ url: '/outer', adapter: inner as never });
    expect(world.sent.map(({ url }) => url)).toEqual(['/inner', '/inner', '/inner']);
    expect([outer.status, outer.report?.attempts.length]).toEqual([503, 3]);
  });

  test.each([[{}], [{ observe: { onAttempt: () => undefined } }]])(
    'a success inside counts once, with %p',
    async (options) => {
      const throttle = new RetryThrottle({ capacity: 100, retryCost: 10, refund: 1, refillTime: 1e12 });
      throttle.take(ORIGIN, false, 0);
      const world = stage([200], { throttle, ...options });
      const inner = async (): Promise<AxiosResponse> => {
        const response = await world.client.get('/inner');
        await world.clock.alarm(500);
        return response;
      };
      const outer = await world.send({ url: '/outer', adapter: inner as never });
      expect(outer.report).toMatchObject({ attempts: [{ status: 200 }], elapsed: 0 });
      expect(Math.round(throttle.tokens(ORIGIN))).toBe(91);
    },
  );

  test('of another client is left alone', async () => {
    const seen = jest.fn();
    const world = stage([503, 200]);
    const outer = stage([() => world.client.get('/inner')], { observe: { onAttempt: seen } });
    const sending = outer.begin();
    await world.clock.run();
    expect((await sending).report?.attempts).toHaveLength(2);
    expect(seen).not.toHaveBeenCalled();
  });
});

describe('which first answers are judged', () => {
  const anything = { validateStatus: null };
  const answering =
    (status: number, headers: Record<string, string> = {}): Turn =>
    (config) => ({ status, statusText: '', headers, config, data: '' });

  test.each<[string, Turn, AxiosRequestConfig['retry'], number]>([
    ['a 503', answering(503), {}, 3],
    ['a 400 that the server wants repeated', answering(400, { 'x-should-retry': 'true' }), {}, 3],
    ['a 399 that the server wants repeated', answering(399, { 'x-should-retry': 'true' }), {}, 1],
    ['a 304 among the statuses', answering(304), { statuses: [304] }, 3],
    ['a 200 with other statuses', answering(200), { statuses: [304] }, 1],
    ['a 200 that retryIf is not content with', answering(200), { retryIf: () => true }, 3],
    ['a 200 that somebody watches', answering(200), { observe: {} }, 1],
    ['no status at all', answering(undefined as never), { retryIf: () => undefined }, 1],
  ])('%s', async (_, turn, retry, attempts) => {
    const world = stage([turn]);
    const { ok, report } = await world.send({ ...anything, retry });
    expect([ok, report?.attempts.length, world.sent.length]).toEqual([true, attempts, attempts]);
  });
});

test('a first answer that nobody judges is told to the observers', async () => {
  const onAttempt = jest.fn();
  await stage([200], { observe: { onAttempt } }).send();
  expect(onAttempt).toHaveBeenCalledTimes(1);
});

describe('a body that `data` made', () => {
  const produce = () => {
    const made: Readable[] = [];
    const data = (): Readable => {
      const body = Readable.from(['x']);
      made.push(body);
      return body;
    };
    return { made, data };
  };

  test('is not made when an interceptor fails before it is sent, and the error is the interceptor’s', async () => {
    const { made, data } = produce();
    const world = stage([200]);
    const failure = new Error('no token');
    world.inside(() => {
      throw failure;
    });
    const { value } = await world.send({ method: 'put', retry: { data } });
    expect([value, made]).toEqual([failure, []]);
  });

  test('is not made when an interceptor fails with the error of another request', async () => {
    const { made, data } = produce();
    const world = stage([503]);
    world.inside(async (config) => {
      if (config.url === '/token') return config;
      await world.client.get('/token');
      return config;
    });
    const { status, report } = await world.send({ method: 'put', retry: { data } });
    expect([status, report?.attempts.length, world.sent.length]).toEqual([503, 3, 3]);
    expect(made).toEqual([]);
  });

  test('is sent, and one that fails is followed by another', async () => {
    const { made, data } = produce();
    const world = stage([503, 200]);
    expect(await world.send({ method: 'put', retry: { data } })).toMatchObject({ ok: true });
    expect(world.sent.map(({ data: sent }) => sent)).toEqual(made);
  });
});

describe('the throttle of a client', () => {
  const failing = async (throttle: object | undefined) => {
    const clock = createEventClock();
    const client = axios.create({ adapter: scripted(503).adapter, baseURL: ORIGIN });
    attachRetry(client, { baseDelay: 0, maxAttempts: 500, throttle: throttle as never }, { clock });
    const error = caught(client.get('/'));
    await clock.run();
    return retryReport(await error);
  };

  test('is made of its options', async () => {
    const report = await failing({ capacity: 30, retryCost: 10, refillTime: 1e12 });
    expect([report?.reason, report?.attempts.length]).toEqual(['throttled', 4]);
  });

  test('is there by default', async () => {
    expect((await failing(undefined))?.reason).toBe('throttled');
  });

  test('is the one that was handed in', async () => {
    const throttle = new RetryThrottle({ capacity: 30, retryCost: 10, refillTime: 1e12 });
    await failing(throttle);
    expect((await failing(throttle))?.attempts.length).toBe(1);
  });

  test('is none when it is switched off', async () => {
    const clock = createEventClock();
    const client = axios.create({ adapter: scripted(503).adapter });
    attachRetry(client, { baseDelay: 0, maxAttempts: 300, throttle: false }, { clock });
    const error = caught(client.get('/'));
    await clock.run();
    expect(retryReport(await error)).toMatchObject({ reason: 'max-attempts', omitted: 250 });
  });
});

test('a rival is warned of when a request fails, and not when it works', async () => {
  const warn = jest.spyOn(console, 'warn').mockReturnValue();
  try {
    const observe = { onAttempt: () => undefined };
    await stage([200], { observe }).send({ raxConfig: {} } as AxiosRequestConfig);
    expect(warn).not.toHaveBeenCalled();
    await stage([404]).send({ raxConfig: {} } as AxiosRequestConfig);
    expect(warn).toHaveBeenCalledTimes(1);
  } finally {
    warn.mockRestore();
  }
});

test('an instance of our own drop-in for axios-retry is no rival, of whichever build', async () => {
  const warn = jest.spyOn(console, 'warn').mockReturnValue();
  try {
    const world = stage([404]);
    Object.assign(world.client, { [Symbol.for('axios-tenacity.axios-retry')]: true });
    await world.send({ 'axios-retry': {} } as AxiosRequestConfig);
    expect(warn).not.toHaveBeenCalled();
  } finally {
    warn.mockRestore();
  }
});

test('the handlers of a replay do not stay: a request built by hand meets the usual ones', async () => {
  const world = stage([503, 200]);
  const [handler] = world.client.interceptors.response.handlers as unknown as { rejected: unknown }[];
  const usual = handler?.rejected;
  const sending = world.begin();
  await world.clock.run();
  await sending;
  expect(handler?.rejected).toBe(usual);
});
