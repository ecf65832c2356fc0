import type { AxiosError } from 'axios';
import fc from 'fast-check';
import { Cooldown } from '../../lib/index.ts';
import { type Call, createWorld, type Turn } from '../helpers/virtual-world.ts';

jest.setTimeout(60_000);

const ORIGIN = 'https://api.example.com';

/** A server that refuses in the spans of time that it is given, and says when each ends. */
const span = fc.record({
  from: fc.integer({ min: 0, max: 3_000 }),
  length: fc.integer({ min: 1, max: 2_000 }),
});

const plan = fc.record({
  startAfter: fc.integer({ min: 0, max: 3_000 }),
  abortAfter: fc.option(fc.integer({ min: 0, max: 6_000 }), { nil: undefined }),
  totalTimeout: fc.option(fc.integer({ min: 1, max: 6_000 }), { nil: undefined, freq: 3 }),
});

/** When the pause ended, the last time that anybody was told of one before `time`. */
const pausedUntil = (calls: readonly Call[], time: number): number =>
  Math.max(
    -Infinity,
    ...calls
      .flatMap(({ sendings }) => sendings)
      .filter(({ endedAt, turn }) => turn.hint !== undefined && endedAt < time)
      .map(({ endedAt, turn }) => endedAt + (turn.hint as number)),
  );

describe.each([true, false])(
  'requests through a cooldown with hold: %p, whatever the server and the callers do',
  (hold) => {
    test('settle, in time, in their order, and are not sent in a pause that was heard', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(plan, { minLength: 1, maxLength: 12 }),
          fc.array(span, { minLength: 1, maxLength: 3 }),
          fc.integer({ min: 0, max: 4 }),
          fc.integer(),
          async (plans, spans, maxHeld, seed) => {
            const cooldown = new Cooldown({ hold, maxHeld });
            const world = createWorld({ cooldown, maxAttempts: 4, baseDelay: 200 }, seed);
            const network = (now: number): Turn => {
              const ends = spans.map(({ from, length }) =>
                now >= from && now < from + length ? from + length : 0,
              );
              const end = Math.max(...ends);
              return end > 0 ? { status: 429, latency: 5, hint: end - now } : { status: 200, latency: 5 };
            };
            const calls: Call[] = [];
            const all = plans.map(async ({ startAfter, abortAfter, totalTimeout }, index) => {
              await world.clock.alarm(startAfter);
              calls[index] = await world.call({ turns: network, abortAfter, retry: { totalTimeout } });
            });
            for (let now = 0; now <= 6_000; now += 250) {
              await world.clock.run(now);
              expect(cooldown.toJSON().held).toBeLessThanOrEqual(maxHeld);
            }
            await world.clock.run();
            expect(Object.keys(calls)).toHaveLength(plans.length);
            await Promise.all(all);
            expect(cooldown.toJSON().held).toBe(0);

            for (const [index, { startedAt, endedAt, value, sendings, ok }] of calls.entries()) {
              const { abortAfter = Infinity, totalTimeout = Infinity } = plans[
                index
              ] as (typeof plans)[number];
              expect(endedAt - startedAt).toBeLessThanOrEqual(Math.min(abortAfter, totalTimeout) + 1e-6);
              const [first, ...retries] = sendings;
              for (const { sentAt } of hold ? sendings : retries)
                expect(pausedUntil(calls, sentAt)).toBeLessThanOrEqual(sentAt + 1e-3);
              if (!first && !ok)
                expect(['ERR_COOLING_DOWN', 'ERR_CANCELED']).toContain((value as AxiosError).code);
              if (!hold) expect(first?.sentAt ?? startedAt).toBe(startedAt);
            }
            const held = calls
              .filter(({ startedAt, sendings: [first] }) => first && first.sentAt > startedAt)
              .map(({ startedAt, sendings: [first] }) => [startedAt, first?.sentAt ?? NaN] as const);
            for (const [arrivedAt, sentAt] of held)
              for (const [arrivedLater, sentLater] of held)
                if (arrivedAt < arrivedLater) expect(sentAt).toBeLessThanOrEqual(sentLater + 1e-6);
          },
        ),
        { numRuns: 150 },
      );
    });
  },
);

test('the scope of the world is the origin that the properties mean', async () => {
  const cooldown = new Cooldown();
  const world = createWorld({ cooldown });
  const call = world.call({
    turns: [
      { status: 429, latency: 0, hint: 500 },
      { status: 200, latency: 0 },
    ],
  });
  await world.clock.run(100);
  expect(cooldown.left(ORIGIN, 100)).toBe(400);
  await world.clock.run();
  await call;
});
