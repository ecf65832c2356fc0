/** When a breaker helps and what it costs, beside the throttle and `limitConcurrency`; Markdown. `node bench/outage/brown-out.mjs`. */
import { attachRetry, limitConcurrency } from 'axios-tenacity';
import { circuitBreaker, handleWhen, SamplingBreaker } from 'cockatiel';
import { milliseconds, percent, table, times } from '../markdown.mjs';
import { fleet, sendThrough } from './fleet.mjs';
import { measure } from './measures.mjs';
import { scenarios } from './scenarios.mjs';

const SEED = 8;

/** Puts what `wrap` makes of the adapter of a client in its place. */
const around = (client, wrap) => {
  client.defaults.adapter = wrap(client.defaults.adapter);
};

/** The recipe of the manual: cockatiel's breaker inside an adapter. */
const withBreaker = (send) => {
  const breaker = circuitBreaker(
    handleWhen((error) => !(error.response?.status < 500)),
    {
      halfOpenAfter: 5_000,
      breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: 2 }),
    },
  );
  return (config) => breaker.execute(() => send(config));
};

const limited = (maxPending) => (send) => limitConcurrency(8, send, { maxPending });

const ways = {
  'and a breaker': (client) => around(client, withBreaker),
};

/** The share of the requests begun after the trouble that failed. */
function lostAfter(origins) {
  const after = origins.filter(({ startedAt }) => startedAt >= fleet.until);
  return after.filter(({ isOk }) => !isOk).length / after.length;
}

const HEAD = ['', 'succeeded', 'p50', 'p99', 'load', 'lost after it'];

for (const title of [
  'Brown-out: half the capacity',
  'Outage: answered 503',
]) {
  const rows = [];
  for (const [name, prepare] of Object.entries(ways)) {
    const attach = (client, runtime) => {
      prepare(client);
      attachRetry(client, {}, runtime);
    };
    const origins = await sendThrough(scenarios[title], attach, SEED);
    const { success, p50, p99, load } = measure(origins);
    const cells = [
      percent(success),
      milliseconds(p50),
      milliseconds(p99),
      times(load),
      percent(lostAfter(origins)),
    ];
    rows.push([name, ...cells]);
  }
  console.log(`## ${title}\n\n${table([HEAD, ...rows])}\n`);
}
