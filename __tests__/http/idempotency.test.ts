import type { AxiosRequestConfig } from 'axios';
import { type RetryOptions, retryReport } from '../../lib/index.ts';
import { caught } from '../helpers/caught.ts';
import { adapters, createClient } from '../helpers/clients.ts';
import {
  answer,
  closeServers,
  redirect,
  resetAfterReading,
  type ScriptedServer,
  type Step,
  startServer,
} from '../helpers/server.ts';

afterEach(closeServers);

const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

const keysOf = ({ requests }: ScriptedServer): readonly unknown[] =>
  requests.map(({ headers }) => headers['idempotency-key']);

/** What a payment service does: one charge for a key, and the stored answer for whoever sends that key again. */
function createLedger(): { readonly charges: Map<string, string>; readonly charge: Step } {
  const charges = new Map<string, string>();
  return {
    charges,
    charge({ response, recorded: { headers, text } }) {
      const key = String(headers['idempotency-key']);
      const known = charges.get(key);
      if (known === undefined) charges.set(key, text);
      response.statusCode = known === undefined || known === text ? 201 : 422;
      response.end(`charge ${[...charges.keys()].indexOf(key) + 1}`);
    },
  };
}

describe.each(adapters)('over %s', (adapter) => {
  const connect = (server: ScriptedServer, options: RetryOptions = { idempotencyKey: true }) =>
    createClient({ adapter, baseURL: server.url }, options).client;

  test.each([
    ['the answer was lost', resetAfterReading()],
    ['the gateway gave up', answer(504)],
  ])('a charge that was made before %s is answered and not made twice', async (_, misfortune) => {
    const { charges, charge } = createLedger();
    const lost: Step = (exchange) => {
      charges.set(String(exchange.recorded.headers['idempotency-key']), exchange.recorded.text);
      return misfortune(exchange);
    };
    const server = await startServer([lost, charge]);
    const response = await connect(server).post('/charges', { amount: 5 });
    expect([response.status, response.data]).toEqual([201, 'charge 1']);
    expect([...charges.values()]).toEqual(['{"amount":5}']);
    expect(server.requests).toHaveLength(2);
  });

  test('a charge that is still being made is waited for as long as the server asks', async () => {
    const { charge } = createLedger();
    const arrivals: number[] = [];
    const busy: Step = (exchange) => {
      arrivals.push(performance.now());
      return answer(409, 'in progress', { 'retry-after-ms': 40 })(exchange);
    };
    const settled: Step = (exchange) => {
      arrivals.push(performance.now());
      return charge(exchange);
    };
    const server = await startServer([resetAfterReading(), busy, busy, settled]);
    const client = connect(server, { idempotencyKey: true, maxAttempts: 4 });
    expect((await client.post('/charges', { amount: 5 })).status).toBe(201);
    const [first = 0, second = 0, third = 0] = arrivals;
    expect(second - first).toBeGreaterThanOrEqual(40);
    expect(third - second).toBeGreaterThanOrEqual(40);
    expect(new Set(keysOf(server)).size).toBe(1);
  });

  test('the body is the same on every attempt, byte for byte, though an interceptor adds to it in place', async () => {
    const body = { amount: 5, lines: [{ sku: 'a' }] };
    const server = await startServer([answer(503), answer(503), answer(201)]);
    const client = connect(server);
    client.interceptors.request.use((config) => {
      config.data.lines.push({ sku: 'added' });
      return config;
    });
    await client.post('/charges', body);
    expect(new Set(server.requests.map(({ text }) => text)).size).toBe(1);
    expect(server.requests[2]?.text).toBe('{"amount":5,"lines":[{"sku":"a"},{"sku":"added"}]}');
  });

  test('the key goes along to where a 307 points, on every attempt', async () => {
    const target = await startServer([resetAfterReading(), answer(201)]);
    const server = await startServer(redirect(`${target.url}/charges`, 307));
    expect((await connect(server).post('/charges', { amount: 5 })).status).toBe(201);
    const keys = [...keysOf(server), ...keysOf(target)];
    expect(keys).toHaveLength(4);
    expect(new Set(keys).size).toBe(1);
  });

  test('a POST that follows a failed one with the same data has a key of its own', async () => {
    const server = await startServer(answer(503));
    const client = connect(server);
    for (let i = 0; i < 2; i += 1) await caught(client.post('/charges', { amount: 5 }));
    expect(keysOf(server)).toHaveLength(6);
    expect(new Set(keysOf(server)).size).toBe(2);
  });

  test('a failed config that is sent again keeps its key, so that the server knows it', async () => {
    const { charges, charge } = createLedger();
    const server = await startServer([answer(503), answer(503), answer(503), charge]);
    const client = connect(server);
    const error = await caught(client.post('/charges', { amount: 5 }));
    await client.request(error.config as AxiosRequestConfig);
    expect(new Set(keysOf(server)).size).toBe(1);
    expect(charges.size).toBe(1);
  });

  test('requests at the same time have different keys', async () => {
    const server = await startServer(answer(201));
    const client = connect(server);
    await Promise.all(Array.from({ length: 50 }, () => client.post('/charges', { amount: 5 })));
    expect(new Set(keysOf(server)).size).toBe(50);
    for (const key of keysOf(server)) expect(key).toMatch(UUID);
  });

  test('a page in an insecure context, where crypto.randomUUID is missing, gets keys all the same', async () => {
    const server = await startServer([answer(503), answer(201)]);
    const client = connect(server);
    const original = Object.getOwnPropertyDescriptor(globalThis, 'crypto') as PropertyDescriptor;
    const { getRandomValues } = crypto;
    const insecure = { getRandomValues: getRandomValues.bind(crypto) };
    Object.defineProperty(globalThis, 'crypto', { value: insecure, configurable: true });
    try {
      expect((await client.post('/charges')).status).toBe(201);
    } finally {
      Object.defineProperty(globalThis, 'crypto', original);
    }
    expect(keysOf(server)[0]).toMatch(UUID);
    expect(keysOf(server)[1]).toBe(keysOf(server)[0]);
  });

  test('one request may have a key where the client makes none, and none where it does', async () => {
    const server = await startServer(answer(201));
    await connect(server, {}).post('/', {}, { retry: { idempotencyKey: true } });
    await connect(server).post('/', {}, { retry: { idempotencyKey: false } });
    await connect(server).post('/', {}, { retry: false });
    expect(keysOf(server)).toEqual([expect.stringMatching(UUID), undefined, undefined]);
  });

  test('`generate` is asked once per request and told what is sent', async () => {
    const server = await startServer(answer(503));
    const generate = jest.fn(({ method, url, data }) => `${method} ${url} ${data.order}`);
    const client = connect(server, { idempotencyKey: { generate } });
    await caught(client.patch('/orders', { order: 7 }));
    await caught(client.get('/orders'));
    expect(generate).toHaveBeenCalledTimes(1);
    expect(keysOf(server)).toEqual([...Array(3).fill('patch /orders 7'), undefined, undefined, undefined]);
  });

  test.each([
    ['', '""'],
    ['  ', '"  "'],
    [undefined, 'undefined'],
    [7, '7'],
    [Promise.resolve('a'), '[object Promise]'],
  ])('a `generate` that makes %p is refused before anything is sent', async (key, shown) => {
    const server = await startServer(answer(201));
    const client = connect(server, { idempotencyKey: { generate: () => key as string } });
    const error = await caught(client.post('/'));
    expect(error).toEqual(
      new TypeError(
        `Expected the result of retry option \`idempotencyKey.generate\` to be a string that is not empty, got ${shown}`,
      ),
    );
    expect(server.requests).toHaveLength(0);
  });

  test('a `generate` that throws rejects the request with its own error before anything is sent', async () => {
    const server = await startServer(answer(201));
    const failure = new Error('no entropy');
    const generate = () => {
      throw failure;
    };
    expect(await caught(connect(server, { idempotencyKey: { generate } }).post('/'))).toBe(failure);
    expect(server.requests).toHaveLength(0);
  });

  test('a key under another header makes a POST repeatable only where that header is declared', async () => {
    const headers = { 'X-Request-Id': 'order-7' };
    const plain = await startServer([resetAfterReading(), answer(201)]);
    const error = await caught(connect(plain, {}).post('/', {}, { headers }));
    expect(retryReport(error)?.reason).toBe('unsafe-method');
    const declared = await startServer([resetAfterReading(), answer(201)]);
    const client = connect(declared, { idempotencyKey: { header: 'X-Request-Id' } });
    expect((await client.post('/', {}, { headers })).status).toBe(201);
    expect(declared.requests.map((request) => request.headers['x-request-id'])).toEqual([
      'order-7',
      'order-7',
    ]);
  });

  test('a 422, which says that the key was used for something else, is not repeated', async () => {
    const server = await startServer([resetAfterReading(), answer(422)]);
    const error = await caught(connect(server).post('/charges', { amount: 5 }));
    expect(error.response?.status).toBe(422);
    expect(server.requests).toHaveLength(2);
  });

  test('a 409 is not repeated without a key, nor when it comes first', async () => {
    const server = await startServer([resetAfterReading(), answer(409), answer(409)]);
    const error = await caught(connect(server, {}).put('/', { a: 1 }));
    expect(error.response?.status).toBe(409);
    const first = await caught(connect(server).post('/', { a: 1 }));
    expect(first.response?.status).toBe(409);
    expect(server.requests).toHaveLength(3);
  });
});
