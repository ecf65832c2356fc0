import axios, { type AxiosAdapter, AxiosError } from 'axios';
import { attachRetry } from '../../lib/axios/attach.ts';
import { retryReport } from '../../lib/axios/report.ts';
import { RetryBudget } from '../../lib/limits/budget.ts';
import { RetryThrottle } from '../../lib/limits/throttle.ts';
import { virtualClock } from '../../lib/testing.ts';

const reset: AxiosAdapter = (config) => Promise.reject(new AxiosError('reset', 'ECONNRESET', config));

describe('what a retry has reserved', () => {
  test('is kept when an interceptor puts its own adapter in on every attempt: it was sent, though not through ours', async () => {
    const budget = new RetryBudget({ maxRetries: 2 });
    const throttle = new RetryThrottle({ capacity: 100, retryCost: 10 });
    const client = axios.create({ baseURL: 'http://127.0.0.1:1' });
    client.interceptors.request.use((config) => Object.assign(config, { adapter: reset }));
    attachRetry(client, { maxAttempts: 9, budget, throttle }, { clock: virtualClock() });

    const error: unknown = await client.get('/').catch((e: unknown) => e);

    expect(retryReport(error)?.attempts).toHaveLength(3);
    expect(retryReport(error)?.reason).toBe('budget-exhausted');
    expect(budget.remainingRetries).toBe(0);
    expect(throttle.tokens('http://127.0.0.1:1')).toBeLessThan(100 - 10);
  });

  test('is given back when an interceptor fails before the retry is sent', async () => {
    const budget = new RetryBudget({ maxRetries: 2 });
    const client = axios.create({ baseURL: 'http://127.0.0.1:1', adapter: reset });
    let passes = 0;
    client.interceptors.request.use((config) => {
      passes += 1;
      if (passes > 1) throw new Error('no token');
      return config;
    });
    attachRetry(client, { budget }, { clock: virtualClock() });

    await expect(client.get('/')).rejects.toThrow('no token');

    expect(budget.remainingRetries).toBe(2);
  });
});
