import { type AxiosAdapter, AxiosError, type InternalAxiosRequestConfig } from 'axios';
import { type Adapter, senderOf } from '../axios/adapter.ts';
import { onCanceled, throwIfCanceled } from '../axios/cancellation.ts';
import { markUnsent } from '../axios/unsent.ts';
import { Semaphore } from '../limits/semaphore.ts';
import { aCount } from '../options/common-rules.ts';
import { checkFields, type Rule } from '../options/fields.ts';
import { sourcesOf } from '../runtime/abort.ts';

/** How long the line in front of `limitConcurrency` may be. */
export interface LimitConcurrencyOptions {
  /**
   * How many attempts may wait for their turn: an integer ≥ 0, or `Infinity`. One more is rejected at once, unsent, with an
   * `AxiosError` of code `ERR_QUEUE_FULL`, which an attached client does not retry. `0` lets nobody wait.
   *
   * @defaultValue Infinity
   */
  readonly maxPending?: number | undefined;
}

/** An adapter that sends a fixed number of attempts at once. */
export interface ConcurrencyLimiter extends AxiosAdapter {
  /** Attempts in flight. */
  readonly active: number;
  /** Attempts that wait for their turn. */
  readonly pending: number;
}

const rules: Readonly<Record<keyof LimitConcurrencyOptions, Rule>> = { maxPending: aCount };

/**
 * An adapter that has at most `limit` attempts in flight and sends the others in the order of their arrival. Instances that
 * are given the same one share it.
 *
 * An attempt is in flight until it settles. The wait before a retry does not count, nor does the body of a response with
 * `responseType: 'stream'`, which its caller may never read; the `maxSockets` of an `http.Agent` bounds the sockets of such
 * downloads. Waiting in line ends when the request is cancelled. It counts toward `attemptTimeout` and `totalTimeout`, and
 * not toward axios's own `timeout`. An adapter must not send a request through the limiter that holds it: the request could wait
 * for itself.
 *
 * When a server is too slow for its load, a long line only makes everybody wait: with `maxPending` some fail at once and the
 * others are served.
 *
 * @example
 * ```ts
 * const client = axios.create({ adapter: limitConcurrency(8, undefined, { maxPending: 20 }) });
 * ```
 *
 * @param limit an integer ≥ 1, or `Infinity`
 * @param adapter what sends: a name, a function, or an array of these
 * @defaultValue the adapter of axios's own defaults
 * @param options how long the line may be
 * @throws TypeError for another limit, for what cannot be an adapter, or for bad options
 */
export function limitConcurrency(
  limit: number,
  adapter?: Adapter,
  options: LimitConcurrencyOptions = {},
): ConcurrencyLimiter {
  const semaphore = new Semaphore(limit);
  const send = senderOf(adapter);
  checkFields('concurrency limit option', rules, options, undefined);
  const { maxPending = Infinity } = options;
  const count = { active: 0, pending: 0 };

  const limiter: AxiosAdapter = async (config) => {
    // A deadline around the limiter takes its signal back when it strikes.
    const sources = sourcesOf(config);
    let release = nothing;
    count.pending += 1;
    try {
      throwIfCanceled(config, sources);
      if (!semaphore.hasFree && semaphore.waiting >= maxPending) throw queueFull(config, limit, maxPending);
      release = await semaphore.acquire((cancel) => onCanceled(config, cancel, sources));
      // It may have been cancelled just after its turn came.
      throwIfCanceled(config, sources);
    } catch (error) {
      release();
      throw markUnsent(error);
    } finally {
      count.pending -= 1;
    }
    count.active += 1;
    try {
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

const nothing = (): void => undefined;

const queueFull = (config: InternalAxiosRequestConfig, limit: number, maxPending: number): AxiosError =>
  new AxiosError(
    `Not sent: ${limit} requests are in flight and ${maxPending} wait for their turn`,
    'ERR_QUEUE_FULL',
    config,
  );
