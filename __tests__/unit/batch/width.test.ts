import { Width } from '../../../lib/batch/width.ts';

/** How many items may be in flight. */
function roomOf(width: Width): number {
  const before = width.active;
  while (width.active > 0) width.leave();
  while (width.active < 1_000 && width.hasRoom) width.enter();
  const room = width.active;
  while (width.active > before) width.leave();
  while (width.active < before) width.enter();
  return room;
}

/** A width with so many items in flight. */
function filled(most: number, active: number): Width {
  const width = new Width(most);
  for (let item = 0; item < active; item += 1) width.enter();
  return width;
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
    width.cut(cuts);
    return roomOf(width);
  });
  expect(rooms).toEqual([4, 2, 1, 1]);
  expect(width.cuts).toBe(4);
});

test('only whole items count', () => {
  const width = new Width(5);
  width.cut(0);
  expect(roomOf(width)).toBe(2);
  width.cut(1);
  expect(roomOf(width)).toBe(1);
});

test('what was sent before the last cut cuts nothing', () => {
  const width = new Width(8);
  width.cut(0);
  width.cut(0);
  expect([roomOf(width), width.cuts]).toEqual([4, 1]);
});

test('fifty successes regain one place, up to what it may have', () => {
  const width = new Width(4);
  width.cut(0);
  grow(width, 49);
  expect(roomOf(width)).toBe(2);
  grow(width, 2);
  expect(roomOf(width)).toBe(3);
  grow(width, 1_000);
  expect(roomOf(width)).toBe(4);
});

test('a width without bound is bounded by what was in flight at the first cut, and by no later one', () => {
  const width = filled(Infinity, 6);
  grow(width, 10);
  width.cut(0);
  expect(roomOf(width)).toBe(3);
  grow(width, 1_000);
  expect(roomOf(width)).toBe(6);
  width.leave();
  width.cut(1);
  expect(roomOf(width)).toBe(3);
});
