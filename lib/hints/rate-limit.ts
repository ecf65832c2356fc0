import { longestWait, parseNumbers } from './field-value.ts';
import { readHeader } from './header.ts';
import { readDate } from './http-date.ts';

const PREFIXES = ['x-ratelimit', 'x-rate-limit', 'ratelimit'];

/** Milliseconds until the reset when the parameters or members in a text say that nothing remains; else `NaN`. */
function untilReset(text: string, remaining: string, reset: string): number {
  const [left, seconds = NaN] = [remaining, reset].flatMap((name) =>
    parseNumbers(RegExp(`(?:^|[;,])\\s*${name}=([^;,]*)`).exec(text)?.[1]),
  );
  return left === 0 ? seconds * 1000 : NaN;
}

/**
 * How many milliseconds `RateLimit` asks to wait: the longest `t` of the items with nothing left
 * (`"default";r=0;t=30`), or `reset` in the form of earlier drafts (`limit=100, remaining=0, reset=30`).
 */
export function readRateLimit(headers: unknown): number | undefined {
  // Names are quoted and may contain anything. What an unclosed quote begins is malformed to its end.
  const text = (readHeader(headers, 'ratelimit') ?? '').replace(/"(?:[^"\\]|\\.)*"?/g, '');
  return longestWait([
    ...text.split(',').map((item) => untilReset(item, 'r', 't')),
    untilReset(text, 'remaining', 'reset'),
  ]);
}

/** Milliseconds until a reset in delta-seconds, epoch seconds or epoch milliseconds, as its size tells. */
function untilInstant(value: number, sent: number): number {
  // 10⁹ s was 2001 as an epoch, and is 31 years as a wait; 10¹² is 2001 in ms, and the year 33658 in seconds.
  return (value < 1e12 ? value * 1000 : value) - (value < 1e9 ? 0 : sent);
}

/** How many milliseconds the `x-ratelimit-reset` family asks to wait, unless `…-remaining` is above zero. */
export function readRateLimitReset(headers: unknown, now: number): number | undefined {
  const sent = readDate(headers, now);
  const numbers = (name: string) => parseNumbers(readHeader(headers, name));
  const wait = (name: string) => longestWait(numbers(name).map((value) => untilInstant(value, sent)));
  return longestWait(
    PREFIXES.map((prefix) =>
      numbers(`${prefix}-remaining`).every((quota) => quota > 0)
        ? NaN
        : // Discord sends both, and the first needs no clock.
          (wait(`${prefix}-reset-after`) ?? wait(`${prefix}-reset`) ?? NaN),
    ),
  );
}
