import { AxiosHeaders } from 'axios';
import fc from 'fast-check';
import { readHeader, readHeaders } from '../../../lib/hints/header.ts';

const throwing = new Proxy(
  {},
  {
    get() {
      throw new Error('get');
    },
    ownKeys() {
      throw new Error('ownKeys');
    },
  },
);

describe('readHeader', () => {
  test.each<[string, unknown]>([
    ['AxiosHeaders', new AxiosHeaders({ 'Retry-After': '120' })],
    ['fetch Headers', new Headers({ 'Retry-After': '120' })],
    ['a Map', new Map([['retry-after', '120']])],
    ['a plain object', { 'retry-after': '120' }],
    ['another letter case', { 'RETRY-After': '120' }],
    ['no prototype', Object.assign(Object.create(null), { 'Retry-After': '120' })],
    ['a number', { 'Retry-After': 120 }],
    ['an array of one', { 'Retry-After': ['120'] }],
    ['whitespace around it', { 'Retry-After': ' \t120 ' }],
    ['a header named get', { get: 'x', 'retry-after': '120' }],
  ])('finds a header in %s', (_what, headers) => {
    expect(readHeader(headers, 'Retry-After')).toBe('120');
    expect(readHeader(headers, 'retry-after')).toBe('120');
    expect(readHeader(headers, 'retry-before')).toBeUndefined();
  });

  test.each<[string, unknown]>([
    ['an array', { 'Retry-After': ['120', '60'] }],
    ['an array in AxiosHeaders', new AxiosHeaders({ 'Retry-After': ['120', '60'] as unknown as string })],
    ['two letter cases', { 'Retry-After': '120', 'retry-after': 60 }],
    ['an array with gaps', { 'Retry-After': ['120', undefined, null, '60'] }],
    [
      'fetch Headers',
      new Headers([
        ['retry-after', '120'],
        ['retry-after', '60'],
      ]),
    ],
  ])('joins repeated headers: %s', (_what, headers) => {
    expect(readHeader(headers, 'retry-after')).toBe('120, 60');
  });

  test('keeps a number 0', () => {
    expect(readHeader({ 'x-ratelimit-remaining': 0 }, 'x-ratelimit-remaining')).toBe('0');
  });

  test.each([[''], ['  '], [null], [undefined], [false], [[]], [Symbol('s')], [Object.create(null)]])(
    'takes the value %p for no header',
    (value) => {
      expect(readHeader({ 'retry-after': value }, 'retry-after')).toBeUndefined();
      expect(readHeader({ get: () => value }, 'retry-after')).toBeUndefined();
    },
  );

  test.each<[unknown]>([[undefined], [null], [0], ['retry-after'], [true], [[]], [() => 1]])(
    'finds nothing in %p',
    (headers) => {
      expect(readHeader(headers, 'retry-after')).toBeUndefined();
    },
  );

  test('finds nothing in an object that throws on being read', () => {
    expect(readHeader(throwing, 'retry-after')).toBeUndefined();
  });

  test('does not read what an object inherits', () => {
    expect(readHeader({}, 'constructor')).toBeUndefined();
  });

  test('answers a trimmed, non-empty string or nothing for anything', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.anything(), fc.record({ a: fc.anything() }), fc.record({ get: fc.func(fc.anything()) })),
        (headers) => {
          const text = readHeader(headers, 'A');
          expect(text === undefined || (text !== '' && text === text.trim())).toBe(true);
        },
      ),
    );
  });
});

describe('readHeaders', () => {
  test('reads the wanted ones, by names in lower case, as readHeader would', () => {
    const headers = {
      'Retry-After': ['120', '60'],
      DATE: ' today ',
      'x-limit': 0,
      'X-Limit': '5',
      'x-empty-limit': '',
      'x-false-limit': false,
      via: 'proxy',
    };
    const { names, read } = readHeaders(headers, /retry|limit|^date$/, 100);
    expect(names).toEqual(['retry-after', 'date', 'x-limit']);
    for (const name of names) expect(read(name)).toBe(readHeader(headers, name));
    for (const name of ['via', 'x-empty-limit', 'x-false-limit', 'constructor']) expect(read(name)).toBe('');
  });

  test('keeps so many characters of each', () => {
    expect(readHeaders({ a: '12345' }, /a/, 3).read('a')).toBe('123');
  });

  test.each<[unknown]>([[undefined], [null], [5], [new Map([['a', '1']])]])(
    'finds nothing in %p',
    (headers) => {
      expect(readHeaders(headers, /a/, 3).names).toEqual([]);
    },
  );

  test('finds nothing in an object that throws on being read', () => {
    expect(readHeaders(throwing, /a/, 3).names).toEqual([]);
  });
});
