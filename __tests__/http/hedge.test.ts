import { getEventListeners } from 'node:events';
import axios from 'axios';
import { attachRetry, hedge, retryReport } from '../../lib/index.ts';
import { axiosSince } from '../helpers/axios-version.ts';
import { caught } from '../helpers/caught.ts';
import { adapters, fast } from '../helpers/clients.ts';
import { eventually } from '../helpers/eventually.ts';
import { watchSockets } from '../helpers/freed.ts';
import { answer, closeServers, echo, type Step, stall, startServer } from '../helpers/server.ts';

afterEach(closeServers);

/** Deals with the nth request by the nth step. */
const byTurns =
  (...steps: readonly Step[]): Step =>
  (exchange) =>
    steps[Math.min(exchange.number, steps.length) - 1]?.(exchange);

describe.each(adapters)('over %s', (adapter) => {
  const clientFor = (baseURL: string, delay = 30) =>
    axios.create({ adapter: hedge({ delay }, adapter), baseURL, proxy: false });

  test('the first good answer counts, and the other copy frees its socket', async () => {
    const watched = watchSockets(stall());
    const server = await startServer(byTurns(watched.step, echo()));
    const { data, config } = await clientFor(server.url).get('/late', { headers: { 'X-Mine': 'kept' } });
    expect(data).toMatchObject({ method: 'GET', url: '/late', headers: { 'x-mine': 'kept' } });
    expect(config.headers.get('X-Mine')).toBe('kept');
    await eventually(() => watched.freed() === 1);
    expect(server.requests.map(({ url }) => url)).toEqual(['/late', '/late']);
  });

  test('what is answered in time is sent once', async () => {
    const server = await startServer(answer(200));
    await clientFor(server.url, 60_000).get('/');
    expect(server.requests).toHaveLength(1);
  });

  test('an abort reaches both copies and leaves no listener', async () => {
    const watched = watchSockets(stall());
    const server = await startServer(watched.step);
    const controller = new AbortController();
    const sent = caught(clientFor(server.url).get('/', { signal: controller.signal }));
    await eventually(() => server.requests.length === 2);
    controller.abort();
    expect(axios.isCancel(await sent)).toBe(true);
    await eventually(() => watched.freed() === 2);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  // The fetch adapter of axios before 1.7.7 does not hear a token in flight.
  (adapter === 'http' || axiosSince('1.7.7') ? test : test.skip)(
    'a cancel token reaches both copies',
    async () => {
      const watched = watchSockets(stall());
      const server = await startServer(watched.step);
      const { token, cancel } = axios.CancelToken.source();
      const sent = caught(clientFor(server.url).get('/', { cancelToken: token }));
      await eventually(() => server.requests.length === 2);
      cancel('The user left');
      expect(await sent).toMatchObject({ code: 'ERR_CANCELED' });
      await eventually(() => watched.freed() === 2);
    },
  );

  test('to an attached client both copies are one attempt; when both fail it is retried', async () => {
    const late: Step = async (exchange) => {
      await eventually(() => server.requests.length > 1);
      return answer(503)(exchange);
    };
    const server = await startServer(byTurns(late, answer(503), answer(200, 'well')));
    const client = clientFor(server.url);
    attachRetry(client, fast);
    const response = await client.get('/');
    expect(response.data).toBe('well');
    expect(server.requests).toHaveLength(3);
    expect(retryReport(response)?.attempts.map(({ status }) => status)).toEqual([503, 200]);
  });

  test('an `attemptTimeout` cuts both copies off', async () => {
    const watched = watchSockets(stall());
    const server = await startServer(watched.step);
    const client = clientFor(server.url);
    attachRetry(client, { ...fast, maxAttempts: 1, attemptTimeout: 400 });
    expect(await caught(client.get('/'))).toMatchObject({ code: 'ETIMEDOUT' });
    await eventually(() => server.requests.length > 0 && watched.freed() === server.requests.length);
  });

  test('what an `attemptTimeout` cut off is retried, and leaves nothing on the config', async () => {
    const server = await startServer(byTurns(stall(), stall(), stall(), stall(), answer(200)));
    const client = clientFor(server.url);
    const signals: unknown[] = [];
    attachRetry(client, {
      ...fast,
      attemptTimeout: 400,
      beforeRetry: (config) => void signals.push(config.signal),
    });
    const response = await client.get('/');
    expect(retryReport(response)?.attempts.map(({ code, status }) => code ?? status)).toEqual([
      'ETIMEDOUT',
      'ETIMEDOUT',
      200,
    ]);
    expect(response.config.signal).toBeUndefined();
    expect(signals).toEqual([undefined, undefined]);
  });

  test('the second copy of a redirected request is redirected too', async () => {
    const server = await startServer(({ recorded, ...exchange }) => {
      if (recorded.url === '/end') return answer(200, 'end')({ recorded, ...exchange });
      return exchange.number === 1
        ? undefined
        : answer(302, '', { location: '/end' })({ recorded, ...exchange });
    });
    expect((await clientFor(server.url).get('/start')).data).toBe('end');
  });
});
