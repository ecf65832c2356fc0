import axios, {
  type AxiosAdapter,
  AxiosError,
  AxiosHeaders,
  type AxiosRequestConfig,
  type InternalAxiosRequestConfig,
} from 'axios';
import { attachRetry, retryReport, wasRetried } from '../../lib/index.ts';
import { caught } from '../helpers/caught.ts';
import { fast } from '../helpers/clients.ts';
import { scripted } from '../helpers/scripted.ts';
import { answer, closeServers, startServer } from '../helpers/server.ts';

afterEach(closeServers);

describe('what axios takes for "none" is none', () => {
  test.each<[string, object]>([
    ['signal: null', { signal: null }],
    ['signal: false', { signal: false }],
    ['cancelToken: null', { cancelToken: null }],
    ['adapter: null', { adapter: null }],
  ])('%s, with and without deadlines', async (_, config) => {
    const server = await startServer([answer(503), answer(200), answer(503), answer(200)]);
    const client = axios.create({ proxy: false });
    attachRetry(client, fast);
    expect((await client.get(server.url, config)).status).toBe(200);
    const retry = { attemptTimeout: 5_000 };
    expect((await client.get(server.url, { ...config, retry } as AxiosRequestConfig)).status).toBe(200);
    expect(server.requests).toHaveLength(4);
  });

  test('an instance made by `new axios.Axios`, which has no adapter among its defaults', async () => {
    const server = await startServer([answer(503), answer(200, 'here')]);
    const client = new axios.Axios({ baseURL: server.url, proxy: false });
    attachRetry(client as never, { ...fast, statuses: [503], totalTimeout: 5_000 });
    expect((await client.get('/')).data).toBe('here');
  });
});

describe('data that cannot be copied is passed on as it is', () => {
  const send = async (data: unknown, config: AxiosRequestConfig = {}) => {
    const { adapter, sent } = scripted(503, 200);
    const client = axios.create({ adapter });
    attachRetry(client, fast);
    client.interceptors.request.use((c) => c);
    await client.put('/', data, config);
    return sent.map((each) => each.data);
  };

  test('a list that refers to itself', async () => {
    const list: unknown[] = [1];
    list.push(list);
    const text = ['2 items', '2 items'];
    expect(await send(list, { transformRequest: (data) => `${data.length} items` })).toEqual(text);
    expect(await send('text', { list } as AxiosRequestConfig)).toEqual(['text', 'text']);
  });

  test('a form of a class of the user, whose constructor wants more than nothing', async () => {
    class Order extends URLSearchParams {
      constructor(fields: { readonly amount: string }) {
        super({ amount: fields.amount });
      }
    }
    expect(await send(new Order({ amount: '1' }))).toEqual(['amount=1', 'amount=1']);
  });
});

describe('a state that this build did not make', () => {
  const finished = async () => {
    const client = axios.create({ adapter: scripted(500).adapter });
    attachRetry(client, { maxAttempts: 2, baseDelay: 0 });
    return caught(client.get('/'));
  };

  test.each<[string, (state: object) => object]>([
    ['a proxy, as reactive frameworks wrap what they are given', (state) => new Proxy(state, {})],
    ['a deep copy that keeps prototypes', (state) => Object.create(Object.getPrototypeOf(state))],
  ])('%s: no report, not retried, and no error', async (_, imitate) => {
    const error = await finished();
    const { retryState } = error.config as unknown as { retryState: object };
    const imitation = { config: { ...error.config, retryState: imitate(retryState) } };
    expect(retryReport(imitation)).toBeUndefined();
    expect(wasRetried(imitation)).toBe(false);
    expect(wasRetried(error)).toBe(true);
  });
});

test('what `beforeRetry` takes out of the target, the parameters and the headers is not put back by the defaults', async () => {
  const home = await startServer(answer(503));
  const other = await startServer(answer(200));
  const client = axios.create({
    baseURL: home.url,
    proxy: false,
    params: { key: 'secret' },
    auth: { username: 'me', password: 'secret' },
    headers: { 'X-Secret': 'secret', common: { 'X-Token': 'secret' } },
  });
  attachRetry(client, {
    ...fast,
    beforeRetry(config) {
      config.url = `${other.url}/elsewhere`;
      delete config.baseURL;
      delete config.auth;
      delete config.params.key;
      config.headers.delete('X-Secret');
      config.headers.delete('X-Token');
    },
  });
  await client.get('/');
  expect(home.requests[0]).toMatchObject({ url: '/?key=secret', headers: { 'x-token': 'secret' } });
  expect(other.requests).toHaveLength(1);
  expect(other.requests[0]?.url).toBe('/elsewhere');
  expect(other.requests[0]?.rawHeaders.join()).not.toContain('ecret');
  expect(other.requests[0]?.headers).not.toHaveProperty('authorization');
});

test.each([
  ['with no more than what is new', () => ({ url: '/new', method: 'get' })],
  ['of nobody', () => ({ ...axios.defaults, url: '/new', headers: new AxiosHeaders() })],
  ['that is null', () => null],
])('a config %s is no answer of `beforeRetry`', async (_, answered) => {
  const home = await startServer(answer(503));
  const client = axios.create({ baseURL: home.url, proxy: false });
  attachRetry(client, { ...fast, beforeRetry: answered as never });
  const error = await caught(client.get('/'));
  expect(error).toBeInstanceOf(TypeError);
  expect(error.message).toMatch(/^Expected the result of `beforeRetry` to be undefined or a whole config/);
  expect(error.cause).toMatchObject({ response: { status: 503 } });
  expect(home.requests).toHaveLength(1);
});

test('a config that `beforeRetry` returns keeps what it was copied from', async () => {
  const home = await startServer(answer(503));
  const other = await startServer(answer(200));
  const client = axios.create({ baseURL: home.url, proxy: false, headers: { 'X-Kept': 'yes' } });
  attachRetry(client, {
    ...fast,
    beforeRetry: (config) => ({ ...config, url: `${other.url}/new` }),
  });
  expect((await client.get('/')).status).toBe(200);
  expect(other.requests[0]).toMatchObject({ url: '/new', headers: { 'x-kept': 'yes' } });
});

describe('a failed config whose attempt never came to the adapter', () => {
  const offline = async () => {
    const { adapter, sent } = scripted(200);
    const client = axios.create({ adapter });
    const handle = attachRetry(client, { ...fast, totalTimeout: 40 });
    const interceptor = client.interceptors.request.use((config) => {
      throw new AxiosError('offline', 'OFFLINE', config);
    });
    const { config } = await caught(client.get('/'));
    client.interceptors.request.eject(interceptor);
    await new Promise((resolve) => setTimeout(resolve, 50));
    return { client, handle, config: config as InternalAxiosRequestConfig, adapter, sent };
  };

  test('has its own adapter again, and its full allowance when it is used again', async () => {
    const { client, config, adapter, sent } = await offline();
    expect(config.adapter).toBe(adapter);
    expect((await client.request(config)).status).toBe(200);
    expect(sent).toHaveLength(1);
  });

  test('has no deadline when another client uses it', async () => {
    const { config } = await offline();
    expect((await axios.request(config)).status).toBe(200);
  });
});

test.each<[string, (config: InternalAxiosRequestConfig) => InternalAxiosRequestConfig]>([
  [
    'threw an error that does not carry it',
    () => {
      throw new Error('offline');
    },
  ],
  ['passed a copy on', (config) => ({ ...config })],
])(
  'a config that an interceptor kept when it %s has a full allowance when it is used again',
  async (_, pass) => {
    const { adapter, sent } = scripted(200);
    const client = axios.create({ adapter });
    attachRetry(client, { ...fast, attemptTimeout: 40 });
    let kept: InternalAxiosRequestConfig | undefined;
    const interceptor = client.interceptors.request.use((config) => {
      kept = config;
      return pass(config);
    });
    await client.get('/').catch(() => undefined);
    client.interceptors.request.eject(interceptor);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = sent.length;
    expect((await client.request(kept as InternalAxiosRequestConfig)).status).toBe(200);
    expect(sent).toHaveLength(before + 1);
  },
);

test('what `beforeRetry` puts into a config stays as it is, whatever an interceptor adds', async () => {
  const shared = { key: '1' };
  const client = axios.create({ adapter: scripted(503, 200).adapter });
  attachRetry(client, { ...fast, beforeRetry: (config) => void Object.assign(config, { params: shared }) });
  client.interceptors.request.use((config) => {
    config.params = Object.assign(config.params ?? {}, { added: true });
    return config;
  });
  await client.get('/');
  expect(shared).toEqual({ key: '1' });
});

test('a failure during which the signal aborts is the error that axios threw', async () => {
  const controller = new AbortController();
  const client = axios.create({ adapter: scripted(401).adapter });
  client.interceptors.response.use(undefined, (error) => {
    controller.abort(new Error('logged out'));
    return Promise.reject(error);
  });
  attachRetry(client, fast);
  const error = await caught(client.get('/', { signal: controller.signal }));
  expect(error.response?.status).toBe(401);
  expect(retryReport(error)?.reason).toBe('aborted');
});

test('a cancel token that fires during a later attempt is told as `aborted`', async () => {
  const source = axios.CancelToken.source();
  const givenUp: unknown[] = [];
  const server = await startServer([
    answer(503),
    ({ response }) => {
      source.cancel('enough');
      setTimeout(() => response.end(), 20);
    },
  ]);
  const client = axios.create({ proxy: false, adapter: 'http' });
  attachRetry(client, { ...fast, observe: { onGiveUp: ({ reason }) => void givenUp.push(reason) } });
  const error = await caught(client.get(server.url, { cancelToken: source.token }));
  expect(axios.isCancel(error)).toBe(true);
  expect(givenUp).toEqual(['aborted']);
});

test.each<[string, object]>([
  ['whose `cancel` answers nothing', { getReader() {}, cancel() {} }],
  [
    'whose `destroy` throws',
    {
      pipe() {},
      destroy() {
        throw new Error('no');
      },
    },
  ],
])('a failed body %s is let go of without a word', async (_, body) => {
  const adapter: AxiosAdapter = async (config) => {
    const response = { status: 503, statusText: '', headers: {}, config, data: body };
    throw new AxiosError('down', AxiosError.ERR_BAD_RESPONSE, config, undefined, response as never);
  };
  const client = axios.create({ adapter });
  attachRetry(client, fast);
  expect((await caught(client.get('/'))).message).toBe('down');
});

test('nothing is sent after `detach()`, not even when `data` calls it', async () => {
  const { adapter, sent } = scripted(503);
  const client = axios.create({ adapter });
  const handle = attachRetry(client, fast);
  let made = 0;
  const data = (): string => {
    made += 1;
    if (made === 2) handle.detach();
    return 'body';
  };
  const error = await caught(client.put('/', undefined, { retry: { data } }));
  expect(retryReport(error)?.reason).toBe('detached');
  expect(sent).toHaveLength(1);
});
