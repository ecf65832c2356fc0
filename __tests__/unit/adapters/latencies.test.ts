import fc from 'fast-check';
import { Latencies } from '../../../lib/adapters/latencies.ts';

const latenciesOf = (values: readonly number[]): Latencies => {
  const latencies = new Latencies();
  for (const value of values) latencies.add(value);
  return latencies;
};

test.each<[number, number[], number]>([
  [0.95, [7], 7],
  [0.5, [30, 10, 20], 20],
  [0.5, [4, 1, 3, 2], 3],
  [0.95, Array.from({ length: 100 }, (_, index) => index + 1), 96],
  [0.999, Array.from({ length: 1_000 }, (_, index) => index + 1), 1_000],
])('the quantile %p of some latencies', (share, values, expected) => {
  expect(latenciesOf(values).quantile(share)).toBe(expected);
});

test('nothing has no quantile', () => {
  expect(new Latencies().quantile(0.5)).toBeNaN();
});

test('the last 1,000 count, whatever was before', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1_000, maxLength: 1_300 }),
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      (values, share) => {
        const latencies = latenciesOf(values);
        expect(latencies.count).toBe(1_000);
        expect(latencies.quantile(share)).toBe(latenciesOf(values.slice(-1_000)).quantile(share));
        const sorted = values.slice(-1_000).sort((a, b) => a - b);
        expect(latencies.quantile(share)).toBe(sorted[Math.min(1_000, Math.ceil(share * 1_001)) - 1]);
      },
    ),
    { numRuns: 30 },
  );
});
