import { aBoolean } from '../options/common-rules.ts';
import { isWithin, type Rule } from '../options/fields.ts';
import { type Filled, type FilledRules, readFilled } from '../options/filled.ts';
import { mark, THROTTLE, type ThrottleLike } from './brand.ts';

/** How many retries a {@link RetryThrottle} lets through. Numbers are tokens, except `refillTime`. */
export interface RetryThrottleOptions {
  /**
   * The most tokens that an origin can have, and what it starts with; a finite number > 0.
   *
   * @defaultValue `500`
   */
  readonly capacity?: number | undefined;
  /**
   * What a retry costs; from 0 (free) to `capacity`.
   *
   * @defaultValue `14`
   */
  readonly retryCost?: number | undefined;
  /**
   * What a retry after a 429 costs; from 0 (free) to `capacity`.
   *
   * @defaultValue `5`
   */
  readonly throttledRetryCost?: number | undefined;
  /**
   * What a success at the first try earns; from 0 to `capacity`.
   *
   * @defaultValue `1`
   */
  readonly refund?: number | undefined;
  /**
   * The milliseconds in which an empty bucket fills by itself; a finite number > 0.
   *
   * @defaultValue `60_000`
   */
  readonly refillTime?: number | undefined;
  /**
   * Whether a failure that the throttle refuses to retry reaches the caller only after the wait that its retry would have had.
   * The throttle takes away the retry, not the wait: a caller that loops does not speed up when the server is down. `false`
   * hands it out at once.
   *
   * @defaultValue `true`
   */
  readonly hold?: boolean | undefined;
}

const DEFAULTS = {
  capacity: 500,
  retryCost: 14,
  throttledRetryCost: 5,
  refund: 1,
  refillTime: 60_000,
  hold: true,
};

const AMOUNT: Rule = ['a finite number > 0', (value) => isWithin(value, Number.MIN_VALUE, Number.MAX_VALUE)];

const COST: Rule<Filled<RetryThrottleOptions>> = [
  'a number from 0 to `capacity`',
  (value, { capacity }) => isWithin(value, 0, capacity),
];

const RULES: FilledRules<RetryThrottleOptions> = {
  capacity: AMOUNT,
  // A cost above the capacity would never let a retry through, be it given or the default.
  retryCost: COST,
  throttledRetryCost: COST,
  refund: COST,
  refillTime: AMOUNT,
  hold: aBoolean,
};

/**
 * The options of a throttle with the defaults filled in.
 *
 * @throws TypeError for an unknown option or a number out of range
 */
export const readThrottle = (options: RetryThrottleOptions): Filled<RetryThrottleOptions> =>
  readFilled('retry throttle', RULES, DEFAULTS, options);

const MOST_ORIGINS = 1_000;

/**
 * Keeps retries from flooding a server that is down: a token bucket per origin, which failures drain and successes and time
 * fill. Every attached client has one of its own; make one to share it between clients or to choose its numbers. It is no
 * rate limit: first attempts are never held back. It remembers the 1,000 origins used last; any other has a full bucket.
 *
 * @throws TypeError for an unknown option or a number out of range
 * @example
 * const throttle = new RetryThrottle({ capacity: 100 });
 * attachRetry(client, { throttle });
 */
export class RetryThrottle implements ThrottleLike {
  readonly #options: Filled<RetryThrottleOptions>;
  /** Of the origins whose bucket is not full, the one used last at the end. */
  readonly #buckets = new Map<string, readonly [tokens: number, at: number]>();
  #now = -Infinity;

  constructor(options: RetryThrottleOptions = {}) {
    mark(this, THROTTLE);
    this.#options = readThrottle(options);
  }

  /** Whether every bucket is full, as far as is known. While it is, a success need not be told. */
  get idle(): boolean {
    return this.#buckets.size === 0;
  }

  /** Whether a failure that may not be retried is handed out only after the wait that its retry would have had. */
  get hold(): boolean {
    return this.#options.hold;
  }

  /**
   * The tokens of an origin, from 0 to `capacity`. Reading changes nothing.
   *
   * @param origin such as `https://api.example.com`
   * @param now milliseconds on the clock of the client, `performance.now()` unless it was given another; without it, the
   * tokens as of the last time that any client used this throttle
   */
  tokens(origin: string, now: number = this.#now): number {
    const { capacity, refillTime } = this.#options;
    const [left, at] = this.#buckets.get(origin) ?? [capacity, now];
    return now > at ? Math.min(capacity, left + ((now - at) * capacity) / refillTime) : left;
  }

  /** @internal */
  isLow(origin: string, now: number): boolean {
    return this.tokens(origin, now) < this.#options.capacity / 2;
  }

  /**
   * The tokens of every origin that has spent some, the one used last at the end; an origin that is missing has all.
   *
   * @param now as for `tokens`
   */
  state(now?: number): Map<string, number> {
    return new Map([...this.#buckets.keys()].map((origin) => [origin, this.tokens(origin, now)]));
  }

  /**
   * Takes what a retry costs and gives the number of tokens taken; `undefined` when there are not enough, and then nothing is
   * taken. An attached client does this by itself; call it only from a retry loop of your own.
   *
   * @param throttled whether the retry follows a 429
   * @param now milliseconds on a clock that never jumps; a time before the latest one seen counts as that one
   */
  take(origin: string, throttled: boolean, now: number): number | undefined {
    const cost = throttled ? this.#options.throttledRetryCost : this.#options.retryCost;
    return this.#add(origin, -cost, now) ? cost : undefined;
  }

  /**
   * Puts tokens back: what the last retry of a request took, when the request succeeded or the retry was not sent.
   *
   * @param now as for `take`
   * @param tokens when left out, what a success at the first try earns
   */
  give(origin: string, now: number, tokens: number = this.#options.refund): void {
    this.#add(origin, tokens, now);
  }

  #add(origin: string, tokens: number, now: number): boolean {
    if (now > this.#now) this.#now = now;
    const { capacity } = this.#options;
    const before = this.tokens(origin);
    const after = before + tokens;
    // Also when refused: an origin in trouble must not age out, for then its bucket would be full again.
    this.#buckets.delete(origin);
    if (after < capacity) this.#buckets.set(origin, [after < 0 ? before : after, this.#now]);
    const [oldest = ''] = this.#buckets.keys();
    if (this.#buckets.size > MOST_ORIGINS || this.tokens(oldest) >= capacity) this.#buckets.delete(oldest);
    return after >= 0;
  }
}
