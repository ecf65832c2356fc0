import fc from 'fast-check';
import { readHints } from '../../../lib/hints/hints.ts';
import { parseWait } from '../../../lib/hints/wait.ts';

const NOW = Date.UTC(2025, 5, 15, 12);
const at = (seconds: number) => new Date(NOW + seconds * 1000).toUTCString();
const readRetryAfter = (headers: object, now: number) => readHints(headers, 503, now).after;
const read = (text: string) => readRetryAfter({ 'Retry-After': text }, NOW);

describe('a number', () => {
  test.each([
    ['seconds since the epoch', NOW / 1e3 + 30, 30_000],
    ['milliseconds since the epoch', NOW + 30_000, 30_000],
    ['microseconds since the epoch', (NOW + 30_000) * 1e3, 30_000],
    ['nanoseconds since the epoch', (NOW + 30_000) * 1e6, 30_000],
    ['the end of a day from now', NOW / 1e3 + 86_400, 86_400_000],
    ['a day ago', NOW - 86_400_000, -86_400_000],
    ['now', NOW, 0],
  ])('that can only be a moment is one, whatever a bare number counts: %s', (_what, value, expected) => {
    for (const unit of [1, 1_000]) expect(parseWait(String(value), unit, NOW)).toBe(expected);
  });

  test.each([[NOW / 1e3 + 86_401], [NOW / 1e3 - 86_401], [1e9], [NOW * 10]])(
    '%s lies not within a day of now, and is none',
    (value) => {
      expect(parseWait(String(value), 1_000, NOW)).toBe(value * 1_000);
      expect(read(String(value))).toBeUndefined();
    },
  );

  test('below 10⁹ is a wait, even on a clock that stands close to the epoch', () => {
    expect(parseWait('30', 1_000, 0)).toBe(30_000);
    expect(parseWait('999999999', 1_000, 999_999_999_000)).toBe(999_999_999_000);
    expect(parseWait('1000000000', 1_000, 999_999_999_000)).toBe(1_000);
  });
});

describe('a duration', () => {
  test.each([
    ['20ms', 20],
    ['1s', 1_000],
    ['1.5s', 1_500],
    ['120s', 120_000],
    ['6m0s', 360_000],
    ['2m59.56s', 179_560],
    ['1h', 3_600_000],
    ['1h30m', 5_400_000],
    ['1h2m3s4ms', 3_723_004],
    ['2d', 172_800_000],
    ['1500us', 1.5],
    ['1500µs', 1.5],
    ['2500000ns', 2.5],
    ['30 s', 30_000],
    ['30 sec', 30_000],
    ['30 seconds', 30_000],
    ['1 second', 1_000],
    ['1 min', 60_000],
    ['2 minutes', 120_000],
    ['1 minute 30 seconds', 90_000],
    ['2 hours', 7_200_000],
    ['1 day', 86_400_000],
    ['0s', 0],
  ])('is read as APIs write it: %s', (text, expected) => {
    for (const unit of [1, 1_000]) expect(parseWait(text, unit, NOW)).toBeCloseTo(expected, 6);
  });

  test.each(['5x', 's', '-5s', '.5s', '5.s', '1e3s', '5s later', 'in 5s', '5s!3s', '5 5s', '5M', 'PT5S'])(
    '%s is none',
    (text) => {
      expect(parseWait(text, 1_000, NOW)).toBeNaN();
    },
  );
});

describe('Retry-After', () => {
  test.each([
    ['120', 120_000],
    ['1', 1_000],
    ['1.5', 1_500],
    ['0.25', 250],
    ['007', 7_000],
    [' 120\t', 120_000],
    ['86400000', 86_400_000_000],
  ])('reads seconds: %j', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  test.each([
    ['Sun, 15 Jun 2025 12:00:30 GMT', 30_000],
    ['Sunday, 15-Jun-25 12:00:30 GMT', 30_000],
    ['Sun Jun 15 12:00:30 2025', 30_000],
    ['  Sun, 15 Jun 2025 13:00:00 GMT ', 3_600_000],
  ])('reads a date: %j', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  test.each([
    ['0'],
    ['0.0'],
    ['-1'],
    ['+1'],
    ['.5'],
    ['5.'],
    ['1.2.3'],
    ['1e3'],
    ['0x10'],
    ['1_000'],
    ['١٢'],
    ['12 0'],
    ['"120"'],
    ['NaN'],
    ['Infinity'],
    ['soon'],
    [''],
    [','],
    ['Sun, 15 Jun 2025 12:00:30'],
    ['Sun, 31 Feb 2026 12:00:30 GMT'],
    ['Fri, 31 Dec 9999 23:59:59 GMT'],
    ['9'.repeat(400)],
    ['9'.repeat(20)],
    [`${'9'.repeat(400)}.5`],
    [`Sun, ${','.repeat(200)}5`],
    ['Sun, 15 Jun 2025 12:00:00 GMT'],
    ['Sun, 15 Jun 2025 11:59:59 GMT'],
    ['Sunday, 06-Nov-94 08:49:37 GMT'],
    [`0.${'0'.repeat(400)}1`],
  ])('takes %j for no hint', (text) => {
    expect(read(text)).toBeUndefined();
  });

  test.each([
    ['999999999', 999_999_999_000],
    [`1, ${'9'.repeat(400)}`, 1_000],
  ])('a wait within reason counts, and one beyond it does not: %s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  test.each([
    ['a day of one digit', 'Sun, 8 Jun 2025 09:00:30 GMT', { Date: 'Sun, 08 Jun 2025 09:00:00 GMT' }],
    ['UTC', 'Sun, 15 Jun 2025 12:00:30 UTC', {}],
    ['+0000', 'Sun, 15 Jun 2025 12:00:30 +0000', {}],
    ['ISO 8601', '2025-06-15T12:00:30Z', {}],
    ['a leap second', 'Sun, 15 Jun 2025 11:59:60 GMT, 30', {}],
    ['an unpadded Date beside it', 'Sun, 8 Jun 2025 09:00:30 GMT', { Date: 'Sun, 8 Jun 2025 9:00:00 GMT' }],
    ['an Age beside the Date', at(30), { Date: at(-90), Age: '90' }],
    ['an Age of some caches', at(30), { Date: at(-90), Age: '90, 20' }],
    ['a negative Age', at(-60), { Date: at(-90), Age: '-90' }],
    ['an Age that is none', at(-60), { Date: at(-90), Age: 'old' }],
    ['an Age without a Date', at(30), { Age: '90' }],
  ])('reads a date with %s', (_what, text, more) => {
    expect(readRetryAfter({ 'Retry-After': text, ...more }, NOW)).toBe(30_000);
  });

  test.each([
    ['the http adapter kept the first', '120', 120_000],
    ['two waits', '120, 60', 120_000],
    ['the longer one last', '60, 120', 120_000],
    ['no space', '60,120', 120_000],
    ['a zero', '0, 5', 5_000],
    ['a malformed one', 'soon, 5', 5_000],
    ['two dates', `${at(30)}, ${at(90)}`, 90_000],
    ['a date that is longer than the seconds', `30, ${at(60)}`, 60_000],
    ['seconds that are longer than the date', `${at(30)}, 60`, 60_000],
    ['a date between', `1, ${at(30)}, 2`, 30_000],
    ['a past date', `${at(-30)}, 2`, 2_000],
    [
      'all three forms',
      'Sun, 15 Jun 2025 12:00:01 GMT, Sunday, 15-Jun-25 12:00:03 GMT, Sun Jun 15 12:00:02 2025',
      3_000,
    ],
  ])('chooses the longest of a list: %s', (_what, text, expected) => {
    expect(read(text)).toBe(expected);
  });

  test('joins an array as fetch joins repeated headers', () => {
    expect(readRetryAfter({ 'retry-after': ['60', at(90)] }, NOW)).toBe(90_000);
  });

  test.each([
    ['a server ahead of us', 3_600],
    ['a server behind us', -3_600],
    ['the same clock', 0],
  ])('counts a date from the Date of the response: %s', (_what, skew) => {
    expect(readRetryAfter({ 'Retry-After': at(skew + 30), Date: at(skew) }, NOW)).toBe(30_000);
    expect(readRetryAfter({ 'Retry-After': at(skew - 1), Date: at(skew) }, NOW)).toBeUndefined();
  });

  test('counts a date from now when the Date of the response is malformed', () => {
    expect(readRetryAfter({ 'Retry-After': at(30), Date: 'now' }, NOW)).toBe(30_000);
  });

  test('does not ask the Date of the response about seconds', () => {
    expect(readRetryAfter({ 'Retry-After': '30', Date: at(-3_600) }, NOW)).toBe(30_000);
  });

  test.each<[string, object, number]>([
    ['it comes first', { 'Retry-After-Ms': '250', 'Retry-After': '120' }, 250],
    ['decimals', { 'retry-after-ms': '250.5' }, 250.5],
    ['a number', { 'retry-after-ms': 250 }, 250],
    ['a list', { 'retry-after-ms': '250, 300' }, 300],
    ['a unit of its own', { 'retry-after-ms': '250ms' }, 250],
    ['a moment', { 'retry-after-ms': String(NOW + 250) }, 250],
    ['a date', { 'retry-after-ms': at(30) }, 30_000],
    ['malformed, it falls through', { 'retry-after-ms': 'soon', 'Retry-After': '2' }, 2_000],
    ['the name that vendors give it', { 'x-ms-retry-after-ms': '250', 'Retry-After': '2' }, 250],
    ['its own name first', { 'x-ms-retry-after-ms': '250', 'retry-after-ms': '300' }, 300],
    ['zero, it falls through', { 'retry-after-ms': '0', 'Retry-After': '2' }, 2_000],
    ['negative, it falls through', { 'retry-after-ms': '-5', 'Retry-After': '2' }, 2_000],
  ])('reads retry-after-ms: %s', (_what, headers, expected) => {
    expect(readRetryAfter(headers, NOW)).toBe(expected);
  });

  test('is never less than the longest member of a list, and equals it', () => {
    const seconds = fc.nat(1_000_000).map((wait): [string, number] => [String(wait), wait * 1000]);
    const dates = fc
      .integer({ min: -1_000_000, max: 1_000_000 })
      .map((wait): [string, number] => [at(wait), wait * 1000]);
    const garbage = fc
      .constantFrom('', 'soon', '-5', 'Sun', '1e9', '06 Nov 1994')
      .map((text): [string, number] => [text, 0]);
    fc.assert(
      fc.property(
        fc.array(fc.oneof(seconds, dates, garbage)),
        fc.constantFrom(',', ', ', ' , '),
        (members, comma) => {
          const longest = Math.max(0, ...members.map(([, wait]) => wait));
          expect(read(members.map(([text]) => text).join(comma))).toBe(longest || undefined);
        },
      ),
    );
  });

  test('answers a finite number above zero or nothing for any text', () => {
    const pieces = fc.constantFrom(
      '120',
      '9'.repeat(400),
      at(30),
      'Sun',
      ',',
      ';',
      ' ',
      '-',
      '.',
      '0',
      '\0',
      'GMT',
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(pieces).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, texts, texts, fc.double(), (after, ms, date, now) => {
        const wait = readRetryAfter({ 'retry-after': after, 'retry-after-ms': ms, date }, now);
        expect(wait === undefined || (Number.isFinite(wait) && wait > 0)).toBe(true);
      }),
    );
  });

  test('reads a hostile list in linear time', () => {
    expect(read(','.repeat(200_000))).toBeUndefined();
    expect(read(`${' '.repeat(200_000)}x`)).toBeUndefined();
    expect(read(`${'1'.repeat(200_000)}x`)).toBeUndefined();
  });
});
