import type { Policy } from '../core/policy.ts';
import { withCause } from '../failure/causes.ts';
import type { BudgetLike } from '../limits/brand.ts';
import type { Reason, RetryPredicate } from '../types.ts';
import type { Ending } from './ending.ts';
import type { Entry, Outcome } from './entry.ts';
import type { Ledger } from './ledger.ts';
import type { Pauses, PauseTerms } from './pauses.ts';
import type { Fate } from './pool.ts';
import { type Judgement, judge } from './verdict.ts';
import type { Width } from './width.ts';

/** What sending an item depends on. */
export interface SendTerms<T, R> extends PauseTerms {
  readonly send: (item: T) => R | PromiseLike<R>;
  readonly policy: Policy;
  readonly retryIf: RetryPredicate | undefined;
  readonly budget: BudgetLike | undefined;
}

/** Sends one item after the other, and says what is to become of each. */
export class Sender<T, R> {
  readonly #terms: SendTerms<T, R>;
  readonly #policy: Policy;
  readonly #ledger: Ledger<T, R>;
  readonly #width: Width;
  readonly #pauses: Pauses;
  readonly #ending: Ending;
  readonly #startedAt: number;
  #round = 1;
  #roundWait: number | undefined = undefined;

  constructor(terms: SendTerms<T, R>, ledger: Ledger<T, R>, width: Width, pauses: Pauses, ending: Ending) {
    this.#terms = terms;
    this.#policy = { ...terms.policy, wait: (context) => (this.#roundWait ??= terms.policy.wait(context)) };
    this.#ledger = ledger;
    this.#width = width;
    this.#pauses = pauses;
    this.#ending = ending;
    this.#startedAt = terms.clock.monotonic();
  }

  beginNextRound(): void {
    this.#round += 1;
    this.#roundWait = undefined;
  }

  async send(entry: Entry<T, R>): Promise<Fate> {
    const { send, clock } = this.#terms;
    const { cuts } = this.#width;
    entry.attempts += 1;
    entry.reservation = undefined;
    this.#ledger.setWaiting(entry, false);
    const sentAt = clock.monotonic();
    try {
      const value = await send(entry.item);
      this.#width.grow();
      this.#pauses.succeed();
      return this.#settle(entry, { ok: true, value });
    } catch (error) {
      entry.error = error;
      entry.duration = clock.monotonic() - sentAt;
      return this.#fail(entry, cuts);
    }
  }

  async #fail(entry: Entry<T, R>, cuts: number): Promise<Fate> {
    if (this.#isDeaf()) return 'settled';
    const { error } = entry;
    try {
      const judgement = await this.#judge(entry);
      const { answer, hint } = judgement;
      entry.mayHaveActed ||= judgement.mayHaveActed;
      if (this.#isDeaf()) return 'settled';
      if (hint !== undefined) return this.#obey(entry, judgement, hint, cuts);
      if (typeof answer === 'string') return this.reject(entry, answer);
      entry.delay = answer.delay;
      return this.#keep(entry, 'next-round');
    } catch (thrown) {
      // A function of the user threw. Its error becomes that of the item, and the other items go on.
      entry.error = withCause(thrown, error);
      return this.reject(entry, 'callback-threw');
    }
  }

  /** Whether what comes of an item no longer counts. */
  #isDeaf(): boolean {
    return this.#ledger.isClosed || this.#ending.end?.kind === 'abort';
  }

  #judge({ item, error, duration, mayHaveActed }: Entry<T, R>): Promise<Judgement> {
    const { clock, random, retryIf } = this.#terms;
    return judge(item, error, retryIf, this.#policy, clock.now(), {
      duration,
      mayHaveActed,
      attemptNumber: this.#round,
      maxAttempts: this.#policy.maxAttempts,
      elapsed: clock.monotonic() - this.#startedAt,
      totalDelay: this.#pauses.totalDelay,
      random,
    });
  }

  /** Pauses the batch for as long as the server asks. The item is sent again in this round, unless it may not be retried. */
  #obey(entry: Entry<T, R>, { answer, config }: Judgement, hint: number, cuts: number): Fate {
    const { cooldown, budget, clock } = this.#terms;
    const scope = cooldown.scopeOf(config);
    const now = clock.monotonic();
    const longer = Math.max(0, hint - cooldown.left(scope, now));
    const reservation = budget?.reserve(longer);
    const isAffordable = !budget || reservation !== undefined;
    if (isAffordable) this.#pause(scope, hint, entry.error, cuts);
    if (typeof answer === 'string') {
      // The wait is paid for; the retry is not needed.
      reservation?.cancel(longer);
      return this.reject(entry, answer);
    }
    if (!isAffordable) return this.reject(entry, 'budget-exhausted');
    entry.reservation = reservation;
    entry.paidAt = now;
    return this.#keep(entry, 'this-round');
  }

  #pause(scope: string, hint: number, error: unknown, cuts: number): void {
    const isPatient = this.#pauses.hear(scope, hint);
    this.#width.cut(cuts);
    if (!isPatient) this.#ending.endFor('patience', error);
  }

  #keep(entry: Entry<T, R>, fate: Fate): Fate {
    this.#ledger.setWaiting(entry, true);
    return fate;
  }

  /** Gives up an item for good. */
  reject(entry: Entry<T, R>, reason: Reason): Fate {
    return this.#settle(entry, { ok: false, error: entry.error, reason });
  }

  #settle(entry: Entry<T, R>, outcome: Outcome<R>): Fate {
    if (!this.#isDeaf()) this.#ledger.settle(entry, outcome);
    return 'settled';
  }
}
