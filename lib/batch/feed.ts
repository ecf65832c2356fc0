/** Answers the next item of a round, or that there is none. */
export type Next<E> = () => E | undefined | Promise<E | undefined>;

/** The items of one round, read one ahead of the sending. */
export class Feed<E> {
  readonly #next: Next<E>;
  #head: E | undefined = undefined;
  #isReading = false;
  #isDry = false;

  constructor(next: Next<E>) {
    this.#next = next;
  }

  /** The item that was read and is not taken yet. */
  get head(): E | undefined {
    return this.#head;
  }

  /** Whether every item was read. */
  get isDry(): boolean {
    return this.#isDry;
  }

  /** Takes the head away. */
  take(): void {
    this.#head = undefined;
  }

  /**
   * Reads the next item, unless one is being read or all were read.
   *
   * @returns whether there is anything new to see
   * @throws what the iterator throws
   */
  async readOne(): Promise<boolean> {
    if (this.#isDry || this.#isReading) return false;
    this.#isReading = true;
    try {
      this.#head = await this.#next();
      this.#isDry = this.#head === undefined;
      return true;
    } finally {
      this.#isReading = false;
    }
  }
}
