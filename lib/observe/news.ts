import type { EventContext } from './entry.ts';

/** Whether an event is worth telling: a request that failed at once for good, as a 404 does, is what a client without retries sees too. */
export const isNews = ({ reason, attemptNumber }: Pick<EventContext, 'reason' | 'attemptNumber'>): boolean =>
  reason !== 'not-retryable' || attemptNumber > 1;
