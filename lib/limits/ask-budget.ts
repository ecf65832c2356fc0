import { expected } from '../options/expected.ts';
import { type BudgetLike, isRetryBudget } from './brand.ts';

/**
 * The budget that an option names: a budget, or what a function answers.
 *
 * @param what whose option it is
 * @throws TypeError when the function answers anything else
 */
export function askBudget(budget: unknown, what = 'retry option'): BudgetLike | undefined {
  const answer: unknown = typeof budget === 'function' ? budget() : budget;
  if (answer === undefined || isRetryBudget(answer)) return answer;
  throw expected(`the result of ${what} \`budget\``, 'a RetryBudget or undefined', answer);
}
