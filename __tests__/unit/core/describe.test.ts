import type { InternalAxiosRequestConfig } from 'axios';
import {
  describe as describeOutcome,
  methodOf,
  type Progress,
  type Result,
} from '../../../lib/core/describe.ts';

const progress: Progress = {
  attemptNumber: 2,
  maxAttempts: 3,
  elapsed: 40,
  totalDelay: 30,
  duration: 10,
  mayHaveActed: true,
  random: () => 0.5,
};
const config = { method: 'post', url: '/x' } as InternalAxiosRequestConfig;
const error = new Error('down');
const response = { status: 503 } as never;

const contextOf = (result: Partial<Result>, more: object = {}) =>
  describeOutcome(
    progress,
    { ok: false, value: error, config, failure: 'ambiguous', ...result },
    ({ ...copy }) => copy,
    more,
  );

/** A context with its getter read. */
const seen = (result: Partial<Result>, more?: object) => ({ ...contextOf(result, more) });

const common = { ...progress, config, method: 'POST', url: '/x', failure: 'ambiguous' };

test('a failure with a whole response has an error, a response and a status', () => {
  expect(seen({ response, result: 503 })).toStrictEqual({ ...common, error, response, status: 503 });
});

test('a failure without a response has an error and its code, if any', () => {
  expect(seen({ result: 'ECONNRESET' })).toStrictEqual({ ...common, error, code: 'ECONNRESET' });
  expect(seen({})).toStrictEqual({ ...common, error });
});

test('a success has no error', () => {
  const success = { ok: true, value: response, response, result: 200, failure: 'none' } as const;
  expect(seen(success)).toStrictEqual({ ...common, response, status: 200, failure: 'none' });
});

test('what is known at this moment only is added', () => {
  expect(seen({}, { delay: 5 })).toStrictEqual({ ...common, error, delay: 5 });
});

test('a request without a method is a GET, and one without a URL has an empty one', () => {
  expect(seen({ config: {} as never })).toMatchObject({ method: 'GET', url: '' });
  expect(methodOf({ method: 'pUt' })).toBe('PUT');
});

test('the config is a copy, made once and only when somebody looks', () => {
  const copyOf = jest.fn(({ ...copy }: InternalAxiosRequestConfig) => copy);
  const result: Result = { ok: false, value: error, config, failure: 'ambiguous' };
  const context = describeOutcome(progress, result, copyOf, {});
  expect(copyOf).not.toHaveBeenCalled();
  expect(context.config).toEqual(config);
  expect(context.config).not.toBe(config);
  expect(context.config).toBe(context.config);
  expect(copyOf.mock.calls).toEqual([[config]]);
});

test('a context cannot be edited', () => {
  expect(Object.isFrozen(contextOf({}))).toBe(true);
});
