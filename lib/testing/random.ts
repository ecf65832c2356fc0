import { requireGiven } from '../options/expected.ts';

/**
 * A `runtime.random` that gives the same numbers in [0, 1) in every run. Not for secrets.
 *
 * @param seed an integer; another one gives other numbers
 * @example
 * attachRetry(client, {}, { random: seededRandom(1) });
 */
export function seededRandom(seed: number): () => number {
  requireGiven('seededRandom', 'an integer', seed, Number.isInteger(seed));
  let state = seed | 0;
  // Mulberry32.
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
