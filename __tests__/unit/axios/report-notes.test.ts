import axios, { type InternalAxiosRequestConfig } from 'axios';
import { attachRetry, retryReport } from '../../../lib/index.ts';
import { adapters, createClient, fast } from '../../helpers/clients.ts';
import { answer, closeServers, startServer } from '../../helpers/server.ts';
import { stage } from '../../helpers/stage.ts';

afterEach(closeServers);

describe.each(adapters)('over %s the report of an attempt tells', (adapter) => {
  test('the hint of the server, also when it was too long to be obeyed', async () => {
    const server = await startServer([
      answer(503, '', { 'retry-after-ms': '3' }),
      answer(503),
      answer(503, '', { 'retry-after': '900' }),
    ]);
    const { client } = createClient({ adapter, baseURL: server.url }, { maxAttempts: 5 });
    const error = await client.get('/').catch((reason: unknown) => reason);
    const report = retryReport(error);
    expect(report?.reason).toBe('retry-after-too-long');
    expect(report?.attempts.map(({ hint }) => hint)).toEqual([3, undefined, 900_000]);
    expect(report?.attempts[1]).not.toHaveProperty('hint');
  });

  test('the method and the address that beforeRetry changed, of that attempt alone', async () => {
    const server = await startServer([answer(503), answer(503), answer(503), answer(200)]);
    const edits: ((config: InternalAxiosRequestConfig) => void)[] = [
      (config) => Object.assign(config, { url: '/mirror' }),
      (config) => Object.assign(config, { method: 'head' }),
      () => undefined,
    ];
    const { client } = createClient(
      { adapter, baseURL: server.url },
      { maxAttempts: 5, beforeRetry: (config, { attemptNumber }) => edits[attemptNumber - 1]?.(config) },
    );
    const attempts = retryReport(await client.get('/main'))?.attempts ?? [];
    expect(server.requests.map(({ method, url }) => [method, url])).toEqual([
      ['GET', '/main'],
      ['GET', '/mirror'],
      ['HEAD', '/main'],
      ['GET', '/main'],
    ]);
    const none = { method: undefined, url: undefined };
    expect(attempts.map(({ method, url }) => ({ method, url }))).toEqual([
      none,
      { ...none, url: '/mirror' },
      { ...none, method: 'HEAD' },
      none,
    ]);
  });

  test('and not what an interceptor inside changes on every attempt', async () => {
    const server = await startServer([answer(503), answer(200)]);
    const client = axios.create({ adapter, proxy: false, baseURL: server.url });
    client.interceptors.request.use((config) => Object.assign(config, { url: `/v1${config.url}` }));
    attachRetry(client, { ...fast, beforeRetry: () => undefined });
    const attempts = retryReport(await client.get('/main'))?.attempts ?? [];
    expect(server.requests.map(({ url }) => url)).toEqual(['/v1/main', '/v1/main']);
    expect(attempts.every((attempt) => !('url' in attempt))).toBe(true);
  });
});

describe('maxElapsedTime is looked at again after a wait that lasted longer', () => {
  test.each([
    [9_999, 200, undefined],
    [10_001, 503, 'max-elapsed-time'],
  ])('as when the process was frozen until %i ms after the start', async (thawedAt, status, reason) => {
    const { client, clock, sent, detach } = stage([503, 200]);
    detach();
    const frozen = {
      ...clock,
      // The timer fires as soon as the process goes on.
      sleep: async (_: number, signal?: AbortSignal) => clock.sleep(thawedAt, signal),
    };
    attachRetry(client, { maxElapsedTime: 10_000, baseDelay: 100, jitter: 'none' }, { clock: frozen });
    const sending = client.get('/').then(
      (response) => [response.status, retryReport(response)] as const,
      (error) => [error.response?.status, retryReport(error)] as const,
    );
    await clock.run();
    const [got, report] = await sending;
    expect(got).toBe(status);
    expect(report?.reason).toBe(reason);
    expect(sent).toHaveLength(status === 200 ? 2 : 1);
  });
});
