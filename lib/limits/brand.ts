/** What the core asks of a budget and of a throttle, and how it knows one when it meets it, without pulling the class in. */

/** What marks a budget. */
export const BUDGET: unique symbol = Symbol.for('axios-tenacity.budget');

/** What marks a throttle. */
export const THROTTLE: unique symbol = Symbol.for('axios-tenacity.throttle');

/** One retry and its wait, taken from a budget. */
export interface Reservation {
  /**
   * Gives back the retry, which was never sent, and what is left of its wait. Only the first call counts.
   *
   * @param slept milliseconds of the wait that have passed
   */
  cancel(slept: number): void;
}

/** A budget, as the engine sees it. */
export interface BudgetLike {
  /** Takes one retry and its wait in milliseconds; `undefined` when either is not left, and then nothing is taken. */
  reserve(delay: number): Reservation | undefined;
}

/** A throttle, as the engine sees it. `now` is milliseconds on a clock that never jumps. */
export interface ThrottleLike {
  /** Whether every bucket is full, so that a success need not be told. */
  readonly idle: boolean;
  /** Takes what a retry costs and gives the number of tokens taken; `undefined` when there are not enough. */
  take(origin: string, throttled: boolean, now: number): number | undefined;
  /** Puts tokens back; without a number, what a success at the first try earns. */
  give(origin: string, now: number, tokens?: number): void;
}

// Not `instanceof`: the ESM and the CommonJS build may meet in one process, each with classes of its own.
const carries = (value: unknown, brand: symbol): boolean =>
  (value as Record<symbol, unknown> | null | undefined)?.[brand] === true;

/** Whether this is a `RetryBudget`, of whichever build of the package. */
export const isRetryBudget = (value: unknown): value is BudgetLike => carries(value, BUDGET);

/** Whether this is a `RetryThrottle`, of whichever build of the package. */
export const isRetryThrottle = (value: unknown): value is ThrottleLike => carries(value, THROTTLE);
