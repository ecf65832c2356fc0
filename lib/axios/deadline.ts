import {
  type AxiosAdapter,
  AxiosError,
  type AxiosResponse,
  getAdapter,
  type InternalAxiosRequestConfig,
} from 'axios';
import { type CancelSource, link } from '../runtime/interrupt.ts';
import { isStream, releaseBody } from './body.ts';

/** A bound on an attempt: which, how long it was in all, and how many milliseconds of it are left. */
export interface Deadline {
  readonly name: 'attemptTimeout' | 'totalTimeout';
  readonly length: number;
  readonly left: number;
}

type Adapter = InternalAxiosRequestConfig['adapter'];
type Alarm = (ms: number, signal: AbortSignal) => Promise<void>;

/**
 * An adapter that fails with `ETIMEDOUT` when the time is up, whatever the wrapped one does. For the length of the attempt
 * `config.signal` is a signal that aborts with the caller's or with the deadline.
 */
export function withDeadline(adapter: Adapter, nextDeadline: () => Deadline, alarm: Alarm): AxiosAdapter {
  return async (config) => {
    // A config used again must not meet the deadline of this attempt.
    config.adapter = adapter as AxiosAdapter;
    const { name, length, left } = nextDeadline();
    const timeout = new AxiosError(`${name} of ${length} ms exceeded`, AxiosError.ETIMEDOUT, config);
    if (left <= 0) throw timeout;

    const { signal } = config;
    const { controller, release } = link(signal as CancelSource | undefined);
    const settled = new AbortController();
    config.signal = controller.signal;
    let late = false;
    try {
      const attempt = getAdapter(adapter, config)(config);
      attempt.then((response) => late && releaseBody(response)).catch(() => undefined);
      const overdue = alarm(left, settled.signal).then(() => {
        late = true;
        controller.abort(timeout);
        throw timeout;
      });
      overdue.catch(() => undefined);
      const response = await Promise.race([attempt, overdue]);
      if (!linger(response, release)) release();
      return response;
    } catch (error) {
      release();
      throw late ? timeout : error;
    } finally {
      settled.abort();
      if (signal) config.signal = signal;
      else delete config.signal;
    }
  };
}

/** Whether the response is a stream, which the caller's signal must still reach; it is let go when the stream closes. */
function linger({ data }: AxiosResponse, release: () => void): boolean {
  if (!isStream(data)) return false;
  (data as { once?(event: 'close', listener: () => void): void }).once?.('close', release);
  return true;
}
