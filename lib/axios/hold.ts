import { type AxiosAdapter, AxiosError, type InternalAxiosRequestConfig } from 'axios';
import type { CooldownLike } from '../limits/brand.ts';
import { linkTo, sleepUnlessAborted, sourcesOf } from '../runtime/abort.ts';
import type { Clock } from '../types.ts';
import { throwIfCanceled } from './cancellation.ts';
import { restoreAdapter } from './deadline.ts';
import type { Times } from './times.ts';

type Config = InternalAxiosRequestConfig;

/** The code of a request that was not sent, since its scope cools and it may not wait that long. */
export const ERR_COOLING_DOWN = 'ERR_COOLING_DOWN';

/** What a held request depends on. */
export interface Holding {
  readonly cooldown: CooldownLike;
  readonly clock: Required<Clock>;
  /** Aborts when nothing is to wait any more. */
  readonly ended: AbortSignal;
  readonly times: Times;
}

/** An adapter that sends only once the scope of the request does not cool, or fails with `ERR_COOLING_DOWN`. */
export function withHold(adapter: Config['adapter'], holding: Holding): AxiosAdapter {
  return async (config) => {
    const send = restoreAdapter(config, adapter);
    if (!holding.cooldown.idle) {
      await hold(config, holding);
      holding.times.begin();
    }
    return send(config);
  };
}

async function hold(config: Config, { cooldown, clock, ended, times }: Holding): Promise<void> {
  const scope = cooldown.scopeOf(config);
  const turn = ended.aborted ? undefined : cooldown.hold(scope, clock.monotonic());
  if (!turn) return;
  const { signal, release } = linkTo(ended, sourcesOf(config));
  try {
    for (;;) {
      throwIfCanceled(config);
      const now = clock.monotonic();
      const wait = turn.due - now;
      if (wait <= 0) return;
      if (ended.aborted || wait >= times.left) throw coolingDown(config, cooldown.left(scope, now));
      await sleepUnlessAborted(clock, wait, signal);
    }
  } finally {
    turn.leave();
    release();
  }
}

const coolingDown = (config: Config, hint: number): AxiosError =>
  Object.assign(
    new AxiosError(
      `not sent: the server asked for a pause of ${Math.ceil(hint)} ms`,
      ERR_COOLING_DOWN,
      config,
    ),
    { hint },
  );
