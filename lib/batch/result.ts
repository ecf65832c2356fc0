import type { Reason } from '../types.ts';

/** How far a batch has come, in items. */
export interface BatchProgress {
  /** Items that are done with, those included that failed for good. */
  readonly done: number;
  /** How many of these failed for good. */
  readonly failed: number;
  /** Items that failed and wait to be sent again. */
  readonly waiting: number;
  /**
   * All items, equal ones counted once. `undefined` until an iterator has come to its end; of an array, a `Set` or a `Map`
   * it is known from the start.
   */
  readonly total: number | undefined;
}

/** Why an item was rejected. */
export interface BatchRejection {
  /**
   * As in the report of a request. `max-attempts`: it failed in the last round; `cooling-down`: the server asked for pauses
   * of five minutes in all, during which nothing succeeded; `aborted`: the signal, or that of its own request.
   */
  readonly reason: Reason;
  /** How often it was sent; 0 when the batch ended before its turn. */
  readonly attempts: number;
}

/** What came of a batch. Every item is in one of the first two, in the order in which the items were given. */
export interface BatchResult<T, R> {
  /** What `send` answered. */
  readonly fulfilled: Map<T, R>;
  /** The last error, or the reason of the signal. */
  readonly rejected: Map<T, unknown>;
  /** Why, for each item in `rejected`. */
  readonly report: Map<T, BatchRejection>;
}
