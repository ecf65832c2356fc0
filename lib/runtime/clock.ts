import type { Clock } from '../types.ts';
import { onAbort } from './abort.ts';

/** Beyond this many milliseconds `setTimeout` fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Timers fire up to a millisecond early; a larger gap means that somebody moved the timers but not the clock. */
const TIMER_GRAIN = 2;

// Fake timers that do not move `performance` are not moved once more for what a timer was early.
const realTimeout = setTimeout;

const monotonic = (): number => performance.now();

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const due = monotonic() + ms;
    let timer: ReturnType<typeof setTimeout>;
    const arm = (left: number, schedule = setTimeout): void => {
      const slice = Math.min(Math.ceil(left), LONGEST_TIMER);
      timer = schedule(() => {
        const early = due - monotonic();
        if (left > slice) arm(left - slice);
        else if (early > 0 && early < TIMER_GRAIN) arm(early, realTimeout);
        else {
          unsubscribe?.();
          resolve();
        }
      }, slice);
    };
    arm(ms);
    const unsubscribe =
      signal &&
      onAbort(signal, () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
  });
}

/** The clock of the machine, read at every call so that fake timers are seen. */
export const systemClock: Required<Clock> = { now: () => Date.now(), monotonic, sleep, alarm: sleep };

/** A clock with every function that the engine asks for. */
export const completeClock = (clock: Clock): Required<Clock> => ({
  now: () => clock.now(),
  monotonic: () => (clock.monotonic ? clock.monotonic() : clock.now()),
  sleep: (ms, signal) => clock.sleep(ms, signal),
  alarm: (ms, signal) => (clock.alarm ? clock.alarm(ms, signal) : sleep(ms, signal)),
});

/** The chance of the machine. */
export const systemRandom = (): number => Math.random();
