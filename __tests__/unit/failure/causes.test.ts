import { causesOf, childrenOf, codeOf, withCause } from '../../../lib/failure/causes.ts';

const [a, b, c] = [{ code: 'A' }, { code: 'B' }, { code: 'C' }];

describe('the direct causes of an error', () => {
  test.each<[string, object, unknown[]]>([
    ['none', {}, []],
    ['its cause', { cause: a }, [a]],
    ['its errors', { errors: [a, b] }, [a, b]],
    ['both, the cause first', { cause: c, errors: [a, b] }, [c, a, b]],
    ['only what is an object', { cause: 'text', errors: [null, undefined, 7, a] }, [a]],
    ['no errors but in an array', { errors: { 0: a, length: 1 } }, []],
    ['no errors of a string', { errors: 'AB' }, []],
  ])('%s', (_, error, expected) => {
    expect(childrenOf(error)).toEqual(expected);
  });
});

describe('an error and all its causes', () => {
  test('are listed once each, the nearest first', () => {
    const near = { cause: c };
    const error = { errors: [near, b, near], cause: b };
    expect(causesOf(error)).toEqual([error, b, near, c]);
  });

  test('may refer to one another in a ring', () => {
    const ring: { cause?: object } = {};
    ring.cause = { cause: ring };
    expect(causesOf(ring)).toEqual([ring, ring.cause]);
  });

  test.each([undefined, null, 'text', 7, () => undefined])('are none of %p', (error) => {
    expect(causesOf(error)).toEqual([]);
  });

  test('are read no further once fifty are known', () => {
    const wide = { errors: Array.from({ length: 49 }, () => ({ cause: {} })) };
    expect(causesOf(wide)).toHaveLength(50);
    const narrow = { errors: Array.from({ length: 48 }, () => ({ cause: {} })) };
    expect(causesOf(narrow)).toHaveLength(50);
  });
});

describe('the code of an error', () => {
  test.each<[string, unknown, string | undefined]>([
    ['its own', { code: 'A', cause: b }, 'A'],
    ['that of its nearest cause', { cause: { cause: b } }, 'B'],
    ['none that is no string', { code: 11, cause: b }, 'B'],
    ['none', { cause: {} }, undefined],
    ['none of nothing', undefined, undefined],
  ])('%s', (_, error, expected) => {
    expect(codeOf(error)).toBe(expected);
  });
});

describe('an error that a function of the user threw', () => {
  test('gets the failure it was thrown at as its cause, out of sight as causes are', () => {
    const error = new Error('mine');
    expect(withCause(error, a)).toBe(error);
    expect(error.cause).toBe(a);
    expect(Object.keys(error)).toEqual([]);
    error.cause = b;
    expect(error.cause).toBe(b);
    Reflect.deleteProperty(error, 'cause');
    expect('cause' in error).toBe(false);
  });

  test.each([undefined, b])('keeps the cause that it has: %p', (cause) => {
    const error = new Error('mine', { cause });
    expect(withCause(error, a)).toBe(error);
    expect(error.cause).toBe(cause);
  });

  test('is not its own cause', () => {
    const error = new Error('mine');
    withCause(error, error);
    expect('cause' in error).toBe(false);
  });

  test('stays as it is when it cannot be changed, or is no error', () => {
    const frozen = Object.freeze(new Error('mine'));
    expect(withCause(frozen, a)).toBe(frozen);
    expect('cause' in frozen).toBe(false);
    const thrown = {};
    expect(withCause(thrown, a)).toBe(thrown);
    expect(thrown).toEqual({});
    expect(withCause('text', a)).toBe('text');
    expect(withCause(undefined, a)).toBeUndefined();
  });
});
