/** What goes wrong in axios-retry, shown there, and goes right here. */
import { Agent } from 'node:http';
import { Readable } from 'node:stream';
import axios, { type AxiosInstance, type AxiosRequestConfig, isCancel } from 'axios';
import original from 'axios-retry';
import FormData from 'form-data';
import dropIn, { type AxiosRetry, type IAxiosRetryConfig } from '../../../lib/axios-retry.ts';
import { caught } from '../../helpers/caught.ts';
import { createGate } from '../../helpers/gate.ts';
import { readText } from '../../helpers/read-stream.ts';
import {
  answer,
  closeServers,
  echo,
  type ScriptedServer,
  type Step,
  stall,
  startServer,
} from '../../helpers/server.ts';

const agents: Agent[] = [];
afterEach(async () => {
  for (const agent of agents.splice(0)) agent.destroy();
  await closeServers();
});

const busy = answer(503, 'busy');
const ok = answer(200, 'whole');
const yes = (): boolean => true;

interface Stage {
  readonly server: ScriptedServer;
  readonly client: AxiosInstance;
}

async function setUp(
  axiosRetry: AxiosRetry,
  script: Step | readonly Step[],
  options: IAxiosRetryConfig = {},
  defaults: AxiosRequestConfig = {},
): Promise<Stage> {
  const server = await startServer(script);
  const client = axios.create({ adapter: 'http', baseURL: server.url, ...(defaults as object) });
  axiosRetry(client, options);
  return { server, client };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** How a promise ended, or that it has not within so many milliseconds. */
const within = (ms: number, promise: Promise<unknown>): Promise<unknown> => {
  let timer: NodeJS.Timeout;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms, 'pending');
  });
  return Promise.race([promise.catch((error: unknown) => error), late]).finally(() => clearTimeout(timer));
};

/** The same steps with axios-retry, where they go wrong, and with the drop-in. */
const compare = async <T>(play: (axiosRetry: AxiosRetry) => Promise<T>): Promise<{ there: T; here: T }> => ({
  there: await play(original as AxiosRetry),
  here: await play(dropIn),
});

test('a request that is cancelled in flight is not sent again, and nobody is told of retries', async () => {
  const seen = await compare(async (axiosRetry) => {
    const calls: string[] = [];
    const note = (name: string) => () => void calls.push(name);
    const { server, client } = await setUp(axiosRetry, stall(), {
      onRetry: note('onRetry'),
      onMaxRetryTimesExceeded: note('onMaxRetryTimesExceeded'),
    });
    const controller = new AbortController();
    const failing = caught(client.get('/', { signal: controller.signal }));
    while (server.requests.length === 0) await pause(2);
    controller.abort();
    expect(isCancel(await failing)).toBe(true);
    return calls;
  });
  expect(seen.there).toEqual(['onRetry', 'onRetry', 'onRetry', 'onMaxRetryTimesExceeded']);
  expect(seen.here).toEqual([]);
});

test('an abort during the wait ends the request, and does not enter the instance again', async () => {
  const seen = await compare(async (axiosRetry) => {
    const retrying = createGate();
    const { client } = await setUp(axiosRetry, busy, { retryDelay: () => 10_000, onRetry: retrying.open });
    let entered = 0;
    client.interceptors.request.use((config) => {
      entered += 1;
      return config;
    });
    const controller = new AbortController();
    const failing = caught(client.get('/', { signal: controller.signal }));
    await retrying.passed;
    await pause(20);
    controller.abort();
    expect(isCancel(await failing)).toBe(true);
    return entered;
  });
  expect(seen.there).toBeGreaterThan(1);
  expect(seen.here).toBe(1);
});

test('a cancel token ends the wait', async () => {
  const seen = await compare(async (axiosRetry) => {
    const retrying = createGate();
    const { client } = await setUp(axiosRetry, busy, { retryDelay: () => 1_000, onRetry: retrying.open });
    const source = axios.CancelToken.source();
    const failing = client.get('/', { cancelToken: source.token });
    failing.catch(() => undefined);
    await retrying.passed;
    await pause(20);
    source.cancel('enough');
    return within(200, failing);
  });
  expect(seen.there).toBe('pending');
  expect(isCancel(seen.here)).toBe(true);
});

test('a Retry-After of more than 2³¹−1 ms is not taken for none', async () => {
  // Node makes 1 ms of a longer timer, too, and prints a warning.
  const { setTimeout: schedule } = globalThis;
  const timers = jest
    .spyOn(globalThis, 'setTimeout')
    .mockImplementation(((run: () => void, ms = 0, ...args: unknown[]) =>
      schedule(run, ms >= 2 ** 31 ? 1 : ms, ...(args as []))) as never);
  const seen = await compare(async (axiosRetry) => {
    const asking = answer(503, 'busy', { 'retry-after': '2147484' });
    const { server, client } = await setUp(axiosRetry, asking, { retries: 1 });
    const controller = new AbortController();
    const outcome = await within(300, client.get('/', { signal: controller.signal }));
    controller.abort();
    return { sent: server.requests.length, isWaiting: outcome === 'pending' };
  }).finally(() => timers.mockRestore());
  expect(seen.there).toEqual({ sent: 2, isWaiting: false });
  expect(seen.here).toEqual({ sent: 1, isWaiting: true });
});

test('a body that is a stream is not sent again empty', async () => {
  const seen = await compare(async (axiosRetry) => {
    const retried: number[] = [];
    const { server, client } = await setUp(axiosRetry, [busy, echo()], {
      retryCondition: yes,
      onRetry: (count) => void retried.push(count),
    });
    const body = Readable.from(['all of it']);
    const status = await client.post('/', body).then(
      (response) => response.status,
      (error) => error.response?.status,
    );
    return { status, bodies: server.requests.map(({ text }) => text), retried };
  });
  expect(seen.there).toEqual({ status: 200, bodies: ['all of it', ''], retried: [1] });
  expect(seen.here).toEqual({ status: 503, bodies: ['all of it'], retried: [] });
});

test.each<[string, () => unknown, AxiosRequestConfig]>([
  [
    'a form of the form-data package',
    () => {
      const form = new FormData();
      form.append('name', 'value');
      return form;
    },
    {},
  ],
  [
    'an object sent as multipart',
    () => ({ name: 'value' }),
    { headers: { 'Content-Type': 'multipart/form-data' } },
  ],
])('%s does not hang', async (_, body, config) => {
  const seen = await compare(async (axiosRetry) => {
    const { client } = await setUp(axiosRetry, [busy, echo()], { retryCondition: yes });
    return within(150, client.post('/', body(), config));
  });
  expect(seen.there).toBe('pending');
  expect(seen.here).toMatchObject({ response: { status: 503 } });
});

test('a web stream that was read keeps the error of the server', async () => {
  const seen = await compare(async (axiosRetry) => {
    const { client } = await setUp(axiosRetry, busy, { retryCondition: yes }, { adapter: 'fetch' });
    const body = new Blob(['all of it']).stream();
    return caught(client.post('/', body));
  });
  expect(seen.there.response).toBeUndefined();
  expect(seen.here.response?.status).toBe(503);
});

test('a failed response that is a stream does not hold the only socket', async () => {
  const seen = await compare(async (axiosRetry) => {
    const httpAgent = new Agent({ maxSockets: 1, keepAlive: true });
    agents.push(httpAgent);
    const { client } = await setUp(axiosRetry, [busy, ok], {}, { httpAgent, responseType: 'stream' });
    const answered = client.get('/').then(({ data }) => readText(data));
    return within(150, answered);
  });
  expect(seen).toEqual({ there: 'pending', here: 'whole' });
});

test.each<keyof IAxiosRetryConfig>([
  'retries',
  'retryCondition',
  'retryDelay',
  'onRetry',
  'onMaxRetryTimesExceeded',
])('%s given as undefined leaves the default', async (name) => {
  const seen = await compare(async (axiosRetry) => {
    const { server, client } = await setUp(axiosRetry, busy, { [name]: undefined });
    const { response } = await caught(client.get('/'));
    return { status: response?.status, sent: server.requests.length };
  });
  expect(seen.there).not.toEqual(seen.here);
  expect(seen.here).toEqual({ status: 503, sent: 4 });
});

test('an option of the request given as undefined leaves that of the instance', async () => {
  const { server, client } = await setUp(dropIn, busy, { retries: 1 });
  await caught(client.get('/', { 'axios-retry': { retries: undefined as never } }));
  expect(server.requests).toHaveLength(2);
});

test('null options are none', async () => {
  const { server, client } = await setUp(dropIn, [busy, ok], null as never);
  await client.get('/', { 'axios-retry': { retryCondition: null as never, onRetry: null as never } });
  expect(server.requests).toHaveLength(2);
});

test('the `axiosRetry.noDelay` of its README works', async () => {
  const seen = await compare(async (axiosRetry) => {
    const { client } = await setUp(axiosRetry, [busy, ok], { retryDelay: axiosRetry.noDelay });
    return client.get('/').then(
      ({ data }) => data,
      (error) => error.constructor.name,
    );
  });
  expect(seen).toEqual({ there: 'TypeError', here: 'whole' });
});

test('a delay that is no function is refused at once', () => {
  expect(() => dropIn(axios.create(), { retryDelay: 1_000 as never })).toThrow(
    new TypeError('Expected axios-retry option `retryDelay` to be a function, got 1000'),
  );
  expect(() => original(axios.create(), { retryDelay: 1_000 as never })).not.toThrow();
});

test('a condition of the request that is no function is refused, and the failure is its cause', async () => {
  const { client } = await setUp(dropIn, busy);
  const error = await caught(client.get('/', { 'axios-retry': { retryCondition: true as never } }));
  expect(error).toBeInstanceOf(TypeError);
  expect(error.message).toBe('Expected axios-retry option `retryCondition` to be a function, got true');
  expect(error.cause).toMatchObject({ response: { status: 503 } });
});

test('an interceptor registered later sees the result once', async () => {
  const seen = await compare(async (axiosRetry) => {
    const { client } = await setUp(axiosRetry, [busy, busy, ok]);
    const results: unknown[] = [];
    client.interceptors.response.use((response) => {
      results.push(response.status);
      return response;
    });
    await client.get('/');
    return results;
  });
  expect(seen).toEqual({ there: [200, 200, 200], here: [200] });
});

test('an interceptor registered later that unwraps the result works', async () => {
  const seen = await compare(async (axiosRetry) => {
    const { client } = await setUp(axiosRetry, [busy, ok]);
    client.interceptors.response.use(({ data }) => data);
    return client.get('/');
  });
  expect(seen).toEqual({ there: undefined, here: 'whole' });
});

test('the failure of another request inside a request interceptor is not answered in place of this one', async () => {
  const seen = await compare(async (axiosRetry) => {
    const tokens = await startServer([busy, answer(200, 'the token')]);
    const { client } = await setUp(axiosRetry, ok);
    client.interceptors.request.use(async (config) => {
      const { data } = await axios.get(tokens.url);
      config.headers['X-Token'] = data;
      return config;
    });
    return client.get('/').then(
      ({ data }) => data,
      (error) => error.response?.status,
    );
  });
  expect(seen).toEqual({ there: 'the token', here: 503 });
});

describe('a body that onRetry replaces', () => {
  const replaceBy =
    (data: unknown): NonNullable<IAxiosRetryConfig['onRetry']> =>
    (_count, _error, config) => {
      config.data = data;
    };

  test('is sent whole when it is longer', async () => {
    const seen = await compare(async (axiosRetry) => {
      const { server, client } = await setUp(
        axiosRetry,
        [busy, echo()],
        { onRetry: replaceBy('{"longer":"than before"}') },
        { timeout: 600 },
      );
      await within(800, client.put('/', { a: 1 }));
      return server.requests[1]?.text;
    });
    expect(seen.there).not.toBe('{"longer":"than before"}');
    expect(seen.here).toBe('{"longer":"than before"}');
  });

  test('is transformed when it is an object', async () => {
    const seen = await compare(async (axiosRetry) => {
      const { server, client } = await setUp(axiosRetry, [busy, echo()], {
        onRetry: replaceBy({ again: true }),
      });
      await within(800, client.put('/', { a: 1 }));
      return server.requests[1]?.text;
    });
    expect(seen).toEqual({ there: undefined, here: '{"again":true}' });
  });
});

test('what is left of a timeout is never a fraction, which the http adapter would take for none', async () => {
  const seen = await compare(async (axiosRetry) => {
    const { client } = await setUp(axiosRetry, [busy, ok], { retryDelay: () => 0.5 }, { timeout: 5_000 });
    const { config } = await client.get('/');
    return Number.isInteger(config.timeout);
  });
  expect(seen).toEqual({ there: false, here: true });
});

test('a delay that is no number of milliseconds is none', async () => {
  for (const delay of [NaN, -5, undefined, 'soon']) {
    const { client } = await setUp(
      dropIn,
      [busy, ok],
      { retryDelay: () => delay as number },
      { timeout: 1_000 },
    );
    const { data, config } = await client.get('/');
    expect([data, config.timeout !== undefined && config.timeout > 0]).toEqual(['whole', true]);
  }
});
