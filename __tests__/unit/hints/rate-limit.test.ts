import fc from 'fast-check';
import { readHints } from '../../../lib/hints/hints.ts';
import { readRateLimit } from '../../../lib/hints/rate-limit.ts';

const NOW = Date.UTC(2025, 5, 15, 12);
const SECONDS = NOW / 1000;
const readReset = (headers: object, now: number, status = 429) => readHints(headers, status, now).after;

describe('readRateLimit', () => {
  const read = (text: string) => readRateLimit(text, NOW);

  test.each([
    ['one item', '"default";r=0;t=30', 30_000],
    ['spaces', '"default"; r=0; t=30 ', 30_000],
    ['another order', '"default";t=30;r=0', 30_000],
    ['further parameters', '"default";r=0;pk=:cj05O3Q9OQ==:;t=30;x="y"', 30_000],
    ['a token for a name', 'default;r=0;t=30', 30_000],
    ['the longest of the exhausted items', '"a";r=0;t=5, "b";r=0;t=60, "c";r=0;t=7', 60_000],
    ['exhausted items only', '"minute";r=0;t=5, "day";r=900;t=60000', 5_000],
    ['a comma and a semicolon in the name', '"a,b;r=9;t=9";r=0;t=30', 30_000],
    ['an escaped quote in the name', '"a\\";r=9,";r=0;t=30', 30_000],
    ['an escaped backslash in the name', '"a\\\\";r=0;t=30', 30_000],
    ['a quoted parameter', '"a";x="r=1;t=1";r=0;t=30', 30_000],
    ['the form of draft 07', 'limit=100, remaining=0, reset=30', 30_000],
    ['the form of draft 07 in another order', 'reset=30,remaining=0,limit=100;w=60', 30_000],
    ['spaces around the values', '"default" ; r = 0 ; t = 30', 30_000],
    ['a duration', 'default;r=0;t=1m30s', 90_000],
    ['a duration after a space', 'default;r=0;t= 1m30s', 90_000],
    ['a duration after a space in the form of draft 07', 'remaining=0, reset= 1m30s', 90_000],
    ['a quoted parameter between the two', '"a";r=0;x="y";t=30', 30_000],
    ['a moment', `default;r=0;t=${SECONDS + 30}`, 30_000],
    ['what comes before an unclosed name', '"a";r=0;t=30, "b;r=0;t=60', 30_000],
  ])('reads %s', (_what, text, expected) => {
    expect(read(text)).toBe(expected);
  });

  test.each([
    ['something left', '"default";r=1;t=30'],
    ['something left in the form of draft 07', 'limit=100, remaining=1, reset=30'],
    ['no reset', '"default";r=0'],
    ['reset at once', '"default";r=0;t=0'],
    ['no remaining quota', '"default";t=30'],
    ['the two in different items', '"a";r=0, "b";t=30'],
    ['a negative reset', '"a";r=0;t=-30'],
    ['a negative quota', '"a";r=-1;t=30'],
    ['no value', '"a";r;t'],
    ['an empty value', '"a";r=;t='],
    ['all within the name', '"a;r=0;t=30"'],
    ['an unclosed name', '"a;r=0;t=30'],
    ['an unclosed name after an escape', '"a\\";r=0;t=30'],
    ['longer names that end alike', '"a";xr=0;xt=30'],
    ['capital names', '"a";R=0;T=30'],
    ['longer names that end alike in the form of draft 07', 'x-remaining=0, x-reset=30'],
    ['absurdly many digits', `"a";r=0;t=${'9'.repeat(400)}`],
    ['a second limit that has something left, whatever the first is without', '"a";r=0,"b";r=1;t=30'],
    ['a policy', '"default";q=100;w=60'],
    ['nothing', ''],
  ])('takes %s for no hint', (_what, text) => {
    expect(read(text)).toBeUndefined();
  });

  test('reads repeated headers as one list', () => {
    expect(readHints({ ratelimit: ['"a";r=0;t=5', '"b";r=0;t=9'] }, 503, NOW).after).toBe(9_000);
  });

  test('is the longest reset of the exhausted items, whatever their names', () => {
    const quoted = fc.string().map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`);
    const item = fc.record({ name: quoted, r: fc.nat(2), t: fc.nat(1_000_000) });
    fc.assert(
      fc.property(fc.array(item), (items) => {
        const text = items.map(({ name, r, t }) => `${name};r=${r};t=${t}`).join(', ');
        const longest = Math.max(0, ...items.map(({ r, t }) => (r === 0 ? t * 1000 : 0)));
        expect(read(text)).toBe(longest || undefined);
      }),
    );
  });

  test('answers a finite number above zero or nothing for any text', () => {
    const pieces = fc.constantFrom(
      '"',
      '\\',
      ';r=0',
      ';t=30',
      ',',
      '=',
      ' ',
      'remaining=0',
      'reset=',
      '9'.repeat(400),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces).map((parts) => parts.join('')),
        ),
        (text) => {
          const wait = read(text);
          expect(wait === undefined || (Number.isFinite(wait) && wait > 0)).toBe(true);
        },
      ),
    );
  });

  test('reads a hostile field in linear time', () => {
    expect(read('\\"'.repeat(100_000))).toBeUndefined();
    expect(read(`;${' '.repeat(200_000)}`)).toBeUndefined();
    expect(read(';r=0'.repeat(50_000))).toBeUndefined();
  });
});

describe('the x-ratelimit-reset family', () => {
  test.each(['X-RateLimit', 'X-Rate-Limit', 'RateLimit'])('reads the reset of %s', (prefix) => {
    expect(readReset({ [`${prefix}-Reset`]: '30' }, NOW)).toBe(30_000);
    expect(readReset({ [`${prefix}-Reset`]: '30' }, NOW, 503)).toBeUndefined();
    expect(readReset({ [`${prefix}-Reset`]: '30', [`${prefix}-Remaining`]: '0' }, NOW, 503)).toBe(30_000);
    expect(readReset({ [`${prefix}-Reset`]: '30', [`${prefix}-Remaining`]: '0' }, NOW)).toBe(30_000);
    expect(readReset({ [`${prefix}-Reset`]: '30', [`${prefix}-Remaining`]: '1' }, NOW)).toBeUndefined();
  });

  test.each([
    ['seconds', '30', 30_000],
    ['decimal seconds', '0.5', 500],
    ['the longest wait in seconds', '999999999', 999_999_999_000],
    ['epoch seconds', String(SECONDS + 30), 30_000],
    ['decimal epoch seconds', `${SECONDS + 30}.5`, 30_500],
    ['epoch milliseconds', String(NOW + 30_000), 30_000],
    ['decimal epoch milliseconds', `${NOW + 30_000}.5`, 30_000.5],
    ['whitespace', ' 30 ', 30_000],
    ['the longest of a list', '30, 3600', 3_600_000],
    ['epoch microseconds', String((NOW + 30_000) * 1_000), 30_000],
    ['epoch nanoseconds', String((NOW + 30_000) * 1e6), 30_000],
    ['a duration', '6m0s', 360_000],
    ['an ISO date', new Date(NOW + 30_000).toISOString(), 30_000],
  ])('tells the units apart by size: %s', (_what, text, expected) => {
    expect(readReset({ 'x-ratelimit-reset': text }, NOW)).toBe(expected);
  });

  test.each([
    ['0'],
    ['-1'],
    [`${'9'.repeat(400)}`],
    ['soon'],
    [''],
    ['1000000000'],
    ['999999999999999999999s'],
    [String(SECONDS)],
    [String(SECONDS - 1)],
    [String(NOW)],
    [String(NOW - 1)],
  ])('takes %j for no hint', (text) => {
    expect(readReset({ 'x-ratelimit-reset': text }, NOW)).toBeUndefined();
  });

  test('counts an epoch from the Date of the response, as the clocks may differ', () => {
    const headers = {
      'x-ratelimit-reset': String(SECONDS + 3_630),
      Date: new Date(NOW + 3_600_000).toUTCString(),
    };
    expect(readReset(headers, NOW)).toBe(30_000);
  });

  test('prefers the reset that needs no clock', () => {
    const headers = { 'x-ratelimit-reset': String(SECONDS + 300), 'x-ratelimit-reset-after': '1.337' };
    expect(readReset(headers, NOW)).toBe(1_337);
    expect(readReset({ ...headers, 'x-ratelimit-reset-after': 'soon' }, NOW)).toBe(300_000);
  });

  test.each([
    ['a number 0', 0, 30_000],
    ['malformed', 'none', 30_000],
    ['a list with an exhausted member', '5, 0', 30_000],
    ['a list of members with something left', '5, 1', undefined],
    ['a fraction', '0.5', undefined],
  ])('asks what remains: %s', (_what, remaining, expected) => {
    expect(readReset({ 'x-ratelimit-reset': 30, 'x-ratelimit-remaining': remaining }, NOW)).toBe(expected);
  });

  test.each([[403], [503], [200], [undefined]])(
    'counts on a %s when what remains is 0, and says so',
    (status) => {
      const read = (remaining: object) =>
        readHints({ 'x-ratelimit-reset': 30, ...remaining }, status, NOW).after;
      expect(read({ 'x-ratelimit-remaining': '0' })).toBe(30_000);
      expect(read({ 'x-ratelimit-remaining': '5, 0' })).toBe(30_000);
      expect(read({ 'x-ratelimit-remaining': '1' })).toBeUndefined();
      expect(read({ 'x-ratelimit-remaining': 'none' })).toBeUndefined();
      expect(read({})).toBeUndefined();
    },
  );

  test.each([
    ['the requests, not the tokens', '0', '9', 20],
    ['the tokens, not the requests', '9', '0', 360_000],
    ['both', '0', '0', 360_000],
    ['neither', '9', '9', undefined],
  ])('matches each reset with its own remaining: %s', (_what, requests, tokens, expected) => {
    const headers = {
      'x-ratelimit-remaining-requests': requests,
      'x-ratelimit-remaining-tokens': tokens,
      'x-ratelimit-reset-requests': '20ms',
      'x-ratelimit-reset-tokens': '6m0s',
    };
    expect(readReset(headers, NOW)).toBe(expected);
    expect(readReset(headers, NOW, 403)).toBe(expected);
  });

  test.each([
    ['anthropic-ratelimit-requests-reset', 'anthropic-ratelimit-requests-remaining'],
    ['X-App-Rate-Limit-Reset', 'X-App-Rate-Limit-Remaining'],
    ['x-ratelimit-reset-after', 'x-ratelimit-remaining'],
    ['x-ratelimit-reset-after-tokens', 'x-ratelimit-remaining-tokens'],
  ])('reads %s beside %s', (reset, remaining) => {
    expect(readReset({ [reset]: '30', [remaining]: '0' }, NOW, 503)).toBe(30_000);
    expect(readReset({ [reset]: '30', [remaining]: '1' }, NOW)).toBeUndefined();
    expect(readReset({ [reset]: '30' }, NOW)).toBe(30_000);
  });

  test.each(['x-reset', 'x-limit-reset', 'x-password-reset-limit', 'x-ratelimit', 'x-ratelimit-resets-at'])(
    'is not taken in by %s',
    (name) => {
      expect(readReset({ [name]: '30', 'x-limit': 1 }, NOW)).toBeUndefined();
    },
  );

  test('reads thousands of limits, and names without end, soon', () => {
    const resets = Array.from({ length: 2_000 }, (_, index) => [`x-ratelimit-reset-${index}`, `${index}`]);
    expect(readReset(Object.fromEntries(resets), NOW)).toBe(1_999_000);
    for (const piece of ['x-ratelimit-reset', '-reset-', '-resetx', 'ratelimit'])
      expect([30_000, undefined]).toContain(readReset({ [`x-ratelimit${piece.repeat(50_000)}`]: '30' }, NOW));
  });

  test('chooses the longest of several families, each with its own remaining', () => {
    expect(readReset({ 'x-ratelimit-reset': 30, 'ratelimit-reset': 60 }, NOW)).toBe(60_000);
    const partly = { 'x-ratelimit-reset': 30, 'ratelimit-reset': 60, 'ratelimit-remaining': 2 };
    expect(readReset(partly, NOW)).toBe(30_000);
  });

  test('answers a finite number above zero or nothing for any text', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.nat().map(String),
      fc.double().map(String),
      fc.constant('9'.repeat(400)),
    );
    fc.assert(
      fc.property(texts, texts, texts, fc.double(), (reset, after, remaining, now) => {
        const headers = {
          'x-ratelimit-reset': reset,
          'x-ratelimit-reset-after': after,
          'x-ratelimit-remaining': remaining,
        };
        const wait = readReset(headers, now);
        expect(wait === undefined || (Number.isFinite(wait) && wait > 0)).toBe(true);
      }),
    );
  });
});
