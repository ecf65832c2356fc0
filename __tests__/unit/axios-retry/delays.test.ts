import { AxiosError, AxiosHeaders, type AxiosResponse } from 'axios';
import * as original from 'axios-retry';
import axiosRetry, { exponentialDelay, linearDelay, retryAfter } from '../../../lib/axios-retry.ts';

const NOW = Date.parse('2030-01-01T00:00:00Z');

beforeEach(() => {
  jest.useFakeTimers({ now: NOW, doNotFake: ['performance'] });
  jest.spyOn(Math, 'random').mockReturnValue(0.5);
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

const answeredWith = (headers: Record<string, string>): AxiosError =>
  new AxiosError('failed', undefined, undefined, undefined, {
    status: 503,
    headers,
  } as unknown as AxiosResponse);
const asking = (text: string): AxiosError => answeredWith({ 'retry-after': text });

describe('retryAfter', () => {
  test.each<[string, number]>([
    ['10', 10_000],
    ['1.5', 1_500],
    ['0', 0],
    ['-10', 0],
    ['', 0],
    ['a couple of minutes', 0],
    ['Tue, 01 Jan 2030 00:00:07 GMT', 7_000],
    ['Mon, 31 Dec 2029 23:59:00 GMT', 0],
    ['2030-01-01T00:01:00Z', 60_000],
    ['Tue Jan  1 00:00:03 2030 GMT', 3_000],
    ['9999999', 9_999_999_000],
  ])('%p asks for %d ms, as in axios-retry', (text, delay) => {
    expect(retryAfter(asking(text))).toBe(delay);
    expect(original.retryAfter(asking(text))).toBe(delay);
  });

  test('a header in any letter case is read, of a plain object as of AxiosHeaders', () => {
    expect(retryAfter(answeredWith({ 'Retry-After': '2' }))).toBe(2_000);
    expect(retryAfter(answeredWith(new AxiosHeaders({ 'RETRY-AFTER': '2' }) as never))).toBe(2_000);
  });

  test.each<[string, AxiosError | undefined]>([
    ['no error', undefined],
    ['an error without a response', new AxiosError('reset')],
    ['a response without headers', answeredWith(undefined as never)],
  ])('%s asks for nothing', (_, error) => {
    expect(retryAfter(error)).toBe(0);
  });
});

describe('exponentialDelay', () => {
  test.each([1, 2, 5, 10])('doubles with each retry: %d', (count) => {
    expect(exponentialDelay(count)).toBe(original.exponentialDelay(count));
    expect(exponentialDelay(count)).toBeCloseTo(2 ** count * 110);
  });

  test('takes a factor, and adds up to 20 per cent by chance', () => {
    const { random } = Math;
    jest.mocked(random).mockReturnValue(0);
    expect(exponentialDelay(3, undefined, 1_000)).toBe(8_000);
    jest.mocked(random).mockReturnValue(0.999_999);
    expect(exponentialDelay(3, undefined, 1_000)).toBeCloseTo(9_600, 1);
  });

  test('waits for Retry-After when that is longer', () => {
    expect(exponentialDelay(1, asking('10'))).toBe(11_000);
    expect(exponentialDelay(10, asking('10'))).toBeCloseTo(112_640);
    expect(exponentialDelay()).toBe(110);
  });
});

describe('linearDelay', () => {
  test.each([0, 1, 2, 10])('grows by the same step with each retry: %d', (count) => {
    expect(linearDelay()(count, undefined)).toBe(100 * count);
    expect(linearDelay(300)(count, undefined)).toBe(300 * count);
  });

  test('waits for Retry-After when that is longer', () => {
    expect(linearDelay()(3, asking('1'))).toBe(1_000);
    expect(linearDelay(1_000)(3, asking('1'))).toBe(3_000);
  });
});

test('noDelay, which the README of axios-retry names, waits for Retry-After and for nothing else', () => {
  expect(axiosRetry.noDelay(5)).toBe(0);
  expect(axiosRetry.noDelay(5, asking('1'))).toBe(1_000);
});
