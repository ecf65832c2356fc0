import { type Channel, channel } from 'node:diagnostics_channel';
import { type EventContext, entryOf, type RetryLogEntry } from './observe/entry.ts';
import { isNews } from './observe/news.ts';
import type { DelaySource, Reason, RetryObserver } from './types.ts';

export type { RetryLogEntry } from './observe/entry.ts';

/** The name of the channel that tells of every scheduled retry. Its messages are {@link RetryMessage}s. */
export const RETRY_CHANNEL = 'axios-tenacity:retry';

/** The name of the channel that tells of every request that is given up. Its messages are {@link GiveUpMessage}s. */
export const GIVE_UP_CHANNEL = 'axios-tenacity:give-up';

/** What `axios-tenacity:retry` carries, before the wait begins. Durations are whole milliseconds. */
export interface RetryMessage extends RetryLogEntry {
  /** Which message it is. */
  readonly event: 'retry';
  /** Milliseconds until the next attempt. */
  readonly delay: number;
  /** Who chose `delay`. */
  readonly delaySource: DelaySource;
}

/** What `axios-tenacity:give-up` carries. Durations are whole milliseconds. */
export interface GiveUpMessage extends RetryLogEntry {
  /** Which message it is. */
  readonly event: 'give-up';
  /** Why there is no further attempt. */
  readonly reason: Reason;
}

/** The message of each channel, by its name. */
export interface RetryChannels {
  /** A retry is scheduled. */
  readonly [RETRY_CHANNEL]: RetryMessage;
  /** A request is given up. */
  readonly [GIVE_UP_CHANNEL]: GiveUpMessage;
}

/**
 * An observer that publishes each scheduled retry and each request that is given up on `node:diagnostics_channel`. While
 * nobody subscribes it does nothing. A request that failed at once for good (`not-retryable`) is not published.
 *
 * A message holds neither headers, query, body nor credentials. It does hold the path.
 *
 * @example
 * ```ts
 * import { subscribe } from 'node:diagnostics_channel';
 * import { publishRetries, RETRY_CHANNEL, type RetryMessage } from 'axios-tenacity/diagnostics';
 *
 * attachRetry(client, { observe: publishRetries() });
 * subscribe(RETRY_CHANNEL, (message) => {
 *   const { method, url, delay } = message as RetryMessage;
 *   console.log(method, url, delay);
 * });
 * ```
 */
export const publishRetries = (): RetryObserver => ({
  onRetry: publishOn(channel(RETRY_CHANNEL), 'retry'),
  onGiveUp: publishOn(channel(GIVE_UP_CHANNEL), 'give-up'),
});

const publishOn =
  (target: Channel, event: RetryLogEntry['event']) =>
  (context: EventContext): void => {
    if (target.hasSubscribers && isNews(context)) target.publish(entryOf(event, context));
  };
