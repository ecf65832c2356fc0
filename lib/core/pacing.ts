import type { Turn } from '../limits/brand.ts';
import type { Pause } from './decide.ts';
import type { Outcome } from './outcome.ts';
import type { Terms } from './task.ts';

/** Less than this many milliseconds is what sums of fractions lose. */
const GRAIN = 1e-3;

/** How one request keeps the pauses that servers ask of everybody. */
export class Pacing {
  readonly #terms: Terms;
  /** The place of the next retry among those that wait for the end of a pause. */
  #turn: Turn | undefined = undefined;

  constructor(terms: Terms) {
    this.#terms = terms;
  }

  /** Whether the next retry waits for the end of a pause. */
  get isPaced(): boolean {
    return this.#turn !== undefined;
  }

  /** Tells the cooldown what pause the server asked for. Only a hint on a 429 or 503 is meant for everybody. */
  hear({ config, response }: Outcome, now: number): void {
    const { policy, log, world } = this.#terms;
    const { cooldown, retryAfter } = policy;
    const isForAll = response?.status === 429 || response?.status === 503;
    if (!cooldown || !retryAfter || !isForAll || log.hint === undefined) return;
    const { max } = retryAfter;
    // Who waits `max` in place of a longer hint does so from the moment of the answer, which spreads clients already.
    const random = log.hint > max ? () => 0 : world.random;
    cooldown.hear(cooldown.scopeOf(config), Math.min(log.hint, max), now, random);
  }

  /** The pause before a retry; longer where the retry would be sent while its scope cools. */
  pace({ config }: Outcome, pause: Pause, now: number): Pause {
    const { policy, log } = this.#terms;
    const { cooldown } = policy;
    this.#turn = undefined;
    if (!cooldown || cooldown.idle) return pause;
    const { delay, delaySource } = pause;
    const least = delaySource === 'server' ? Math.min(delay, log.hint ?? delay) : delay;
    this.#turn = cooldown.pace(cooldown.scopeOf(config), now + least, now);
    return this.#turn ? { delay: Math.max(least, this.#turn.due - now), delaySource: 'server' } : pause;
  }

  /** Milliseconds by which a pause, heard during the wait, puts off the retry that is due now. */
  putOff({ config }: Outcome, now: number): number {
    const { cooldown } = this.#terms.policy;
    if (this.#isDue(now) && cooldown && !cooldown.idle) {
      const scope = cooldown.scopeOf(config);
      this.#turn = cooldown.left(scope, now) > GRAIN ? cooldown.pace(scope, now, now) : undefined;
    }
    return this.#isDue(now) ? 0 : (this.#turn as Turn).due - now;
  }

  #isDue(now: number): boolean {
    return !this.#turn || this.#turn.due - now <= GRAIN;
  }
}
