import type { Clock } from '../types.ts';
import { onAbort } from './abort.ts';

const nothing = (): void => undefined;

/** When to stop waiting for an answer. */
export interface Limits {
  readonly signal: AbortSignal;
  /** Milliseconds, or `Infinity`. */
  readonly left: number;
  readonly clock: Required<Clock>;
}

/**
 * What a promise answers; or what `interrupt` answers once the signal aborts or the time is up, where that is not `undefined`.
 * What is no promise is the answer itself.
 */
export async function race<I>(
  answer: unknown,
  { signal, left, clock }: Limits,
  interrupt: () => I | undefined,
): Promise<unknown> {
  if (!(answer as Partial<Promise<unknown>> | null | undefined)?.then) return answer;
  let stop = nothing;
  let alarm: AbortController | undefined;
  const first = new Promise((resolve, reject) => {
    const stopWaiting = (): void => {
      const interruption = interrupt();
      if (interruption !== undefined) resolve(interruption);
    };
    stop = onAbort(signal, stopWaiting);
    (answer as Promise<unknown>).then(resolve, reject);
    if (left === Infinity) return;
    alarm = new AbortController();
    clock.alarm(Math.max(0, left), alarm.signal).then(stopWaiting, nothing);
  });
  try {
    return await first;
  } finally {
    stop();
    alarm?.abort();
  }
}
