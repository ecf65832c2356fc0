import { getEventListeners } from 'node:events';
import axios from 'axios';
import { type CancelSource, isCancelled, linkTo, onAbort } from '../../../lib/runtime/abort.ts';

interface Source {
  readonly source: CancelSource;
  readonly listeners: () => number;
  cancel(reason: string): void;
}

const sources: readonly (readonly [name: string, open: () => Source])[] = [
  [
    'an abort signal',
    () => {
      const controller = new AbortController();
      const { signal } = controller;
      return {
        source: signal as CancelSource,
        listeners: () => getEventListeners(signal, 'abort').length,
        cancel: (reason) => controller.abort(reason),
      };
    },
  ],
  [
    'a cancel token',
    () => {
      const { token, cancel } = axios.CancelToken.source();
      const listeners = () => (token as unknown as { _listeners?: unknown[] | null })._listeners ?? [];
      return { source: token as unknown as CancelSource, listeners: () => listeners().length, cancel };
    },
  ],
];

/** Tokens tell their listeners in a later microtask. */
const told = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe.each(sources)('on %s', (_, open) => {
  test('every callback is called once, in order, when it cancels', async () => {
    const { source, cancel } = open();
    const calls: number[] = [];
    for (const i of [1, 2, 3]) onAbort(source, () => calls.push(i));
    expect(isCancelled(source)).toBe(false);
    cancel('first');
    cancel('second');
    await told();
    expect(calls).toEqual([1, 2, 3]);
    expect(isCancelled(source)).toBe(true);
  });

  test('a callback is called at once when it has cancelled already', async () => {
    const { source, cancel, listeners } = open();
    cancel('over');
    await told();
    const before = listeners();
    const callback = jest.fn();
    const unsubscribe = onAbort(source, callback);
    expect(callback).toHaveBeenCalledTimes(1);
    unsubscribe();
    expect(listeners()).toBe(before);
  });

  test('ten thousand callbacks take one listener, and the last to go takes it along', () => {
    const { source, listeners } = open();
    const unsubscribes = Array.from({ length: 10_000 }, () => onAbort(source, () => undefined));
    expect(listeners()).toBe(1);
    for (const unsubscribe of unsubscribes.slice(1)) unsubscribe();
    expect(listeners()).toBe(1);
    unsubscribes[0]?.();
    expect(listeners()).toBe(0);
  });

  test('a callback that was taken back is not called, and taking it back twice harms nobody', async () => {
    const { source, cancel, listeners } = open();
    const [kept, gone] = [jest.fn(), jest.fn()];
    onAbort(source, kept);
    const unsubscribe = onAbort(source, gone);
    unsubscribe();
    unsubscribe();
    expect(listeners()).toBe(1);
    cancel('over');
    await told();
    expect(gone).not.toHaveBeenCalled();
    expect(kept).toHaveBeenCalledTimes(1);
  });

  test('one that is left and joined again listens again', async () => {
    const { source, cancel, listeners } = open();
    onAbort(source, () => undefined)();
    const callback = jest.fn();
    onAbort(source, callback);
    expect(listeners()).toBe(1);
    cancel('over');
    await told();
    expect(callback).toHaveBeenCalledTimes(1);
  });

  test('a callback taken back by an earlier one is not called', async () => {
    const { source, cancel } = open();
    const later = jest.fn();
    let takeBack = (): void => undefined;
    onAbort(source, () => takeBack());
    takeBack = onAbort(source, later);
    cancel('over');
    await told();
    expect(later).not.toHaveBeenCalled();
  });

  test('aborts what it is linked to with its reason', async () => {
    const { source, cancel } = open();
    const { signal } = linkTo(new AbortController().signal, [source]);
    expect(signal.aborted).toBe(false);
    cancel('over');
    await told();
    expect(signal.aborted).toBe(true);
    const { reason } = signal;
    expect(axios.isCancel(reason) ? reason.message : reason).toBe('over');
  });

  test('leaves it to the other sources of a link to abort it, and the first to do so counts', async () => {
    const { source, cancel } = open();
    const other = new AbortController();
    const { signal } = linkTo(other.signal, [source]);
    other.abort('other');
    cancel('over');
    await told();
    expect([signal.aborted, signal.reason]).toEqual([true, 'other']);
  });

  test('that has cancelled already aborts a link from the start', async () => {
    const { source, cancel } = open();
    cancel('over');
    await told();
    expect(linkTo(new AbortController().signal, [source]).signal.aborted).toBe(true);
  });

  test('has one listener for a thousand links, and none when they are released', async () => {
    const { source, listeners, cancel } = open();
    const { signal } = new AbortController();
    const links = Array.from({ length: 1_000 }, () => linkTo(signal, [source]));
    expect([listeners(), getEventListeners(signal, 'abort').length]).toEqual([1, 1]);
    for (const { release } of links) release();
    expect([listeners(), getEventListeners(signal, 'abort').length]).toEqual([0, 0]);
    cancel('too late');
    await told();
    expect(links.some((each) => each.signal.aborted)).toBe(false);
  });
});

test('a signal without events, as axios allows one, is only looked at', () => {
  const callback = jest.fn();
  onAbort({ aborted: false }, callback)();
  expect(callback).not.toHaveBeenCalled();
  onAbort({ aborted: true }, callback);
  expect(callback).toHaveBeenCalledTimes(1);
});

test('a link to nothing more is the signal itself', () => {
  const { signal } = new AbortController();
  expect(linkTo(signal, []).signal).toBe(signal);
});
