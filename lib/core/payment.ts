import type { InternalAxiosRequestConfig } from 'axios';
import type { Reservation } from '../limits/brand.ts';
import { originOf } from '../limits/origin.ts';
import type { Reason } from '../types.ts';
import type { Outcome } from './outcome.ts';
import type { Terms } from './task.ts';

const nothing = (): void => undefined;

/** What the retries of one request take from the throttle and the budget, and what they give back. */
export class Payment {
  readonly #terms: Terms;
  /** What the latest retry took from the throttle, and whose tokens these were. */
  #cost = 0;
  #origin = '';
  #isLocal = false;
  /** What the budget gave for the retry at hand. */
  #allowance: Reservation | undefined = undefined;
  #giveBack = nothing;

  constructor(terms: Terms) {
    this.#terms = terms;
  }

  /**
   * Takes what a retry costs; answers why there is none, when not enough is left.
   *
   * @param isLocal whether the retry concerns this process alone
   */
  take({ config, response, failure }: Outcome, delay: number, isLocal: boolean): Reason | undefined {
    const { policy, budget, log } = this.#terms;
    // Polling a success costs nothing.
    const throttle = failure === 'none' ? undefined : policy.throttle;
    const origin = throttle ? originOf(config) : '';
    const cost = throttle?.take(origin, response?.status === 429, this.#now, isLocal);
    if (throttle && cost === undefined) return 'throttled';
    const allowance = budget?.reserve(delay);
    const waited = log.totalDelay;
    this.#allowance = allowance;
    this.#giveBack = () => {
      throttle?.give(origin, this.#now, cost, isLocal);
      allowance?.cancel(log.totalDelay - waited);
    };
    if (budget && !allowance) return 'budget-exhausted';
    if (cost !== undefined) {
      this.#cost = cost;
      this.#origin = origin;
      this.#isLocal = isLocal;
    }
    return undefined;
  }

  /** Takes more wait for the retry at hand; answers whether so much was left. */
  extend(wait: number): boolean {
    return this.#allowance?.extend(wait) !== false;
  }

  /** The retry at hand was sent: what it took is spent. */
  spend(): void {
    this.#giveBack = nothing;
  }

  /** The retry at hand is not sent: gives back what it took. */
  refund(): void {
    this.#giveBack();
    this.spend();
  }

  /** The request succeeded: gives back what its last retry took, or what a success at the first try earns. */
  reward(config: InternalAxiosRequestConfig): void {
    const { policy, log } = this.#terms;
    if (this.#cost > 0) policy.throttle?.give(this.#origin, this.#now, this.#cost, this.#isLocal);
    else if (log.attempts === 1) policy.throttle?.give(originOf(config), this.#now);
  }

  get #now(): number {
    return this.#terms.world.clock.monotonic();
  }
}
