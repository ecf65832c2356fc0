import type { Step } from './server.ts';

/** A step, and how many requests the server had on its hands at once: what a limit on concurrency is about. */
export function watchInFlight(step: Step): {
  readonly step: Step;
  readonly now: () => number;
  readonly most: () => number;
} {
  let now = 0;
  let most = 0;
  const watched: Step = (exchange) => {
    let isOpen = true;
    const close = (): void => {
      if (isOpen) now -= 1;
      isOpen = false;
      exchange.socket.off('end', close);
    };
    now += 1;
    most = Math.max(most, now);
    exchange.response.once('close', close);
    // The client left; the response closes some turns later.
    exchange.socket.once('end', close);
    return step(exchange);
  };
  return { step: Object.assign(watched, { beforeReading: true }), now: () => now, most: () => most };
}
