import { getEventListeners } from 'node:events';
import { Readable } from 'node:stream';
import axios, { AxiosError, type InternalAxiosRequestConfig } from 'axios';
import fc from 'fast-check';
import {
  type BatchOptions,
  batch,
  RetryBudget,
  type RetryContext,
  retryAny,
  retryIfDefault,
  retryIfStatus,
  waitFixed,
} from '../../../lib/index.ts';
import { type VirtualClock, virtualClock } from '../../../lib/testing.ts';
import { createClient } from '../../helpers/clients.ts';
import { eventually } from '../../helpers/eventually.ts';
import { createGate } from '../../helpers/gate.ts';
import { watchInFlight } from '../../helpers/in-flight.ts';
import { scripted } from '../../helpers/scripted.ts';
import {
  answer,
  closeServers,
  resetAfterReading,
  type Step,
  slowly,
  stall,
  startServer,
} from '../../helpers/server.ts';

afterEach(closeServers);

const now: BatchOptions = { wait: waitFixed(0) };

function failure(status: number, config: object = {}, headers: object = {}): AxiosError {
  const sent = config as InternalAxiosRequestConfig;
  const response = { status, statusText: '', headers, config: sent, data: undefined };
  return new AxiosError(`Status ${status}`, 'ERR_BAD_RESPONSE', sent, {}, response as never);
}

/** A `send` that fails as the table says before it succeeds, and the items in the order in which they were sent. */
function sender(failures: Readonly<Record<string, readonly unknown[]>> = {}) {
  const sent: string[] = [];
  const send = async (item: string): Promise<string> => {
    const times = sent.filter((earlier) => earlier === item).length;
    sent.push(item);
    const errors = failures[item] ?? [];
    if (times < errors.length) throw errors[times];
    return item.toUpperCase();
  };
  return { send, sent };
}

describe('over a real server', () => {
  test('what failed for a passing reason is sent again, what cannot succeed is not', async () => {
    const failing = new Map<string, Step[]>([
      ['/busy', [answer(503), answer(200, 'busy')]],
      ['/missing', [answer(404)]],
      ['/broken', [resetAfterReading(), answer(429), answer(200, 'broken')]],
      ['/down', [answer(500), answer(502), answer(503)]],
    ]);
    const server = await startServer((exchange) =>
      (failing.get(exchange.recorded.url)?.shift() ?? answer(200, 'fine'))(exchange),
    );
    const client = axios.create({ baseURL: server.url });
    const paths = ['/busy', '/fine', '/missing', '/broken', '/down'];
    const { fulfilled, rejected } = await batch(paths, async (path) => (await client.get(path)).data, now);

    expect([...fulfilled]).toEqual([
      ['/busy', 'busy'],
      ['/fine', 'fine'],
      ['/broken', 'broken'],
    ]);
    expect([...rejected].map(([path, error]) => [path, (error as AxiosError).response?.status])).toEqual([
      ['/missing', 404],
      ['/down', 503],
    ]);
    const wire = server.requests.map(({ url }) => url);
    expect(wire.slice(5)).toEqual(expect.arrayContaining(['/busy', '/broken', '/broken', '/down', '/down']));
    expect(wire).toHaveLength(10);
  });

  test('no more items are sent at once than asked for', async () => {
    const four = createGate();
    const watched = watchInFlight(async (exchange) => {
      if (exchange.number === 4) four.open();
      await four.passed;
      await slowly(3, answer(200))(exchange);
    });
    const server = await startServer(watched.step);
    const items = Array.from({ length: 25 }, (_, index) => index);
    await batch(items, (item) => axios.get(`${server.url}/${item}`), { concurrency: 4 });
    expect(server.requests).toHaveLength(25);
    expect(watched.most()).toBe(4);
  });

  test('a POST that may have been acted on is not sent again, unless `retryIf` vouches that its key is the same in every round', async () => {
    const server = await startServer(answer(503));
    const client = axios.create({ baseURL: server.url });
    await batch(['charge'], (item) => client.post('/', item), now);
    expect(server.requests).toHaveLength(1);
    const keyed = (item: string) => client.post('/', item, { headers: { 'Idempotency-Key': item } });
    await batch(['charge'], keyed, now);
    expect(server.requests).toHaveLength(1 + 1);
    await batch(['charge'], keyed, { ...now, retryIf: () => true });
    expect(server.requests).toHaveLength(2 + 3);
  });

  test.each<[string, () => unknown]>([
    ['a stream', () => Readable.from(['content'])],
    ['an object that holds one', () => ({ body: Readable.from(['content']) })],
  ])('%s is not sent again: it would be empty', async (_, make) => {
    const server = await startServer(answer(503));
    const { rejected } = await batch([make()], (item) => axios.put(server.url, item), now);
    expect(server.requests).toHaveLength(1);
    expect(rejected.size).toBe(1);
  });

  test('an item that has to wait longer than the budget allows does not take the others with it', async () => {
    const later = answer(503, '', { 'retry-after': '100' });
    const server = await startServer(({ recorded, ...exchange }) => {
      const isFirst = server.requests.filter(({ url }) => url === recorded.url).length === 1;
      const step = recorded.url === '/long' ? later : isFirst ? answer(503) : answer(200);
      return step({ recorded, ...exchange });
    });
    const budget = new RetryBudget({ maxRetries: 100, maxWait: 15_000 });
    const send = (path: string) => axios.get(`${server.url}${path}`);
    const { fulfilled, rejected } = await batch(['/long', '/a', '/b'], send, { ...now, budget });
    expect([...fulfilled.keys()]).toEqual(['/a', '/b']);
    expect([...rejected.keys()]).toEqual(['/long']);
    expect(budget.remainingRetries).toBe(98);
  });

  test('when a function of the user throws, the failure of the item is the cause', async () => {
    const client = axios.create({ adapter: scripted(503).adapter });
    const wait = (): number => Number.NaN;
    const { rejected } = await batch(['item'], () => client.get('/'), { wait });
    const [reason] = rejected.values();
    expect(reason).toBeInstanceOf(TypeError);
    expect((reason as Error).cause).toMatchObject({ response: { status: 503 } });
  });

  test('a POST that the server refused is sent again', async () => {
    const server = await startServer([answer(429), answer(200)]);
    const { fulfilled } = await batch(['charge'], (item) => axios.post(server.url, item), now);
    expect([...fulfilled.keys()]).toEqual(['charge']);
  });

  test('what an attached client gave up on is not sent again', async () => {
    const server = await startServer(answer(503));
    const { client } = createClient({ baseURL: server.url });
    const always = { ...now, retryIf: () => true };
    await batch(['item'], () => client.get('/'), always);
    expect(server.requests).toHaveLength(3);
    // Given up at the first attempt: up to `retryIf`, since nothing was retried.
    const once = () => client.get('/', { retry: { maxAttempts: 1 } });
    await batch(['item'], once, now);
    expect(server.requests).toHaveLength(3 + 1);
    await batch(['item'], once, always);
    expect(server.requests).toHaveLength(4 + 3);
  });

  test('with `retry: false` the batch owns the retries', async () => {
    const server = await startServer(answer(503));
    const { client } = createClient({ baseURL: server.url });
    await batch(['item'], () => client.get('/', { retry: false }), now);
    expect(server.requests).toHaveLength(3);
  });
});

describe('the outcome', () => {
  test('has every item in one map, in the order of the items, whatever `send` does', async () => {
    const things: Readonly<Record<string, () => unknown>> = {
      promise: () => Promise.resolve(1),
      value: () => 2,
      // biome-ignore lint/suspicious/noThenProperty: this is what a promise of another library looks like
      thenable: () => ({ then: (resolve: (value: number) => void) => resolve(3) }),
      nothing: () => undefined,
      throws: () => {
        throw new Error('at once');
      },
      rejects: () => Promise.reject('no error'),
      'rejects nothing': () => Promise.reject(),
    };
    const { fulfilled, rejected } = await batch(Object.keys(things), (item) => things[item]?.());
    expect([...fulfilled]).toEqual([
      ['promise', 1],
      ['value', 2],
      ['thenable', 3],
      ['nothing', undefined],
    ]);
    expect([...rejected]).toEqual([
      ['throws', new Error('at once')],
      ['rejects', 'no error'],
      ['rejects nothing', undefined],
    ]);
  });

  test('of equal items is one, and they are sent once', async () => {
    const { send, sent } = sender();
    const result = await batch(['a', 'b', 'a', 'b', 'a'], send);
    expect(sent).toEqual(['a', 'b']);
    expect([...result.fulfilled]).toEqual([
      ['a', 'A'],
      ['b', 'B'],
    ]);
  });

  test('of no items is empty', async () => {
    expect(await batch([], () => 1)).toEqual({
      fulfilled: new Map(),
      rejected: new Map(),
      report: new Map(),
    });
  });

  test('comes from any iterable, read once', async () => {
    function* generate() {
      yield 1;
      yield 2;
    }
    expect([...(await batch(generate(), (n) => n * 2)).fulfilled.values()]).toEqual([2, 4]);
  });

  test('is the last error, untouched', async () => {
    const errors = [failure(500), failure(502), failure(503)];
    const { send, sent } = sender({ a: errors });
    const { rejected } = await batch(['a'], send, now);
    expect(rejected.get('a')).toBe(errors[2]);
    expect(sent).toHaveLength(3);
  });
});

describe('10,000 items', () => {
  test('are all sent, the failed ones again, and none twice', async () => {
    const items = Array.from({ length: 10_000 }, (_, index) => index);
    const seen = new Set<number>();
    const send = async (item: number) => {
      if (item % 3 === 0 && !seen.has(item)) {
        seen.add(item);
        throw failure(503);
      }
      return item;
    };
    const { fulfilled, rejected } = await batch(items, send, { ...now, concurrency: 100 });
    expect([...fulfilled.keys()]).toEqual(items);
    expect(rejected.size).toBe(0);
  });
});

describe('rounds', () => {
  test('are three by default; the wait between them follows full jitter from one second', async () => {
    const clock = virtualClock();
    const { send, sent } = sender({ a: Array(9).fill(failure(503)), b: [failure(503)] });
    await batch(['a', 'b', 'c'], send, {}, { clock, random: () => 0.5 });
    expect(sent).toEqual(['a', 'b', 'c', 'a', 'b', 'a']);
    expect(clock.sleeps).toEqual([500, 1_000]);
  });

  test('can be more, or one', async () => {
    const clock = virtualClock();
    const { send, sent } = sender({ a: Array(9).fill(failure(503)) });
    await batch(['a'], send, { maxRounds: 1 }, { clock });
    expect([sent.length, clock.sleeps.length]).toEqual([1, 0]);
    await batch(['a'], send, { maxRounds: 5 }, { clock });
    expect([sent.length, clock.sleeps.length]).toEqual([1 + 5, 4]);
  });

  test('ask `wait` once each, about the first failure, with the number of the round', async () => {
    const clock = virtualClock();
    const contexts: RetryContext[] = [];
    const { send } = sender({ a: Array(9).fill(failure(503)), b: Array(9).fill(failure(500)) });
    const wait = (context: RetryContext) => {
      contexts.push(context);
      return 100 * context.attemptNumber;
    };
    await batch(['a', 'b'], send, { wait }, { clock });
    expect(clock.sleeps).toEqual([100, 200]);
    expect(contexts).toMatchObject([
      { attemptNumber: 1, maxAttempts: 3, elapsed: 0, totalDelay: 0, response: { status: 503 } },
      { attemptNumber: 2, maxAttempts: 3, elapsed: 100, totalDelay: 100, response: { status: 503 } },
    ]);
  });

  test('do not wait longer than two minutes: that item is not sent again', async () => {
    const clock = virtualClock();
    const { send, sent } = sender({ a: [failure(503, {}, { 'retry-after': '3600' })], b: [failure(503)] });
    const { rejected } = await batch(['a', 'b'], send, { wait: waitFixed(50) }, { clock });
    expect(sent).toEqual(['a', 'b', 'b']);
    expect([...rejected.keys()]).toEqual(['a']);
    expect(clock.sleeps).toEqual([50]);
  });

  test('go on with the items in their order, however they failed', async () => {
    const gate = createGate();
    const sent: string[] = [];
    const send = async (item: string) => {
      sent.push(item);
      if (sent.length > 3) return;
      if (item === 'a') await gate.passed;
      else if (item === 'c') gate.open();
      throw failure(503);
    };
    await batch(['a', 'b', 'c'], send, { ...now, concurrency: 3 });
    expect(sent).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });
});

describe('what is sent again', () => {
  const sendsOf = async (error: unknown, options: BatchOptions = {}) => {
    const { send, sent } = sender({ a: [error, error] });
    await batch(['a'], send, { ...now, ...options });
    return sent.length;
  };
  const domainError = new Error('Out of stock');

  test.each<[string, unknown, number]>([
    ['a 503', failure(503), 3],
    ['a 503 of an error of another build', { isAxiosError: true, response: { status: 503 } }, 3],
    ['a connection reset', new AxiosError('reset', 'ECONNRESET'), 3],
    ['a timeout', new AxiosError('timeout', 'ECONNABORTED'), 3],
    ['a 404', failure(404), 1],
    ['a certificate', new AxiosError('expired', 'CERT_HAS_EXPIRED'), 1],
    ['a cancelled request', new axios.CanceledError(), 1],
    ['an error of the user', domainError, 1],
    ['an error of the user with a familiar code', Object.assign(new Error('x'), { code: 'ECONNRESET' }), 1],
    ['a POST with a 503', failure(503, { method: 'post' }), 1],
    ['a POST with a 429', failure(429, { method: 'post' }), 3],
    ['a 503 whose server asks for no more', failure(503, {}, { 'x-should-retry': 'false' }), 1],
    ['a 409 whose server asks for more', failure(409, {}, { 'x-should-retry': 'true' }), 3],
  ])('by default: %s', async (_, error, sends) => {
    expect(await sendsOf(error)).toBe(sends);
  });

  test('is up to `retryIf`, which may add to the default rule or take from it', async () => {
    const retryIf = retryAny(retryIfDefault(), retryIfStatus(409));
    expect(await sendsOf(failure(409), { retryIf })).toBe(3);
    expect(await sendsOf(failure(503), { retryIf })).toBe(3);
    expect(await sendsOf(failure(404), { retryIf })).toBe(1);
    expect(await sendsOf(failure(503), { retryIf: () => false })).toBe(1);
    expect(await sendsOf(failure(503), { retryIf: async () => undefined })).toBe(3);
    expect(await sendsOf(domainError, { retryIf: async ({ error }) => error === domainError })).toBe(3);
    expect(await sendsOf(failure(503, { method: 'post' }), { retryIf: () => true })).toBe(3);
  });

  test('is not up to `retryIf` when the request was cancelled', async () => {
    const retryIf = jest.fn(() => true);
    expect(await sendsOf(new axios.CanceledError(), { retryIf })).toBe(1);
    expect(retryIf).not.toHaveBeenCalled();
  });

  test('is told to `retryIf` as to a policy', async () => {
    const contexts: RetryContext[] = [];
    const error = failure(503, { method: 'put', url: '/a' });
    await sendsOf(error, { retryIf: (context) => void contexts.push(context) });
    expect(contexts).toHaveLength(2);
    expect(contexts[0]).toMatchObject({ method: 'PUT', url: '/a', failure: 'ambiguous', attemptNumber: 1 });
    expect(contexts[0]?.error).toBe(error);
    expect(contexts[0]?.config).toBe(error.config);
  });
});

describe('a function of the user that throws', () => {
  const thrown = new Error('A mistake');
  test.each<[string, BatchOptions]>([
    [
      'retryIf',
      {
        retryIf: () => {
          throw thrown;
        },
      },
    ],
    ['retryIf, later', { retryIf: () => Promise.reject(thrown) }],
    [
      'wait',
      {
        wait: () => {
          throw thrown;
        },
      },
    ],
  ])('%s: its error is that of the item, and the others go on', async (_, options) => {
    const { send, sent } = sender({ b: [failure(503)] });
    const { fulfilled, rejected } = await batch(['a', 'b', 'c'], send, options);
    expect([...fulfilled.keys()]).toEqual(['a', 'c']);
    expect(rejected.get('b')).toBe(thrown);
    expect(sent).toHaveLength(3);
  });

  test.each([Number.NaN, -1, Infinity])('so does a wait of %p', async (delay) => {
    const { send } = sender({ a: [failure(503)] });
    const { rejected } = await batch(['a'], send, { wait: () => delay });
    expect(rejected.get('a')).toBeInstanceOf(TypeError);
  });
});

describe('a budget', () => {
  const failing = { a: [failure(503)], b: [failure(503)], c: [failure(503)] };

  test('pays a retry for each item and a wait for each round; items without one keep their error', async () => {
    const budget = new RetryBudget({ maxRetries: 2, maxWait: 1_000 });
    const { send, sent } = sender(failing);
    const clock = virtualClock();
    const { fulfilled, rejected } = await batch(
      ['a', 'b', 'c'],
      send,
      { budget, wait: waitFixed(400) },
      { clock },
    );
    expect(sent).toEqual(['a', 'b', 'c', 'a', 'b']);
    expect([...fulfilled.keys()]).toEqual(['a', 'b']);
    expect([...rejected]).toEqual([['c', failing.c[0]]]);
    expect(budget).toMatchObject({ remainingRetries: 0, remainingWait: 600 });
  });

  test('that cannot pay for the wait pays for nothing', async () => {
    const budget = new RetryBudget({ maxRetries: 9, maxWait: 100 });
    const { send, sent } = sender(failing);
    const { rejected } = await batch(['a', 'b', 'c'], send, { budget, wait: waitFixed(400) });
    expect(sent).toHaveLength(3);
    expect(rejected.size).toBe(3);
    expect(budget).toMatchObject({ remainingRetries: 9, remainingWait: 100 });
  });

  test('gets back what an abort in the wait left', async () => {
    const budget = new RetryBudget({ maxRetries: 5, maxWait: 1_000 });
    const clock = virtualClock({ mode: 'manual' });
    const controller = new AbortController();
    const { send } = sender(failing);
    const options = { budget, wait: waitFixed(400), signal: controller.signal };
    const result = batch(['a', 'b', 'c'], send, options, { clock });
    await clock.untilPending();
    expect(budget).toMatchObject({ remainingRetries: 2, remainingWait: 600 });
    await clock.advance(100);
    controller.abort();
    await result;
    expect(budget).toMatchObject({ remainingRetries: 5, remainingWait: 900 });
  });

  test('gets back the retries of items that an abort in the next round left unsent', async () => {
    const budget = new RetryBudget({ maxRetries: 5, maxWait: 1_000 });
    const controller = new AbortController();
    const { send, sent } = sender(failing);
    const sendThenAbort = (item: string) => {
      if (sent.length === 4) controller.abort();
      return send(item);
    };
    const options = { budget, wait: waitFixed(400), signal: controller.signal, concurrency: 1 };
    await batch(['a', 'b', 'c'], sendThenAbort, options, { clock: virtualClock() });
    expect(sent).toEqual(['a', 'b', 'c', 'a', 'b']);
    expect(budget).toMatchObject({ remainingRetries: 5 - 2, remainingWait: 600 });
  });

  test('may be asked for, once', async () => {
    const budget = new RetryBudget({ maxRetries: 0 });
    const ask = jest.fn(() => budget);
    const { send, sent } = sender(failing);
    await batch(['a', 'b', 'c'], send, { ...now, budget: ask });
    expect(ask).toHaveBeenCalledTimes(1);
    expect(sent).toHaveLength(3);
    await batch(['a'], send, { ...now, budget: () => undefined });
    expect(sent).toHaveLength(4);
    await expect(batch(['a'], send, { budget: () => ({}) as RetryBudget })).rejects.toThrow(
      new TypeError(
        'Expected the result of batch option `budget` to be a RetryBudget or undefined, got [object Object]',
      ),
    );
  });
});

describe('an abort', () => {
  const reason = new Error('The user left');
  const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

  test('before the start sends nothing', async () => {
    const { send, sent } = sender();
    const { rejected } = await batch(['a', 'b'], send, { signal: AbortSignal.abort(reason) });
    expect(sent).toEqual([]);
    expect([...rejected]).toEqual([
      ['a', reason],
      ['b', reason],
    ]);
  });

  test('in a round keeps what is done, and rejects what is in flight or in line with the reason', async () => {
    const controller = new AbortController();
    const missing = failure(404);
    const sent: string[] = [];
    const send = (item: string): Promise<string> => {
      sent.push(item);
      if (item === 'done') return Promise.resolve('DONE');
      if (item === 'missing') return Promise.reject(missing);
      return new Promise(() => undefined);
    };
    const items = ['stuck', 'done', 'missing', 'stuck too', 'in line'];
    const result = batch(items, send, { signal: controller.signal, concurrency: 2 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(listeners(controller.signal)).toBe(1);
    controller.abort(reason);
    const { fulfilled, rejected } = await result;
    expect(sent).toEqual(['stuck', 'done', 'missing', 'stuck too']);
    expect([...fulfilled]).toEqual([['done', 'DONE']]);
    expect([...rejected]).toEqual([
      ['stuck', reason],
      ['missing', missing],
      ['stuck too', reason],
      ['in line', reason],
    ]);
    expect(listeners(controller.signal)).toBe(0);
  });

  test('in the wait ends it, without a timer left', async () => {
    const clock = virtualClock({ mode: 'manual' });
    const controller = new AbortController();
    const { send, sent } = sender({ a: [failure(503)] });
    const result = batch(['a', 'b'], send, { signal: controller.signal }, { clock });
    await clock.untilPending();
    controller.abort(reason);
    const { fulfilled, rejected } = await result;
    expect([...fulfilled.keys()]).toEqual(['b']);
    expect(rejected.get('a')).toBe(reason);
    expect(sent).toEqual(['a', 'b']);
    expect(clock.pending).toBe(0);
    expect(listeners(controller.signal)).toBe(0);
  });

  test('while `retryIf` thinks does not wait for its answer', async () => {
    const controller = new AbortController();
    const asked = createGate();
    const { send } = sender({ a: [failure(503)] });
    const retryIf = () => {
      asked.open();
      return new Promise<boolean>(() => undefined);
    };
    const result = batch(['a'], send, { signal: controller.signal, retryIf });
    await asked.passed;
    controller.abort(reason);
    expect((await result).rejected.get('a')).toBe(reason);
  });

  test('cuts the requests off that were given the signal', async () => {
    const server = await startServer(stall());
    const controller = new AbortController();
    const { signal } = controller;
    const result = batch(['/a', '/b'], (path) => axios.get(server.url + path, { signal }), { signal });
    await eventually(() => server.requests.length === 2);
    controller.abort(reason);
    expect([...(await result).rejected.values()]).toEqual([reason, reason]);
    await eventually(() => server.openSockets() === 0);
    expect(server.requests).toHaveLength(2);
  });

  test('asks nothing about what fails after it', async () => {
    const controller = new AbortController();
    const gate = createGate();
    const retryIf = jest.fn(() => true);
    const send = async () => {
      await gate.passed;
      throw failure(503);
    };
    const result = batch(['a'], send, { signal: controller.signal, retryIf });
    controller.abort(reason);
    expect((await result).rejected.get('a')).toBe(reason);
    gate.open();
    await new Promise((resolve) => setImmediate(resolve));
    expect(retryIf).not.toHaveBeenCalled();
  });

  test('that never comes leaves no listener', async () => {
    const { signal } = new AbortController();
    await batch(['a'], sender({ a: [failure(503)] }).send, { ...now, signal });
    expect(listeners(signal)).toBe(0);
  });
});

describe('conservation', () => {
  const fate = fc.array(fc.constantFrom('ok', 'missing', 'busy', 'throws'), { minLength: 1, maxLength: 4 });

  test('every distinct item ends in one map, in order, sent no more often than it may be', async () => {
    const scenario = fc.record({
      items: fc.array(fc.nat(12), { maxLength: 20 }),
      fates: fc.array(fate, { minLength: 13, maxLength: 13 }),
      concurrency: fc.constantFrom(1, 2, 5, Infinity),
      maxRounds: fc.integer({ min: 1, max: 4 }),
      maxRetries: fc.constantFrom(0, 3, Infinity),
      abortAt: fc.option(fc.nat(30), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ items, fates, concurrency, maxRounds, maxRetries, abortAt }) => {
        const distinct = [...new Set(items)];
        const controller = new AbortController();
        const clock: VirtualClock = virtualClock();
        const budget = new RetryBudget({ maxRetries, maxWait: Infinity });
        const sends = new Map<number, number>();
        let total = 0;
        let active = 0;
        const send = async (item: number): Promise<number> => {
          const times = (sends.get(item) ?? 0) + 1;
          sends.set(item, times);
          if (total++ === abortAt) controller.abort('enough');
          expect(++active).toBeLessThanOrEqual(concurrency);
          for (let turn = 0; turn < item % 4; turn += 1) await undefined;
          active -= 1;
          const end = fates[item]?.[Math.min(times, fates[item]?.length ?? 0) - 1];
          if (end === 'throws') throw new Error('boom');
          if (end !== 'ok') throw failure(end === 'busy' ? 503 : 404);
          return item;
        };
        const options = { concurrency, maxRounds, budget, signal: controller.signal };
        const { fulfilled, rejected } = await batch(items, send, options, { clock, random: () => 0.5 });

        expect([...fulfilled.keys()]).toEqual(distinct.filter((item) => fulfilled.has(item)));
        expect([...rejected.keys()]).toEqual(distinct.filter((item) => rejected.has(item)));
        expect(fulfilled.size + rejected.size).toBe(distinct.length);
        let retries = 0;
        for (const item of distinct) {
          const times = sends.get(item) ?? 0;
          const ends = fates[item] ?? [];
          const end = ends[Math.min(times, ends.length) - 1];
          retries += Math.max(0, times - 1);
          expect(times).toBeLessThanOrEqual(maxRounds);
          expect(fulfilled.has(item) !== rejected.has(item)).toBe(true);
          if (controller.signal.aborted) continue;
          expect(fulfilled.has(item)).toBe(end === 'ok');
          // Only what is busy was sent again, and it was unless something ran out.
          expect(ends.slice(0, times - 1).every((earlier) => earlier === 'busy')).toBe(true);
          if (end === 'busy' && maxRetries === Infinity) expect(times).toBe(maxRounds);
        }
        if (maxRetries < Infinity) expect(budget.remainingRetries).toBe(maxRetries - retries);
        for (const reason of rejected.values())
          expect(reason instanceof Error || (controller.signal.aborted && reason === 'enough')).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});

describe('bad input', () => {
  const send = () => 1;
  test.each<[unknown[], string]>([
    [[undefined, send], 'Expected the items of a batch to be iterable and no string, got undefined'],
    [['abc', send], 'Expected the items of a batch to be iterable and no string, got "abc"'],
    [[{}, send], 'Expected the items of a batch to be iterable and no string, got [object Object]'],
    [[[], 'send'], 'Expected the second argument of `batch` to be a function, got "send"'],
    [[[], send, 3], 'Expected batch options to be an object, got 3'],
    [
      [[], send, { rounds: 2 }],
      'Expected batch option `rounds` to be one of concurrency, maxRounds, wait, retryIf, budget, cooldown, signal, onProgress, got 2',
    ],
    [
      [[], send, { concurrency: 0 }],
      'Expected batch option `concurrency` to be an integer ≥ 1 or Infinity, got 0',
    ],
    [[[], send, { maxRounds: 1.5 }], 'Expected batch option `maxRounds` to be an integer ≥ 1, got 1.5'],
    [
      [[], send, { maxRounds: Infinity }],
      'Expected batch option `maxRounds` to be an integer ≥ 1, got Infinity',
    ],
    [[[], send, { wait: 100 }], 'Expected batch option `wait` to be a function, got 100'],
    [[[], send, { retryIf: true }], 'Expected batch option `retryIf` to be a function, got true'],
    [
      [[], send, { budget: { maxRetries: 3 } }],
      'Expected batch option `budget` to be a RetryBudget or a function, got [object Object]',
    ],
    [
      [[], send, { cooldown: { hold: true } }],
      'Expected batch option `cooldown` to be a Cooldown, got [object Object]',
    ],
    [[[], send, { onProgress: true }], 'Expected batch option `onProgress` to be a function, got true'],
    [
      [[], send, { signal: new AbortController() }],
      'Expected batch option `signal` to be an AbortSignal, got [object AbortController]',
    ],
  ])('%p is refused', async (args, message) => {
    await expect((batch as (...all: unknown[]) => Promise<unknown>)(...args)).rejects.toThrow(
      new TypeError(message),
    );
  });

  test('undefined fields have no opinion', async () => {
    const options = { concurrency: undefined, maxRounds: undefined, wait: undefined, signal: undefined };
    expect((await batch([1], send, options)).fulfilled.size).toBe(1);
  });

  test('a clock that fails is no outcome of an item', async () => {
    const clock = { now: () => 0, sleep: () => Promise.reject(new Error('The clock is broken')) };
    const { send: failing } = sender({ a: [failure(503)] });
    await expect(batch(['a'], failing, {}, { clock })).rejects.toThrow('The clock is broken');
  });
});

/** A clock that has gone on for a while. */
async function lateClock(): Promise<VirtualClock> {
  const clock = virtualClock({ mode: 'manual' });
  await clock.advance(5_000);
  return clock;
}

test('a signal that is null is refused like any other that is none', async () => {
  await expect(batch([1], () => 1, { signal: null as never })).rejects.toThrow(
    /^Expected batch option `signal` to be an AbortSignal, got null/,
  );
});

test('what is told of an item counts from the start of the batch', async () => {
  const clock = await lateClock();
  const told: unknown[] = [];
  const retryIf = ({ elapsed, totalDelay, url, method }: RetryContext): undefined => {
    told.push([elapsed, totalDelay, url, method]);
  };
  const done = batch(['a'], () => Promise.reject(failure(503)), { retryIf, wait: waitFixed(100) }, { clock });
  await clock.advance(1_000);
  await done;
  expect(told).toEqual([
    [0, 0, '', 'GET'],
    [100, 100, '', 'GET'],
  ]);
});

test('an abort in the wait gives back what was not slept', async () => {
  const clock = await lateClock();
  const controller = new AbortController();
  const budget = new RetryBudget({ maxRetries: 5, maxWait: 10_000 });
  const { signal } = controller;
  const done = batch(
    ['a'],
    () => Promise.reject(failure(503)),
    { budget, signal, wait: waitFixed(1_000) },
    { clock },
  );
  await clock.advance(400);
  controller.abort('left');
  expect((await done).rejected.get('a')).toBe('left');
  expect([budget.remainingRetries, budget.remainingWait]).toEqual([5, 9_600]);
});

test('an item that nothing came of before the abort has its reason', async () => {
  const controller = new AbortController();
  controller.abort('left');
  const { fulfilled, rejected } = await batch([1], () => 1, { signal: controller.signal });
  expect([[...fulfilled], [...rejected]]).toEqual([[], [[1, 'left']]]);
});
