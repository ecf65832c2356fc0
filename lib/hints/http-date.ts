import { readHeader } from './header.ts';

const FIXDATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) (\w{3}) (\d{4}) ([\d:]{8}) GMT$/;
const RFC_850 = /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\d\d)-(\w{3})-(\d\d) ([\d:]{8}) GMT$/;
const ASCTIME = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (\w{3}) ([ \d]\d) ([\d:]{8}) (\d{4})$/;

/**
 * Epoch milliseconds of an HTTP-date in one of its three forms (RFC 9110, 5.6.7); `undefined` for anything else. A weekday
 * that is not that of the date is let pass: the date alone says when.
 */
export function parseHttpDate(text: string, now: number): number | undefined {
  const dateTime = text
    .replace(FIXDATE, '$1 $2 $3 $4 GMT')
    .replace(RFC_850, (_, day, month, year, time) => `${day} ${month} ${fullYear(year, now)} ${time} GMT`)
    .replace(ASCTIME, '$2 $1 $4 $3 GMT')
    .replace(/^ /, '0');
  const date = new Date(dateTime);
  // `Date` takes `2`, `abc 1` and 31 Feb, so what it read must be what was written.
  return dateTime !== text && date.toUTCString().slice(5) === dateTime ? date.getTime() : undefined;
}

/** A year of two digits is the last such year that is not more than 50 years ahead. */
function fullYear(year: string, now: number): number {
  const latest = new Date(now).getUTCFullYear() + 50;
  return latest - ((latest - Number(year)) % 100);
}

/** The moment the response was made, by its own `Date` header, else `now`. */
export const readDate = (headers: unknown, now: number): number =>
  parseHttpDate(readHeader(headers, 'date') ?? '', now) ?? now;
