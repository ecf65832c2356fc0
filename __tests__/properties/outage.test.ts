import { type RetryOptions, RetryThrottle } from '../../lib/index.ts';
import { seededRandom } from '../../lib/testing.ts';
import { type Bench, bundleBench } from '../helpers/bench.ts';
import { type Call, createWorld, type Turn } from '../helpers/virtual-world.ts';

const RATE = 100;
const OUTAGE = { from: 10_000, to: 40_000 };
const END = 55_000;
const LATENCY = 50;
const ATTEMPT_TIMEOUT = 3_000;

// Nothing here waits: how long it takes is how busy the machine is.
jest.setTimeout(180_000);

type Network = (now: number) => Turn;

const well: Turn = { status: 200, latency: LATENCY };
const isOut = (now: number): boolean => now >= OUTAGE.from && now < OUTAGE.to;

/** One client that sends 100 requests a second until so many milliseconds of virtual time have passed. */
async function drive(network: Network, options?: RetryOptions, end = END): Promise<readonly Call[]> {
  const world = createWorld(options ?? {}, 7);
  const calls = Array.from({ length: (end / 1_000) * RATE }, async (_, index) => {
    await world.clock.alarm((index * 1_000) / RATE);
    return world.call({ turns: network });
  });
  await world.clock.run();
  return Promise.all(calls);
}

/** How many attempts reached the server in a span, for each request that was made in it. */
const loadOf = (calls: readonly Call[], { from, to }: typeof OUTAGE): number => {
  const isWithin = (time: number): boolean => time >= from && time < to;
  const attempts = calls.flatMap(({ sendings }) => sendings).filter(({ sentAt }) => isWithin(sentAt));
  return attempts.length / calls.filter(({ startedAt }) => isWithin(startedAt)).length;
};

/** The share of successes among the requests that ended in a span. */
const successOf = (calls: readonly Call[], from: number, to = Infinity): number => {
  const ended = calls.filter(({ endedAt }) => endedAt >= from && endedAt < to);
  return ended.filter(({ ok }) => ok).length / ended.length;
};

describe.each<[string, Turn, number]>([
  ['an outage of 30 s in which every request is answered 503', { status: 503, latency: LATENCY }, 2_000],
  ['a black hole of 30 s in which nothing is answered', { status: 200, latency: Infinity }, 5_000],
])('one client at 100 requests a second in %s', (_, turn, recovery) => {
  const network: Network = (now) => (isOut(now) ? turn : well);
  let calls: readonly Call[];
  beforeAll(async () => {
    calls = await drive(network, { attemptTimeout: ATTEMPT_TIMEOUT });
  });

  test('adds at most a tenth to the load, first attempts included', () => {
    expect(loadOf(calls, OUTAGE)).toBeGreaterThan(1);
    expect(loadOf(calls, OUTAGE)).toBeLessThanOrEqual(1.1);
  });

  test('adds at most a tenth in every second of it after the first eight', () => {
    for (let from = OUTAGE.from + 8_000; from < OUTAGE.to; from += 1_000)
      expect(loadOf(calls, { from, to: from + 1_000 })).toBeLessThanOrEqual(1.1);
  });

  test(`succeeds again ${recovery / 1_000} s after it, more than 99.9 % of the time`, () => {
    expect(successOf(calls, OUTAGE.to + recovery)).toBeGreaterThan(0.999);
  });

  test('fails in it and not before', () => {
    expect(successOf(calls, 0, OUTAGE.from)).toBe(1);
    expect(successOf(calls, OUTAGE.from + ATTEMPT_TIMEOUT, OUTAGE.to)).toBe(0);
  });
});

describe('one client at 100 requests a second', () => {
  const failing = (share: number): Network => {
    const random = seededRandom(11);
    return () => (random() < share ? { status: 503, latency: LATENCY } : well);
  };

  test('would more than double the load of an outage if there were no throttle', async () => {
    const network: Network = (now) => (isOut(now) ? { status: 503, latency: LATENCY } : well);
    const calls = await drive(network, { throttle: false }, 20_000);
    expect(loadOf(calls, { from: OUTAGE.from, to: 20_000 })).toBeGreaterThan(2);
  });

  test('of which the server fails a tenth succeeds at least 99.8 % of the time', async () => {
    const throttle = new RetryThrottle();
    const calls = await drive(failing(0.1), { throttle });
    expect(successOf(calls, 0)).toBeGreaterThanOrEqual(0.998);
    expect(loadOf(calls, { from: 0, to: END })).toBeLessThan(1.13);
    expect(throttle.tokens('https://api.example.com')).toBeGreaterThan(400);
  });

  test('of which the server fails a half retries no more than the throttle allows', async () => {
    const calls = await drive(failing(0.5));
    expect(loadOf(calls, { from: 20_000, to: END })).toBeLessThan(1.4);
  });
});

describe('a rate limit of 30 s that ends for all at once', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await bundleBench('outage/rate-limit.mjs');
  });
  afterAll(() => bench.remove());

  interface Measured {
    readonly peak: number;
    readonly success: number;
    readonly refusals: number;
  }
  const measure = (crowd: string, way: string) =>
    bench.run('measureCrowd', crowd, way, 8) as Promise<Measured>;

  test('brings 25 clients back at 1.7 times their normal rate at most, and half of their requests succeed', async () => {
    const { peak, success } = await measure('25 clients at 10 a second', 'pace, the default');
    expect(peak).toBeLessThanOrEqual(1.7);
    expect(success).toBeGreaterThanOrEqual(0.45);
  }, 120_000);

  test('brings 250 clients back at 1.9 times their normal rate at most, and nearly all of their requests succeed', async () => {
    const { peak, success } = await measure('250 clients at 1 a second', 'pace, the default');
    expect(peak).toBeLessThanOrEqual(1.9);
    expect(success).toBeGreaterThanOrEqual(0.95);
  }, 120_000);

  test('would bring them back at many times their normal rate without a cooldown', async () => {
    const { peak } = await measure('25 clients at 10 a second', 'no cooldown');
    expect(peak).toBeGreaterThan(5);
  }, 120_000);

  test('is hardly met by clients that hold', async () => {
    const { peak, success, refusals } = await measure('25 clients at 10 a second', 'hold, maxHeld: 1,000');
    expect(refusals).toBeLessThanOrEqual(0.05);
    expect(refusals).toBeGreaterThan(0);
    expect(peak).toBeLessThanOrEqual(1.7);
    expect(success).toBeGreaterThan(0.99);
  }, 120_000);

  test('is hardly met by many small clients that hold', async () => {
    const { peak, success, refusals } = await measure('250 clients at 1 a second', 'hold');
    expect(refusals).toBeLessThanOrEqual(0.05);
    expect(peak).toBeLessThanOrEqual(1.9);
    expect(success).toBeGreaterThan(0.99);
  }, 120_000);
});

describe('ten loops that poll a server which is down', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await bundleBench('outage/loops.mjs');
  });
  afterAll(() => bench.remove());

  const run = (throttle: object) =>
    bench.run('runLoops', throttle, 8) as Promise<{ first: number; last: number }>;

  test('send about 20 requests a second, and no more once the throttle is empty', async () => {
    const { first, last } = await run({});
    expect(first).toBeLessThan(30);
    expect(last).toBeGreaterThan(15);
    expect(last).toBeLessThan(22);
  }, 60_000);

  test('speed up when failures are not held', async () => {
    const { first, last } = await run({ hold: false });
    expect(first).toBeLessThan(60);
    expect(last).toBeGreaterThan(400);
  }, 60_000);
});
