import type { InternalAxiosRequestConfig } from 'axios';
import type { Outcome } from '../../../lib/core/outcome.ts';
import { Payment } from '../../../lib/core/payment.ts';
import type { Terms } from '../../../lib/core/task.ts';
import { RetryBudget } from '../../../lib/limits/budget.ts';
import { RetryThrottle } from '../../../lib/limits/throttle.ts';

const ORIGIN = 'https://api.example.com';
const config = { url: `${ORIGIN}/users` } as InternalAxiosRequestConfig;

/** A failed attempt with this status. */
const failed = (status?: number, failure: Outcome['failure'] = 'ambiguous'): Outcome => ({
  ok: false,
  value: new Error('down'),
  isSent: true,
  config,
  response: status === undefined ? undefined : ({ status } as never),
  failure,
});

interface Given {
  readonly throttle?: unknown;
  readonly budget?: RetryBudget;
}

/** A request on a clock that stands at `at.now`, with a log that one can write in. */
function paymentOf({ throttle, budget }: Given) {
  const at = { now: 0 };
  const log = { totalDelay: 0, attempts: 1 };
  const world = { clock: { monotonic: () => at.now } };
  const terms = { policy: { throttle }, budget, log, world } as unknown as Terms;
  return { at, log, payment: new Payment(terms) };
}

const throttleOf = () =>
  new RetryThrottle({ capacity: 100, retryCost: 10, throttledRetryCost: 4, refund: 1 });

test('without limits a retry costs nothing and is always to be had', () => {
  const { payment } = paymentOf({});
  expect(payment.take(failed(503), 1_000, false)).toBeUndefined();
  expect(payment.extend(1e9)).toBe(true);
  payment.refund();
  payment.reward(config);
});

describe('the throttle', () => {
  test.each<[string, Outcome, number]>([
    ['is charged for a retry', failed(503), 90],
    ['is charged for one without a response', failed(), 90],
    ['is charged less after a 429', failed(429, 'refused'), 96],
    ['is not charged for the polling of a success', failed(200, 'none'), 100],
  ])('%s', (_, outcome, left) => {
    const throttle = throttleOf();
    const { payment } = paymentOf({ throttle });
    expect(payment.take(outcome, 0, false)).toBeUndefined();
    expect(throttle.tokens(ORIGIN)).toBe(left);
  });

  test('is asked with the time and whether the retry is local, and gets the same back', () => {
    const throttle = { take: jest.fn(() => 7), give: jest.fn() };
    const { payment, at } = paymentOf({ throttle });
    at.now = 5;
    payment.take(failed(429), 0, true);
    expect(throttle.take.mock.calls).toEqual([[ORIGIN, true, 5, true]]);
    at.now = 6;
    payment.refund();
    expect(throttle.give.mock.calls).toEqual([[ORIGIN, 6, 7, true]]);
  });

  test('that has too little left refuses, and the budget is not asked', () => {
    const budget = new RetryBudget({ maxRetries: 1 });
    const { payment } = paymentOf({ throttle: { take: () => undefined, give: jest.fn() }, budget });
    expect(payment.take(failed(503), 0, false)).toBe('throttled');
    expect(budget.remainingRetries).toBe(1);
  });
});

describe('the budget', () => {
  test('pays for the retry and its wait, and for more wait', () => {
    const budget = new RetryBudget({ maxRetries: 2, maxWait: 100 });
    const { payment } = paymentOf({ budget });
    expect(payment.take(failed(503), 60, false)).toBeUndefined();
    expect([budget.remainingRetries, budget.remainingWait]).toEqual([1, 40]);
    expect([payment.extend(30), payment.extend(30)]).toEqual([true, false]);
    expect(budget.remainingWait).toBe(10);
  });

  test('that has too little left refuses, and what the throttle took can be given back', () => {
    const throttle = throttleOf();
    const { payment } = paymentOf({ throttle, budget: new RetryBudget({ maxRetries: 0 }) });
    expect(payment.take(failed(503), 0, false)).toBe('budget-exhausted');
    expect(throttle.tokens(ORIGIN)).toBe(90);
    payment.refund();
    expect(throttle.tokens(ORIGIN)).toBe(100);
  });

  test('that refuses leaves what the retry before cost to be given back by a success', () => {
    const throttle = throttleOf();
    const { payment } = paymentOf({ throttle, budget: new RetryBudget({ maxRetries: 1 }) });
    payment.take(failed(503), 0, false);
    payment.spend();
    payment.take(failed(429), 0, false);
    payment.refund();
    payment.reward(config);
    expect(throttle.idle).toBe(true);
  });
});

describe('a retry that is not sent', () => {
  test('gets back the retry and the wait that has not passed', () => {
    const throttle = throttleOf();
    const budget = new RetryBudget({ maxRetries: 2, maxWait: 100 });
    const { payment, log } = paymentOf({ throttle, budget });
    log.totalDelay = 500;
    payment.take(failed(503), 60, false);
    log.totalDelay = 520;
    payment.refund();
    expect([budget.remainingRetries, budget.remainingWait]).toEqual([2, 80]);
    expect(throttle.tokens(ORIGIN)).toBe(100);
  });

  test('gets it back once', () => {
    const give = jest.fn();
    const { payment } = paymentOf({ throttle: { take: () => 7, give } });
    payment.take(failed(503), 0, false);
    payment.refund();
    payment.refund();
    expect(give).toHaveBeenCalledTimes(1);
  });

  test('gets nothing back once it was sent', () => {
    const throttle = throttleOf();
    const { payment } = paymentOf({ throttle });
    payment.take(failed(503), 0, false);
    payment.spend();
    payment.refund();
    expect(throttle.tokens(ORIGIN)).toBe(90);
  });
});

describe('a success', () => {
  test('gives back what its last retry took, whatever it took', () => {
    const throttle = { take: jest.fn(), give: jest.fn() };
    throttle.take.mockReturnValueOnce(10).mockReturnValueOnce(4);
    const { payment, at, log } = paymentOf({ throttle });
    payment.take(failed(503), 0, false);
    payment.spend();
    payment.take(failed(429), 0, true);
    payment.spend();
    [log.attempts, at.now] = [3, 9];
    payment.reward({ url: 'https://other.example.com' } as never);
    expect(throttle.give.mock.calls).toEqual([[ORIGIN, 9, 4, true]]);
  });

  test('that was polled for gives back what the retry of a failure before took', () => {
    const throttle = throttleOf();
    const { payment, log } = paymentOf({ throttle });
    payment.take(failed(503), 0, false);
    payment.spend();
    payment.take(failed(200, 'none'), 0, false);
    payment.spend();
    log.attempts = 3;
    payment.reward(config);
    expect(throttle.idle).toBe(true);
  });

  test('at the first try earns a little at its own origin', () => {
    const throttle = { take: jest.fn(), give: jest.fn() };
    const { payment, at } = paymentOf({ throttle });
    at.now = 9;
    payment.reward(config);
    expect(throttle.give.mock.calls).toEqual([[ORIGIN, 9]]);
  });

  test('after retries that cost nothing earns nothing', () => {
    const throttle = { take: jest.fn(() => 0), give: jest.fn() };
    const { payment, log } = paymentOf({ throttle });
    payment.take(failed(503), 0, false);
    payment.spend();
    log.attempts = 2;
    payment.reward(config);
    expect(throttle.give).not.toHaveBeenCalled();
  });
});
