import { requireDurations } from '../options/expected.ts';
import { checkFields, type Rule } from '../options/fields.ts';
import { onAbort } from '../runtime/abort.ts';
import type { Clock } from '../types.ts';

/** How a virtual clock runs. */
export interface VirtualClockOptions {
  /**
   * The time of day at which it starts, in milliseconds since the epoch. Give `Date.now()` when a server under test
   * sends `Retry-After` as a date without a `Date` header.
   *
   * @defaultValue 0
   */
  readonly now?: number | undefined;
  /**
   * `auto`: sleeps end by themselves, the shortest first, and take no time. `manual`: sleeps end when `advance` passes
   * them.
   *
   * @defaultValue 'auto'
   */
  readonly mode?: 'auto' | 'manual' | undefined;
}

/** A clock for tests: `attachRetry(client, options, { clock: virtualClock() })`. It never sets a timer. */
export interface VirtualClock extends Required<Clock> {
  /** The length of every sleep so far, in milliseconds, in the order in which they began; alarms are not among them. */
  readonly sleeps: readonly number[];
  /** How many sleeps have begun and not ended. */
  readonly pending: number;
  /**
   * Moves time on by `ms` milliseconds and ends, one after the other, the sleeps and alarms it passes, those included that
   * begin on the way. Resolves when all that followed without waiting for the network has happened.
   */
  advance(ms: number): Promise<void>;
  /** Resolves once `count` sleeps, one unless told otherwise, are pending: what to await before `advance` when a real server answers. */
  untilPending(count?: number): Promise<void>;
}

/** A sleep or an alarm that has begun. */
interface Waiter {
  readonly due: number;
  readonly isAlarm: boolean;
  readonly end: () => void;
}

/**
 * How many turns of the microtask queue pass before time moves, so that all requests that are ready to sleep do so first
 * and the shortest sleep ends first. From the end of a sleep to the beginning of the next one a request takes about 20
 * turns, and each asynchronous interceptor or hook adds three or four. Promises alone keep the order the same in every run, in
 * browsers, and under fake timers, which replace `setImmediate`, `nextTick` and `queueMicrotask`.
 */
const TURNS = 100;

/** Beyond this many sleeps there is no end in sight; the microtask queue would starve the timeout of the test runner. */
const MOST_SLEEPS = 100_000;

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await undefined;
}

const rules: Readonly<Record<keyof VirtualClockOptions, Rule>> = {
  now: ['a finite number of milliseconds', Number.isFinite],
  mode: ["'auto' or 'manual'", (mode) => mode === 'auto' || mode === 'manual'],
};

/**
 * A clock whose waits take no time. In the mode `auto` it jumps to the end of each sleep, though never to an alarm
 * (`attemptTimeout`, `totalTimeout`): an alarm goes off when a sleep or `advance` takes time past it.
 *
 * @example
 * const clock = virtualClock();
 * attachRetry(client, { jitter: 'none' }, { clock });
 * await client.get('/users/1');
 * console.log(clock.sleeps); // [ 1000 ]
 */
export function virtualClock(options: VirtualClockOptions = {}): VirtualClock {
  checkFields('virtualClock option', rules, options, undefined);
  const { now = 0, mode = 'auto' } = options;
  return new Timeline(now, mode === 'auto');
}

class Timeline implements VirtualClock {
  readonly sleeps: number[] = [];
  readonly #start: number;
  readonly #isAuto: boolean;
  #elapsed = 0;
  /** By due time; those due at once in the order in which they began. */
  readonly #waiters: Waiter[] = [];
  readonly #watchers = new Set<() => void>();
  /** One move of time after the other. */
  #moves: Promise<void> = Promise.resolve();

  constructor(start: number, isAuto: boolean) {
    this.#start = start;
    this.#isAuto = isAuto;
  }

  get pending(): number {
    return this.#waiters.filter(({ isAlarm }) => !isAlarm).length;
  }

  now(): number {
    return this.#start + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    requireDurations('sleep', ms);
    signal?.throwIfAborted();
    if (this.sleeps.length >= MOST_SLEEPS) {
      throw new Error(
        `The virtual clock has slept ${MOST_SLEEPS} times: the retries under test seem to have no end`,
      );
    }
    this.sleeps.push(ms);
    const ended = this.#wait(ms, false, signal);
    if (this.#isAuto) void this.#move(() => this.#endNextSleep());
    for (const look of this.#watchers) look();
    return ended;
  }

  async alarm(ms: number, signal?: AbortSignal): Promise<void> {
    requireDurations('alarm', ms);
    signal?.throwIfAborted();
    const ended = this.#wait(ms, true, signal);
    // What is due at once goes off without a move of time.
    if (ms === 0) void this.#move(() => this.#moveTo(this.#elapsed));
    return ended;
  }

  async advance(ms: number): Promise<void> {
    requireDurations('advance', ms);
    await this.#move(() => this.#moveTo(this.#elapsed + ms));
  }

  untilPending(count = 1): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.pending < count) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  #wait(ms: number, isAlarm: boolean, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        due: this.#elapsed + ms,
        isAlarm,
        end: () => {
          unsubscribe?.();
          resolve();
        },
      };
      const unsubscribe =
        signal &&
        onAbort(signal, () => {
          this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
          reject(signal.reason);
        });
      const later = this.#waiters.findIndex(({ due }) => due > waiter.due);
      this.#waiters.splice(later < 0 ? this.#waiters.length : later, 0, waiter);
    });
  }

  #move(move: () => Promise<void>): Promise<void> {
    this.#moves = this.#moves.then(move);
    return this.#moves;
  }

  async #endNextSleep(): Promise<void> {
    let isAlarm = true;
    while (isAlarm) {
      await settle();
      if (this.pending === 0) return;
      ({ isAlarm } = this.#endFirst());
    }
  }

  async #moveTo(target: number): Promise<void> {
    await settle();
    while (this.#waiters[0] && this.#waiters[0].due <= target) {
      this.#endFirst();
      await settle();
    }
    this.#elapsed = target;
  }

  #endFirst(): Waiter {
    const first = this.#waiters.shift() as Waiter;
    this.#elapsed = first.due;
    first.end();
    return first;
  }
}
