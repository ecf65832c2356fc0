import { AxiosError, type InternalAxiosRequestConfig } from 'axios';
import { type BatchOptions, batch, Cooldown, RetryBudget, waitFixed } from '../../../lib/index.ts';
import { seededRandom, virtualClock } from '../../../lib/testing.ts';
import { createEventClock, type EventClock } from '../../helpers/event-clock.ts';

interface Headers {
  readonly [name: string]: string;
}

function failure(status: number, headers: Headers = {}, config: object = {}): AxiosError {
  const sent = config as InternalAxiosRequestConfig;
  const response = { status, statusText: '', headers, config: sent, data: undefined };
  return new AxiosError(`Status ${status}`, 'ERR_BAD_RESPONSE', sent, {}, response as never);
}

const later = (seconds: number, status = 429, config: object = {}): AxiosError =>
  failure(status, { 'retry-after': `${seconds}` }, config);

/** A `send` that fails as the table says before it succeeds, and when each item was sent. */
function sender(clock: EventClock, failures: Readonly<Record<string, readonly unknown[]>>, latency = 10) {
  const sent: [item: string, at: number][] = [];
  const send = async (item: string): Promise<string> => {
    const times = sent.filter(([earlier]) => earlier === item).length;
    sent.push([item, clock.monotonic()]);
    await clock.alarm(latency);
    const errors = failures[item] ?? [];
    if (times < errors.length) throw errors[times];
    return item;
  };
  return { send, sent };
}

/** Runs a batch in virtual time, with the least that chance can add to a pause. */
async function play(
  items: Iterable<string>,
  failures: Readonly<Record<string, readonly unknown[]>>,
  options: BatchOptions = {},
) {
  const clock = createEventClock();
  const { send, sent } = sender(clock, failures);
  const done = batch(items, send, options, { clock, random: () => 0 });
  await clock.run();
  return { ...(await done), sent, clock };
}

describe('a wait that the server asks for', () => {
  test('pauses the whole batch, and the item is sent first after it', async () => {
    const { sent } = await play(['a', 'b', 'c'], { a: [later(5)] }, { concurrency: 1 });
    expect(sent).toEqual([
      ['a', 0],
      ['a', 5_010],
      ['b', 5_020],
      ['c', 5_030],
    ]);
  });

  test('uses up no round, also in the last one', async () => {
    const refused = Array.from({ length: 8 }, () => later(1));
    const { fulfilled, sent } = await play(['a'], { a: refused }, { maxRounds: 1 });
    expect([...fulfilled.keys()]).toEqual(['a']);
    expect(sent).toHaveLength(9);
  });

  test('is not followed by the wait between rounds, which others may still need', async () => {
    const { sent, fulfilled } = await play(
      ['a', 'b'],
      { a: [later(3)], b: [failure(503)] },
      { wait: waitFixed(400) },
    );
    expect(fulfilled.size).toBe(2);
    expect(sent).toEqual([
      ['a', 0],
      ['b', 0],
      ['a', 3_010],
      ['b', 3_420],
    ]);
  });

  test('lasts as long as the longest that anybody was told', async () => {
    const { sent } = await play(['a', 'b', 'c'], { a: [later(3)], b: [later(7, 503)] });
    expect(sent.slice(3).every(([, at]) => at >= 7_010)).toBe(true);
  });

  test('moves back what waits already when another item is told more', async () => {
    const clock = createEventClock();
    const sent: [string, number][] = [];
    const send = async (item: string): Promise<void> => {
      const isFirst = !sent.some(([earlier]) => earlier === item);
      sent.push([item, clock.monotonic()]);
      await clock.alarm(item === 'slow' ? 500 : 10);
      if (isFirst) throw later(item === 'slow' ? 4 : 1);
    };
    const done = batch(['slow', 'quick'], send, {}, { clock, random: () => 0 });
    await clock.run();
    await done;
    expect(sent.slice(2).map(([, at]) => at >= 4_500)).toEqual([true, true]);
  });

  test('of which nobody is left to wait for it ends the batch at once', async () => {
    const unsafe = later(60, 503, { method: 'post' });
    const { report, clock } = await play(['a', 'b'], { b: [unsafe] });
    expect([...report]).toEqual([['b', { reason: 'unsafe-method', attempts: 1 }]]);
    expect(clock.monotonic()).toBe(10);
  });

  test('is kept for the others when the item itself is beyond help', async () => {
    const unsafe = later(60, 503, { method: 'post' });
    const { fulfilled, report, sent } = await play(['a', 'b'], { a: [unsafe] }, { concurrency: 1 });
    expect([...fulfilled.keys()]).toEqual(['b']);
    expect(report.get('a')).toEqual({ reason: 'unsafe-method', attempts: 1 });
    expect(sent.at(-1)).toEqual(['b', 60_010]);
  });

  test('of more than two minutes pauses nobody', async () => {
    const { report, clock } = await play(['a', 'b'], { a: [later(3_600)] }, { concurrency: 1 });
    expect(report.get('a')).toEqual({ reason: 'retry-after-too-long', attempts: 1 });
    expect(clock.monotonic()).toBe(20);
  });

  test('on another failure than 429 and 503 counts for the item that is sent again', async () => {
    const { sent } = await play(['a'], { a: [later(2, 500)] });
    expect(sent.at(-1)).toEqual(['a', 2_010]);
    const gone = await play(['a', 'b'], { a: [later(2, 404)] }, { concurrency: 1 });
    expect(gone.clock.monotonic()).toBe(20);
  });

  test('is spread a little, so that several batches do not come back together', async () => {
    const clock = createEventClock();
    const { send, sent } = sender(clock, { a: [later(2)] });
    const done = batch(['a'], send, {}, { clock, random: () => 0.5 });
    await clock.run();
    await done;
    expect(sent.at(-1)).toEqual(['a', 2_510]);
  });

  test('ends the batch when nothing succeeds for five minutes, with what the server said', async () => {
    const always = Array.from({ length: 999 }, () => later(60));
    const clock = createEventClock();
    const { send, sent } = sender(clock, { a: always, b: always });
    const done = batch(['a', 'b', 'c'], send, { concurrency: 1 }, { clock, random: () => 0 });
    await clock.run();
    const { rejected, report } = await done;
    expect(sent.filter(([item]) => item === 'a')).toHaveLength(5);
    expect(clock.monotonic()).toBeLessThan(300_000);
    expect([...report]).toEqual([
      ['a', { reason: 'cooling-down', attempts: 5 }],
      ['b', { reason: 'cooling-down', attempts: 0 }],
      ['c', { reason: 'cooling-down', attempts: 0 }],
    ]);
    expect([...rejected.values()].every((error) => error instanceof AxiosError)).toBe(true);
  });

  test('is paid for by the budget once for all, and pauses nobody when the budget cannot', async () => {
    const budget = new RetryBudget({ maxRetries: 10, maxWait: 8_000 });
    const { fulfilled } = await play(['a', 'b'], { a: [later(5)], b: [later(6)] }, { budget });
    expect(fulfilled.size).toBe(2);
    expect(budget).toMatchObject({ remainingRetries: 8, remainingWait: 2_000 });
    const { report, clock } = await play(['a', 'b'], { a: [later(3)] }, { budget, concurrency: 1 });
    expect(report.get('a')).toEqual({ reason: 'budget-exhausted', attempts: 1 });
    expect(clock.monotonic()).toBe(20);
  });

  test('for an item that is beyond help costs the budget no retry', async () => {
    const budget = new RetryBudget({ maxRetries: 1, maxWait: 100_000 });
    const unsafe = later(60, 503, { method: 'post' });
    await play(['a', 'b'], { a: [unsafe] }, { budget, concurrency: 1 });
    expect(budget).toMatchObject({ remainingRetries: 1, remainingWait: 40_000 });
  });

  test('that an abort ends gives back what is left of it', async () => {
    const clock = createEventClock();
    const controller = new AbortController();
    const budget = new RetryBudget({ maxRetries: 5, maxWait: 10_000 });
    const { send } = sender(clock, { a: [later(4)] });
    const { signal } = controller;
    const done = batch(['a', 'b'], send, { budget, signal, concurrency: 1 }, { clock, random: () => 0 });
    await clock.run(1_010);
    controller.abort('left');
    const { rejected, report } = await done;
    expect([...rejected.values()]).toEqual(['left', 'left']);
    expect(report.get('a')).toEqual({ reason: 'aborted', attempts: 1 });
    expect(budget).toMatchObject({ remainingRetries: 5, remainingWait: 9_000 });
    await clock.run();
    expect(clock.monotonic()).toBe(1_010);
  });
});

describe('a cooldown that is given', () => {
  test('is shared by batches: each hears what the other is told', async () => {
    const clock = createEventClock();
    const cooldown = new Cooldown({ hold: true });
    const config = { baseURL: 'https://api.example.com' };
    const one = sender(clock, { a: [later(5, 429, config)] });
    const two = sender(clock, { x: [later(1, 429, config)] });
    const runtime = { clock, random: () => 0 };
    const both = Promise.all([
      batch(['a', 'b'], one.send, { cooldown, concurrency: 1 }, runtime),
      batch(['x', 'y'], two.send, { cooldown, concurrency: 1 }, runtime),
    ]);
    await clock.run();
    const results = await both;
    expect(results.map(({ fulfilled }) => fulfilled.size)).toEqual([2, 2]);
    const again = [...one.sent.slice(1), ...two.sent.slice(1)];
    expect(again.every(([, at]) => at >= 5_010)).toBe(true);
  });

  test('whose scope throws is a mistake of the user: the item has its error', async () => {
    const thrown = new Error('A mistake');
    const cooldown = new Cooldown({
      scope: () => {
        throw thrown;
      },
    });
    const { rejected, report } = await play(['a', 'b'], { a: [later(1)] }, { cooldown });
    expect([...rejected]).toEqual([['a', thrown]]);
    expect(report.get('a')?.reason).toBe('callback-threw');
  });
});

describe('2,000 items for a server that takes 150 a second and answers the others 429 with Retry-After: 1', () => {
  test.each([1, 10, 30, 100])(
    'all arrive, with less than a tenth more requests, at %i ms',
    async (latency) => {
      const clock = createEventClock();
      const random = seededRandom(latency);
      const items = Array.from({ length: 2_000 }, (_, index) => index);
      const half = (): number => latency * (0.25 + random() / 2);
      const used = new Map<number, number>();
      let requests = 0;
      const send = async (item: number): Promise<number> => {
        requests += 1;
        await clock.alarm(half());
        const second = Math.floor(clock.monotonic() / 1_000);
        const before = used.get(second) ?? 0;
        used.set(second, before + 1);
        await clock.alarm(half());
        if (before >= 150) throw later(1);
        return item;
      };
      const done = batch(items, send, { concurrency: 20 }, { clock, random });
      await clock.run();
      const { fulfilled, rejected } = await done;
      expect([...fulfilled.keys()]).toEqual(items);
      expect(rejected.size).toBe(0);
      expect(requests).toBeLessThan(2_000 * 1.1);
      // 150 a second would take 13.3 s.
      expect(clock.monotonic()).toBeLessThan(30_000);
    },
  );
});

test('a virtual clock jumps over the pauses', async () => {
  const clock = virtualClock();
  let times = 0;
  const send = (): Promise<void> => (++times < 4 ? Promise.reject(later(30)) : Promise.resolve());
  const { fulfilled } = await batch(['a'], send, {}, { clock, random: () => 0 });
  expect(fulfilled.size).toBe(1);
  expect(clock.sleeps).toEqual([30_000, 30_000, 30_000]);
});
