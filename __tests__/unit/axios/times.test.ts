import type { AxiosAdapter } from 'axios';
import type { Config } from '../../../lib/axios/snapshot.ts';
import { Times } from '../../../lib/axios/times.ts';
import type { Policy } from '../../../lib/core/policy.ts';
import { createEventClock } from '../../helpers/event-clock.ts';

/** A request that began at 1,000 on the monotonic clock and at 5,000 on that of the wall. */
async function timesOf(bounds: { attemptTimeout?: number; totalTimeout?: number }) {
  const clock = { ...createEventClock(), now: () => 5_000 };
  await clock.run(1_000);
  const policy = { attemptTimeout: Infinity, totalTimeout: Infinity, ...bounds } as Policy;
  return { clock, times: new Times(clock, policy) };
}

/** An adapter that never answers. */
const silent: AxiosAdapter = () => new Promise(() => undefined);

test('the log of a request knows when it began', async () => {
  const { times } = await timesOf({});
  expect(times.newLog()).toMatchObject({ startedAt: 5_000, origin: 1_000, attempts: 0 });
});

test('an attempt begins with the request, and then when it is told to', async () => {
  const { times, clock } = await timesOf({});
  expect(times.attemptedAt).toBe(1_000);
  await clock.run(1_300);
  expect(times.attemptedAt).toBe(1_000);
  times.begin();
  expect(times.attemptedAt).toBe(1_300);
});

test('what is left counts from the beginning of the request', async () => {
  const { times, clock } = await timesOf({ totalTimeout: 700 });
  await clock.run(1_300);
  times.begin();
  expect(times.left).toBe(400);
  expect((await timesOf({})).times.left).toBe(Infinity);
});

test('without a deadline the adapter stays as it is', async () => {
  const { times } = await timesOf({});
  const config = { adapter: silent } as Config;
  times.limit(config);
  expect(config.adapter).toBe(silent);
});

describe('the deadline that comes first ends the attempt', () => {
  test.each([
    [
      'that of the attempt',
      { attemptTimeout: 100, totalTimeout: 900 },
      1_400,
      'attemptTimeout of 100 ms',
      false,
    ],
    ['that of the attempt alone', { attemptTimeout: 100 }, 1_400, 'attemptTimeout of 100 ms', false],
    [
      'that of the request',
      { attemptTimeout: 900, totalTimeout: 400 },
      1_400,
      'totalTimeout of 400 ms',
      true,
    ],
    ['that of the request alone', { totalTimeout: 400 }, 1_400, 'totalTimeout of 400 ms', true],
    [
      'both: that of the request',
      { attemptTimeout: 100, totalTimeout: 400 },
      1_400,
      'totalTimeout of 400 ms',
      true,
    ],
  ])('%s', async (_, bounds, end, name, isOverdue) => {
    const { times, clock } = await timesOf(bounds);
    await clock.run(1_300);
    times.begin();
    const config = { adapter: silent, headers: {} } as unknown as Config;
    times.limit(config);
    const failure = (config.adapter as AxiosAdapter)(config).catch((error: unknown) => ({
      error,
      at: clock.monotonic(),
    }));
    expect(times.isOverdue).toBe(false);
    await clock.run();
    expect(await failure).toMatchObject({
      at: end,
      error: { message: `${name} exceeded`, code: 'ETIMEDOUT' },
    });
    expect(times.isOverdue).toBe(isOverdue);
    // A config used again must not meet the wrapper.
    expect(config.adapter).toBe(silent);
  });
});
