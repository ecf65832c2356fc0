import type { Turn } from './brand.ts';

/** A pause that ends later than the last one by more than this many milliseconds makes a new wave. */
const NEW_WAVE = 1_000;

/** The most milliseconds by which a wave begins after the end of the pause. */
const MOST_SPREAD = 2_000;

/** The most milliseconds that are added to a pause to spread the clients that heard of it. */
export const spreadOf = (wait: number): number => Math.min(MOST_SPREAD, wait / 2);

/** The least and the most milliseconds from one request of a line to the next. */
const LEAST_GAP = 2;
const MOST_GAP = 10_000;

/**
 * The requests of one scope that wait, as positions in a schedule. The schedule stands still from the moment a pause is heard
 * until the pause is over. So a further pause moves all who wait by the same time: they keep their order and their distance.
 */
export class Line {
  held = 0;
  /** The end of the pause. */
  until = -Infinity;
  readonly #pace: number;
  /** When the schedule goes on, and for how long it has stood still in all. */
  #resumesAt = -Infinity;
  #stoodStill = 0;
  /** The position of the last request, and when that request arrived. */
  #last = -Infinity;
  #arrivedAt: number | undefined;
  /** The end of the pause that began this wave, and by how much later the wave begins. */
  #wave = -Infinity;
  #spread = 0;

  constructor(pace: number) {
    this.#pace = pace;
  }

  isOver(now: number): boolean {
    return now >= Math.max(this.until, this.#resumesAt, this.dueOf(this.#last));
  }

  dueOf(position: number): number {
    return Math.max(this.until, position + this.#stoodStill);
  }

  hear(wait: number, now: number, random: () => number): boolean {
    const until = now + wait;
    if (!(until > this.until && until > now)) return false;
    // Who came since the last pause ended went on at once: the time between two pauses is not to be stretched.
    if (now >= this.until) this.#arrivedAt = undefined;
    this.until = until;
    if (until > this.#wave + NEW_WAVE) {
      this.#wave = until;
      this.#spread = random() * spreadOf(wait);
      this.#arrivedAt = undefined;
    }
    const stopsAt = Math.max(now, this.#resumesAt);
    this.#resumesAt = Math.max(stopsAt, until + this.#spread);
    this.#stoodStill += this.#resumesAt - stopsAt;
    return true;
  }

  enter(now: number, isHeld = false): Turn {
    const gap = (now - (this.#arrivedAt ?? now)) / this.#pace;
    this.#arrivedAt = now;
    this.#last = Math.max(
      this.#resumesAt - this.#stoodStill,
      this.#last + Math.min(MOST_GAP, Math.max(LEAST_GAP, gap)),
    );
    return new Place(this, this.#last, isHeld);
  }
}

class Place implements Turn {
  readonly #line: Line;
  readonly #position: number;
  #isHeld: boolean;

  constructor(line: Line, position: number, isHeld: boolean) {
    this.#line = line;
    this.#position = position;
    this.#isHeld = isHeld;
    if (isHeld) line.held += 1;
  }

  get due(): number {
    return this.#line.dueOf(this.#position);
  }

  leave(): void {
    if (this.#isHeld) this.#line.held -= 1;
    this.#isHeld = false;
  }
}
