import type { Step } from './server.ts';

/**
 * A step, and how many of the requests it dealt with have lost their connection since. (Counting open sockets tells
 * nothing: undici opens an idle one in place of the one that an abort closed.)
 */
export function watchSockets(step: Step): { readonly step: Step; readonly freed: () => number } {
  let freed = 0;
  return {
    step: (exchange) => {
      exchange.socket.once('close', () => {
        freed += 1;
      });
      return step(exchange);
    },
    freed: () => freed,
  };
}
