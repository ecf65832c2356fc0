import fc from 'fast-check';
import { seededRandom } from '../../../lib/testing.ts';

const take = (count: number, random: () => number): number[] => Array.from({ length: count }, random);

test('one seed gives the same numbers every time, another seed gives others', () => {
  expect(take(20, seededRandom(7))).toEqual(take(20, seededRandom(7)));
  expect(take(20, seededRandom(7))).not.toEqual(take(20, seededRandom(8)));
});

test('the numbers of a seed stay what they are from release to release', () => {
  expect(take(4, seededRandom(1))).toEqual([
    0.6270739405881613, 0.002735721180215478, 0.5274470399599522, 0.9810509674716741,
  ]);
});

test('every number is in [0, 1)', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const isWithin = (number: number): boolean => number >= 0 && number < 1;
      expect(take(50, seededRandom(seed)).filter((number) => !isWithin(number))).toEqual([]);
    }),
  );
});

test('the numbers are spread evenly', () => {
  const numbers = take(10_000, seededRandom(42));
  for (let tenth = 0; tenth < 10; tenth += 1) {
    const count = numbers.filter((number) => Math.floor(number * 10) === tenth).length;
    expect(Math.abs(count - 1_000)).toBeLessThan(150);
  }
});

test.each([1.5, NaN, Infinity, '1', undefined, null])('%p is no seed', (seed) => {
  expect(() => seededRandom(seed as number)).toThrow(TypeError);
  expect(() => seededRandom(seed as number)).toThrow(/^Expected `seededRandom` to be given an integer, got /);
});
