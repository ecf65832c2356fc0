import fc from 'fast-check';
import { readRetryAfter } from '../../../lib/hints/retry-after.ts';

const NOW = Date.UTC(2025, 5, 15, 12);
const at = (seconds: number) => new Date(NOW + seconds * 1000).toUTCString();
const read = (text: string) => readRetryAfter({ 'Retry-After': text }, NOW);

describe('readRetryAfter', () => {
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
    ['120s'],
    ['"120"'],
    ['NaN'],
    ['Infinity'],
    ['soon'],
    [''],
    [','],
    ['2025-06-15T12:00:30Z'],
    ['Sun, 15 Jun 2025 12:00:30'],
    ['Sun, 31 Feb 2026 12:00:30 GMT'],
    ['Sun, 15 Jun 2025 12:00:00 GMT'],
    ['Sun, 15 Jun 2025 11:59:59 GMT'],
    ['Sunday, 06-Nov-94 08:49:37 GMT'],
    [`0.${'0'.repeat(400)}1`],
  ])('takes %j for no hint', (text) => {
    expect(read(text)).toBeUndefined();
  });

  test.each([['9'.repeat(400)], ['9'.repeat(20)], [`${'9'.repeat(400)}.5`], [`1, ${'9'.repeat(400)}`]])(
    'takes absurdly many digits for a hint that is longer than any cap and finite',
    (text) => {
      expect(read(text)).toBe(Number.MAX_SAFE_INTEGER);
      expect(readRetryAfter({ 'retry-after-ms': text }, NOW)).toBe(Number.MAX_SAFE_INTEGER);
    },
  );

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
    ['malformed, it falls through', { 'retry-after-ms': '250ms', 'Retry-After': '2' }, 2_000],
    ['a date, it falls through', { 'retry-after-ms': at(30), 'Retry-After': '2' }, 2_000],
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
