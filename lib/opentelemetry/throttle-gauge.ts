import type { Meter, MeterProvider } from '@opentelemetry/api';
import type { RetryThrottle } from '../limits/throttle.ts';
import { boundedOrigin, serverOf } from './attributes.ts';

/** A throttle and the clock of a client that uses it. */
export interface ObservedThrottle {
  readonly throttle: Pick<RetryThrottle, 'state'>;
  /** Milliseconds on the clock that the throttle is told. */
  readonly now: () => number;
}

// Weakly held: a client that nobody uses any more takes its throttle with it.
const observed = new WeakMap<MeterProvider, Set<WeakRef<ObservedThrottle>>>();

/** Adds a throttle to those that the gauge of a provider reads: several clients may each have their own. */
export function observeThrottle(provider: MeterProvider, meter: Meter, throttle: ObservedThrottle): void {
  const known = observed.get(provider);
  if (known) {
    known.add(new WeakRef(throttle));
    return;
  }
  const throttles = new Set([new WeakRef(throttle)]);
  observed.set(provider, throttles);
  const gauge = meter.createObservableGauge('axios_tenacity.throttle.tokens', {
    description: 'Tokens left of the throttle that has the fewest, for each server that has spent some.',
    unit: '{token}',
  });
  gauge.addCallback((result) => {
    for (const [origin, tokens] of fewestTokens(throttles)) result.observe(tokens, serverOf(origin));
  });
}

function fewestTokens(throttles: Set<WeakRef<ObservedThrottle>>): Map<string, number> {
  const fewest = new Map<string, number>();
  for (const reference of throttles) {
    const live = reference.deref();
    if (!live) throttles.delete(reference);
    for (const [origin, tokens] of live?.throttle.state(live.now()) ?? []) {
      const name = boundedOrigin(origin);
      fewest.set(name, Math.min(tokens, fewest.get(name) ?? Infinity));
    }
  }
  return fewest;
}
