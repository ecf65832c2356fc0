/** What retries do to a server in trouble, in virtual time; Markdown. `npm run bench:outage`, with `--draw` also pictures. */
import { milliseconds, percent, round, table, times } from './markdown.mjs';
import { burst, jitters, retriesAfterBurst } from './outage/burst.mjs';
import { contenders, parts } from './outage/contenders.mjs';
import { flaky, lostOf } from './outage/flaky.mjs';
import { fleet, sendThrough } from './outage/fleet.mjs';
import { handler, runHandler } from './outage/handler.mjs';
import { loops, runLoops } from './outage/loops.mjs';
import { countBySpan, measure } from './outage/measures.mjs';
import { crowds, RATE_LIMIT, sendCrowd, ways } from './outage/rate-limit.mjs';
import { scenarios } from './outage/scenarios.mjs';
import { capacities, runSmallClients, smallClients } from './outage/small-clients.mjs';

const SEED = 8;
const { clients, rate, from, until, end, timeout, server } = fleet;
const capacity = (server.workers * 1_000) / server.service;

/** All that a fleet sent, for each way to retry. */
async function sendAll(trouble, ways) {
  const sent = {};
  for (const [name, attach] of Object.entries(ways)) sent[name] = await sendThrough(trouble, attach, SEED);
  return sent;
}

const HEAD = ['load', 'peak after', 'recovered after', 'succeeded', 'p50', 'p99'];
const cellsOf = ({ load, peak, recovery, success, p50, p99 }) => [
  times(load),
  times(peak),
  recovery === undefined ? 'not at all' : `${recovery / 1_000} s`,
  percent(success),
  milliseconds(p50),
  milliseconds(p99),
];
const tableOf = (sent) =>
  table([
    ['', ...HEAD],
    ...Object.entries(sent).map(([name, origins]) => [name, ...cellsOf(measure(origins))]),
  ]);

const all = {};
for (const [title, trouble] of Object.entries(scenarios)) {
  console.error(`bench: ${title}`);
  all[title] = await sendAll(trouble, contenders);
}

console.log(`# What it saves

${clients} clients make ${rate} requests a second each, at random moments, for ${end / 1_000} s of virtual time; each gives an attempt
${timeout / 1_000} s. The server takes ${round(capacity)} requests a second and queues ${round(server.queue)}. The trouble lasts from ${from / 1_000} s to ${until / 1_000} s. Seed ${SEED}: every run
prints the same.

Of the requests made during the trouble: *load*, attempts for each; *succeeded*; *p50* and *p99*, time until the caller knew,
for better or worse. *Peak after*: attempts in the worst second after the trouble, compared to normal times. *Recovered after*:
when 99 % of new requests succeed and go on to. *Tuned*: axios-retry with \`exponentialDelay\` and \`shouldResetTimeout\`,
retry-axios with \`retryDelay: 1000\` and \`jitter: 'full'\`; the rest as it comes.
`);
for (const [title, sent] of Object.entries(all)) console.log(`## ${title}\n\n${tableOf(sent)}\n`);

console.log('# What each part does\n');
for (const title of ['Outage: answered 503', 'Outage: a black hole, nothing is answered']) {
  console.log(`## ${title}\n\n${tableOf(await sendAll(scenarios[title], parts))}\n`);
}

console.log('# A rate limit that ends for all at once\n');
const limited = {};
for (const [crowd, options] of Object.entries(crowds)) {
  console.error(`bench: a rate limit for ${crowd}`);
  const rows = [];
  limited[crowd] = {};
  for (const way of Object.keys(ways)) {
    const sent = await sendCrowd(crowd, way, SEED);
    limited[crowd][way] = sent;
    const { peak, success, refusals, p50 } = measure(sent, options);
    rows.push([way, times(peak), percent(success), refusals.toFixed(2), milliseconds(p50)]);
  }
  const head = ['', 'peak after', 'succeeded', 'answers of 429 per request', 'p50'];
  console.log(`## ${crowd}\n\n${table([head, ...rows])}\n`);
}

const [held, unheld] = [await runLoops({}, SEED), await runLoops({ hold: false }, SEED)];
console.log(`## Held failures: ${loops.count} loops that poll a server which is down

${table([
  ['requests a second', 'by default', '`throttle: { hold: false }`'],
  ['while retries are allowed', round(held.first), round(unheld.first)],
  ['once the throttle is empty', round(held.last), round(unheld.last)],
])}
`);

console.error('bench: a flaky server');
const flakyClients = [
  ['no throttle', { rate: 50, options: { throttle: false } }],
  ['5 calls a second', { rate: 5 }],
  ['50 calls a second', { rate: 50 }],
  ['50, with `retryCost: 5`', { rate: 50, options: { throttle: { retryCost: 5 } } }],
];
const curve = [];
for (const share of flaky.shares) {
  const lost = [];
  for (const [, client] of flakyClients) lost.push(percent(await lostOf({ share, ...client }, SEED)));
  curve.push([percent(share, 0), ...lost]);
}
console.log(`## A flaky server: calls that one client loses, of ${round(flaky.calls)}

${table([['attempts that fail', ...flakyClients.map(([name]) => name)], ...curve])}
`);

const small = [];
for (const capacity of capacities) small.push(await runSmallClients(capacity, SEED));
console.log(`## Small clients: ${smallClients.clients} that make ${smallClients.rate} request a second each, in an outage

${table([
  ['`capacity`', ...capacities.map(String)],
  ['load', ...small.map(({ load }) => times(load))],
])}
`);

const retries = {};
for (const jitter of jitters) retries[jitter] = await retriesAfterBurst(jitter, SEED);
const most = (jitter) => Math.max(...countBySpan(retries[jitter], 100, 10_000));
console.log(`## Jitter: ${round(burst.requests)} requests that fail in the same instant

${table([
  ['`jitter`', ...jitters.map((jitter) => `\`'${jitter}'\``)],
  ['most retries in 100 ms', ...jitters.map((jitter) => round(most(jitter)))],
])}
`);

const [without, within] = [await runHandler(false, SEED), await runHandler(true, SEED)];
console.log(`## Budget: a handler that makes ${handler.calls} calls to a service that is down

${table([
  ['', 'no budget', `\`maxRetries: ${handler.budget.maxRetries}\``],
  ['attempts', round(without.attempts), round(within.attempts)],
  ['time until the handler gives up', milliseconds(without.duration), milliseconds(within.duration)],
])}`);

if (process.argv.includes('--draw')) {
  const { drawJitter, drawOutage, drawRateLimit } = await import('./pictures/outage.mjs');
  drawOutage(all['Outage: answered 503']);
  drawRateLimit(all[RATE_LIMIT], limited['25 clients at 10 a second']);
  drawJitter(retries);
}
