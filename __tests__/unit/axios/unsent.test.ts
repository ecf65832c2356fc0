import { isMarkedUnsent, markUnsent } from '../../../lib/axios/unsent.ts';

test('an error that is marked stays the same, and shows nothing of it', () => {
  const error = new Error('full');
  expect(isMarkedUnsent(error)).toBe(false);
  expect(markUnsent(error)).toBe(error);
  expect(isMarkedUnsent(error)).toBe(true);
  expect(JSON.stringify(error)).toBe('{}');
  expect({ ...error }).toEqual({});
});

test.each([undefined, null, 'full', 7])('what is no object is left alone: %p', (thrown) => {
  expect(markUnsent(thrown)).toBe(thrown);
  expect(isMarkedUnsent(thrown)).toBe(false);
});

test('the builds of the package know the mark of each other', () => {
  expect(isMarkedUnsent({ [Symbol.for('axios-tenacity.unsent')]: true })).toBe(true);
  expect(isMarkedUnsent({ [Symbol.for('axios-tenacity.unsent')]: 1 })).toBe(false);
});
