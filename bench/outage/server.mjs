/** A server with so many workers and a queue of bounded length. It does not see that a client has given up. */

/** Milliseconds on the way to the server and back, together. */
const NETWORK = 10;
const REFUSAL = 1;

/** What may go wrong, for as long as it lasts. Each takes a request and answers whether it dealt with it. */
export const troubles = {
  refused: ({ after, request }) => after(REFUSAL, () => request.fail('ECONNREFUSED')),
  unavailable: ({ after, request }) => after(NETWORK, () => request.answer(503)),
  unavailableWithHint: ({ after, request, until, time }) => {
    const seconds = Math.ceil((until - time) / 1_000);
    return after(NETWORK, () => request.answer(503, { 'retry-after': `${seconds}` }));
  },
  blackHole: () => true,
  rateLimited: ({ after, request, until, time, dateOf }) => {
    const headers = { date: dateOf(time).toUTCString(), 'retry-after': dateOf(until).toUTCString() };
    return after(NETWORK, () => request.answer(429, headers));
  },
};

/**
 * @param options.workers requests served at the same time
 * @param options.service mean milliseconds that serving one takes
 * @param options.queue requests that wait for a worker at most; one more is answered 503 at once
 * @param options.trouble `{ from, until }` and what it is: `deal` as above, the share of `workers` left, the share of `errors`
 */
export function createServer(timeline, random, { workers, service, queue: room, trouble }) {
  const queue = [];
  let head = 0;
  let busy = 0;

  const isTroubled = () => timeline.time >= trouble.from && timeline.time < trouble.until;
  const staff = () => (isTroubled() ? workers * (trouble.workers ?? 1) : workers);
  const serve = () => {
    while (busy < staff() && head < queue.length) {
      const request = queue[head];
      head += 1;
      if (head > 10_000) {
        queue.splice(0, head);
        head = 0;
      }
      busy += 1;
      timeline.after(-service * Math.log(1 - random()), () => {
        busy -= 1;
        const fails = random() < (isTroubled() ? (trouble.errors ?? 0) : 0);
        timeline.after(NETWORK / 2, () => request.answer(fails ? 503 : 200));
        serve();
      });
    }
  };
  // The workers that come back find the queue as it is.
  timeline.at(trouble.until, serve);

  return {
    receive(request) {
      const { time, dateOf } = timeline;
      const { until, deal } = trouble;
      const after = (ms, occur) => Boolean(timeline.after(ms, occur));
      if (isTroubled() && deal?.({ request, after, time, until, dateOf })) return;
      timeline.after(NETWORK / 2, () => {
        if (queue.length - head >= room) {
          timeline.after(NETWORK / 2, () => request.answer(503));
          return;
        }
        queue.push(request);
        serve();
      });
    },
  };
}
