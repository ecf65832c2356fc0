import axios, { type AxiosInstance } from 'axios';
import { setupCache } from 'axios-cache-interceptor';
import { attachRetry, type RetryOptions, retryReport } from '../../lib/index.ts';
import { createAround } from '../helpers/around.ts';
import { caught } from '../helpers/caught.ts';
import { fast } from '../helpers/clients.ts';
import { scripted } from '../helpers/scripted.ts';

const cache = (client: AxiosInstance) => void setupCache(client);

/** What the README recommends: retries on an instance of their own, and the cache around it. */
function createOutside(statuses: readonly number[], options: RetryOptions = {}) {
  const { adapter, sent } = scripted(...statuses);
  const retrying = axios.create({ adapter });
  attachRetry(retrying, { ...fast, ...options });
  const client = setupCache(
    axios.create({
      adapter: (config) =>
        retrying.request({ ...config, adapter: axios.getAdapter(retrying.defaults.adapter) }),
    }),
  );
  return { client, sent };
}

describe('axios-cache-interceptor around a retrying instance', () => {
  test('keeps the answer that a retry brought', async () => {
    const { client, sent } = createOutside([503, 503, 200]);
    expect((await client.get('/users')).data).toEqual({ status: 200 });
    expect((await client.get('/users')).cached).toBe(true);
    expect(sent).toHaveLength(3);
  });

  test('gives everybody who waits for the same answer the one that a retry brought', async () => {
    const { client, sent } = createOutside([503, 200]);
    const responses = await Promise.all([client.get('/users'), client.get('/users'), client.get('/users')]);
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(sent).toHaveLength(2);
  });

  test('keeps no failure', async () => {
    const { client, sent } = createOutside([503, 503, 503, 200]);
    const error = await caught(client.get('/users'));
    expect(error.response?.status).toBe(503);
    expect(retryReport(error)?.attempts).toHaveLength(3);
    expect((await client.get('/users')).status).toBe(200);
    expect(sent).toHaveLength(4);
  });

  test('passes options of a request on', async () => {
    const { client, sent } = createOutside([503]);
    await caught(client.get('/users', { retry: { maxAttempts: 2 } }));
    await caught(client.get('/others', { retry: false }));
    expect(sent).toHaveLength(3);
  });

  test('sends a POST that failed once', async () => {
    const { client, sent } = createOutside([503]);
    const error = await caught(client.post('/charges', { amount: 5 }));
    expect(retryReport(error)?.reason).toBe('unsafe-method');
    expect(sent).toHaveLength(1);
  });
});

describe('axios-cache-interceptor on the same instance, attached before us', () => {
  test('keeps the answer that a retry brought', async () => {
    const { adapter, sent } = scripted(503, 503, 200);
    const client = createAround('before us', cache, {}, { adapter });
    expect((await client.get('/users')).status).toBe(200);
    expect((await client.get('/users')).status).toBe(200);
    expect(sent).toHaveLength(3);
  });

  test('gives others who wait for the same answer the first failure, which is why the README keeps them apart', async () => {
    const { adapter, sent } = scripted(503, 200);
    const client = createAround('before us', cache, {}, { adapter });
    const [first, other] = await Promise.allSettled([client.get('/users'), client.get('/users')]);
    expect(first).toMatchObject({ value: { status: 200 } });
    expect(other).toMatchObject({ reason: { response: { status: 503 } } });
    expect(sent).toHaveLength(2);
  });
});

describe('axios-cache-interceptor on the same instance, attached after us', () => {
  test('makes a retry wait for the attempt that it repeats, which is why the README warns', async () => {
    const { adapter, sent } = scripted(503, 200);
    const client = createAround('after us', cache, {}, { adapter });
    const late = new Promise((resolve) => setTimeout(() => resolve('late'), 200));
    expect(await Promise.race([client.get('/users'), late])).toBe('late');
    expect(sent).toHaveLength(1);
  });

  test('does nothing to a request that needs no retry', async () => {
    const { adapter, sent } = scripted(200);
    const client = createAround('after us', cache, {}, { adapter });
    expect((await client.get('/users')).status).toBe(200);
    expect((await client.get('/users')).status).toBe(200);
    expect(sent).toHaveLength(1);
  });
});
