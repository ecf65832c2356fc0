import { RetryBudget } from '../../../lib/limits/budget.ts';
import {
  aBoolean,
  aBudget,
  aCount,
  aDeadline,
  aDuration,
  aFactor,
  aFunction,
  aPositiveCount,
  aPositiveInteger,
  aShare,
  aSpan,
  isStatus,
} from '../../../lib/options/common-rules.ts';
import type { Rule } from '../../../lib/options/fields.ts';

const nothing = () => undefined;
const budget = new RetryBudget();

test.each<[string, Rule, string, unknown[], unknown[]]>([
  ['aFunction', aFunction, 'a function', [nothing, class {}], ['a', {}, undefined]],
  ['aBoolean', aBoolean, 'a boolean', [true, false], [0, 'true', null]],
  ['aDuration', aDuration, 'a finite number of milliseconds ≥ 0', [0, 0.5, 1e9], [-1, NaN, Infinity, '1']],
  ['aSpan', aSpan, 'a number of milliseconds ≥ 0 or Infinity', [0, 0.5, Infinity], [-0.5, NaN, '1']],
  ['aDeadline', aDeadline, 'a number of milliseconds > 0 or Infinity', [1e-9, Infinity], [0, -1, NaN, '1']],
  ['aPositiveInteger', aPositiveInteger, 'an integer ≥ 1', [1, 1e9], [0, 1.5, Infinity, NaN, '1']],
  ['aCount', aCount, 'an integer ≥ 0 or Infinity', [0, 3, Infinity], [-1, 1.5, -Infinity, NaN, '1']],
  ['aPositiveCount', aPositiveCount, 'an integer ≥ 1 or Infinity', [1, 3, Infinity], [0, 1.5, NaN, '1']],
  ['aFactor', aFactor, 'a finite number ≥ 1', [1, 1.5, 1e300], [0.99, Infinity, NaN, '1']],
  ['aShare', aShare, 'a number > 0 and ≤ 1', [1e-9, 0.5, 1], [0, 1.01, NaN, '1']],
  ['aBudget', aBudget, 'a RetryBudget or a function', [budget, nothing], [{}, true, undefined]],
])('%s', (_, [text, accepts], words, good, bad) => {
  expect(text).toBe(words);
  for (const value of good) expect([value, accepts(value, undefined)]).toEqual([value, true]);
  for (const value of bad) expect([value, accepts(value, undefined)]).toEqual([value, false]);
});

test('a status of HTTP is an integer from 100 to 599', () => {
  expect([99, 100, 200, 599, 600, 200.5, '200'].map(isStatus)).toEqual([
    false,
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});
