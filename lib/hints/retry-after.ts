import { longestWait, parseNumbers } from './field-value.ts';
import { readHeader } from './header.ts';
import { parseHttpDate, readDate } from './http-date.ts';

/** Milliseconds until each date of a list, whose own commas may split them in two; `NaN` for whatever is no date. */
function untilDates(text: string, sent: number, now: number): readonly number[] {
  return text
    .split(',')
    .flatMap((member, index, members) => [member, `${members[index - 1]},${member}`])
    .map((date) => (parseHttpDate(date.trim(), now) ?? NaN) - sent);
}

/**
 * How many milliseconds `retry-after-ms`, else `Retry-After`, asks to wait.
 * Of several values, as fetch joins repeated headers, the longest counts: no retry is early for any of them.
 */
export function readRetryAfter(headers: unknown, now: number): number | undefined {
  const text = readHeader(headers, 'retry-after');
  const seconds = parseNumbers(text).map((each) => each * 1000);
  return (
    longestWait(parseNumbers(readHeader(headers, 'retry-after-ms'))) ??
    longestWait(text ? [...seconds, ...untilDates(text, readDate(headers, now), now)] : [])
  );
}
