/** What the core asks of a budget, a throttle and a cooldown, and how it knows one when it meets it, without the class. */
import type { InternalAxiosRequestConfig } from 'axios';

/** What marks a budget. */
export const BUDGET: unique symbol = Symbol.for('axios-tenacity.budget');

/** What marks a throttle. */
export const THROTTLE: unique symbol = Symbol.for('axios-tenacity.throttle');

/** What marks a cooldown. */
export const COOLDOWN: unique symbol = Symbol.for('axios-tenacity.cooldown');

/** One retry and its wait, taken from a budget. */
export interface Reservation {
  /**
   * Gives back the retry, which was never sent, and what is left of its wait. Only the first call counts.
   *
   * @param slept milliseconds of the wait that have passed
   */
  cancel(slept: number): void;
  /** Takes more wait for the same retry, in milliseconds; `false` when so much is not left, and then nothing is taken. */
  extend(wait: number): boolean;
}

/** A budget, as the engine sees it. */
export interface BudgetLike {
  /** Takes one retry and its wait in milliseconds; `undefined` when either is not left, and then nothing is taken. */
  reserve(delay: number): Reservation | undefined;
}

/**
 * A throttle, as the engine sees it. `now` is milliseconds on a clock that never jumps.
 *
 * `isLocal` says that a retry concerns this process alone: the failure never left the machine, or the retry waits for a
 * pause that the server asked for. A throttle with a bucket of its own and a shared one charges the shared one for no such
 * retry. The engine passes to `give` what it passed to `take`.
 */
export interface ThrottleLike {
  /** Whether every bucket is full, so that a success need not be told. */
  readonly idle: boolean;
  /** Whether less than half of the tokens of an origin are left. */
  isLow(origin: string, now: number): boolean;
  /** Whether a failure that may not be retried is handed out only after the wait that its retry would have had. */
  readonly hold: boolean;
  /** Takes what a retry costs and gives the number of tokens taken; `undefined` when there are not enough. */
  take(origin: string, throttled: boolean, now: number, isLocal?: boolean): number | undefined;
  /** Puts tokens back; without a number, what a success at the first try earns. */
  give(origin: string, now: number, tokens?: number, isLocal?: boolean): void;
}

/** A place in the line of a scope that cools. */
export interface Turn {
  /**
   * The moment, on the clock of the engine, at which the request may be sent. It moves back while a further pause is heard,
   * so ask again when it has come. `Infinity` where the line is full.
   */
  readonly due: number;
  /** Gives the place back: the request was sent, or no longer waits. Only the first call counts. */
  leave(): void;
}

/**
 * A cooldown, as the engine sees it: the pauses that servers ask for, by scope. Every answer is immediate and local. `now` is
 * milliseconds on a clock that never jumps.
 *
 * A cooldown shared by a fleet extends `Cooldown`. It overrides `hear`, which the engine calls for every pause that this
 * process was told of: `super.hear(…)` answers whether the pause is news, and so worth publishing. What others publish it
 * hands to `super.hear(…)` as the milliseconds that are left. It may override `scopeOf` to give scopes other names.
 */
export interface CooldownLike {
  /** Whether no scope cools, so that nobody need ask. */
  readonly idle: boolean;
  /** Whether first attempts wait too. */
  readonly holds: boolean;
  /** The scope that a request belongs to. */
  scopeOf(config: InternalAxiosRequestConfig): string;
  /**
   * Notes that a server asked for a pause of `wait` milliseconds from `now` on. Answers whether this ends later than what
   * was known.
   */
  hear(scope: string, wait: number, now: number, random: () => number): boolean;
  /** Milliseconds until the pause of a scope is over; 0 when it does not cool. */
  left(scope: string, now: number): number;
  /** The turn of a retry that would be sent at `at`; `undefined` when the scope does not cool then. */
  pace(scope: string, at: number, now: number): Turn | undefined;
  /** The turn of a first attempt; `undefined` when it may be sent now. */
  hold(scope: string, now: number): Turn | undefined;
}

/** Marks an object, out of sight. In a constructor: bundlers keep a class for good that has a symbol as the name of a member. */
export const mark = (object: object, brand: symbol): void => {
  Object.defineProperty(object, brand, { value: true });
};

// Not `instanceof`: the ESM and the CommonJS build may meet in one process, each with classes of its own.
const carries = (value: unknown, brand: symbol): boolean =>
  (value as Record<symbol, unknown> | null | undefined)?.[brand] === true;

/** Whether this is a `RetryBudget`, of whichever build of the package. */
export const isRetryBudget = (value: unknown): value is BudgetLike => carries(value, BUDGET);

/** Whether this is a `RetryThrottle`, of whichever build of the package. */
export const isRetryThrottle = (value: unknown): value is ThrottleLike => carries(value, THROTTLE);

/** Whether this is a `Cooldown`, of whichever build of the package. */
export const isCooldown = (value: unknown): value is CooldownLike => carries(value, COOLDOWN);
