/** Time that goes from event to event, so that minutes of many clients take seconds. */

const EPOCH = Date.UTC(2026, 0, 1);
const RealDate = Date;
const { setTimeout, clearTimeout, setImmediate } = globalThis;
const { random } = Math;

/** Microtasks, however long their chains, are done before the next immediate. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

const isBefore = (a, b) => a.due < b.due || (a.due === b.due && a.order < b.order);

/** The events to come, the earliest first. */
class Agenda {
  #heap = [];

  get first() {
    return this.#heap[0];
  }

  add(event) {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    for (let parent = (at - 1) >> 1; at > 0 && isBefore(event, heap[parent]); parent = (at - 1) >> 1) {
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = event;
  }

  take() {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (heap.length === 0) return first;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child += 1;
      if (!isBefore(heap[child], last)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

/** A clock at 0 that stands still but for `run`. */
export function createTimeline() {
  const agenda = new Agenda();
  let time = 0;
  let order = 0;

  const at = (due, occur) => {
    const event = { due: Math.max(due, time), order, occur };
    order += 1;
    agenda.add(event);
    return event;
  };
  const after = (ms, occur) => at(time + ms, occur);
  /** The time of day has no fractions; where they are lost matters to whom comes back at a given moment. */
  const dateOf = (moment) => new RealDate(EPOCH + Math.floor(moment));
  const now = () => dateOf(time).getTime();
  const cancel = (event) => {
    if (event) event.occur = undefined;
  };
  // Nobody aborts here.
  const sleep = (ms) => new Promise((resolve) => after(ms, resolve));

  return {
    get time() {
      return time;
    },
    at,
    after,
    cancel,
    now,
    dateOf,
    /** What `attachRetry` takes. */
    clock: { now, monotonic: () => time, sleep, alarm: sleep },

    async run() {
      await settled();
      for (let next = agenda.first; next; next = agenda.first) {
        time = next.due;
        while (agenda.first?.due === time) agenda.take().occur?.();
        await settled();
      }
    },
  };
}

/** Gives the globals that other plugins use this time and this chance while the work runs. */
export async function withGlobals(timeline, chance, work) {
  Object.assign(globalThis, {
    setTimeout: (callback, ms = 0, ...args) =>
      timeline.after(Math.max(1, Math.trunc(ms)), () => callback(...args)),
    clearTimeout: timeline.cancel,
    Date: class extends RealDate {
      constructor(...args) {
        super(...(args.length === 0 ? [timeline.now()] : args));
      }
      static now() {
        return timeline.now();
      }
    },
  });
  Math.random = chance;
  try {
    return await work();
  } finally {
    Object.assign(globalThis, { setTimeout, clearTimeout, Date: RealDate });
    Math.random = random;
  }
}
