import axios, { type AxiosInstance, type CreateAxiosDefaults } from 'axios';
import { attachRetry, type RetryOptions, type RetryRuntime } from '../../lib/index.ts';
import { type Client, fast } from './clients.ts';

/** Where another plugin stands: attached before us, and so inside, or after us, and so outside. */
export const orders = ['before us', 'after us'] as const;
export type Order = (typeof orders)[number];

/** An instance with retries and another plugin, attached in this order; retries have fast waits. */
export function attachAround(
  order: Order,
  setUp: (client: AxiosInstance) => void,
  options: RetryOptions = {},
  defaults: CreateAxiosDefaults = {},
  runtime?: RetryRuntime,
): Client {
  const client = axios.create({ proxy: false, ...defaults });
  if (order === 'before us') setUp(client);
  const handle = attachRetry(client, { ...fast, ...options }, runtime);
  if (order === 'after us') setUp(client);
  return { client, handle };
}

/** `attachAround` for those who need no handle. */
export const createAround = (...given: Parameters<typeof attachAround>): AxiosInstance =>
  attachAround(...given).client;
