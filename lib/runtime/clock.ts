import type { Clock } from '../types.ts';
import { onAbort } from './abort.ts';

/** Beyond this many milliseconds `setTimeout` fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Timers fire up to a millisecond early or late; a larger gap means that the clock was moved, or that the thread was busy. */
const TIMER_GRAIN = 2;

// Fake timers that do not move `performance` are not moved once more for what a timer was early.
const realTimeout = /* @__PURE__ */ (() => setTimeout)();

/**
 * What a deadline that comes late leaves to what could not be read in time: so many milliseconds at most, and again if it is
 * late then, so often at most. Measured after a thread was busy for 400 ms: an answer of a few bytes takes two turns of the
 * event loop, a large one thirty, and gzip 20 to 40 ms.
 */
const GRACE = 50;
const GRACES = 10;

const nothing = (): void => undefined;

const monotonic = (): number => performance.now();

/** Calls back after `ms` milliseconds, with those that have passed since; answers how to call it off. */
function after(ms: number, callback: (late: number) => void, setTimer = setTimeout): () => void {
  const due = monotonic() + ms;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const arm = (left: number, schedule: typeof setTimeout): void => {
    const slice = Math.min(Math.ceil(left), LONGEST_TIMER);
    timer = schedule(() => {
      const early = due - monotonic();
      if (left > slice) arm(left - slice, schedule);
      else if (early > 0 && early < TIMER_GRAIN) arm(early, realTimeout);
      else callback(-early);
    }, slice);
  };
  arm(ms, setTimer);
  return () => clearTimeout(timer);
}

/** Calls back when a deadline is over; answers how to call it off. */
function deadline(ms: number, callback: () => void): () => void {
  let isStarted = false;
  let graces = GRACES;
  let stopReal = nothing;
  const extend = (more: number): void => {
    stopReal = after(more, due, realTimeout);
  };
  const due = (late: number): void => {
    // Tests make timers synchronous to skip the waits, but a deadline is not to be skipped.
    if (!isStarted) extend(ms);
    // A thread that was busy has not read yet what came in time.
    else if (late >= TIMER_GRAIN && graces-- > 0) extend(Math.min(late, GRACE));
    else callback();
  };
  const stop = after(ms, due);
  isStarted = true;
  return () => {
    stop();
    stopReal();
  };
}

type Start = (ms: number, callback: () => void) => () => void;

/** A promise for what a timer calls back, which rejects and stops the timer when the signal aborts. */
const promised =
  (start: Start) =>
  (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      let stop = nothing;
      const unsubscribe = signal
        ? onAbort(signal, () => {
            stop();
            reject(signal.reason);
          })
        : nothing;
      if (signal?.aborted) return;
      // A timer that somebody made synchronous calls back within `start`.
      stop = start(ms, () => {
        unsubscribe();
        resolve();
      });
    });

/** The clock of the machine, read at every call so that fake timers are seen. */
export const systemClock: Required<Clock> = {
  now: () => Date.now(),
  monotonic,
  sleep: /* @__PURE__ */ promised(after),
  alarm: /* @__PURE__ */ promised(deadline),
};

/** A clock with every function that the engine asks for. */
export const completeClock = (clock: Clock): Required<Clock> => ({
  now: () => clock.now(),
  monotonic: () => (clock.monotonic ? clock.monotonic() : clock.now()),
  sleep: (ms, signal) => clock.sleep(ms, signal),
  alarm:
    (clock.alarm ?? systemClock.alarm) === systemClock.alarm
      ? systemClock.alarm
      : (ms, signal) => (clock.alarm as typeof systemClock.alarm)(ms, signal),
});

/** Calls back when `alarm` goes off; answers how to call it off. Without promises and signals on the clock of the machine. */
export function onAlarm(alarm: Required<Clock>['alarm'], ms: number, callback: () => void): () => void {
  if (alarm === systemClock.alarm) return deadline(ms, callback);
  const controller = new AbortController();
  alarm(ms, controller.signal).then(callback, nothing);
  return () => controller.abort();
}

/** The chance of the machine. */
export const systemRandom = (): number => Math.random();
