import { getEventListeners } from 'node:events';
import axios, { AxiosHeaders, CanceledError, type InternalAxiosRequestConfig } from 'axios';
import { canceledError, onCanceled, throwIfCanceled } from '../../../lib/axios/cancellation.ts';

const configWith = (sources: Partial<InternalAxiosRequestConfig>): InternalAxiosRequestConfig => ({
  headers: new AxiosHeaders(),
  ...sources,
});

describe('the error of a cancelled request', () => {
  test('by a signal says what axios says, and its cause is the reason', () => {
    const reason = new Error('The user left');
    const { signal } = aborted(reason);
    const config = configWith({ signal });
    const error = canceledError(config, signal) as CanceledError<unknown>;
    expect(error).toBeInstanceOf(CanceledError);
    expect([error.message, error.config, error.cause]).toEqual(['canceled', config, reason]);
  });

  test('by a token has the message of the token', () => {
    const { token, cancel } = axios.CancelToken.source();
    cancel('The user left');
    const error = canceledError(configWith({ cancelToken: token }), token as never) as Error;
    expect([error.message, error.cause]).toEqual(['The user left', token.reason]);
  });

  test('by a token without a reason says what axios says', () => {
    const token = { reason: undefined, subscribe: () => undefined, unsubscribe: () => undefined };
    expect((canceledError(configWith({}), token) as Error).message).toBe('canceled');
  });

  test('has a cause that may be changed and does not show when it is printed', () => {
    const { signal } = aborted('left');
    const descriptor = Object.getOwnPropertyDescriptor(
      canceledError(configWith({ signal }), signal),
      'cause',
    );
    expect(descriptor).toEqual({ value: 'left', writable: true, configurable: true, enumerable: false });
  });
});

describe('asking whether a request is cancelled', () => {
  test('of one that is throws', () => {
    const { signal } = aborted('left');
    expect(() => throwIfCanceled(configWith({ signal }))).toThrow(CanceledError);
  });

  test('of one that has been by the second of its sources throws for that one', () => {
    const { token, cancel } = axios.CancelToken.source();
    cancel('by the token');
    const { signal } = new AbortController();
    expect(() => throwIfCanceled(configWith({ signal, cancelToken: token }))).toThrow('by the token');
  });

  test('of one that is not, or cannot be, does nothing', () => {
    expect(throwIfCanceled(configWith({ signal: new AbortController().signal }))).toBeUndefined();
    expect(throwIfCanceled(configWith({}))).toBeUndefined();
  });
});

describe('listening for the cancellation', () => {
  test('calls back with the error, once, when a source cancels', () => {
    const controller = new AbortController();
    const told: unknown[] = [];
    const config = configWith({ signal: controller.signal });
    onCanceled(config, (error) => void told.push(error));
    expect(told).toEqual([]);
    controller.abort('left');
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ code: 'ERR_CANCELED', cause: 'left', config });
  });

  test('ends on all sources when it is no longer wanted', () => {
    const controller = new AbortController();
    const { token, cancel } = axios.CancelToken.source();
    const told = jest.fn();
    const stop = onCanceled(configWith({ signal: controller.signal, cancelToken: token }), told);
    stop();
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    controller.abort();
    cancel();
    expect(told).not.toHaveBeenCalled();
  });
});

function aborted(reason: unknown): AbortController {
  const controller = new AbortController();
  controller.abort(reason);
  return controller;
}
