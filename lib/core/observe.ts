import type { RetryContext, RetryObserver } from '../types.ts';
import { describe } from './describe.ts';
import type { Outcome } from './outcome.ts';
import type { Task, Terms } from './task.ts';

const nothing = (): void => undefined;

/** The context of a request after an outcome. */
export function contextOf<More extends object>(
  task: Task,
  { world, policy, log }: Terms,
  outcome: Outcome,
  more: More,
): RetryContext & More {
  const progress = {
    attemptNumber: log.attempts,
    maxAttempts: policy.maxAttempts,
    elapsed: world.clock.monotonic() - log.origin,
    totalDelay: log.totalDelay,
    duration: log.duration,
    mayHaveActed: log.mayHaveActed,
    hint: log.hint,
    random: world.random,
  };
  return describe(progress, outcome, (config) => task.copyOf(config), more);
}

/** Tells the observers what has come of an attempt; each gets a context of its own. */
export function tell(
  observers: readonly RetryObserver[],
  event: keyof RetryObserver,
  contextNow: () => object,
): void {
  for (const observer of observers) {
    try {
      const { [event]: listen } = observer as { [name in typeof event]?: (context: object) => unknown };
      (listen?.(contextNow()) as Promise<void> | undefined)?.then(nothing, nothing);
    } catch {
      // Observers are told and never asked.
    }
  }
}
