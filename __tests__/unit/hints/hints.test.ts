import { AxiosHeaders, type AxiosResponse } from 'axios';
import fc from 'fast-check';
import { askReader, readHints } from '../../../lib/hints/hints.ts';
import type { RetryAfterOptions } from '../../../lib/options/options.ts';

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

/** An HTTP-date so many seconds after now. */
const at = (seconds: number): string => new Date(NOW + 1_000 * seconds).toUTCString();

describe('a date', () => {
  test.each<[string, Record<string, string>, number | undefined]>([
    ['counts from now', { 'Retry-After': at(10) }, 10_000],
    ['counts from the Date of the response', { 'Retry-After': at(10), Date: at(7) }, 3_000],
    ['counts from its Date and the Age since', { 'Retry-After': at(10), Date: at(4), Age: '2' }, 4_000],
    ['counts from its Date where the Age is none', { 'Retry-After': at(10), Date: at(4), Age: '-2' }, 6_000],
    [
      'counts from its Date where the Age is no number',
      { 'Retry-After': at(10), Date: at(4), Age: 'old' },
      6_000,
    ],
    ['counts from now where the Date is none', { 'Retry-After': at(10), Date: 'today', Age: '2' }, 10_000],
    ['and an age alone are no hint', { Date: at(-5), Age: '2' }, undefined],
  ])('%s', (_, headers, after) => {
    expect(readHints(headers, 503, NOW).after).toBe(after);
  });

  test('of another name is none', () => {
    const headers = { 'Retry-After': at(10), 'X-Date': at(7), 'Date-Of': at(7), Page: '2', 'Age-Of': '2' };
    expect(readHints(headers, 503, NOW).after).toBe(10_000);
  });
});

test('the header of some vendors is read', () => {
  expect(readHints({ 'x-ms-retry-after-ms': '70' }, 429, NOW).after).toBe(70);
});

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

  test.each([[503], [403], [200], [undefined]])(
    'a reset without what remains says nothing about a %s',
    (status) => {
      expect(readHints(without(3), status, NOW).after).toBeUndefined();
      expect(readHints(without(2), status, NOW).after).toBe(3_000);
    },
  );

  test('finds a hint among headers that hint at nothing', () => {
    const headers = new AxiosHeaders({ 'Content-Type': 'text/plain', 'Retry-After': '2', Vary: 'Origin' });
    expect(readHints(headers, 503, 0).after).toBe(2_000);
  });

  test('reads the first thousand characters of a header', () => {
    const read = (spaces: number) => readHints({ 'retry-after': `1,${' '.repeat(spaces)}2` }, 503, NOW).after;
    expect(read(997)).toBe(2_000);
    expect(read(998)).toBe(1_000);
  });

  test('has no hint in headers that throw on being read', () => {
    const headers = new Proxy(
      {},
      {
        ownKeys() {
          throw new Error('ownKeys');
        },
      },
    );
    expect(readHints(headers, 429, NOW)).toEqual({});
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

  test('reads any number of hostile headers of any length soon', () => {
    const names = [
      ...NAMES,
      'age',
      'x-ms-retry-after-ms',
      'x-ratelimit-reset-a',
      'x-ratelimit-reset'.repeat(500),
    ];
    const piece = fc.oneof(
      fc.constantFrom(
        ',',
        ' ',
        ';r=0',
        '"',
        '\\"',
        '1',
        '1s',
        'a ',
        'Sun, ',
        '0,',
        't=',
        '=',
        '-',
        '.',
        '2025-',
      ),
      fc.string({ maxLength: 5 }),
    );
    const value = fc
      .tuple(fc.string({ maxLength: 5 }), piece, fc.string({ maxLength: 5 }))
      .map(([before, repeated, after]) => before + repeated.repeat(15_000) + after);
    // A reader that is not linear takes so long for one of a thousand that the test ends by its time limit.
    fc.assert(
      fc.property(fc.constantFrom(...names), value, (name, text) => {
        const { after } = readHints({ 'x-limit': 1, [name]: text }, 429, NOW);
        expect(after === undefined || (Number.isFinite(after) && after > 0)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('askReader', () => {
  const response = { status: 503, data: { retry_in: 3 } } as AxiosResponse;
  const ask = (read: unknown) => askReader({ read } as RetryAfterOptions, response);

  test.each([[0], [0.5], [30_000], [undefined]])('passes on the answer %p', (answer) => {
    expect(ask(() => answer)).toBe(answer);
  });

  test('hands over the response, and no `this`', () => {
    const read = jest.fn(function (this: unknown, { data }: AxiosResponse) {
      expect(this).toBeUndefined();
      return data.retry_in * 1_000;
    });
    expect(ask(read)).toBe(3_000);
    expect(read.mock.calls).toEqual([[response]]);
  });

  test.each<[string, RetryAfterOptions | false, AxiosResponse | undefined]>([
    ['a reader', {}, response],
    ['any hint being obeyed', false, response],
    ['a response', { read: () => 5 }, undefined],
  ])('has no answer without %s', (_what, retryAfter, answer) => {
    expect(askReader(retryAfter, answer)).toBeUndefined();
  });

  test.each([
    [-1, '-1'],
    [NaN, 'NaN'],
    [Infinity, 'Infinity'],
    ['5', '"5"'],
    [null, 'null'],
    [false, 'false'],
    [new Date(0), '[object Date]'],
  ])('refuses the answer %p', (answer, shown) => {
    expect(() => ask(() => answer)).toThrow(
      new TypeError(
        `Expected the result of \`retryAfter.read\` to be a finite number of milliseconds ≥ 0 or undefined, got ${shown}`,
      ),
    );
  });

  test('refuses a promise, whose rejection is nobody’s', async () => {
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    try {
      expect(() => ask(async () => Promise.reject(new Error('late')))).toThrow(/got \[object Promise\]$/);
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).not.toHaveBeenCalled();
    } finally {
      process.off('unhandledRejection', unhandled);
    }
  });

  test('lets pass what the reader throws', () => {
    const error = new Error('no such field');
    expect(() =>
      ask(() => {
        throw error;
      }),
    ).toThrow(error);
  });
});
