import type { Clock } from '../types.ts';
import { type CancelSource, onAbort } from './abort.ts';

const nothing = (): void => undefined;

/** When to stop waiting for an answer. */
export interface Limits {
  /** Each is heard by itself: one after which the waiting goes on keeps no later one from ending it. */
  readonly sources: readonly CancelSource[];
  /** Milliseconds, or `Infinity`. */
  readonly left: number;
  readonly clock: Required<Clock>;
}

/**
 * What a promise answers, or what `interrupt` ends the wait with, which is told when a source cancels or the time is up. What is
 * no promise is the answer itself.
 */
export async function race(
  answer: unknown,
  { sources, left, clock }: Limits,
  interrupt: (isTimeUp: boolean, end: (answer: unknown) => void) => void,
): Promise<unknown> {
  if (!(answer as Partial<Promise<unknown>> | null | undefined)?.then) return answer;
  let stops: readonly (() => void)[] = [];
  let alarm: AbortController | undefined;
  const first = new Promise((resolve, reject) => {
    stops = sources.map((source) => onAbort(source, () => interrupt(false, resolve)));
    (answer as Promise<unknown>).then(resolve, reject);
    if (left === Infinity) return;
    alarm = new AbortController();
    clock.alarm(Math.max(0, left), alarm.signal).then(() => interrupt(true, resolve), nothing);
  });
  try {
    return await first;
  } finally {
    for (const stop of stops) stop();
    alarm?.abort();
  }
}
