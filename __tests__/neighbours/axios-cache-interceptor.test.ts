import { setTimeout as pause } from 'node:timers/promises';
import type { AxiosInstance } from 'axios';
import { setupCache } from 'axios-cache-interceptor';
import { type RetryOptions, retryReport } from '../../lib/index.ts';
import { createAround, type Order } from '../helpers/around.ts';
import { caught } from '../helpers/caught.ts';
import { scripted, type Turn } from '../helpers/scripted.ts';

/** A client with a cache on the same instance. */
function create(order: Order, turns: readonly Turn[], options: RetryOptions = {}) {
  const { adapter, sent } = scripted(...turns);
  const cache = (client: AxiosInstance) => void setupCache(client);
  return { client: createAround(order, cache, options, { adapter }), sent };
}

const isCached = (response: unknown): unknown => (response as { readonly cached?: boolean }).cached;

describe('axios-cache-interceptor attached after us', () => {
  test('keeps the answer that a retry brought', async () => {
    const { client, sent } = create('after us', [503, 503, 200]);
    expect((await client.get('/users')).data).toEqual({ status: 200 });
    expect(isCached(await client.get('/users'))).toBe(true);
    expect(sent).toHaveLength(3);
  });

  test('gives everybody who waits for the same answer the one that a retry brought', async () => {
    const { client, sent } = create('after us', [503, 200]);
    const responses = await Promise.all([client.get('/users'), client.get('/users'), client.get('/users')]);
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(sent).toHaveLength(2);
  });

  test('keeps no failure', async () => {
    const { client, sent } = create('after us', [503, 503, 503, 200]);
    const error = await caught(client.get('/users'));
    expect(error.response?.status).toBe(503);
    expect(retryReport(error)?.attempts).toHaveLength(3);
    expect((await client.get('/users')).status).toBe(200);
    expect(sent).toHaveLength(4);
  });

  test('gives everybody who waits for the same answer the failure, and nobody waits for ever', async () => {
    const { client, sent } = create('after us', [503]);
    const errors = await Promise.all([caught(client.get('/users')), caught(client.get('/users'))]);
    expect(errors.map(({ response }) => response?.status)).toEqual([503, 503]);
    // The cache lets the second one try for itself.
    expect(sent.length % 3).toBe(0);
  });

  test('leaves the own transforms of a request to run once for each attempt', async () => {
    const { client, sent } = create('after us', [503, 200]);
    const once = { transformRequest: (data: unknown) => `<${data}>`, transformResponse: () => 'read' };
    const response = await client.put('/users', 'body', once);
    expect(sent.map(({ data }) => data)).toEqual(['<body>', '<body>']);
    expect(response.data).toBe('read');
  });

  test('leaves the options of a request to us', async () => {
    const { client, sent } = create('after us', [503]);
    await caught(client.get('/users', { retry: { maxAttempts: 2 } }));
    await caught(client.get('/others', { retry: false }));
    expect(sent).toHaveLength(3);
  });

  test('leaves a POST that failed to be sent once', async () => {
    const { client, sent } = create('after us', [503]);
    const error = await caught(client.post('/charges', { amount: 5 }));
    expect(retryReport(error)?.reason).toBe('unsafe-method');
    expect(sent).toHaveLength(1);
  });

  test('lets a request that waits for its retry be cancelled', async () => {
    const { client, sent } = create('after us', [503, 200], { baseDelay: 60_000 });
    const controller = new AbortController();
    const waiting = caught(client.get('/users', { signal: controller.signal }));
    await pause(10);
    controller.abort();
    expect((await waiting).code).toBe('ERR_CANCELED');
    expect((await client.get('/users')).status).toBe(200);
    expect(sent).toHaveLength(2);
  });
});

describe('axios-cache-interceptor attached before us', () => {
  test('keeps the answer that a retry brought', async () => {
    const { client, sent } = create('before us', [503, 503, 200]);
    expect((await client.get('/users')).status).toBe(200);
    expect(isCached(await client.get('/users'))).toBe(true);
    expect(sent).toHaveLength(3);
  });

  test('lets a request fail for good', async () => {
    const { client, sent } = create('before us', [503]);
    expect((await caught(client.get('/users'))).response?.status).toBe(503);
    expect(sent).toHaveLength(3);
  });

  test('gives others who wait for the same answer the first failure, which is why the README puts it after us', async () => {
    const { client, sent } = create('before us', [503, 200]);
    const [first, other] = await Promise.allSettled([client.get('/users'), client.get('/users')]);
    expect(first).toMatchObject({ value: { status: 200 } });
    expect(other).toMatchObject({ reason: { response: { status: 503 } } });
    expect(sent).toHaveLength(2);
  });
});
