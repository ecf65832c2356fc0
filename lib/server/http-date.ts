import { readHeader } from './header.ts';

type Part = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second';

const MONTHS = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';
const MONTH = `(?<month>${MONTHS})`;
// A weekday that is not the date's is let pass: the date alone says when, and RFC 9110 wants robust recipients.
const WEEKDAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const TIME = '(?<hour>[01]\\d|2[0-3]):(?<minute>[0-5]\\d):(?<second>[0-5]\\d|60)';

// RFC 9110, section 5.6.7: IMF-fixdate, RFC 850, asctime.
const FORMS = [
  `${WEEKDAY}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT`,
  `(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT`,
  `${WEEKDAY} ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})`,
];

/** The epoch milliseconds of a text in one of the three HTTP-date forms; `now` settles a two-digit year's century. */
export function parseHttpDate(text: string, now: number): number | undefined {
  const parts = FORMS.map((form) => RegExp(`^${form}$`).exec(text)?.groups).find(Boolean);
  if (!parts) return undefined;

  const { year, month, day, hour, minute, second } = parts as Record<Part, string>;
  // `Date` is only the calendar here: it reads no clock.
  const date = new Date(now);
  const latest = date.getUTCFullYear() + 50;
  date.setUTCFullYear(
    // The last year with these two digits that is not more than 50 years ahead (RFC 9110, section 5.6.7).
    year.length === 2 ? latest - ((latest - +year) % 100) : +year,
    MONTHS.indexOf(month) / 4,
    +day,
  );
  // By now, 31 February is 3 March.
  return date.getUTCDate() === +day ? date.setUTCHours(+hour, +minute, +second, 0) : undefined;
}

/** When the response was sent: its own `Date` header, which makes the server's clock the measure, else `now`. */
export function readDate(headers: unknown, now: number): number {
  return parseHttpDate(readHeader(headers, 'date') ?? '', now) ?? now;
}
