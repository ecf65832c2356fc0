import fc from 'fast-check';
import { parseDate } from '../../../lib/hints/date.ts';

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

describe('parseDate', () => {
  test.each([
    ['IMF-fixdate', 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ['RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT'],
    ['asctime', 'Sun Nov  6 08:49:37 1994'],
    ['asctime with a padded day', 'Sun Nov 06 08:49:37 1994'],
  ])('reads the example of the RFC as %s', (_form, text) => {
    expect(parseDate(text, NOW)).toBe(Date.UTC(1994, 10, 6, 8, 49, 37));
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
    expect(parseDate(text, NOW)).toBe(expected);
  });

  test.each([
    ['a day of one digit', 'Sun, 6 Nov 1994 08:49:37 GMT'],
    ['UTC', 'Sun, 06 Nov 1994 08:49:37 UTC'],
    ['UT, as RFC 822 has it', 'Sun, 06 Nov 1994 08:49:37 UT'],
    ['a numeric zone', 'Sun, 06 Nov 1994 08:49:37 +0000'],
    ['a numeric zone west of Greenwich', 'Sun, 06 Nov 1994 08:49:37 -0000'],
    ['a zone that is ahead', 'Sun, 06 Nov 1994 10:19:37 +0130'],
    ['a zone that is behind', 'Sat, 05 Nov 1994 23:19:37 -0930'],
    ['a zone without a space before it', 'Sun, 06 Nov 1994 08:49:37Z'],
    ['lower case', 'sun, 06 nov 1994 08:49:37 gmt'],
    ['capitals', 'SUN, 06 NOV 1994 08:49:37 GMT'],
    ['a year of two digits', 'Sun, 06 Nov 94 08:49:37 GMT'],
    ['the date of a cookie', 'Sun, 06-Nov-1994 08:49:37 GMT'],
    ['a long weekday', 'Sunday, 06 Nov 1994 08:49:37 GMT'],
    ['a weekday without a comma', 'Sun 06 Nov 1994 08:49:37 GMT'],
    ['a comma without a space', 'Sun,06 Nov 1994 08:49:37 GMT'],
    ['no weekday', '06 Nov 1994 08:49:37 GMT'],
    ['an hour of one digit', 'Sun, 06 Nov 1994 8:49:37 GMT'],
    ['asctime with an unpadded day', 'Sun Nov 6 08:49:37 1994'],
    ['ISO 8601', '1994-11-06T08:49:37Z'],
    ['ISO 8601 with a space', '1994-11-06 08:49:37Z'],
    ['ISO 8601 in lower case', '1994-11-06t08:49:37z'],
    ['ISO 8601 with an offset', '1994-11-06T09:49:37+01:00'],
    ['ISO 8601 with an offset to the west', '1994-11-06T03:19:37-05:30'],
  ])('takes what senders really write: %s', (_what, text) => {
    expect(parseDate(text, NOW)).toBe(Date.UTC(1994, 10, 6, 8, 49, 37));
  });

  test.each([
    ['a leap second', 'Sat, 31 Dec 2016 23:59:60 GMT', Date.UTC(2017, 0, 1)],
    ['a leap second of ISO 8601', '2016-12-31T23:59:60Z', Date.UTC(2017, 0, 1)],
    ['a leap second of asctime', 'Sat Dec 31 23:59:60 2016', Date.UTC(2017, 0, 1)],
    ['no seconds', 'Sun, 06 Nov 1994 08:49 GMT', Date.UTC(1994, 10, 6, 8, 49)],
    ['a fraction', '1994-11-06T08:49:37.250Z', Date.UTC(1994, 10, 6, 8, 49, 37, 250)],
    ['midnight', 'Sun, 06 Nov 1994 00:00:00 GMT', Date.UTC(1994, 10, 6)],
    ['January', 'Sat, 01 Jan 1994 00:00:00 GMT', Date.UTC(1994, 0, 1)],
    ['January of ISO 8601', '1994-01-01T00:00:00Z', Date.UTC(1994, 0, 1)],
    ['December', 'Sat, 31 Dec 1994 00:00:00 GMT', Date.UTC(1994, 11, 31)],
    ['an offset of 14 h', '1994-11-06T14:59:00+14:59', Date.UTC(1994, 10, 6)],
  ])('reads %s', (_what, text, expected) => {
    expect(parseDate(text, NOW)).toBe(expected);
  });

  test.each([
    ['', 'nothing'],
    ['2', 'a number'],
    ['abc 1', 'what Date.parse takes'],
    ['Sun, 06 Nov 1994 08:49:37', 'no zone'],
    ['1994-11-06T08:49:37', 'no zone in ISO 8601'],
    ['1994-11-06', 'no time'],
    ['Sun, 06 Nov 1994 08:49:37 EST', 'a zone by another name'],
    ['Sun, 06 Nov 1994 08:49:37 +1500', 'an offset of 15 h'],
    ['Sun, 06 Nov 1994 08:49:37 +0060', 'an offset of 60 min'],
    ['Sun,  6 Nov 19940 08:49:37 GMT', 'a year of five digits'],
    ['Sun, 06 Nov 994 08:49:37 GMT', 'a year of three digits'],
    ['Sun, 06 Xxx 1994 08:49:37 GMT', 'no month'],
    ['Sun, 06 anF 1994 08:49:37 GMT', 'a month across two names'],
    ['1994-00-06T08:49:37Z', 'month 0'],
    ['1994-13-06T08:49:37Z', 'month 13'],
    ['Sun, 00 Nov 1994 08:49:37 GMT', 'day 0'],
    ['Sun, 31 Nov 1994 08:49:37 GMT', '31 November'],
    ['Mon, 31 Feb 2025 08:49:37 GMT', '31 February'],
    ['2025-02-31T08:49:37Z', '31 February in ISO 8601'],
    ['Wed, 29 Feb 2023 08:49:37 GMT', '29 February of a common year'],
    ['Thu, 29 Feb 1900 08:49:37 GMT', '29 February of a century'],
    ['Sun, 32 Jan 1994 08:49:37 GMT', 'day 32'],
    ['Sun, 306 Nov 1994 08:49:37 GMT', 'day 306'],
    ['Sun Nov  0 08:49:37 1994', 'day 0 in asctime'],
    ['Sun Nov  6 08:49:37 1994 GMT', 'a zone in asctime'],
    ['Sun Nov  6 08:49:37 94', 'a year of two digits in asctime'],
    ['Sun, 06 Nov 1994 24:00:00 GMT', 'hour 24'],
    ['Sun, 06 Nov 1994 08:60:37 GMT', 'minute 60'],
    ['Sun, 06 Nov 1994 08:49:61 GMT', 'second 61'],
    ['Sun, 06 Nov 1994 08:49:60.5 GMT', 'half a second after a leap second'],
    [' Sun, 06 Nov 1994 08:49:37 GMT', 'a leading space'],
    ['Sun, 06 Nov 1994 08:49:37 GMT\n', 'a trailing newline'],
    ['Sun, 06 Nov 1994 08:49:37 GMT, 120', 'a list'],
    ['x1994-11-06T08:49:37Z', 'text before ISO 8601'],
  ])('refuses %j: %s', (text) => {
    expect(parseDate(text, NOW)).toBeUndefined();
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
    expect(parseDate(text, Date.UTC(thisYear, 5))).toBe(Date.UTC(year, 2));
  });

  test('needs no valid `now` for years of four digits, and reads no two-digit year without', () => {
    expect(parseDate('Sun, 06 Nov 1994 08:49:37 GMT', Number.NaN)).toBe(Date.UTC(1994, 10, 6, 8, 49, 37));
    expect(parseDate('Sunday, 06-Nov-94 08:49:37 GMT', Number.NaN)).toBeUndefined();
  });

  test.each([
    ['IMF-fixdate', imfFixdate],
    ['asctime', asctime],
    ['ISO 8601', (date: Date) => date.toISOString()],
  ])('reads back any date written as %s', (_form, format) => {
    fc.assert(
      fc.property(wholeSeconds(Date.UTC(0), Date.UTC(9999, 11, 31)), fc.integer(), (date, now) => {
        expect(parseDate(format(date), now)).toBe(date.getTime());
      }),
    );
  });

  test('reads back any date written as RFC 850 from the 50 years around now', () => {
    const span = wholeSeconds(Date.UTC(1976), Date.UTC(2076) - 1000);
    fc.assert(fc.property(span, (date) => expect(parseDate(rfc850(date), NOW)).toBe(date.getTime())));
  });

  test('takes a day exactly when the calendar has it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1600, max: 2400 }), fc.nat(11), fc.nat(40), (year, month, day) => {
        const date = new Date(Date.UTC(year, month, day));
        const name = imfFixdate(new Date(Date.UTC(year, month))).slice(8, 11);
        const parsed = parseDate(`Mon, ${String(day).padStart(2, '0')} ${name} ${year} 00:00:00 GMT`, NOW);
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
        const parsed = parseDate(text, now);
        expect(parsed === undefined || Number.isFinite(parsed)).toBe(true);
      }),
    );
  });
});
