import type { CooldownLike, Turn } from '../limits/brand.ts';
import type { Clock } from '../types.ts';

/** The milliseconds of pauses that a batch accepts while nothing succeeds. */
const PATIENCE = 300_000;

/** What the pauses of a batch depend on. */
export interface PauseTerms {
  readonly cooldown: CooldownLike;
  readonly clock: Required<Clock>;
  readonly random: () => number;
}

/** The pauses that servers ask a batch for, and every other wait of the batch. */
export class Pauses {
  readonly #terms: PauseTerms;
  readonly #stop: AbortSignal;
  /** The scopes of the cooldown that this batch has heard of. */
  readonly #scopes = new Set<string>();
  /** When the first pause since the last success began. */
  #stalledAt: number | undefined = undefined;
  #totalDelay = 0;

  /** @param stop ends every wait */
  constructor(terms: PauseTerms, stop: AbortSignal) {
    this.#terms = terms;
    this.#stop = stop;
  }

  /** The milliseconds that the batch has waited so far. */
  get totalDelay(): number {
    return this.#totalDelay;
  }

  /**
   * Notes that a server asked for a pause of `wait` milliseconds.
   *
   * @returns whether the batch still has patience
   */
  hear(scope: string, wait: number): boolean {
    const { cooldown, clock, random } = this.#terms;
    const now = clock.monotonic();
    this.#scopes.add(scope);
    cooldown.hear(scope, wait, now, random);
    this.#stalledAt ??= now;
    return now + wait - this.#stalledAt <= PATIENCE;
  }

  /** Notes that an item succeeded, which restores the patience. */
  succeed(): void {
    this.#stalledAt = undefined;
  }

  /** Waits while a server has paused the batch. */
  async sitOut(): Promise<void> {
    const { cooldown, clock } = this.#terms;
    for (const scope of this.#scopes) {
      const now = clock.monotonic();
      const turn = cooldown.pace(scope, now, now);
      if (turn) await this.#waitFor(turn);
    }
  }

  async #waitFor(turn: Turn): Promise<void> {
    // A further pause moves it back, so ask again each time.
    const left = (): number => (this.#stop.aborted ? 0 : turn.due - this.#terms.clock.monotonic());
    try {
      for (let ms = left(); ms > 0; ms = left()) await this.sleep(ms);
    } finally {
      turn.leave();
    }
  }

  /** Waits so many milliseconds, or until the batch ends. */
  async sleep(ms: number): Promise<void> {
    try {
      await this.#terms.clock.sleep(ms, this.#stop);
    } catch (error) {
      if (!this.#stop.aborted) throw error;
    }
    this.#totalDelay += ms;
  }
}
