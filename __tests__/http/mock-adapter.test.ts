import axios, { type AxiosInstance, type CreateAxiosDefaults } from 'axios';
import MockAdapter from 'axios-mock-adapter';
import { attachRetry, type RetryOptions, retryReport } from '../../lib/index.ts';
import { caught } from '../helpers/caught.ts';
import { fast } from '../helpers/clients.ts';
import { answer, closeServers, startServer } from '../helpers/server.ts';

afterEach(closeServers);

interface Mocked {
  readonly client: AxiosInstance;
  readonly mock: MockAdapter;
}

type Open = (options?: RetryOptions, defaults?: CreateAxiosDefaults) => Mocked;

const orders: readonly (readonly [string, Open])[] = [
  [
    'before us',
    (options, defaults) => {
      const client = axios.create({ proxy: false, ...defaults });
      const mock = new MockAdapter(client);
      attachRetry(client, { ...fast, ...options });
      return { client, mock };
    },
  ],
  [
    'after us',
    (options, defaults) => {
      const client = axios.create({ proxy: false, ...defaults });
      attachRetry(client, { ...fast, ...options });
      return { client, mock: new MockAdapter(client) };
    },
  ],
];

const sent = ({ history }: MockAdapter): number => Object.values(history).flat().length;

describe.each(orders)('axios-mock-adapter attached %s', (_, open) => {
  test('plays a sequence of replies', async () => {
    const { client, mock } = open();
    mock.onGet('/users').replyOnce(503).onGet('/users').replyOnce(429).onGet('/users').reply(200, ['Ada']);
    const response = await client.get('/users');
    expect(response.data).toEqual(['Ada']);
    expect(retryReport(response)?.attempts.map(({ status }) => status)).toEqual([503, 429, 200]);
    expect(mock.history.get).toHaveLength(3);
  });

  test('settles with its own error when all is over', async () => {
    const { client, mock } = open();
    mock.onGet('/users').reply(503, { busy: true });
    const error = await caught(client.get('/users'));
    expect(error.response).toMatchObject({ status: 503, data: { busy: true } });
    expect(retryReport(error)).toMatchObject({ reason: 'max-attempts', attempts: [{}, {}, { status: 503 }] });
    expect(sent(mock)).toBe(3);
  });

  test('404s, its own for what it does not know included, are not retried', async () => {
    const { client, mock } = open();
    mock.onGet('/gone').reply(404);
    for (const path of ['/gone', '/unknown']) {
      const error = await caught(client.get(path));
      expect([error.response?.status, retryReport(error)?.reason]).toEqual([404, 'not-retryable']);
    }
    expect(sent(mock)).toBe(2);
  });

  test.each(['networkError', 'timeout'] as const)('%s() is a failure that may pass', async (failure) => {
    const { client, mock } = open();
    mock.onGet('/flaky')[`${failure}Once`]().onGet('/flaky').reply(200, 'fine');
    expect((await client.get('/flaky')).data).toBe('fine');
    mock.onGet('/down')[failure]();
    const error = await caught(client.get('/down'));
    expect(error.message).toMatch(failure === 'timeout' ? /timeout/ : 'Network Error');
    expect(retryReport(error)).toMatchObject({ reason: 'max-attempts', omitted: 0 });
    expect(retryReport(error)?.attempts).toHaveLength(3);
  });

  test.each(['networkError', 'timeout'] as const)('a POST that meets %s() is sent once', async (failure) => {
    const { client, mock } = open();
    mock.onPost('/charges')[failure]();
    expect(retryReport(await caught(client.post('/charges', {})))?.reason).toBe('unsafe-method');
    expect(sent(mock)).toBe(1);
  });

  test('abortRequest() reads as a failure of the connection', async () => {
    const { client, mock } = open();
    mock.onGet('/aborted').abortRequestOnce().onGet('/aborted').reply(200);
    expect((await client.get('/aborted')).status).toBe(200);
  });

  test('matches body, params and headers alike on every attempt', async () => {
    const { client, mock } = open();
    const body = { name: 'Ada', tags: ['a', 'b'] };
    let replies = 0;
    mock.onPut('/users', body).reply((config) => {
      replies += 1;
      return [replies < 3 ? 503 : 200, config.data];
    });
    client.interceptors.request.use((config) => {
      config.headers.set('x-count', `${config.headers.get('x-count') ?? ''}i`);
      return config;
    });
    const response = await client.put('/users', body, { params: { page: 1 } });
    expect(response.data).toEqual(body);
    const kept = mock.history.put?.map(({ params, headers, data }) => [params, headers?.['x-count'], data]);
    expect(kept).toEqual(Array.from({ length: 3 }, () => [{ page: 1 }, 'i', JSON.stringify(body)]));
  });

  test('a function that replies late works with deadlines', async () => {
    const { client, mock } = open({ attemptTimeout: 150 });
    let calls = 0;
    mock.onGet('/slow').reply(async () => {
      calls += 1;
      await new Promise((resolve) => setTimeout(resolve, calls === 1 ? 400 : 0));
      return [200, calls];
    });
    const response = await client.get('/slow');
    expect(response.data).toBe(2);
    expect(retryReport(response)?.attempts).toMatchObject([{ code: 'ETIMEDOUT' }, { status: 200 }]);
  });

  test('a function that throws ends the request with its error', async () => {
    const { client, mock } = open();
    const failure = new Error('A bug in the test');
    mock.onGet('/').reply(() => {
      throw failure;
    });
    expect(await caught<Error>(client.get('/'))).toBe(failure);
    expect(sent(mock)).toBe(1);
  });

  test.each(['http', 'fetch'] as const)(
    'passThrough() reaches a real server over %s, retries included',
    async (adapter) => {
      const server = await startServer([answer(503), answer(503), answer(200, 'real')]);
      const { client, mock } = open({}, { adapter });
      mock.onGet(server.url).passThrough();
      const response = await client.get(server.url);
      expect(response.data).toBe('real');
      expect(server.requests).toHaveLength(3);
      expect(retryReport(response)?.attempts.map(({ status }) => status)).toEqual([503, 503, 200]);
    },
  );

  test('passThrough() of a failure tells the report', async () => {
    const server = await startServer(answer(503, 'busy'));
    const { client, mock } = open();
    mock.onAny().passThrough();
    const error = await caught(client.get(server.url));
    expect(error.response?.data).toBe('busy');
    expect(server.requests).toHaveLength(3);
    expect(retryReport(error)?.reason).toBe('max-attempts');
  });

  test('validateStatus: null gives the last response after the retries', async () => {
    const { client, mock } = open();
    mock.onGet('/').reply(503, 'busy');
    const response = await client.get('/', { validateStatus: null });
    expect([response.status, sent(mock)]).toEqual([503, 3]);
  });

  test('obeys Retry-After', async () => {
    const { client, mock } = open({
      observe: { onRetry: ({ delay, delaySource }) => void waits.push([delay, delaySource]) },
    });
    const waits: unknown[] = [];
    mock.onGet('/').replyOnce(503, '', { 'retry-after-ms': '20' }).onGet('/').reply(200);
    await client.get('/');
    expect(waits).toEqual([[expect.any(Number), 'server']]);
    expect((waits[0] as number[])[0]).toBeGreaterThanOrEqual(20);
  });

  test('restore() and reset() leave the retries in place', async () => {
    const server = await startServer([answer(503), answer(200, 'real')]);
    const { client, mock } = open();
    mock.onGet('/').replyOnce(503).onGet('/').reply(200, 'mocked');
    expect((await client.get('/')).data).toBe('mocked');
    mock.reset();
    mock.restore();
    expect((await client.get(server.url)).data).toBe('real');
  });
});
