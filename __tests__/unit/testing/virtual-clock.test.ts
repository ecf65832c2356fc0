import { getEventListeners } from 'node:events';
import axios from 'axios';
import MockAdapter from 'axios-mock-adapter';
import fc from 'fast-check';
import { attachRetry, retryReport } from '../../../lib/index.ts';
import { scriptedAdapter, virtualClock } from '../../../lib/testing.ts';
import { caught } from '../../helpers/caught.ts';

const macrotask = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Notes when a sleep ended, or what it was rejected with. */
function noter(now: () => number) {
  const notes: string[] = [];
  const note = (name: string, sleep: Promise<void>): Promise<void> =>
    sleep.then(
      () => void notes.push(`${name} at ${now()}`),
      (reason) => void notes.push(`${name}: ${reason}`),
    );
  return { notes, note };
}

const timers = () =>
  process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout' || kind === 'Immediate');

describe('in the mode auto, a sleep', () => {
  test('ends by itself, takes the clock along and is recorded', async () => {
    const clock = virtualClock({ now: 5_000 });
    await clock.sleep(1_000);
    await clock.sleep(0);
    await clock.sleep(86_400_000);
    expect(clock.sleeps).toEqual([1_000, 0, 86_400_000]);
    expect(clock.now()).toBe(5_000 + 86_401_000);
    expect(clock.monotonic()).toBe(86_401_000);
    expect(clock.pending).toBe(0);
  });

  test('is not over before others had the time to begin', async () => {
    const clock = virtualClock();
    let ended = false;
    void clock.sleep(1).then(() => {
      ended = true;
    });
    for (let turn = 0; turn < 50; turn += 1) await undefined;
    expect([ended, clock.pending]).toEqual([false, 1]);
    await macrotask();
    expect([ended, clock.pending]).toEqual([true, 0]);
  });

  test('sets no timer', async () => {
    const clock = virtualClock();
    const before = timers();
    const sleep = clock.sleep(1_000);
    const alarm = clock.alarm(10_000);
    expect(timers()).toEqual(before);
    await sleep;
    expect(timers()).toEqual(before);
    await clock.advance(9_000);
    await alarm;
  });

  test('works under fake timers', async () => {
    jest.useFakeTimers();
    try {
      const clock = virtualClock();
      await clock.sleep(1_000);
      expect(clock.now()).toBe(1_000);
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('in the mode auto, sleeps that overlap', () => {
  test('end in the order of time, those due at once in the order in which they began', async () => {
    const clock = virtualClock();
    const { notes, note } = noter(() => clock.now());
    await Promise.all([
      note('a', clock.sleep(300)),
      note('b', clock.sleep(100)),
      note('c', clock.sleep(300)),
      note(
        'd',
        clock.sleep(200).then(() => clock.sleep(50)),
      ),
    ]);
    expect(notes).toEqual(['b at 100', 'd at 250', 'a at 300', 'c at 300']);
  });

  test('end when they are due, whatever their number and length', async () => {
    const delays = fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.array(delays, { minLength: 1, maxLength: 5 }), async (sleepers) => {
        const clock = virtualClock();
        const seen: number[] = [];
        await Promise.all(
          sleepers.map(async (lengths) => {
            let due = 0;
            for (const length of lengths) {
              await clock.sleep(length);
              due += length;
              expect(clock.now()).toBe(due);
              seen.push(due);
            }
          }),
        );
        expect(seen).toEqual([...seen].sort((a, b) => a - b));
        expect(clock.sleeps).toHaveLength(sleepers.flat().length);
      }),
      { numRuns: 50 },
    );
  });

  test('of two clients keep the order, also when one of them has more interceptors', async () => {
    const clock = virtualClock();
    const order: string[] = [];
    const start = (name: string, baseDelay: number, interceptors: number): Promise<unknown> => {
      const client = axios.create({ adapter: scriptedAdapter([503, 503, 200]) });
      for (let n = 0; n < interceptors; n += 1) {
        client.interceptors.request.use(async (config) => config);
      }
      client.interceptors.request.use((config) => {
        order.push(`${name} at ${clock.now()}`);
        return config;
      });
      attachRetry(client, { baseDelay, jitter: 'none' }, { clock });
      return client.get('/');
    };
    await Promise.all([start('slow', 1_000, 0), start('quick', 400, 10)]);
    expect(order).toEqual([
      'slow at 0',
      'quick at 0',
      'quick at 400',
      'slow at 1000',
      'quick at 1200',
      'slow at 3000',
    ]);
  });
});

describe('an abort', () => {
  test.each(['auto', 'manual'] as const)(
    'ends a sleep (%s) with its reason, and leaves nothing behind',
    async (mode) => {
      const clock = virtualClock({ mode });
      const controller = new AbortController();
      const sleep = caught(clock.sleep(1_000, controller.signal));
      const alarm = caught(clock.alarm(1_000, controller.signal));
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
      const reason = new Error('enough');
      controller.abort(reason);
      expect(await sleep).toBe(reason);
      expect(await alarm).toBe(reason);
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
      expect(clock.pending).toBe(0);
      await macrotask();
      expect(clock.now()).toBe(0);
      await clock.advance(1_000);
      expect(clock.now()).toBe(1_000);
    },
  );

  test('that came before is the end of the sleep before it begins', async () => {
    const clock = virtualClock();
    const signal = AbortSignal.abort('gone');
    expect(await caught<unknown>(clock.sleep(1_000, signal))).toBe('gone');
    expect(await caught<unknown>(clock.alarm(1_000, signal))).toBe('gone');
    expect(await caught<unknown>(clock.alarm(0, signal))).toBe('gone');
    expect(clock.sleeps).toEqual([]);
  });

  test('that comes after the end finds no listener', async () => {
    const clock = virtualClock();
    const { signal } = new AbortController();
    await Promise.all([clock.sleep(1_000, signal), clock.alarm(500, signal)]);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  test('of the shortest sleep leaves the others where they are', async () => {
    const clock = virtualClock();
    const { notes, note } = noter(() => clock.now());
    const controller = new AbortController();
    const all = [note('a', clock.sleep(500)), note('b', clock.sleep(100, controller.signal))];
    controller.abort('no');
    await Promise.all(all);
    expect(notes).toEqual(['b: no', 'a at 500']);
  });
});

describe('an alarm', () => {
  test('is not jumped to, not recorded and not pending', async () => {
    const clock = virtualClock();
    let rang = false;
    void clock.alarm(1_000).then(() => {
      rang = true;
    });
    await macrotask();
    await macrotask();
    expect([rang, clock.now(), clock.sleeps, clock.pending]).toEqual([false, 0, [], 0]);
  });

  test('goes off when a sleep takes time past it, before that sleep ends', async () => {
    const clock = virtualClock();
    const { notes, note } = noter(() => clock.now());
    const all = [
      note('alarm', clock.alarm(700)),
      note('late', clock.alarm(5_000)),
      note('sleep', clock.sleep(1_000)),
    ];
    await all[2];
    expect(notes).toEqual(['alarm at 700', 'sleep at 1000']);
    await clock.advance(4_000);
    expect(notes).toEqual(['alarm at 700', 'sleep at 1000', 'late at 5000']);
  });

  test('that aborts the sleep which took time to it stops the clock there', async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    void clock.alarm(700).then(() => controller.abort('overdue'));
    expect(await caught<unknown>(clock.sleep(1_000, controller.signal))).toBe('overdue');
    await macrotask();
    expect(clock.now()).toBe(700);
  });

  test('of no time goes off at once', async () => {
    const clock = virtualClock({ mode: 'manual' });
    await clock.alarm(0);
    expect(clock.now()).toBe(0);
  });

  test('of no time goes off before an advance that is under way moves time, with all that follows from it', async () => {
    const clock = virtualClock({ mode: 'manual' });
    const advanced = clock.advance(1_000);
    let follower = -1;
    const followed = clock.alarm(0).then(async () => {
      for (let turn = 0; turn < 20; turn += 1) await undefined;
      follower = clock.now();
    });
    await Promise.all([advanced, followed]);
    expect(follower).toBe(0);
  });

  test('is how attemptTimeout ends an attempt that never answers, once the test says so', async () => {
    const clock = virtualClock();
    const adapter = scriptedAdapter([() => new Promise(() => undefined), 200]);
    const client = axios.create({ adapter });
    attachRetry(client, { attemptTimeout: 3_000, jitter: 'none' }, { clock });
    const response = client.get('/');
    await clock.advance(2_999);
    expect(adapter.requests).toHaveLength(1);
    await clock.advance(1);
    expect(retryReport(await response)?.attempts).toMatchObject([
      { code: 'ETIMEDOUT', duration: 3_000, delay: 1_000 },
      { status: 200 },
    ]);
    expect(clock.sleeps).toEqual([1_000]);
  });

  test('is how attemptTimeout ends an attempt that takes the time of the clock', async () => {
    const clock = virtualClock();
    const slow = async () => {
      await clock.sleep(10_000);
      return 200;
    };
    const client = axios.create({ adapter: scriptedAdapter([slow, 200]) });
    attachRetry(client, { attemptTimeout: 3_000, jitter: 'none' }, { clock });
    const report = retryReport(await client.get('/'));
    expect(report?.attempts).toMatchObject([{ code: 'ETIMEDOUT', duration: 3_000 }, { startedAt: 4_000 }]);
  });
});

describe('in the mode manual, a sleep', () => {
  test('lasts until the test takes the clock to its end', async () => {
    const clock = virtualClock({ mode: 'manual' });
    const { notes, note } = noter(() => clock.now());
    void note('a', clock.sleep(1_000));
    await macrotask();
    await clock.advance(999);
    expect([notes, clock.pending, clock.now()]).toEqual([[], 1, 999]);
    await clock.advance(1);
    expect([notes, clock.pending, clock.now()]).toEqual([['a at 1000'], 0, 1_000]);
  });

  test('that begins on the way ends on the way, each at its time', async () => {
    const clock = virtualClock({ mode: 'manual' });
    const { notes, note } = noter(() => clock.now());
    const twice = async () => {
      await note('a1', clock.sleep(300));
      await note('a2', clock.sleep(300));
      await note('a3', clock.sleep(300));
    };
    void twice();
    void note('b', clock.sleep(500));
    void note('alarm', clock.alarm(550));
    await clock.advance(600);
    expect(notes).toEqual(['a1 at 300', 'b at 500', 'alarm at 550', 'a2 at 600']);
    expect([clock.now(), clock.pending]).toEqual([600, 1]);
    await clock.advance(300);
    expect(notes.at(-1)).toBe('a3 at 900');
  });

  test('lets a request through its retries, one advance after the other', async () => {
    const clock = virtualClock({ mode: 'manual' });
    const client = axios.create();
    const mock = new MockAdapter(client);
    mock.onGet('/').reply(503);
    attachRetry(client, { jitter: 'none', maxAttempts: 4 }, { clock });
    const failure = caught(client.get('/'));
    const sendsAfter = async (ms: number): Promise<number | undefined> => {
      await clock.advance(ms);
      return mock.history.get?.length;
    };
    expect(await sendsAfter(0)).toBe(1);
    expect(await sendsAfter(999)).toBe(1);
    expect(await sendsAfter(1)).toBe(2);
    expect(await sendsAfter(6_000)).toBe(4);
    expect((await failure).response?.status).toBe(503);
    expect(clock.sleeps).toEqual([1_000, 2_000, 4_000]);
  });

  test('is passed by several advances in the order of the calls', async () => {
    const clock = virtualClock({ mode: 'manual' });
    const { notes, note } = noter(() => clock.now());
    void note('a', clock.sleep(150));
    const first = clock.advance(100).then(() => notes.push(`first at ${clock.now()}`));
    const second = clock.advance(100).then(() => notes.push(`second at ${clock.now()}`));
    await Promise.all([second, first]);
    expect(notes).toEqual(['first at 100', 'a at 150', 'second at 200']);
  });

  test('can be awaited when it is not known when it begins', async () => {
    const clock = virtualClock({ mode: 'manual' });
    const { notes, note } = noter(() => clock.now());
    const both = clock.untilPending(2).then(() => notes.push('both'));
    const one = clock.untilPending().then(() => notes.push('one'));
    setTimeout(() => void note('a', clock.sleep(10)), 1);
    await one;
    expect(notes).toEqual(['one']);
    setTimeout(() => void note('b', clock.sleep(20)), 1);
    await both;
    await clock.untilPending(2);
    await clock.advance(20);
    expect(notes).toEqual(['one', 'both', 'a at 10', 'b at 20']);
  });
});

describe('the virtual clock refuses', () => {
  test.each([-1, NaN, Infinity, '5', undefined])('%p milliseconds', async (ms) => {
    const clock = virtualClock();
    for (const method of ['sleep', 'alarm', 'advance'] as const) {
      const error = await caught<Error>(clock[method](ms as number));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toMatch(
        `Expected \`${method}\` to be given a finite number of milliseconds ≥ 0, got `,
      );
    }
    expect([clock.sleeps, clock.now()]).toEqual([[], 0]);
  });

  test('options that it does not know what to do with', () => {
    expect(() => virtualClock({ mode: 'fast' as never })).toThrow(
      "Expected virtualClock option `mode` to be 'auto' or 'manual', got \"fast\"",
    );
    expect(() => virtualClock({ now: NaN })).toThrow(
      'Expected virtualClock option `now` to be a finite number of milliseconds, got NaN',
    );
    expect(() => virtualClock({ mod: 'manual' } as never)).toThrow(
      'Expected virtualClock option `mod` to be spelled `mode`, got "manual"',
    );
  });

  test('to sleep for ever, which starves the timeout of any test runner', async () => {
    const clock = virtualClock();
    (clock.sleeps as number[]).length = 99_990;
    const client = axios.create();
    const mock = new MockAdapter(client).onGet('/').reply(503);
    attachRetry(client, { maxAttempts: Infinity, wait: () => 0, throttle: false }, { clock });
    expect((await caught<Error>(client.get('/'))).message).toBe(
      'The virtual clock has slept 100000 times: the retries under test seem to have no end',
    );
    expect(mock.history.get).toHaveLength(11);
  });
});
