import { Latencies } from './latencies.ts';

/** The options of `hedge`, every one given. */
export interface HedgeLimits {
  readonly delay: number;
  readonly ratio: number;
  readonly burst: number;
  readonly warmup: number;
}

/** What is known of one origin: how fast it answers, and how many second copies are left. */
export class Lane {
  readonly latencies = new Latencies();
  readonly #limits: HedgeLimits;
  #tokens: number;

  constructor(limits: HedgeLimits) {
    this.#limits = limits;
    this.#tokens = limits.burst;
  }

  /** Counts a request; answers the milliseconds after which it may be sent a second time. */
  enter(): number {
    const { delay, ratio, burst, warmup } = this.#limits;
    this.#tokens = Math.min(burst, this.#tokens + ratio);
    if (delay >= 1) return delay;
    // Timers and most clocks count whole milliseconds: an answer that takes as long as others is not late.
    return this.latencies.count < warmup ? Infinity : Math.floor(this.latencies.quantile(delay)) + 1;
  }

  /** Takes a second copy, if there is one left. */
  take(): boolean {
    // Sums of fractions such as 0.1 come out a little below a whole number.
    if (this.#tokens < 1 - 1e-9) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Charges a second copy once more, because it did not answer first. */
  payAgain(): void {
    this.#tokens -= 1;
  }
}
