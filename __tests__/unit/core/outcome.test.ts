import { isPolled, Settled } from '../../../lib/core/outcome.ts';
import type { Failure } from '../../../lib/types.ts';

test.each<[Failure, boolean]>([
  ['none', true],
  ['permanent', true],
  ['refused', false],
  ['unsent', false],
  ['ambiguous', false],
])('after a failure of the kind %s only `retryIf` sends again: %p', (failure, expected) => {
  expect(isPolled({ failure } as never)).toBe(expected);
});

test('the end of a request has an outcome and perhaps a reason', () => {
  const outcome = {} as never;
  expect(new Settled(outcome)).toEqual({ outcome, reason: undefined });
  expect(new Settled(outcome, 'aborted').reason).toBe('aborted');
});
