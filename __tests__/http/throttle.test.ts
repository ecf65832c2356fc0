import axios from 'axios';
import { type RetryOptions, RetryThrottle, retryReport } from '../../lib/index.ts';
import { virtualClock } from '../../lib/testing.ts';
import { caught } from '../helpers/caught.ts';
import { adapters, createClient, fast } from '../helpers/clients.ts';
import {
  answer,
  closeServers,
  refusedPort,
  resetAfterReading,
  type ScriptedServer,
  type Step,
  startServer,
} from '../helpers/server.ts';

afterEach(closeServers);

const reasonOf = (value: unknown): string | undefined => retryReport(value)?.reason;

/** Does not fill up by itself while a test runs. */
const slow = { refillTime: 1e9 };

describe.each(adapters)('over %s', (adapter) => {
  const connect = (server: Pick<ScriptedServer, 'url'>, options: RetryOptions = {}) =>
    createClient({ adapter, baseURL: server.url }, { baseDelay: 0, ...options }).client;

  const outages: readonly (readonly [string, Step])[] = [
    ['answers 503', answer(503)],
    ['resets every connection', resetAfterReading()],
  ];
  test.each(outages)(
    'a server that %s gets 35 retries of a client, and then each request once',
    async (_, step) => {
      const server = await startServer(step);
      const client = connect(server, { throttle: slow });
      const reasons: unknown[] = [];
      for (let i = 0; i < 100; i += 1) reasons.push(reasonOf(await caught(client.get('/'))));
      expect(server.requests).toHaveLength(100 + 35);
      expect(reasons.slice(0, 17)).toEqual(Array(17).fill('max-attempts'));
      expect(reasons.slice(17)).toEqual(Array(83).fill('throttled'));
    },
  );

  test('requests at the same time share it from the first', async () => {
    const server = await startServer(answer(503));
    const client = connect(server, { throttle: slow });
    await Promise.all(Array.from({ length: 100 }, () => caught(client.get('/'))));
    expect(server.requests).toHaveLength(100 + 35);
  });

  test('a port that refuses connections counts as well', async () => {
    const url = `http://127.0.0.1:${await refusedPort()}`;
    const throttle = new RetryThrottle(slow);
    await caught(connect({ url }, { throttle }).get('/'));
    expect(throttle.tokens(url)).toBeCloseTo(500 - 2 * 14, 3);
  });

  test('is on unless it is switched off, for all requests or for one', async () => {
    const server = await startServer(answer(503));
    const client = connect(server, { throttle: { ...slow, capacity: 14 } });
    const off = connect(server, { throttle: false });
    for (let i = 0; i < 3; i += 1) {
      expect(reasonOf(await caught(client.get('/')))).toBe('throttled');
      expect(reasonOf(await caught(client.get('/', { retry: { throttle: false } })))).toBe('max-attempts');
      expect(reasonOf(await caught(off.get('/')))).toBe('max-attempts');
    }
  });

  test('a retry after a 429 takes less, for the server is there', async () => {
    const throttle = new RetryThrottle(slow);
    const server = await startServer([answer(429), answer(503), answer(400)]);
    await caught(connect(server, { throttle }).get('/'));
    expect(throttle.tokens(server.url)).toBeCloseTo(500 - 5 - 14, 3);
  });

  test('the success of a retry gives back what that retry took, and a success at once earns one', async () => {
    const throttle = new RetryThrottle(slow);
    const server = await startServer([answer(503), answer(503), answer(200)]);
    const client = connect(server, { throttle });
    await client.get('/');
    expect(throttle.tokens(server.url)).toBeCloseTo(500 - 14, 3);
    await client.get('/');
    expect(throttle.tokens(server.url)).toBeCloseTo(500 - 13, 3);
  });

  test('polling a 200 costs nothing, however often', async () => {
    const throttle = new RetryThrottle({ ...slow, capacity: 14 });
    const server = await startServer(({ response, number }) =>
      response.end(number < 60 ? 'pending' : 'done'),
    );
    const retryIf: RetryOptions['retryIf'] = ({ response }) => response?.data === 'pending' || undefined;
    const response = await connect(server, { throttle, retryIf, maxAttempts: 100 }).get('/');
    expect(response.data).toBe('done');
    expect(server.requests).toHaveLength(60);
    expect(throttle.idle).toBe(true);
  });

  test('an origin that is down does not hold back another one of the same client', async () => {
    const throttle = new RetryThrottle({ ...slow, capacity: 14 });
    const down = await startServer(answer(503));
    const flaky = await startServer([answer(503), answer(200)]);
    const client = connect(down, { throttle });
    expect(reasonOf(await caught(client.get('/')))).toBe('throttled');
    expect((await client.get(flaky.url)).status).toBe(200);
    expect([...throttle.state().keys()]).toEqual([down.url]);
  });

  test('clients that share one hold back together, and tell its state', async () => {
    const throttle = new RetryThrottle({ ...slow, capacity: 28 });
    const server = await startServer(answer(503));
    const [first, second] = [connect(server, { throttle }), connect(server, { throttle })];
    expect(reasonOf(await caught(first.get('/')))).toBe('max-attempts');
    expect(reasonOf(await caught(second.get('/')))).toBe('throttled');
    expect(server.requests).toHaveLength(4);
    expect(throttle.state().get(server.url)).toBeCloseTo(0, 3);
  });

  test('an abort in the wait gives the tokens back', async () => {
    const throttle = new RetryThrottle(slow);
    const server = await startServer(answer(503));
    const controller = new AbortController();
    const onRetry = () => void setTimeout(() => controller.abort(), 10);
    const client = connect(server, { throttle, baseDelay: 5_000, observe: { onRetry } });
    await caught(client.get('/', { signal: controller.signal }));
    expect(throttle.tokens(server.url)).toBe(500);
    expect(throttle.idle).toBe(true);
  });

  test('a POST that may not be repeated costs nothing', async () => {
    const throttle = new RetryThrottle(slow);
    const server = await startServer(answer(503));
    await caught(connect(server, { throttle }).post('/'));
    expect(throttle.idle).toBe(true);
  });

  test('the first attempt is never held back, and the failure is the one that the server gave', async () => {
    const server = await startServer(answer(503, 'down'));
    const client = connect(server, {
      throttle: { capacity: 1, retryCost: 1, throttledRetryCost: 1, ...slow },
    });
    await caught(client.get('/'));
    const error = await caught(client.get('/'));
    expect([error.response?.status, error.response?.data]).toEqual([503, 'down']);
    expect(retryReport(error)).toMatchObject({
      reason: 'throttled',
      attempts: [{ status: 503 }],
      totalDelay: 0,
    });
  });
});

test('an empty throttle fills up with time and lets retries through again', async () => {
  const clock = virtualClock({ mode: 'manual' });
  const server = await startServer(answer(503));
  const throttle = new RetryThrottle({ capacity: 28, refillTime: 60_000 });
  const { client } = createClient(
    { baseURL: server.url },
    { ...fast, baseDelay: 0, maxAttempts: 2, throttle },
    { clock },
  );
  const send = async (): Promise<string | undefined> => {
    const settled = caught(client.get('/')).then(reasonOf);
    const isWaiting = await Promise.race([settled.then(() => false), clock.untilPending().then(() => true)]);
    if (isWaiting) await clock.advance(0);
    return settled;
  };
  expect([await send(), await send(), await send()]).toEqual(['max-attempts', 'max-attempts', 'throttled']);
  await clock.advance(29_000);
  expect(await send()).toBe('throttled');
  await clock.advance(1_000);
  expect([await send(), await send()]).toEqual(['max-attempts', 'throttled']);
  expect(throttle.tokens(server.url, clock.monotonic() + 60_000)).toBe(28);
});

test('a client that meets ever new origins remembers a thousand of them', async () => {
  const throttle = new RetryThrottle(slow);
  const adapter = async (config: object): Promise<never> => {
    throw new axios.AxiosError('reset', 'ECONNRESET', config as never);
  };
  const { client } = createClient({ adapter }, { throttle, baseDelay: 0, maxAttempts: 2 });
  await Promise.all(
    Array.from({ length: 1_200 }, (_, i) => caught(client.get(`https://host-${i}.example/`))),
  );
  expect(throttle.state().size).toBe(1_000);
  expect(throttle.state().has('https://host-1199.example')).toBe(true);
});

test.each([
  [{ capacity: 5 }, '[object Object]'],
  [true, 'true'],
  [500, '500'],
])(
  'one request cannot bring %p for a throttle: that would be a new one every time',
  async (throttle, shown) => {
    const { client } = createClient();
    const error = await caught(client.get('http://127.0.0.1:1/', { retry: { throttle: throttle as never } }));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/^Expected retry option `throttle` to be .*on the instance only/);
    expect(error.message).toContain(`got ${shown}`);
  },
);
