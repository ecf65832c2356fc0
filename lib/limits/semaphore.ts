import { aPositiveCount } from '../options/common-rules.ts';
import { expected } from '../options/expected.ts';

/** Gives a permit back. Only the first call counts. */
export type Release = () => void;

/** Asks to be told when waiting has lost its point; gives the function that ends the asking. It may tell at once. */
export type Subscribe = (cancel: (reason: unknown) => void) => () => void;

/**
 * A fixed number of permits, handed out first come, first served.
 *
 * @param permits an integer ≥ 1, or `Infinity`
 * @throws TypeError for any other number of permits
 */
export class Semaphore {
  #free: number;
  // Tickets in a map, since a Set or Map read from its front again and again walks over the holes of what was deleted.
  readonly #waiting = new Map<number, () => void>();
  #nextTicket = 0;
  #nextTurn = 0;

  constructor(permits: number) {
    const [rule, accepts] = aPositiveCount;
    if (!accepts(permits, undefined)) throw expected('concurrency limit', rule, permits);
    this.#free = permits;
  }

  /** Whether a permit can be had at once. */
  get hasFree(): boolean {
    return this.#free > 0;
  }

  /** How many wait for a permit. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Resolves to the release of a permit, as soon as there is one. Once resolved the permit is the caller's, whatever is
   * cancelled later, so release it in a `finally`.
   *
   * @param subscribe how to hear of a cancellation while waiting; not called when a permit is free
   * @throws what the cancellation gives as its reason; what `subscribe` throws
   */
  acquire(subscribe?: Subscribe): Promise<Release> {
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve(this.#permit());
    }
    return new Promise((resolve, reject) => this.#wait(resolve, reject, subscribe));
  }

  #wait(resolve: (release: Release) => void, reject: (reason: unknown) => void, subscribe?: Subscribe): void {
    const ticket = this.#nextTicket++;
    let unsubscribe: (() => void) | undefined;
    this.#waiting.set(ticket, () => {
      resolve(this.#permit());
      unsubscribe?.();
    });
    // Does nothing after a hand-over: the permit stays with its holder.
    const leave = (reason: unknown): void => {
      this.#waiting.delete(ticket);
      reject(reason);
      unsubscribe?.();
    };
    try {
      unsubscribe = subscribe?.(leave);
    } catch (error) {
      leave(error);
    }
    // Cancelled before `subscribe` returned.
    if (!this.#waiting.has(ticket)) unsubscribe?.();
  }

  #permit(): Release {
    let held = true;
    return () => {
      if (held) {
        held = false;
        this.#pass();
      }
    };
  }

  #pass(): void {
    while (this.#nextTurn < this.#nextTicket) {
      const enter = this.#waiting.get(this.#nextTurn);
      this.#waiting.delete(this.#nextTurn++);
      if (enter !== undefined) {
        enter();
        return;
      }
    }
    this.#free += 1;
  }
}
