/** Rules that options of several functions share. Each is a constant, so that a bundler drops those that nobody uses. */
import { isRetryBudget } from '../limits/brand.ts';
import { DURATION, isDuration } from './expected.ts';
import { isIntegerWithin, isWithin, type Rule } from './fields.ts';

export const isFunction = (value: unknown): boolean => typeof value === 'function';

/** Whether a value is a status of HTTP. */
export const isStatus = (value: unknown): value is number => isIntegerWithin(value, 100, 599);

export const aFunction: Rule = ['a function', isFunction];

export const aBoolean: Rule = ['a boolean', (v) => typeof v === 'boolean'];

export const aDuration: Rule = [DURATION, isDuration];

export const aSpan: Rule = ['a number of milliseconds ≥ 0 or Infinity', (v) => isWithin(v, 0, Infinity)];

export const aDeadline: Rule = [
  'a number of milliseconds > 0 or Infinity',
  (v) => isWithin(v, Number.MIN_VALUE, Infinity),
];

export const aPositiveInteger: Rule = ['an integer ≥ 1', (v) => isIntegerWithin(v, 1, Infinity)];

export const aCount: Rule = [
  'an integer ≥ 0 or Infinity',
  (v) => v === Infinity || isIntegerWithin(v, 0, Infinity),
];

export const aPositiveCount: Rule = [
  'an integer ≥ 1 or Infinity',
  (v) => v === Infinity || isIntegerWithin(v, 1, Infinity),
];

export const aFactor: Rule = ['a finite number ≥ 1', (v) => isWithin(v, 1, Number.MAX_VALUE)];

export const aShare: Rule = ['a number > 0 and ≤ 1', (v) => isWithin(v, Number.MIN_VALUE, 1)];

export const aBudget: Rule = ['a RetryBudget or a function', (v) => isRetryBudget(v) || isFunction(v)];
