import { parseDate } from './date.ts';

const DAY = 86_400_000;
/** A number so large is no wait, 31 years in seconds, but since 2001 a moment in seconds. */
const LEAST_MOMENT = 1e9;
/** Milliseconds: nobody means a wait of 31 years or more. */
const BEYOND_REASON = 1e12;

/** Nobody repeats a header more often. */
const MOST_MEMBERS = 100;

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: DAY,
};

/** One part of a duration: `6m`, `0s`, `1.5 seconds`. Sticky, so that reading ends where a duration does. */
const PART = /(\d+(?:\.\d+)?) *([nuµm]?s|[mhd])(?:ec[a-z]*|in[a-z]*|ours?|ays?)? */gy;

/** A non-negative decimal; `NaN` for anything else. */
export const parseNumber = (text: string): number =>
  /^\d+(?:\.\d+)?$/.test(text.trim()) ? Number(text) : NaN;

/**
 * How many milliseconds one value asks to wait: a number, a duration as in `6m0s`, or a date. Zero, negative or `NaN` for
 * what asks for none.
 *
 * @param unit milliseconds that a bare number counts
 * @param sent epoch milliseconds from which a moment counts
 */
export function parseWait(text: string, unit: number, sent: number): number {
  const value = parseNumber(text);
  if (value >= 0) return untilMoment(value, sent) ?? value * unit;
  return parseDuration(text) ?? (parseDate(text, sent) ?? NaN) - sent;
}

/** Milliseconds until a moment in seconds, ms, µs or ns since the epoch, whichever lies within a day of `sent`. */
function untilMoment(value: number, sent: number): number | undefined {
  if (value < LEAST_MOMENT) return undefined;
  return [value * 1e3, value, value / 1e3, value / 1e6]
    .map((moment) => moment - sent)
    .find((wait) => Math.abs(wait) <= DAY);
}

function parseDuration(text: string): number | undefined {
  let [length, sum] = [0, 0];
  for (const [part, amount, unit = ''] of text.matchAll(PART)) {
    length += part.length;
    sum += Number(amount) * (UNITS[unit] as number);
  }
  return length === text.length ? sum : undefined;
}

/** The longest of some waits: no retry is early for any of them. What is no wait, or beyond reason, does not count. */
export const longest = (waits: readonly number[]): number | undefined =>
  Math.max(0, ...waits.filter((wait) => wait > 0 && wait < BEYOND_REASON)) || undefined;

/**
 * The longest wait of a list, as fetch joins repeated headers. The comma after a weekday parts a date as well: what
 * follows it is the date.
 */
export const longestWait = (text: string, unit: number, sent: number): number | undefined =>
  longest(text.split(',', MOST_MEMBERS).map((member) => parseWait(member.trim(), unit, sent)));
