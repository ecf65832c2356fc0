// Compiled against the packed package as CommonJS, then run: the drop-in as `require()` gives it. Prints one line of JSON.
import axios = require('axios');
import axiosRetry = require('axios-tenacity/axios-retry');

import { scriptedAdapter } from 'axios-tenacity/testing';

async function main(): Promise<void> {
  const client = axios.create({ adapter: scriptedAdapter([503, 200]) });
  const options: axiosRetry.IAxiosRetryConfig = { retries: 2, retryDelay: () => 1 };
  const returned: axiosRetry.IAxiosRetryReturn = axiosRetry(client, options);
  const { config } = await client.get('/', { 'axios-retry': { retries: 1 } });
  const delays = [axiosRetry.linearDelay(5)(2, undefined), axiosRetry.retryAfter()];
  console.log(
    JSON.stringify({
      ids: Object.keys(returned),
      retries: config['axios-retry']?.retryCount,
      delays,
      same: axiosRetry.default === axiosRetry,
      namespace: axiosRetry.namespace,
    }),
  );
}

/** Never run: what must not compile. */
export function refused(): void {
  // @ts-expect-error an option that does not exist
  axiosRetry(axios, { maxRetries: 3 });
  // @ts-expect-error no such companion
  axiosRetry.quadraticDelay();
}

void main();
