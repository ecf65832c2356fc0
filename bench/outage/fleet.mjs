/** Many clients, each with a plugin of its own, that send through a time of trouble. */
import axios, { AxiosError } from 'axios';
import { seededRandom } from 'axios-tenacity/testing';
import { createServer } from './server.mjs';
import { createTimeline, withGlobals } from './virtual-time.mjs';

const TIMEOUT = 3_000;

export const fleet = {
  clients: 25,
  /** Requests a second that each makes, at random moments. */
  rate: 10,
  timeout: TIMEOUT,
  /** Milliseconds: the trouble begins, ends, and requests are made until. */
  from: 10_000,
  until: 40_000,
  end: 80_000,
  server: { workers: 25, service: 66.7, queue: 1_000 },
};

/** A request of a client. An instance of a class: axios hands it on from attempt to attempt and does not copy it. */
class Origin {
  /** When each attempt was sent. */
  attempts = [];
  /** How many of them were answered 429. */
  refusals = 0;
  endedAt = undefined;
  isOk = false;
  constructor(startedAt) {
    this.startedAt = startedAt;
  }
}

/** What stands for the network: the server's answer, or the client's timeout, whichever comes first. */
const adapterOf = (timeline, server) => (config) =>
  new Promise((resolve, reject) => {
    config.origin.attempts.push(timeline.time);
    let isOpen = true;
    const settle = (conclude) => {
      if (isOpen) conclude();
      isOpen = false;
      timeline.cancel(timeout);
    };
    const timeout = timeline.after(config.timeout, () =>
      settle(() =>
        reject(new AxiosError(`timeout of ${config.timeout}ms exceeded`, 'ECONNABORTED', config, {})),
      ),
    );
    server.receive({
      fail: (code) =>
        settle(() => {
          const cause = Object.assign(new Error(`connect ${code}`), { code, syscall: 'connect' });
          reject(AxiosError.from(cause, code, config, {}));
        }),
      answer: (status, headers = {}) =>
        settle(() => {
          if (status === 429) config.origin.refusals += 1;
          const response = { status, statusText: '', headers, config, request: {}, data: '' };
          if (status < 400) resolve(response);
          else reject(new AxiosError(`status ${status}`, 'ERR_BAD_RESPONSE', config, {}, response));
        }),
    });
  });

/**
 * Every request of the fleet and what became of it. The same seed gives the same requests, whoever retries them.
 *
 * @param crowd how many clients there are, and how many requests a second each makes
 */
export async function sendThrough(trouble, attach, seed, crowd = fleet) {
  // No stack of thousands of errors is read, and each would take as long as all else.
  Error.stackTraceLimit = 0;
  const timeline = createTimeline();
  const arrivals = seededRandom(seed);
  const random = seededRandom(seed + 2);
  const { from, until, end } = fleet;
  const { clients, rate } = crowd;
  const server = createServer(timeline, seededRandom(seed + 1), {
    ...fleet.server,
    trouble: { from, until, ...trouble },
  });
  const adapter = adapterOf(timeline, server);
  const origins = [];

  const live = (client) => {
    timeline.after((-1_000 / rate) * Math.log(1 - arrivals()), () => {
      if (timeline.time >= end) return;
      live(client);
      const origin = new Origin(timeline.time);
      origins.push(origin);
      const conclude = (isOk) => Object.assign(origin, { isOk, endedAt: timeline.time });
      client.get('/', { origin }).then(
        () => conclude(true),
        () => conclude(false),
      );
    });
  };

  await withGlobals(timeline, random, () => {
    for (let i = 0; i < clients; i += 1) {
      const client = axios.create({ baseURL: 'http://api.example.com', adapter, timeout: TIMEOUT });
      attach(client, { clock: timeline.clock, random });
      live(client);
    }
    return timeline.run();
  });
  return origins;
}
