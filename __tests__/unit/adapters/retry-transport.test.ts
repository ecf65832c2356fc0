import { getEventListeners } from 'node:events';
import { Readable } from 'node:stream';
import axios, {
  type AxiosAdapter,
  AxiosError,
  AxiosHeaders,
  type AxiosRequestConfig,
  CanceledError,
  getAdapter,
  type InternalAxiosRequestConfig,
} from 'axios';
import FormDataPackage from 'form-data';
import {
  attachRetry,
  limitConcurrency,
  type RetryTransportOptions,
  retryTransport,
  wasRetried,
} from '../../../lib/index.ts';
import { virtualClock } from '../../../lib/testing.ts';
import { caught } from '../../helpers/caught.ts';
import { adapters, createClient, noRedirects } from '../../helpers/clients.ts';
import {
  answer,
  closeServers,
  echo,
  finAfterReading,
  partialBody,
  redirect,
  refusedPort,
  resetAfterReading,
  type Step,
  stall,
  startServer,
} from '../../helpers/server.ts';

afterEach(closeServers);

let deadUrl: string;

beforeEach(async () => {
  deadUrl = `http://127.0.0.1:${await refusedPort()}`;
});

const now: RetryTransportOptions = { baseDelay: 0 };

/** An adapter that is refused so many times before it reaches the server; every try is real. */
function refusedFirst(adapter: 'http' | 'fetch', times: number) {
  const tries: string[] = [];
  const send: AxiosAdapter = (config) => {
    tries.push(config.url ?? '');
    const baseURL = tries.length > times ? config.baseURL : deadUrl;
    return getAdapter(adapter, config)({ ...config, ...(baseURL && { baseURL }) });
  };
  return { send, tries };
}

describe.each(adapters)('over %s', (adapter) => {
  test.each(['GET', 'PUT', 'POST', 'PATCH'])('a %s that was refused is sent again, whole', async (method) => {
    const server = await startServer(echo());
    const { send, tries } = refusedFirst(adapter, 2);
    const client = axios.create({ adapter: retryTransport(now, send), baseURL: server.url });
    const data = method === 'GET' ? undefined : { name: 'Ada' };
    const response = await client.request({ method, url: '/users', data, ...noRedirects });
    expect(response.data).toMatchObject({ method, url: '/users', body: data ? '{"name":"Ada"}' : '' });
    expect(tries).toHaveLength(3);
    expect(server.requests).toHaveLength(1);
  });

  test.each([
    ['a Buffer', Buffer.from('bytes'), /^bytes$/],
    ['a Blob', new Blob(['bytes']), /^bytes$/],
    ['a URLSearchParams', new URLSearchParams({ a: '1' }), /^a=1$/],
    ['a FormData', formOf('field', 'value'), /name="field"\r\n\r\nvalue\r\n--/],
  ])('%s is sent again whole', async (_, data, body) => {
    const server = await startServer(echo());
    const { send } = refusedFirst(adapter, 1);
    const client = axios.create({ adapter: retryTransport(now, send), baseURL: server.url });
    const response = await client.post('/', data, { ...noRedirects, timeout: 2_000 });
    expect(response.data.body).toMatch(body);
  });

  test('a stream may have been read, and is not sent again', async () => {
    const { send, tries } = refusedFirst(adapter, 5);
    const client = axios.create({ adapter: retryTransport(now, send) });
    await caught(client.post('/', Readable.from([Buffer.from('bytes')]), noRedirects));
    expect(tries).toHaveLength(1);
  });

  test.each<[string, Step]>([
    ['a reset', resetAfterReading()],
    ['a closed connection', finAfterReading()],
    ['half a body', partialBody()],
    ['a 503', answer(503)],
    ['a 429', answer(429)],
    ['a timeout', stall()],
  ])('%s is no failed connection, and not repeated', async (_, step) => {
    const server = await startServer(step);
    const client = axios.create({ adapter: retryTransport(now, adapter), baseURL: server.url, timeout: 300 });
    await caught(client.get('/'));
    expect(server.requests).toHaveLength(1);
  });

  test('a POST that was answered with a redirect to a dead port is not repeated; a GET is', async () => {
    const server = await startServer(redirect(deadUrl));
    const client = axios.create({ adapter: retryTransport(now, adapter), baseURL: server.url });
    await caught(client.post('/charge', { amount: 1 }));
    expect(server.requests).toHaveLength(1);
    await caught(client.get('/page'));
    expect(server.requests).toHaveLength(4);
  });

  test('the last error comes back as it is, and is not marked: policies may go on', async () => {
    const { send, tries } = refusedFirst(adapter, 99);
    const client = axios.create({ adapter: retryTransport({ ...now, maxAttempts: 4 }, send) });
    const error = await caught(client.get('/'));
    expect(error.code).toBe(adapter === 'http' ? 'ECONNREFUSED' : 'ERR_NETWORK');
    expect(wasRetried(error)).toBe(false);
    expect(tries).toHaveLength(4);
  });

  test('attempts multiply with those of the policy', async () => {
    const { send, tries } = refusedFirst(adapter, 99);
    const { client } = createClient({ adapter: retryTransport({ ...now, maxAttempts: 2 }, send) });
    await caught(client.get('/'));
    expect(tries).toHaveLength(2 * 3);
  });

  test('a limiter around it holds its permit until the last try', async () => {
    const server = await startServer(answer(200));
    const { send, tries } = refusedFirst(adapter, 4);
    const limiter = limitConcurrency(1, retryTransport(now, send));
    const client = axios.create({ adapter: limiter, baseURL: server.url });
    const outcomes = await Promise.allSettled(['/a', '/b', '/c'].map((url) => client.get(url)));
    expect(tries).toEqual(['/a', '/a', '/a', '/b', '/b', '/c']);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect([limiter.active, limiter.pending]).toEqual([0, 0]);
  });

  test('a limiter inside it holds a permit for each try alone, not between them', async () => {
    const server = await startServer(answer(200));
    const { send, tries } = refusedFirst(adapter, 4);
    const limiter = limitConcurrency(1, send);
    const client = axios.create({ adapter: retryTransport(now, limiter), baseURL: server.url });
    await Promise.all(['/a', '/b', '/c'].map((url) => client.get(url)));
    expect(tries.slice(0, 4)).toEqual(['/a', '/b', '/c', '/a']);
    expect(tries).toHaveLength(7);
    expect([limiter.active, limiter.pending]).toEqual([0, 0]);
  });

  test('attemptTimeout cuts the wait off', async () => {
    const { send, tries } = refusedFirst(adapter, 99);
    const { client } = createClient(
      { adapter: retryTransport({ baseDelay: 60_000, maxDelay: 60_000, jitter: 'none' }, send) },
      { attemptTimeout: 30, maxAttempts: 1 },
    );
    const error = await caught(client.get('/'));
    expect(error).toMatchObject({ code: 'ETIMEDOUT', message: 'attemptTimeout of 30 ms exceeded' });
    expect(tries).toHaveLength(1);
  });

  test('an abort ends the wait, and nothing more is sent', async () => {
    const clock = virtualClock({ mode: 'manual' });
    const { send, tries } = refusedFirst(adapter, 99);
    const client = axios.create({ adapter: retryTransport({}, send, { clock }) });
    const controller = new AbortController();
    const failing = caught(client.get('/', { signal: controller.signal }));
    await clock.untilPending();
    const reason = new Error('The user left');
    controller.abort(reason);
    const error = await failing;
    expect(error).toBeInstanceOf(CanceledError);
    expect(error).toMatchObject({ code: 'ERR_CANCELED', cause: reason, config: { url: '/' } });
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    expect(clock.pending).toBe(0);
    expect(tries).toHaveLength(1);
  });
});

test.each<[string, () => unknown, AxiosRequestConfig]>([
  ['a form of the form-data package', () => formPackageOf('field', 'value'), {}],
  ['an object sent as multipart', () => ({ a: 1 }), { headers: { 'content-type': 'multipart/form-data' } }],
])('over http %s may have been read, and is not sent again', async (_, makeData, config) => {
  const { send, tries } = refusedFirst('http', 5);
  const client = axios.create({ adapter: retryTransport(now, send) });
  await caught(client.post('/', makeData(), config));
  expect(tries).toHaveLength(1);
});

test('over fetch a POST that may follow redirects cannot be told from one that was sent, and is not repeated', async () => {
  const { send, tries } = refusedFirst('fetch', 99);
  const client = axios.create({ adapter: retryTransport(now, send) });
  await caught(client.post('/', {}));
  expect(tries).toHaveLength(1);
});

test('a wait that is over leaves no listener on the signal', async () => {
  const server = await startServer(answer(200));
  const { send } = refusedFirst('http', 2);
  const client = axios.create({ adapter: retryTransport(now, send), baseURL: server.url });
  const { signal } = new AbortController();
  await client.get('/', { signal });
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

test.each<[string, (stop: () => void) => Promise<void>]>([
  ['does not hear of it', async (stop) => stop()],
  [
    'fails in its own words',
    async (stop) => {
      stop();
      throw new Error('Woken');
    },
  ],
])('an abort during a sleep that %s is a CanceledError all the same', async (_, fallAsleep) => {
  const controller = new AbortController();
  const { send, tries } = refusedFirst('http', 99);
  const clock = { now: () => 0, sleep: () => fallAsleep(() => controller.abort()) };
  const client = axios.create({ adapter: retryTransport({}, send, { clock }) });
  const error = await caught(client.get('/', { signal: controller.signal }));
  expect(axios.isCancel(error)).toBe(true);
  expect(error.cause).toBe(controller.signal.reason);
  expect(tries).toHaveLength(1);
});

test('a cancel token ends the wait with its message', async () => {
  const clock = virtualClock({ mode: 'manual' });
  const { send, tries } = refusedFirst('http', 99);
  const client = axios.create({ adapter: retryTransport({}, send, { clock }) });
  const { token, cancel } = axios.CancelToken.source();
  const failing = caught(client.get('/', { cancelToken: token }));
  await clock.untilPending();
  cancel('The user left');
  expect(await failing).toMatchObject({ code: 'ERR_CANCELED', message: 'The user left' });
  expect(tries).toHaveLength(1);
});

describe('the waits', () => {
  async function sleepsOf(options: RetryTransportOptions, random = 0.5) {
    const clock = virtualClock();
    const { send } = refusedFirst('http', 99);
    const adapter = retryTransport(options, send, { clock, random: () => random });
    await caught(axios.create({ adapter }).get('/'));
    return clock.sleeps;
  }

  test('are by default two, up to 100 and 200 ms, spread by full jitter', async () => {
    expect(await sleepsOf({})).toEqual([50, 100]);
    expect(await sleepsOf({}, 0)).toEqual([0, 0]);
  });

  test('grow by the base up to the cap', async () => {
    const options = {
      maxAttempts: 6,
      baseDelay: 10,
      exponentialBase: 3,
      maxDelay: 200,
      jitter: false,
    } as const;
    expect(await sleepsOf(options)).toEqual([10, 30, 90, 200, 200]);
  });

  test('are none when there is one attempt', async () => {
    expect(await sleepsOf({ maxAttempts: 1 })).toEqual([]);
  });

  test('are told to a sleep that fails for a reason of its own', async () => {
    const broken = { now: () => 0, sleep: () => Promise.reject(new Error('The clock is broken')) };
    const { send } = refusedFirst('http', 99);
    const client = axios.create({ adapter: retryTransport({}, send, { clock: broken }) });
    expect((await caught(client.get('/'))).message).toBe('The clock is broken');
  });
});

describe('bad input', () => {
  test.each<[unknown, string]>([
    [null, 'Expected retry transport options to be an object, got null'],
    [3, 'Expected retry transport options to be an object, got 3'],
    [
      { retries: 3 },
      'Expected retry transport option `retries` to be one of maxAttempts, baseDelay, maxDelay, exponentialBase, jitter, got 3',
    ],
    [{ maxAttempts: 0 }, 'Expected retry transport option `maxAttempts` to be an integer ≥ 1, got 0'],
    [
      { maxAttempts: Infinity },
      'Expected retry transport option `maxAttempts` to be an integer ≥ 1, got Infinity',
    ],
    [
      { baseDelay: -1 },
      'Expected retry transport option `baseDelay` to be a finite number of milliseconds ≥ 0, got -1',
    ],
    [
      { maxDelay: '1s' },
      'Expected retry transport option `maxDelay` to be a finite number of milliseconds ≥ 0, got "1s"',
    ],
    [
      { exponentialBase: 0.5 },
      'Expected retry transport option `exponentialBase` to be a finite number ≥ 1, got 0.5',
    ],
    [
      { jitter: 'some' },
      "Expected retry transport option `jitter` to be 'full', 'equal', 'none' or a boolean, got \"some\"",
    ],
  ])('%p is refused', (options, message) => {
    expect(() => retryTransport(options as never)).toThrow(new TypeError(message));
  });

  test('undefined fields have no opinion', () => {
    expect(() => retryTransport({ maxAttempts: undefined, jitter: undefined })).not.toThrow();
  });

  test('an adapter that is none is refused', () => {
    expect(() => retryTransport({}, 7 as never)).toThrow(/^Expected `adapter` to be .*, got 7$/);
  });
});

function formOf(name: string, value: string): FormData {
  const form = new FormData();
  form.append(name, value);
  return form;
}

function formPackageOf(name: string, value: string): FormDataPackage {
  const form = new FormDataPackage();
  form.append(name, value);
  return form;
}

test('nothing is sent after a deadline around it has struck, over an adapter that does not listen', async () => {
  let sends = 0;
  const deaf: AxiosAdapter = (config) => {
    sends += 1;
    const refusal = Object.assign(new Error('refused'), { code: 'ECONNREFUSED', syscall: 'connect' });
    return Promise.reject(AxiosError.from(refusal, 'ECONNREFUSED', config, { _redirectCount: 0 }));
  };
  const clock = virtualClock({ mode: 'manual' });
  const client = axios.create({
    adapter: retryTransport({ baseDelay: 100, jitter: 'none' }, deaf, { clock }),
  });
  attachRetry(client, { totalTimeout: 40 }, { clock });
  const failing = caught(client.post('/'));
  await clock.untilPending();
  await clock.advance(40);
  expect(await failing).toMatchObject({ code: 'ETIMEDOUT' });
  await clock.advance(10_000);
  expect(sends).toBe(1);
});

/** How often a request is sent when no connection can be made, after a redirect for all that is known. */
async function sendsOf(method: string | undefined): Promise<number> {
  let sends = 0;
  const refuse = (): Promise<never> => {
    sends += 1;
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { syscall: 'connect' });
    return Promise.reject(
      Object.assign(new Error('Network Error', { cause }), { request: { redirect: 'follow' } }),
    );
  };
  const clock = { now: () => 0, sleep: () => Promise.resolve() };
  const config = { headers: new AxiosHeaders(), ...(method && { method }) } as InternalAxiosRequestConfig;
  await caught(retryTransport({}, refuse, { clock })(config));
  return sends;
}

test.each([
  [undefined, 3],
  ['get', 3],
  ['DELETE', 3],
  ['query', 3],
  ['post', 1],
  ['target', 1],
  ['getall', 1],
])('behind a redirect a %p is sent %i times', async (method, sends) => {
  expect(await sendsOf(method)).toBe(sends);
});

test.each([['full'], ['equal'], ['none'], [true], [false]] as const)('%p is a jitter', (jitter) => {
  expect(() => retryTransport({ jitter })).not.toThrow();
});

test.each([[''], [() => 0], [1]])('%p is no jitter', (jitter) => {
  expect(() => retryTransport({ jitter: jitter as never })).toThrow(/jitter/);
});
