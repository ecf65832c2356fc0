import axios, { type AxiosInstance, type CreateAxiosDefaults } from 'axios';
import { attachRetry, type RetryOptions, type RetryRuntime } from '../../lib/index.ts';
import { fast } from './clients.ts';

/** Where another plugin stands: attached before us, or after us. */
export const orders = ['before us', 'after us'] as const;
export type Order = (typeof orders)[number];

/** An instance with retries and another plugin, attached in this order; retries have fast waits. */
export function createAround(
  order: Order,
  setUp: (client: AxiosInstance) => void,
  options: RetryOptions = {},
  defaults: CreateAxiosDefaults = {},
  runtime?: RetryRuntime,
): AxiosInstance {
  const client = axios.create({ proxy: false, ...defaults });
  const attach = () => attachRetry(client, { ...fast, ...options }, runtime);
  for (const step of order === 'before us' ? [setUp, attach] : [attach, setUp]) step(client);
  return client;
}
