import { isNews } from '../../../lib/observe/news.ts';

test.each([
  ['not-retryable', 1, false],
  ['not-retryable', 0, false],
  ['not-retryable', 2, true],
  ['aborted', 1, true],
  [undefined, 1, true],
])('a request with the reason %p after %i attempts is news: %p', (reason, attemptNumber, expected) => {
  expect(isNews({ reason, attemptNumber } as never)).toBe(expected);
});
