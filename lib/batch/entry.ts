import type { Reservation } from '../limits/brand.ts';
import type { Reason } from '../types.ts';

/** What came of an item. */
export type Outcome<R> =
  | { readonly ok: true; readonly value: R }
  | { readonly ok: false; readonly error: unknown; readonly reason: Reason };

/** An item that was read, and how it has fared so far. */
export class Entry<T, R> {
  attempts = 0;
  outcome: Outcome<R> | undefined = undefined;
  /** The latest failure, and the milliseconds to wait before the next round. */
  error: unknown = undefined;
  delay = 0;
  /** Milliseconds that the latest sending took. */
  duration = 0;
  /** Whether a server may have acted on an earlier sending. */
  mayHaveActed = false;
  /** Whether it failed and will be sent again. */
  isWaiting = false;
  /** What was taken from the budget for the next sending, and when. */
  reservation: Reservation | undefined = undefined;
  paidAt = 0;

  constructor(readonly item: T) {}
}
