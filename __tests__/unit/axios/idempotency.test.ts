import { AxiosHeaders, type InternalAxiosRequestConfig } from 'axios';
import { applyKey, headerOf } from '../../../lib/axios/idempotency.ts';

const configOf = (method: string, headers: Record<string, string> = {}): InternalAxiosRequestConfig => ({
  method,
  url: '/charges',
  headers: new AxiosHeaders(headers),
});

/** The key of a request after it was asked to have one. */
function keyOf(config: InternalAxiosRequestConfig, options: Parameters<typeof applyKey>[1] = true): unknown {
  applyKey(config, options, undefined, Math.random);
  return config.headers.get(headerOf(options));
}

test.each([
  [undefined, 'Idempotency-Key'],
  [false, 'Idempotency-Key'],
  [true, 'Idempotency-Key'],
  [{}, 'Idempotency-Key'],
  [{ header: 'X-Key' }, 'X-Key'],
] as const)('with the option %p the header is %s', (options, header) => {
  expect(headerOf(options)).toBe(header);
});

describe('a key', () => {
  test.each([
    ['post', true],
    ['patch', true],
    ['get', false],
    ['put', false],
    ['delete', false],
  ])('for a %s: %p', (method, made) => {
    const config = configOf(method);
    applyKey(config, true, undefined, Math.random);
    expect(config.headers.has('Idempotency-Key')).toBe(made);
  });

  test('is a UUID of version 4, another one each time, of all the digits there are', () => {
    const keys = Array.from({ length: 100 }, () => keyOf(configOf('post')) as string);
    for (const key of keys)
      expect(key).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/);
    expect(new Set(keys).size).toBe(100);
    expect([...new Set(keys.join(''))].sort().join('')).toBe('-0123456789abcdef');
  });

  test('of the caller is kept, under whichever header it goes', () => {
    const generate = jest.fn(() => 'made');
    expect(keyOf(configOf('post', { 'idempotency-key': 'mine' }), { generate })).toBe('mine');
    expect(keyOf(configOf('post', { 'x-key': 'mine' }), { generate, header: 'X-Key' })).toBe('mine');
    expect(generate).not.toHaveBeenCalled();
    expect(keyOf(configOf('post', { 'idempotency-key': 'mine' }), { generate, header: 'X-Key' })).toBe(
      'made',
    );
  });

  test('that is empty is none', () => {
    expect(keyOf(configOf('post', { 'Idempotency-Key': '' }), { generate: () => 'made' })).toBe('made');
  });

  test('is made from the config', () => {
    const generate = ({ method, url }: InternalAxiosRequestConfig): string => `${method} ${url}`;
    expect(keyOf(configOf('patch'), { generate })).toBe('patch /charges');
  });

  test('with a blank at either end is one', () => {
    expect(keyOf(configOf('post'), { generate: () => ' a ' })).toMatch(/a/);
  });

  test.each([
    ['', '""'],
    [' ', '" "'],
    [undefined, 'undefined'],
    [7, '7'],
  ])('that is %p is refused', (key, shown) => {
    const config = configOf('post');
    expect(() => applyKey(config, { generate: () => key as string }, undefined, Math.random)).toThrow(
      new TypeError(
        `Expected the result of retry option \`idempotencyKey.generate\` to be a string that is not empty, got ${shown}`,
      ),
    );
    expect(config.headers.has('Idempotency-Key')).toBe(false);
  });

  test('that was made for an earlier request is replaced, and one of the caller is not', () => {
    const generate = () => 'made';
    const config = configOf('post', { 'Idempotency-Key': 'earlier' });
    expect(applyKey(config, { generate }, 'another', Math.random)).toBeUndefined();
    expect(config.headers.get('Idempotency-Key')).toBe('earlier');
    expect(applyKey(config, { generate }, 'earlier', Math.random)).toBe('made');
    expect(config.headers.get('Idempotency-Key')).toBe('made');
    expect(applyKey(configOf('post'), { generate }, 'earlier', Math.random)).toBe('made');
  });
});

describe('where the engine has no secure chance, as React Native has none', () => {
  const { crypto } = globalThis;
  const put = (value: unknown) =>
    Object.defineProperty(globalThis, 'crypto', { value, configurable: true, writable: true });

  afterEach(() => put(crypto));

  test.each([
    ['no `crypto`', undefined],
    ['no `getRandomValues`', {}],
  ])('the chance of the runtime makes the key: %s', (_, engine) => {
    put(engine);
    const numbers = [0, 0.999, 0.5, 10.7 / 256];
    let turn = 0;
    const random = () => numbers[turn++ % numbers.length] as number;
    expect(applyKey(configOf('post'), true, undefined, random)).toBe('0f0a0f0a-0f0a-40f0-8a0f-0a0f0a0f0a0f');
  });
});
