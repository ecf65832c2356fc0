import axiosRetry, * as named from '../../../lib/axios-retry.ts';

test('what require() gives is the function, with `default` and every name on it', () => {
  const required = require('../../../lib/axios-retry/commonjs.ts');
  expect(required).toBe(axiosRetry);
  expect(required.default).toBe(axiosRetry);
  expect({ ...required }).toMatchObject({ ...named });
  expect(required.__esModule).toBe(true);
});

test('the names are those of axios-retry, and the statics too', () => {
  const original = require('axios-retry');
  expect(Object.keys(named).sort()).toEqual(Object.keys(original).sort());
  expect(Object.keys(axiosRetry)).toEqual(expect.arrayContaining(Object.keys(original.default)));
  expect(named.namespace).toBe(original.namespace);
});

test('the defaults are those of axios-retry', () => {
  const plain = ({ DEFAULT_OPTIONS }: typeof named) =>
    Object.entries(DEFAULT_OPTIONS).map(([name, value]) => [
      name,
      typeof value === 'function' ? 'function' : value,
    ]);
  expect(plain(named).sort()).toEqual(plain(require('axios-retry')).sort());
  expect(named.DEFAULT_OPTIONS.retryCondition).toBe(named.isNetworkOrIdempotentRequestError);
  expect(named.DEFAULT_OPTIONS.retryDelay(3, new Error('reset') as never)).toBe(0);
});
