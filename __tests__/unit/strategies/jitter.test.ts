import fc from 'fast-check';
import { isJitter, resolveJitter } from '../../../lib/strategies/jitter.ts';
import type { JitterFunction, JitterName, RetryContext } from '../../../lib/types.ts';

const withRandom = (random: () => number) => ({ random }) as RetryContext;
const justBelowOne = 1 - Number.EPSILON / 2;
const chance = fc.double({ min: 0, max: justBelowOne, noNaN: true });
const delays = fc.double({ min: 0, max: Number.MAX_VALUE, noNaN: true });

describe('resolveJitter', () => {
  test.each<[boolean | JitterName | undefined, number, number, number]>([
    ['full', 0, 500, 1_000],
    [true, 0, 500, 1_000],
    [undefined, 0, 500, 1_000],
    ['equal', 500, 750, 1_000],
    ['none', 1_000, 1_000, 1_000],
    [false, 1_000, 1_000, 1_000],
  ])('%p spreads 1,000 ms: least %p, middle %p, most %p', (jitter, least, middle, most) => {
    const spread = resolveJitter(jitter);
    expect(
      spread(
        1_000,
        withRandom(() => 0),
      ),
    ).toBe(least);
    expect(
      spread(
        1_000,
        withRandom(() => 0.5),
      ),
    ).toBe(middle);
    expect(
      spread(
        1_000,
        withRandom(() => justBelowOne),
      ),
    ).toBeCloseTo(most, 6);
  });

  it('hands a function back as it is', () => {
    const mine: JitterFunction = (delay) => delay + 1;
    expect(resolveJitter(mine)).toBe(mine);
  });

  it('draws no chance for `none`', () => {
    const random = jest.fn(() => 0.5);
    resolveJitter('none')(1_000, withRandom(random));
    expect(random).not.toHaveBeenCalled();
  });

  test.each(['Full', 'decorrelated', 'constructor', '', null, 0, {}])('refuses %p', (jitter) => {
    expect(() => resolveJitter(jitter as JitterName)).toThrow(TypeError);
    expect(() => resolveJitter(jitter as JitterName)).toThrow(
      "Expected `jitter` to be 'full', 'equal', 'none', a boolean or a function, got ",
    );
  });

  it.each<[JitterName, (delay: number) => number]>([
    ['full', () => 0],
    ['equal', (delay) => delay / 2],
    ['none', (delay) => delay],
  ])('%s stays within its bounds, and rises with chance', (name, least) => {
    const spread = resolveJitter(name);
    fc.assert(
      fc.property(delays, chance, chance, (delay, one, other) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)].map((random) =>
          spread(
            delay,
            withRandom(() => random),
          ),
        ) as [number, number];
        expect(low).toBeGreaterThanOrEqual(least(delay));
        expect(high).toBeGreaterThanOrEqual(low);
        expect(high).toBeLessThanOrEqual(delay);
      }),
    );
  });
});

test.each(['full', 'equal', 'none', true, false, (delay: number) => delay])('%p is a jitter', (value) => {
  expect(isJitter(value)).toBe(true);
});

test.each(['half', 'Full', '', 0, 1, null, undefined, {}, ['full']])('%p is none', (value) => {
  expect(isJitter(value)).toBe(false);
});
