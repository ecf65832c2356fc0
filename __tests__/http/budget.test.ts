import axios from 'axios';
import { attachRetry, RetryBudget, type RetryOptions, RetryThrottle, retryReport } from '../../lib/index.ts';
import { virtualClock } from '../../lib/testing.ts';
import { caught } from '../helpers/caught.ts';
import { adapters, createClient } from '../helpers/clients.ts';
import { createGate } from '../helpers/gate.ts';
import { answer, closeServers, type ScriptedServer, stall, startServer } from '../helpers/server.ts';

afterEach(closeServers);

const reasonOf = (value: unknown): string | undefined => retryReport(value)?.reason;
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

describe.each(adapters)('over %s', (adapter) => {
  const connect = (server: ScriptedServer, options: RetryOptions = {}) =>
    createClient({ adapter, baseURL: server.url }, { throttle: false, ...options }).client;

  test('calls at the same time share the retries of one budget, and the server sees no more', async () => {
    const budget = new RetryBudget({ maxRetries: 7 });
    const server = await startServer(answer(503));
    const client = connect(server, { budget });
    const errors = await Promise.all(many(10, () => caught(client.get('/'))));
    expect(server.requests).toHaveLength(10 + 7);
    expect(budget.remainingRetries).toBe(0);
    expect(errors.filter((error) => reasonOf(error) === 'budget-exhausted').length).toBeGreaterThan(0);
    expect(errors.every(({ response }) => response?.status === 503)).toBe(true);
  });

  test('waits count when they are begun, so that calls at the same time cannot wait more than it holds', async () => {
    const budget = new RetryBudget({ maxRetries: 100, maxWait: 100 });
    const server = await startServer(answer(503));
    const client = connect(server, { budget, baseDelay: 30, exponentialBase: 1, maxAttempts: 10 });
    const errors = await Promise.all(many(5, () => caught(client.get('/'))));
    expect(server.requests).toHaveLength(5 + 3);
    expect(budget.remainingWait).toBe(10);
    expect(errors.reduce((sum, error) => sum + (retryReport(error)?.totalDelay ?? 0), 0)).toBe(90);
    expect(errors.map(reasonOf)).toEqual(Array(5).fill('budget-exhausted'));
  });

  test('a hint that is longer than what is left of the wait fails at once, and takes nothing', async () => {
    const budget = new RetryBudget({ maxWait: 5_000 });
    const server = await startServer(answer(429, '', { 'retry-after': 6 }));
    const before = performance.now();
    const error = await caught(connect(server, { budget }).get('/'));
    expect(performance.now() - before).toBeLessThan(1_000);
    expect(reasonOf(error)).toBe('budget-exhausted');
    expect(server.requests).toHaveLength(1);
    expect(budget.toJSON()).toEqual({ remainingRetries: 10, remainingWait: 5_000 });
  });

  test('a success at the first try costs nothing, and one at the second costs one retry and its wait', async () => {
    const budget = new RetryBudget();
    const server = await startServer([answer(200), answer(503), answer(200)]);
    const client = connect(server, { budget });
    await client.get('/');
    expect(budget.toJSON()).toEqual({ remainingRetries: 10, remainingWait: 15_000 });
    await client.get('/');
    expect(budget.toJSON()).toEqual({ remainingRetries: 9, remainingWait: 14_995 });
  });

  test('an empty budget lets every call be sent once', async () => {
    const server = await startServer(answer(503));
    const client = connect(server, { budget: new RetryBudget({ maxRetries: 0 }) });
    for (let i = 0; i < 3; i += 1) expect(reasonOf(await caught(client.get('/')))).toBe('budget-exhausted');
    expect(server.requests).toHaveLength(3);
  });

  test('an abort in the wait gives back the retry and the time not slept', async () => {
    const budget = new RetryBudget({ maxRetries: 3, maxWait: 10_000 });
    const server = await startServer(answer(503));
    const controller = new AbortController();
    const onRetry = () => void setTimeout(() => controller.abort(), 200);
    const client = connect(server, { budget, baseDelay: 5_000, observe: { onRetry } });
    const error = await caught(client.get('/', { signal: controller.signal }));
    expect(axios.isCancel(error)).toBe(true);
    expect(server.requests).toHaveLength(1);
    expect(budget.remainingRetries).toBe(3);
    expect(budget.remainingWait).toBeLessThanOrEqual(10_000 - 100);
    expect(budget.remainingWait).toBeGreaterThan(9_000);
  });

  test('an abort of a retry that is in flight gives nothing back, for it was sent', async () => {
    const budget = new RetryBudget({ maxRetries: 3, maxWait: 1_000 });
    const controller = new AbortController();
    const server = await startServer([answer(503), () => controller.abort()]);
    const error = await caught(connect(server, { budget }).get('/', { signal: controller.signal }));
    expect(axios.isCancel(error)).toBe(true);
    expect(budget.toJSON()).toEqual({ remainingRetries: 2, remainingWait: 995 });
  });

  test('a retry that is given back is there for a call that needs it', async () => {
    const budget = new RetryBudget({ maxRetries: 1 });
    const server = await startServer([answer(503), answer(503), answer(200)]);
    const client = connect(server, { budget });
    const controller = new AbortController();
    const onRetry = () => controller.abort();
    await caught(client.get('/', { signal: controller.signal, retry: { observe: { onRetry } } }));
    expect((await client.get('/')).status).toBe(200);
    expect(budget.remainingRetries).toBe(0);
  });

  test('detaching gives back what waits', async () => {
    const budget = new RetryBudget({ maxRetries: 3, maxWait: 10_000 });
    const server = await startServer(answer(503));
    const onRetry = () => void setTimeout(() => handle.detach(), 20);
    const { client, handle } = createClient(
      { adapter, baseURL: server.url },
      { budget, baseDelay: 5_000, observe: { onRetry } },
    );
    expect(reasonOf(await caught(client.get('/')))).toBe('detached');
    expect(budget.remainingRetries).toBe(3);
    expect(budget.remainingWait).toBeGreaterThan(9_000);
  });

  test('clients share a budget, and one request may have another', async () => {
    const shared = new RetryBudget({ maxRetries: 3 });
    const own = new RetryBudget({ maxRetries: 1 });
    const server = await startServer(answer(503));
    const clients = [connect(server, { budget: shared }), connect(server, { budget: shared })];
    for (const client of clients) await caught(client.get('/'));
    expect(shared.remainingRetries).toBe(0);
    await caught(connect(server, { budget: shared }).get('/', { retry: { budget: own } }));
    expect(own.remainingRetries).toBe(0);
    expect(server.requests).toHaveLength(3 + 2 + 2);
  });

  test('a function is asked once for every request, on the instance and on one request', async () => {
    const budgets = many(3, () => new RetryBudget({ maxRetries: 1 }));
    let asked = 0;
    const next = () => budgets[asked++];
    const server = await startServer(answer(503));
    const client = connect(server, { budget: next });
    await caught(client.get('/'));
    await caught(client.get('/', { retry: { budget: next } }));
    await caught(client.get('/'));
    expect(asked).toBe(3);
    expect(budgets.map(({ remainingRetries }) => remainingRetries)).toEqual([0, 0, 0]);
  });

  test('a function that has no budget to give leaves the request to the other bounds', async () => {
    const server = await startServer(answer(503));
    const error = await caught(connect(server, { budget: () => undefined }).get('/'));
    expect(reasonOf(error)).toBe('max-attempts');
  });

  test.each([
    [{ maxRetries: 5 }, '[object Object]'],
    [null, 'null'],
    [Promise.resolve(), '[object Promise]'],
  ])('a function that gives %p rejects the request before anything is sent', async (value, shown) => {
    const server = await startServer(answer(200));
    const error = await caught(connect(server, { budget: () => value as never }).get('/'));
    expect(error).toEqual(
      new TypeError(
        `Expected the result of retry option \`budget\` to be a RetryBudget or undefined, got ${shown}`,
      ),
    );
    expect(server.requests).toHaveLength(0);
  });

  test('the throttle and the budget pay both or neither', async () => {
    const server = await startServer(answer(503));
    const throttle = new RetryThrottle({ capacity: 20, retryCost: 15, refillTime: 1e9 });
    const empty = new RetryBudget({ maxRetries: 0 });
    await caught(connect(server, { throttle, budget: empty }).get('/'));
    expect(throttle.state()).toEqual(new Map());
    const budget = new RetryBudget({ maxRetries: 5 });
    const error = await caught(connect(server, { throttle, budget }).get('/'));
    expect(reasonOf(error)).toBe('throttled');
    expect(budget.remainingRetries).toBe(4);
    expect(throttle.tokens(server.url)).toBeCloseTo(5, 1);
  });
});

test('a budget on the instance of axios itself, or in its options object, refuses what is none', () => {
  const attach = (budget: unknown) => () => attachRetry(axios.create(), { budget: budget as never });
  expect(attach({ maxRetries: 5 })).toThrow(
    new TypeError('Expected retry option `budget` to be a RetryBudget or a function, got [object Object]'),
  );
  expect(attach(10)).toThrow(TypeError);
});

test('of the wait that a retry was granted, an abort in a slow `beforeRetry` gives nothing back: it is over', async () => {
  const budget = new RetryBudget({ maxRetries: 3, maxWait: 10_000 });
  const server = await startServer([answer(503), stall()]);
  const gate = createGate();
  const controller = new AbortController();
  const beforeRetry = () => {
    controller.abort();
    return gate.passed;
  };
  const { client } = createClient(
    { baseURL: server.url },
    { budget, baseDelay: 4_000, beforeRetry },
    { clock: virtualClock() },
  );
  await caught(client.get('/', { signal: controller.signal }));
  gate.open();
  expect(budget.toJSON()).toEqual({ remainingRetries: 3, remainingWait: 6_000 });
});
