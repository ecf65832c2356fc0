import { inspect } from 'node:util';
import axios from 'axios';
import fc from 'fast-check';
import { isRetryBudget, isRetryThrottle, type Reservation } from '../../../lib/limits/brand.ts';
import { RetryBudget } from '../../../lib/limits/budget.ts';

const left = (budget: RetryBudget) => [budget.remainingRetries, budget.remainingWait];

describe('what a budget holds', () => {
  test.each([
    [undefined, [10, 15_000]],
    [{}, [10, 15_000]],
    [{ maxRetries: undefined, maxWait: undefined }, [10, 15_000]],
    [{ maxRetries: 3 }, [3, 15_000]],
    [{ maxWait: 0.5 }, [10, 0.5]],
    [{ maxRetries: 0, maxWait: 0 }, [0, 0]],
    [{ maxRetries: Infinity, maxWait: Infinity }, [Infinity, Infinity]],
  ])('%p gives %p', (options, expected) => {
    expect(left(new RetryBudget(options))).toEqual(expected);
  });

  test.each([
    [
      { maxRetries: -1 },
      'Expected retry budget option `maxRetries` to be an integer ≥ 0 or Infinity, got -1',
    ],
    [
      { maxRetries: 1.5 },
      'Expected retry budget option `maxRetries` to be an integer ≥ 0 or Infinity, got 1.5',
    ],
    [
      { maxRetries: NaN },
      'Expected retry budget option `maxRetries` to be an integer ≥ 0 or Infinity, got NaN',
    ],
    [
      { maxRetries: '3' },
      'Expected retry budget option `maxRetries` to be an integer ≥ 0 or Infinity, got "3"',
    ],
    [
      { maxRetries: null },
      'Expected retry budget option `maxRetries` to be an integer ≥ 0 or Infinity, got null',
    ],
    [
      { maxWait: -1 },
      'Expected retry budget option `maxWait` to be a number of milliseconds ≥ 0 or Infinity, got -1',
    ],
    [
      { maxWait: NaN },
      'Expected retry budget option `maxWait` to be a number of milliseconds ≥ 0 or Infinity, got NaN',
    ],
    [{ retries: 3 }, 'Expected retry budget option `retries` to be one of maxRetries, maxWait, got 3'],
    [{ toString: 3 }, 'Expected retry budget option `toString` to be one of maxRetries, maxWait, got 3'],
    [5, 'Expected retry budget options to be an object, got 5'],
    [null, 'Expected retry budget options to be an object, got null'],
  ])('refuses %p', (options, message) => {
    expect(() => new RetryBudget(options as never)).toThrow(new TypeError(message));
  });
});

describe('reserving', () => {
  test.each([
    ['takes one retry and its wait', { maxRetries: 2, maxWait: 100 }, 40, [1, 60]],
    ['takes the last of both', { maxRetries: 1, maxWait: 100 }, 100, [0, 0]],
    ['takes a retry without a wait', { maxRetries: 1, maxWait: 0 }, 0, [0, 0]],
    ['counts a wait below zero as none', { maxRetries: 1, maxWait: 100 }, -5, [0, 100]],
    ['counts waits only', { maxRetries: Infinity, maxWait: 100 }, 40, [Infinity, 60]],
    ['counts retries only', { maxRetries: 2, maxWait: Infinity }, 1e300, [1, Infinity]],
  ])('%s', (_, options, delay, expected) => {
    const budget = new RetryBudget(options);
    expect(budget.reserve(delay)).toBeDefined();
    expect(left(budget)).toEqual(expected);
  });

  test.each([
    ['no retry is left', { maxRetries: 0, maxWait: 100 }, 40],
    ['the wait is longer than what is left', { maxRetries: 2, maxWait: 100 }, 100.5],
    ['the wait is endless', { maxRetries: 2, maxWait: Infinity }, Infinity],
    ['the wait is no number', { maxRetries: 2, maxWait: 100 }, NaN],
  ])('takes neither when %s', (_, options, delay) => {
    const budget = new RetryBudget(options);
    expect(budget.reserve(delay)).toBeUndefined();
    expect(left(budget)).toEqual([options.maxRetries, options.maxWait]);
  });
});

describe('cancelling a reservation of 40 from { maxRetries: 2, maxWait: 100 }', () => {
  test.each([
    ['before the wait gives back all', 0, [2, 100]],
    ['within the wait gives back the retry and the time not slept', 30, [2, 70]],
    ['after the wait gives back the retry', 40, [2, 60]],
    ['after an overslept wait gives back no more than the retry', 55, [2, 60]],
    ['on a clock that went backwards gives back no more than was taken', -10, [2, 100]],
    ['without a sensible time gives back the retry', NaN, [2, 60]],
  ])('%s', (_, slept, expected) => {
    const budget = new RetryBudget({ maxRetries: 2, maxWait: 100 });
    budget.reserve(40)?.cancel(slept);
    expect(left(budget)).toEqual(expected);
  });

  test('twice gives back once', () => {
    const budget = new RetryBudget({ maxRetries: 2, maxWait: 100 });
    budget.reserve(10);
    const reservation = budget.reserve(40) as Reservation;
    reservation.cancel(30);
    reservation.cancel(0);
    expect(left(budget)).toEqual([1, 60]);
  });
});

describe('extending a reservation of 40 from { maxRetries: 2, maxWait: 100 }', () => {
  test.each([
    ['takes what is asked', 50, true, [1, 10]],
    ['takes all that is left', 60, true, [1, 0]],
    ['takes nothing when so much is not left', 60.5, false, [1, 60]],
  ])('%s', (_, more, isGranted, expected) => {
    const budget = new RetryBudget({ maxRetries: 2, maxWait: 100 });
    expect(budget.reserve(40)?.extend(more)).toBe(isGranted);
    expect(left(budget)).toEqual(expected);
  });

  test('an endless wait is never granted', () => {
    const budget = new RetryBudget({ maxWait: Infinity });
    expect(budget.reserve(40)?.extend(Infinity)).toBe(false);
  });

  test('what was taken more is given back too', () => {
    const budget = new RetryBudget({ maxRetries: 2, maxWait: 100 });
    const reservation = budget.reserve(40) as Reservation;
    reservation.extend(50);
    reservation.cancel(45);
    expect(left(budget)).toEqual([2, 55]);
  });
});

test('what sums of fractions gain by rounding is not handed out', () => {
  const budget = new RetryBudget({ maxWait: 100.3 });
  const reservations = [5.1, 7.2, 57.2].map((delay) => budget.reserve(delay));
  for (const reservation of reservations) reservation?.cancel(0);
  expect(budget.remainingWait).toBe(100.3); // without a bound: 100.30000000000001
});

describe('under any interleaving of reservations and cancellations', () => {
  const operation = fc.oneof(
    fc.record({ kind: fc.constant('reserve' as const), delay: fc.nat(400) }),
    fc.record({
      kind: fc.constant('cancel' as const),
      index: fc.nat(30),
      slept: fc.integer({ min: -50, max: 500 }),
    }),
  );

  test('retries and waits are conserved and never exceed the budget', () => {
    fc.assert(
      fc.property(
        fc.nat(12),
        fc.nat(2_000),
        fc.array(operation, { maxLength: 60 }),
        (maxRetries, maxWait, operations) => {
          const budget = new RetryBudget({ maxRetries, maxWait });
          const taken: { reservation: Reservation; retries: number; wait: number }[] = [];
          for (const each of operations) {
            if (each.kind === 'reserve') {
              const [retries, wait] = left(budget) as [number, number];
              const reservation = budget.reserve(each.delay);
              expect(reservation !== undefined).toBe(retries >= 1 && each.delay <= wait);
              if (reservation !== undefined) taken.push({ reservation, retries: 1, wait: each.delay });
            } else {
              const reserved = taken[each.index % Math.max(1, taken.length)];
              if (reserved === undefined) continue;
              reserved.reservation.cancel(each.slept);
              if (reserved.retries === 1) reserved.wait = Math.max(0, Math.min(reserved.wait, each.slept));
              reserved.retries = 0;
            }
            const retries = taken.reduce((sum, { retries }) => sum + retries, 0);
            const wait = taken.reduce((sum, { wait }) => sum + wait, 0);
            expect(retries).toBeLessThanOrEqual(maxRetries);
            expect(wait).toBeLessThanOrEqual(maxWait);
            expect(left(budget)).toEqual([maxRetries - retries, maxWait - wait]);
          }
        },
      ),
    );
  });

  test('what is left stays within bounds with waits that are fractions', () => {
    const delays = fc.array(fc.double({ min: 0, max: 50, noNaN: true }), { maxLength: 50 });
    fc.assert(
      fc.property(delays, fc.double({ min: 0, max: 1, noNaN: true }), (waits, part) => {
        const budget = new RetryBudget({ maxRetries: 50, maxWait: 1_000 });
        const reservations = waits.map((wait) => [budget.reserve(wait), wait] as const);
        expect(budget.remainingWait).toBeGreaterThanOrEqual(0);
        for (const [reservation, wait] of reservations) reservation?.cancel(wait * part);
        expect(budget.remainingRetries).toBe(50);
        expect(budget.remainingWait).toBeLessThanOrEqual(1_000);
        expect(budget.remainingWait).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('a budget', () => {
  test('is known by its brand, not by its class', () => {
    expect(isRetryBudget(new RetryBudget())).toBe(true);
    expect(isRetryBudget({ [Symbol.for('axios-tenacity.budget')]: true })).toBe(true);
    expect(isRetryThrottle(new RetryBudget())).toBe(false);
    for (const other of [undefined, null, 0, 'budget', {}, () => undefined])
      expect(isRetryBudget(other)).toBe(false);
  });

  test('stays the same object when axios merges configs', () => {
    const budget = new RetryBudget();
    const defaults = { headers: {}, retry: { budget } };
    const merged = axios.mergeConfig(defaults, { retry: { budget } } as object) as { retry?: unknown };
    expect((merged.retry as { budget: unknown }).budget).toBe(budget);
  });

  test('shows what is left in JSON and nothing else anywhere', () => {
    const budget = new RetryBudget({ maxRetries: 2 });
    expect(JSON.stringify(budget)).toBe('{"remainingRetries":2,"remainingWait":15000}');
    expect(inspect(budget)).toBe('RetryBudget {}');
  });
});
