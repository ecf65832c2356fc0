import { AxiosError, type InternalAxiosRequestConfig } from 'axios';
import type { RetryOptions } from '../../lib/index.ts';
import { caught } from '../helpers/caught.ts';
import { adapters, createClient } from '../helpers/clients.ts';
import { createGate } from '../helpers/gate.ts';
import { answer, closeServers, startServer } from '../helpers/server.ts';

afterEach(closeServers);

describe.each(adapters)('what a failure holds while its retry waits, over %s', (adapter) => {
  async function failureInWait(options: RetryOptions) {
    const server = await startServer(answer(503, 'busy'));
    const waits = createGate();
    const { client, handle } = createClient(
      { adapter, baseURL: server.url },
      { jitter: 'none', observe: { onRetry: waits.open }, ...options },
    );
    const failing = caught<AxiosError>(client.get('/down'));
    await waits.passed;
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { handle, failing };
  }

  test('detach() hands out the error of axios, which may lack its request and nothing else', async () => {
    const { handle, failing } = await failureInWait({ baseDelay: 60_000 });
    handle.detach();
    const error = await failing;
    expect(error).toBeInstanceOf(AxiosError);
    expect(error.request).toBeUndefined();
    expect(error.stack).toContain('waiting.test.ts');
    expect(error.response?.request).toBeUndefined();
    expect(error.config?.url).toBe('/down');
    expect(error).toMatchObject({ code: 'ERR_BAD_RESPONSE', response: { status: 503, data: 'busy' } });
  });

  test('the error of the last attempt is whole', async () => {
    const { failing } = await failureInWait({ baseDelay: 150, maxAttempts: 2 });
    const error = await failing;
    expect(error.request).toBeDefined();
    expect(error.response?.request).toBe(error.request);
    expect(error.stack).toContain('waiting.test.ts');
  });
});

test('a frozen error of an adapter is waited for like any other', async () => {
  let sends = 0;
  const adapter = async (config: InternalAxiosRequestConfig) => {
    sends += 1;
    throw Object.freeze(new AxiosError('reset', 'ECONNRESET', config, { socket: null }));
  };
  const { client } = createClient({ adapter }, { baseDelay: 100, jitter: 'none', maxAttempts: 2 });
  expect((await caught(client.get('/'))).code).toBe('ECONNRESET');
  expect(sends).toBe(2);
});
