import { AxiosError, CanceledError } from 'axios';
import { wrapped } from '../../../lib/axios/adapter.ts';
import { carriersOf, readOutcome, type Sending } from '../../../lib/axios/outcome.ts';
import type { Config } from '../../../lib/axios/snapshot.ts';
import { markUnsent } from '../../../lib/axios/unsent.ts';

const EXHAUSTED = Symbol.for('axios-tenacity.exhausted');

const state = { name: 'the state of this request' };
const config = { url: '/users', method: 'get', retryState: state } as unknown as Config;
const sent = { url: '/sent' } as Config;

const read = (ok: boolean, value: unknown, known: Partial<Sending> = {}) =>
  readOutcome(ok, value, {
    state,
    config: sent,
    isSent: true,
    isOverdue: false,
    isEnded: false,
    ...known,
  });

const responseOf = (status: number) => ({ status, config, headers: {}, data: '' }) as never;

/** An error of axios for this request. */
const failureWith = (code?: string, status?: number): AxiosError =>
  new AxiosError('failed', code, config, {}, status === undefined ? undefined : responseOf(status));

describe('what carries a request', () => {
  test.each([
    ['a response', true, { config }, [{ config }]],
    ['a success that is no object', true, 'text', []],
    ['an error and its causes', false, { cause: { config } }, [{ cause: { config } }, { config }]],
  ])('%s', (_, ok, value, expected) => {
    expect(carriersOf(ok, value)).toEqual(expected);
  });
});

describe('a response', () => {
  test.each([
    [200, 'none'],
    [404, 'permanent'],
    [429, 'refused'],
    [503, 'ambiguous'],
  ])('with the status %d tells: %s', (status, failure) => {
    const response = responseOf(status);
    expect(read(true, response)).toStrictEqual({
      ok: true,
      value: response,
      isSent: true,
      config,
      response,
      result: status,
      failure,
    });
  });
});

describe('an error', () => {
  test('with a whole response has its status, whatever its code', () => {
    const error = failureWith('ERR_BAD_RESPONSE', 503);
    const { response } = error;
    const expected = { ok: false, value: error, isSent: true, config, response, result: 503 };
    expect(read(false, error)).toStrictEqual({ ...expected, failure: 'ambiguous', final: undefined });
    expect(read(false, failureWith('ERR_BAD_REQUEST', 400))).toMatchObject({ result: 400 });
  });

  test('of a body that was cut off has its code, for its status tells nothing', () => {
    expect(read(false, failureWith('ECONNRESET', 200))).toMatchObject({
      result: 'ECONNRESET',
      response: { status: 200 },
      failure: 'ambiguous',
    });
  });

  test('without a response has its code', () => {
    expect(read(false, failureWith('ECONNRESET'))).toMatchObject({
      result: 'ECONNRESET',
      response: undefined,
      failure: 'ambiguous',
    });
  });

  test('that was mapped is read by the cause that carries the request', () => {
    const cause = failureWith('ECONNRESET');
    const error = new Error('mapped', { cause });
    expect(read(false, error)).toMatchObject({ value: error, config, result: 'ECONNRESET' });
  });

  test('of an attempt that did not come to the adapter was not sent', () => {
    expect(read(false, failureWith('ECONNRESET'), { isSent: false }).isSent).toBe(false);
    expect(read(false, markUnsent(failureWith('ERR_QUEUE_FULL'))).isSent).toBe(false);
  });
});

describe('nobody is asked about', () => {
  const retried = Object.assign(failureWith('ECONNRESET'), {
    cause: { config: { retryState: { [EXHAUSTED]: () => true } } },
  });
  const cancelled = new CanceledError(undefined, config);

  test.each<[string, unknown, Partial<Sending>, string | undefined]>([
    ['an error as any other: but for nothing', failureWith('ECONNRESET'), {}, undefined],
    ['what came too late', failureWith('ETIMEDOUT'), { isOverdue: true }, 'total-timeout'],
    ['what was cancelled', cancelled, {}, 'aborted'],
    ['what was cancelled when the time was up', cancelled, { isOverdue: true }, 'total-timeout'],
    ['what another client has retried', retried, {}, 'already-retried'],
  ])('%s', (_, error, known, final) => {
    expect(read(false, error, known).final).toBe(final);
  });
});

describe('what does not carry its request is final', () => {
  const foreign = { config: { retryState: { [EXHAUSTED]: () => true } } };

  test.each<[string, boolean, unknown, string]>([
    ['an error', false, new Error('mapped'), 'not-retryable'],
    ['a cancellation', false, new CanceledError(), 'aborted'],
    ['what another client has retried', false, foreign, 'already-retried'],
    ['nothing at all', false, undefined, 'not-retryable'],
    ['a success', true, { data: 1 }, 'not-retryable'],
    ['a success without a config', true, { config: null }, 'not-retryable'],
  ])('%s', (_, ok, value, final) => {
    expect(read(ok, value)).toStrictEqual({ ok, value, isSent: true, config: sent, failure: 'none', final });
  });

  test('and was sent where nothing says otherwise', () => {
    expect(read(false, new Error('mapped'), { isSent: false }).isSent).toBe(false);
    expect(read(false, markUnsent(new Error('mapped'))).isSent).toBe(false);
  });
});

describe('a request that may not wait for the end of a pause', () => {
  test.each([
    [false, 'cooling-down'],
    [true, 'detached'],
  ])('was not sent, and that is final (client ended: %p)', (isEnded, final) => {
    const error = Object.assign(failureWith('ERR_COOLING_DOWN'), { hint: 500 });
    expect(read(false, error, { isEnded })).toStrictEqual({
      ok: false,
      value: error,
      isSent: false,
      config,
      result: 'ERR_COOLING_DOWN',
      failure: 'unsent',
      final,
      hint: 500,
    });
  });
});

test('the adapter of the config is put back in the place of our wrappers', () => {
  const adapter = () => Promise.reject();
  const used = { ...config, adapter: wrapped(adapter, () => Promise.reject()) } as Config;
  read(false, new AxiosError('failed', 'ECONNRESET', used));
  expect(used.adapter).toBe(adapter);
});
