// What the tests against real Redis servers share.
import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import axios from 'axios';
import Ioredis from 'ioredis';
import { createClient } from 'redis';
import { attachRetry } from '../../dist/esm/index.js';
import { redisFleet } from '../../dist/esm/redis.js';
import { startRedis } from '../../scripts/redis-server.mjs';

export const tally = { passed: 0, failed: 0, skipped: [] };

const LONGEST = 60_000;

/** Rejections that nobody handled. There must be none, whatever becomes of Redis. */
export const unhandled = [];
process.on('unhandledRejection', (error) => unhandled.push(error));

/** Runs a test with a stage of its own; what it returns is shown. */
export async function check(name, run) {
  const stage = new Stage();
  const startedAt = performance.now();
  let problem;
  let note = '';
  try {
    const late = sleep(LONGEST, undefined, { ref: false }).then(() => {
      throw new Error(`not done in ${LONGEST / 1_000} s`);
    });
    const said = await Promise.race([run(stage), late]);
    if (said) note = `  (${said})`;
  } catch (error) {
    problem = error;
  }
  await stage.clear();
  tally[problem ? 'failed' : 'passed'] += 1;
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  console.log(
    problem
      ? `  ✗ ${name}, ${seconds} s\n      ${String(problem.stack).replaceAll('\n', '\n      ')}`
      : `  ✓ ${name}, ${seconds} s${note}`,
  );
}

export function equal(actual, expected, what) {
  const [a, b] = [actual, expected].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`${what}: expected ${b}, got ${a}`);
}

export function ok(holds, what) {
  if (!holds) throw new Error(what);
}

/** Waits until something holds. */
export async function eventually(what, holds, within = 20_000) {
  for (const end = performance.now() + within; performance.now() < end; await sleep(5)) {
    if (await holds()) return;
  }
  throw new Error(`not within ${within} ms: ${what}`);
}

const kinds = {
  'node-redis': {
    create(options) {
      const { port, password, username, keyPrefix, offlineQueue, RESP } = options;
      const client = createClient({
        socket: { host: '127.0.0.1', port, reconnectStrategy: 100 },
        ...(password && { password }),
        ...(username && { username }),
        ...(keyPrefix && { keyPrefix }),
        ...(offlineQueue === false && { disableOfflineQueue: true }),
        ...(RESP && { RESP }),
      });
      client.connect().catch(() => undefined);
      return client;
    },
    isReady: (client) => client.isReady,
    end: (client) => client.isOpen && client.destroy(),
  },
  ioredis: {
    create({ port, password, username, keyPrefix, offlineQueue }) {
      return new Ioredis({
        host: '127.0.0.1',
        port,
        retryStrategy: () => 100,
        ...(password && { password }),
        ...(username && { username }),
        ...(keyPrefix && { keyPrefix }),
        ...(offlineQueue === false && { enableOfflineQueue: false }),
      });
    },
    isReady: (client) => client.status === 'ready',
    end: (client) => client.disconnect(),
  },
};

export const kindNames = Object.keys(kinds);

/** The servers, clients and fleets of one test, all ended with it. */
export class Stage {
  static program;
  /** The `timeout` of fleets that are given none. */
  static timeout;
  #ends = [];

  /** What is called when the test is over. */
  later(end) {
    this.#ends.unshift(end);
  }

  async redis(options = {}) {
    const server = await startRedis({ program: Stage.program, ...options });
    this.later(() => server.remove());
    return server;
  }

  /** A client of either kind, connecting. */
  client(kind, options) {
    const client = kinds[kind].create(options);
    this.later(() => kinds[kind].end(client));
    return client;
  }

  async connected(kind, options) {
    const client = this.client(kind, options);
    await eventually('the client is ready', () => kinds[kind].isReady(client));
    return client;
  }

  /** A fleet of one process; `changes` are what its observer was told. */
  fleet(client, options = {}) {
    const changes = [];
    const observe = { onConnectivity: (change) => changes.push(change) };
    const fleet = redisFleet(client, { observe, timeout: Stage.timeout, ...options });
    this.later(() => fleet.close());
    return Object.assign(fleet, { changes });
  }

  async inStep(...fleets) {
    await eventually('all are connected', () =>
      fleets.every((fleet) => fleet.state().connectivity === 'connected'),
    );
  }

  /** A client that speaks to a server whatever the others do. */
  async control(server, options = {}) {
    const client = createClient({ socket: { host: '127.0.0.1', port: server.port }, ...options });
    client.on('error', () => undefined);
    await client.connect();
    this.later(() => client.isOpen && client.destroy());
    return client;
  }

  async clear() {
    for (const end of this.#ends.splice(0)) {
      try {
        await end();
      } catch {
        // The test itself may have ended it.
      }
    }
  }
}

export const ORIGIN = 'https://api.example.com';
export const OTHER = 'https://other.example.com';
export const now = () => performance.now();

/** A 429 with a hint, as the engine tells it to a cooldown. */
export const limit = (fleet, wait, scope = ORIGIN) => fleet.cooldown.hear(scope, wait, now(), Math.random);
/** A loaded machine must not make Redis look lost where it is well. */
export const PATIENT = 5_000;

export const left = (fleet, scope = ORIGIN) => fleet.cooldown.left(scope, now());
/** A retry that the engine asks for. */
export const retry = (fleet, isLocal = false, origin = ORIGIN) =>
  fleet.throttle.take(origin, false, now(), isLocal);
/** The tokens that Redis has for an origin, 500 where it knows none. */
export async function tokensIn(control, prefix = 'axios-tenacity', origin = ORIGIN) {
  const saved = await control.get(`${prefix}:{${origin}}:tokens`);
  return saved ? Number(saved.split(' ')[0]) : 500;
}

/** An HTTP server in a process of its own: `/good` answers 200, anything else 503. */
export async function startApi() {
  const child = fork(fileURLToPath(new URL('api.mjs', import.meta.url)), { stdio: 'inherit' });
  const url = await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', () => reject(new Error('the API did not start')));
  });
  return { url, close: () => child.kill() };
}

const sortedBy = (values, share) => values.toSorted((a, b) => a - b)[Math.floor(share * (values.length - 1))];
export const median = (values) => sortedBy(values, 0.5);
export const p99 = (values) => sortedBy(values, 0.99);

/** A client of the API whose failures are not waited for. */
export function clientOf(url, options = {}) {
  const client = axios.create({ baseURL: url, proxy: false });
  attachRetry(client, { baseDelay: 1, maxDelay: 2, maxAttempts: 2, ...options });
  return client;
}

/** A fault lasts only so long: a busy machine compares fewer requests. */
const LONGEST_COMPARISON = 2_500;

/** The median latency of ordinary requests with a fleet and without, sent in turns while other requests fail. */
export async function compareLatency(url, fleet, rounds = 60) {
  const options = { throttle: fleet.throttle, cooldown: fleet.cooldown };
  const ways = [
    [clientOf(url, options), []],
    [clientOf(url), []],
  ];
  const end = now() + LONGEST_COMPARISON;
  for (let round = -5; round < rounds && (round < 5 || now() < end); round += 1) {
    for (const [client, latencies] of ways) {
      const failing = client.get('/bad').catch(() => undefined);
      const startedAt = now();
      await client.get('/good');
      if (round >= 0) latencies.push(now() - startedAt);
      await failing;
    }
  }
  const [within, without] = ways.map(([, latencies]) => median(latencies));
  return { within, without, ratio: within / without };
}

/** How long decisions take while something is wrong, in milliseconds. */
export function decide(fleet, times = 2_000) {
  const latencies = [];
  for (let i = 0; i < times; i += 1) {
    const startedAt = now();
    const cost = retry(fleet);
    left(fleet);
    if (cost !== undefined) fleet.throttle.give(ORIGIN, now(), cost);
    latencies.push(now() - startedAt);
  }
  return p99(latencies);
}
