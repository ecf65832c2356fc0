import { Width } from '../../../lib/batch/width.ts';

/** How many items may be in flight. */
function roomOf(width: Width): number {
  let active = 0;
  while (active < 1_000 && width.hasRoom(active)) active += 1;
  return active;
}

const grow = (width: Width, times: number): void => {
  for (let time = 0; time < times; time += 1) width.grow();
};

test('a width is as wide at first as it may be', () => {
  expect([1, 2, 8, Infinity].map((most) => roomOf(new Width(most)))).toEqual([1, 2, 8, 1_000]);
});

test('a cut halves it, down to one', () => {
  const width = new Width(8);
  const rooms = [0, 1, 2, 3].map((cuts) => {
    width.cut(cuts, 8);
    return roomOf(width);
  });
  expect(rooms).toEqual([4, 2, 1, 1]);
  expect(width.cuts).toBe(4);
});

test('only whole items count', () => {
  const width = new Width(5);
  width.cut(0, 5);
  expect(roomOf(width)).toBe(2);
  width.cut(1, 5);
  expect(roomOf(width)).toBe(1);
});

test('what was sent before the last cut cuts nothing', () => {
  const width = new Width(8);
  width.cut(0, 8);
  width.cut(0, 8);
  expect([roomOf(width), width.cuts]).toEqual([4, 1]);
});

test('fifty successes regain one place, up to what it may have', () => {
  const width = new Width(4);
  width.cut(0, 4);
  grow(width, 49);
  expect(roomOf(width)).toBe(2);
  grow(width, 2);
  expect(roomOf(width)).toBe(3);
  grow(width, 1_000);
  expect(roomOf(width)).toBe(4);
});

test('a width without bound is bounded by what was in flight at the first cut, and by no later one', () => {
  const width = new Width(Infinity);
  grow(width, 10);
  width.cut(0, 6);
  expect(roomOf(width)).toBe(3);
  grow(width, 1_000);
  expect(roomOf(width)).toBe(6);
  width.cut(1, 2);
  expect(roomOf(width)).toBe(3);
});
