import { copyOf, isOneShot } from '../../../lib/axios/body.ts';

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
