import * as kit from '../../lib/testing.ts';

test('the kit has these names and no others', () => {
  expect(Object.keys(kit).sort()).toEqual(['scriptedAdapter', 'seededRandom', 'virtualClock']);
});
