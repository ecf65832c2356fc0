import type { AxiosResponse } from 'axios';
import { DURATION, expected, isDuration } from '../options/expected.ts';
import type { RetryAfterOptions } from '../options/options.ts';
import { parseDate } from './date.ts';
import { type HeaderReader, readHeaders } from './header.ts';
import { readRateLimit, readResets } from './rate-limit.ts';
import { longestWait } from './wait.ts';

/** What a response says about another attempt. */
export interface Hints {
  /** Milliseconds that the server asks to wait; finite and above zero. */
  readonly after?: number | undefined;
  /** What `x-should-retry` says; `undefined` is no opinion. */
  readonly shouldRetry?: boolean | undefined;
}

/** So many characters of a header are read: several times what the longest honest one has. */
const MOST_CHARACTERS = 1_000;

const HINTING = /retry|limit|^date$|^age$/;

/** How long the server asks to wait, and whether to try again at all; takes any headers and never throws. */
export function readHints(headers: unknown, status: number | undefined, now: number): Hints {
  const { names, read } = readHeaders(headers, HINTING, MOST_CHARACTERS);
  // Most failures bring no word of the server.
  if (names.every((name) => name === 'date' || name === 'age')) return {};

  const sent = sentAt(read, now);
  const wait = (name: string, unit: number) => longestWait(read(name), unit, sent);
  const verdict = read('x-should-retry').toLowerCase();
  return {
    after:
      wait('retry-after-ms', 1) ??
      wait('x-ms-retry-after-ms', 1) ??
      wait('retry-after', 1_000) ??
      readRateLimit(read('ratelimit'), sent) ??
      readResets(names, read, status === 429, sent),
    shouldRetry: verdict === 'true' ? true : verdict === 'false' ? false : undefined,
  };
}

/** The moment that the response came here, on the clock that its dates are of: its `Date`, and the `Age` it has since then. */
function sentAt(read: HeaderReader, now: number): number {
  const date = parseDate(read('date'), now);
  return date === undefined ? now : date + Math.max(0, Number.parseInt(read('age'), 10) || 0) * 1_000;
}

/**
 * How many milliseconds the user's own reader says that a response asks to wait; `undefined` without an opinion or a reader.
 *
 * @throws TypeError for an answer that is no wait
 */
export function askReader(
  retryAfter: RetryAfterOptions | false,
  response: AxiosResponse | undefined,
): number | undefined {
  const { read } = retryAfter || {};
  const answer: unknown = response && read?.(response);
  if (answer === undefined || isDuration(answer)) return answer;
  throw expected('the result of `retryAfter.read`', `${DURATION} or undefined`, answer);
}
