import { type Policy, resolvePolicy } from '../core/policy.ts';
import { withCause } from '../failure/causes.ts';
import { type BudgetLike, isRetryBudget, type Reservation } from '../limits/brand.ts';
import type { RetryBudget } from '../limits/budget.ts';
import { expected } from '../options/expected.ts';
import { checkFields, isWithin, type Rule } from '../options/fields.ts';
import { onAbort } from '../runtime/abort.ts';
import { completeClock, systemClock, systemRandom } from '../runtime/clock.ts';
import type { Clock, RetryPredicate, RetryRuntime, WaitStrategy } from '../types.ts';
import { judge } from './verdict.ts';

/** How a batch is sent. */
export interface BatchOptions {
  /**
   * How many items are sent at once: an integer ≥ 1, or `Infinity`.
   *
   * @defaultValue 10
   */
  readonly concurrency?: number | undefined;
  /**
   * How often an item is sent at most, the first time included: an integer ≥ 1.
   *
   * @defaultValue 3
   */
  readonly maxRounds?: number | undefined;
  /**
   * How long to wait between two rounds. It is asked once a round, about the first item that failed; the attempt number is
   * that of the round. For an item whose server asked for a wait (`Retry-After`) that one counts, up to 120 s; a round
   * begins when the longest wait is over.
   *
   * @defaultValue between 0 and 1 s after the first round, 2 s after the second, 4, … up to 60 s
   */
  readonly wait?: WaitStrategy | undefined;
  /**
   * Whether a failed item is sent again, in place of the default rule; `undefined` falls back to it. Answer true only for
   * what may be done twice: the batch cannot know what `send` does. Not asked about a cancelled request, nor about one
   * that an attached client gave up on after retrying it.
   */
  readonly retryIf?: RetryPredicate | undefined;
  /**
   * An allowance of retries: each item that is sent again takes one, in the order of the items, and the first of a round
   * takes the wait that they share. A function is asked for it once.
   */
  readonly budget?: RetryBudget | (() => RetryBudget | undefined) | undefined;
  /** Ends the batch: what is not done by then is rejected with the reason of the signal. Pass it on to what `send` sends. */
  readonly signal?: AbortSignal | undefined;
}

/** What came of a batch. Every item is in one of the two, in the order in which the items were given. */
export interface BatchResult<T, R> {
  /** What `send` answered. */
  readonly fulfilled: Map<T, R>;
  /** The last error, or the reason of the signal. */
  readonly rejected: Map<T, unknown>;
}

const aFunction: Rule = ['a function', (value) => typeof value === 'function'];

const rules: Readonly<Record<keyof BatchOptions, Rule>> = {
  concurrency: [
    'an integer ≥ 1 or Infinity',
    (n) => n === Infinity || (Number.isInteger(n) && isWithin(n, 1, Infinity)),
  ],
  maxRounds: ['an integer ≥ 1', (n) => Number.isInteger(n) && isWithin(n, 1, Infinity)],
  wait: aFunction,
  retryIf: aFunction,
  budget: ['a RetryBudget or a function', (value) => isRetryBudget(value) || typeof value === 'function'],
  signal: ['an AbortSignal', (value) => typeof (value as AbortSignal | null)?.aborted === 'boolean'],
};

/**
 * Sends every item, and those that failed for a passing reason again in further rounds, with backoff in between. Rejects
 * for bad arguments only: one failure never hides the rest. Items that are equal, as in a `Set`, are sent once. By default
 * an item is sent again after a failure that an attached client would retry: a transient one of an axios request that may
 * be repeated. What an attached client gave up on is not sent again, so send with `retry: false` to let the batch own the
 * retries.
 *
 * @param items anything iterable but a string
 * @param send sends one item; what it answers or throws is the item's
 * @param options how it is sent
 * @param runtime where time and chance come from, for tests
 * @throws TypeError for bad arguments
 */
export async function batch<T, R>(
  items: Iterable<T>,
  send: (item: T) => R | PromiseLike<R>,
  options: BatchOptions = {},
  { clock = systemClock, random = systemRandom }: RetryRuntime = {},
): Promise<BatchResult<T, R>> {
  if (typeof items === 'string' || typeof items?.[Symbol.iterator] !== 'function') {
    throw expected('the items of a batch', 'iterable and no string', items);
  }
  if (typeof send !== 'function') throw expected('the second argument of `batch`', 'a function', send);
  checkFields('batch option', rules, options, undefined);
  const run = new Batch(send, options, completeClock(clock), random);
  return run.sendAll([...new Set(items)]);
}

interface Retry {
  readonly error: unknown;
  /** Milliseconds to wait before it, at least. */
  readonly delay: number;
}

class Batch<T, R> {
  private readonly settled = new Map<T, PromiseSettledResult<R>>();
  /** What failed in this round and is sent again in the next. */
  private readonly retries = new Map<T, Retry>();
  /** What was taken from the budget for items that are not sent yet. */
  private readonly reservations = new Map<T, Reservation>();
  private readonly policy: Policy;
  private readonly budget: BudgetLike | undefined;
  private readonly startedAt: number;
  private pausedAt = 0;
  private totalDelay = 0;
  private round = 1;
  private roundWait: number | undefined = undefined;

  constructor(
    private readonly send: (item: T) => R | PromiseLike<R>,
    private readonly options: BatchOptions,
    private readonly clock: Required<Clock>,
    private readonly random: () => number,
  ) {
    const { maxRounds, wait, budget } = options;
    const policy = resolvePolicy(undefined, { maxAttempts: maxRounds, maxElapsedTime: Infinity, wait });
    this.policy = { ...policy, wait: (context) => (this.roundWait ??= policy.wait(context)) };
    this.budget = budgetOf(budget);
    this.startedAt = clock.monotonic();
  }

  async sendAll(items: readonly T[]): Promise<BatchResult<T, R>> {
    const { signal } = this.options;
    let unsubscribe: (() => void) | undefined;
    const aborted = new Promise<void>((resolve) => {
      unsubscribe = signal && onAbort(signal, resolve);
    });
    try {
      let pending = items;
      while (pending.length > 0 && !signal?.aborted) {
        await Promise.race([this.sendRound(pending), aborted]);
        if (!signal?.aborted) pending = await this.pause(pending.filter((item) => this.retries.has(item)));
      }
    } finally {
      unsubscribe?.();
      for (const reservation of this.reservations.values()) reservation.cancel(this.slept());
    }
    return this.resultOf(items);
  }

  private async sendRound(items: readonly T[]): Promise<void> {
    const { concurrency = 10, signal } = this.options;
    const queue = items.values();
    const work = async (): Promise<void> => {
      for (const item of queue) {
        if (signal?.aborted) return;
        await this.sendOne(item);
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, work));
  }

  private async sendOne(item: T): Promise<void> {
    this.reservations.delete(item);
    try {
      const { send } = this;
      this.settled.set(item, { status: 'fulfilled', value: await send(item) });
    } catch (error) {
      if (!this.options.signal?.aborted) await this.fail(item, error);
    }
  }

  private async fail(item: T, error: unknown): Promise<void> {
    try {
      const delay = this.round < this.policy.maxAttempts ? await this.delayAfter(item, error) : undefined;
      if (delay === undefined) this.reject(item, error);
      else this.retries.set(item, { error, delay });
    } catch (thrown) {
      // A function of the user threw. Its error is the item's now; the other items matter more than to end here.
      this.reject(item, withCause(thrown, error));
    }
  }

  private delayAfter(item: T, error: unknown): Promise<number | undefined> {
    const { policy, clock, random, round, totalDelay, options } = this;
    const elapsed = clock.monotonic() - this.startedAt;
    return judge(item, error, options.retryIf, policy, clock.now(), {
      attemptNumber: round,
      elapsed,
      totalDelay,
      random,
    });
  }

  private reject(item: T, reason: unknown): void {
    this.settled.set(item, { status: 'rejected', reason });
  }

  /** Waits before the next round; answers the items that are sent again in it. */
  private async pause(failed: readonly T[]): Promise<readonly T[]> {
    const granted = this.budget ? this.afford(this.budget, failed) : failed;
    const kept = new Set(granted);
    for (const item of failed) if (!kept.has(item)) this.reject(item, this.retries.get(item)?.error);
    const delay = this.longestDelay(granted);
    this.retries.clear();
    if (granted.length === 0) return granted;

    const { clock, options } = this;
    this.pausedAt = clock.monotonic();
    try {
      await clock.sleep(delay, options.signal);
    } catch (error) {
      if (!options.signal?.aborted) throw error;
    }
    this.totalDelay += delay;
    this.round += 1;
    this.roundWait = undefined;
    return granted;
  }

  private longestDelay(items: readonly T[]): number {
    return items.reduce((longest, item) => Math.max(longest, this.retries.get(item)?.delay ?? 0), 0);
  }

  /** The items for which there is a retry left, and the wait for all of them. */
  private afford(budget: BudgetLike, items: readonly T[]): readonly T[] {
    const delay = this.longestDelay(items);
    const granted = items.slice(0, this.reserve(budget, items, delay));
    if (granted.length > 0 || items.length === 0) return granted;
    // It may be only the longest wait that is not left.
    return this.afford(
      budget,
      items.filter((item) => (this.retries.get(item)?.delay ?? 0) < delay),
    );
  }

  /** Takes a retry for each item; answers for how many there was one. They wait together, so the first pays for the wait. */
  private reserve(budget: BudgetLike, items: readonly T[], delay: number): number {
    let granted = 0;
    for (const item of items) {
      const reservation = budget.reserve(granted === 0 ? delay : 0);
      if (!reservation) break;
      this.reservations.set(item, reservation);
      granted += 1;
    }
    return granted;
  }

  private slept(): number {
    return this.clock.monotonic() - this.pausedAt;
  }

  private resultOf(items: readonly T[]): BatchResult<T, R> {
    const fulfilled = new Map<T, R>();
    const rejected = new Map<T, unknown>();
    for (const item of items) {
      const outcome = this.settled.get(item);
      if (outcome?.status === 'fulfilled') fulfilled.set(item, outcome.value);
      else rejected.set(item, outcome ? outcome.reason : this.options.signal?.reason);
    }
    return { fulfilled, rejected };
  }
}

function budgetOf(budget: BatchOptions['budget']): BudgetLike | undefined {
  const answer: unknown = typeof budget === 'function' ? budget() : budget;
  if (answer === undefined || isRetryBudget(answer)) return answer;
  throw expected('the result of batch option `budget`', 'a RetryBudget or undefined', answer);
}
