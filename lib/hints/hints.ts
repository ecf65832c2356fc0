import { readHeader } from './header.ts';
import { readRateLimit, readRateLimitReset } from './rate-limit.ts';
import { readRetryAfter } from './retry-after.ts';

/** What a response says about another attempt. */
export interface Hints {
  /** Milliseconds that the server asks to wait; finite and above zero. */
  readonly after?: number | undefined;
  /** What `x-should-retry` says; `undefined` is no opinion. */
  readonly shouldRetry?: boolean | undefined;
}

/** How long the server asks to wait, and whether to try again at all; takes any headers and never throws. */
export function readHints(headers: unknown, status: number | undefined, now: number): Hints {
  // Most failures bring no word of the server, and looking for each header in turn costs more than the rest of a retry.
  if (!Object.keys(headers ?? {}).some((name) => /retry|limit/i.test(name))) return {};
  const verdict = readHeader(headers, 'x-should-retry')?.toLowerCase();
  return {
    after:
      readRetryAfter(headers, now) ??
      readRateLimit(headers) ??
      (status === 429 ? readRateLimitReset(headers, now) : undefined),
    shouldRetry: verdict === 'true' ? true : verdict === 'false' ? false : undefined,
  };
}
