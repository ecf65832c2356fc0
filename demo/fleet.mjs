/**
 * Four processes that share one API with a rate limit: each by itself, and at the same time, against a second API of the same kind, as
 * a fleet over Redis. Draws both as timelines. `npm run demo:fleet`
 */
import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findRedis, startRedis } from '../scripts/redis-server.mjs';
import { startApi } from './fleet/api.mjs';
import { draw } from './fleet/draw.mjs';
import { createPen } from './timeline.mjs';

const PROCESSES = 4;
/** Requests a second of each process. */
const RATE = 8;
/** Milliseconds: the rate limit begins, ends, and requests are made until. */
const TIMES = { from: 4_000, until: 10_000, end: 22_000 };

const pen = createPen(process.stdout.hasColors?.() === true);

const found = findRedis();
if (!found) {
  console.log('!!!! SKIPPED: the demo of a fleet: redis-server is missing and could not be installed');
  process.exit();
}
const redis = await startRedis(found);
const allowed = 1.5 * PROCESSES * RATE;
const apis = { alone: await startApi(allowed), fleet: await startApi(allowed) };
const urls = { alone: apis.alone.url, fleet: apis.fleet.url, redis: redis.url };

const children = await Promise.all(
  Array.from({ length: PROCESSES }, async (_, id) => {
    const settings = { id, rate: RATE, urls };
    const child = fork(fileURLToPath(new URL('fleet/process.mjs', import.meta.url)), [
      JSON.stringify(settings),
    ]);
    await new Promise((resolve) => child.once('message', resolve));
    return child;
  }),
);

console.log(
  pen.bold(
    `${PROCESSES} processes send ${RATE} requests a second each to an API that allows ${allowed} a second.`,
  ),
);
console.log(
  `After ${TIMES.from / 1_000} s it answers 429 for ${(TIMES.until - TIMES.from) / 1_000} s, with Retry-After. This takes ${TIMES.end / 1_000} s.`,
);

const startedAt = Date.now();
for (const child of children) child.send('start');
for (const api of Object.values(apis)) api.limit(startedAt + TIMES.from, startedAt + TIMES.until);
await sleep(TIMES.end);

for (const [title, api] of [
  ['Each by itself, without a cooldown', apis.alone],
  ['As a fleet: redisFleet(redis, { cooldown: { hold: true } })', apis.fleet],
]) {
  console.log(`\n${pen.bold(title)}`);
  const lines = draw({
    pen,
    log: api.log,
    startedAt,
    ...TIMES,
    processes: PROCESSES,
    normal: PROCESSES * RATE,
  });
  for (const line of lines) console.log(line);
}

for (const child of children) child.kill();
for (const api of Object.values(apis)) api.close();
redis.remove();
