import type { InternalAxiosRequestConfig } from 'axios';
import { readHeader } from '../hints/header.ts';
import { expected } from '../options/expected.ts';
import type { IdempotencyKeyOptions, RetryOptions } from '../options/options.ts';

/** The header that carries the key. */
export const headerOf = (options: RetryOptions['idempotencyKey']): string =>
  (options as IdempotencyKeyOptions | undefined)?.header || 'Idempotency-Key';

/**
 * Gives a POST or PATCH request an idempotency key, unless it has one; answers the key that it made.
 *
 * @param spent a key that was made for an earlier request, which has succeeded
 */
export function applyKey(
  config: InternalAxiosRequestConfig,
  options: true | IdempotencyKeyOptions,
  spent: string | false | undefined,
  random: () => number,
): string | undefined {
  const { headers, method } = config;
  if (method !== 'post' && method !== 'patch') return undefined;
  const { generate = () => randomUUID(random) } = options as IdempotencyKeyOptions;
  const header = headerOf(options);
  const present = readHeader(headers, header);
  if (present !== undefined && present !== spent) return undefined;
  const key = generate(config);
  if (typeof key !== 'string' || key.trim() === '') {
    throw expected('the result of retry option `idempotencyKey.generate`', 'a string that is not empty', key);
  }
  headers.set(header, key);
  return key;
}

/**
 * A version 4 UUID (RFC 9562, 5.4). `crypto.randomUUID` is missing in insecure browser contexts, and `crypto` itself in React
 * Native: a key must be unique and not secret, so the chance of the runtime will do there.
 */
const randomUUID = (random: () => number): string =>
  'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, () => {
    const [byte] = globalThis.crypto?.getRandomValues?.(new Uint8Array(1)) ?? [random() * 256];
    return ((Number(byte) % 16) | 0).toString(16);
  });
