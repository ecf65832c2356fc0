import { expected } from '../options/expected.ts';
import type { JitterFunction, JitterName } from '../types.ts';

/** The part of a wait that each jitter leaves as it is. */
const SHARES = new Map<unknown, number>([
  ['full', 0],
  [true, 0],
  ['equal', 0.5],
  ['none', 1],
  [false, 1],
]);

/** What a jitter has to be, in words. */
export const JITTER = "'full', 'equal', 'none', a boolean or a function";

/** Whether a value is a jitter. */
export const isJitter = (value: unknown): boolean => typeof value === 'function' || SHARES.has(value);

/**
 * The function that spreads a wait of `d` milliseconds: `full` (or `true`) U(0, d), `equal` d/2 + U(0, d/2), `none` (or
 * `false`) d itself; a function stays as it is. See
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
 *
 * @defaultValue 'full'
 * @throws TypeError for any other name
 */
export const resolveJitter = (jitter: boolean | JitterName | JitterFunction = 'full'): JitterFunction => {
  if (typeof jitter === 'function') return jitter;
  const share = SHARES.get(jitter);
  if (share === undefined) throw expected('`jitter`', JITTER, jitter);
  return (delay, { random }) => {
    const least = delay * share;
    return share === 1 ? delay : least + random() * (delay - least);
  };
};
