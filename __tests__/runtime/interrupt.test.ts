import { getEventListeners } from 'node:events';
import axios from 'axios';
import { type CancelSource, isCancelled, join, onAbort } from '../../lib/runtime/interrupt.ts';

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

  test('joined to a signal, it aborts the joint with its reason', async () => {
    const { source, cancel } = open();
    const lease = join(new AbortController().signal, source);
    expect(lease.signal.aborted).toBe(false);
    cancel('over');
    await told();
    expect(lease.signal.aborted).toBe(true);
    const { reason } = lease.signal;
    expect(axios.isCancel(reason) ? reason.message : reason).toBe('over');
  });

  test('joined to a signal, it lets that signal abort the joint too', () => {
    const { source } = open();
    const other = new AbortController();
    const lease = join(other.signal, source);
    other.abort('other');
    expect([lease.signal.aborted, lease.signal.reason]).toEqual([true, 'other']);
  });

  test('a thousand leases of one pair share a signal and a listener on either side', () => {
    const { source, listeners } = open();
    const { signal } = new AbortController();
    const leases = Array.from({ length: 1_000 }, () => join(signal, source));
    expect(new Set(leases.map((lease) => lease.signal)).size).toBe(1);
    expect([listeners(), getEventListeners(signal, 'abort').length]).toEqual([1, 1]);
    for (const lease of leases.slice(1)) lease.release();
    expect([listeners(), getEventListeners(signal, 'abort').length]).toEqual([1, 1]);
    leases[0]?.release();
    expect([listeners(), getEventListeners(signal, 'abort').length]).toEqual([0, 0]);
  });

  test('a lease taken after the last was handed back works anew', async () => {
    const { source, cancel } = open();
    const { signal } = new AbortController();
    const old = join(signal, source);
    old.release();
    const lease = join(signal, source);
    cancel('over');
    await told();
    expect([old.signal.aborted, lease.signal.aborted]).toEqual([false, true]);
  });

  test('a pair with a cancelled half is aborted from the start', async () => {
    const { source, cancel } = open();
    cancel('over');
    await told();
    const lease = join(new AbortController().signal, source);
    expect(lease.signal.aborted).toBe(true);
    lease.release();
    expect(join(AbortSignal.abort('gone'), open().source).signal.reason).toBe('gone');
  });
});

test('joined to nothing, a signal is itself', () => {
  const { signal } = new AbortController();
  const lease = join(signal, undefined);
  expect(lease.signal).toBe(signal);
  lease.release();
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

test('a signal without events, as axios allows one, is only looked at', () => {
  const callback = jest.fn();
  onAbort({ aborted: false }, callback)();
  expect(callback).not.toHaveBeenCalled();
  onAbort({ aborted: true }, callback);
  expect(callback).toHaveBeenCalledTimes(1);
});
