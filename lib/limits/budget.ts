import { aCount, aSpan } from '../options/common-rules.ts';
import { type FilledRules, readFilled } from '../options/filled.ts';
import { BUDGET, type BudgetLike, mark, type Reservation } from './brand.ts';

/** How much a {@link RetryBudget} holds. */
export interface RetryBudgetOptions {
  /**
   * The retries it pays for; an integer ≥ 0, or `Infinity` to count waits only.
   *
   * @defaultValue `10`
   */
  readonly maxRetries?: number | undefined;
  /**
   * The milliseconds of waiting it pays for, all retries together; a number ≥ 0, or `Infinity` to count retries only.
   *
   * @defaultValue `15_000`
   */
  readonly maxWait?: number | undefined;
}

const DEFAULTS = { maxRetries: 10, maxWait: 15_000 };

const RULES: FilledRules<RetryBudgetOptions> = { maxRetries: aCount, maxWait: aSpan };

/**
 * An allowance of retries and of waiting that several requests share: say, all that one incoming request causes. It never
 * fills up again, so do not share one for the life of a client: that is what `RetryThrottle` is for.
 *
 * @throws TypeError for an unknown option or a number out of range
 * @example
 * const budget = new RetryBudget({ maxRetries: 10, maxWait: 15_000 });
 * await Promise.all([1, 2, 3].map((id) => client.get(`/users/${id}`, { retry: { budget } })));
 */
export class RetryBudget implements BudgetLike {
  #retries: number;
  #wait: number;
  readonly #maxWait: number;

  constructor(options: RetryBudgetOptions = {}) {
    mark(this, BUDGET);
    const { maxRetries, maxWait } = readFilled('retry budget', RULES, DEFAULTS, options);
    this.#retries = maxRetries;
    this.#wait = this.#maxWait = maxWait;
  }

  /** The retries that are left. */
  get remainingRetries(): number {
    return this.#retries;
  }

  /** The milliseconds of waiting that are left. */
  get remainingWait(): number {
    return this.#wait;
  }

  /**
   * Takes one retry and its wait; `undefined` when either is not left, and then nothing is taken. An attached client does
   * this by itself; call it only from a retry loop of your own.
   *
   * @param delay milliseconds until that retry; an endless one is never granted
   */
  reserve(delay: number): Reservation | undefined {
    let wait = Math.max(0, delay);
    if (!(this.#retries >= 1 && this.#canWait(wait))) return undefined;
    this.#retries -= 1;
    this.#wait -= wait;
    let kept = true;
    return {
      extend: (more) => {
        if (!this.#canWait(more)) return false;
        this.#wait -= more;
        wait += more;
        return true;
      },
      cancel: (slept) => {
        if (!kept) return;
        kept = false;
        this.#retries += 1;
        const unslept = Math.min(wait, wait - slept);
        // Sums of fractions drift: never above what it held at first.
        if (unslept > 0) this.#wait = Math.min(this.#maxWait, this.#wait + unslept);
      },
    };
  }

  #canWait(wait: number): boolean {
    return wait <= this.#wait && wait < Infinity;
  }

  /** What is left, for logs. */
  toJSON(): { remainingRetries: number; remainingWait: number } {
    return { remainingRetries: this.#retries, remainingWait: this.#wait };
  }
}
