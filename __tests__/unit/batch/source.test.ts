import { AxiosError, type InternalAxiosRequestConfig } from 'axios';
import { type BatchProgress, batch, waitFixed } from '../../../lib/index.ts';
import { createGate } from '../../helpers/gate.ts';

const flush = () => new Promise<void>((resolve) => setImmediate(resolve));

const busy = (): AxiosError => {
  const config = {} as InternalAxiosRequestConfig;
  const response = { status: 503, statusText: '', headers: {}, config, data: undefined };
  return new AxiosError('busy', 'ERR_BAD_RESPONSE', config, {}, response as never);
};

/** Numbers from 1 on without end, and what was read of them. */
function numbers() {
  const told = { read: 0, isClosed: false };
  function* generate() {
    try {
      for (;;) yield ++told.read;
    } finally {
      told.isClosed = true;
    }
  }
  return { items: generate(), told };
}

/** The same, as an async iterator that answers some turns later. */
async function* slowly<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) {
    await flush();
    yield item;
  }
}

/** A `send` whose items come back when they are told to. */
function heldSend() {
  const held: (() => void)[] = [];
  const send = (item: number) => new Promise<number>((resolve) => held.push(() => resolve(item)));
  return { send, held };
}

describe('an iterator', () => {
  test.each([
    ['synchronous', <T>(items: Iterable<T>) => items],
    ['asynchronous', slowly],
  ])('%s, is read only as far as there is room to send', async (_, through) => {
    const { items, told } = numbers();
    const { send, held } = heldSend();
    const controller = new AbortController();
    const options = { concurrency: 3, signal: controller.signal };
    const done = batch(through(items), send, options);
    for (let turn = 0; turn < 20; turn += 1) await flush();
    expect(told.read).toBe(3);
    held.shift()?.();
    for (let turn = 0; turn < 5; turn += 1) await flush();
    expect(told.read).toBe(4);
    controller.abort('enough');
    const { fulfilled, rejected } = await done;
    expect([...fulfilled.keys()]).toEqual([1]);
    expect([...rejected.keys()]).toEqual([2, 3, 4]);
    await flush();
    expect(told.isClosed).toBe(true);
  });

  test('is read to its end, and not closed then', async () => {
    const closed = jest.fn();
    const items = {
      *[Symbol.iterator]() {
        yield* [1, 2, 3];
      },
    };
    const iterator = items[Symbol.iterator]();
    iterator.return = closed as never;
    const { fulfilled } = await batch({ [Symbol.iterator]: () => iterator }, async (n) => n * 2);
    expect([...fulfilled.values()]).toEqual([2, 4, 6]);
    expect(closed).not.toHaveBeenCalled();
  });

  test('that answers late holds up nothing else: what failed goes on meanwhile', async () => {
    const gate = createGate();
    async function* generate() {
      yield 'a';
      await gate.passed;
      yield 'b';
    }
    const sent: string[] = [];
    const later = new AxiosError('later', 'ERR_BAD_REQUEST', {} as InternalAxiosRequestConfig, {}, {
      status: 429,
      headers: { 'retry-after-ms': '1' },
    } as never);
    const send = async (item: string): Promise<void> => {
      sent.push(item);
      if (sent.length === 1) throw later;
      gate.open();
    };
    const { fulfilled } = await batch(generate(), send);
    expect(sent).toEqual(['a', 'a', 'b']);
    expect(fulfilled.size).toBe(2);
  });

  test('whose equal items are one', async () => {
    const { fulfilled } = await batch(slowly(['a', 'b', 'a', 'a']), async (item) => item);
    expect([...fulfilled.keys()]).toEqual(['a', 'b']);
  });

  test('that an abort finds waiting is closed, and what it says later is nobody’s', async () => {
    const closed = jest.fn(() => Promise.reject(new Error('late')));
    const iterator = { next: () => new Promise<never>(() => undefined), return: closed };
    const controller = new AbortController();
    const items = { [Symbol.asyncIterator]: () => iterator };
    const done = batch(items as AsyncIterable<string>, async () => 1, { signal: controller.signal });
    await flush();
    controller.abort('left');
    expect(await done).toEqual({ fulfilled: new Map(), rejected: new Map(), report: new Map() });
    expect(closed).toHaveBeenCalledTimes(1);
    await flush();
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('The file is broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('The file is broken'))],
  ])('that %s rejects the batch, once what is in flight has come back', async (_, fail) => {
    const { send, held } = heldSend();
    let reads = 0;
    const next = () => (++reads > 2 ? fail() : { done: false, value: reads });
    const items = { [Symbol.asyncIterator]: () => ({ next }) } as unknown as AsyncIterable<number>;
    const settled = jest.fn();
    const done = batch(items, send);
    done.then(settled, settled);
    await flush();
    expect([held.length, settled.mock.calls.length]).toEqual([2, 0]);
    for (const end of held) end();
    await expect(done).rejects.toThrow('The file is broken');
    expect(reads).toBe(3);
  });

  test('of the batch is a list as it was at the start, when it is one', async () => {
    const list = [1, 2];
    const send = async (item: number): Promise<void> => void list.push(item + 2);
    expect([...(await batch(list, send)).fulfilled.keys()]).toEqual([1, 2]);
  });
});

describe('progress', () => {
  test('is told when an item is done with or waits to be sent again', async () => {
    const told: BatchProgress[] = [];
    let times = 0;
    const send = async (item: string): Promise<void> => {
      if (item === 'busy' && ++times < 2) throw busy();
      if (item === 'wrong') throw new Error('wrong');
    };
    const options = {
      concurrency: 1,
      wait: waitFixed(0),
      onProgress: (at: BatchProgress) => void told.push(at),
    };
    await batch(['fine', 'busy', 'wrong', 'fine'], send, options);
    expect(told).toEqual([
      { done: 1, failed: 0, waiting: 0, total: 3 },
      { done: 1, failed: 0, waiting: 1, total: 3 },
      { done: 2, failed: 1, waiting: 1, total: 3 },
      { done: 3, failed: 1, waiting: 0, total: 3 },
    ]);
  });

  test.each([
    ['a Set', new Set([1, 2])],
    [
      'a Map',
      new Map([
        [1, 'a'],
        [2, 'b'],
      ]),
    ],
  ])('of %s has a total from the start', async (_, items) => {
    const totals: unknown[] = [];
    await batch<unknown, void>(items, async () => undefined, {
      onProgress: ({ total }) => totals.push(total),
    });
    expect(totals).toEqual([2, 2]);
  });

  test('of an iterator has a total once that has come to its end', async () => {
    const told: BatchProgress[] = [];
    await batch(slowly([1, 2, 2]), async () => undefined, { onProgress: (at) => void told.push(at) });
    expect(told[0]?.total).toBeUndefined();
    expect(told.at(-1)).toEqual({ done: 2, failed: 0, waiting: 0, total: 2 });
  });

  test('after an abort counts what was left as failed', async () => {
    const told: BatchProgress[] = [];
    const controller = new AbortController();
    const send = async (item: number): Promise<void> => {
      if (item === 2) controller.abort();
    };
    const { signal } = controller;
    await batch([1, 2, 3, 4], send, { signal, concurrency: 1, onProgress: (at) => void told.push(at) });
    expect(told.at(-1)).toEqual({ done: 4, failed: 3, waiting: 0, total: 4 });
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('The bar is broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('The bar is broken'))],
  ])('that %s changes nothing', async (_, onProgress) => {
    const { fulfilled } = await batch([1, 2], async (n) => n, { onProgress: onProgress as () => void });
    expect(fulfilled.size).toBe(2);
    await flush();
  });

  test('is told without `this`', async () => {
    const told: unknown[] = [];
    const onProgress = function (this: unknown): void {
      told.push(this);
    };
    await batch([1], async () => undefined, { onProgress });
    expect(told).toEqual([undefined]);
  });
});

describe('the report', () => {
  test('of the last round says that there is none left, and nobody is asked about it', async () => {
    const retryIf = jest.fn(() => true);
    const wait = jest.fn(() => 0);
    const { report } = await batch(['a'], () => Promise.reject(busy()), { maxRounds: 1, retryIf, wait });
    expect(report.get('a')).toEqual({ reason: 'max-attempts', attempts: 1 });
    expect([retryIf.mock.calls.length, wait.mock.calls.length]).toEqual([0, 0]);
  });

  test('says of each rejected item why, and how often it was sent', async () => {
    const errors: Readonly<Record<string, () => unknown>> = {
      fine: () => undefined,
      busy,
      wrong: () => new Error('wrong'),
      unsafe: () => Object.assign(busy(), { config: { method: 'post' } }),
    };
    const send = async (item: string): Promise<void> => {
      const error = errors[item]?.();
      if (error) throw error;
    };
    const { fulfilled, rejected, report } = await batch(Object.keys(errors), send, { wait: waitFixed(0) });
    expect([...fulfilled.keys()]).toEqual(['fine']);
    expect([...report]).toEqual([
      ['busy', { reason: 'max-attempts', attempts: 3 }],
      ['wrong', { reason: 'not-retryable', attempts: 1 }],
      ['unsafe', { reason: 'unsafe-method', attempts: 1 }],
    ]);
    expect([...report.keys()]).toEqual([...rejected.keys()]);
  });
});
