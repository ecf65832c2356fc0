import { readStop, readVerdict, readWait } from '../../../lib/options/answers.ts';

describe('what `retryIf` answers', () => {
  test.each([[true], [false], ['refused'], [undefined]])('%p is a verdict', (answer) => {
    expect(readVerdict(answer)).toBe(answer);
  });

  test.each([
    [42, '42'],
    [0, '0'],
    ['', '""'],
    ['yes', '"yes"'],
    ['Refused', '"Refused"'],
    [null, 'null'],
    [{}, '[object Object]'],
  ])('%p is none, and is named', (answer, shown) => {
    expect(() => readVerdict(answer)).toThrow(
      new TypeError(
        `Expected the result of \`retryIf\` to be true, false, 'refused' or undefined, got ${shown}`,
      ),
    );
  });
});

describe('what `wait` answers', () => {
  test.each([0, 0.5, 1e9])('%p is a wait', (answer) => {
    expect(readWait(answer)).toBe(answer);
  });

  test.each([
    [-1, '-1'],
    [Number.NaN, 'NaN'],
    [Infinity, 'Infinity'],
    ['100', '"100"'],
    [undefined, 'undefined'],
    [Promise.resolve(1), '[object Promise]'],
  ])('%p is none, and is named', (answer, shown) => {
    expect(() => readWait(answer)).toThrow(
      new TypeError(`Expected the wait to be a finite number of milliseconds ≥ 0, got ${shown}`),
    );
  });
});

describe('what `stop` answers', () => {
  test.each([
    [true, true],
    ['enough', 'enough'],
    [false, false],
    [undefined, false],
    ['', false],
    [0, false],
    [null, false],
  ])('%p stops: %p', (answer, stops) => {
    expect(readStop(answer)).toBe(stops);
  });

  test.each([
    [1, '1'],
    [{}, '[object Object]'],
    [Promise.resolve(false), '[object Promise]'],
  ])('%p is no answer, and is named', (answer, shown) => {
    expect(() => readStop(answer)).toThrow(
      new TypeError(`Expected the result of \`stop\` to be a boolean or a string, got ${shown}`),
    );
  });
});
