import {
  defaultVerdict,
  failureOfStatus,
  isTransient,
  withDefaultVerdict,
} from '../../../lib/failure/transient.ts';
import type { Failure, RetryContext } from '../../../lib/types.ts';

describe('what a status tells', () => {
  test.each([
    [200, 'none'],
    [304, 'none'],
    [399, 'none'],
    [400, 'permanent'],
    [404, 'permanent'],
    [407, 'permanent'],
    [408, 'ambiguous'],
    [409, 'permanent'],
    [420, 'permanent'],
    [421, 'refused'],
    [422, 'permanent'],
    [425, 'refused'],
    [429, 'refused'],
    [499, 'permanent'],
    [500, 'ambiguous'],
    [503, 'ambiguous'],
    [599, 'ambiguous'],
  ])('%i: %s', (status, failure) => {
    expect(failureOfStatus(status)).toBe(failure);
  });
});

describe('the default rule', () => {
  const statuses = new Set([500, 503]);
  const isWorthIt = (failure: Failure, status?: number): boolean =>
    isTransient({ failure, response: status === undefined ? undefined : ({ status } as never) }, statuses);

  test.each([
    ['unsent', undefined, true],
    ['ambiguous', undefined, true],
    ['refused', undefined, false],
    ['permanent', undefined, false],
    ['none', undefined, false],
    ['ambiguous', 200, true],
    ['ambiguous', 399, true],
    ['ambiguous', 400, false],
    ['ambiguous', 501, false],
    ['ambiguous', 503, true],
    ['none', 200, false],
    ['none', 500, true],
  ] as const)('a failure that is %s, with the status %p: %p', (failure, status, worthIt) => {
    expect(isWorthIt(failure, status)).toBe(worthIt);
  });
});

test('a context carries the verdict of the default rule, and one that carries none says no', () => {
  const context = { attemptNumber: 1 } as RetryContext;
  expect(defaultVerdict(withDefaultVerdict(context, true))).toBe(true);
  expect(defaultVerdict(withDefaultVerdict(context, false))).toBe(false);
  expect(defaultVerdict(context)).toBe(false);
  expect(withDefaultVerdict(context, true).attemptNumber).toBe(1);
});

test('the verdict is read by another build of the package as well', () => {
  const marked = withDefaultVerdict({} as RetryContext, true) as unknown as Record<symbol, unknown>;
  expect(marked[Symbol.for('axios-tenacity.default-verdict')]).toBe(true);
});
