import { AxiosError, type InternalAxiosRequestConfig } from 'axios';
import { batch, RetryBudget, type RetryContext, waitFixed } from '../../../lib/index.ts';
import { createEventClock } from '../../helpers/event-clock.ts';

const busy = (config: object = {}): AxiosError => {
  const sent = config as InternalAxiosRequestConfig;
  const response = { status: 503, statusText: '', headers: {}, config: sent, data: undefined };
  return new AxiosError('busy', 'ERR_BAD_RESPONSE', sent, {}, response as never);
};

/** A clock that has gone on for a while. */
async function lateClock() {
  const clock = createEventClock();
  await clock.run(5_000);
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
  const done = batch(['a'], () => Promise.reject(busy()), { retryIf, wait: waitFixed(100) }, { clock });
  await clock.run();
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
    () => Promise.reject(busy()),
    { budget, signal, wait: waitFixed(1_000) },
    { clock },
  );
  await clock.run(5_400);
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
