import { type AxiosAdapter, AxiosError, getAdapter, type InternalAxiosRequestConfig } from 'axios';
import { type CancelSource, link } from '../runtime/interrupt.ts';
import { isStream, releaseBody } from './body.ts';

/**
 * An adapter that fails with `ETIMEDOUT` when the time is up, whatever the wrapped one does. For the length of the attempt
 * `config.signal` aborts with the caller's or with the deadline.
 *
 * @param alarm resolves after so many milliseconds
 * @param deadline asked when the attempt reaches the adapter: the milliseconds left, and which deadline it is
 */
export function withDeadline(
  adapter: InternalAxiosRequestConfig['adapter'],
  alarm: (ms: number, signal: AbortSignal) => Promise<void>,
  deadline: () => readonly [left: number, name: string],
): AxiosAdapter {
  return async (config) => {
    // A config used again must not meet the deadline of this attempt.
    config.adapter = adapter as AxiosAdapter;
    const [left, name] = deadline();
    const timeout = new AxiosError(`${name} exceeded`, 'ETIMEDOUT', config);
    if (left <= 0) throw timeout;

    const { signal } = config;
    const { controller, release } = link(signal as CancelSource | undefined);
    const settled = new AbortController();
    let isLate = false;
    config.signal = controller.signal;
    try {
      const attempt = getAdapter(adapter, config)(config);
      // Nobody reads what comes too late.
      attempt.then((response) => isLate && releaseBody(response)).catch(() => undefined);
      const overdue = alarm(left, settled.signal).then(() => {
        isLate = !settled.signal.aborted;
        if (isLate) controller.abort(timeout);
        throw timeout;
      });
      const response = await Promise.race([attempt, overdue]);
      // The caller's signal must reach a stream until it closes.
      if (isStream(response.data)) response.data.once?.('close', release);
      else release();
      return response;
    } catch (error) {
      release();
      throw isLate ? timeout : error;
    } finally {
      settled.abort();
      if (signal) config.signal = signal;
      else delete config.signal;
    }
  };
}
