import { waitBounds } from '../../../lib/strategies/wait.ts';
import type { RetryContext } from '../../../lib/types.ts';

test('the bounds of a wait come from numbers that a source of chance can give', () => {
  const seen: number[] = [];
  const wait = ({ random }: RetryContext): number => {
    seen.push(random());
    return 0;
  };
  waitBounds(wait, {} as RetryContext);
  expect(seen).toEqual([0, 1 - 2 ** -53]);
});
