import { AxiosHeaders } from 'axios';
import fc from 'fast-check';
import { readHints } from '../../../lib/hints/hints.ts';

const NOW = Date.UTC(2025, 5, 15, 12);
const NAMES = [
  'retry-after-ms',
  'Retry-After',
  'Date',
  'RateLimit',
  'x-ratelimit-reset',
  'x-ratelimit-remaining',
  'x-should-retry',
  'get',
];

const everything = {
  'retry-after-ms': '100',
  'Retry-After': '2',
  RateLimit: '"default";r=0;t=3',
  'X-RateLimit-Reset': '4',
};

/** The headers that are left when the first few are taken away. */
const without = (count: number) => Object.fromEntries(Object.entries(everything).slice(count));

describe('readHints', () => {
  test.each<[number, number | undefined, string]>([
    [0, 100, 'retry-after-ms'],
    [1, 2_000, 'Retry-After'],
    [2, 3_000, 'RateLimit'],
    [3, 4_000, 'the x-family'],
    [4, undefined, 'nothing'],
  ])('without the first %i headers the wait is %s ms, from %s', (count, expected, _header) => {
    expect(readHints(without(count), 429, NOW).after).toBe(expected);
    expect(readHints(new AxiosHeaders(without(count)), 429, NOW).after).toBe(expected);
  });

  test.each([[503], [403], [200], [undefined]])('reads the x-family on 429 only, not on %s', (status) => {
    expect(readHints(without(3), status, NOW).after).toBeUndefined();
    expect(readHints(without(2), status, NOW).after).toBe(3_000);
  });

  test.each([
    ['malformed', { 'Retry-After': 'soon' }],
    ['zero', { 'Retry-After': '0' }],
    ['past', { 'Retry-After': 'Sun, 06 Nov 1994 08:49:37 GMT' }],
  ])('falls through to the next header when one is %s', (_what, headers) => {
    expect(readHints(headers, 429, NOW).after).toBeUndefined();
    expect(readHints({ ...without(2), ...headers }, 429, NOW).after).toBe(3_000);
  });

  test.each([
    ['true', true],
    ['TRUE', true],
    [' False ', false],
    ['false', false],
    ['', undefined],
    ['1', undefined],
    ['yes', undefined],
    ['constructor', undefined],
    ['true, false', undefined],
    [0, undefined],
  ])('reads x-should-retry: %j is %j', (value, expected) => {
    expect(readHints({ 'X-Should-Retry': value }, 500, NOW).shouldRetry).toBe(expected);
  });

  test.each<[unknown]>([
    [undefined],
    [null],
    ['retry-after: 5'],
    [5],
    [Symbol('s')],
    [[]],
    [new Map()],
    [{ get: 1 }],
  ])('has no hint in %p', (headers) => {
    expect(readHints(headers, 429, NOW)).toEqual({ after: undefined, shouldRetry: undefined });
  });

  test('never throws, and answers a finite wait above zero or none, whatever the headers', () => {
    const value = fc.oneof(
      fc.anything(),
      fc.string(),
      fc.nat(),
      fc.constantFrom('0', '5', '"a";r=0;t=5', 'true'),
    );
    const headers = fc.oneof(fc.anything(), fc.dictionary(fc.constantFrom(...NAMES), value));
    fc.assert(
      fc.property(headers, fc.oneof(fc.constant(429), fc.integer()), fc.double(), (any, status, now) => {
        const { after, shouldRetry } = readHints(any, status, now);
        expect(after === undefined || (Number.isFinite(after) && after > 0)).toBe(true);
        expect([true, false, undefined]).toContain(shouldRetry);
      }),
      { numRuns: 500 },
    );
  });
});
