import { AsyncLocalStorage } from 'node:async_hooks';
import { isRetryBudget } from './limits/brand.ts';
import type { RetryBudget } from './limits/budget.ts';
import { expected } from './options/expected.ts';

const STORAGE = Symbol.for('axios-tenacity.context');

type Storage = AsyncLocalStorage<RetryBudget>;

// One for the process: the ESM build may open the context that the CommonJS build is asked about.
const storage = (): Storage => {
  const shared = globalThis as { [STORAGE]?: Storage };
  shared[STORAGE] ??= new AsyncLocalStorage();
  return shared[STORAGE];
};

/**
 * Runs a handler, and whatever it calls or awaits, with a budget that {@link currentRetryBudget} finds. Inside another such
 * handler the inner budget counts alone.
 *
 * @param budget a new one for every incoming request, for it never fills up again
 * @param handler called at once, without arguments
 * @returns what the handler returns
 * @throws TypeError for a budget that is none or a handler that is no function
 * @example
 * app.use((_request, _response, next) => withRetryBudget(new RetryBudget({ maxRetries: 2 }), next));
 */
export function withRetryBudget<T>(budget: RetryBudget, handler: () => T): T {
  if (!isRetryBudget(budget)) {
    throw expected('the first argument of `withRetryBudget`', 'a RetryBudget', budget);
  }
  if (typeof handler !== 'function') {
    throw expected('the second argument of `withRetryBudget`', 'a function', handler);
  }
  return storage().run(budget, handler);
}

/**
 * The budget of the handler that is running, `undefined` outside of one. Hand the function itself to
 * `attachRetry(client, { budget: currentRetryBudget })`: it is asked when a request begins, so every request counts against the
 * budget of the handler that made it.
 *
 * @example
 * attachRetry(client, { budget: currentRetryBudget });
 */
export const currentRetryBudget = (): RetryBudget | undefined => storage().getStore();
