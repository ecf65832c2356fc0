import axios, { type AxiosInstance, type CreateAxiosDefaults } from 'axios';
import { attachRetry, type RetryHandle, type RetryOptions, type RetryRuntime } from '../../lib/index.ts';

/** The adapters of Node, for `describe.each`. */
export const adapters = ['http', 'fetch'] as const;

/** Waits short enough for tests against real servers, without chance. */
export const fast: RetryOptions = { baseDelay: 5, jitter: 'none' };

/** Follows no redirect. Before 1.20 axios ignores `maxRedirects` on the fetch adapter, hence the second setting. */
export const noRedirects = { maxRedirects: 0, fetchOptions: { redirect: 'manual' } } as const;

export interface Client {
  readonly client: AxiosInstance;
  readonly handle: RetryHandle;
}

/** An axios instance with retries and fast waits. `inside` registers what is to run for every attempt. */
export function createClient(
  defaults: CreateAxiosDefaults = {},
  options: RetryOptions = {},
  runtime?: RetryRuntime,
  inside: (client: AxiosInstance) => void = () => undefined,
): Client {
  const client = axios.create({ proxy: false, ...defaults });
  inside(client);
  return { client, handle: attachRetry(client, { ...fast, ...options }, runtime) };
}
