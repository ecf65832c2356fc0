/** What the functions of the user may answer. Functions that combine several of them check the parts here too, so that no wrong answer is lost. */
import type { RetryVerdict } from '../types.ts';
import { DURATION, expected, isDuration } from './expected.ts';

/**
 * What `retryIf`, or a predicate that is part of it, answered.
 *
 * @throws TypeError for anything but a verdict
 */
export function readVerdict(answer: unknown): RetryVerdict {
  if (answer === undefined || typeof answer === 'boolean' || answer === 'refused') return answer;
  throw expected('the result of `retryIf`', "true, false, 'refused' or undefined", answer);
}

/**
 * What `wait`, or a strategy that is part of it, answered, in milliseconds.
 *
 * @throws TypeError for anything but a wait
 */
export function readWait(answer: unknown): number {
  if (isDuration(answer)) return answer;
  throw expected('the wait', DURATION, answer);
}

/**
 * What `stop`, or a condition that is part of it, answered. Whatever is falsy, as the result of `&&` may be, does not stop.
 *
 * @throws TypeError for anything else but a boolean or a string
 */
export function readStop(answer: unknown): boolean | string {
  if (!answer) return false;
  if (answer === true || typeof answer === 'string') return answer;
  throw expected('the result of `stop`', 'a boolean or a string', answer);
}
