import type { AxiosAdapter } from 'axios';
import { type Adapter, senderOf } from '../axios/adapter.ts';
import { onCanceled, throwIfCanceled } from '../axios/cancellation.ts';
import { Semaphore } from '../limits/semaphore.ts';
import { sourcesOf } from '../runtime/abort.ts';

/** An adapter that sends a fixed number of attempts at once. */
export interface ConcurrencyLimiter extends AxiosAdapter {
  /** Attempts in flight. */
  readonly active: number;
  /** Attempts that wait for their turn. */
  readonly pending: number;
}

/**
 * An adapter that has at most `limit` attempts in flight and sends the others in the order of their arrival. Instances that
 * are given the same one share it. An attempt in flight is one that has not settled: the wait before a retry does not
 * count, nor does the body of a response with `responseType: 'stream'`, which its caller may never read; the sockets of such
 * downloads are what `maxSockets` of an `http.Agent` bounds. Waiting in line ends when the request is cancelled, and counts
 * toward `attemptTimeout` and `totalTimeout`, though not toward axios's own `timeout`. An adapter must not send a request
 * through the limiter that holds it: it could wait for itself.
 *
 * @param limit an integer ≥ 1, or `Infinity`
 * @param adapter what sends: a name, a function, or an array of these
 * @defaultValue the adapter of axios's own defaults
 * @throws TypeError for another limit, or for what cannot be an adapter
 */
export function limitConcurrency(limit: number, adapter?: Adapter): ConcurrencyLimiter {
  const semaphore = new Semaphore(limit);
  const send = senderOf(adapter);
  const count = { active: 0, pending: 0 };

  const limiter: AxiosAdapter = async (config) => {
    // A deadline around the limiter takes its signal back when it strikes.
    const sources = sourcesOf(config);
    count.pending += 1;
    const release = await semaphore
      .acquire((cancel) => onCanceled(config, cancel, sources))
      .finally(() => {
        count.pending -= 1;
      });
    count.active += 1;
    try {
      // It may have been cancelled just after its turn came.
      throwIfCanceled(config, sources);
      return await send(config);
    } finally {
      count.active -= 1;
      release();
    }
  };
  return Object.defineProperties(limiter as AxiosAdapter & typeof count, {
    active: { get: () => count.active },
    pending: { get: () => count.pending },
  });
}
