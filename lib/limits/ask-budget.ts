import { expected } from '../options/expected.ts';
import { type BudgetLike, isRetryBudget } from './brand.ts';

/**
 * The budget that an option names: a budget, or what a function answers.
 *
 * @throws TypeError when the function answers anything else
 */
export function askBudget(budget: unknown): BudgetLike | undefined {
  const answer: unknown = typeof budget === 'function' ? budget() : budget;
  if (answer === undefined || isRetryBudget(answer)) return answer;
  throw expected('the result of retry option `budget`', 'a RetryBudget or undefined', answer);
}
