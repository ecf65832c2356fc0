import type { Clock } from '../../lib/index.ts';
import { onAbort } from '../../lib/runtime/abort.ts';

/**
 * Virtual time for simulations: it goes from event to event as fast as the machine can. All else takes the `virtualClock` that
 * the package exports; there is no third.
 */
export interface EventClock extends Required<Clock> {
  /** Goes on to `until`, or to the end of all waits when it is left out. */
  run(until?: number): Promise<void>;
}

interface Event {
  readonly due: number;
  readonly order: number;
  readonly occur: () => void;
}

/** Waits until all that takes no time has happened: Node runs every microtask, however long the chain, before the next immediate. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A clock that starts at 0 and moves only in `run`. Sleeps and alarms of no length end at the same moment, but not before `run`. */
export function createEventClock(): EventClock {
  /** The earliest event stands last. */
  const events: Event[] = [];
  let time = 0;
  let order = 0;

  const isBefore = (a: Event, b: Event): boolean => a.due < b.due || (a.due === b.due && a.order < b.order);
  const insert = (event: Event): void => {
    let low = 0;
    let high = events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(event, events[middle] as Event)) low = middle + 1;
      else high = middle;
    }
    events.splice(low, 0, event);
  };

  const wait = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const cancel = (): void => {
        events.splice(events.indexOf(event), 1);
        reject(signal?.reason);
      };
      const event = {
        due: time + ms,
        order: order++,
        occur: () => {
          stop();
          resolve();
        },
      };
      insert(event);
      // One listener for all who wait under a signal, else Node warns of a leak.
      const stop = signal ? onAbort(signal, cancel) : () => undefined;
    });

  return {
    now: () => time,
    monotonic: () => time,
    sleep: wait,
    alarm: wait,
    async run(until = Infinity) {
      await settled();
      for (let next = events.at(-1); next && next.due <= until; next = events.at(-1)) {
        events.pop();
        time = next.due;
        next.occur();
        await settled();
      }
      if (until < Infinity) time = until;
    },
  };
}
