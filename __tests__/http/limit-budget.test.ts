import axios from 'axios';
import {
  attachRetry,
  hedge,
  limitConcurrency,
  RetryBudget,
  RetryThrottle,
  retryReport,
} from '../../lib/index.ts';
import { caught } from '../helpers/caught.ts';
import { adapters, fast } from '../helpers/clients.ts';
import { eventually } from '../helpers/eventually.ts';
import { createGate } from '../helpers/gate.ts';
import { answer, closeServers, type Step, slowly, stall, startServer } from '../helpers/server.ts';

afterEach(closeServers);

describe.each(adapters)('a retry that `limitConcurrency` does not send, over %s', (name) => {
  /** A client whose only permit is taken as soon as its first attempt has failed. */
  async function retryBehind(maxPending: number) {
    const step: Step = (exchange) => (exchange.number === 1 ? answer(503) : stall())(exchange);
    const server = await startServer(step);
    const limiter = limitConcurrency(1, name, { maxPending });
    const budget = new RetryBudget({ maxRetries: 5 });
    const throttle = new RetryThrottle();
    const client = axios.create({ adapter: limiter, baseURL: server.url, proxy: false });
    const blocker = new AbortController();
    const waiting = createGate();
    let blocked: Promise<unknown> | undefined;
    const onRetry = (): void => {
      blocked = caught(client.get('/blocker', { retry: false, signal: blocker.signal }));
      waiting.open();
    };
    attachRetry(client, { ...fast, budget, throttle, observe: { onRetry } });
    const controller = new AbortController();
    const outcome = caught(client.get('/', { signal: controller.signal }));
    await waiting.passed;
    const end = async (): Promise<void> => {
      blocker.abort();
      await blocked;
    };
    return { server, limiter, budget, throttle, controller, outcome, end };
  }

  test('since it is aborted in the line costs neither budget nor tokens', async () => {
    const { server, limiter, budget, throttle, controller, outcome, end } = await retryBehind(Infinity);
    await eventually(() => limiter.pending === 1);
    expect(budget.remainingRetries).toBe(4);
    controller.abort();
    expect(axios.isCancel(await outcome)).toBe(true);
    expect(budget.remainingRetries).toBe(5);
    expect(throttle.tokens(server.url)).toBe(500);
    await end();
    expect(server.requests.map(({ url }) => url).filter((url) => url === '/')).toHaveLength(1);
  });

  test('since the line is full costs neither, and is the end', async () => {
    const { server, budget, throttle, outcome, end } = await retryBehind(0);
    const error = await outcome;
    expect(error.code).toBe('ERR_QUEUE_FULL');
    expect(retryReport(error)?.attempts).toHaveLength(2);
    expect(budget.remainingRetries).toBe(5);
    expect(throttle.tokens(server.url)).toBe(500);
    await end();
  });
});

test('a full line is not retried and costs no tokens, first attempt or not', async () => {
  const server = await startServer(stall());
  const throttle = new RetryThrottle();
  const client = axios.create({
    adapter: limitConcurrency(1, 'http', { maxPending: 0 }),
    baseURL: server.url,
  });
  attachRetry(client, { ...fast, throttle });
  const controller = new AbortController();
  const first = caught(client.get('/', { signal: controller.signal }));
  await eventually(() => server.requests.length === 1);
  const error = await caught(client.get('/'));
  expect(error.code).toBe('ERR_QUEUE_FULL');
  expect(retryReport(error)).toMatchObject({
    reason: 'not-retryable',
    attempts: [],
  });
  expect(throttle.tokens(server.url)).toBe(500);
  controller.abort();
  await first;
});

test('there is no second copy while the throttle is less than half full', async () => {
  let copies = 0;
  const server = await startServer((exchange) => {
    if (exchange.recorded.url === '/late') return slowly(150, answer(200))(exchange);
    copies += 1;
    return (copies === 1 ? stall() : answer(200))(exchange);
  });
  const adapter = hedge({ delay: 20 }, 'http');
  const throttle = new RetryThrottle();
  const client = axios.create({ adapter, baseURL: server.url, proxy: false });
  attachRetry(client, { throttle });
  while (throttle.tokens(server.url) > 200) throttle.take(server.url, false, performance.now());
  await client.get('/late');
  expect(adapter.hedged).toBe(0);
  throttle.give(server.url, performance.now(), 400);
  await client.get('/stuck');
  expect(adapter.hedged).toBe(1);
});
