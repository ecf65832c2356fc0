import { Agent, createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import axios from 'axios';
import express from 'express';
import fastify from 'fastify';
import { currentRetryBudget, withRetryBudget } from '../../lib/context.ts';
import { attachRetry, RetryBudget, retryReport } from '../../lib/index.ts';
import { caught } from '../helpers/caught.ts';
import { createClient } from '../helpers/clients.ts';
import { createGate } from '../helpers/gate.ts';
import { scripted } from '../helpers/scripted.ts';
import { answer, closeServers, startServer } from '../helpers/server.ts';

afterEach(closeServers);

const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));
const small = (maxRetries = 3): RetryBudget => new RetryBudget({ maxRetries, maxWait: 1_000 });

describe('withRetryBudget', () => {
  test('gives what the handler gives, synchronously or as a promise', async () => {
    expect(withRetryBudget(small(), () => 5)).toBe(5);
    expect(await withRetryBudget(small(), async () => 6)).toBe(6);
  });

  test('calls the handler at once and without arguments, so that a `next` of some framework can be one', () => {
    const next = jest.fn();
    withRetryBudget(small(), next);
    expect(next.mock.calls).toEqual([[]]);
  });

  test('lets an error of the handler through and ends the context', async () => {
    const failure = new Error('handler');
    const fail = (): never => {
      throw failure;
    };
    expect(() => withRetryBudget(small(), fail)).toThrow(failure);
    await expect(withRetryBudget(small(), async () => fail())).rejects.toBe(failure);
    expect(currentRetryBudget()).toBeUndefined();
  });

  test.each([
    [{ maxRetries: 5 }, 'got [object Object]'],
    [undefined, 'got undefined'],
    [null, 'got null'],
    [10, 'got 10'],
    [RetryBudget, 'got a function'],
  ])('refuses %p as a budget, and does not call the handler', (budget, got) => {
    const handler = jest.fn();
    expect(() => withRetryBudget(budget as never, handler)).toThrow(
      new TypeError(`Expected the first argument of \`withRetryBudget\` to be a RetryBudget, ${got}`),
    );
    expect(handler).not.toHaveBeenCalled();
  });

  test.each([
    [undefined, 'got undefined'],
    [Promise.resolve(), 'got [object Promise]'],
  ])('refuses %p as a handler', (handler, got) => {
    expect(() => withRetryBudget(small(), handler as never)).toThrow(
      new TypeError(`Expected the second argument of \`withRetryBudget\` to be a function, ${got}`),
    );
  });
});

describe('currentRetryBudget', () => {
  test('is undefined outside of a handler', () => {
    expect(currentRetryBudget()).toBeUndefined();
  });

  test('follows a handler across awaits, timers and nested functions', async () => {
    const budget = small();
    const seen: unknown[] = [];
    const look = async (): Promise<void> => {
      seen.push(currentRetryBudget());
      await tick();
      seen.push(currentRetryBudget());
    };
    await withRetryBudget(budget, async () => {
      await look();
      await Promise.all([look(), tick().then(look)]);
      setImmediate(() => seen.push(currentRetryBudget()));
      await tick();
    });
    expect(seen).toEqual(Array(7).fill(budget));
    expect(currentRetryBudget()).toBeUndefined();
  });

  test('is that of the inner handler inside it, and that of the outer one again after it', async () => {
    const [outer, inner] = [small(), small()];
    await withRetryBudget(outer, async () => {
      await withRetryBudget(inner, async () => {
        await tick();
        expect(currentRetryBudget()).toBe(inner);
      });
      expect(currentRetryBudget()).toBe(outer);
    });
  });

  test('does not mix up handlers that take turns', async () => {
    const budgets = Array.from({ length: 20 }, () => small());
    await Promise.all(
      budgets.map((budget, index) =>
        withRetryBudget(budget, async () => {
          for (let turn = 0; turn < 5; turn += 1) {
            await new Promise((resolve) => setTimeout(resolve, (index * 7 + turn * 3) % 5));
            expect(currentRetryBudget()).toBe(budget);
          }
        }),
      ),
    );
  });

  test('finds a budget that another build of the package put there', async () => {
    const budget = small();
    let other: typeof import('../../lib/context.ts') | undefined;
    await jest.isolateModulesAsync(async () => {
      other = await import('../../lib/context.ts');
    });
    expect(other?.withRetryBudget).not.toBe(withRetryBudget);
    expect(other?.withRetryBudget(budget, currentRetryBudget)).toBe(budget);
  });
});

describe('a client with `budget: currentRetryBudget`', () => {
  test('draws on the budget of the handler that made the call, wherever the call is made', async () => {
    const { adapter, sent } = scripted(503);
    const { client } = createClient({ adapter }, { budget: currentRetryBudget, maxAttempts: 3 });
    const budget = small(3);
    const errors = await withRetryBudget(budget, async () => {
      const first = await caught(client.get('/a'));
      await tick();
      const rest = await Promise.all([caught(client.get('/b')), tick().then(() => caught(client.get('/c')))]);
      return [first, ...rest];
    });
    expect(sent).toHaveLength(3 + 3);
    expect(budget.remainingRetries).toBe(0);
    expect(errors.map((error) => retryReport(error)?.reason)).toContain('budget-exhausted');
    await caught(client.get('/outside'));
    expect(sent).toHaveLength(3 + 3 + 3);
  });

  test('keeps to the budget under which a call began, however long it waits', async () => {
    const { adapter } = scripted(503, 503, 200);
    const gate = createGate();
    const { client } = createClient(
      { adapter },
      { budget: currentRetryBudget, beforeRetry: () => gate.passed },
    );
    const [first, second] = [small(), small()];
    const call = withRetryBudget(first, () => client.get('/'));
    await withRetryBudget(second, async () => gate.open());
    await call;
    expect([first.remainingRetries, second.remainingRetries]).toEqual([1, 3]);
  });

  test('lets one call have a budget of its own', async () => {
    const { adapter } = scripted(503);
    const { client } = createClient({ adapter }, { budget: currentRetryBudget });
    const [shared, own] = [small(), small()];
    await withRetryBudget(shared, () => caught(client.get('/', { retry: { budget: own } })));
    expect([shared.remainingRetries, own.remainingRetries]).toEqual([3, 1]);
  });

  test('may be any number of clients', async () => {
    const budget = small(3);
    const clients = [scripted(503), scripted(503)].map(
      ({ adapter }) => createClient({ adapter }, { budget: currentRetryBudget }).client,
    );
    await withRetryBudget(budget, () => Promise.all(clients.map((client) => caught(client.get('/')))));
    expect(budget.remainingRetries).toBe(0);
  });
});

/** An application whose handler makes two calls, with an await in between, each worth two retries if it were alone. */
describe.each(['express', 'fastify'] as const)('with %s', (framework) => {
  const servers: Server[] = [];
  const closers: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    await Promise.all(closers.splice(0).map((close) => close()));
  });

  const listen = async (listener: RequestListener): Promise<string> => {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };

  interface Answer {
    readonly reasons: readonly (string | undefined)[];
    readonly left: number | undefined;
    readonly body?: unknown;
  }

  const start = async (upstream: string): Promise<string> => {
    const client = axios.create({ baseURL: upstream, proxy: false });
    attachRetry(client, { budget: currentRetryBudget, throttle: false, baseDelay: 5, jitter: 'none' });
    const call = async (path: string) => retryReport(await caught(client.get(path)))?.reason;
    const handle = async (body?: unknown): Promise<Answer> => {
      const first = await call('/first');
      await tick();
      const second = await call('/second');
      return { reasons: [first, second], left: currentRetryBudget()?.remainingRetries, body };
    };

    if (framework === 'express') {
      const app = express();
      app.use((_request, _response, next) => withRetryBudget(small(), next));
      app.use(express.json());
      app.get('/', async (_request, response) => void response.json(await handle()));
      app.post('/', async (request, response) => void response.json(await handle(request.body)));
      return listen(app);
    }
    const app = fastify({ forceCloseConnections: true });
    app.addHook('onRequest', (_request, _reply, done) => withRetryBudget(small(), done));
    app.get('/', () => handle());
    app.post('/', (request) => handle(request.body));
    closers.push(() => app.close());
    return app.listen({ port: 0, host: '127.0.0.1' });
  };

  const exhausted = { reasons: ['max-attempts', 'budget-exhausted'], left: 0 };

  test('all calls of a handler share one budget', async () => {
    const upstream = await startServer(answer(503));
    const url = await start(upstream.url);
    expect((await axios.get(url)).data).toEqual(exhausted);
    expect(upstream.requests.map((request) => request.url)).toEqual([
      ...Array(3).fill('/first'),
      ...Array(2).fill('/second'),
    ]);
  });

  test('a handler of a request whose body is slow to arrive has it, too', async () => {
    const url = await start((await startServer(answer(503))).url);
    const body = Readable.from(
      (async function* () {
        for (const part of ['{"text"', ':"sl', 'ow"}']) {
          yield part;
          await new Promise((resolve) => setTimeout(resolve, 15));
        }
      })(),
    );
    const headers = { 'content-type': 'application/json' };
    const response = await axios.post(url, body, { headers });
    expect(response.data).toEqual({ ...exhausted, body: { text: 'slow' } });
  });

  test('the next request on the same connection, and many at once, have budgets of their own', async () => {
    const upstream = await startServer(answer(503));
    const url = await start(upstream.url);
    const httpAgent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < 3; i += 1) expect((await axios.get(url, { httpAgent })).data).toEqual(exhausted);
    httpAgent.destroy();
    const answers = await Promise.all(Array.from({ length: 20 }, () => axios.get<Answer>(url)));
    expect(answers.map(({ data }) => data)).toEqual(Array(20).fill(exhausted));
    expect(upstream.requests).toHaveLength(5 * 23);
    expect(currentRetryBudget()).toBeUndefined();
  });
});
