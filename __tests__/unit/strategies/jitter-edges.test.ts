import { isJitter } from '../../../lib/strategies/jitter.ts';

test.each(['full', 'equal', 'none', true, false, (delay: number) => delay])('%p is a jitter', (value) => {
  expect(isJitter(value)).toBe(true);
});

test.each(['half', 'Full', '', 0, 1, null, undefined, {}, ['full']])('%p is none', (value) => {
  expect(isJitter(value)).toBe(false);
});
