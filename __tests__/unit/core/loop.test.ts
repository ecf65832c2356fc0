import { Readable } from 'node:stream';
import axios, { type AxiosRequestConfig } from 'axios';
import {
  attachRetry,
  RetryBudget,
  type RetryContext,
  type RetryObserver,
  type RetryReport,
  RetryThrottle,
  retryReport,
} from '../../../lib/index.ts';
import { caught } from '../../helpers/caught.ts';
import { createEventClock, type EventClock } from '../../helpers/event-clock.ts';
import { scripted, type Turn } from '../../helpers/scripted.ts';
import { ORIGIN, type Stage, stage } from '../../helpers/stage.ts';

const withHeaders =
  (status: number, headers: Record<string, string>): Turn =>
  async (config) => {
    const response = { status, statusText: '', headers, config, request: {}, data: '' };
    if (status < 400) return response;
    throw new axios.AxiosError(`status ${status}`, undefined, config, {}, response as never);
  };

const reset: Turn = (config) => {
  throw new axios.AxiosError('socket hang up', 'ECONNRESET', config);
};

/** An attempt that takes a second of the clock. */
const slowly =
  (clock: () => EventClock, turn: Turn): Turn =>
  async (config) => {
    await clock().alarm(1_000);
    return typeof turn === 'function' ? turn(config) : scripted(turn).adapter(config);
  };

const statuses = (report: RetryReport | undefined) =>
  report?.attempts.map(({ status, code }) => status ?? code);

test('the report tells when each attempt began, how long it took, and the wait after it', async () => {
  const world: Stage = stage([slowly(() => world.clock, 503), slowly(() => world.clock, reset), 200]);
  const { report, at } = await world.send();
  expect(report).toEqual({
    attempts: [
      { number: 1, startedAt: 0, duration: 1_000, status: 503, delay: 100 },
      { number: 2, startedAt: 1_100, duration: 1_000, code: 'ECONNRESET', delay: 200 },
      { number: 3, startedAt: 2_300, duration: 0, status: 200 },
    ],
    omitted: 0,
    elapsed: 2_300,
    totalDelay: 300,
    mayHaveActed: true,
  });
  expect(at).toBe(2_300);
});

test('strategies are told of the elapsed time, the waits so far and the method in upper case', async () => {
  const told: unknown[] = [];
  const world: Stage = stage([slowly(() => world.clock, 503), slowly(() => world.clock, 503), 200], {
    stop: ({ attemptNumber, maxAttempts, elapsed, totalDelay, method, url, failure, delay, random }) => {
      told.push({
        attemptNumber,
        maxAttempts,
        elapsed,
        totalDelay,
        method,
        url,
        failure,
        delay,
        chance: random(),
      });
      return false;
    },
  });
  await world.send({ method: 'put' });
  const common = { maxAttempts: 3, method: 'PUT', url: '/', failure: 'ambiguous', chance: 0 };
  expect(told).toEqual([
    { ...common, attemptNumber: 1, elapsed: 1_000, totalDelay: 0, delay: 100 },
    { ...common, attemptNumber: 2, elapsed: 2_100, totalDelay: 100, delay: 200 },
  ]);
});

describe('a context', () => {
  const contextsOf = async (
    turns: readonly Turn[],
    config: AxiosRequestConfig = {},
  ): Promise<RetryContext[]> => {
    const contexts: RetryContext[] = [];
    await stage(turns, { observe: { onAttempt: (context) => void contexts.push(context) } }).send(config);
    return contexts;
  };

  test('has the error and its response, or the response alone, or the error alone', async () => {
    const [failed, lost, fine] = (await contextsOf([503, reset, 200])) as [
      RetryContext,
      RetryContext,
      RetryContext,
    ];
    expect([(failed.error as Error).message, failed.response?.status]).toEqual([
      'Request failed with status code 503',
      503,
    ]);
    expect([(lost.error as Error).message, 'response' in lost]).toEqual(['socket hang up', false]);
    expect(['error' in fine, fine.response?.status]).toEqual([false, 200]);
  });

  test('of a request without a URL has an empty one', async () => {
    const [context] = await contextsOf([200], { url: undefined as never });
    expect(context?.url).toBe('');
  });
});

describe('what the server says of another attempt', () => {
  test.each([
    [404, 'true', [404, 200]],
    [400, 'true', [400, 200]],
    [404, 'false', [404]],
    [503, 'false', [503]],
    [404, '', [404]],
    [302, 'true', [302]],
  ])('after a %i with x-should-retry %p', async (status, word, attempts) => {
    const observe = { onAttempt: () => undefined };
    const world = stage([withHeaders(status, { 'x-should-retry': word }), 200], { observe });
    expect(statuses((await world.send()).report)).toEqual(attempts);
  });

  test('its hint counts from the clock that was handed in', async () => {
    const world = stage([withHeaders(503, { 'retry-after': new Date(30_000).toUTCString() }), 200]);
    const { report } = await world.send();
    expect(report?.attempts[0]?.delay).toBe(30_000);
  });
});

describe('a 409', () => {
  const keyed = { method: 'post', headers: { 'Idempotency-Key': 'k' } };

  test.each([
    ['after an ambiguous failure, with a key, is retried', keyed, [503, 409, 200], [503, 409, 200]],
    ['after a reset, with a key, is retried', keyed, [reset, 409, 200], ['ECONNRESET', 409, 200]],
    ['that comes first is final', keyed, [409, 200], [409]],
    ['after a refusal is final', keyed, [429, 409, 200], [429, 409]],
    ['without a key is final', { method: 'put' }, [503, 409, 200], [503, 409]],
  ] as const)('%s', async (_, config, turns, attempts) => {
    expect(statuses((await stage(turns, { maxAttempts: 5 }).send(config)).report)).toEqual(attempts);
  });

  test('any other status after an ambiguous failure is final', async () => {
    expect(statuses((await stage([503, 422, 200]).send(keyed)).report)).toEqual([503, 422]);
  });
});

describe('retryIf', () => {
  test('is not asked about an attempt that was cancelled', async () => {
    const retryIf = jest.fn(() => true);
    const controller = new AbortController();
    const cancel: Turn = (config) => {
      controller.abort();
      throw new axios.CanceledError('canceled', config);
    };
    const { ok, report } = await stage([cancel, 200], { retryIf }).send({ signal: controller.signal });
    expect([ok, report?.reason, report?.attempts.length]).toEqual([false, 'aborted', 1]);
    expect(retryIf).not.toHaveBeenCalled();
  });

  test('is not asked about a success that comes when the signal has aborted', async () => {
    const retryIf = jest.fn(() => true);
    const controller = new AbortController();
    const transformResponse = (data: unknown): unknown => {
      controller.abort();
      return data;
    };
    const { signal } = controller;
    const { ok, report } = await stage([200], { retryIf }).send({ signal, transformResponse });
    expect([ok, report?.attempts.length]).toEqual([true, 1]);
    expect(retryIf).not.toHaveBeenCalled();
  });

  test.each([
    [true, [404, 404, 404], 'max-attempts'],
    [undefined, [404], 'not-retryable'],
    [false, [404], 'not-retryable'],
  ])('that answers %p, at once or later', async (answer, attempts, reason) => {
    for (const retryIf of [() => answer, async () => answer]) {
      const { report } = await stage([404], { retryIf }).send();
      expect([statuses(report), report?.reason]).toEqual([attempts, reason]);
    }
  });

  test('that never answers is cut short by the signal', async () => {
    const controller = new AbortController();
    const world = stage([503], { retryIf: () => new Promise<boolean>(() => undefined) });
    const sending = world.begin({ signal: controller.signal });
    await world.clock.run(50);
    controller.abort(new Error('enough'));
    const { value, report } = await sending;
    expect(axios.isCancel(value)).toBe(true);
    expect(report).toMatchObject({ reason: 'aborted', elapsed: 50 });
  });

  test('that never answers is cut short by the end of the time, and by detaching', async () => {
    const never = { retryIf: () => new Promise<boolean>(() => undefined) };
    const late = stage([503], { ...never, totalTimeout: 700 });
    expect(await late.send()).toMatchObject({
      ok: false,
      status: 503,
      at: 700,
      report: { reason: 'total-timeout' },
    });
    const left = stage([503], never);
    const sending = left.begin();
    await left.clock.run(50);
    left.detach();
    expect(await sending).toMatchObject({ ok: false, status: 503, at: 50, report: { reason: 'detached' } });
  });

  test('that throws ends the request with its error, whose cause is the failure at hand', async () => {
    const thrown = new Error('mine');
    const world = stage([503], {
      retryIf: () => {
        throw thrown;
      },
    });
    const { ok, value, report } = await world.send();
    expect([ok, value]).toEqual([false, thrown]);
    expect((thrown.cause as Error).message).toBe('Request failed with status code 503');
    expect(Object.getOwnPropertyDescriptor(thrown, 'cause')).toMatchObject({
      writable: true,
      enumerable: false,
      configurable: true,
    });
    expect(report).toMatchObject({ reason: 'callback-threw' });
  });

  test.each([
    ['that has a cause keeps it', () => new Error('mine', { cause: 'other' }), 'other'],
    ['that is no Error is left alone', () => ({ message: 'mine' }), undefined],
    ['that is frozen is left alone', () => Object.freeze(new Error('mine')), undefined],
  ])('throws an error %s', async (_, make, cause) => {
    const thrown = make();
    const world = stage([503], {
      retryIf: () => {
        throw thrown;
      },
    });
    const { value } = await world.send();
    expect(value).toBe(thrown);
    expect((thrown as Error).cause).toBe(cause);
  });

  test('that throws the failure itself gives it no cause', async () => {
    const { value } = await stage([reset], {
      retryIf: ({ error }) => {
        throw error;
      },
    }).send();
    expect((value as Error).message).toBe('socket hang up');
    expect('cause' in (value as Error)).toBe(false);
  });

  test('that throws after a success gives its error no cause', async () => {
    const { ok, value } = await stage([200], {
      retryIf: () => {
        throw new Error('mine');
      },
    }).send();
    expect([ok, (value as Error).message, 'cause' in (value as Error)]).toEqual([false, 'mine', false]);
  });
});

describe('a wait', () => {
  const isLogged = (observed: string[]): RetryObserver => ({
    onRetry: ({ delay, delaySource }) => void observed.push(`retry in ${delay} by ${delaySource}`),
    onGiveUp: ({ reason }) => void observed.push(`give up: ${reason}`),
  });

  test('that is aborted ends there, with what was slept in the report', async () => {
    const observed: string[] = [];
    const controller = new AbortController();
    const world = stage([503], { baseDelay: 10_000, observe: isLogged(observed) });
    const sending = world.begin({ signal: controller.signal });
    await world.clock.run(400);
    controller.abort('left');
    const { ok, value, report, at } = await sending;
    expect([ok, axios.isCancel(value), (value as Error).cause, at]).toEqual([false, true, 'left', 400]);
    expect(report).toMatchObject({
      totalDelay: 400,
      elapsed: 400,
      reason: 'aborted',
      attempts: [{ delay: 400 }],
    });
    expect(observed).toEqual(['retry in 10000 by backoff', 'give up: aborted']);
  });

  test('that is aborted as it begins lasts no time', async () => {
    const controller = new AbortController();
    const world = stage([503, 200], { observe: { onRetry: () => controller.abort() } });
    const { ok, report } = await world.send({ signal: controller.signal });
    expect([ok, report?.totalDelay, report?.reason]).toEqual([false, 0, 'aborted']);
  });

  test('that the detaching ends leaves the failure as it is', async () => {
    const world = stage([503], { baseDelay: 10_000 });
    const sending = world.begin();
    await world.clock.run(400);
    world.detach();
    expect(await sending).toMatchObject({ ok: false, status: 503, at: 400, report: { reason: 'detached' } });
  });

  test('does not begin after the detaching', async () => {
    const observed: string[] = [];
    const world: Stage = stage(
      [
        (config) => {
          world.detach();
          return scripted(503).adapter(config);
        },
        200,
      ],
      { observe: isLogged(observed) },
    );
    expect(await world.send()).toMatchObject({ ok: false, status: 503, report: { reason: 'detached' } });
    expect(observed).toEqual(['give up: detached']);
  });

  test('on a clock that fails ends the request with the error of the clock', async () => {
    const broken = { now: () => 0, sleep: () => Promise.reject(new Error('no clock')) };
    const client = axios.create({ adapter: scripted(503).adapter });
    attachRetry(client, {}, { clock: broken });
    expect((await caught<Error>(client.get('/'))).message).toBe('no clock');
  });

  test('listens to a signal no longer than it lasts', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const listeners = { added: 0, removed: 0 };
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...given: Parameters<typeof addEventListener>) => {
      listeners.added += 1;
      addEventListener.apply(signal, given);
    };
    signal.removeEventListener = (...given: Parameters<typeof removeEventListener>) => {
      listeners.removed += 1;
      removeEventListener.apply(signal, given);
    };
    await stage([503, 503, 200], { beforeRetry: () => undefined }).send({ signal });
    expect(listeners.added).toBeGreaterThan(0);
    expect(listeners.removed).toBe(listeners.added);
  });
});

describe('a request that is cancelled as it fails', () => {
  test('ends as cancelled, even where it would not be repeated', async () => {
    for (const method of ['get', 'post']) {
      for (const status of [503, 404]) {
        const controller = new AbortController();
        const fail: Turn = (config) => {
          controller.abort();
          return scripted(status).adapter(config);
        };
        const { value, report } = await stage([fail, 200]).send({ method, signal: controller.signal });
        expect([axios.isCancel(value), report?.reason]).toEqual([true, 'aborted']);
      }
    }
  });
});

test('an attempt that the end of the time cuts off is not judged', async () => {
  const retryIf = jest.fn(() => true);
  const world: Stage = stage([slowly(() => world.clock, 200)], { totalTimeout: 500, retryIf });
  const { ok, report, at } = await world.send();
  expect([ok, report?.reason, at]).toEqual([false, 'total-timeout', 500]);
  expect(retryIf).not.toHaveBeenCalled();
});

test('a verdict that is waited for in vain ends a POST as what it was ended by', async () => {
  const world = stage([503], { totalTimeout: 700, retryIf: () => new Promise<boolean>(() => undefined) });
  expect((await world.send({ method: 'post' })).report?.reason).toBe('total-timeout');
});

describe('a throttle', () => {
  test('that is switched off is not asked for a refund', async () => {
    const world = stage([200], { throttle: false, observe: { onAttempt: () => undefined } });
    expect(await world.send()).toMatchObject({ ok: true, status: 200 });
  });

  test('is not charged for a poll', async () => {
    const throttle = throttleOf();
    const retryIf = ({ response }: RetryContext): boolean => response?.status === 202;
    await stage([202, 202, 404], { throttle, retryIf }).send();
    expect(tokens(throttle)).toBe(100);
  });

  test('and a budget get back what an attempt took that was never sent', async () => {
    const throttle = throttleOf();
    const budget = new RetryBudget({ maxRetries: 3, maxWait: 20_000 });
    const clock = createEventClock();
    const client = axios.create({ adapter: scripted(503).adapter, baseURL: ORIGIN });
    let runs = 0;
    client.interceptors.request.use((config) => {
      runs += 1;
      if (runs > 1) throw new Error('no token');
      return config;
    });
    attachRetry(client, { throttle, budget, jitter: 'none' }, { clock });
    const failing = caught<Error>(client.get('/'));
    await clock.run();
    expect((await failing).message).toBe('no token');
    expect([tokens(throttle), budget.remainingRetries]).toEqual([100, 3]);
  });

  const throttleOf = () =>
    new RetryThrottle({ capacity: 100, retryCost: 10, throttledRetryCost: 3, refund: 1, refillTime: 1e12 });
  const tokens = (throttle: RetryThrottle): number => Math.round(throttle.tokens(ORIGIN));

  test.each([
    ['a retry after a failure', [503, 404], 90],
    ['a retry after a reset', [reset, 404], 90],
    ['a retry after a 429', [429, 404], 97],
    ['a retry that works', [503, 200], 100],
    ['two retries, of which the last works', [503, 429, 200], 90],
    ['two retries the other way round', [429, 503, 200], 97],
    ['a first try that works', [200], 100],
    ['a first try that fails for good', [404], 100],
  ] as const)('%s', async (_, turns, left) => {
    const throttle = throttleOf();
    await stage(turns, { throttle }).send();
    expect(tokens(throttle)).toBe(left);
  });

  test('earns a refund by a first try that works, and none by a poll', async () => {
    const throttle = throttleOf();
    await stage([503, 503, 404], { throttle }).send();
    expect(tokens(throttle)).toBe(80);
    await stage([200], { throttle, retryIf: () => undefined }).send();
    expect(tokens(throttle)).toBe(81);
    await stage([202, 200], { throttle, retryIf: ({ response }) => response?.status === 202 }).send();
    expect(tokens(throttle)).toBe(81);
  });

  test('that is empty gives the failure back, after one try', async () => {
    const throttle = new RetryThrottle({ capacity: 10, retryCost: 10, refund: 0, refillTime: 1e12 });
    const world = stage([503], { throttle });
    expect(await world.send()).toMatchObject({
      status: 503,
      report: { attempts: { length: 2 }, reason: 'throttled' },
    });
    expect(await world.send()).toMatchObject({ report: { attempts: { length: 1 }, reason: 'throttled' } });
  });

  test('and a budget get back what an aborted wait did not use', async () => {
    const throttle = throttleOf();
    const budget = new RetryBudget({ maxRetries: 3, maxWait: 20_000 });
    const controller = new AbortController();
    const world = stage([503], { throttle, budget, baseDelay: 10_000 });
    const sending = world.begin({ signal: controller.signal });
    await world.clock.run(400);
    expect([tokens(throttle), budget.remainingRetries, budget.remainingWait]).toEqual([90, 2, 10_000]);
    controller.abort();
    await sending;
    expect([tokens(throttle), budget.remainingRetries, budget.remainingWait]).toEqual([100, 3, 19_600]);
  });

  test('and a budget get nothing back of a retry that was sent', async () => {
    const throttle = throttleOf();
    const budget = new RetryBudget({ maxRetries: 3, maxWait: 20_000 });
    await stage([503, 404], { throttle, budget }).send();
    expect([tokens(throttle), budget.remainingRetries, budget.remainingWait]).toEqual([90, 2, 19_900]);
  });

  test('gets its tokens back when the budget is exhausted', async () => {
    const throttle = throttleOf();
    const budget = new RetryBudget({ maxRetries: 0 });
    const { report } = await stage([503], { throttle, budget }).send();
    expect([report?.reason, tokens(throttle)]).toEqual(['budget-exhausted', 100]);
  });

  test('gets its tokens back when a hook of the user throws', async () => {
    const throttle = throttleOf();
    await stage([503], { throttle, beforeRetry: () => Promise.reject(new Error('mine')) }).send();
    expect(tokens(throttle)).toBe(100);
  });
});

describe('beforeRetry', () => {
  test.each([[5], ['x'], [true]])('that answers %p is refused', async (answer) => {
    const { value } = await stage([503], { beforeRetry: () => answer as never }).send();
    expect(value).toBeInstanceOf(TypeError);
    expect((value as Error).message).toMatch(
      /^Expected the result of `beforeRetry` to be undefined or a whole config, /,
    );
  });

  test('may answer another config, and sees the wait', async () => {
    const seen: unknown[] = [];
    const world = stage([503, 200], {
      beforeRetry: (config, { delay, delaySource }) => {
        seen.push(delay, delaySource);
        return { ...config, url: '/other' };
      },
    });
    await world.send();
    expect(seen).toEqual([100, 'backoff']);
    expect(world.sent.map(({ url }) => url)).toEqual(['/', '/other']);
  });

  test('that makes a request unsafe ends it', async () => {
    const world = stage([503, 200], {
      beforeRetry: (config) => {
        config.method = 'post';
      },
    });
    expect((await world.send()).report?.reason).toBe('unsafe-method');
  });

  test('that puts a stream into a request ends it', async () => {
    const bodies: Readable[] = [];
    const world = stage([503, 503, 200], {
      beforeRetry: (config) => {
        const body = Readable.from(['x']);
        bodies.push(body);
        config.data = body;
      },
    });
    const { report } = await world.send({ method: 'put', data: 'text' });
    expect(report?.reason).toBe('body-not-replayable');
    expect(bodies.length).toBe(1);
  });

  test('that takes the time there was ends the request', async () => {
    const world: Stage = stage([503, 200], {
      maxElapsedTime: 1_000,
      beforeRetry: () => world.clock.alarm(901),
    });
    expect(await world.send()).toMatchObject({ status: 503, report: { reason: 'max-elapsed-time' } });
    const inTime: Stage = stage([503, 200], {
      maxElapsedTime: 1_000,
      beforeRetry: () => inTime.clock.alarm(900),
    });
    expect(await inTime.send()).toMatchObject({ status: 200 });
  });

  test('that never answers is cut short by the end of the time', async () => {
    const world = stage([503], { totalTimeout: 700, beforeRetry: () => new Promise(() => undefined) });
    expect(await world.send()).toMatchObject({ status: 503, at: 700, report: { reason: 'total-timeout' } });
  });
});

test('what `data` made for a retry that is not sent is let go', async () => {
  const made: Readable[] = [];
  const data = (): Readable => {
    const body = Readable.from(['x']);
    made.push(body);
    return body;
  };
  const throwing = stage([503], { beforeRetry: () => Promise.reject(new Error('mine')) });
  await throwing.send({ method: 'put', retry: { data } });
  const replaced = stage([503, 200], {
    beforeRetry: (config) => {
      config.data = 'text';
    },
  });
  await replaced.send({ method: 'put', retry: { data } });
  // Each was made for the first attempt: the retries were not sent, or with another body.
  expect(made.map(({ destroyed }) => destroyed)).toEqual([true, true]);
});

test('what `data` made for a retry that `beforeRetry` leaves alone is sent', async () => {
  const made: Readable[] = [];
  const data = (): Readable => {
    const body = Readable.from(['x']);
    made.push(body);
    return body;
  };
  const destroyed: unknown[] = [];
  const answer: Turn = (config) => {
    destroyed.push((config.data as Readable).destroyed);
    return scripted(200).adapter(config);
  };
  const world = stage([503, answer], { beforeRetry: () => undefined });
  expect(await world.send({ method: 'put', retry: { data } })).toMatchObject({ ok: true, status: 200 });
  expect([destroyed, world.sent[1]?.data]).toEqual([[false], made[1]]);
});

test('observers that throw or reject are not heard, and one that listens to nothing is not told', async () => {
  const observe: RetryObserver[] = [
    { onAttempt: () => Promise.reject(new Error('mine')) as never },
    {
      onRetry: () => {
        throw new Error('mine');
      },
    },
    {},
  ];
  expect(await stage([503, 200], { observe }).send()).toMatchObject({ status: 200 });
});

describe('a signal that aborts while an interceptor before the plugin looks at a failure', () => {
  const settled = async (status: number) => {
    const controller = new AbortController();
    const world = stage([status, 200]);
    world.detach();
    world.client.interceptors.response.use(undefined, (error) => {
      controller.abort();
      return Promise.reject(error);
    });
    world.attach();
    const { value, report } = await world.send({ signal: controller.signal });
    return [axios.isCancel(value), report?.reason, world.sent.length];
  };

  test('that would be retried cancels the request', async () => {
    expect(await settled(503)).toEqual([true, 'aborted', 1]);
  });

  test('that is final leaves it to the caller, and is the reason', async () => {
    expect(await settled(404)).toEqual([false, 'aborted', 1]);
  });
});

test('an abort in a wait late on the clock counts what was slept', async () => {
  const controller = new AbortController();
  const world = stage([503], { baseDelay: 10_000 });
  await world.clock.run(5_000);
  const sending = world.begin({ signal: controller.signal });
  await world.clock.run(5_400);
  controller.abort();
  expect((await sending).report?.totalDelay).toBe(400);
});

test('an abort while the body of a retry is made cancels the request', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  let made = 0;
  const data = (): string => {
    made += 1;
    if (made === 2) controller.abort();
    return 'x';
  };
  const world = stage([503, 200]);
  const { value, report } = await world.send({ method: 'put', signal, retry: { data } });
  expect([axios.isCancel(value), report?.reason, world.sent.length]).toEqual([true, 'aborted', 1]);
});

test('after an abort in the wait no body is made', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const data = jest.fn(() => 'x');
  const world = stage([503, 200], { baseDelay: 10_000 });
  const sending = world.begin({ method: 'put', signal, retry: { data } });
  await world.clock.run(400);
  controller.abort();
  await sending;
  expect(data).toHaveBeenCalledTimes(1);
});

test('a callback that threw is the reason that observers are told', async () => {
  const told: unknown[] = [];
  const retryIf = (): never => {
    throw new Error('mine');
  };
  await stage([503], { retryIf, observe: { onGiveUp: ({ reason }) => void told.push(reason) } }).send();
  expect(told).toEqual(['callback-threw']);
});

test('a 409 after a request that was never sent is final', async () => {
  const unsent: Turn = (config) => {
    const cause = Object.assign(new Error('connect'), { code: 'ECONNREFUSED', syscall: 'connect' });
    throw axios.AxiosError.from(cause, 'ECONNREFUSED', config, { _redirectCount: 0 });
  };
  const keyed = { method: 'post', headers: { 'Idempotency-Key': 'k' } };
  expect(statuses((await stage([unsent, 409, 200]).send(keyed)).report)).toEqual(['ECONNREFUSED', 409]);
});

test('a budget that is exhausted ends a request that has no throttle', async () => {
  const world = stage([503], { throttle: false, budget: new RetryBudget({ maxRetries: 0 }) });
  expect(await world.send()).toMatchObject({ status: 503, report: { reason: 'budget-exhausted' } });
});

test('a budget gets back what the second wait did not use', async () => {
  const controller = new AbortController();
  const budget = new RetryBudget({ maxRetries: 5, maxWait: 20_000 });
  const world = stage([503], { budget, exponentialBase: 10 });
  const sending = world.begin({ signal: controller.signal });
  await world.clock.run(500);
  controller.abort();
  await sending;
  expect([budget.remainingRetries, budget.remainingWait]).toEqual([4, 19_500]);
});

test('a success after a poll refunds the retry before it', async () => {
  const throttle = new RetryThrottle({ capacity: 100, retryCost: 10, refund: 1, refillTime: 1e12 });
  const retryIf = ({ response }: RetryContext): boolean | undefined => response?.status === 202 || undefined;
  await stage([503, 202, 200], { throttle, retryIf }).send();
  expect(Math.round(throttle.tokens(ORIGIN))).toBe(100);
});

describe('maxElapsedTime is looked at again after a wait that lasted longer', () => {
  test.each([
    [9_999, 200, undefined],
    [10_001, 503, 'max-elapsed-time'],
  ])('as when the process was frozen until %i ms after the start', async (thawedAt, status, reason) => {
    const { client, clock, sent, detach } = stage([503, 200]);
    detach();
    const frozen = {
      ...clock,
      // The timer fires as soon as the process goes on.
      sleep: async (_: number, signal?: AbortSignal) => clock.sleep(thawedAt, signal),
    };
    attachRetry(client, { maxElapsedTime: 10_000, baseDelay: 100, jitter: 'none' }, { clock: frozen });
    const sending = client.get('/').then(
      (response) => [response.status, retryReport(response)] as const,
      (error) => [error.response?.status, retryReport(error)] as const,
    );
    await clock.run();
    const [got, report] = await sending;
    expect(got).toBe(status);
    expect(report?.reason).toBe(reason);
    expect(sent).toHaveLength(status === 200 ? 2 : 1);
  });
});
