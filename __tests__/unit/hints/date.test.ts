import fc from 'fast-check';
import { parseHttpDate, readDate } from '../../../lib/hints/http-date.ts';

const NOW = Date.UTC(2025, 5, 15, 12);
const SHORT = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const LONG = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

const imfFixdate = (date: Date) => date.toUTCString();

function rfc850(date: Date): string {
  const [, day, month, year = '', time] = date.toUTCString().split(' ');
  return `${LONG[date.getUTCDay()]}, ${day}-${month}-${year.slice(-2)} ${time} GMT`;
}

function asctime(date: Date): string {
  const [, , month, year, time] = date.toUTCString().split(' ');
  return `${SHORT[date.getUTCDay()]} ${month} ${String(date.getUTCDate()).padStart(2)} ${time} ${year}`;
}

const wholeSeconds = (from: number, to: number) =>
  fc.integer({ min: from / 1000, max: to / 1000 }).map((seconds) => new Date(seconds * 1000));

describe('parseHttpDate', () => {
  test.each([
    ['IMF-fixdate', 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ['RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT'],
    ['asctime', 'Sun Nov  6 08:49:37 1994'],
    ['asctime with a padded day', 'Sun Nov 06 08:49:37 1994'],
  ])('reads the example of the RFC as %s', (_form, text) => {
    expect(parseHttpDate(text, NOW)).toBe(Date.UTC(1994, 10, 6, 8, 49, 37));
  });

  test.each([
    ['a leap day', 'Thu, 29 Feb 2024 00:00:00 GMT', Date.UTC(2024, 1, 29)],
    [
      'a weekday that is not that of the date',
      'Mon, 06 Nov 1994 08:49:37 GMT',
      Date.UTC(1994, 10, 6, 8, 49, 37),
    ],
    ['the last year', 'Fri, 31 Dec 9999 23:59:59 GMT', Date.UTC(9999, 11, 31, 23, 59, 59)],
  ])('takes %s', (_what, text, expected) => {
    expect(parseHttpDate(text, NOW)).toBe(expected);
  });

  test.each([
    ['', 'nothing'],
    ['2', 'a number'],
    ['abc 1', 'what Date.parse takes'],
    ['1994-11-06T08:49:37Z', 'an ISO date'],
    ['Sun, 06 Nov 1994 08:49:37', 'no zone'],
    ['Sun, 06 Nov 1994 08:49:37 UTC', 'another zone'],
    ['Sun, 06 Nov 1994 08:49:37 +0000', 'a numeric zone'],
    ['sun, 06 nov 1994 08:49:37 gmt', 'lower case'],
    ['Sun, 6 Nov 1994 08:49:37 GMT', 'a day of one digit'],
    ['Sun,  6 Nov 1994 08:49:37 GMT', 'a day padded by a space'],
    ['Sun, 06 Nov 94 08:49:37 GMT', 'a year of two digits'],
    ['Sun, 06 Nov 19940 08:49:37 GMT', 'a year of five digits'],
    ['Sun, 06-Nov-1994 08:49:37 GMT', 'the date of a cookie'],
    ['Sunday, 06-Nov-1994 08:49:37 GMT', 'a year of four digits in RFC 850'],
    ['Sun, 06-Nov-94 08:49:37 GMT', 'a short weekday in RFC 850'],
    ['Sunday, 06 Nov 1994 08:49:37 GMT', 'a long weekday in IMF-fixdate'],
    ['Tueday, 01-Nov-94 08:49:37 GMT', 'a misspelt weekday'],
    ['Xxx, 06 Nov 1994 08:49:37 GMT', 'no weekday'],
    ['06 Nov 1994 08:49:37 GMT', 'a missing weekday'],
    ['Sun, 06 Xxx 1994 08:49:37 GMT', 'no month'],
    ['Sun, 06 anF 1994 08:49:37 GMT', 'a month across two names'],
    ['Sun, 00 Nov 1994 08:49:37 GMT', 'day 0'],
    ['Sun, 31 Nov 1994 08:49:37 GMT', '31 November'],
    ['Mon, 31 Feb 2025 08:49:37 GMT', '31 February'],
    ['Wed, 29 Feb 2023 08:49:37 GMT', '29 February of a common year'],
    ['Thu, 29 Feb 1900 08:49:37 GMT', '29 February of a century'],
    ['Sun, 32 Jan 1994 08:49:37 GMT', 'day 32'],
    ['Sun Nov  0 08:49:37 1994', 'day 0 in asctime'],
    ['Sun Nov 6 08:49:37 1994', 'an unpadded day in asctime'],
    ['Sun Nov  6 08:49:37 1994 GMT', 'a zone in asctime'],
    ['Sun, 06 Nov 1994 24:00:00 GMT', 'hour 24'],
    ['Sun, 06 Nov 1994 08:60:37 GMT', 'minute 60'],
    ['Sun, 06 Nov 1994 08:49:61 GMT', 'second 61'],
    ['Sun, 06 Nov 1994 8:49:37 GMT', 'an hour of one digit'],
    ['Sun, 06 Nov 1994 08:49 GMT', 'no seconds'],
    ['Sun, 06 Nov 1994 08:49:37.5 GMT', 'a fraction'],
    [' Sun, 06 Nov 1994 08:49:37 GMT', 'a leading space'],
    ['Sun, 06 Nov 1994 08:49:37 GMT\n', 'a trailing newline'],
    ['Sun, 06 Nov 1994 08:49:37 GMT, 120', 'a list'],
  ])('refuses %j: %s', (text) => {
    expect(parseHttpDate(text, NOW)).toBeUndefined();
  });

  test.each([
    ['94', 1994, 2025],
    ['24', 2024, 2025],
    ['26', 2026, 2025],
    ['75', 2075, 2025],
    ['76', 1976, 2025],
    ['00', 2000, 2025],
    ['00', 2100, 2099],
    ['98', 2098, 2099],
    ['20', 2020, 1999],
    ['30', 2030, 1980],
    ['31', 1931, 1980],
  ])('reads the two-digit year %s as %i when it is %i', (digits, year, thisYear) => {
    const text = `Monday, 01-Mar-${digits} 00:00:00 GMT`;
    expect(parseHttpDate(text, Date.UTC(thisYear, 5))).toBe(Date.UTC(year, 2));
  });

  test('needs no valid `now` for years of four digits, and reads no two-digit year without', () => {
    expect(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT', Number.NaN)).toBe(Date.UTC(1994, 10, 6, 8, 49, 37));
    expect(parseHttpDate('Sunday, 06-Nov-94 08:49:37 GMT', Number.NaN)).toBeUndefined();
  });

  test.each([
    ['IMF-fixdate', imfFixdate],
    ['asctime', asctime],
  ])('reads back any date written as %s', (_form, format) => {
    fc.assert(
      fc.property(wholeSeconds(Date.UTC(0), Date.UTC(9999, 11, 31)), fc.integer(), (date, now) => {
        expect(parseHttpDate(format(date), now)).toBe(date.getTime());
      }),
    );
  });

  test('reads back any date written as RFC 850 from the 50 years around now', () => {
    const span = wholeSeconds(Date.UTC(1976), Date.UTC(2076) - 1000);
    fc.assert(fc.property(span, (date) => expect(parseHttpDate(rfc850(date), NOW)).toBe(date.getTime())));
  });

  test('takes a day exactly when the calendar has it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1600, max: 2400 }), fc.nat(11), fc.nat(40), (year, month, day) => {
        const date = new Date(Date.UTC(year, month, day));
        const name = imfFixdate(new Date(Date.UTC(year, month))).slice(8, 11);
        const parsed = parseHttpDate(
          `Mon, ${String(day).padStart(2, '0')} ${name} ${year} 00:00:00 GMT`,
          NOW,
        );
        expect(parsed).toBe(date.getUTCMonth() === month ? date.getTime() : undefined);
      }),
    );
  });

  test('answers a finite number or nothing for any text', () => {
    const almost = fc
      .tuple(
        wholeSeconds(0, NOW),
        fc.constantFrom(imfFixdate, rfc850, asctime),
        fc.nat(30),
        fc.string({ maxLength: 2 }),
      )
      .map(
        ([date, format, at, text]) => format(date).slice(0, at) + text + format(date).slice(at + text.length),
      );
    fc.assert(
      fc.property(fc.oneof(fc.string(), almost), fc.double(), (text, now) => {
        const parsed = parseHttpDate(text, now);
        expect(parsed === undefined || Number.isFinite(parsed)).toBe(true);
      }),
    );
  });
});

describe('readDate', () => {
  test('is when the response says that it was sent', () => {
    expect(readDate({ Date: 'Sun, 06 Nov 1994 08:49:37 GMT' }, NOW)).toBe(Date.UTC(1994, 10, 6, 8, 49, 37));
  });

  test.each([[{}], [undefined], [{ date: 'yesterday' }], [{ date: '2' }]])(
    'is now without a date: %j',
    (headers) => {
      expect(readDate(headers, NOW)).toBe(NOW);
    },
  );
});
