import { getEventListeners } from 'node:events';
import { completeClock, onAlarm, systemClock, systemRandom } from '../../../lib/runtime/clock.ts';

const LONGEST_TIMER = 2 ** 31 - 1;

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  return (await Promise.race([promise, Promise.resolve(pending)])) === pending;
}

describe('the sleep of the machine', () => {
  test('is never shorter than asked, fractions included', async () => {
    const delays = Array.from({ length: 200 }, (_, i) => (i % 20) + (i % 7) / 7 + 0.001);
    const slept = await Promise.all(
      delays.map(async (ms) => {
        const before = performance.now();
        await systemClock.sleep(ms);
        return performance.now() - before;
      }),
    );
    expect(delays.filter((ms, i) => (slept[i] as number) < ms)).toEqual([]);
  });

  test('rejects with the reason of the signal and leaves neither timer nor listener', async () => {
    const controller = new AbortController();
    const before = timers();
    const sleeping = systemClock.sleep(60_000, controller.signal);
    expect(timers()).toBe(before + 1);
    const reason = new Error('left');
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    expect(timers()).toBe(before);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  test('does not begin under a signal that has aborted', async () => {
    const before = timers();
    await expect(systemClock.sleep(60_000, AbortSignal.abort('gone'))).rejects.toBe('gone');
    expect(timers()).toBe(before);
  });

  test('that ends in time lets go of the signal', async () => {
    const { signal } = new AbortController();
    const sleeping = systemClock.sleep(3, signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await sleeping;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  test('of a thousand waits on one signal takes one listener', async () => {
    const controller = new AbortController();
    const sleeping = Array.from({ length: 1_000 }, () => systemClock.sleep(60_000, controller.signal));
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    controller.abort('over');
    const ends = await Promise.allSettled(sleeping);
    expect(ends.every((end) => end.status === 'rejected' && end.reason === 'over')).toBe(true);
  });
});

describe('under fake timers', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  test.each([LONGEST_TIMER - 1, LONGEST_TIMER, LONGEST_TIMER + 1, 3 * LONGEST_TIMER + 0.5])(
    'a sleep of %d ms ends when it is over and not at once',
    async (ms) => {
      const spy = jest.spyOn(globalThis, 'setTimeout');
      const sleeping = systemClock.sleep(ms);
      await jest.advanceTimersByTimeAsync(ms - 2);
      expect(await isPending(sleeping)).toBe(true);
      await jest.advanceTimersByTimeAsync(3);
      expect(await isPending(sleeping)).toBe(false);
      const asked = spy.mock.calls.map(([, delay]) => Number(delay));
      expect(asked.every((delay) => Number.isInteger(delay) && delay >= 0 && delay <= LONGEST_TIMER)).toBe(
        true,
      );
    },
  );

  test('a sleep of Infinity never ends, and can be aborted', async () => {
    const controller = new AbortController();
    const sleeping = systemClock.sleep(Infinity, controller.signal);
    await jest.advanceTimersByTimeAsync(5 * LONGEST_TIMER);
    expect(await isPending(sleeping)).toBe(true);
    controller.abort('enough');
    await expect(sleeping).rejects.toBe('enough');
    expect(jest.getTimerCount()).toBe(0);
  });

  test('a change of the system time neither shortens nor lengthens a sleep', async () => {
    const sleeping = systemClock.sleep(1_000);
    jest.setSystemTime(Date.now() + 3_600_000);
    await jest.advanceTimersByTimeAsync(998);
    expect(await isPending(sleeping)).toBe(true);
    jest.setSystemTime(0);
    await jest.advanceTimersByTimeAsync(3);
    expect(await isPending(sleeping)).toBe(false);
  });

  test('time is read when it is asked for', () => {
    jest.setSystemTime(1_700_000_000_000);
    expect(systemClock.now()).toBe(1_700_000_000_000);
    const before = systemClock.monotonic();
    jest.advanceTimersByTime(50);
    expect(systemClock.now()).toBe(1_700_000_000_050);
    expect(systemClock.monotonic() - before).toBe(50);
  });
});

test('fake timers that leave `performance` alone still end a sleep', async () => {
  jest.useFakeTimers({ doNotFake: ['performance'] });
  try {
    const sleeping = systemClock.sleep(60_000);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(await isPending(sleeping)).toBe(false);
  } finally {
    jest.useRealTimers();
  }
});

describe('under timers that somebody made synchronous', () => {
  const real = globalThis.setTimeout;
  beforeEach(() => {
    globalThis.setTimeout = ((callback: () => void) => {
      callback();
      return 0;
    }) as never;
  });
  afterEach(() => {
    globalThis.setTimeout = real;
  });

  test('a sleep ends at once, and lets go of the signal', async () => {
    const { signal } = new AbortController();
    await systemClock.sleep(60_000);
    await systemClock.sleep(60_000, signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  test('a deadline takes its time, and can be called off', async () => {
    const before = performance.now();
    await systemClock.alarm(20);
    expect(performance.now() - before).toBeGreaterThanOrEqual(20);
    const [struck, running] = [jest.fn(), timers()];
    onAlarm(systemClock.alarm, 60_000, struck)();
    expect(timers()).toBe(running);
    expect(struck).not.toHaveBeenCalled();
  });
});

describe('an alarm', () => {
  test('of the machine calls back when it is over, unless it is called off', async () => {
    const off = jest.fn();
    onAlarm(systemClock.alarm, 5, off)();
    await new Promise<void>((resolve) => {
      onAlarm(systemClock.alarm, 5, resolve);
    });
    expect(off).not.toHaveBeenCalled();
  });

  test('of a clock that was completed is that of the machine, where the user has none', () => {
    expect(completeClock(systemClock).alarm).toBe(systemClock.alarm);
    expect(completeClock({ now: () => 0, sleep: async () => undefined }).alarm).toBe(systemClock.alarm);
  });

  test('of the user is called off by its signal', async () => {
    const signals: AbortSignal[] = [];
    const struck = jest.fn();
    const alarm = (_: number, signal?: AbortSignal): Promise<void> => {
      signals.push(signal as AbortSignal);
      return signals.length === 1 ? Promise.resolve() : new Promise(() => undefined);
    };
    onAlarm(alarm, 5, struck);
    onAlarm(alarm, 5, struck)();
    await systemClock.sleep(1);
    expect(struck).toHaveBeenCalledTimes(1);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true]);
  });

  test('that comes late because the thread was busy leaves a moment to what came in time', async () => {
    const order: string[] = [];
    const struck = systemClock.alarm(5).then(() => order.push('deadline'));
    setImmediate(() => {
      const end = performance.now() + 30;
      while (performance.now() < end);
      // As input does: noted while the thread was busy, handled in the next turns.
      setImmediate(() => setImmediate(() => order.push('input')));
    });
    await struck;
    expect(order).toEqual(['input', 'deadline']);
  });
});

describe('a clock of the user', () => {
  test('is called as a method of itself', async () => {
    class Stopwatch {
      readonly calls: unknown[][] = [];
      time = 42;
      now(): number {
        return this.time;
      }
      monotonic(): number {
        return this.time + 1;
      }
      async sleep(...given: unknown[]): Promise<void> {
        this.calls.push(['sleep', ...given]);
      }
      async alarm(...given: unknown[]): Promise<void> {
        this.calls.push(['alarm', ...given]);
      }
    }
    const stopwatch = new Stopwatch();
    const { signal } = new AbortController();
    const clock = completeClock(stopwatch);
    await clock.sleep(5, signal);
    await clock.alarm(6, signal);
    expect([clock.now(), clock.monotonic()]).toEqual([42, 43]);
    expect(stopwatch.calls).toEqual([
      ['sleep', 5, signal],
      ['alarm', 6, signal],
    ]);
  });

  test('without `monotonic` measures durations with `now`', () => {
    let time = 7;
    const clock = completeClock({ now: () => time, sleep: async () => undefined });
    expect(clock.monotonic()).toBe(7);
    time = 9;
    expect(clock.monotonic()).toBe(9);
  });

  test('without `alarm` keeps deadlines on the timers of the machine', async () => {
    const sleep = jest.fn(async () => undefined);
    const clock = completeClock({ now: () => 0, sleep });
    const before = performance.now();
    await clock.alarm(5);
    expect(performance.now() - before).toBeGreaterThanOrEqual(5);
    expect(sleep).not.toHaveBeenCalled();
  });
});

test('chance lies in [0, 1) and varies', () => {
  const drawn = Array.from({ length: 1_000 }, systemRandom);
  expect(drawn.every((value) => value >= 0 && value < 1)).toBe(true);
  expect(new Set(drawn).size).toBeGreaterThan(990);
});
