import { askBudget } from '../../../lib/limits/ask-budget.ts';
import { RetryBudget } from '../../../lib/limits/budget.ts';

const budget = new RetryBudget();

test('a budget, and what a function answers, is the budget', () => {
  expect(askBudget(budget)).toBe(budget);
  expect(askBudget(() => budget)).toBe(budget);
  expect(askBudget(undefined)).toBeUndefined();
  expect(askBudget(() => undefined)).toBeUndefined();
});

test.each([
  [null, 'null'],
  [7, '7'],
  [{ reserve: () => undefined }, '[object Object]'],
])('an answer that is no budget is refused: %p', (answer, shown) => {
  expect(() => askBudget(() => answer)).toThrow(
    new TypeError(
      `Expected the result of retry option \`budget\` to be a RetryBudget or undefined, got ${shown}`,
    ),
  );
  expect(() => askBudget(() => answer, 'batch option')).toThrow('the result of batch option `budget`');
});
