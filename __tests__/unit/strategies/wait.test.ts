import fc from 'fast-check';
import { resolveJitter } from '../../../lib/strategies/jitter.ts';
import {
  exponential,
  waitBounds,
  waitChain,
  waitCombine,
  waitExponential,
  waitExponentialJitter,
  waitFixed,
  waitIncrementing,
  waitNone,
  waitRandom,
  waitRandomExponential,
} from '../../../lib/strategies/wait.ts';
import type { RetryContext, WaitStrategy } from '../../../lib/types.ts';

const context = (attemptNumber: number, random: () => number = () => 0.5): RetryContext => ({
  duration: 0,
  mayHaveActed: false,
  attemptNumber,
  maxAttempts: 3,
  elapsed: 0,
  totalDelay: 0,
  method: 'GET',
  url: '/',
  config: {} as RetryContext['config'],
  failure: 'ambiguous',
  random,
});

const waits = (wait: WaitStrategy, count: number, random?: () => number): number[] =>
  Array.from({ length: count }, (_, index) => wait(context(index + 1, random)));

const numbers = (max: number) => fc.double({ min: 0, max, noNaN: true });
const durations = numbers(Number.MAX_VALUE);
const chance = numbers(1 - Number.EPSILON / 2);
const attempts = fc.oneof(
  fc.integer({ min: 1, max: 10_000 }),
  fc.constantFrom(1, 2, 1_024, 1_025, 10_000, 2 ** 31, Number.MAX_SAFE_INTEGER),
);
const options = fc.record(
  {
    baseDelay: durations,
    exponentialBase: fc.double({ min: 1, max: Number.MAX_VALUE, noNaN: true }),
    maxDelay: durations,
  },
  { requiredKeys: [] },
);

/** Every strategy of the package, with whatever arguments it accepts, and the cap that it promises. */
const strategies: Readonly<Record<string, fc.Arbitrary<readonly [wait: WaitStrategy, cap: number]>>> = {
  waitNone: fc.constant([waitNone(), 0]),
  waitFixed: durations.map((ms) => [waitFixed(ms), ms]),
  waitRandom: fc.tuple(durations, durations).map(([one, other]) => {
    const [min, max] = [Math.min(one, other), Math.max(one, other)];
    return [waitRandom(min, max), max];
  }),
  waitIncrementing: fc
    .tuple(
      durations,
      fc.double({ noDefaultInfinity: true, noNaN: true }),
      fc.option(durations, { nil: undefined }),
    )
    .map(([start, increment, max]) => [waitIncrementing(start, increment, max), max ?? Number.MAX_VALUE]),
  waitExponential: options.map((given) => [waitExponential(given), given.maxDelay ?? 60_000]),
  waitRandomExponential: options.map((given) => [waitRandomExponential(given), given.maxDelay ?? 60_000]),
  waitExponentialJitter: fc
    .tuple(options, fc.option(durations, { nil: undefined }))
    .map(([given, jitter]) => [waitExponentialJitter({ ...given, jitter }), given.maxDelay ?? 60_000]),
  waitChain: fc
    .tuple(durations, durations)
    .map(([ms, max]) => [waitChain(waitFixed(ms), waitRandom(0, max)), Math.max(ms, max)]),
  waitCombine: fc
    .tuple(durations, durations)
    .map(([ms, max]) => [
      waitCombine(waitFixed(ms), waitRandom(0, max)),
      Math.min(Number.MAX_VALUE, ms + max),
    ]),
};

describe('each strategy', () => {
  test.each<[string, WaitStrategy, readonly number[]]>([
    ['waitNone', waitNone(), [0, 0, 0]],
    ['waitFixed', waitFixed(250), [250, 250, 250]],
    ['waitRandom', waitRandom(100, 300), [200, 200, 200]],
    ['waitRandom of one value', waitRandom(100, 100), [100, 100, 100]],
    ['waitIncrementing', waitIncrementing(100, 50), [100, 150, 200, 250]],
    ['waitIncrementing up to a cap', waitIncrementing(100, 50, 180), [100, 150, 180, 180]],
    ['waitIncrementing downwards', waitIncrementing(100, -60), [100, 40, 0, 0]],
    ['waitExponential', waitExponential(), [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]],
    [
      'waitExponential, tuned',
      waitExponential({ baseDelay: 100, exponentialBase: 3, maxDelay: 1_000 }),
      [100, 300, 900, 1_000],
    ],
    [
      'waitExponential with undefined options',
      waitExponential({ baseDelay: undefined, maxDelay: 1_500 }),
      [1_000, 1_500],
    ],
    ['waitExponential from 0', waitExponential({ baseDelay: 0 }), [0, 0, 0]],
    ['waitExponential above its cap', waitExponential({ baseDelay: 90_000 }), [60_000, 60_000]],
    ['waitRandomExponential', waitRandomExponential(), [500, 1_000, 2_000, 4_000]],
    [
      'waitExponentialJitter',
      waitExponentialJitter(),
      [1_500, 2_500, 4_500, 8_500, 16_500, 32_500, 59_500, 59_500],
    ],
    [
      'waitExponentialJitter, tuned',
      waitExponentialJitter({ baseDelay: 100, maxDelay: 500, jitter: 200 }),
      [200, 300, 400, 400],
    ],
    [
      'waitExponentialJitter with a jitter beyond its cap',
      waitExponentialJitter({ maxDelay: 500, jitter: 800 }),
      [250, 250],
    ],
    ['waitChain', waitChain(waitFixed(1), waitFixed(2), waitFixed(5)), [1, 2, 5, 5, 5]],
    [
      'waitChain, told the attempt of the request',
      waitChain(waitNone(), waitExponential()),
      [0, 2_000, 4_000],
    ],
    ['waitCombine', waitCombine(waitFixed(3_000), waitRandom(0, 1_000), () => 7), [3_507, 3_507]],
  ])('%s', (_, wait, expected) => {
    expect(waits(wait, expected.length)).toEqual(expected);
  });

  test.each<[string, WaitStrategy, readonly [number, number]]>([
    ['waitFixed', waitFixed(250), [250, 250]],
    ['waitRandom', waitRandom(100, 300), [100, 300]],
    ['waitRandomExponential', waitRandomExponential(), [0, 4_000]],
    ['waitExponentialJitter', waitExponentialJitter(), [4_000, 5_000]],
    ['waitCombine', waitCombine(waitRandom(10, 20), waitRandom(1, 2)), [11, 22]],
  ])('%s tells the bounds of its third wait', (_, wait, [least, most]) => {
    const bounds = waitBounds(wait, context(3));
    expect(bounds[0]).toBe(least);
    expect(bounds[1]).toBeCloseTo(most, 6);
  });

  test('a combination draws chance anew for each of its strategies', () => {
    const random = jest.fn().mockReturnValueOnce(0).mockReturnValueOnce(0.5);
    expect(waitCombine(waitRandom(0, 10), waitRandom(0, 100))(context(1, random))).toBe(50);
  });
});

describe.each(Object.entries(strategies))('%s', (_, strategy) => {
  it('is finite, at least 0, at most its cap and within its bounds, for any argument and attempt', () => {
    fc.assert(
      fc.property(strategy, attempts, chance, ([wait, cap], attempt, random) => {
        const ms = wait(context(attempt, () => random));
        const [least, most] = waitBounds(wait, context(attempt));
        expect(Number.isFinite(ms)).toBe(true);
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThanOrEqual(cap);
        expect(ms).toBeGreaterThanOrEqual(least);
        expect(ms).toBeLessThanOrEqual(most);
      }),
      { numRuns: 200 },
    );
  });

  it('never falls as chance rises', () => {
    fc.assert(
      fc.property(strategy, attempts, chance, chance, ([wait], attempt, one, other) => {
        const low = wait(context(attempt, () => Math.min(one, other)));
        expect(wait(context(attempt, () => Math.max(one, other)))).toBeGreaterThanOrEqual(low);
      }),
    );
  });
});

describe('exponential', () => {
  it('is finite and never falls from one of 10,000 attempts to the next', () => {
    for (const [base, factor, max] of [
      [1_000, 2, 60_000],
      [0, 2, 60_000],
      [0.1, 1.001, Number.MAX_VALUE],
      [Number.MAX_VALUE, Number.MAX_VALUE, Number.MAX_VALUE],
      [1, 10, Number.POSITIVE_INFINITY],
    ] as const) {
      let before = 0;
      for (let attempt = 1; attempt <= 10_000; attempt += 1) {
        const ms = exponential(attempt, base, factor, max);
        if (!(Number.isFinite(ms) && ms >= before && ms <= max))
          throw new Error(`${ms} after ${before} at ${attempt}`);
        before = ms;
      }
    }
  });

  it('is the formula where that does not overflow', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        numbers(1e6),
        fc.double({ min: 1, max: 10, noNaN: true }),
        numbers(1e9),
        (n, base, factor, max) => {
          expect(exponential(n, base, factor, max)).toBe(Math.min(max, base * factor ** (n - 1)));
        },
      ),
    );
  });
});

describe('far beyond the cap', () => {
  const cap = 60_000;
  const samples = 10_000;
  const schedule =
    (jitter: 'full' | 'equal'): WaitStrategy =>
    (at) =>
      resolveJitter(jitter)(exponential(at.attemptNumber, 1_000, 2, cap), at);

  /** Chance that is spread as evenly as can be, so that the shares below are exact. */
  const shareNearCap = (wait: WaitStrategy): number => {
    const near = (index: number) => wait(context(100, () => (index + 0.5) / samples)) >= 0.99 * cap;
    return Array.from({ length: samples }, (_, index) => near(index)).filter(Boolean).length / samples;
  };

  it.each<[string, number, WaitStrategy]>([
    ['full jitter', 0.01, schedule('full')],
    ['equal jitter', 0.02, schedule('equal')],
    ['waitRandomExponential', 0.01, waitRandomExponential({ maxDelay: cap })],
    [
      'waitExponentialJitter by half the cap',
      0.02,
      waitExponentialJitter({ maxDelay: cap, jitter: cap / 2 }),
    ],
    [
      'waitExponentialJitter by a fifth of it',
      0.048,
      waitExponentialJitter({ maxDelay: cap, jitter: 12_500 }),
    ],
  ])('%s does not pile up: a share of %p of its waits is within 1 percent of the cap', (_, share, wait) => {
    expect(shareNearCap(wait)).toBeLessThan(0.05);
    expect(shareNearCap(wait)).toBeCloseTo(share, 3);
  });

  test('waits of waitExponentialJitter fill the whole jitter below the cap evenly, by default its last second', () => {
    const wait = waitExponentialJitter();
    expect(waitBounds(wait, context(100))[0]).toBe(59_000);
    const all = Array.from({ length: 1_000 }, (_, index) => wait(context(100, () => index / 1_000)));
    expect(new Set(all).size).toBe(1_000);
    expect(Math.max(...all)).toBeLessThan(cap);
  });
});

describe('what is refused', () => {
  const duration = 'a finite number of milliseconds ≥ 0';
  test.each<[string, () => unknown]>([
    [`\`waitFixed\` to be given ${duration}, got -1`, () => waitFixed(-1)],
    [`\`waitFixed\` to be given ${duration}, got Infinity`, () => waitFixed(Number.POSITIVE_INFINITY)],
    [`\`waitFixed\` to be given ${duration}, got "1s"`, () => waitFixed('1s' as never)],
    [`\`waitRandom\` to be given ${duration}, got NaN`, () => waitRandom(Number.NaN, 1)],
    ['`waitRandom` to be given a `max` ≥ `min`, got 5', () => waitRandom(10, 5)],
    [`\`waitIncrementing\` to be given ${duration}, got -1`, () => waitIncrementing(-1, 1)],
    ['`waitIncrementing` to be given a finite `increment`, got NaN', () => waitIncrementing(1, Number.NaN)],
    [
      `\`waitIncrementing\` to be given ${duration}, got Infinity`,
      () => waitIncrementing(1, 1, Number.POSITIVE_INFINITY),
    ],
    [
      `\`waitExponential\` option \`baseDelay\` to be ${duration}, got -1`,
      () => waitExponential({ baseDelay: -1 }),
    ],
    [
      `\`waitExponential\` option \`maxDelay\` to be ${duration}, got Infinity`,
      () => waitExponential({ maxDelay: Number.POSITIVE_INFINITY }),
    ],
    [
      '`waitExponential` option `exponentialBase` to be a finite number ≥ 1, got 0.5',
      () => waitExponential({ exponentialBase: 0.5 }),
    ],
    [
      '`waitExponential` option `max` to be one of baseDelay, exponentialBase, maxDelay, got 5',
      () => waitExponential({ max: 5 } as never),
    ],
    ['`waitExponential` options to be an object, got 500', () => waitExponential(500 as never)],
    [
      '`waitRandomExponential` option `jitter` to be one of ',
      () => waitRandomExponential({ jitter: 1 } as never),
    ],
    [
      `\`waitExponentialJitter\` option \`jitter\` to be ${duration}, got -1`,
      () => waitExponentialJitter({ jitter: -1 }),
    ],
    ['`waitChain` to be given at least one wait strategy, got []', () => waitChain()],
    ['`waitCombine` to be given at least one wait strategy, got []', () => waitCombine()],
    ['`waitChain` to be given functions, got 5', () => waitChain(waitNone(), 5 as never)],
    ['`waitCombine` to be given functions, got 5', () => waitCombine(5 as never)],
  ])('Expected %s', (message, make) => {
    expect(make).toThrow(TypeError);
    expect(make).toThrow(`Expected ${message}`);
  });
});

test('the bounds of a wait come from numbers that a source of chance can give', () => {
  const seen: number[] = [];
  const wait = ({ random }: RetryContext): number => {
    seen.push(random());
    return 0;
  };
  waitBounds(wait, {} as RetryContext);
  expect(seen).toEqual([0, 1 - 2 ** -53]);
});

describe('an answer that is none is refused by what combines it, and its rejection is nobody’s', () => {
  const failing = (async () => {
    throw new Error('nobody’s');
  }) as never;

  test.each([
    ['waitCombine', waitCombine(waitFixed(1), failing)],
    ['waitCombine in waitCombine', waitCombine(waitCombine(failing))],
    ['a string', waitCombine(waitFixed(1), (() => '5') as never)],
    ['a negative number', waitCombine(waitFixed(10), () => -5)],
  ])('%s', async (_, wait) => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', listener);
    expect(() => wait(context(1))).toThrow(
      /^Expected the wait to be a finite number of milliseconds ≥ 0, got/,
    );
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', listener);
    expect(unhandled).toEqual([]);
  });
});
