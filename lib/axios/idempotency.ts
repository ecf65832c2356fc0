import type { InternalAxiosRequestConfig } from 'axios';
import { expected } from '../expected.ts';
import type { IdempotencyKeyOptions } from '../options.ts';
import { readHeader } from '../server/header.ts';

const METHODS = new Set(['post', 'patch']);

/** Gives a request the idempotency key that the policy asks for, unless it has one; answers the key it carries. */
export function applyKey(config: InternalAxiosRequestConfig, options: IdempotencyKeyOptions | false): string | undefined {
  const { header, generate } = keyOptions(options);
  const present = readHeader(config.headers, header);
  if (present !== undefined || options === false || !METHODS.has(config.method ?? 'get')) return present;
  const key = generate(config);
  if (typeof key !== 'string' || key.trim() === '') {
    throw expected('the key of retry option `idempotencyKey.generate`', 'a string that is not empty', key);
  }
  config.headers.set(header, key);
  return key;
}

/** Whether an attempt was sent with this key, and not with one that an interceptor made for this attempt alone. */
export const carriesKey = (
  config: InternalAxiosRequestConfig,
  options: IdempotencyKeyOptions | false,
  key: string | undefined,
): boolean => key !== undefined && readHeader(config.headers, keyOptions(options).header) === key;

const keyOptions = (options: IdempotencyKeyOptions | false) => {
  const { header = 'Idempotency-Key', generate = randomUUID } = options || {};
  return { header, generate };
};

/** A version 4 UUID (RFC 9562, 5.4), also in insecure browser contexts, which have no `crypto.randomUUID`. */
function randomUUID(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte, i) =>
    (i === 6 ? (byte & 15) | 64 : i === 8 ? (byte & 63) | 128 : byte).toString(16).padStart(2, '0'),
  );
  return hex.join('').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
