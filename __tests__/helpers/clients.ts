import axios, { type AxiosInstance, type CreateAxiosDefaults } from 'axios';
import { attachRetry, type RetryHandle, type RetryOptions, type RetryRuntime } from '../../lib/index.ts';

/** The adapters of Node, for `describe.each`. */
export const adapters = ['http', 'fetch'] as const;

/** Waits short enough for tests against real servers, without chance. */
export const fast: RetryOptions = { baseDelay: 5, jitter: 'none' };

/** Follows no redirect, whatever the axios: before 1.20 its fetch adapter sets no store by `maxRedirects`. */
export const noRedirects = { maxRedirects: 0, fetchOptions: { redirect: 'manual' } } as const;

export interface Client {
  readonly client: AxiosInstance;
  readonly handle: RetryHandle;
}

/** An axios instance with retries attached right after it was created, with fast waits. */
export function createClient(
  defaults: CreateAxiosDefaults = {},
  options: RetryOptions = {},
  runtime?: RetryRuntime,
): Client {
  const client = axios.create({ proxy: false, ...defaults });
  return { client, handle: attachRetry(client, { ...fast, ...options }, runtime) };
}
