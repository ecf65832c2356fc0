// `npm run test:soak`: 6,000 requests, 60 at a time, against a server that fails, resets, stalls and refuses at random,
// with everything attached: a fleet over Redis, a cooldown that holds, a throttle, budgets, metrics and spans, diagnostics channels,
// a hedge; then one request of 4,000 attempts, each of which may keep next to nothing.
// SEED and REQUESTS choose another run.
import { fork } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import { getEventListeners } from 'node:events';
import { Agent, createServer } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import axios from 'axios';
import { createClient } from 'redis';
import { GIVE_UP_CHANNEL, publishRetries, RETRY_CHANNEL } from '../dist/esm/diagnostics.js';
import { attachRetry, Cooldown, hedge, RetryBudget, RetryThrottle, retryReport } from '../dist/esm/index.js';
import { attachRetryWithTelemetry } from '../dist/esm/opentelemetry.js';
import { redisFleet } from '../dist/esm/redis.js';
import { chanceOf } from './chaos/chance.mjs';
import { Loop, NEVER } from './chaos/wave.mjs';
import { conclude } from './provide.mjs';
import { findRedis, startRedis } from './redis-server.mjs';
import { ask, leftOver, resources } from './resources.mjs';

const { SEED = '1', REQUESTS = '6000' } = process.env;
const AT_ONCE = 60;
const STALLED = 1_000;
const WARM_UP = Math.min(2_000, Number(REQUESTS));
/** Bytes of the heap that pass for noise: 500 for each request. */
const MOST_GROWTH = 3_000_000;
/** Bytes that a further attempt of one request may keep. */
const MOST_PER_ATTEMPT = 200;

const chance = chanceOf(SEED);

/** What the server does, and how often. */
const DEEDS = [
  ['serve', 0.7],
  ['fail', 0.09],
  ['refuse', 0.06],
  ['reset', 0.05],
  ['reset-early', 0.03],
  ['truncate', 0.04],
  ['stall', 0.015],
  ['stall-body', 0.015],
];

function deedOf(id, attempt) {
  let left = chance(id, attempt, 'deed');
  for (const [deed, share] of DEEDS) {
    left -= share;
    if (left < 0) return deed;
  }
  return 'serve';
}

function runServer() {
  const ledger = new Map();
  const server = createServer(async (request, response) => {
    const id = request.url.slice(1);
    const { 'idempotency-key': key } = request.headers;
    const entry = { method: request.method, key, deed: '', body: '' };
    const sent = ledger.get(id) ?? [];
    ledger.set(id, sent);
    entry.deed = deedOf(id, sent.push(entry));
    const headers = { 'content-type': 'application/json' };
    if (entry.deed === 'reset-early') return request.socket.resetAndDestroy();
    try {
      for await (const chunk of request) entry.body += chunk;
    } catch {
      return;
    }
    if (entry.deed === 'stall') return;
    if (entry.deed === 'reset') return request.socket.resetAndDestroy();
    if (entry.deed === 'refuse') {
      // Only a pause of some length is worth telling the fleet.
      const hint = chance(id, sent.length, 'hint') < 0.02 ? '150' : '3';
      return response.writeHead(429, { ...headers, 'retry-after-ms': hint }).end('{"error":"busy"}');
    }
    if (entry.deed === 'fail') return response.writeHead(503, headers).end('{"error":"down"}');
    if (entry.deed === 'serve') return response.writeHead(200, headers).end(JSON.stringify({ id }));
    response.writeHead(200, { ...headers, 'content-length': 1_000 }).write('{"half":');
    if (entry.deed === 'truncate') setTimeout(() => request.socket.destroy(), 2);
  });
  server.on('connection', (socket) => socket.on('error', () => undefined));
  server.keepAliveTimeout = 1_000;
  process.on('message', (question) => {
    if (question === 'forget') ledger.clear();
    process.send({ ledger: question === 'ledger' ? [...ledger] : [] });
  });
  server.listen(0, '127.0.0.1', 4_096, () => process.send({ port: server.address().port }));
}

/** What one request is: by chance, the same in every run. */
function plan(id) {
  const of = (what) => chance(id, what);
  const method = ['get', 'get', 'put', 'delete', 'post', 'post', 'post'][Math.floor(of('method') * 7)];
  return {
    id,
    method,
    adapter: of('adapter') < 0.5 ? 'http' : 'fetch',
    isKeyed: method === 'post' && of('key') < 0.3,
    isStreamUp: method === 'put' && of('up') < 0.3,
    isStreamDown: of('down') < 0.1,
    abortAfter: of('abort') < 0.12 ? of('when') * 60 : undefined,
    isAttemptTimed: of('limit') < 0.5,
    hasBudget: of('budget') < 0.1,
    totalTimeout: of('total') < 0.1 ? 600 : undefined,
  };
}

const tally = { fulfilled: 0, rejected: 0, aborted: 0, retried: 0, never: 0 };
/** What sends: a slow GET gets a second copy. */
const hedges = { http: hedge({ warmup: 20 }, 'http'), fetch: hedge({ warmup: 20 }, 'fetch') };
const complaints = [];
const loop = new Loop();
const reasons = {};

/** The config of one request; none of it may be left over when the request has settled. */
function configOf(planned, url, common) {
  const { id, method, adapter, isKeyed, isStreamUp, isStreamDown, isAttemptTimed, hasBudget, totalTimeout } =
    planned;
  return {
    url: `${url}/${id}`,
    method,
    adapter: hedges[adapter],
    ...(isStreamDown && { responseType: 'stream' }),
    ...(['put', 'post'].includes(method) && !isStreamUp && { data: { id } }),
    ...(!isAttemptTimed && { timeout: STALLED }),
    ...common,
    retry: {
      ...(isKeyed && { idempotencyKey: true }),
      ...(isStreamUp && { data: () => Readable.from([Buffer.from(id)]) }),
      ...(isAttemptTimed && { attemptTimeout: STALLED }),
      ...(totalTimeout && { totalTimeout }),
      ...(hasBudget && { budget: new RetryBudget({ maxRetries: 2, maxWait: 20 }) }),
    },
  };
}

/** Reads a stream. One that fails after its response was fulfilled is the business of its reader. */
async function read(data, controller, id) {
  const chunks = [];
  const timer = setTimeout(() => controller.abort(), STALLED);
  try {
    for await (const chunk of data) chunks.push(Buffer.from(chunk));
  } catch {
    return { id };
  } finally {
    clearTimeout(timer);
  }
  return JSON.parse(Buffer.concat(chunks).toString());
}

async function send(client, planned, url, common) {
  const controller = new AbortController();
  const { abortAfter, id, isStreamDown } = planned;
  const isAborted = abortAfter !== undefined;
  const timer = isAborted && setTimeout(() => controller.abort(), abortAfter);
  const signal = isAborted || isStreamDown ? controller.signal : undefined;
  const config = configOf(planned, url, { ...common, signal });
  try {
    const response = await loop.patiently(client.request(config));
    if (response === NEVER) {
      tally.never += 1;
      complaints.push(`${id} has not settled: ${JSON.stringify(planned)}`);
      return;
    }
    const { attempts, reason } = retryReport(response);
    tally.retried += attempts.length - 1;
    if (reason !== undefined) complaints.push(`${id} succeeded with the reason ${reason}`);
    const data = isStreamDown ? await read(response.data, controller, id) : response.data;
    if (data.id !== id) complaints.push(`${id} was answered ${JSON.stringify(data)}`);
    tally.fulfilled += 1;
  } catch (error) {
    const { attempts = [], reason } = retryReport(error) ?? {};
    tally.rejected += 1;
    tally.retried += Math.max(0, attempts.length - 1);
    if (axios.isCancel(error)) tally.aborted += 1;
    if (axios.isCancel(error) && !isAborted)
      complaints.push(`${id} was cancelled by nobody: ${JSON.stringify([planned, retryReport(error)])}`);
    if (reason === undefined) complaints.push(`${id} failed without a reason: ${error.stack}`);
    reasons[reason] = (reasons[reason] ?? 0) + 1;
  } finally {
    clearTimeout(timer);
    if (getEventListeners(controller.signal, 'abort').length > 0 && !isStreamDown)
      complaints.push(`${id} left a listener on its signal`);
  }
}

async function sendAll(client, url, common, prefix, count) {
  let next = 0;
  const work = async () => {
    while (next < count) {
      next += 1;
      await send(client, plan(`${prefix}${next}`), url, common);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** What the server saw of one request that should not be. */
function problemOf([id, sent]) {
  const { method, isKeyed } = plan(id);
  const acted = sent.filter(({ deed }) => deed !== 'refuse');
  if (method === 'post' && !isKeyed && acted.length > 1) return `a POST came ${acted.length} times`;
  if (isKeyed && new Set(sent.map(({ key }) => key)).size > 1) return 'a POST came under several keys';
  if (isKeyed && !sent[0].key) return 'a POST came without its key';
  return undefined;
}

/** The heap in bytes: the least of some looks at it, for what finalizers hold is free some turns later. */
async function heap() {
  let least = Infinity;
  for (let n = 0; n < 5; n += 1) {
    globalThis.gc();
    least = Math.min(least, process.memoryUsage().heapUsed);
    await sleep(50);
  }
  return least;
}

/** How many bytes of the heap each further attempt of one request keeps, without a network. */
async function keptPerAttempt() {
  const [first, last] = [1_000, 4_000];
  const heaps = [];
  let attempts = 0;
  const adapter = async (config) => {
    attempts += 1;
    if (attempts === first || attempts === last) heaps.push(await heap());
    const response = { status: 503, statusText: '', headers: {}, config, data: 'x'.repeat(10_000) };
    if (attempts === last) return { ...response, status: 200 };
    throw new axios.AxiosError('busy', 'ERR_BAD_RESPONSE', config, {}, response);
  };
  const client = axios.create({ adapter });
  const options = { maxAttempts: Infinity, throttle: false, baseDelay: 0 };
  attachRetry(client, options, { clock: { now: () => Date.now(), sleep: async () => undefined } });
  await client.get('/');
  const [early, late] = heaps;
  return (late - early) / (last - first);
}

const TOKENS = { capacity: 1_000, refillTime: 500 };
const HOLD = { hold: true, maxHeld: Infinity };

/** The throttle and the cooldown of a fleet, or of this process alone where there is no Redis; and how to leave. */
async function joinFleet() {
  const found = findRedis();
  if (!found)
    return { throttle: new RetryThrottle(TOKENS), cooldown: new Cooldown(HOLD), leave: () => undefined };
  const redis = await startRedis(found);
  const client = await createClient({ url: redis.url }).connect();
  const told = [];
  const fleet = redisFleet(client, {
    tokens: TOKENS,
    cooldown: HOLD,
    // A thread that is busy for longer than a command may take is no loss of Redis.
    timeout: 10_000,
    observe: { onConnectivity: ({ connectivity }) => told.push(connectivity) },
  });
  const leave = async () => {
    const { connectivity, commands } = fleet.state();
    await fleet.close();
    await client.close();
    redis.remove();
    return { version: found.version, connectivity, commands, told };
  };
  return { ...fleet, leave };
}

async function main() {
  if (!globalThis.gc) throw new Error('Run this with --expose-gc');
  process.on('unhandledRejection', (error) => complaints.push(`unhandled: ${error?.stack ?? error}`));
  process.on('uncaughtException', (error) => complaints.push(`uncaught: ${error?.stack ?? error}`));
  process.on('warning', (warning) => complaints.push(`warning: ${warning.stack ?? warning}`));

  // Made when they are first asked for; under a pipe they count as resources.
  for (const stream of [process.stdout, process.stderr]) stream.write('');

  const server = fork(fileURLToPath(import.meta.url), ['server']);
  const { port } = await ask(server);
  const url = `http://127.0.0.1:${port}`;
  const common = {};
  const client = axios.create();
  const { throttle, cooldown, leave } = await joinFleet();
  const meterProvider = new MeterProvider({
    readers: [
      new PeriodicExportingMetricReader({
        exporter: new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE),
        exportIntervalMillis: 1e9,
      }),
    ],
  });
  let published = 0;
  for (const channel of [RETRY_CHANNEL, GIVE_UP_CHANNEL]) subscribe(channel, () => (published += 1));
  const handle = attachRetryWithTelemetry(client, {
    baseDelay: 1,
    maxDelay: 5,
    maxAttempts: 4,
    throttle,
    cooldown,
    observe: [{ onRetry() {}, onGiveUp() {} }, publishRetries()],
    telemetry: { span: true, meterProvider },
  });
  const run = async (prefix, count) => {
    common.httpAgent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
    await sendAll(client, url, common, prefix, count);
    common.httpAgent.destroy();
  };

  const atRest = resources();
  await run('warm-up-', WARM_UP);
  await leftOver(atRest);
  await ask(server, 'forget');
  const heapBefore = await heap();
  console.log(`warm-up: ${WARM_UP} requests in ${(performance.now() / 1_000).toFixed(1)} s`);
  const startedAt = performance.now();
  for (const name of Object.keys(tally)) tally[name] = 0;
  for (const reason of Object.keys(reasons)) delete reasons[reason];

  await run('', Number(REQUESTS));

  const seconds = (performance.now() - startedAt) / 1_000;
  const left = await leftOver(atRest);
  const growth = (await heap()) - heapBefore;
  const { ledger } = await ask(server, 'ledger');
  const wrongs = ledger.map((entry) => [entry[0], problemOf(entry)]).filter(([, problem]) => problem);
  for (const [id, problem] of wrongs) complaints.push(`${id}: ${problem}`);
  if (Object.keys(left).length > 0) complaints.push(`left over: ${JSON.stringify(left)}`);
  if (growth > MOST_GROWTH) complaints.push(`the heap grew by ${growth} bytes`);
  if (tally.fulfilled + tally.rejected !== Number(REQUESTS)) complaints.push('not every request settled');
  const perAttempt = await keptPerAttempt();
  if (perAttempt > MOST_PER_ATTEMPT) complaints.push(`a further attempt keeps ${perAttempt} bytes`);
  if (cooldown.toJSON().held > 0) complaints.push(`held: ${cooldown.toJSON().held}`);
  if (seconds > 120) console.log('Slower than two minutes: this machine has other things to do.');
  handle.detach();
  const fleet = await leave();
  if (fleet && !(fleet.commands > 0)) complaints.push(`the fleet shared nothing: ${JSON.stringify(fleet)}`);
  loop.stop();
  server.kill();

  const attempts = ledger.reduce((sum, [, sent]) => sum + sent.length, 0);
  console.log(
    `seed ${SEED}: ${REQUESTS} requests, ${attempts} attempts on the wire, in ${seconds.toFixed(1)} s; heap ${(growth / 1e6).toFixed(2)} MB, ${perAttempt.toFixed(0)} bytes for a further attempt`,
  );
  console.log(tally, reasons, { published, hedged: hedges.http.hedged + hedges.fetch.hedged }, fleet ?? {});
  for (const complaint of complaints.slice(0, 20)) console.error(`✗ ${complaint}`);
  const skipped = fleet ? [] : ['the fleet: redis-server is missing and could not be installed'];
  conclude({ passed: complaints.length > 0 ? 0 : 1, failed: complaints.length, skipped });
}

if (process.argv[2] === 'server') runServer();
else await main();
