import {
  checkFields,
  given,
  hasOnly,
  isIntegerWithin,
  isObject,
  isRecord,
  isWithin,
  type Rule,
  type Rules,
} from '../../../lib/options/fields.ts';

const aNumber: Rule<never> = ['a number', (value) => typeof value === 'number'];
const someNumbers: Rule<never> = [
  'an array of numbers',
  (value) => Array.isArray(value) && value.every((item) => typeof item === 'number'),
  { items: ['one number', (item) => typeof item === 'number'] },
];
const inner: Rules<undefined> = { depth: aNumber, widths: someNumbers } as never;
const anObject: Rule<never> = ['an object of sizes', (value) => hasOnly(value, inner), { fields: inner }];

const rules = {
  baseDelay: aNumber,
  maxDelay: aNumber,
  statuses: someNumbers,
  size: anObject,
  most: ['at most what is allowed', (value: unknown, all: number) => Number(value) <= all],
} as unknown as Rules<number>;

const check = (fields: unknown, spellingOf?: (name: string) => string | undefined) => () =>
  checkFields('house option', rules, fields, 10, spellingOf);

const nothing = () => undefined;

test.each<[unknown, boolean, boolean]>([
  [{}, true, true],
  [[], true, false],
  [null, false, false],
  [undefined, false, false],
  ['text', false, false],
  [nothing, false, false],
])('%p is an object: %p, and a record: %p', (value, object, record) => {
  expect([isObject(value), isRecord(value)]).toEqual([object, record]);
});

test('a number is within its bounds, both of them included', () => {
  expect([0.9, 1, 1.5, 2, 2.1, NaN, '1'].map((value) => isWithin(value, 1, 2))).toEqual([
    false,
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
  expect([0, 1, 1.5, 2, 3, '1'].map((value) => isIntegerWithin(value, 1, 2))).toEqual([
    false,
    true,
    false,
    true,
    false,
    false,
  ]);
});

test.each<[unknown, boolean]>([
  [{}, true],
  [{ depth: 1 }, true],
  [{ depth: undefined }, true],
  [{ depth: 'deep' }, false],
  [{ height: 1 }, false],
  [{ height: undefined }, false],
  [{ toString: 1 }, false],
  [[], false],
  [undefined, false],
])('%p has only fields that have a rule and keep it: %p', (value, expected) => {
  expect(hasOnly(value, inner)).toBe(expected);
});

describe('fields that are as they have to be', () => {
  test.each<[string, object]>([
    ['none', {}],
    ['all', { baseDelay: 1, maxDelay: 2, statuses: [3], size: { depth: 4, widths: [5] }, most: 10 }],
    ['what is left out', { baseDelay: undefined, size: { depth: undefined } }],
  ])('%s', (_, fields) => {
    expect(check(fields)).not.toThrow();
  });
});

describe('a fault is named', () => {
  test.each<[string, unknown, string]>([
    ['no object', 7, 'Expected house options to be an object, got 7'],
    ['an array', [], 'Expected house options to be an object, got []'],
    ['a value', { baseDelay: 'x' }, 'Expected house option `baseDelay` to be a number, got "x"'],
    [
      'the first of two',
      { maxDelay: 'x', baseDelay: 'y' },
      'Expected house option `maxDelay` to be a number, got "x"',
    ],
    [
      'by what else counts',
      { most: 11 },
      'Expected house option `most` to be at most what is allowed, got 11',
    ],
    ['an item', { statuses: [1, 'x'] }, 'Expected house option `statuses[1]` to be one number, got "x"'],
    ['no array', { statuses: 'x' }, 'Expected house option `statuses` to be an array of numbers, got "x"'],
    ['a field', { size: { depth: 'x' } }, 'Expected house option `size.depth` to be a number, got "x"'],
    [
      'an item of a field',
      { size: { widths: [1, 2, 'x'] } },
      'Expected house option `size.widths[2]` to be one number, got "x"',
    ],
    ['no record', { size: [] }, 'Expected house option `size` to be an object of sizes, got []'],
    [
      'an unknown name',
      { colour: 1 },
      'Expected house option `colour` to be one of baseDelay, maxDelay, statuses, size, most, got 1',
    ],
    [
      'an unknown name without a value',
      { colour: undefined },
      'Expected house option `colour` to be one of baseDelay, maxDelay, statuses, size, most, got undefined',
    ],
    [
      'a name that every object has',
      { toString: 1 },
      'Expected house option `toString` to be one of baseDelay, maxDelay, statuses, size, most, got 1',
    ],
    [
      'an unknown field, whose value may be secret',
      { size: { colour: 'secret' } },
      'Expected house option `size.colour` to be one of depth, widths, got [object Object]',
    ],
    [
      'a field that is misspelled',
      { size: { dept: 1 } },
      'Expected house option `size.dept` to be spelled `depth`, got [object Object]',
    ],
  ])('%s', (_, fields, message) => {
    expect(check(fields)).toThrow(new TypeError(message));
  });
});

describe('a name that is misspelled leads to the right one', () => {
  test.each([
    ['a letter too many', 'baseDelaye'],
    ['a letter too many inside', 'baseeDelay'],
    ['a letter too few', 'bseDelay'],
    ['the last letter missing', 'baseDela'],
    ['another letter', 'basoDelay'],
    ['another letter at the end', 'baseDelax'],
    ['letters that changed places', 'baesDelay'],
    ['the first two changed places', 'abseDelay'],
    ['other letter case', 'BASEDELAY'],
  ])('%s', (_, name) => {
    expect(check({ [name]: 1 })).toThrow('to be spelled `baseDelay`, got 1');
  });

  test.each(['baseDelayer', 'bsDelay', 'bosoDelay', 'seDelay', 'basleDaey', 'baesDleay', 'abseDelaY2', 'x'])(
    'but not when it differs by more: %s',
    (name) => {
      expect(check({ [name]: 1 })).toThrow('to be one of');
    },
  );

  test('before what others call it, which comes before the list of all', () => {
    const spellingOf = (name: string) =>
      name === 'pause' || name === 'baseDela' ? 'maxDelay or wait' : undefined;
    expect(check({ pause: 1 }, spellingOf)).toThrow('to be spelled maxDelay or wait, got 1');
    expect(check({ baseDela: 1 }, spellingOf)).toThrow('to be spelled `baseDelay`, got 1');
    expect(check({ colour: 1 }, spellingOf)).toThrow('to be one of baseDelay');
  });
});

describe('what is given of some options', () => {
  test('is what is not undefined, of their own', () => {
    const layer = Object.assign(Object.create({ inherited: 1 }) as object, { a: null, b: undefined, c: 0 });
    const fields = given(layer);
    expect({ ...fields }).toStrictEqual({ a: null, c: 0 });
    expect(Object.getPrototypeOf(fields)).toBeNull();
  });
});
