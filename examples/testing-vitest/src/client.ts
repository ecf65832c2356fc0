import axios, { type AxiosInstance, type CreateAxiosDefaults } from 'axios';
import { attachRetry, type RetryRuntime } from 'axios-tenacity';

/** The client of the application. Tests hand in a clock, and an adapter if they like; production leaves both out. */
export function createClient(config: CreateAxiosDefaults = {}, runtime?: RetryRuntime): AxiosInstance {
  const client = axios.create({ baseURL: 'https://shop.example.com', ...config });
  attachRetry(client, { maxAttempts: 4, jitter: 'none' }, runtime);
  return client;
}
