import { onAbort } from '../runtime/abort.ts';
import { type End, Ending } from './ending.ts';
import type { Entry } from './entry.ts';
import { Ledger } from './ledger.ts';
import { Pauses } from './pauses.ts';
import { giveBack, longestDelay, pay } from './payment.ts';
import { Pool } from './pool.ts';
import type { BatchProgress, BatchResult } from './result.ts';
import { Sender, type SendTerms } from './send.ts';
import type { Source } from './source.ts';
import { Width } from './width.ts';

/** How a batch is sent, all options resolved. */
export interface BatchTerms<T, R> extends SendTerms<T, R> {
  readonly concurrency: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: BatchProgress) => void) | undefined;
}

/** A batch under way: rounds of sending, until every item is done with or the batch ends early. */
export class BatchRun<T, R> {
  readonly #source: Source<T>;
  readonly #terms: BatchTerms<T, R>;
  readonly #ledger: Ledger<T, R>;
  readonly #ending = new Ending();
  readonly #pauses: Pauses;
  readonly #sender: Sender<T, R>;
  readonly #pool: Pool<Entry<T, R>>;
  /** Whether the source has nothing more to give. */
  #isExhausted = false;

  constructor(source: Source<T>, terms: BatchTerms<T, R>) {
    const width = new Width(terms.concurrency);
    this.#source = source;
    this.#terms = terms;
    this.#ledger = new Ledger(source.total, terms.onProgress);
    this.#pauses = new Pauses(terms, this.#ending.signal);
    this.#sender = new Sender(terms, this.#ledger, width, this.#pauses, this.#ending);
    this.#pool = new Pool((entry) => this.#sender.send(entry), width, this.#pauses, this.#ending);
  }

  async run(): Promise<BatchResult<T, R>> {
    const { signal } = this.#terms;
    const unsubscribe = signal && onAbort(signal, () => this.#ending.endFor('abort', signal.reason));
    try {
      await this.#sendInRounds();
      const { end } = this.#ending;
      if (end?.kind === 'fault') throw end.error;
      if (end) this.#rejectTheRest(end);
      return this.#ledger.result();
    } finally {
      this.#ledger.close();
      unsubscribe?.();
      if (!this.#isExhausted) this.#source.close();
      for (const entry of this.#ledger.entries) giveBack(entry, this.#terms.clock.monotonic());
    }
  }

  async #sendInRounds(): Promise<void> {
    let again = this.#afford(await this.#pool.sendRound(() => this.#readNew()));
    while (again.length > 0) {
      await this.#pauses.sleep(longestDelay(again));
      this.#sender.beginNextRound();
      const line = again.values();
      again = this.#afford(await this.#pool.sendRound(() => line.next().value));
    }
  }

  /** The next item of the source that is not equal to an earlier one. */
  async #readNew(): Promise<Entry<T, R> | undefined> {
    try {
      for (;;) {
        const { done, value } = await this.#source.next();
        if (done) break;
        const entry = this.#ledger.enter(value);
        if (entry) return entry;
      }
    } catch (error) {
      this.#isExhausted = true;
      throw error;
    }
    this.#isExhausted = true;
    this.#ledger.complete();
    return undefined;
  }

  /** The items that are sent again, in order. Those for which the budget has nothing left are rejected. */
  #afford(failed: ReadonlySet<Entry<T, R>>): readonly Entry<T, R>[] {
    if (this.#ending.end) return [];
    const { budget, clock } = this.#terms;
    const inOrder = this.#ledger.entries.filter((entry) => failed.has(entry));
    const granted = new Set(budget ? pay(budget, inOrder, clock.monotonic()) : inOrder);
    for (const entry of inOrder) if (!granted.has(entry)) this.#sender.reject(entry, 'budget-exhausted');
    return [...granted];
  }

  #rejectTheRest({ kind, error }: End): void {
    for (const item of this.#source.rest()) this.#ledger.enter(item);
    const reason = kind === 'abort' ? 'aborted' : 'cooling-down';
    this.#ledger.settleTheRest((entry) => {
      const isOwn = kind === 'patience' && entry.attempts > 0;
      return { ok: false, error: isOwn ? entry.error : error, reason };
    });
  }
}
