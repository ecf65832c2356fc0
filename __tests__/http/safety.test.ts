import axios, {
  AxiosError,
  type AxiosInstance,
  type AxiosRequestConfig,
  type InternalAxiosRequestConfig,
} from 'axios';
import { attachRetry, type RetryOptions, retryReport } from '../../lib/index.ts';
import { caught } from '../helpers/caught.ts';
import { adapters, createClient, fast, noRedirects } from '../helpers/clients.ts';
import {
  answer,
  closeServers,
  finAfterReading,
  partialBody,
  redirect,
  refusedPort,
  resetAfterReading,
  resetBeforeReading,
  type Step,
  stall,
  stallAfterHeaders,
  startServer,
} from '../helpers/server.ts';

afterEach(closeServers);

const reasonOf = (value: unknown) => retryReport(value)?.reason;
const refused = async (): Promise<string> => `http://127.0.0.1:${await refusedPort()}`;

/** Sends the first attempt to one address and all others to another. */
const divert = (first: string, later: string) => {
  let sent = 0;
  return (config: InternalAxiosRequestConfig) => {
    config.baseURL = sent === 0 ? first : later;
    sent += 1;
    return config;
  };
};

interface Misfortune {
  readonly what: string;
  readonly step: () => Promise<Step> | Step;
  readonly config?: AxiosRequestConfig;
}

/** Long enough for any machine to have sent the request, in milliseconds. */
const timeout = 300;

/** What can happen after a server has acted on a request, or may have. */
const misfortunes: readonly Misfortune[] = [
  { what: 'the connection was reset before the answer', step: resetAfterReading },
  { what: 'the connection was reset while the body was on its way', step: resetBeforeReading },
  { what: 'the connection was closed before the answer', step: finAfterReading },
  { what: 'the answer was cut off in the middle', step: () => partialBody() },
  { what: 'the answer was reset in the middle', step: () => partialBody(200, 'reset') },
  { what: 'the answer did not come in time', step: stall, config: { timeout } },
  {
    what: 'the answer came to a stop in the middle',
    step: () => stallAfterHeaders(),
    config: { timeout },
  },
  { what: 'it was redirected to a dead port', step: async () => redirect(await refused()) },
  { what: 'it was redirected to an unknown host', step: () => redirect('http://nowhere.invalid/') },
  ...[408, 500, 502, 503, 504].map((status) => ({
    what: `it was answered ${status}`,
    step: () => answer(status),
  })),
];

describe.each(adapters)('over %s', (adapter) => {
  describe.each(misfortunes)('after $what', ({ step, config = {} }) => {
    test.each(['post', 'patch'] as const)('a %s was sent once, whatever retryIf says', async (method) => {
      const server = await startServer(await step());
      const { client } = createClient({ adapter, baseURL: server.url, ...config }, { retryIf: () => true });
      const error = await caught(client[method]('/charges', { amount: 5 }));
      expect(server.requests).toHaveLength(1);
      expect(reasonOf(error)).toBe('unsafe-method');
    });

    test.each(['get', 'put', 'delete'] as const)('a %s is sent again and recovers', async (method) => {
      const server = await startServer([await step(), answer(200, { done: true })]);
      const { client } = createClient({ adapter, baseURL: server.url, ...config });
      const response = await client.request({
        method,
        url: '/thing',
        ...(method === 'put' && { data: { a: 1 } }),
      });
      expect(response.data).toEqual({ done: true });
      expect(server.requests).toHaveLength(2);
      expect(retryReport(response)?.attempts).toHaveLength(2);
    });

    test('a POST with a key of the caller is sent again and recovers', async () => {
      const server = await startServer([await step(), answer(201, { charged: true })]);
      const { client } = createClient({ adapter, baseURL: server.url, ...config });
      const headers = { 'idempotency-key': 'order-7' };
      expect((await client.post('/charges', { amount: 5 }, { headers })).status).toBe(201);
      expect(server.requests.map((request) => request.headers['idempotency-key'])).toEqual([
        'order-7',
        'order-7',
      ]);
    });
  });

  test('a POST that was moved on by a 307 to a server that dies is sent once to either', async () => {
    const second = await startServer(resetAfterReading());
    const first = await startServer(redirect(`${second.url}/charges`, 307));
    const { client } = createClient({ adapter, baseURL: first.url });
    expect(reasonOf(await caught(client.post('/charges', { amount: 5 })))).toBe('unsafe-method');
    expect([first.requests.length, second.requests.length]).toEqual([1, 1]);
  });

  describe('a POST to a port that refuses', () => {
    test('is repeated when no redirect can have been followed', async () => {
      const live = await startServer(answer(201, 'charged'));
      const diversion = divert(await refused(), live.url);
      const { client } = createClient({ adapter, ...noRedirects }, {}, undefined, (inside) => {
        inside.interceptors.request.use(diversion);
      });
      const response = await client.post('/charges', { amount: 5 });
      expect(response.data).toBe('charged');
      expect(live.requests.map(({ text }) => text)).toEqual(['{"amount":5}']);
      expect(retryReport(response)?.attempts.map(({ status }) => status)).toEqual([undefined, 201]);
    });

    test(`is ${adapter === 'http' ? 'repeated' : 'not repeated'} under the default of redirects`, async () => {
      const { client } = createClient({ adapter, baseURL: await refused() });
      const error = await caught(client.post('/charges', { amount: 5 }));
      expect(retryReport(error)).toMatchObject(
        adapter === 'http'
          ? { reason: 'max-attempts', attempts: [{}, {}, {}] }
          : { reason: 'unsafe-method', attempts: [{}] },
      );
    });
  });

  describe('a POST that the server refused', () => {
    test.each([429, 425])('with %i is repeated', async (status) => {
      const server = await startServer([answer(status), answer(status), answer(201, 'charged')]);
      const { client } = createClient({ adapter, baseURL: server.url });
      expect((await client.post('/charges', { amount: 5 })).data).toBe('charged');
      expect(server.requests.map(({ text }) => text)).toEqual(Array(3).fill('{"amount":5}'));
    });

    test('with 421 is repeated when the caller lists that status', async () => {
      const server = await startServer([answer(421), answer(201)]);
      const { client } = createClient({ adapter, baseURL: server.url }, { statuses: [421] });
      expect((await client.post('/charges')).status).toBe(201);
    });

    test('and then processed without an answer is not sent a third time', async () => {
      const server = await startServer([answer(429), resetAfterReading()]);
      const { client } = createClient({ adapter, baseURL: server.url }, { maxAttempts: 5 });
      expect(reasonOf(await caught(client.post('/charges', { amount: 5 })))).toBe('unsafe-method');
      expect(server.requests).toHaveLength(2);
    });
  });

  test('a method that the caller declares repeatable is repeated, in any letter case', async () => {
    const server = await startServer([resetAfterReading(), answer(200)]);
    const { client } = createClient({ adapter, baseURL: server.url }, { methods: ['post'] });
    expect((await client.request({ method: 'Post', url: '/search', data: {} })).status).toBe(200);
    expect(server.requests).toHaveLength(2);
  });

  test('a GET is not repeated when the caller leaves it out of the methods', async () => {
    const server = await startServer(answer(503));
    const { client } = createClient({ adapter, baseURL: server.url }, { methods: ['PUT'] });
    expect(reasonOf(await caught(client.get('/')))).toBe('unsafe-method');
    expect(server.requests).toHaveLength(1);
  });

  test('a retry that beforeRetry would turn into a POST is not sent', async () => {
    const server = await startServer(answer(503));
    const beforeRetry: RetryOptions['beforeRetry'] = (config) => {
      config.method = 'post';
    };
    const { client } = createClient({ adapter, baseURL: server.url }, { beforeRetry });
    expect(reasonOf(await caught(client.get('/')))).toBe('unsafe-method');
    expect(server.requests).toHaveLength(1);
  });

  describe('an idempotency key', () => {
    const keysOf = (
      server: { requests: readonly { headers: Record<string, unknown> }[] },
      header = 'idempotency-key',
    ) => server.requests.map(({ headers }) => headers[header]);

    const makeKeys = (client: AxiosInstance) => {
      client.interceptors.request.use((config) => {
        config.headers.set('Idempotency-Key', crypto.randomUUID());
        return config;
      });
    };

    test('that an interceptor after the plugin sets makes a POST repeatable, and is the same on every attempt', async () => {
      const server = await startServer([resetAfterReading(), answer(201)]);
      const { client } = createClient({ adapter, baseURL: server.url });
      makeKeys(client);
      expect((await client.post('/charges', { amount: 5 })).status).toBe(201);
      const [first, second] = keysOf(server);
      expect(first).toEqual(expect.any(String));
      expect(second).toBe(first);
    });

    test('that an interceptor makes anew for every attempt does not make a POST repeatable', async () => {
      const server = await startServer(resetAfterReading());
      const { client } = createClient({ adapter, baseURL: server.url }, {}, undefined, makeKeys);
      expect(reasonOf(await caught(client.post('/charges', { amount: 5 })))).toBe('unsafe-method');
      expect(server.requests).toHaveLength(1);
    });

    test('of the caller that an interceptor replaces does not make a POST repeatable', async () => {
      const server = await startServer(resetAfterReading());
      const { client } = createClient({ adapter, baseURL: server.url }, {}, undefined, makeKeys);
      const headers = { 'Idempotency-Key': 'order-7' };
      expect(reasonOf(await caught(client.post('/charges', { amount: 5 }, { headers })))).toBe(
        'unsafe-method',
      );
      expect(server.requests).toHaveLength(1);
    });

    test('that an interceptor takes away does not make a POST repeatable', async () => {
      const server = await startServer(resetAfterReading());
      const { client } = createClient(
        { adapter, baseURL: server.url },
        { idempotencyKey: true },
        undefined,
        (inside) => {
          inside.interceptors.request.use((config) => {
            config.headers.delete('Idempotency-Key');
            return config;
          });
        },
      );
      expect(reasonOf(await caught(client.post('/charges')))).toBe('unsafe-method');
      expect(keysOf(server)).toEqual([undefined]);
    });

    test.each(['post', 'patch'] as const)(
      'of the plugin is the same on every attempt of a %s and new for the next request',
      async (method) => {
        const server = await startServer(({ response, number }) => {
          response.statusCode = number % 3 === 0 ? 200 : 503;
          response.end();
        });
        const { client } = createClient({ adapter, baseURL: server.url }, { idempotencyKey: true });
        await client[method]('/charges', { amount: 5 });
        await client[method]('/charges', { amount: 5 });
        const keys = keysOf(server) as string[];
        expect(keys).toHaveLength(6);
        expect(new Set(keys.slice(0, 3)).size).toBe(1);
        expect(new Set(keys).size).toBe(2);
        expect(keys[0]).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
      },
    );

    test('of the plugin is not put on a GET or a PUT', async () => {
      const server = await startServer(answer(200));
      const { client } = createClient({ adapter, baseURL: server.url }, { idempotencyKey: true });
      await client.get('/');
      await client.put('/', { a: 1 });
      expect(keysOf(server)).toEqual([undefined, undefined]);
    });

    test('may have a header and a maker of the caller', async () => {
      const server = await startServer([answer(503), answer(200)]);
      const idempotencyKey = {
        header: 'X-Request-Id',
        generate: ({ data }: AxiosRequestConfig) => `charge-${data.id}`,
      };
      const { client } = createClient({ adapter, baseURL: server.url }, { idempotencyKey });
      await client.post('/charges', { id: 7 });
      expect(keysOf(server, 'x-request-id')).toEqual(['charge-7', 'charge-7']);
    });

    test('of the caller is kept where the plugin would make one', async () => {
      const server = await startServer([answer(503), answer(200)]);
      const { client } = createClient({ adapter, baseURL: server.url }, { idempotencyKey: true });
      await client.post('/charges', {}, { headers: { 'IDEMPOTENCY-KEY': 'order-7' } });
      expect(keysOf(server)).toEqual(['order-7', 'order-7']);
    });

    test('waits for an attempt that is still being processed: 409 after an ambiguous one is repeated', async () => {
      const server = await startServer([resetAfterReading(), answer(409), answer(201)]);
      const { client } = createClient({ adapter, baseURL: server.url }, { idempotencyKey: true });
      expect((await client.post('/charges')).status).toBe(201);
      expect(server.requests).toHaveLength(3);
    });

    test('does not make a 409 repeatable when the server cannot have an earlier attempt', async () => {
      const server = await startServer([answer(429), answer(409)]);
      const { client } = createClient({ adapter, baseURL: server.url }, { idempotencyKey: true });
      const error = await caught(client.post('/charges'));
      expect(error.response?.status).toBe(409);
      expect(reasonOf(error)).toBe('not-retryable');
      expect(server.requests).toHaveLength(2);
    });
  });

  describe.each([
    { name: 'a function that is always true', validateStatus: () => true },
    { name: 'null', validateStatus: null },
  ])('a 503 that the caller asked to get as a response, by $name', ({ validateStatus }) => {
    test('is repeated and recovers', async () => {
      const server = await startServer([answer(503), answer(503), answer(200, 'well')]);
      const { client } = createClient({ adapter, baseURL: server.url, validateStatus });
      expect((await client.get('/')).data).toBe('well');
      expect(server.requests).toHaveLength(3);
    });

    test('is the response of the last attempt on giving up', async () => {
      const server = await startServer(({ response, number }) =>
        response.writeHead(503).end(`attempt ${number}`),
      );
      const { client } = createClient({ adapter, baseURL: server.url, validateStatus });
      const response = await client.get('/');
      expect([response.status, response.data]).toEqual([503, 'attempt 3']);
      expect(retryReport(response)).toMatchObject({
        reason: 'max-attempts',
        attempts: Array(3).fill({ status: 503 }),
      });
    });

    test('is given at once to a POST', async () => {
      const server = await startServer(answer(503));
      const { client } = createClient({ adapter, baseURL: server.url, validateStatus });
      const response = await client.post('/charges');
      expect(response.status).toBe(503);
      expect(reasonOf(response)).toBe('unsafe-method');
      expect(server.requests).toHaveLength(1);
    });
  });

  describe('a 200 that retryIf rejects by its parsed body', () => {
    const retryIf: RetryOptions['retryIf'] = ({ response }) =>
      response?.data.state === 'pending' || undefined;

    test('is repeated until the body is right', async () => {
      const pending = answer(200, { state: 'pending' });
      const server = await startServer([pending, answer(503), pending, answer(200, { state: 'done' })]);
      const { client } = createClient({ adapter, baseURL: server.url }, { retryIf, maxAttempts: 5 });
      const response = await client.get('/job');
      expect(response.data).toEqual({ state: 'done' });
      expect(retryReport(response)?.attempts.map(({ status }) => status)).toEqual([200, 503, 200, 200]);
    });

    test('is what the caller gets on giving up', async () => {
      const server = await startServer(answer(200, { state: 'pending' }));
      const { client } = createClient({ adapter, baseURL: server.url }, { retryIf });
      const response = await client.get('/job');
      expect(response.data).toEqual({ state: 'pending' });
      expect(reasonOf(response)).toBe('max-attempts');
      expect(server.requests).toHaveLength(3);
    });

    test('is what a POST gets at once', async () => {
      const server = await startServer(answer(200, { state: 'pending' }));
      const { client } = createClient({ adapter, baseURL: server.url }, { retryIf });
      const response = await client.post('/job');
      expect(response.data).toEqual({ state: 'pending' });
      expect(reasonOf(response)).toBe('unsafe-method');
      expect(server.requests).toHaveLength(1);
    });
  });

  describe('the error that the caller gets', () => {
    test('is the very one that axios threw for the last attempt', async () => {
      const server = await startServer(({ response, number }) =>
        response.writeHead(503).end(`attempt ${number}`),
      );
      const client = axios.create({ adapter, baseURL: server.url, proxy: false });
      const thrown: AxiosError[] = [];
      client.interceptors.response.use(null, (error) => {
        thrown.push(error);
        return Promise.reject(error);
      });
      attachRetry(client, fast);
      const error = await caught(client.get('/'));
      expect(thrown).toHaveLength(3);
      expect(error).toBe(thrown[2]);
      expect(error).toBeInstanceOf(AxiosError);
      expect(error).toMatchObject({
        message: 'Request failed with status code 503',
        response: { data: 'attempt 3' },
      });
    });

    test('is the very one that axios threw for a request that may not be repeated', async () => {
      const server = await startServer(resetAfterReading());
      const client = axios.create({ adapter, baseURL: server.url, proxy: false });
      const thrown: AxiosError[] = [];
      client.interceptors.response.use(null, (error) => {
        thrown.push(error);
        return Promise.reject(error);
      });
      attachRetry(client, fast);
      expect(await caught(client.post('/'))).toBe(thrown[0]);
      expect(thrown).toHaveLength(1);
    });

    test('shows nothing of the plugin in its JSON', async () => {
      const server = await startServer(answer(503));
      const { client } = createClient({ adapter, baseURL: server.url });
      const json = JSON.stringify(await caught(client.get('/')));
      expect(json).toContain('"code":"ERR_BAD_RESPONSE"');
      expect(json).not.toMatch(/retryState|tenacity/);
    });
  });

  test.each([400, 401, 403, 404, 409, 422])('a GET answered %i is sent once', async (status) => {
    const server = await startServer(answer(status));
    const { client } = createClient({ adapter, baseURL: server.url });
    expect(reasonOf(await caught(client.get('/')))).toBe('not-retryable');
    expect(server.requests).toHaveLength(1);
  });

  test('a request with `retry: false` is sent once', async () => {
    const server = await startServer(answer(503));
    const { client } = createClient({ adapter, baseURL: server.url });
    const error = await caught(client.get('/', { retry: false }));
    expect(error.response?.status).toBe(503);
    expect(server.requests).toHaveLength(1);
  });
});
