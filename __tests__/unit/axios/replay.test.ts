import { Readable } from 'node:stream';
import axios, {
  type AxiosAdapter,
  AxiosError,
  AxiosHeaders,
  type AxiosRequestConfig,
  CanceledError,
  type InternalAxiosRequestConfig,
} from 'axios';
import { attachRetry, RetryBudget, type RetryOptions, retryReport, wasRetried } from '../../../lib/index.ts';
import { caught } from '../../helpers/caught.ts';
import { createEventClock } from '../../helpers/event-clock.ts';
import { scripted, type Turn } from '../../helpers/scripted.ts';
import { ORIGIN, type Stage, stage } from '../../helpers/stage.ts';

const reset: Turn = (config) => {
  throw new AxiosError('socket hang up', 'ECONNRESET', config);
};

/** What an interceptor or a hook may do to a config in place. */
const edit = (config: InternalAxiosRequestConfig): InternalAxiosRequestConfig => {
  const { params, data, auth } = config;
  config.url += '/x';
  config.headers.set('x-list', `${config.headers.get('x-list') ?? ''}x`);
  params.list.push('x');
  data.list.push('x');
  if (auth) auth.username += 'x';
  return config;
};

const editable = (): AxiosRequestConfig => ({
  method: 'put',
  url: '/a',
  params: { list: [] },
  data: { list: [] },
  auth: { username: '', password: '' },
});

/** The marks of the edits on what was sent. */
const marks = ({ sent }: Stage): unknown[] =>
  sent.map(({ url, headers, params, data, auth }) => [
    url,
    headers.get('x-list') ?? '',
    params.list.join(''),
    JSON.parse(data as string).list.join(''),
    auth?.username,
  ]);

describe('edits in place do not add up', () => {
  test('of an interceptor: each attempt has them once', async () => {
    const world = stage([503, 503, 200]);
    world.client.interceptors.request.use(edit);
    await world.send(editable());
    const once = ['/a/x', 'x', 'x', 'x', 'x'];
    expect(marks(world)).toEqual([once, once, once]);
  });

  test('of beforeRetry: each retry has them once, and the first attempt never', async () => {
    const world = stage([503, 503, 200], { beforeRetry: (config) => void edit(config) });
    await world.send(editable());
    const once = ['/a/x', 'x', 'x', 'x', 'x'];
    expect(marks(world)).toEqual([['/a', '', '', '', ''], once, once]);
  });

  test('of a transformRequest: each attempt has them once', async () => {
    const world = stage([503, 503, 200]);
    const transformRequest = (data: { list: string[] }): string => {
      data.list.push('x');
      return JSON.stringify(data);
    };
    await world.send({ ...editable(), transformRequest });
    expect(marks(world)).toEqual([0, 1, 2].map(() => ['/a', '', '', 'x', '']));
  });

  test('of a transformRequest among others: each attempt has them once', async () => {
    const world = stage([503, 200]);
    const { transformRequest } = axios.defaults;
    const push = (data: { list: string[] }): object => {
      data.list.push('x');
      return data;
    };
    await world.send({ ...editable(), transformRequest: [push, ...[transformRequest ?? []].flat()] });
    expect(marks(world).map((row) => (row as string[])[3])).toEqual(['x', 'x']);
  });
});

test('what cannot be edited is passed on: a body, and a value of a class on the config', async () => {
  class Session {
    constructor(readonly name: string) {}
  }
  const session = new Session('mine');
  const body = Buffer.from('x');
  const world = stage([503, 200]);
  world.client.interceptors.request.use((config) => config);
  await world.send({ method: 'put', data: body, session } as AxiosRequestConfig);
  expect(world.sent.map((config) => [config.data, (config as { session?: Session }).session])).toEqual([
    [body, session],
    [body, session],
  ]);
  expect(world.sent.every((config) => (config as { session?: Session }).session === session)).toBe(true);
});

test('each attempt has headers of its own', async () => {
  const world = stage([503, 200]);
  await world.send({ headers: { 'x-a': '1' } });
  const [first, second] = world.sent.map(({ headers }) => headers);
  expect(second).not.toBe(first);
  expect(second).toBeInstanceOf(AxiosHeaders);
  expect([first?.get('x-a'), second?.get('x-a')]).toEqual(['1', '1']);
});

describe('a budget', () => {
  test('that is a function is asked once per request', async () => {
    const budget = jest.fn(() => new RetryBudget({ maxRetries: 1 }));
    const world = stage([503], { budget });
    const { report } = await world.send();
    expect([budget.mock.calls.length, report?.reason, report?.attempts.length]).toEqual([
      1,
      'budget-exhausted',
      2,
    ]);
  });

  test('that is a function may answer that there is none', async () => {
    expect((await stage([503], { budget: () => undefined }).send()).report?.reason).toBe('max-attempts');
  });

  test.each([[null], [{}], [5]])(
    'that is a function and answers %p is refused before anything is sent',
    async (answer) => {
      const world = stage([503], { budget: () => answer as never });
      const { value } = await world.send();
      expect((value as Error).message).toMatch(
        /^Expected the result of retry option `budget` to be a RetryBudget or undefined, got /,
      );
      expect(value).toBeInstanceOf(TypeError);
      expect(world.sent).toHaveLength(0);
    },
  );
});

describe('what `data` makes', () => {
  test('is made for each attempt', async () => {
    let made = 0;
    const data = (): string => {
      made += 1;
      return `body ${made}`;
    };
    const world = stage([503, 503, 200]);
    await world.send({ method: 'put', data: 'never', retry: { data } });
    expect(world.sent.map(({ data: sent }) => sent)).toEqual(['body 1', 'body 2', 'body 3']);
  });

  test.each([[undefined], [null]])('may be %p', async (nothing) => {
    const world = stage([503, 200]);
    expect(await world.send({ method: 'put', retry: { data: () => nothing } })).toMatchObject({ ok: true });
    expect(world.sent).toHaveLength(2);
  });

  test('must not be a promise', async () => {
    const world = stage([200]);
    const { value } = await world.send({ method: 'put', retry: { data: async () => 'x' } });
    expect((value as Error).message).toMatch(
      /^Expected the result of retry option `data` to be a body, got /,
    );
    expect(world.sent).toHaveLength(0);
  });

  test('must be another stream for every attempt', async () => {
    const body = Readable.from(['x']);
    const world = stage([503, 200]);
    const { value } = await world.send({ method: 'put', retry: { data: () => body } });
    expect((value as Error).message).toMatch(
      /^Expected the result of retry option `data` to be a new body for every attempt, got /,
    );
    expect(world.sent).toHaveLength(1);
  });

  test('may be the same text for every attempt', async () => {
    const world = stage([503, 200]);
    expect(await world.send({ method: 'put', retry: { data: () => 'x' } })).toMatchObject({ ok: true });
  });

  test('is closed before the next is made', async () => {
    const open: number[] = [];
    const made: Readable[] = [];
    const data = (): Readable => {
      open.push(made.filter(({ destroyed }) => !destroyed).length);
      const body = Readable.from(['x']);
      made.push(body);
      return body;
    };
    await stage([503, 503, 503]).send({ method: 'put', retry: { data } });
    expect(open).toEqual([0, 0, 0]);
    expect(made.map(({ destroyed }) => destroyed)).toEqual([true, true, true]);
  });

  test('is closed when the attempt is answered by a failure that passed for a success', async () => {
    const made: Readable[] = [];
    const data = (): Readable => {
      const body = Readable.from(['x']);
      made.push(body);
      return body;
    };
    const world = stage([503, 200]);
    await world.send({ method: 'put', validateStatus: null, retry: { data } });
    expect(made.map(({ destroyed }) => destroyed)).toEqual([true, false]);
  });
});

describe('deadlines', () => {
  const taking =
    (world: () => Stage, ms: number, turn: Turn): Turn =>
    async (config) => {
      await world().clock.alarm(ms);
      return typeof turn === 'function' ? turn(config) : scripted(turn).adapter(config);
    };

  const messageOf = ({ value }: { value: unknown }): string => (value as Error).message;

  test('attemptTimeout counts from the start of each attempt', async () => {
    const world: Stage = stage(
      [taking(() => world, 80, 503), taking(() => world, 80, 503), taking(() => world, 120, 200)],
      {
        attemptTimeout: 100,
      },
    );
    const settled = await world.send();
    expect(messageOf(settled)).toBe('attemptTimeout of 100 ms exceeded');
    expect(settled.report).toMatchObject({
      attempts: [{ status: 503 }, { status: 503 }, { code: 'ETIMEDOUT', startedAt: 460, duration: 100 }],
      reason: 'max-attempts',
    });
  });

  test('attemptTimeout counts from the start, not from the adapter', async () => {
    const world: Stage = stage([200], { attemptTimeout: 100, maxAttempts: 2 });
    world.inside(async (config) => {
      await world.clock.alarm(40);
      return config;
    });
    const adapter: AxiosAdapter = () => new Promise(() => undefined);
    const settled = await world.send({ adapter });
    expect(settled.report?.attempts).toMatchObject([
      { startedAt: 0, duration: 100 },
      { startedAt: 200, duration: 100 },
    ]);
  });

  test.each([
    ['the shorter', { attemptTimeout: 100, totalTimeout: 250 }, 'totalTimeout of 250 ms exceeded', 2, 250],
    [
      'the attempt',
      { attemptTimeout: 100, totalTimeout: 350, maxAttempts: 2 },
      'attemptTimeout of 100 ms exceeded',
      2,
      300,
    ],
    ['both at once', { attemptTimeout: 100, totalTimeout: 100 }, 'totalTimeout of 100 ms exceeded', 1, 100],
    ['the total alone', { totalTimeout: 100 }, 'totalTimeout of 100 ms exceeded', 1, 100],
    [
      'the attempt alone',
      { attemptTimeout: 100, maxAttempts: 1 },
      'attemptTimeout of 100 ms exceeded',
      1,
      100,
    ],
  ])('%s strikes', async (_, options, message, attempts, at) => {
    const world = stage([() => new Promise(() => undefined)], options);
    const settled = await world.send();
    expect([messageOf(settled), settled.report?.attempts.length, settled.at]).toEqual([
      message,
      attempts,
      at,
    ]);
    expect(settled.report?.reason).toBe(message.startsWith('total') ? 'total-timeout' : 'max-attempts');
  });

  test('in all is final: nobody is asked about the attempt that it cut off', async () => {
    const retryIf = jest.fn(() => true);
    const world = stage([() => new Promise(() => undefined)], { totalTimeout: 100, retryIf });
    expect((await world.send()).report?.reason).toBe('total-timeout');
    expect(retryIf).not.toHaveBeenCalled();
  });

  test('put back the adapter they stood for, on the first attempt and on later ones', async () => {
    for (const turns of [[200], [503, 200], [503]]) {
      const { adapter } = scripted(...turns);
      const world = stage([], { attemptTimeout: 100, totalTimeout: 1_000 });
      const { value } = await world.send({ adapter });
      expect((value as { config: AxiosRequestConfig }).config.adapter).toBe(adapter);
    }
  });

  test('leave the adapter alone when there are none', async () => {
    const { adapter } = scripted(200);
    const seen: unknown[] = [];
    const world = stage([]);
    world.client.interceptors.request.use((config) => {
      seen.push(config.adapter);
      return config;
    });
    await world.send({ adapter });
    expect(seen).toEqual([adapter]);
  });
});

describe('a retry that fails', () => {
  const costOf = async (prepare: (world: Stage) => void, config: AxiosRequestConfig = {}) => {
    const budget = new RetryBudget({ maxRetries: 5, maxWait: 60_000 });
    const world = stage([503], { budget, maxAttempts: 2 });
    prepare(world);
    const { report } = await world.send(config);
    return [report?.attempts.length, 5 - budget.remainingRetries];
  };

  /** Fails from the second attempt on, with an error that says whose it is. */
  const failing = (world: Stage): void => {
    let runs = 0;
    world.inside((config) => {
      runs += 1;
      if (runs > 1) throw new AxiosError('no token', 'ENOTOKEN', config);
      return config;
    });
  };

  test('after it was sent costs the budget', async () => {
    expect(await costOf(() => undefined)).toEqual([2, 1]);
  });

  test('before it was sent costs nothing', async () => {
    expect(await costOf(failing)).toEqual([2, 0]);
  });

  test('before it was sent costs nothing, with deadlines as well', async () => {
    expect(await costOf(failing, { retry: { attemptTimeout: 1_000, totalTimeout: 60_000 } })).toEqual([2, 0]);
  });

  test('costs the budget though its error has the config of before an interceptor copied it', async () => {
    const cost = await costOf((world) => {
      world.detach();
      let before: InternalAxiosRequestConfig | undefined;
      // The last to be registered is the first to run.
      world.client.interceptors.request.use((config) => ({ ...config }));
      world.client.interceptors.request.use((config) => {
        before = config;
        return config;
      });
      world.client.interceptors.response.use(undefined, (error) =>
        Promise.reject(Object.assign(error, { config: before })),
      );
      world.attach();
    });
    expect(cost).toEqual([2, 1]);
  });

  test.each([[{}], [{ attemptTimeout: 1_000 }]])(
    'through an adapter that an interceptor put in costs the budget, with %p',
    async (retry) => {
      const other: AxiosAdapter = (config) => scripted(503).adapter(config);
      const cost = await costOf(
        (world) => {
          world.client.interceptors.request.use((config) => Object.assign(config, { adapter: other }));
        },
        { retry },
      );
      expect(cost).toEqual([2, 1]);
    },
  );
});

describe('how an attempt ended', () => {
  const failed =
    (status: number | undefined, code: string): Turn =>
    (config) => {
      const response = { status, statusText: '', headers: {}, config, data: '' };
      throw new AxiosError(
        'failed',
        code,
        config,
        {},
        status === undefined ? undefined : (response as never),
      );
    };

  test.each<[string, Turn, object]>([
    ['by a status', failed(503, 'ERR_BAD_RESPONSE'), { status: 503 }],
    ['by a 400', failed(400, 'ERR_BAD_REQUEST'), { status: 400 }],
    ['by a 399', failed(399, 'ERR_BAD_RESPONSE'), { code: 'ERR_BAD_RESPONSE' }],
    ['in the middle of a body', failed(200, 'ERR_BAD_RESPONSE'), { code: 'ERR_BAD_RESPONSE' }],
    ['without a response', failed(undefined, 'ECONNRESET'), { code: 'ECONNRESET' }],
  ])('%s is in the report', async (_, turn, record) => {
    const { report } = await stage([turn], { maxAttempts: 1 }).send();
    expect(report?.attempts).toEqual([{ number: 1, startedAt: 0, duration: 0, ...record }]);
  });

  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['an error without config', new Error('mine')],
    ['an error with the config of nobody', Object.assign(new Error('mine'), { config: {} })],
    ['an error with no config', Object.assign(new Error('mine'), { config: null })],
  ])('a retry rejected with %s is the last', async (_, thrown) => {
    const retryIf = jest.fn(() => true);
    let runs = 0;
    const client = axios.create({ adapter: scripted(503).adapter });
    client.interceptors.response.use(undefined, (error) => {
      runs += 1;
      return Promise.reject(runs === 1 ? error : thrown);
    });
    attachRetry(client, { baseDelay: 0, maxAttempts: 5, retryIf });
    expect(await caught<unknown>(client.get('/'))).toBe(thrown);
    expect([runs, retryIf.mock.calls.length]).toEqual([2, 1]);
  });

  test('the observers are told that a retry rejected with something unknown will not be repeated', async () => {
    const told: unknown[] = [];
    let runs = 0;
    const client = axios.create({ adapter: scripted(503).adapter });
    client.interceptors.response.use(undefined, (error) => {
      runs += 1;
      return Promise.reject(runs === 1 ? error : new Error('mine'));
    });
    const onGiveUp: NonNullable<RetryOptions['observe']> = {
      onGiveUp: ({ reason, failure, config, attemptNumber }) =>
        void told.push(reason, failure, config.url, attemptNumber),
    };
    attachRetry(client, { baseDelay: 0, observe: onGiveUp });
    await caught(client.get('/a'));
    expect(told).toEqual(['not-retryable', 'none', '/a', 2]);
  });

  test('by a cancellation is final', async () => {
    const cancelled: Turn = (config) => {
      throw new CanceledError('left', config);
    };
    const { report } = await stage([cancelled, 200], { retryIf: () => true }).send();
    expect([report?.reason, report?.attempts]).toMatchObject(['aborted', [{ code: 'ERR_CANCELED' }]]);
  });

  test('by a failure that was retried inside is final', async () => {
    const { value: cause } = await stage([503]).send();
    const turn: Turn = (config) => {
      throw Object.assign(new AxiosError('inside', 'ECONNRESET', config), { cause });
    };
    const { report } = await stage([turn]).send();
    expect([report?.reason, report?.attempts.length]).toEqual(['already-retried', 1]);
  });

  test.each([[[200]], [[503, 200]]])('as %p: was not given up', async (turns) => {
    const { value } = await stage(turns).send();
    expect(wasRetried(value)).toBe(false);
  });

  test.each([
    [[404], false],
    [[503, 404], true],
  ])('by the failures %p: was retried %p', async (turns, retried) => {
    expect(wasRetried((await stage(turns).send()).value)).toBe(retried);
  });
});

describe('the report of a first success', () => {
  test('has the end of the attempt, however late it is asked for', async () => {
    const world: Stage = stage([
      async (config) => {
        await world.clock.alarm(70);
        return scripted(201).adapter(config);
      },
    ]);
    await world.clock.run(1_000);
    const { value } = await world.send();
    await world.clock.run(5_000);
    for (let asked = 0; asked < 2; asked += 1) {
      expect(retryReport(value)).toEqual({
        attempts: [{ number: 1, startedAt: 1_000, duration: 70, status: 201 }],
        omitted: 0,
        elapsed: 70,
        mayHaveActed: false,
        totalDelay: 0,
      });
    }
  });

  test('while the request is under way is empty', async () => {
    let report: unknown;
    await stage([
      (config) => {
        report = retryReport({ config });
        return scripted(200).adapter(config);
      },
    ]).send();
    expect(report).toEqual({ attempts: [], omitted: 0, elapsed: 0, totalDelay: 0, mayHaveActed: false });
  });
});

describe('an idempotency key', () => {
  test('that the plugin made is the same on every attempt, and makes a POST repeatable', async () => {
    const world = stage([reset, 200], { idempotencyKey: true });
    expect((await world.send({ method: 'post' })).ok).toBe(true);
    const [first, second] = world.sent.map(({ headers }) => headers.get('idempotency-key'));
    expect(first).toMatch(/^[\da-f-]{36}$/);
    expect(second).toBe(first);
  });

  test('is not made unless asked for', async () => {
    const world = stage([503]);
    const { report } = await world.send({ method: 'post' });
    expect([report?.reason, world.sent[0]?.headers.has('idempotency-key')]).toEqual(['unsafe-method', false]);
  });

  test('that an interceptor makes anew on every attempt makes nothing repeatable', async () => {
    const world = stage([503, 200]);
    let made = 0;
    world.inside((config) => {
      made += 1;
      config.headers.set('Idempotency-Key', `key ${made}`);
      return config;
    });
    expect((await world.send({ method: 'post' })).report?.reason).toBe('unsafe-method');
  });

  test('of the caller that an interceptor takes away makes nothing repeatable', async () => {
    const world = stage([503, 200]);
    world.client.interceptors.request.use((config) => {
      config.headers.delete('Idempotency-Key');
      return config;
    });
    const headers = { 'Idempotency-Key': 'k' };
    expect((await world.send({ method: 'post', headers })).report?.reason).toBe('unsafe-method');
  });
});

describe('a body that can be read only once', () => {
  test('is not sent again', async () => {
    const { report } = await stage([503]).send({ method: 'put', data: Readable.from(['x']) });
    expect([report?.reason, report?.attempts.length]).toEqual(['body-not-replayable', 1]);
  });

  test('of a transformRequest that makes it anew is sent again', async () => {
    const world = stage([503, 200]);
    const transformRequest = (): Readable => Readable.from(['x']);
    expect((await world.send({ method: 'put', data: { a: 1 }, transformRequest })).ok).toBe(true);
  });
});

describe('a config that beforeRetry makes', () => {
  test.each([
    ['an address', () => ({ url: '/b' })],
    ['headers', () => ({ headers: {} })],
    ['null', () => null],
  ])('of nothing but %s is refused, and nothing is sent', async (_, partial) => {
    const world = stage([503, 200], { beforeRetry: partial as never });
    const { value, report } = await world.send();
    expect((value as Error).message).toMatch(
      /^Expected the result of `beforeRetry` to be undefined or a whole config, as in \{ \.\.\.config, url \}, got /,
    );
    expect([(value as Error).cause, report?.reason, world.sent.length]).toEqual([
      expect.objectContaining({ code: 'ERR_BAD_RESPONSE' }),
      'callback-threw',
      1,
    ]);
  });

  test('can do without what the defaults of the client would put in', async () => {
    const world = stage([503, 200], {
      beforeRetry(config) {
        config.url = 'https://other.example.com/';
        config.params = { own: 1 };
        config.headers.delete('x-token');
        delete config.auth;
        delete config.baseURL;
      },
    });
    Object.assign(world.client.defaults, { params: { key: 1 }, auth: { username: 'a', password: 'b' } });
    world.client.defaults.headers.common['x-token'] = 'secret';
    await world.send();
    expect(
      world.sent.map(({ url, baseURL, params, auth, headers }) => [
        url,
        baseURL,
        params,
        auth?.username,
        headers.get('x-token'),
      ]),
    ).toEqual([
      ['/', ORIGIN, { key: 1 }, 'a', 'secret'],
      ['https://other.example.com/', undefined, { own: 1 }, undefined, undefined],
    ]);
  });
});

describe('the config of an attempt that never came to the adapter', () => {
  test.each([
    [1, {}],
    [1, { attemptTimeout: 100 }],
    [2, {}],
    [2, { attemptTimeout: 100 }],
  ])('the %i. with %p, has the adapter of the caller', async (attempt, options) => {
    const { adapter } = scripted(503);
    const world = stage([], options);
    let runs = 0;
    world.inside((config) => {
      runs += 1;
      if (runs === attempt) throw Object.assign(new Error('no token'), { code: 'ENOTOKEN', config });
      return config;
    });
    const { value } = await world.send({ adapter });
    expect(value).toMatchObject({ code: 'ENOTOKEN' });
    expect((value as AxiosError).config?.adapter).toBe(adapter);
  });
});

test('an adapter that an interceptor put in stays on the config', async () => {
  const other: AxiosAdapter = (config) => scripted(503).adapter(config);
  const world = stage([]);
  world.client.interceptors.request.use((config) => Object.assign(config, { adapter: other }));
  const { value, report } = await world.send();
  expect([(value as AxiosError).config?.adapter, report?.attempts.length]).toEqual([other, 3]);
});

test('the body of a failed answer is let go before a retry, and the last one is the caller’s', async () => {
  const bodies: Readable[] = [];
  const failing: Turn = (config) => {
    const data = Readable.from(['x']);
    bodies.push(data);
    const response = { status: 503, statusText: '', headers: {}, config, data };
    throw new AxiosError('busy', 'ERR_BAD_RESPONSE', config, {}, response as never);
  };
  await stage([failing]).send({ responseType: 'stream' });
  expect(bodies.map(({ destroyed }) => destroyed)).toEqual([true, true, false]);
});

test('a retry that works after the interceptors were taken away is answered', async () => {
  const world = stage([503, 200], { observe: { onRetry: () => world.client.interceptors.response.clear() } });
  expect(await world.send()).toMatchObject({ ok: true, status: 200 });
});

test('a retry that fails after the interceptors were taken away is the last', async () => {
  const world = stage([503, 404], { observe: { onRetry: () => world.client.interceptors.response.clear() } });
  expect(await world.send()).toMatchObject({ ok: false, status: 404, report: { reason: 'not-retryable' } });
});

test('a cancellation that does not say whose it is ends the request as aborted', async () => {
  const told: unknown[] = [];
  const world = stage([503, 200], { observe: { onGiveUp: ({ reason }) => void told.push(reason) } });
  world.inside((config) => {
    if (world.sent.length > 0) throw new CanceledError('left');
    return config;
  });
  const { value } = await world.send();
  expect([axios.isCancel(value), told]).toEqual([true, ['aborted']]);
});

test('a frozen config of beforeRetry is sent', async () => {
  const world = stage([503, 503, 200], { beforeRetry: (config) => Object.freeze({ ...config, url: '/b' }) });
  const { ok, report } = await world.send();
  expect([ok, report?.attempts.length, world.sent.map(({ url }) => url)]).toEqual([
    true,
    3,
    ['/', '/b', '/b'],
  ]);
});

test('a config used again, whose attempt never came to the adapter, is sent by that adapter', async () => {
  const { adapter } = scripted(503);
  const world = stage([], { attemptTimeout: 100, maxAttempts: 1 });
  let kept: InternalAxiosRequestConfig | undefined;
  const id = world.client.interceptors.request.use((config) => {
    kept = config;
    throw new Error('no token');
  });
  await world.send({ adapter });
  world.client.interceptors.request.eject(id);
  const { value } = await world.send({ ...kept, retry: { attemptTimeout: Infinity } } as AxiosRequestConfig);
  expect((value as AxiosError).config?.adapter).toBe(adapter);
  const seen: unknown[] = [];
  world.client.interceptors.request.use((config) => {
    seen.push(config.adapter);
    return config;
  });
  await world.send({ ...kept, retry: { attemptTimeout: Infinity } } as AxiosRequestConfig);
  expect(seen).toEqual([adapter]);
});

describe('what is not the state of a request', () => {
  test.each([
    ['made from it', (state: object) => Object.create(state) as object],
    ['a proxy of it', (state: object) => new Proxy(state, {})],
  ])('but %s, has no report, and was not retried', async (_, derive) => {
    const { value } = await stage([503]).send();
    const { config } = value as { config: { retryState: object } };
    expect(wasRetried({ config })).toBe(true);
    const derived = { config: { retryState: derive(config.retryState) } };
    expect([retryReport(derived), wasRetried(derived)]).toEqual([undefined, false]);
  });

  test.each([['mine'], [5], [{}]])('but %p of the caller’s, is no hindrance', async (retryState) => {
    const { ok, report } = await stage([503, 200]).send({ retryState } as AxiosRequestConfig);
    expect([ok, report?.attempts.length]).toEqual([true, 2]);
  });
});

test('an abort in the wait ends the request as axios would', async () => {
  const controller = new AbortController();
  const world = stage([503], { baseDelay: 10_000 });
  const sending = world.begin({ signal: controller.signal });
  await world.clock.run(400);
  controller.abort('left');
  const { value } = await sending;
  expect([axios.isCancel(value), (value as Error).cause]).toEqual([true, 'left']);
});

test('what stands under a symbol on the config stands there on every attempt', async () => {
  const mark = Symbol('mark');
  const world = stage([503, 200]);
  const seen: unknown[] = [];
  world.inside((config) => {
    seen.push(Reflect.get(config, mark));
    return config;
  });
  await world.send({ [mark]: 'mine' } as AxiosRequestConfig);
  expect(seen[1]).toBe(seen[0]);
});

describe('the pass of a replay', () => {
  test('is not seen outside: later interceptors meet one request and one outcome', async () => {
    const world = stage([503, 503, 200]);
    const seen: unknown[] = [];
    world.client.interceptors.request.use((config) => {
      seen.push('request');
      return config;
    });
    world.client.interceptors.response.use(
      (response) => {
        seen.push(response.status);
        return response;
      },
      (error) => {
        seen.push(error);
        return Promise.reject(error);
      },
    );
    expect((await world.send()).ok).toBe(true);
    expect(seen).toEqual(['request', 200]);
  });

  test('is for one request: another one that its interceptor sends has handlers of its own', async () => {
    const world = stage([503, 503, 200, 200]);
    let isNested = false;
    const answers: unknown[] = [];
    world.inside(async (config) => {
      if (isNested || world.sent.length !== 1) return config;
      isNested = true;
      const { retryState: _, ...again } = config as InternalAxiosRequestConfig & { retryState?: unknown };
      answers.push((await world.client.request({ ...again, url: '/nested' })).status);
      return config;
    });
    const { ok, report } = await world.send();
    expect([ok, report?.attempts.length, answers]).toEqual([true, 2, [200]]);
    expect(world.sent.map(({ url }) => url)).toEqual(['/', '/nested', '/nested', '/']);
  });

  test('is handed out once: the same config sent again by an interceptor is a request of its own', async () => {
    const world = stage([503, 200, 404]);
    let again: Promise<unknown> | undefined;
    world.inside((config) => {
      if (world.sent.length === 1 && !again)
        again = caught(world.client.request({ ...config, url: '/again' }));
      return config;
    });
    const { ok } = await world.send();
    await world.clock.run();
    expect(ok).toBe(true);
    expect(await again).toMatchObject({ response: { status: 404 } });
  });
});

test('a success refunds a throttle of which something was taken, and asks nothing of one that is full', async () => {
  const clock = createEventClock();
  const given: unknown[] = [];
  const throttle = {
    [Symbol.for('axios-tenacity.throttle')]: true,
    idle: true,
    give: (...args: unknown[]) => void given.push(args),
    take: () => 1,
  };
  const client = axios.create({ adapter: scripted(200).adapter, baseURL: ORIGIN });
  attachRetry(client, { throttle: throttle as never }, { clock });
  await client.get('/');
  expect(given).toEqual([]);
  throttle.idle = false;
  await client.get('/');
  expect(given).toEqual([[ORIGIN, 0]]);
});

test('the handlers of a replay do not stay: a request built by hand meets the usual ones', async () => {
  const world = stage([503, 200]);
  const [handler] = world.client.interceptors.response.handlers as unknown as { rejected: unknown }[];
  const usual = handler?.rejected;
  const sending = world.begin();
  await world.clock.run();
  await sending;
  expect(handler?.rejected).toBe(usual);
});
