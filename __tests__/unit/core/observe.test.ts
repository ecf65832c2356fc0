import type { InternalAxiosRequestConfig } from 'axios';
import { AttemptLog } from '../../../lib/core/attempt-log.ts';
import { contextOf, tell } from '../../../lib/core/observe.ts';
import type { Outcome } from '../../../lib/core/outcome.ts';
import type { Task, Terms } from '../../../lib/core/task.ts';
import type { RetryObserver } from '../../../lib/types.ts';

const config = { method: 'get', url: '/users' } as InternalAxiosRequestConfig;
const task = { copyOf: ({ ...copy }) => copy } as Task;
const random = () => 0.5;

/** A request that began at 1,000, at 1,500. */
function termsOf() {
  const log = new AttemptLog(1_700_000_000_000, 1_000);
  const world = { clock: { now: () => 1_700_000_000_500, monotonic: () => 1_500 }, random };
  return { policy: { maxAttempts: 3 }, world, log, startedAt: 1_200 } as unknown as Terms;
}

const failed: Outcome = { ok: false, value: 'down', isSent: true, config, result: 'E', failure: 'ambiguous' };

test('a context tells how far the request has come', () => {
  const terms = termsOf();
  const { log } = terms;
  log.add(1_000, 1_100, 503);
  log.wait(100);
  log.add(1_200, 1_400, 503);
  log.mayHaveActed = true;
  const known = {
    attemptNumber: 2,
    maxAttempts: 3,
    elapsed: 500,
    totalDelay: 100,
    duration: 200,
    mayHaveActed: true,
    random,
    config,
    method: 'GET',
    url: '/users',
    error: 'down',
    code: 'E',
    failure: 'ambiguous',
  };
  expect({ ...contextOf(task, terms, failed, { reason: 'aborted' }) }).toStrictEqual({
    ...known,
    reason: 'aborted',
  });
  log.hint = 0;
  expect({ ...contextOf(task, terms, failed, {}) }).toStrictEqual({ ...known, hint: 0 });
});

describe('observers', () => {
  test('are told in their order, each the event that it listens to', () => {
    const told: unknown[] = [];
    const observers = [
      { onRetry: (context: object) => told.push(['first', context]) },
      {},
      { onGiveUp: () => told.push('never') },
      { onRetry: (context: object) => told.push(['last', context]) },
    ];
    let contexts = 0;
    tell(observers as readonly RetryObserver[], 'onRetry', () => ({ number: ++contexts }));
    expect(told).toEqual([
      ['first', { number: 1 }],
      ['last', { number: 2 }],
    ]);
  });

  test('change nothing by what they throw, reject with or answer', async () => {
    const last = jest.fn();
    const observers = [
      { onRetry: () => Promise.reject(new Error('nobody listens')) },
      {
        onRetry() {
          throw new Error('nobody listens');
        },
      },
      {
        get onRetry(): never {
          throw new Error('nobody listens');
        },
      },
      { onRetry: () => 7 },
      { onRetry: last },
    ];
    tell(observers as readonly RetryObserver[], 'onRetry', () => ({}));
    expect(last).toHaveBeenCalledTimes(1);
    // An unhandled rejection would be reported by now, and fail the run.
    await new Promise(setImmediate);
  });
});
