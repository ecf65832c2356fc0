/**
 * What a fleet does, with real processes, a real server and a real Redis; Markdown. `npm run bench:fleet`. It takes about five minutes and
 * wants an idle machine: on a busy one processes are late for reasons of their own. ONLY=6 or ONLY=72 runs one of the two sizes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { redisFleet } from '../../dist/esm/redis.js';
import { findRedis, startRedis } from '../../scripts/redis-server.mjs';
import { percent, table } from '../markdown.mjs';
import { end, measure, messageOf, parts, run, startProcesses } from './run.mjs';

const ORIGIN = 'https://api.example.com';
const OPTIONS = { maxAttempts: 5 };
/** Milliseconds for which a process of an idle machine may stand still. */
const LONGEST_STALL = 100;
const FLEET = { cooldown: { hold: true, maxHeld: 1_000 } };
const SIZES = [
  { processes: 6, clients: 1, rate: 10 },
  { processes: 6, clients: 12, rate: 0.8 },
].filter(({ processes, clients }) => !process.env.ONLY || Number(process.env.ONLY) === processes * clients);

const nameOf = ({ processes, clients, rate }) =>
  `${processes * clients} clients in ${processes} processes at ${rate} requests a second`;

const found = findRedis();
if (!found) {
  console.log('\n!!!! SKIPPED: the bench of a fleet: redis-server is missing and could not be installed');
  process.exit();
}
const server = await startRedis(found);
const control = await createClient({ url: server.url }).connect();

const sorted = (values) => values.toSorted((a, b) => a - b);
const quantile = (values, share) => sorted(values)[Math.floor(share * (values.length - 1))];
const ms = (value) => `${value < 0.1 ? value.toFixed(3) : value.toFixed(1)} ms`;

/** The scripts that Redis has run so far. */
async function scripts() {
  const stats = await control.info('commandstats');
  return [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].reduce(
    (sum, [, calls]) => sum + Number(calls),
    0,
  );
}

async function compare(size) {
  console.error(`bench: ${nameOf(size)}, each by itself`);
  const alone = await run({ ...size, options: { ...OPTIONS, cooldown: false } });
  console.error(`bench: ${nameOf(size)}, as a fleet`);
  await control.flushAll();
  let before = 0;
  let commands = 0;
  const together = measure(
    await run({
      ...size,
      redisUrl: server.url,
      options: OPTIONS,
      fleetOptions: FLEET,
      onBefore: async () => {
        before = await scripts();
      },
      onWell: async () => {
        commands = (await scripts()) - before;
      },
    }),
  );
  return { ...size, today: { ...measure(alone), commands: 0 }, together: { ...together, commands } };
}

/** Milliseconds from a 429 at one of eight processes until all of them know. */
async function spread() {
  const children = await startProcesses(8, {
    url: 'http://127.0.0.1:9',
    clients: 1,
    redisUrl: server.url,
    rate: 1,
    options: {},
  });
  const latencies = [];
  for (let i = 0; i < 40; i += 1) {
    const learned = children.slice(1).map((child) => messageOf(child, 'learned'));
    const heard = messageOf(children[0], 'heard');
    children[0].send({ pause: 10_000 + 1_000 * i });
    const at = await heard;
    latencies.push(Math.max(...(await Promise.all(learned))) - at);
    await sleep(50);
  }
  end(children);
  return latencies;
}

/** Milliseconds that decisions take while Redis stands still. */
async function decide() {
  const client = await createClient({ url: server.url }).connect();
  const fleet = redisFleet(client);
  while (fleet.state().connectivity !== 'connected') await sleep(10);
  server.freeze();
  const latencies = [];
  for (let i = 0; i < 20_000; i += 1) {
    const at = performance.now();
    const cost = fleet.throttle.take(ORIGIN, false, at);
    fleet.cooldown.left(ORIGIN, at);
    if (cost !== undefined) fleet.throttle.give(ORIGIN, performance.now(), cost);
    latencies.push(performance.now() - at);
    if (i % 100 === 0) await sleep(5);
  }
  server.thaw();
  await fleet.close();
  client.destroy();
  return latencies;
}

const latencies = await spread();
const decisions = await decide();
const sizes = [];
for (const size of SIZES) sizes.push(await compare(size));

/** A row of the table; the goal is the most that any size may have as a fleet. */
const row = (what, pick, show, goal) => {
  const values = sizes.map(({ together }) => pick(together));
  return [
    what,
    sizes.map(({ today }) => show(pick(today))).join(' / '),
    values.map(show).join(' / '),
    ...verdictOn(Math.max(...values), show, goal),
  ];
};
const single = (what, value, show, goal) => [what, '–', show(value), ...verdictOn(value, show, goal)];
const verdictOn = (value, show, goal) =>
  goal === undefined ? ['–', '–'] : [`≤ ${show(goal)}`, value <= goal ? 'yes' : '**no**'];

const times = (value) => `${value.toFixed(1)}×`;
const twoDigits = (value) => value.toFixed(2);
const share = (value) => percent(value, 0);
console.log(`# A fleet

${SIZES.map(nameOf).join(' / ')}, one server that allows 1.5 times the
normal rate, a rate limit of ${parts.limit / 1_000} s and an outage of ${parts.outage / 1_000} s. \`maxAttempts: 5\`; the fleet holds first attempts as well
(\`cooldown: { hold: true }\`). ${found.version?.split(' sha')[0]}, all on one machine.

${table([
  ['', 'each by itself, without cooldown', 'as a fleet', 'goal', 'met'],
  row('429s during the limit', ({ refusals }) => refusals, String, 3),
  row('peak after the reset', ({ peak }) => peak, times, 1.7),
  row('requests made during the limit that succeed', ({ success }) => success, share),
  row('attempts per request in the outage', ({ attempts }) => attempts, twoDigits, 1.25),
  row('commands sent to Redis while all is well', ({ commands }) => commands, String, 0),
  single('a decision while Redis stands still, p99', quantile(decisions, 0.99), ms, 1),
  single('a 429 at one until all eight know, p50', quantile(latencies, 0.5), ms),
  single('a 429 at one until all eight know, p99', quantile(latencies, 0.99), ms, 50),
])}`);

const runs = sizes.flatMap(({ today, together }) => [today, together]);
const refusedBefore = runs.reduce((sum, run) => sum + run.refusedBefore, 0);
const losses = runs.reduce((sum, run) => sum + run.losses, 0);
const stall = Math.max(...runs.map((run) => run.stall));
console.log(`
The longest time for which a process stood still: ${ms(stall)}. Requests refused while all should have been well: ${refusedBefore}. Times that Redis
did not answer within the timeout: ${losses}.`);
if (stall > LONGEST_STALL || refusedBefore + losses > 0) {
  console.log('\n**Not to be trusted**: the machine was too busy.');
}

control.destroy();
server.remove();
