import { Entry, type Outcome } from './entry.ts';
import type { BatchProgress, BatchRejection, BatchResult } from './result.ts';

const nothing = (): void => undefined;

/** Every item that was read, in order, and what came of it. Tells `onProgress` of each change. */
export class Ledger<T, R> {
  readonly #entries = new Map<T, Entry<T, R>>();
  readonly #onProgress: ((progress: BatchProgress) => void) | undefined;
  #total: number | undefined;
  #count = { done: 0, failed: 0, waiting: 0 };
  #isClosed = false;

  /** @param total how many items there are, where that is known from the start */
  constructor(total: number | undefined, onProgress: ((progress: BatchProgress) => void) | undefined) {
    this.#total = total;
    this.#onProgress = onProgress;
  }

  /** Whether the result is made, so that nothing that comes later counts. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  get entries(): readonly Entry<T, R>[] {
    return [...this.#entries.values()];
  }

  /** Enters an item; answers nothing when an equal one is there. */
  enter(item: T): Entry<T, R> | undefined {
    if (this.#entries.has(item)) return undefined;
    const entry = new Entry<T, R>(item);
    this.#entries.set(item, entry);
    return entry;
  }

  /** Notes that no item will be entered any more. */
  complete(): void {
    if (this.#total !== undefined) return;
    this.#total = this.#entries.size;
    this.#tell();
  }

  /** Notes that an item failed and will be sent again, or that it is being sent. */
  setWaiting(entry: Entry<T, R>, isWaiting: boolean): void {
    if (entry.isWaiting === isWaiting) return;
    entry.isWaiting = isWaiting;
    this.#count.waiting += isWaiting ? 1 : -1;
    if (isWaiting) this.#tell();
  }

  /** Notes what came of an item. */
  settle(entry: Entry<T, R>, outcome: Outcome<R>): void {
    this.#record(entry, outcome);
    this.#tell();
  }

  /** Settles every item that has no outcome yet. */
  settleTheRest(outcomeOf: (entry: Entry<T, R>) => Outcome<R>): void {
    const open = this.entries.filter(({ outcome }) => !outcome);
    for (const entry of open) this.#record(entry, outcomeOf(entry));
    if (open.length > 0) this.#tell();
  }

  close(): void {
    this.#isClosed = true;
  }

  result(): BatchResult<T, R> {
    const fulfilled = new Map<T, R>();
    const rejected = new Map<T, unknown>();
    const report = new Map<T, BatchRejection>();
    for (const { item, attempts, outcome } of this.#entries.values()) {
      if (outcome?.ok) fulfilled.set(item, outcome.value);
      else if (outcome) {
        rejected.set(item, outcome.error);
        report.set(item, { reason: outcome.reason, attempts });
      }
    }
    return { fulfilled, rejected, report };
  }

  #record(entry: Entry<T, R>, outcome: Outcome<R>): void {
    entry.outcome = outcome;
    this.#count.done += 1;
    if (!outcome.ok) this.#count.failed += 1;
    this.setWaiting(entry, false);
  }

  #tell(): void {
    if (!this.#onProgress || this.#isClosed) return;
    const onProgress = this.#onProgress;
    try {
      const answer: unknown = onProgress(Object.freeze({ ...this.#count, total: this.#total }));
      (answer as Promise<unknown> | undefined)?.then?.(nothing, nothing);
    } catch {
      // What an observer throws changes nothing.
    }
  }
}
