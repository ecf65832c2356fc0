import fc from 'fast-check';
import {
  expected,
  isDuration,
  requireDurations,
  requireFunctions,
  requireGiven,
} from '../../../lib/options/expected.ts';

describe('expected', () => {
  it('is a TypeError that names the argument, the rule and the value', () => {
    const error = expected('retry option `maxAttempts`', 'an integer ≥ 1 or Infinity', 0);
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toBe('Expected retry option `maxAttempts` to be an integer ≥ 1 or Infinity, got 0');
  });

  it.each<[string, unknown]>([
    ['"3"', '3'],
    ['"say \\"x\\""', 'say "x"'],
    [`"${'x'.repeat(60)}"`, 'x'.repeat(61)],
    ['NaN', Number.NaN],
    ['0', -0],
    ['undefined', undefined],
    ['null', null],
    ['true', true],
    ['10n', 10n],
    ['Symbol(x)', Symbol('x')],
    ['a function', () => 1],
    ['a function', class A {}],
    ['[object Object]', { password: 'hunter2' }],
    ['[object Object]', Object.create(null)],
    ['[object Promise]', Promise.resolve()],
    ['[]', []],
    ['[600, "500"]', [600, '500']],
    ['[1, 2, 3, 4, 5]', [1, 2, 3, 4, 5, 6]],
    ['[…, [object Object], null]', [[1], { password: 'hunter2' }, null]],
  ])('shows a value briefly: %s', (shown, value) => {
    expect(expected('`x`', 'y', value).message).toBe(`Expected \`x\` to be y, got ${shown}`);
  });

  it('takes the rejection of a refused promise upon itself', async () => {
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    try {
      expect(expected('`wait`', 'a number', Promise.reject(new Error('late'))).message).toMatch(/Promise\]$/);
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).not.toHaveBeenCalled();
    } finally {
      process.off('unhandledRejection', unhandled);
    }
  });

  it('is built, whatever the value', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true }),
        (value) => {
          expect(expected('`x`', 'y', value)).toBeInstanceOf(TypeError);
        },
      ),
    );
  });
});

describe('checks of arguments', () => {
  test.each<[string, () => void]>([
    ['Expected `f` to be given an integer ≥ 1, got 0', () => requireGiven('f', 'an integer ≥ 1', 0, false)],
    [
      'Expected `f` to be given a finite number of milliseconds ≥ 0, got -1',
      () => requireDurations('f', 1, -1),
    ],
    ['Expected `f` to be given functions, got "g"', () => requireFunctions('f', [() => 1, 'g'])],
  ])('%s', (message, check) => {
    expect(check).toThrow(new TypeError(message));
  });

  test('what holds passes', () => {
    requireGiven('f', 'an integer ≥ 1', 1, true);
    requireDurations('f', 0, 1.5);
    requireFunctions('f', [() => 1]);
  });

  test.each([
    [0, true],
    [1.5, true],
    [Number.MAX_VALUE, true],
    [-1, false],
    [Number.POSITIVE_INFINITY, false],
    [Number.NaN, false],
    ['1', false],
    [undefined, false],
    [1n, false],
  ])('%p is a duration: %p', (value, holds) => {
    expect(isDuration(value)).toBe(holds);
  });
});
