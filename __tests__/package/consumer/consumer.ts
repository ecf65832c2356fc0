// Compiled against the packed package, as ESM and as CommonJS, then run. Prints what happened as one line of JSON.
import axios, { type AxiosAdapter, AxiosError } from 'axios';
import { attachRetry, type RetryOptions, retryReport } from 'axios-tenacity';

let sends = 0;
const failsOnce: AxiosAdapter = async (config) => {
  sends += 1;
  const status = sends === 1 ? 503 : 200;
  const response = { data: '', status, statusText: '', headers: {}, config };
  if (status === 503) throw new AxiosError('down', 'ERR_BAD_RESPONSE', config, undefined, response);
  return response;
};

async function main(): Promise<void> {
  const options: RetryOptions = { baseDelay: 1, jitter: 'none' };
  const client = axios.create({ adapter: failsOnce });
  const handle = attachRetry(client, options);

  const response = await client.get('/x', { retry: { maxAttempts: 2 } });
  const attempts = retryReport(response)?.attempts.map((attempt) => attempt.status);
  handle.detach();

  console.log(JSON.stringify({ status: response.status, sends, attempts }));
}

/** Never run: what must not compile. Without the augmentation of axios's types each line would be an error or pass. */
export async function refused(): Promise<void> {
  await axios.get('/x', { retry: false });
  // @ts-expect-error an option that does not exist
  await axios.get('/x', { retry: { maxAttempt: 2 } });
  // @ts-expect-error a wrong type
  await axios.get('/x', { retry: 3 });
}

void main();
