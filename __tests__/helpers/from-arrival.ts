import type { RetryRuntime } from '../../lib/index.ts';
import { systemClock } from '../../lib/runtime/clock.ts';
import { eventually } from './eventually.ts';
import type { ScriptedServer } from './server.ts';

/**
 * The clock of the machine, except that the nth alarm begins to count when the nth request has arrived: on a busy machine a
 * short deadline would strike before anything was sent, and prove nothing.
 */
export function fromArrival(server: ScriptedServer): RetryRuntime {
  let alarms = 0;
  const alarm = async (ms: number, signal?: AbortSignal): Promise<void> => {
    alarms += 1;
    const number = alarms;
    await eventually(() => server.requests.length >= number || signal?.aborted === true);
    return systemClock.alarm(ms, signal);
  };
  return { clock: { ...systemClock, alarm } };
}
