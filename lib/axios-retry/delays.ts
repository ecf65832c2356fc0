import type { AxiosError } from 'axios';
import { readHeader } from '../hints/header.ts';
import { systemClock, systemRandom } from '../runtime/clock.ts';

/**
 * Milliseconds that the `Retry-After` header of the failed response asks to wait, as seconds or as a date; else 0.
 *
 * @example
 * axiosRetry(client, { retryDelay: (_retryCount, error) => retryAfter(error) });
 */
export function retryAfter(error?: AxiosError): number {
  const text = readHeader(error?.response?.headers, 'retry-after');
  if (text === undefined) return 0;
  const delay = Number(text) * 1000 || epochOf(text) - systemClock.now();
  return Math.max(0, delay);
}

// biome-ignore lint/style/noRestrictedGlobals: it reads a date and no clock, as leniently as axios-retry does.
const epochOf = (text: string): number => new Date(text).getTime() || 0;

/** What `Retry-After` says, else no wait at all. */
export const noDelay = (_retryCount = 0, error?: AxiosError): number => retryAfter(error);

/**
 * 2ⁿ · `delayFactor` milliseconds before the nth retry, or what `Retry-After` says when that is longer, and up to 20 % more.
 *
 * @param delayFactor milliseconds
 * @example
 * axiosRetry(client, { retryDelay: exponentialDelay });
 */
export function exponentialDelay(retryCount = 0, error?: AxiosError, delayFactor = 100): number {
  const delay = Math.max(2 ** retryCount * delayFactor, retryAfter(error));
  return delay + delay * 0.2 * systemRandom();
}

/**
 * n · `delayFactor` milliseconds before the nth retry, or what `Retry-After` says when that is longer.
 *
 * @param delayFactor milliseconds
 * @example
 * axiosRetry(client, { retryDelay: linearDelay(50) });
 */
export const linearDelay =
  (delayFactor: number | undefined = 100): ((retryCount: number, error: AxiosError | undefined) => number) =>
  (retryCount = 0, error) =>
    Math.max(retryCount * delayFactor, retryAfter(error));
