import fc from 'fast-check';
import { RetryBudget, type RetryOptions, RetryThrottle } from '../../lib/index.ts';
import { type Call, createWorld, type Turn, type World } from '../helpers/virtual-world.ts';

// Nothing here waits: how long it takes is how busy the machine is.
jest.setTimeout(180_000);

const CAPACITY = 1_000_000;
const ORIGIN = 'https://api.example.com';

const latency = fc.integer({ min: 0, max: 300 });
const turn: fc.Arbitrary<Turn> = fc.record({
  status: fc.constantFrom<Turn['status']>(200, 404, 429, 503, 503, 503, 'reset', 'reset'),
  latency,
  hint: fc.option(fc.double({ min: 0.5, max: 400, noNaN: true }), { nil: undefined, freq: 3 }),
});

/** A call with hooks that take time, and an abort that may strike in any of them. */
const plan = fc.record({
  startAfter: fc.integer({ min: 0, max: 500 }),
  turns: fc.array(turn, { minLength: 1, maxLength: 6 }),
  abortAfter: fc.option(fc.integer({ min: 0, max: 2_500 }), { nil: undefined, freq: 3 }),
  interceptor: fc.option(latency, { nil: undefined }),
  retryIf: fc.option(latency, { nil: undefined }),
  beforeRetry: fc.option(latency, { nil: undefined }),
  totalTimeout: fc.option(fc.integer({ min: 1, max: 2_500 }), { nil: undefined }),
  attemptTimeout: fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined }),
});
type Drawn = typeof plan extends fc.Arbitrary<infer T> ? T : never;
/** A plan whose attempts reach the network at once. */
const direct = plan.map((drawn) => ({ ...drawn, interceptor: undefined }));

const start = async (world: World, { startAfter, ...drawn }: Drawn): Promise<Call> => {
  await world.clock.alarm(startAfter);
  const { retryIf, beforeRetry, totalTimeout, attemptTimeout } = drawn;
  const retry: RetryOptions = {
    totalTimeout,
    attemptTimeout,
    retryIf: retryIf === undefined ? undefined : () => world.clock.alarm(retryIf),
    beforeRetry: beforeRetry === undefined ? undefined : () => world.clock.alarm(beforeRetry),
  };
  return world.call({ ...drawn, retry });
};

/** Everything that the plans start, after it has settled. */
const settleAll = async (world: World, plans: readonly Drawn[]): Promise<readonly Call[]> => {
  const calls: Call[] = [];
  const all = Promise.all(plans.map(async (drawn, index) => (calls[index] = await start(world, drawn))));
  await world.clock.run();
  if (Object.keys(calls).length < plans.length) throw new Error('A call never settled');
  return all;
};

const retriesOf = (calls: readonly Call[]): number =>
  calls.reduce((sum, { sendings }) => sum + Math.max(0, sendings.length - 1), 0);
const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, ms) => sum + ms, 0);

/** Whether it recovered: a 200 that `retryIf` had no time to judge is given to the caller, but is no success. */
const isSuccess = ({ ok, report }: Call): boolean => ok && report?.reason === undefined;

/** What a call has taken from a throttle for good: the cost of each retry sent, less the last one after a success. */
const costOf = (call: Call): number => {
  const { sendings } = call;
  const costs = sendings
    .slice(0, -1)
    .map((sending) => (sending.turn.status === 429 && sending.endedAt < Infinity ? 5 : 14));
  return sumOf(isSuccess(call) ? costs.slice(0, -1) : costs);
};

const world = (options: RetryOptions): World =>
  createWorld({ maxAttempts: 6, baseDelay: 100, maxDelay: 400, throttle: false, ...options });

describe('under any calls at the same time, each aborted or cut off at any instant or not at all', () => {
  test('a budget has lost the retries that were sent, and the time that was slept, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(direct, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 0, max: 3_000 }),
        async (plans, maxRetries, maxWait) => {
          const budget = new RetryBudget({ maxRetries, maxWait });
          const here = world({ budget });
          const calls = await settleAll(here, plans);
          expect(budget.remainingRetries).toBe(maxRetries - retriesOf(calls));
          expect(budget.remainingWait).toBeCloseTo(maxWait - sumOf(here.waits), 6);
          expect(sumOf(here.waits)).toBeLessThanOrEqual(maxWait + 1e-6);
          const reported = sumOf(calls.map(({ report }) => report?.totalDelay ?? 0));
          expect(reported).toBeCloseTo(sumOf(here.waits), 6);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('a throttle has lost what the retries that were sent cost, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(direct, { minLength: 1, maxLength: 5 }), async (plans) => {
        const throttle = new RetryThrottle({ capacity: CAPACITY, refund: 0, refillTime: 1e15 });
        const calls = await settleAll(world({ throttle }), plans);
        expect(throttle.tokens(ORIGIN)).toBeCloseTo(CAPACITY - sumOf(calls.map(costOf)), 2);
      }),
      { numRuns: 100 },
    );
  });

  test('the throttle and the budget agree on how many retries there were', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(direct, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 0, max: 6 }),
        fc.integer({ min: 14, max: 60 }),
        async (plans, maxRetries, capacity) => {
          const throttle = new RetryThrottle({
            capacity,
            retryCost: 14,
            throttledRetryCost: 14,
            refund: 0,
            refillTime: 1e15,
          });
          const budget = new RetryBudget({ maxRetries });
          const calls = await settleAll(world({ throttle, budget }), plans);
          expect(budget.remainingRetries).toBe(maxRetries - retriesOf(calls));
          const recovered = calls.filter((call) => isSuccess(call) && call.sendings.length > 1).length;
          const spent = 14 * (retriesOf(calls) - recovered);
          expect(throttle.tokens(ORIGIN)).toBeCloseTo(capacity - spent, 2);
          expect(spent).toBeLessThanOrEqual(capacity);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('an attempt that ended in a slow interceptor, before it was sent, has given back its retry', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(plan, { minLength: 1, maxLength: 5 }), async (plans) => {
        const budget = new RetryBudget({ maxRetries: 100, maxWait: 1e6 });
        const throttle = new RetryThrottle({ capacity: CAPACITY, refund: 0, refillTime: 1e15 });
        const here = world({ budget, throttle });
        const calls = await settleAll(here, plans);
        expect(budget.remainingRetries).toBe(100 - retriesOf(calls));
        expect(budget.remainingWait).toBeCloseTo(1e6 - sumOf(here.waits), 6);
      }),
      { numRuns: 150 },
    );
  });

  test('tokens stay within 0 and the capacity at every instant', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(plan, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 14, max: 100 }),
        fc.integer({ min: 100, max: 10_000 }),
        async (plans, capacity, refillTime) => {
          const throttle = new RetryThrottle({ capacity, refillTime, refund: 10 });
          const here = world({ throttle });
          const calls = Promise.all(plans.map((drawn) => start(here, drawn)));
          for (let step = 1; step <= 40; step += 1) {
            await here.clock.run(step < 40 ? 100 * step : undefined);
            const tokens = throttle.tokens(ORIGIN, here.clock.monotonic());
            expect(tokens).toBeGreaterThanOrEqual(0);
            expect(tokens).toBeLessThanOrEqual(capacity);
          }
          await calls;
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('whatever the server and the caller do', () => {
  test('a hint is waited for in full, and stretched by a half or two seconds at most', async () => {
    await fc.assert(
      fc.asyncProperty(plan, fc.integer(), async (drawn, seed) => {
        const here = createWorld({ maxAttempts: 6, baseDelay: 1, throttle: false }, seed);
        const [call] = await settleAll(here, [drawn]);
        const hooks = (drawn.retryIf ?? 0) + (drawn.beforeRetry ?? 0) + (drawn.interceptor ?? 0);
        for (const [index, { sentAt }] of (call?.sendings ?? []).entries()) {
          const before = call?.sendings[index - 1];
          if (before === undefined || typeof before.turn.status === 'string') continue;
          const { hint } = before.turn;
          if (hint === undefined || before.endedAt === Infinity) continue;
          const gap = sentAt - before.endedAt;
          expect(gap).toBeGreaterThanOrEqual(hint - 1e-6);
          expect(gap).toBeLessThanOrEqual(hint + Math.min(2_000, hint / 2) + hooks + 1e-6);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('no deadline is overrun: neither by the attempts, nor by the waits, nor by the hooks', async () => {
    const limited = direct.map((drawn) => ({ ...drawn, abortAfter: undefined }));
    await fc.assert(
      fc.asyncProperty(limited, fc.integer({ min: 1, max: 2_000 }), async (drawn, totalTimeout) => {
        const here = world({});
        const [call] = await settleAll(here, [{ ...drawn, totalTimeout }]);
        if (call === undefined) throw new Error('It never settled');
        expect(call.endedAt - call.startedAt).toBeLessThanOrEqual(totalTimeout + 1e-6);
        for (const { sentAt, endedAt } of call.sendings) {
          expect(sentAt - call.startedAt).toBeLessThanOrEqual(totalTimeout + 1e-6);
          if (endedAt < Infinity && drawn.attemptTimeout !== undefined)
            expect(endedAt - sentAt).toBeLessThanOrEqual(drawn.attemptTimeout + 1e-6);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('the last retry starts within maxElapsedTime, hooks that take time included', async () => {
    await fc.assert(
      fc.asyncProperty(direct, fc.integer({ min: 0, max: 1_500 }), async (drawn, maxElapsedTime) => {
        const [call] = await settleAll(world({ maxElapsedTime }), [drawn]);
        for (const { sentAt } of call?.sendings.slice(1) ?? [])
          expect(sentAt - (call?.startedAt ?? NaN)).toBeLessThanOrEqual(maxElapsedTime + 1e-6);
      }),
      { numRuns: 150 },
    );
  });

  test('an abort ends the call at that instant, and nothing is sent after it', async () => {
    await fc.assert(
      fc.asyncProperty(direct, fc.integer({ min: 0, max: 1_500 }), async (drawn, abortAfter) => {
        const [call] = await settleAll(world({}), [{ ...drawn, abortAfter }]);
        if (call === undefined) throw new Error('It never settled');
        expect(call.endedAt - call.startedAt).toBeLessThanOrEqual(abortAfter + 1e-6);
        for (const { sentAt } of call.sendings)
          expect(sentAt - call.startedAt).toBeLessThanOrEqual(abortAfter + 1e-6);
      }),
      { numRuns: 150 },
    );
  });
});
