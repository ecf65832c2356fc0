import {
  type AxiosAdapter,
  AxiosError,
  type GenericAbortSignal,
  type InternalAxiosRequestConfig,
} from 'axios';
import { type CancelSource, onAbort } from '../runtime/abort.ts';
import { adapterFor } from './adapter.ts';
import { isStream, releaseBody } from './body.ts';

/** A bound on an attempt. */
export interface Deadline {
  /** Milliseconds. */
  readonly left: number;
  /** Which deadline it is, and how long it was in all. */
  readonly name: string;
  /** Told when the time is up. */
  readonly strike: () => void;
}

/** The adapter that a wrapper stood for, put back: a config used again must not meet the wrapper. */
export function restoreAdapter(
  config: InternalAxiosRequestConfig,
  adapter: InternalAxiosRequestConfig['adapter'],
): AxiosAdapter {
  config.adapter = adapter as AxiosAdapter;
  return adapterFor(adapter, config);
}

/**
 * An adapter that fails with `ETIMEDOUT` when the time is up, whatever the wrapped one does. For the length of the attempt
 * `config.signal` aborts with the caller's or with the deadline.
 *
 * @param alarm resolves after so many milliseconds
 * @param next asked when the attempt reaches the adapter
 */
export function withDeadline(
  adapter: InternalAxiosRequestConfig['adapter'],
  alarm: (ms: number, signal: AbortSignal) => Promise<void>,
  next: () => Deadline,
): AxiosAdapter {
  return async (config) => {
    const send = restoreAdapter(config, adapter);
    const { left, name, strike } = next();
    const source = config.signal as CancelSource | undefined;
    const timeout = new AxiosError(`${name} exceeded`, 'ETIMEDOUT', config);
    const controller = new AbortController();
    const settled = new AbortController();
    let isLate = false;
    const fail = (): never => {
      isLate = true;
      strike();
      controller.abort(timeout);
      throw timeout;
    };
    if (left <= 0) fail();

    const unlink = source ? onAbort(source, () => controller.abort(source.reason)) : () => undefined;
    config.signal = controller.signal;
    try {
      const attempt = send(config);
      // Nobody reads what comes too late.
      attempt.then((response) => isLate && releaseBody(response)).catch(() => undefined);
      const response = await Promise.race([attempt, alarm(left, settled.signal).then(fail)]);
      // The caller's signal must reach a stream until it closes. Of a web stream axios knows, and stops listening then.
      if (!isStream(response.data)) unlink();
      else if (response.data.once) response.data.once('close', unlink);
      else Object.assign(controller.signal, { removeEventListener: unlink });
      return response;
    } catch (error) {
      unlink();
      throw isLate ? timeout : error;
    } finally {
      settled.abort();
      if (source) config.signal = source as GenericAbortSignal;
      else delete config.signal;
    }
  };
}
