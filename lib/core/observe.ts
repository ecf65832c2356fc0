import { readHints } from '../hints/hints.ts';
import type { RetryContext } from '../types.ts';
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
    random: world.random,
    ...(log.hint !== undefined && { hint: log.hint }),
  };
  return describe(progress, outcome, (config) => task.copyOf(config), more);
}

/** Tells the observers what has come of an attempt. */
export function tell(
  event: 'onAttempt' | 'onRetry' | 'onGiveUp',
  task: Task,
  terms: Terms,
  outcome: Outcome,
  more: object,
): void {
  for (const observer of terms.policy.observers) {
    try {
      const { [event]: listen } = observer as { [name in typeof event]?: (context: object) => unknown };
      (listen?.(contextOf(task, terms, outcome, more)) as Promise<void> | undefined)?.then(nothing, nothing);
    } catch {
      // Observers are told and never asked.
    }
  }
}

/** Tells the observers of a first attempt that succeeded and that nobody judges. */
export function tellOfSuccess(task: Task, terms: Terms, outcome: Outcome): void {
  const { clock } = terms.world;
  const { log, startedAt } = terms;
  const { headers, status } = outcome.response ?? {};
  log.add(startedAt, clock.monotonic(), outcome.result);
  log.hear(readHints(headers, status, clock.now()).after);
  tell('onAttempt', task, terms, outcome, {});
  log.settle(clock.monotonic());
}
