import { causesOf } from '../failure/causes.ts';
import type { RetryReport } from '../types.ts';

/** Under which a state answers its report. Not `instanceof`: both builds of the package may meet in one process. */
export const REPORT: unique symbol = Symbol.for('axios-tenacity.report');

/** Under which a state answers whether its request was given up on after a retry. */
export const EXHAUSTED: unique symbol = Symbol.for('axios-tenacity.exhausted');

interface Carrier {
  readonly config?: {
    readonly retryState?: { [REPORT]?(): RetryReport | undefined; [EXHAUSTED]?(): boolean } | null;
  } | null;
}

/** Whether an error is one that a retrying client, of whichever build of the package, gave up on after retrying. */
const isExhausted = ({ config }: Carrier): boolean => config?.retryState?.[EXHAUSTED]?.() === true;

/**
 * What happened to a request: its attempts, the waits between them, and why there was no further one. `undefined` when the
 * value is no error or response of an attached client.
 */
export const retryReport = (errorOrResponse: unknown): RetryReport | undefined =>
  (errorOrResponse as Carrier | null | undefined)?.config?.retryState?.[REPORT]?.();

/**
 * Whether an error, or one of its causes, is one that a retrying client gave up on after retrying. Ask it in any other
 * retry loop around an attached client, so that attempts do not multiply.
 */
export const wasRetried = (error: unknown): boolean =>
  causesOf(error).some((cause) => isExhausted(cause as object));
