import fc from 'fast-check';
import { type Release, Semaphore } from '../../../lib/limits/semaphore.ts';

/** Lets every promise that can go on do so. */
const flush = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Something that can be cancelled, and that knows who listens. */
function canceller() {
  const listeners = new Set<(reason: unknown) => void>();
  return {
    listeners,
    subscribe: (cancel: (reason: unknown) => void) => {
      listeners.add(cancel);
      return () => void listeners.delete(cancel);
    },
    cancel: (reason: unknown) => {
      for (const listener of listeners) listener(reason);
    },
  };
}

/** Whether a permit is free right now. */
async function hasFree(semaphore: Semaphore): Promise<boolean> {
  const gone = new Error('no permit');
  try {
    const release = await semaphore.acquire((cancel) => {
      cancel(gone);
      return () => undefined;
    });
    release();
    return true;
  } catch (error) {
    expect(error).toBe(gone);
    return false;
  }
}

describe('the number of permits', () => {
  test.each([0, -1, 1.5, NaN, '2', null, undefined])('is not %p', (permits) => {
    expect(() => new Semaphore(permits as never)).toThrow(TypeError);
  });

  test('is named in the error', () => {
    expect(() => new Semaphore(0)).toThrow(
      'Expected concurrency limit to be an integer ≥ 1 or Infinity, got 0',
    );
  });

  test('may be Infinity, and then nobody waits', async () => {
    const semaphore = new Semaphore(Infinity);
    await Promise.all(Array.from({ length: 1_000 }, () => semaphore.acquire()));
    expect(await hasFree(semaphore)).toBe(true);
  });
});

describe('a permit', () => {
  test('that is free is had at once, without listening for a cancellation', async () => {
    const subscribe = jest.fn();
    const order: string[] = [];
    const acquired = new Semaphore(1).acquire(subscribe).then(() => order.push('acquired'));
    const next = Promise.resolve().then(() => order.push('next microtask'));
    await Promise.all([acquired, next]);
    expect(order).toEqual(['acquired', 'next microtask']);
    expect(subscribe).not.toHaveBeenCalled();
  });

  test('released twice is given back once', async () => {
    const semaphore = new Semaphore(1);
    const release = await semaphore.acquire();
    release();
    release();
    await semaphore.acquire();
    expect(await hasFree(semaphore)).toBe(false);
  });

  test('can be seen to be free, and so can the length of the queue', async () => {
    const semaphore = new Semaphore(1);
    const seen = () => [semaphore.hasFree, semaphore.waiting];
    expect(seen()).toEqual([true, 0]);
    const release = await semaphore.acquire();
    expect(seen()).toEqual([false, 0]);
    const next = semaphore.acquire();
    expect(seen()).toEqual([false, 1]);
    release();
    expect(seen()).toEqual([false, 0]);
    (await next)();
    expect(seen()).toEqual([true, 0]);
  });

  test('that nobody waited for is had again, and then by those who wait', async () => {
    const semaphore = new Semaphore(1);
    (await semaphore.acquire())();
    const release = await semaphore.acquire();
    const waiting = semaphore.acquire();
    release();
    expect(semaphore.waiting).toBe(0);
    expect(await waiting).toEqual(expect.any(Function));
  });

  test('goes to the one who waited longest, not to a newcomer', async () => {
    const semaphore = new Semaphore(1);
    const release = await semaphore.acquire();
    const order: string[] = [];
    const waited = semaphore.acquire().then((next) => {
      order.push('waited');
      next();
    });
    release();
    const newcomer = semaphore.acquire().then(() => order.push('newcomer'));
    await Promise.all([waited, newcomer]);
    expect(order).toEqual(['waited', 'newcomer']);
  });
});

describe('a cancellation', () => {
  test('ends the wait with its reason, and the place in the queue goes to the next', async () => {
    const semaphore = new Semaphore(1);
    const release = await semaphore.acquire();
    const source = canceller();
    const cancelled = semaphore.acquire(source.subscribe);
    const next = semaphore.acquire();
    const reason = new Error('enough');
    source.cancel(reason);
    await expect(cancelled).rejects.toBe(reason);
    release();
    expect(await next).toEqual(expect.any(Function));
  });

  test('before the wait began ends it, and stops listening', async () => {
    const semaphore = new Semaphore(1);
    const release = await semaphore.acquire();
    const unsubscribe = jest.fn();
    const waiting = semaphore.acquire((cancel) => {
      cancel('too late');
      return unsubscribe;
    });
    await expect(waiting).rejects.toBe('too late');
    expect(unsubscribe).toHaveBeenCalledTimes(1);
    release();
    expect(await hasFree(semaphore)).toBe(true);
  });

  test('between the hand-over and the next step of the waiter takes nothing away', async () => {
    const semaphore = new Semaphore(1);
    const release = await semaphore.acquire();
    const cancels: ((reason: unknown) => void)[] = [];
    const waiting = semaphore.acquire((cancel) => {
      cancels.push(cancel);
      return () => undefined; // somebody who goes on calling
    });
    release();
    for (const cancel of cancels) cancel('too late');
    (await waiting)();
    expect(await hasFree(semaphore)).toBe(true);
  });

  test('is no longer listened for after the hand-over or after another cancellation', async () => {
    const semaphore = new Semaphore(1);
    const release = await semaphore.acquire();
    const source = canceller();
    const first = semaphore.acquire(source.subscribe);
    const second = semaphore.acquire(source.subscribe);
    expect(source.listeners.size).toBe(2);
    release();
    await first;
    expect(source.listeners.size).toBe(1);
    source.cancel('over');
    await expect(second).rejects.toBe('over');
    expect(source.listeners.size).toBe(0);
  });

  test('that cannot be listened for fails the acquisition and loses no permit', async () => {
    const semaphore = new Semaphore(1);
    const release = await semaphore.acquire();
    const broken = semaphore.acquire(() => {
      throw new TypeError('no such signal');
    });
    await expect(broken).rejects.toThrow('no such signal');
    release();
    expect(await hasFree(semaphore)).toBe(true);
  });

  test('of listening that frees a permit meanwhile leaves a listener to nobody', async () => {
    const semaphore = new Semaphore(1);
    const release = await semaphore.acquire();
    const unsubscribe = jest.fn();
    const next = await semaphore.acquire(() => {
      release();
      return unsubscribe;
    });
    expect(unsubscribe).toHaveBeenCalledTimes(1);
    next();
    expect(await hasFree(semaphore)).toBe(true);
  });

  test('of 10,000 who wait, in any order, lets the rest go on in theirs', async () => {
    const semaphore = new Semaphore(1);
    let release: Release = await semaphore.acquire();
    const sources = Array.from({ length: 10_000 }, canceller);
    const order: number[] = [];
    const outcomes = sources.map(({ subscribe }, i) =>
      semaphore.acquire(subscribe).then(
        (next) => {
          order.push(i);
          release = next;
        },
        () => 'cancelled',
      ),
    );
    for (let i = sources.length - 1; i >= 0; i -= 1) if (i % 3 !== 0) sources[i]?.cancel('over');
    for (let i = 0; i < sources.length; i += 3) {
      release();
      await outcomes[i];
    }
    expect(order).toEqual(Array.from({ length: 3_334 }, (_, i) => i * 3));
    expect((await Promise.all(outcomes)).filter((each) => each === 'cancelled')).toHaveLength(6_666);
  });
});

describe('under any sequence of acquisitions, releases and cancellations at any instant', () => {
  const operation = fc.oneof(
    { weight: 4, arbitrary: fc.constant({ kind: 'acquire' as const, index: 0 }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('release' as const), index: fc.nat(20) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), index: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'flush' as const, index: 0 }) },
  );

  test('at most n hold one, first come is first served, no permit is lost and everyone settles', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(operation, { maxLength: 60 }),
        async (n, operations) => {
          const semaphore = new Semaphore(n);
          const sources: ReturnType<typeof canceller>[] = [];
          const releases = new Map<number, Release>();
          const events: string[] = [];
          // The model: who holds a permit, who waits, and what has to have happened in which order.
          const holding: number[] = [];
          const waiting: number[] = [];
          const expected: string[] = [];

          const grant = (id: number | undefined) => {
            if (id === undefined) return;
            holding.push(id);
            expected.push(`granted ${id}`);
          };
          const acquire = () => {
            const id = sources.length;
            const source = canceller();
            sources.push(source);
            void semaphore.acquire(source.subscribe).then(
              (release) => {
                events.push(`granted ${id}`);
                releases.set(id, release);
              },
              (reason) => events.push(`${reason} ${id}`),
            );
            if (holding.length < n) grant(id);
            else waiting.push(id);
          };
          const cancel = (index: number) => {
            const id = index % Math.max(1, sources.length);
            sources[id]?.cancel('cancelled');
            if (!waiting.includes(id)) return;
            waiting.splice(waiting.indexOf(id), 1);
            expected.push(`cancelled ${id}`);
          };
          const release = (index: number) => {
            const id = [...releases.keys()][index % Math.max(1, releases.size)];
            if (id === undefined) return;
            releases.get(id)?.();
            if (!holding.includes(id)) return; // released before
            holding.splice(holding.indexOf(id), 1);
            grant(waiting.shift());
          };

          for (const { kind, index } of operations) {
            if (kind === 'acquire') acquire();
            else if (kind === 'cancel') cancel(index);
            else if (kind === 'release') release(index);
            else await flush();
            expect(holding.length).toBeLessThanOrEqual(n);
          }
          await flush();
          expect(events).toEqual(expected);
          while (holding.length > 0) {
            for (const id of holding.splice(0)) {
              releases.get(id)?.();
              grant(waiting.shift());
            }
            await flush();
          }
          expect(events).toEqual(expected);
          expect(events).toHaveLength(sources.length);
          expect(sources.every(({ listeners }) => listeners.size === 0)).toBe(true);
          for (let i = 0; i < n; i += 1) await semaphore.acquire();
          expect(await hasFree(semaphore)).toBe(false);
        },
      ),
    );
  });
});
