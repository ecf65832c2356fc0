import { readRateLimitReset } from '../../../lib/hints/rate-limit.ts';

test('a reset at 10¹² is a moment in milliseconds', () => {
  const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1000000000000' };
  expect(readRateLimitReset(headers, 1e12 - 5_000)).toBe(5_000);
});
