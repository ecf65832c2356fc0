// Compiled against the packed package, as ESM and as CommonJS, then run: the sub-paths. Prints one line of JSON.
import axios from 'axios';
import { attachRetry, RetryBudget, type RetryRuntime, retryReport } from 'axios-tenacity';
import axiosRetry, { exponentialDelay, type IAxiosRetryConfig } from 'axios-tenacity/axios-retry';
import { currentRetryBudget, withRetryBudget } from 'axios-tenacity/context';
import { type ScriptedAdapter, type Step, scriptedAdapter, virtualClock } from 'axios-tenacity/testing';

async function main(): Promise<void> {
  const clock = virtualClock();
  const runtime: RetryRuntime = { clock, random: () => 0 };
  const steps: readonly Step[] = [503, { status: 429, retryAfter: 2 }, 200, 503];
  const adapter: ScriptedAdapter = scriptedAdapter([...steps]);
  const client = axios.create({ adapter });
  attachRetry(client, { budget: currentRetryBudget, jitter: 'none' }, runtime);
  const budget = new RetryBudget({ maxRetries: 2 });
  const reason = await withRetryBudget(budget, async () => {
    await client.get('/');
    return client.get('/').catch((error: unknown) => retryReport(error)?.reason);
  });

  const dropIn = axios.create({ adapter: scriptedAdapter([503, 200]) });
  const options: IAxiosRetryConfig = { retries: 1, retryDelay: (count) => exponentialDelay(count) / 100 };
  axiosRetry(dropIn, options);
  const { config } = await dropIn.get('/', { 'axios-retry': { retries: 2 } });

  console.log(JSON.stringify({ sleeps: clock.sleeps, reason, retries: config['axios-retry']?.retryCount }));
}

/** Never run: what must not compile. */
export function refused(): void {
  // @ts-expect-error no function
  withRetryBudget(new RetryBudget(), 3);
  // @ts-expect-error an option that does not exist
  axiosRetry(axios, { maxRetries: 3 });
  // @ts-expect-error a step that is none
  scriptedAdapter([{ state: 200 }]);
}

void main();
