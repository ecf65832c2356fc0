import { onAbort } from '../runtime/abort.ts';
import type { Ending } from './ending.ts';
import { Feed, type Next } from './feed.ts';
import type { Pauses } from './pauses.ts';
import type { Width } from './width.ts';

/** What is to become of an item that was sent: nothing more, or it is sent again, in the next round or still in this one. */
export type Fate = 'settled' | 'next-round' | 'this-round';

/** Sends the items of a round, as many at once as the width allows, and none while a server has paused the batch. */
export class Pool<E> {
  readonly #send: (entry: E) => Promise<Fate>;
  readonly #width: Width;
  readonly #pauses: Pauses;
  readonly #ending: Ending;
  /** What the server put off, to be sent before all else in this round. */
  readonly #putOff: E[] = [];
  /** What is sent again in the next round. */
  #failed = new Set<E>();
  #notify = (): void => undefined;

  constructor(send: (entry: E) => Promise<Fate>, width: Width, pauses: Pauses, ending: Ending) {
    this.#send = send;
    this.#width = width;
    this.#pauses = pauses;
    this.#ending = ending;
    onAbort(ending.signal, () => this.#notify());
  }

  /**
   * Sends what `next` gives, and what the server puts off meanwhile, until all of it has come back or the batch ends early.
   *
   * @returns what is to be sent again in the next round
   */
  async sendRound(next: Next<E>): Promise<ReadonlySet<E>> {
    this.#failed = new Set();
    const feed = new Feed(next);
    while (!this.#isOver()) {
      const entry = this.#putOff[0] ?? feed.head;
      if (this.#ending.end || !this.#width.hasRoom) await this.#change();
      else if (entry) await this.#sendInTurn(entry, feed);
      else if (feed.isDry && this.#width.active === 0) break;
      else {
        void this.#readAhead(feed);
        await this.#change();
      }
    }
    return this.#failed;
  }

  #isOver(): boolean {
    const { end } = this.#ending;
    return end !== undefined && (end.kind === 'abort' || this.#width.active === 0);
  }

  /** Resolves when something has happened that decides what comes next. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#notify = resolve;
    });
  }

  async #readAhead(feed: Feed<E>): Promise<void> {
    try {
      if (await feed.readOne()) this.#notify();
    } catch (error) {
      this.#ending.endFor('fault', error);
    }
  }

  async #sendInTurn(entry: E, feed: Feed<E>): Promise<void> {
    await this.#pauses.sitOut();
    if (this.#ending.end) return;
    if (this.#putOff[0] === entry) this.#putOff.shift();
    else feed.take();
    void this.#sendOne(entry);
  }

  async #sendOne(entry: E): Promise<void> {
    this.#width.enter();
    const fate = await this.#send(entry);
    if (fate === 'next-round') this.#failed.add(entry);
    if (fate === 'this-round') this.#putOff.push(entry);
    this.#width.leave();
    this.#notify();
  }
}
