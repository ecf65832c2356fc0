import axios, { type AxiosAdapter, type AxiosError, getAdapter, isCancel } from 'axios';
import { ConsecutiveBreaker, circuitBreaker, handleWhen, isBrokenCircuitError } from 'cockatiel';
import { attachRetry, RetryThrottle } from '../../lib/index.ts';
import { caught } from '../helpers/caught.ts';
import { adapters, fast } from '../helpers/clients.ts';
import { eventually } from '../helpers/eventually.ts';
import { answer, closeServers, type Step, stall, startServer } from '../helpers/server.ts';

afterEach(closeServers);

/** The recipe of the manual, with a breaker that is quick enough for a test. */
function clientWithBreaker(baseURL: string, name: 'http' | 'fetch', halfOpenAfter: number) {
  const isOutage = (error: Error): boolean =>
    !isCancel(error) && !(Number((error as AxiosError).response?.status) < 500);
  const breaker = circuitBreaker(handleWhen(isOutage), { halfOpenAfter, breaker: new ConsecutiveBreaker(3) });
  const send = getAdapter(name);
  const adapter: AxiosAdapter = (config) => breaker.execute(() => send(config));
  const client = axios.create({ adapter, baseURL, proxy: false });
  const throttle = new RetryThrottle();
  attachRetry(client, { ...fast, throttle });
  return { client, throttle };
}

describe.each(adapters)('a breaker of cockatiel inside the adapter, over %s', (name) => {
  test('counts attempts, and when it is open nothing is sent and nothing retried', async () => {
    const server = await startServer(answer(503));
    const { client, throttle } = clientWithBreaker(server.url, name, 60_000);
    const failed = await caught(client.get('/'));
    expect(failed.response?.status).toBe(503);
    const tokens = throttle.tokens(server.url);
    for (let times = 0; times < 5; times += 1)
      expect(isBrokenCircuitError(await caught<Error>(client.get('/')))).toBe(true);
    expect(server.requests).toHaveLength(3);
    expect(throttle.tokens(server.url)).toBeGreaterThanOrEqual(tokens);
  });

  test('lets one request try again after a while, and all once that succeeds', async () => {
    let step: Step = answer(503);
    const server = await startServer((exchange) => step(exchange));
    const { client } = clientWithBreaker(server.url, name, 50);
    await caught(client.get('/'));
    expect(isBrokenCircuitError(await caught<Error>(client.get('/')))).toBe(true);
    step = answer(200);
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect((await client.get('/')).status).toBe(200);
    expect((await client.get('/')).status).toBe(200);
  });

  test('does not open for what the caller did: a 404, a 429, an abort', async () => {
    const steps = [answer(404), answer(404), answer(404), answer(429), answer(429), answer(429), stall()];
    const server = await startServer(steps);
    const { client } = clientWithBreaker(server.url, name, 60_000);
    for (let times = 0; times < 3; times += 1) await caught(client.get('/'));
    await caught(client.get('/'));
    expect(server.requests).toHaveLength(6);
    for (let times = 1; times <= 4; times += 1) {
      const controller = new AbortController();
      const aborted = caught(client.get('/', { signal: controller.signal }));
      await eventually(() => server.requests.length === 6 + times);
      controller.abort();
      expect(isCancel(await aborted)).toBe(true);
    }
  });
});
