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
 * What a promise answers; or what `interrupt` answers once a source cancels or the time is up, where that is not `undefined`.
 * What is no promise is the answer itself.
 */
export async function race<I>(
  answer: unknown,
  { sources, left, clock }: Limits,
  interrupt: (isTimeUp: boolean) => I | undefined,
): Promise<unknown> {
  if (!(answer as Partial<Promise<unknown>> | null | undefined)?.then) return answer;
  let stops: readonly (() => void)[] = [];
  let alarm: AbortController | undefined;
  const first = new Promise((resolve, reject) => {
    const stopWaiting = (isTimeUp: boolean): void => {
      const interruption = interrupt(isTimeUp);
      if (interruption !== undefined) resolve(interruption);
    };
    stops = sources.map((source) => onAbort(source, () => stopWaiting(false)));
    (answer as Promise<unknown>).then(resolve, reject);
    if (left === Infinity) return;
    alarm = new AbortController();
    clock.alarm(Math.max(0, left), alarm.signal).then(() => stopWaiting(true), nothing);
  });
  try {
    return await first;
  } finally {
    for (const stop of stops) stop();
    alarm?.abort();
  }
}
