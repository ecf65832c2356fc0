import { expected } from '../expected.ts';
import type { JitterFunction, JitterName } from '../types.ts';

const full: JitterFunction = (delay, { random }) => random() * delay;
const equal: JitterFunction = (delay, { random }) => {
  const half = delay / 2;
  return half + random() * (delay - half);
};
const none: JitterFunction = (delay) => delay;

/**
 * The function that spreads a wait of `d` milliseconds: `full` (or `true`) U(0, d), `equal` d/2 + U(0, d/2), `none` (or
 * `false`) d itself; a function stays as it is. See
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
 *
 * @defaultValue 'full'
 * @throws TypeError for any other name
 */
export const resolveJitter = (jitter: boolean | JitterName | JitterFunction | undefined): JitterFunction => {
  if (typeof jitter === 'function') return jitter;
  if (jitter === undefined || jitter === true || jitter === 'full') return full;
  if (jitter === false || jitter === 'none') return none;
  if (jitter === 'equal') return equal;
  throw expected('`jitter`', "'full', 'equal', 'none', a boolean or a function", jitter);
};
