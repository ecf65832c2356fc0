import {
  type AxiosAdapter,
  AxiosError,
  type AxiosResponse,
  type GenericAbortSignal,
  type InternalAxiosRequestConfig,
} from 'axios';
import { type CancelSource, onAbort } from '../runtime/abort.ts';
import { onAlarm } from '../runtime/clock.ts';
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

const nothing = (): void => undefined;

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
export const withDeadline =
  (
    adapter: InternalAxiosRequestConfig['adapter'],
    alarm: (ms: number, signal?: AbortSignal) => Promise<void>,
    next: () => Deadline,
  ): AxiosAdapter =>
  (config) =>
    new Promise((resolve, reject) => {
      const send = restoreAdapter(config, adapter);
      const { left, name, strike } = next();
      const source = config.signal as CancelSource | undefined;
      const controller = new AbortController();
      let timeout: AxiosError | undefined;
      let unlink = nothing;
      let stop = nothing;

      const leave = (): void => {
        stop();
        if (source) config.signal = source as GenericAbortSignal;
        else delete config.signal;
      };
      const fail = (): void => {
        timeout = new AxiosError(`${name} exceeded`, 'ETIMEDOUT', config);
        strike();
        leave();
        unlink();
        controller.abort(timeout);
        reject(timeout);
      };
      const fulfilled = (response: AxiosResponse): void => {
        if (timeout) {
          // Nobody reads what comes too late.
          releaseBody(response);
          return;
        }
        leave();
        keepLinked(response.data, controller.signal, unlink);
        resolve(response);
      };
      const rejected = (error: unknown): void => {
        if (timeout) {
          // The request tells whether it was sent; axios rejects with it at once when the signal aborts.
          timeout.request ??= (error as AxiosError | undefined)?.request;
          return;
        }
        leave();
        unlink();
        reject(error);
      };

      if (left <= 0) return fail();
      if (source) unlink = onAbort(source, () => controller.abort(source.reason));
      config.signal = controller.signal;
      stop = onAlarm(alarm, left, fail);
      try {
        send(config).then(fulfilled, rejected);
      } catch (error) {
        rejected(error);
      }
    });

/** The caller's signal must reach a stream until it closes. Of a web stream axios knows, and stops listening then. */
function keepLinked(data: unknown, signal: AbortSignal, unlink: () => void): void {
  if (!isStream(data)) unlink();
  else if (data.once) data.once('close', unlink);
  else Object.assign(signal, { removeEventListener: unlink });
}
