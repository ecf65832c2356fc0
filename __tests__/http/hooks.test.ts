import { Readable } from 'node:stream';
import axios, { type InternalAxiosRequestConfig } from 'axios';
import {
  type GiveUpContext,
  type PendingRetryContext,
  RetryBudget,
  type RetryContext,
  type RetryObserver,
  type RetryOptions,
  retryReport,
} from '../../lib/index.ts';
import { caught } from '../helpers/caught.ts';
import { adapters, createClient } from '../helpers/clients.ts';
import { scripted } from '../helpers/scripted.ts';
import { answer, closeServers, echo, startServer } from '../helpers/server.ts';

afterEach(closeServers);

/** What one or the other observer is told. */
type Told = RetryContext & Partial<PendingRetryContext & GiveUpContext>;

const thrown = new Error('thrown by the user');
const fail = (): never => {
  throw thrown;
};

describe('an observer', () => {
  const unhandled = jest.fn();
  beforeAll(() => void process.on('unhandledRejection', unhandled));
  afterAll(() => void process.off('unhandledRejection', unhandled));

  const misbehaving: readonly (readonly [string, () => unknown])[] = [
    ['throws', fail],
    ['throws undefined', () => Promise.reject(undefined)],
    ['rejects', () => Promise.reject(thrown)],
    ['rejects later', () => new Promise((_, reject) => void setTimeout(reject, 5, thrown))],
    ['never ends', () => new Promise(() => undefined)],
    ['answers with a thenable that throws', () => Object.defineProperty({}, 'then', { value: fail })],
    ['answers with a getter that throws', () => Object.defineProperty({}, 'then', { get: fail })],
    ['answers false', () => false],
  ];
  const events = ['onAttempt', 'onRetry', 'onGiveUp'] as const;
  const cases = events.flatMap((event) => misbehaving.map(([what, tell]) => [event, what, tell] as const));

  test.each(cases)('whose %s %s changes neither a recovery nor a failure', async (event, _, tell) => {
    const second = { onAttempt: jest.fn(), onRetry: jest.fn(), onGiveUp: jest.fn() };
    const observe = [{ [event]: tell } as RetryObserver, second];
    const recovering = createClient({ adapter: scripted(503, 200).adapter }, { observe });
    expect((await recovering.client.get('/')).status).toBe(200);
    const failing = createClient({ adapter: scripted(503, 504).adapter }, { observe, maxAttempts: 2 });
    const error = await caught(failing.client.get('/'));
    expect(error.response?.status).toBe(504);
    expect(retryReport(error)?.reason).toBe('max-attempts');
    expect(events.map((name) => second[name].mock.calls.length)).toEqual([4, 2, 1]);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(unhandled).not.toHaveBeenCalled();
  });

  test('is called as a method of nothing, with one frozen context', async () => {
    const calls: unknown[][] = [];
    const note = function (this: unknown, ...given: unknown[]): void {
      calls.push([this, given.length, Object.isFrozen(given[0])]);
    };
    const observe = { onAttempt: note, onRetry: note, onGiveUp: note };
    const { client } = createClient({ adapter: scripted(503, 404).adapter }, { observe });
    await caught(client.get('/'));
    expect(calls).toEqual(Array.from({ length: 4 }, () => [undefined, 1, true]));
  });

  test('is told of attempts, retries and giving up in this order, with what is known then', async () => {
    const told: unknown[] = [];
    const tell =
      (event: string) =>
      ({ attemptNumber, delay, delaySource, reason, response, failure, totalDelay }: Told) =>
        void told.push({
          event,
          attemptNumber,
          status: response?.status,
          delay,
          delaySource,
          reason,
          failure,
          totalDelay,
        });
    const observe = { onAttempt: tell('attempt'), onRetry: tell('retry'), onGiveUp: tell('give up') };
    const { adapter } = scripted(503, 429, 500);
    const { client } = createClient({ adapter }, { observe });
    await caught(client.get('/'));
    const unknown = { delay: undefined, delaySource: undefined, reason: undefined };
    expect(told).toEqual([
      { ...unknown, event: 'attempt', attemptNumber: 1, status: 503, failure: 'ambiguous', totalDelay: 0 },
      {
        ...unknown,
        event: 'retry',
        attemptNumber: 1,
        status: 503,
        failure: 'ambiguous',
        totalDelay: 0,
        delay: 5,
        delaySource: 'backoff',
      },
      { ...unknown, event: 'attempt', attemptNumber: 2, status: 429, failure: 'refused', totalDelay: 5 },
      {
        ...unknown,
        event: 'retry',
        attemptNumber: 2,
        status: 429,
        failure: 'refused',
        totalDelay: 5,
        delay: 10,
        delaySource: 'backoff',
      },
      { ...unknown, event: 'attempt', attemptNumber: 3, status: 500, failure: 'ambiguous', totalDelay: 15 },
      {
        ...unknown,
        event: 'give up',
        attemptNumber: 3,
        status: 500,
        failure: 'ambiguous',
        totalDelay: 15,
        reason: 'max-attempts',
      },
    ]);
  });

  test('is told once of a request that succeeds at once, and never that it was given up', async () => {
    const observe = { onAttempt: jest.fn(), onRetry: jest.fn(), onGiveUp: jest.fn() };
    const { client } = createClient({ adapter: scripted(200).adapter }, { observe });
    await client.get('/');
    expect(events.map((name) => observe[name].mock.calls.length)).toEqual([1, 0, 0]);
  });

  test('of an override is told after those of the instance', async () => {
    const order: string[] = [];
    const observer = (name: string): RetryObserver => ({ onAttempt: () => void order.push(name) });
    const { client } = createClient(
      { adapter: scripted(200).adapter },
      { observe: [observer('a'), observer('b')] },
    );
    await client.get('/', { retry: { observe: observer('c') } });
    await client.get('/');
    expect(order).toEqual(['a', 'b', 'c', 'a', 'b']);
  });
});

describe('a function of the policy that fails rejects the request with its error', () => {
  const functions: readonly (readonly [string, RetryOptions])[] = [
    ['wait', { wait: fail }],
    ['stop', { stop: fail }],
    ['jitter', { jitter: fail }],
    ['a synchronous retryIf', { retryIf: fail }],
    ['an asynchronous retryIf', { retryIf: async () => fail() }],
    ['a slow retryIf', { retryIf: () => new Promise((_, reject) => void setTimeout(reject, 5, thrown)) }],
    ['a synchronous beforeRetry', { beforeRetry: fail }],
    ['an asynchronous beforeRetry', { beforeRetry: async () => fail() }],
    [
      'a slow beforeRetry',
      { beforeRetry: () => new Promise((_, reject) => void setTimeout(reject, 5, thrown)) },
    ],
  ];
  afterEach(() => {
    delete thrown.cause;
  });

  test.each(functions)('%s: the original is the cause, and nothing more is sent', async (_, options) => {
    let original: unknown;
    const onAttempt = ({ error }: RetryContext) => {
      original = error;
    };
    const { adapter, sent } = scripted(503);
    const budget = new RetryBudget({ maxRetries: 2, maxWait: 1_000 });
    const { client } = createClient({ adapter }, { ...options, budget, observe: { onAttempt } });
    const error = await caught<Error>(client.get('/'));
    expect(error).toBe(thrown);
    expect(error.cause).toBe(original);
    expect(original).toMatchObject({ response: { status: 503 } });
    expect(Object.keys(error)).toEqual([]);
    expect(sent).toHaveLength(1);
    expect(budget.remainingRetries).toBe(2);
  });

  test.each(functions)('%s on the second attempt: the second failure is the cause', async (_, options) => {
    const [[name, spoiled]] = Object.entries(options) as [[string, () => unknown]];
    let calls = 0;
    const late = (...given: unknown[]): unknown => {
      calls += 1;
      if (calls === 2) return spoiled();
      return name === 'jitter' ? given[0] : name === 'wait' ? 1 : undefined;
    };
    const { adapter, sent } = scripted(503, 504);
    const { client } = createClient({ adapter }, { [name]: late });
    const error = await caught<Error>(client.get('/'));
    expect(error).toBe(thrown);
    expect(error.cause).toMatchObject({ response: { status: 504 } });
    expect(sent).toHaveLength(2);
  });

  test('the retryIf of a success: there is no failure to name as cause', async () => {
    const { client } = createClient({ adapter: scripted(200).adapter }, { retryIf: fail });
    const error = await caught<Error>(client.get('/'));
    expect(error).toBe(thrown);
    expect('cause' in error).toBe(false);
  });

  test('a cause of its own is kept', async () => {
    const own = new Error('mine', { cause: 'my own' });
    const { client } = createClient(
      { adapter: scripted(503).adapter },
      { beforeRetry: () => Promise.reject(own) },
    );
    expect((await caught(client.get('/'))).cause).toBe('my own');
  });

  test.each<[string, unknown]>([
    ['a string', 'no'],
    ['undefined', undefined],
    ['a frozen error', Object.freeze(new Error('frozen'))],
    ['a symbol', Symbol('no')],
  ])('%s is passed on as it is', async (_, value) => {
    const { client } = createClient(
      { adapter: scripted(503).adapter },
      { beforeRetry: () => Promise.reject(value) },
    );
    expect(await caught<unknown>(client.get('/'))).toBe(value);
  });

  test('the failure itself, thrown again, has no cause but its own', async () => {
    const beforeRetry: RetryOptions['beforeRetry'] = (_, { error }) => Promise.reject(error);
    const { client } = createClient({ adapter: scripted(503).adapter }, { beforeRetry });
    const error = await caught(client.get('/'));
    expect(error.response?.status).toBe(503);
    expect(error.cause).not.toBe(error);
  });
});

describe('a wait that is no finite number of milliseconds ≥ 0 never reaches a timer', () => {
  const bad: readonly (readonly [unknown, string])[] = [
    [Number.NaN, 'NaN'],
    [-1, '-1'],
    [-0.001, '-0.001'],
    [Infinity, 'Infinity'],
    [-Infinity, '-Infinity'],
    [undefined, 'undefined'],
    [null, 'null'],
    ['100', '"100"'],
    [10n, '10n'],
    [Promise.resolve(5), '[object Promise]'],
  ];
  const places = ['wait', 'jitter'] as const;

  test.each(places.flatMap((place) => bad.map((row) => [place, ...row] as const)))(
    '%s: %p',
    async (place, value, shown) => {
      const spy = jest.spyOn(globalThis, 'setTimeout');
      try {
        const { adapter, sent } = scripted(503);
        const { client } = createClient({ adapter }, { [place]: () => value });
        const error = await caught<Error>(client.get('/'));
        expect(error).toBeInstanceOf(TypeError);
        const message = /^Expected .*\bwait\b.* to be a finite number of milliseconds ≥ 0, got (.*)$/;
        expect(message.exec(error.message)?.[1]).toBe(shown);
        expect(error.cause).toMatchObject({ response: { status: 503 } });
        expect(sent).toHaveLength(1);
        expect(spy).not.toHaveBeenCalled();
      } finally {
        spy.mockRestore();
      }
    },
  );

  test.each([0, -0, 0.25, Number.MIN_VALUE])('%p is a wait', async (delay) => {
    const { client } = createClient({ adapter: scripted(503, 200).adapter }, { wait: () => delay });
    expect((await client.get('/')).status).toBe(200);
  });

  test.each<[string, RetryOptions]>([
    ['wait', { wait: () => 2 ** 40, retryAfter: false }],
    ['baseDelay', { baseDelay: 2 ** 40, maxDelay: 2 ** 41, retryAfter: false }],
    ['Retry-After', { retryAfter: { max: Infinity } }],
  ])('one beyond 2³¹−1 ms from %s is cut in pieces', async (_, options) => {
    const spy = jest.spyOn(globalThis, 'setTimeout');
    const controller = new AbortController();
    try {
      const { adapter } = scripted((config) => {
        const headers = { 'retry-after': String(2 ** 22) };
        const response = { status: 503, statusText: '', headers, config, data: '' };
        throw new axios.AxiosError('busy', 'ERR_BAD_RESPONSE', config, {}, response);
      });
      const { client } = createClient({ adapter }, { maxElapsedTime: Infinity, ...options });
      const failing = caught(client.get('/', { signal: controller.signal }));
      await new Promise((resolve) => setImmediate(resolve));
      expect(spy.mock.calls.map(([, delay]) => delay)).toEqual([2 ** 31 - 1]);
      controller.abort('enough');
      expect((await failing).cause).toBe('enough');
    } finally {
      spy.mockRestore();
    }
  });
});

describe('retryIf', () => {
  test.each<[string, RetryOptions['retryIf'], number, number]>([
    ['false of a 503', () => false, 503, 1],
    ['a promise of false of a 503', async () => false, 503, 1],
    ['true of a 404', () => true, 404, 3],
    ['a promise of true of a 404', async () => true, 404, 3],
    ['undefined of a 503', () => undefined, 503, 3],
    ['undefined of a 404', () => undefined, 404, 1],
    ['a promise of nothing of a 503', async () => undefined, 503, 3],
    ['true of a 200', () => true, 200, 3],
    ['undefined of a 200', () => undefined, 200, 1],
  ])('that answers %s', async (_, retryIf, status, attempts) => {
    const { adapter, sent } = scripted(status);
    const { client } = createClient({ adapter }, { retryIf });
    await client.get('/').catch(() => undefined);
    expect(sent).toHaveLength(attempts);
  });

  test('sees the outcome with all that is known of it', async () => {
    const contexts: RetryContext[] = [];
    const retryIf = (context: RetryContext) => void contexts.push(context);
    const { client } = createClient({ adapter: scripted(503, 200).adapter }, { retryIf, maxAttempts: 4 });
    const response = await client.put('/things', 'body', { params: { a: 1 } });
    expect(contexts).toHaveLength(2);
    expect(contexts[0]).toMatchObject({
      attemptNumber: 1,
      maxAttempts: 4,
      totalDelay: 0,
      method: 'PUT',
      url: '/things',
      failure: 'ambiguous',
      response: { status: 503 },
      error: { code: 'ERR_BAD_RESPONSE' },
      config: { method: 'put', url: '/things', params: { a: 1 } },
    });
    expect(contexts[0]?.config.data).toBe('body');
    expect(contexts[1]).toMatchObject({ attemptNumber: 2, totalDelay: 5, failure: 'none' });
    expect(contexts[1]?.response).toBe(response);
    expect('error' in (contexts[1] as object)).toBe(false);
    expect(contexts[1]?.elapsed).toBeGreaterThanOrEqual(5);
    expect(contexts.every(({ random }) => random() >= 0 && random() < 1)).toBe(true);
  });

  test('that finds the last success wanting: the response is the caller’s', async () => {
    const { client } = createClient({ adapter: scripted(200).adapter }, { retryIf: () => true });
    const response = await client.get('/');
    expect([response.status, retryReport(response)?.reason]).toEqual([200, 'max-attempts']);
  });
});

describe.each(adapters)('beforeRetry over %s', (adapter) => {
  test('is awaited before each retry and never before the first attempt', async () => {
    const server = await startServer(answer(503));
    const calls: unknown[] = [];
    const beforeRetry: RetryOptions['beforeRetry'] = async (config, context) => {
      calls.push([
        server.requests.length,
        config.url,
        context.attemptNumber,
        context.delay,
        context.delaySource,
      ]);
      await new Promise((resolve) => setTimeout(resolve, 10));
      calls.push(server.requests.length);
    };
    const { client } = createClient({ adapter, baseURL: server.url }, { beforeRetry });
    await caught(client.get('/path'));
    expect(calls).toEqual([[1, '/path', 1, 5, 'backoff'], 1, [2, '/path', 2, 10, 'backoff'], 2]);
  });

  test('that edits the config in place changes the URL, headers, params and body of that attempt only', async () => {
    const server = await startServer([answer(503), answer(503), echo()]);
    let calls = 0;
    const beforeRetry: RetryOptions['beforeRetry'] = (config) => {
      calls += 1;
      if (calls > 1) return;
      config.url = '/other';
      config.params.page = 2;
      config.headers.set('x-attempt', 'second');
      config.data.edited = true;
    };
    const { client } = createClient({ adapter, baseURL: server.url }, { beforeRetry });
    const body = { kept: { deep: 1 } };
    const response = await client.put('/first', body, { params: { page: 1 } });
    expect(server.requests.map(({ url, headers, text }) => [url, headers['x-attempt'], text])).toEqual([
      ['/first?page=1', undefined, '{"kept":{"deep":1}}'],
      ['/other?page=2', 'second', '{"kept":{"deep":1},"edited":true}'],
      ['/first?page=1', undefined, '{"kept":{"deep":1}}'],
    ]);
    expect(response.data.headers['content-length']).toBe(String('{"kept":{"deep":1}}'.length));
    expect(body).toEqual({ kept: { deep: 1 } });
  });

  test('that answers another config sends that one', async () => {
    const server = await startServer([answer(503), answer(503), echo()]);
    let calls = 0;
    const beforeRetry: RetryOptions['beforeRetry'] = async (config) => {
      calls += 1;
      return calls === 1 ? { ...config, url: '/fallback', method: 'get' } : undefined;
    };
    const { client } = createClient({ adapter, baseURL: server.url }, { beforeRetry });
    const response = await client.get('/first');
    expect(server.requests.map(({ url }) => url)).toEqual(['/first', '/fallback', '/first']);
    expect(retryReport(response)?.attempts).toHaveLength(3);
  });

  test('refreshes a token that a 401 asked for', async () => {
    const server = await startServer(({ response, recorded: { headers } }) =>
      response.writeHead(headers.authorization === 'Bearer new' ? 200 : 401).end('"mine"'),
    );
    const beforeRetry: RetryOptions['beforeRetry'] = async (config, { response }) => {
      if (response?.status === 401) config.headers.set('authorization', 'Bearer new');
    };
    const retryIf = ({ response }: RetryContext) => response?.status === 401 || undefined;
    const { client } = createClient({ adapter }, { beforeRetry, retryIf });
    expect((await client.get(server.url, { headers: { authorization: 'Bearer old' } })).data).toBe('mine');
  });

  test('that sets a signal puts the rest of the request under it', async () => {
    const server = await startServer(answer(503));
    const controller = new AbortController();
    const { client } = createClient(
      { adapter },
      {
        beforeRetry: (config) => void Object.assign(config, { signal: controller.signal }),
        wait: ({ attemptNumber }) => (attemptNumber === 1 ? 0 : 60_000),
        observe: {
          onRetry: ({ attemptNumber }) =>
            void (attemptNumber === 2 && setTimeout(() => controller.abort('set late'), 5)),
        },
      },
    );
    const error = await caught(client.get(server.url));
    expect([axios.isCancel(error), error.cause]).toEqual([true, 'set late']);
    expect(server.requests).toHaveLength(2);
  });

  test.each([false, '/other', 5])('that answers %p is refused with a TypeError', async (value) => {
    const server = await startServer(answer(503));
    const { client } = createClient({ adapter }, { beforeRetry: () => value as never });
    const error = await caught<Error>(client.get(server.url));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.cause).toMatchObject({ response: { status: 503 } });
    expect(server.requests).toHaveLength(1);
  });

  describe('cannot make an attempt that is not safe:', () => {
    const unsafe: readonly (readonly [string, RetryOptions['beforeRetry'], string])[] = [
      [
        'the method becomes POST',
        (config) => void Object.assign(config, { method: 'post' }),
        'unsafe-method',
      ],
      ['another config with POST', (config) => ({ ...config, method: 'POST' }), 'unsafe-method'],
      [
        'the body becomes a stream',
        (config) => void Object.assign(config, { data: Readable.from(['x']) }),
        'body-not-replayable',
      ],
    ];
    test.each(unsafe)('%s', async (_, beforeRetry, reason) => {
      const server = await startServer(answer(503));
      const onGiveUp = jest.fn();
      const { client } = createClient({ adapter }, { beforeRetry, observe: { onGiveUp } });
      const error = await caught(client.put(server.url, 'body'));
      expect(error.response?.status).toBe(503);
      expect(retryReport(error)?.reason).toBe(reason);
      expect(onGiveUp.mock.calls.map(([context]) => context.reason)).toEqual([reason]);
      expect(server.requests).toHaveLength(1);
    });

    test('the idempotency key is taken away', async () => {
      const server = await startServer(answer(503));
      const beforeRetry = (config: InternalAxiosRequestConfig) =>
        void config.headers.delete('idempotency-key');
      const { client } = createClient({ adapter }, { beforeRetry, idempotencyKey: true });
      const error = await caught(client.post(server.url, 'charge'));
      expect(retryReport(error)?.reason).toBe('unsafe-method');
      expect(server.requests).toHaveLength(1);
    });

    test('but a POST after a 429 stays safe', async () => {
      const server = await startServer([answer(429), echo()]);
      const { client } = createClient(
        { adapter },
        { beforeRetry: (config) => ({ ...config, method: 'post' }) },
      );
      expect((await client.put(server.url, 'body')).data.method).toBe('POST');
    });
  });

  test('that takes longer than maxElapsedTime leaves the last outcome', async () => {
    const server = await startServer(answer(503));
    const beforeRetry = () => new Promise<void>((resolve) => void setTimeout(resolve, 60));
    const { client } = createClient({ adapter }, { beforeRetry, maxElapsedTime: 50 });
    const error = await caught(client.get(server.url));
    expect(retryReport(error)?.reason).toBe('max-elapsed-time');
    expect(server.requests).toHaveLength(1);
  });
});
