import { resolvePolicy } from '../core/policy.ts';
import { askBudget } from '../limits/ask-budget.ts';
import { isCooldown } from '../limits/brand.ts';
import type { RetryBudget } from '../limits/budget.ts';
import { Cooldown } from '../limits/cooldown.ts';
import { aBudget, aFunction, aPositiveCount, aPositiveInteger } from '../options/common-rules.ts';
import { expected } from '../options/expected.ts';
import { checkFields, given, type Rule } from '../options/fields.ts';
import { completeClock, systemClock, systemRandom } from '../runtime/clock.ts';
import type { RetryPredicate, RetryRuntime, WaitStrategy } from '../types.ts';
import type { BatchProgress, BatchResult } from './result.ts';
import { BatchRun } from './run.ts';
import { type Items, isIterable, sourceOf } from './source.ts';

/** How a batch is sent. */
export interface BatchOptions {
  /**
   * How many items are sent at once at most: an integer ≥ 1, or `Infinity`. After a server has asked for a pause the batch
   * goes on with half as many, and with one more for every 50 items that succeed.
   *
   * @defaultValue 10
   */
  readonly concurrency?: number | undefined;
  /**
   * How many rounds there are at most: an integer ≥ 1. The first round sends every item, each further round sends again what
   * failed for a passing reason. An item that has to wait because the server said so (`Retry-After`) is sent again in the
   * same round.
   *
   * @defaultValue 3
   */
  readonly maxRounds?: number | undefined;
  /**
   * How long to wait between two rounds, in milliseconds. It is asked once a round, about the first item that failed without
   * a word of the server; the attempt number is that of the round.
   *
   * @defaultValue between 0 and 1 s after the first round, 2 s after the second, 4, … up to 60 s
   */
  readonly wait?: WaitStrategy | undefined;
  /**
   * Whether a failed item is sent again, in place of the default rule; `undefined` falls back to it. Answer true only for
   * what may be done twice: the batch cannot know what `send` does. Not asked about a cancelled request, nor about one
   * that an attached client gave up on after retrying it.
   *
   * @defaultValue none
   */
  readonly retryIf?: RetryPredicate | undefined;
  /**
   * An allowance of retries: each item that is sent again takes one. Of the items that wait together the first takes the
   * wait. The batch asks a function for it once.
   *
   * @defaultValue none
   */
  readonly budget?: RetryBudget | (() => RetryBudget | undefined) | undefined;
  /**
   * Keeps the pauses that servers ask for. Give the one of an attached client, or of another batch, and each hears what the
   * other is told.
   *
   * @defaultValue a `Cooldown` of its own
   */
  readonly cooldown?: Cooldown | undefined;
  /**
   * Ends the batch: what is not done by then is rejected with the reason of the signal. Pass it on to what `send` sends.
   *
   * @defaultValue none
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Is told how far the batch has come, each time that an item is done with or begins to wait for another sending. What it
   * throws, or rejects with, changes nothing.
   *
   * @example
   * ```ts
   * await batch([1, 2, 3], send, {
   *   onProgress: ({ done, failed, total }) => console.log(`${done} of ${total ?? '?'}, ${failed} failed`),
   * });
   * ```
   *
   * @defaultValue none
   */
  readonly onProgress?: ((progress: BatchProgress) => void) | undefined;
}

const rules: Readonly<Record<keyof BatchOptions, Rule>> = {
  concurrency: aPositiveCount,
  maxRounds: aPositiveInteger,
  wait: aFunction,
  retryIf: aFunction,
  budget: aBudget,
  cooldown: ['a Cooldown', isCooldown],
  signal: ['an AbortSignal', (value) => typeof (value as AbortSignal | null)?.aborted === 'boolean'],
  onProgress: aFunction,
};

/**
 * Sends every item, and those that failed for a passing reason again in further rounds, with backoff in between. Rejects
 * for bad arguments, or when reading the items fails, and never because of an item: one failure does not hide the rest. Items
 * that are equal, as in a `Set`, are sent once.
 *
 * By default an item is sent again after a failure that an attached client would retry: a transient one of an axios request
 * that may be repeated. What an attached client gave up on is not sent again, so send with `retry: false` to let the batch own
 * the retries. A `Retry-After` of up to two minutes, or a hint of another kind, pauses the whole batch.
 *
 * An iterator is read one item at a time, when there is room to send it. When the batch ends early it is closed (`return`);
 * what was not read is in no map.
 *
 * @example
 * ```ts
 * const send = (id: number) => client.get(`/users/${id}`, { retry: false });
 * const { fulfilled, rejected, report } = await batch([1, 2, 3], send, { concurrency: 2 });
 * for (const [id, { reason, attempts }] of report) console.log(id, reason, attempts, rejected.get(id));
 * ```
 *
 * @param items anything to iterate, with `for…of` or `for await…of`, but a string
 * @param send sends one item; what it answers or throws is the item's
 * @param options how it is sent
 * @param runtime where time and chance come from, for tests
 * @throws TypeError for bad arguments; what the iterator throws
 */
export async function batch<T, R>(
  items: Items<T>,
  send: (item: T) => R | PromiseLike<R>,
  options: BatchOptions = {},
  runtime: RetryRuntime = {},
): Promise<BatchResult<T, R>> {
  if (!isIterable(items)) throw expected('the items of a batch', 'iterable and no string', items);
  if (typeof send !== 'function') throw expected('the second argument of `batch`', 'a function', send);
  checkFields('batch option', rules, options, undefined);
  const own = given(options);
  const { concurrency = 10, maxRounds, wait, budget, cooldown = new Cooldown({ hold: true }) } = own;
  const { clock = systemClock, random = systemRandom } = given(runtime);
  const terms = {
    send,
    concurrency,
    policy: resolvePolicy(undefined, { maxAttempts: maxRounds, maxElapsedTime: Infinity, wait }),
    retryIf: own.retryIf,
    budget: askBudget(budget, 'batch option'),
    cooldown,
    signal: own.signal,
    onProgress: own.onProgress,
    clock: completeClock(clock),
    random,
  };
  return new BatchRun(sourceOf(items), terms).run();
}
