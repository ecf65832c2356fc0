import { createReadStream } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import type { AxiosResponse } from 'axios';
import NodeFormData from 'form-data';
import {
  closeStream,
  copyOf,
  isOneShot,
  releaseBody,
  throwIfFailed,
  watchBody,
} from '../../../lib/axios/body.ts';

const webStream = () => new ReadableStream({ start: (controller) => controller.close() });
async function* generator() {
  yield 'x';
}

const streams: readonly (readonly [string, () => unknown])[] = [
  ['a Node stream', () => Readable.from(['x'])],
  ['a web stream', webStream],
  ['the form-data package', () => new NodeFormData()],
  ['an async iterator', generator],
  ['an object with pipe', () => ({ pipe: () => undefined })],
  ['an object with getReader', () => ({ getReader: () => undefined })],
];

const reusable: readonly (readonly [string, unknown])[] = [
  ['nothing', undefined],
  ['null', null],
  ['text', 'x'],
  ['a number', 1],
  ['bytes', new Uint8Array(2)],
  ['a Blob', new Blob(['x'])],
  ['FormData', new FormData()],
  ['URLSearchParams', new URLSearchParams('a=b')],
  ['an object', { a: { b: 1 }, pipe: 'x', getReader: true }],
  ['an array', [1, { a: 2 }]],
  ['a date', new Date(0)],
];

describe('what can be read only once', () => {
  test.each(streams)('%s', (_, make) => {
    expect(isOneShot(make())).toBe(true);
    expect(isOneShot({ file: make() })).toBe(true);
    expect(isOneShot({ files: [{ file: make() }, 'x'] })).toBe(true);
    expect(isOneShot(Object.assign(Object.create(null), { file: make() }))).toBe(true);
  });

  test.each(reusable)('not %s', (_, value) => {
    expect(isOneShot(value)).toBe(false);
    expect(isOneShot({ value })).toBe(false);
  });

  test('an instance of a class that holds a stream, when it is the body: axios sends its fields as multipart', () => {
    class Upload {
      readonly parts = [{ file: Readable.from(['x']) }];
    }
    expect(isOneShot(new Upload())).toBe(true);
    expect(isOneShot({ upload: new Upload() })).toBe(false);
  });

  test('is found before a lot of other values, and is looked for in the first ten thousand', () => {
    const rows = Array.from({ length: 1_000 }, (_, id) => ({
      id,
      tags: Array.from({ length: 300 }, String),
    }));
    const file = Readable.from(['x']);
    expect(isOneShot({ rows, file })).toBe(true);
    expect(isOneShot({ rows, more: { file } })).toBe(true);
    expect(isOneShot({ rows })).toBe(false);
    expect(isOneShot([...Array.from({ length: 9_999 }, Number), file])).toBe(true);
    expect(isOneShot([...Array.from({ length: 10_000 }, Number), file])).toBe(false);
  });

  test('not what refers to itself', () => {
    const loop: { self?: unknown } = {};
    loop.self = [loop];
    expect(isOneShot(loop)).toBe(false);
  });
});

describe('a copy', () => {
  test('of plain objects and arrays is equal and shares none of them', () => {
    const inner = { c: [1, { d: 2 }] };
    const value = { a: 'x', b: inner, none: null, bare: Object.assign(Object.create(null), { e: 1 }) };
    const copy = copyOf(value);
    expect(copy).toEqual(value);
    inner.c.push(3);
    (inner.c[1] as { d: number }).d = 9;
    value.bare.e = 2;
    expect(copy).toEqual({ a: 'x', b: { c: [1, { d: 2 }] }, none: null, bare: { e: 1 } });
  });

  test('of a form or of search parameters has the same entries and is another', () => {
    const form = new FormData();
    form.append('a', '1');
    form.append('a', '2');
    form.append('file', new Blob(['x']), 'x.txt');
    const parameters = new URLSearchParams('q=1&q=2');
    const [formCopy, parametersCopy] = [copyOf(form), copyOf(parameters)];
    form.set('a', '3');
    parameters.delete('q');
    expect(formCopy).toBeInstanceOf(FormData);
    expect(formCopy.getAll('a')).toEqual(['1', '2']);
    expect((formCopy.get('file') as File).name).toBe('x.txt');
    expect(parametersCopy).toBeInstanceOf(URLSearchParams);
    expect(`${parametersCopy}`).toBe('q=1&q=2');
  });

  class Money {
    constructor(readonly amount: number) {}
  }

  test.each([
    [1],
    ['x'],
    [null],
    [undefined],
    [new Date(0)],
    [new Money(1)],
    [Buffer.from('x')],
    [webStream()],
  ])('of %p is the same', (value) => {
    expect(copyOf(value)).toBe(value);
    expect(copyOf({ value }).value).toBe(value);
  });
});

describe('closing', () => {
  const unhandled = jest.fn();
  beforeAll(() => void process.on('unhandledRejection', unhandled).on('uncaughtException', unhandled));
  afterAll(() => void process.off('unhandledRejection', unhandled).off('uncaughtException', unhandled));
  const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

  test('destroys a Node stream, whose errors concern nobody', async () => {
    const stream = new PassThrough({
      destroy: (_, callback) => callback(new Error('torn down')),
    });
    closeStream(stream);
    await settled();
    expect(stream.destroyed).toBe(true);
    expect(unhandled).not.toHaveBeenCalled();
  });

  test('cancels a web stream', async () => {
    const cancel = jest.fn();
    closeStream(new ReadableStream({ cancel }));
    expect(cancel).toHaveBeenCalledTimes(1);
  });

  test('leaves a web stream that somebody reads to its reader', async () => {
    const stream = new ReadableStream({ pull: (controller) => controller.enqueue('x') });
    const reader = stream.getReader();
    closeStream(stream);
    await settled();
    expect((await reader.read()).value).toBe('x');
    expect(unhandled).not.toHaveBeenCalled();
  });

  test.each([[undefined], [null], ['x'], [{ destroy: 1 }], [{ a: 1 }]])('does nothing to %p', (value) => {
    expect(() => closeStream(value)).not.toThrow();
  });

  test('does nothing to an object that is no stream, whatever its methods', () => {
    const destroy = jest.fn();
    closeStream({ destroy });
    expect(destroy).not.toHaveBeenCalled();
  });

  test('does what it can to an async iterator', () => {
    expect(() => closeStream(generator())).not.toThrow();
  });
});

describe('a body that is watched', () => {
  test('does not crash the process when it fails before anybody reads it, and tells later', async () => {
    const body = createReadStream('/nowhere/at/all');
    watchBody(body);
    expect(() => throwIfFailed(body)).not.toThrow();
    await new Promise<void>((resolve) => body.once('close', resolve));
    expect(() => throwIfFailed(body)).toThrow('ENOENT');
  });

  test.each([[undefined], ['x'], [{ a: 1 }], [generator()], [webStream()]])('may be %p', (body) => {
    watchBody(body);
    expect(() => throwIfFailed(body)).not.toThrow();
  });
});

describe('releasing a response', () => {
  const responseOf = (data: unknown, request?: unknown) => ({ data, request }) as AxiosResponse;

  test('destroys the stream and the request behind it', () => {
    const data = new PassThrough();
    const request = { destroy: jest.fn() };
    releaseBody(responseOf(data, request));
    expect(data.destroyed).toBe(true);
    expect(request.destroy).toHaveBeenCalledTimes(1);
  });

  test('leaves the connection of a body that was read alone', () => {
    const request = { destroy: jest.fn() };
    releaseBody(responseOf({ a: 1 }, request));
    releaseBody(responseOf(undefined, request));
    expect(request.destroy).not.toHaveBeenCalled();
  });

  test.each([[undefined], [null], [{}]])('takes the request %p', (request) => {
    const data = new PassThrough();
    expect(() => releaseBody(responseOf(data, request))).not.toThrow();
    expect(data.destroyed).toBe(true);
  });

  test('takes no response', () => {
    expect(() => releaseBody(undefined)).not.toThrow();
  });
});

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

describe('of what is large', () => {
  /** A body that counts how often something of it is read. */
  function counted<T extends object>(body: T): { readonly body: T; readonly reads: () => number } {
    let reads = 0;
    const proxy = new Proxy(body, {
      get(target, name, receiver) {
        if (typeof name === 'string' && name !== 'length' && name !== 'constructor') reads += 1;
        return Reflect.get(target, name, receiver) as unknown;
      },
    });
    return { body: proxy, reads: () => reads };
  }
  const dictionary = (size: number) =>
    Object.fromEntries(Array.from({ length: size }, (_, n) => [`k${n}`, n]));

  test('an object is passed on as it is, and none of it is read', () => {
    const { body, reads } = counted(dictionary(10_001));
    expect(copyOf(body)).toBe(body);
    expect(reads()).toBe(0);
  });

  test('no more than ten thousand values are looked at', () => {
    const { body, reads } = counted(dictionary(50_000));
    expect(isOneShot(body)).toBe(false);
    // `pipe` and `getReader` of the body itself are looked at as well.
    expect(reads()).toBeLessThanOrEqual(10_002);
  });

  test.each([[dictionary(10_000)], [Array.from({ length: 10_000 }, Number)]])(
    'the limit counts the values inside as well',
    (body) => {
      expect(copyOf({ body: { inner: body } })).toMatchObject({ body: { inner: body } });
      const { inner } = copyOf({ inner: body });
      expect(inner).toBe(body);
    },
  );
});
