import { copyOf } from '../../../lib/axios/body.ts';

test('what refers to itself is passed on as it is', () => {
  const round: Record<string, unknown> = {};
  round.self = round;
  expect(copyOf(round)).toBe(round);
});

test('what throws when it is read is passed on as it is', () => {
  const thorny = {
    get secret(): never {
      throw new Error('mine');
    },
  };
  expect(copyOf(thorny)).toBe(thorny);
});
