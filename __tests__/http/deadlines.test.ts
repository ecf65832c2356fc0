import { getEventListeners } from 'node:events';
import axios, {
  AxiosError,
  type AxiosInstance,
  type AxiosRequestConfig,
  type InternalAxiosRequestConfig,
} from 'axios';
import { attachRetry, type RetryOptions, retryReport } from '../../lib/index.ts';
import { systemClock } from '../../lib/runtime/clock.ts';
import { axiosSince } from '../helpers/axios-version.ts';
import { caught } from '../helpers/caught.ts';
import { adapters, createClient } from '../helpers/clients.ts';
import { drip } from '../helpers/drip.ts';
import { eventually } from '../helpers/eventually.ts';
import { watchSockets } from '../helpers/freed.ts';
import { fromArrival } from '../helpers/from-arrival.ts';
import {
  answer,
  closeServers,
  type Step,
  slowly,
  stall,
  stallAfterHeaders,
  startServer,
} from '../helpers/server.ts';

afterEach(closeServers);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Registers a request interceptor that takes so many milliseconds. */
const delayed = (ms: number) => (client: AxiosInstance) => {
  client.interceptors.request.use(async (config) => {
    await pause(ms);
    return config;
  });
};

/** Milliseconds that even a busy machine keeps to. */
const soon = 5_000;

/** How long a promise took to settle, in milliseconds. */
async function timed<T>(begin: () => Promise<T>): Promise<readonly [T, number]> {
  const before = performance.now();
  return [await begin(), performance.now() - before];
}

const standstills: readonly (readonly [string, Step])[] = [
  ['a server that never answers', stall()],
  ['a body that stops in the middle', stallAfterHeaders(200)],
  ['a body that drips', drip(200, 1_000)],
  ['a failed body that drips', drip(503, 1_000)],
  ['an answer that comes too late', slowly(2_000, answer(200))],
];

describe.each(adapters)('over %s', (adapter) => {
  describe.each(standstills)('against %s', (_, step) => {
    test('attemptTimeout ends the attempt, frees its connection, and the next attempt recovers', async () => {
      const watched = watchSockets(step);
      const server = await startServer([watched.step, answer(200, 'in time')]);
      const { client } = createClient({ adapter }, { attemptTimeout: 150 }, fromArrival(server));
      const response = await client.get(server.url);
      expect(response.data).toBe('in time');
      expect(retryReport(response)?.attempts).toMatchObject([{ code: 'ETIMEDOUT' }, { status: 200 }]);
      await eventually(() => watched.freed() === 1);
    });

    test('attemptTimeout of the last attempt says which bound and how long it was', async () => {
      const server = await startServer(step);
      const { client } = createClient({ adapter }, { attemptTimeout: 50, maxAttempts: 2 });
      const [error, took] = await timed(() => caught(client.get(server.url, { params: { a: 1 } })));
      expect(error).toBeInstanceOf(AxiosError);
      expect(error).toMatchObject({ code: 'ETIMEDOUT', message: 'attemptTimeout of 50 ms exceeded' });
      expect(error.config).toMatchObject({ url: server.url, params: { a: 1 } });
      expect(error.response).toBeUndefined();
      expect(axios.isCancel(error)).toBe(false);
      expect(retryReport(error)).toMatchObject({
        reason: 'max-attempts',
        attempts: [{}, { code: 'ETIMEDOUT' }],
      });
      expect(took).toBeGreaterThanOrEqual(100);
      expect(took).toBeLessThan(soon);
    });

    test('totalTimeout ends the attempt in flight and the request', async () => {
      const watched = watchSockets(step);
      const server = await startServer([answer(503), watched.step]);
      const { client } = createClient({ adapter }, { totalTimeout: 800 }, fromArrival(server));
      const [error, took] = await timed(() => caught(client.get(server.url)));
      expect(error).toMatchObject({ code: 'ETIMEDOUT', message: 'totalTimeout of 800 ms exceeded' });
      expect(retryReport(error)?.reason).toBe('total-timeout');
      expect(took).toBeGreaterThanOrEqual(799);
      expect(took).toBeLessThan(soon);
      expect(server.requests).toHaveLength(2);
      await eventually(() => watched.freed() === 1);
    });
  });

  test('a POST that attemptTimeout cut off is not sent again', async () => {
    const server = await startServer(stall());
    const { client } = createClient({ adapter }, { attemptTimeout: 100 }, fromArrival(server));
    const error = await caught(client.post(server.url, { charge: 1 }));
    expect(error.code).toBe('ETIMEDOUT');
    expect(retryReport(error)?.reason).toBe('unsafe-method');
    expect(server.requests).toHaveLength(1);
  });

  test('attemptTimeout counts for each attempt anew', async () => {
    const server = await startServer([
      slowly(250, answer(503)),
      slowly(250, answer(503)),
      slowly(250, answer(200)),
    ]);
    const { client } = createClient({ adapter }, { attemptTimeout: 700 });
    expect((await client.get(server.url)).status).toBe(200);
  });

  test('the shorter of the two is the one that strikes', async () => {
    const server = await startServer(stall());
    const { client } = createClient({ adapter }, { attemptTimeout: 400, totalTimeout: 700 });
    const error = await caught(client.get(server.url));
    expect(error.message).toBe('totalTimeout of 700 ms exceeded');
    expect(retryReport(error)?.attempts).toHaveLength(2);
    const other = await caught(client.get(server.url, { retry: { totalTimeout: 30 } }));
    expect(other.message).toBe('totalTimeout of 30 ms exceeded');
  });

  test('an attempt in time leaves no timer behind', async () => {
    const server = await startServer([answer(503), answer(200)]);
    const spy = jest.spyOn(globalThis, 'setTimeout');
    const { client } = createClient({ adapter }, { attemptTimeout: 71_717, totalTimeout: 81_818 });
    try {
      await client.get(server.url);
      const alarms = spy.mock.results.filter((_, i) => Number(spy.mock.calls[i]?.[1]) > 71_000);
      expect(alarms.length).toBeGreaterThanOrEqual(2);
      expect(alarms.filter(({ value }) => !(value as { _destroyed: boolean })._destroyed)).toEqual([]);
    } finally {
      spy.mockRestore();
    }
  });

  describe('the means of the caller to cancel keep working:', () => {
    const deadlines: RetryOptions = { attemptTimeout: 90_000, totalTimeout: 100_000 };

    test('a signal in flight', async () => {
      const watched = watchSockets(stall());
      const server = await startServer(watched.step);
      const { client } = createClient({ adapter }, deadlines);
      const controller = new AbortController();
      const failing = caught(client.get(server.url, { signal: controller.signal }));
      await eventually(() => server.requests.length === 1);
      controller.abort();
      const error = await failing;
      expect(axios.isCancel(error)).toBe(true);
      expect(error.config?.signal).toBe(controller.signal);
      expect(retryReport(error)?.reason).toBe('aborted');
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
      await eventually(() => watched.freed() === 1);
    });

    test('a cancel token in flight', async () => {
      const watched = watchSockets(stall());
      const server = await startServer(watched.step);
      // Before 1.7.7 axios's own fetch adapter does not hear of a token in flight, and the deadline ends it.
      const isHeard = adapter === 'http' || axiosSince('1.7.7');
      const { client } = createClient({ adapter }, isHeard ? deadlines : { attemptTimeout: 1_000 });
      const { token, cancel } = axios.CancelToken.source();
      const failing = caught(client.get(server.url, { cancelToken: token }));
      await eventually(() => server.requests.length === 1);
      cancel('The user left');
      const error = await failing;
      expect(axios.isCancel(error)).toBe(true);
      expect(error.message).toBe('The user left');
      expect((token as unknown as { _listeners: unknown[] | null })._listeners ?? []).toHaveLength(0);
      await eventually(() => watched.freed() === 1);
    });

    test('a signal in the wait', async () => {
      const server = await startServer(answer(503));
      const controller = new AbortController();
      const { client } = createClient(
        { adapter },
        {
          ...deadlines,
          baseDelay: 60_000,
          observe: { onRetry: () => void setTimeout(() => controller.abort('left'), 10) },
        },
      );
      const [error, took] = await timed(() => caught(client.get(server.url, { signal: controller.signal })));
      expect(axios.isCancel(error)).toBe(true);
      expect(error.cause).toBe('left');
      expect(took).toBeLessThan(soon);
    });

    test('a signal that has aborted already', async () => {
      const server = await startServer(stall());
      const { client } = createClient({ adapter }, deadlines);
      expect(axios.isCancel(await caught(client.get(server.url, { signal: AbortSignal.abort() })))).toBe(
        true,
      );
      expect(server.requests).toHaveLength(0);
    });
  });

  describe('nothing of a deadline stays on the config', () => {
    const leftovers = (config: InternalAxiosRequestConfig | undefined) => ({
      adapter: config?.adapter,
      signal: config && 'signal' in config ? config.signal : 'none',
    });
    const { signal } = new AbortController();

    test.each<[string, Step, AxiosRequestConfig, unknown]>([
      ['of a timeout', stall(), {}, 'none'],
      ['of a timeout with a signal', stall(), { signal }, signal],
      ['of a failure', answer(503), {}, 'none'],
      ['of a failure with a signal', answer(503), { signal }, signal],
      ['of a success', answer(200), {}, 'none'],
      ['of a success with a signal', answer(200), { signal }, signal],
    ])('%s', async (_, step, config, expected) => {
      const server = await startServer([answer(503), step]);
      const { client } = createClient(
        { adapter },
        { attemptTimeout: 200, totalTimeout: 2_000, maxAttempts: 2 },
      );
      const { config: settled } = await client.get(server.url, config).catch((error: AxiosError) => error);
      expect(leftovers(settled as InternalAxiosRequestConfig)).toEqual({ adapter, signal: expected });
      expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    });

    test('of a timeout that is sent again: through the client with deadlines of its own, through axios without', async () => {
      const late = slowly(100, answer(200, 'late'));
      const server = await startServer([stall(), stall(), late, late]);
      const { client } = createClient(
        { adapter },
        { attemptTimeout: 50, maxAttempts: 1 },
        fromArrival(server),
      );
      const first = await caught(client.get(server.url));
      const second = await caught(client.request(first.config as AxiosRequestConfig));
      expect([first.code, second.code]).toEqual(['ETIMEDOUT', 'ETIMEDOUT']);
      expect(second).not.toBe(first);
      expect((await axios.request({ ...second.config, proxy: false })).data).toBe('late');
      const again = { ...second.config, retry: { attemptTimeout: 1_000 } };
      expect((await client.request(again as AxiosRequestConfig)).data).toBe('late');
    });
  });

  test('a slow request interceptor counts: an attempt out of time is never sent', async () => {
    const server = await startServer(answer(200));
    const { client } = createClient(
      { adapter },
      { attemptTimeout: 40, maxAttempts: 2 },
      undefined,
      delayed(60),
    );
    const error = await caught(client.get(server.url));
    expect(error).toMatchObject({ code: 'ETIMEDOUT', message: 'attemptTimeout of 40 ms exceeded' });
    expect(retryReport(error)?.attempts).toHaveLength(2);
    expect(server.requests).toHaveLength(0);
    const other = await caught(
      client.get(server.url, { retry: { attemptTimeout: undefined, totalTimeout: 30 } }),
    );
    expect(other.message).toBe('totalTimeout of 30 ms exceeded');
    expect(server.requests).toHaveLength(0);
  });

  test('what a slow request interceptor leaves is all that the attempt has', async () => {
    const server = await startServer(stall());
    const left: number[] = [];
    const alarm = async (ms: number): Promise<void> => {
      left.push(ms);
      await eventually(() => server.requests.length === 1);
    };
    const clock = { ...systemClock, alarm };
    const options = { attemptTimeout: 60_000, maxAttempts: 1 };
    const { client } = createClient({ adapter }, options, { clock }, delayed(100));
    expect((await caught(client.get(server.url))).code).toBe('ETIMEDOUT');
    expect(left).toEqual([expect.any(Number)]);
    expect(left[0]).toBeGreaterThan(50_000);
    expect(left[0]).toBeLessThan(60_000 - 98);
  });

  test('an interceptor registered before us sees the timeout as any other failure', async () => {
    const server = await startServer([stall(), answer(200)]);
    const client = axios.create({ adapter, proxy: false });
    const seen: (string | undefined)[] = [];
    client.interceptors.response.use(undefined, (error: AxiosError) => {
      seen.push(error.code);
      return Promise.reject(error);
    });
    attachRetry(client, { attemptTimeout: 150, baseDelay: 1 }, fromArrival(server));
    expect((await client.get(server.url)).status).toBe(200);
    expect(seen).toEqual(['ETIMEDOUT']);
  });

  test('a wait that would pass totalTimeout is not begun', async () => {
    const server = await startServer(answer(503));
    const { client } = createClient({ adapter }, { baseDelay: 10_000, totalTimeout: 10_000 });
    const [error, took] = await timed(() => caught(client.get(server.url)));
    expect(error.response?.status).toBe(503);
    expect(retryReport(error)).toMatchObject({ reason: 'total-timeout', totalDelay: 0 });
    expect(took).toBeLessThan(soon);
    expect(server.requests).toHaveLength(1);
  });

  test('a hint of the server that would pass totalTimeout is not waited for', async () => {
    const server = await startServer(answer(503, '', { 'retry-after': '20' }));
    const { client } = createClient({ adapter }, { totalTimeout: 10_000 });
    const [error, took] = await timed(() => caught(client.get(server.url)));
    expect(retryReport(error)?.reason).toBe('total-timeout');
    expect(took).toBeLessThan(soon);
  });

  test.each(['retryIf', 'beforeRetry'] as const)(
    'a %s that never settles is cut by totalTimeout',
    async (name) => {
      const server = await startServer(answer(503));
      const { client } = createClient(
        { adapter },
        { totalTimeout: 600, [name]: () => new Promise(() => undefined) },
      );
      const [error, took] = await timed(() => caught(client.get(server.url)));
      expect(error.response?.status).toBe(503);
      expect(retryReport(error)?.reason).toBe('total-timeout');
      expect(took).toBeGreaterThanOrEqual(599);
      expect(took).toBeLessThan(soon);
      expect(server.requests).toHaveLength(1);
    },
  );

  test('a beforeRetry that takes too long leaves no time to send: nothing is sent', async () => {
    const server = await startServer([answer(503), answer(200)]);
    const { client } = createClient({ adapter }, { totalTimeout: 600, beforeRetry: () => pause(700) });
    const error = await caught(client.get(server.url));
    expect(retryReport(error)?.reason).toBe('total-timeout');
    await pause(200);
    expect(server.requests).toHaveLength(1);
  });

  test('Infinity and undefined are no deadline', async () => {
    const server = await startServer(slowly(500, answer(200)));
    const { client } = createClient({ adapter }, { attemptTimeout: 20, totalTimeout: 30 });
    const retry = { attemptTimeout: Infinity, totalTimeout: Infinity };
    expect((await client.get(server.url, { retry })).status).toBe(200);
    const inherited = { attemptTimeout: undefined, totalTimeout: undefined };
    expect((await caught(client.get(server.url, { retry: inherited }))).code).toBe('ETIMEDOUT');
    expect((await client.get(server.url, { retry: false })).status).toBe(200);
  });

  test("axios's own timeout still strikes first when it is shorter", async () => {
    const server = await startServer(stall());
    const { client } = createClient({ adapter, timeout: 30 }, { attemptTimeout: 5_000, maxAttempts: 1 });
    const error = await caught(client.get(server.url));
    expect(error.message).toMatch(/^timeout (of 30ms|30 of ms) exceeded$/);
  });

  test('twenty requests under one signal and a deadline share nothing but the signal', async () => {
    const server = await startServer(({ response, recorded }) =>
      recorded.url.endsWith('1') ? undefined : response.end(recorded.url),
    );
    const { signal } = new AbortController();
    const { client } = createClient(
      { adapter, baseURL: server.url },
      { attemptTimeout: 500, maxAttempts: 1 },
      fromArrival(server),
    );
    const settled = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => client.get(`/${i}`, { signal })),
    );
    expect(settled.map((end) => (end.status === 'fulfilled' ? end.value.data : end.reason.code))).toEqual(
      settled.map((_, i) => (i % 10 === 1 ? 'ETIMEDOUT' : `/${i}`)),
    );
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

describe('an adapter of the user', () => {
  test('that ignores its signal is covered, and its late answer is let go', async () => {
    const closed = jest.fn();
    const adapter = async (config: InternalAxiosRequestConfig) => {
      await pause(500);
      const data = { pipe: () => undefined, on: () => undefined, destroy: closed };
      return {
        status: 200,
        statusText: '',
        headers: {},
        config: { ...config, responseType: 'stream' as const },
        data,
      };
    };
    const { client } = createClient({ adapter }, { attemptTimeout: 20, maxAttempts: 2 });
    const [error, took] = await timed(() => caught(client.get('/', { responseType: 'stream' })));
    expect(error.code).toBe('ETIMEDOUT');
    expect(took).toBeLessThan(soon);
    await eventually(() => closed.mock.calls.length === 2);
  });

  test('that fails late rejects nobody', async () => {
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    try {
      const adapter = async () => {
        await pause(400);
        throw new Error('late');
      };
      const { client } = createClient({ adapter }, { attemptTimeout: 10, maxAttempts: 1 });
      expect((await caught(client.get('/'))).code).toBe('ETIMEDOUT');
      await pause(500);
      expect(unhandled).not.toHaveBeenCalled();
    } finally {
      process.off('unhandledRejection', unhandled);
    }
  });

  test('that throws at once fails with that error', async () => {
    const failure = new Error('No');
    const adapter = () => {
      throw failure;
    };
    const { client } = createClient({ adapter }, { attemptTimeout: 10 });
    expect(await caught(client.get('/'))).toBe(failure);
  });

  test('sees a signal that aborts with the deadline as its reason', async () => {
    let seen: AbortSignal | undefined;
    const adapter = (config: InternalAxiosRequestConfig) => {
      seen = config.signal as AbortSignal;
      return new Promise<never>(() => undefined);
    };
    const { client } = createClient({ adapter }, { attemptTimeout: 10, maxAttempts: 1 });
    const error = await caught(client.get('/'));
    expect([seen?.aborted, seen?.reason]).toEqual([true, error]);
  });

  test('that is unknown fails as under bare axios', async () => {
    const { client } = createClient({ adapter: 'smoke signals' as never }, { attemptTimeout: 10 });
    const bare = await caught(axios.get('/', { adapter: 'smoke signals' as never }));
    expect((await caught(client.get('/'))).message).toBe(bare.message);
  });
});
