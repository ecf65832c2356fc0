/** How many answers are remembered: enough for a quantile of 0.999. */
const REMEMBERED = 1_000;

/** The latencies of the latest answers. */
export class Latencies {
  /** In the order of the answers, the oldest at `#oldest` once there is no more room. */
  readonly #recent: number[] = [];
  readonly #sorted: number[] = [];
  #oldest = 0;

  get count(): number {
    return this.#recent.length;
  }

  add(ms: number): void {
    if (this.count === REMEMBERED) {
      this.#sorted.splice(this.#placeOf(this.#recent[this.#oldest] as number), 1);
      this.#recent[this.#oldest] = ms;
      this.#oldest = (this.#oldest + 1) % REMEMBERED;
    } else this.#recent.push(ms);
    this.#sorted.splice(this.#placeOf(ms), 0, ms);
  }

  /** A latency that the next answer exceeds with a chance of at most `1 - share`; NaN without any. */
  quantile(share: number): number {
    const rank = Math.min(this.count, Math.ceil(share * (this.count + 1)));
    return this.#sorted[rank - 1] ?? Number.NaN;
  }

  /** Where the first latency stands that is not shorter. */
  #placeOf(ms: number): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle] as number) < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
