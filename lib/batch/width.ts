/** How much each success gives back. */
const REGAINED = 1 / 50;

/**
 * How many items may be in flight at once. It halves each time the server asks for a pause and grows a little with each success,
 * as the congestion window of TCP does. What is in flight when a rate limit strikes is lost on it, so fewer is better.
 */
export class Width {
  #most: number;
  #now: number;
  #cuts = 0;
  #active = 0;

  constructor(most: number) {
    this.#most = this.#now = most;
  }

  /** How often it has been cut. An item keeps the number as of its sending. */
  get cuts(): number {
    return this.#cuts;
  }

  /** How many items are in flight. */
  get active(): number {
    return this.#active;
  }

  /** Whether one more item may be sent. */
  get hasRoom(): boolean {
    return this.#active < Math.max(1, Math.floor(this.#now));
  }

  /** Counts an item in. */
  enter(): void {
    this.#active += 1;
  }

  /** Counts an item out. */
  leave(): void {
    this.#active -= 1;
  }

  /** Widens it a little, for a success. */
  grow(): void {
    this.#now = Math.min(this.#most, this.#now + REGAINED);
  }

  /**
   * Halves it, once for all items that were sent since the last time. The item that met the limit still counts as in flight.
   *
   * @param cutsAtSending what `cuts` was when the item was sent that met the limit
   */
  cut(cutsAtSending: number): void {
    if (cutsAtSending < this.#cuts) return;
    this.#cuts += 1;
    if (this.#most === Infinity) this.#most = this.#now = this.#active;
    this.#now = Math.max(1, this.#now / 2);
  }
}
