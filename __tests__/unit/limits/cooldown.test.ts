import { inspect } from 'node:util';
import fc from 'fast-check';
import { isCooldown, isRetryThrottle, type Turn } from '../../../lib/limits/brand.ts';
import { Cooldown, type CooldownOptions } from '../../../lib/limits/cooldown.ts';

const API = 'https://api.example.com';

const noSpread = (): number => 0;

/** A cooldown that heard at 0 of a pause of so many milliseconds. */
const paused = (wait: number, options?: CooldownOptions): Cooldown => {
  const cooldown = new Cooldown(options);
  cooldown.hear(API, wait, 0, noSpread);
  return cooldown;
};

describe('the options of a cooldown', () => {
  test('default to half the pace, no hold, 100 held, and the origin', () => {
    const cooldown = paused(1_000);
    expect(cooldown.holds).toBe(false);
    expect(cooldown.scopeOf({ url: '/a?b', baseURL: `${API}/v1` } as never)).toBe(API);
    cooldown.pace(API, 0, 0);
    expect(cooldown.pace(API, 0, 50)?.due).toBe(1_100);
    const turns = Array.from({ length: 101 }, () => cooldown.hold(API, 0)?.due);
    expect(turns.filter((due) => due === Infinity)).toHaveLength(1);
  });

  test('default where they are undefined', () => {
    const options = { pace: undefined, hold: undefined, scope: undefined, maxHeld: undefined };
    expect(new Cooldown(options).scopeOf({ url: API } as never)).toBe(API);
  });

  test.each([
    [{ pace: 0 }, 'option `pace` to be a number > 0 and ≤ 1, got 0'],
    [{ pace: 1.5 }, 'option `pace` to be a number > 0 and ≤ 1, got 1.5'],
    [{ pace: NaN }, 'option `pace` to be a number > 0 and ≤ 1, got NaN'],
    [{ pace: '0.5' }, 'option `pace` to be a number > 0 and ≤ 1, got "0.5"'],
    [{ hold: 1 }, 'option `hold` to be a boolean, got 1'],
    [{ scope: API }, `option \`scope\` to be a function, got "${API}"`],
    [{ maxHeld: -1 }, 'option `maxHeld` to be an integer ≥ 0 or Infinity, got -1'],
    [{ maxHeld: 1.5 }, 'option `maxHeld` to be an integer ≥ 0 or Infinity, got 1.5'],
    [{ maxHeld: NaN }, 'option `maxHeld` to be an integer ≥ 0 or Infinity, got NaN'],
    [{ max: 5 }, 'option `max` to be one of pace, hold, scope, maxHeld, got 5'],
    [true, 'options to be an object, got true'],
    [null, 'options to be an object, got null'],
  ])('refuses %p', (options, message) => {
    expect(() => new Cooldown(options as never)).toThrow(new TypeError(`Expected cooldown ${message}`));
  });

  test.each<[CooldownOptions]>([[{ pace: 1 }], [{ pace: 1e-3 }], [{ maxHeld: 0 }], [{ maxHeld: Infinity }]])(
    'allow %p',
    (options) => {
      expect(new Cooldown(options)).toBeInstanceOf(Cooldown);
    },
  );
});

describe('the scope', () => {
  test('is what the function answers, and the origin where it answers undefined', () => {
    const cooldown = new Cooldown({ scope: ({ url }) => (url === '/me' ? 'me' : undefined) });
    expect(cooldown.scopeOf({ url: '/me', baseURL: API } as never)).toBe('me');
    expect(cooldown.scopeOf({ url: '/', baseURL: API } as never)).toBe(API);
  });

  test.each([[5], [{}], [Promise.reject(new Error('nobody hears of it'))]])(
    'is refused when %p',
    (answer) => {
      const cooldown = new Cooldown({ scope: () => answer as never });
      expect(() => cooldown.scopeOf({ url: API } as never)).toThrow(
        'Expected the result of `scope` to be a string or undefined, got ',
      );
    },
  );

  test('is one of many, and none cools another', () => {
    const cooldown = paused(1_000, { hold: true });
    expect(cooldown.pace('other', 0, 0)).toBeUndefined();
    expect(cooldown.hold('other', 0)).toBeUndefined();
    expect(cooldown.left('other', 0)).toBe(0);
  });
});

describe('a pause', () => {
  test('ends at a moment that is never lowered', () => {
    const cooldown = new Cooldown();
    expect(cooldown.hear(API, 1_000, 0, noSpread)).toBe(true);
    expect(cooldown.hear(API, 1_000, 0, noSpread)).toBe(false);
    expect(cooldown.hear(API, 100, 500, noSpread)).toBe(false);
    expect(cooldown.left(API, 500)).toBe(500);
    expect(cooldown.hear(API, 501, 500, noSpread)).toBe(true);
    expect(cooldown.left(API, 500)).toBe(501);
    expect(cooldown.left(API, 2_000)).toBe(0);
  });

  test.each([0, -5, NaN])('of %p ms is none', (wait) => {
    const cooldown = new Cooldown();
    expect(cooldown.hear(API, wait, 0, noSpread)).toBe(false);
    expect(cooldown.idle).toBe(true);
  });

  test('does not hold what would be sent after it', () => {
    const cooldown = paused(1_000);
    expect(cooldown.pace(API, 1_001, 0)).toBeUndefined();
    expect(cooldown.pace(API, 1_000, 0)?.due).toBe(1_000);
    expect(cooldown.hold(API, 999)?.due).toBeGreaterThanOrEqual(1_000);
    expect(cooldown.hold(API, 1_000)).toBeUndefined();
  });

  test.each([
    [100, 1, 150],
    [1_000, 0.5, 1_250],
    [4_000, 1, 6_000],
    [60_000, 1, 62_000],
  ])('of %p ms, with chance %p, lets the first go at %p', (wait, chance, due) => {
    const cooldown = new Cooldown();
    cooldown.hear(API, wait, 0, () => chance);
    expect(cooldown.pace(API, 0, 0)?.due).toBe(due);
  });

  test('lets requests go in their order, stretched in time', () => {
    const cooldown = paused(10_000, { pace: 0.25 });
    const dues = [3_000, 3_100, 3_500, 9_000].map((now) => cooldown.pace(API, now, now)?.due);
    expect(dues).toEqual([10_000, 10_400, 12_000, 22_000]);
  });

  test('lets requests that came at once go one after the other', () => {
    const cooldown = paused(1_000);
    expect([0, 0, 0].map((now) => cooldown.pace(API, now, now)?.due)).toEqual([1_000, 1_002, 1_004]);
  });

  test('does not make the second of two requests wait for minutes when they came far apart', () => {
    const cooldown = paused(120_000);
    cooldown.pace(API, 0, 0);
    expect(cooldown.pace(API, 0, 100_000)?.due).toBe(130_000);
  });

  test('that grows moves all who wait by the same time', () => {
    const cooldown = paused(1_000);
    const turns = [0, 100, 200].map((now) => cooldown.pace(API, now, now) as Turn);
    expect(turns.map(({ due }) => due)).toEqual([1_000, 1_200, 1_400]);
    // The first is on its way and is told to wait for another second.
    cooldown.hear(API, 1_000, 1_100, noSpread);
    expect(turns.slice(1).map(({ due }) => due)).toEqual([2_200, 2_400]);
    expect(cooldown.pace(API, 1_100, 1_100)?.due).toBeGreaterThan(2_400);
  });

  test('that is short and comes again and again does not make each wait longer than the one before', () => {
    const cooldown = paused(200, { hold: true, maxHeld: Infinity });
    const lineUp = (now: number): number => {
      const turn = cooldown.hold(API, now);
      return turn ? turn.due - now : 0;
    };
    const first = Array.from({ length: 20 }, (_, place) => lineUp(10 * place));
    const later = Array.from({ length: 500 }, (_, round) => {
      const now = 200 + 10 * round;
      cooldown.hear(API, 5, now, noSpread);
      return lineUp(now + 1);
    });
    expect(Math.max(...later)).toBeLessThanOrEqual(Math.max(...first) + 10);
  });

  test('draws its chance once for those that it stops together, and anew for a new wave', () => {
    const chance = [0.5, 1, 0];
    const cooldown = new Cooldown();
    const draw = (): number => chance.shift() as number;
    cooldown.hear(API, 10_000, 0, draw);
    expect(cooldown.pace(API, 0, 0)?.due).toBe(11_000);
    cooldown.hear(API, 10_500, 500, draw);
    expect(chance).toHaveLength(2);
    cooldown.hear(API, 20_000, 1_001, draw);
    expect(chance).toHaveLength(1);
    expect(cooldown.pace(API, 0, 1_001)?.due).toBe(23_003);
  });

  test('starts from nothing when it follows one that all have left', () => {
    const cooldown = paused(20);
    cooldown.pace(API, 0, 0);
    cooldown.hear(API, 20, 500, noSpread);
    expect(cooldown.pace(API, 500, 500)?.due).toBe(520);
  });
});

describe('the held', () => {
  test('are counted until they leave, each once', () => {
    const cooldown = paused(1_000, { hold: true, maxHeld: 2 });
    const first = cooldown.hold(API, 0) as Turn;
    cooldown.hold(API, 0);
    expect(cooldown.toJSON()).toEqual({ cooling: 1, held: 2 });
    const full = cooldown.hold(API, 0) as Turn;
    expect(full.due).toBe(Infinity);
    full.leave();
    expect(cooldown.hold(API, 0)?.due).toBe(Infinity);
    first.leave();
    first.leave();
    expect(cooldown.hold(API, 0)?.due).toBe(1_004);
    expect(cooldown.hold(API, 0)?.due).toBe(Infinity);
  });

  test('are first attempts only, and stand in one line with the retries', () => {
    const cooldown = paused(1_000, { hold: true, maxHeld: 1 });
    const turns = [cooldown.pace(API, 0, 0), cooldown.hold(API, 0), cooldown.pace(API, 0, 0)];
    expect(turns.map((turn) => turn?.due)).toEqual([1_000, 1_002, 1_004]);
  });
});

describe('what is known', () => {
  test('is nothing at first, and again once all have had their turn', () => {
    const cooldown = new Cooldown();
    expect(cooldown.idle).toBe(true);
    cooldown.hear(API, 1_000, 0, noSpread);
    cooldown.pace(API, 0, 0);
    cooldown.pace(API, 0, 100);
    cooldown.pace(API, 1_199, 1_199);
    expect(cooldown.idle).toBe(false);
    cooldown.pace('other', 1_200, 1_200);
    expect(cooldown.idle).toBe(true);
  });

  test('is readable, as of the last call or at a given time', () => {
    const cooldown = paused(1_000);
    cooldown.hear('other', 100, 50, noSpread);
    expect([...cooldown.state()]).toEqual([
      [API, 950],
      ['other', 100],
    ]);
    expect([...cooldown.state(500)]).toEqual([[API, 500]]);
    expect(cooldown.left(API)).toBe(950);
    expect(cooldown.left(API, 400)).toBe(600);
    cooldown.state().clear();
    expect(cooldown.left(API, 400)).toBe(600);
  });

  test('is at most the 1,000 scopes paused last', () => {
    const cooldown = new Cooldown();
    for (let i = 0; i < 1_000; i += 1) cooldown.hear(`s${i}`, 1_000, 0, noSpread);
    cooldown.hear('s0', 2_000, 0, noSpread);
    cooldown.hear('new', 1_000, 0, noSpread);
    expect(cooldown.state(0).size).toBe(1_000);
    expect(cooldown.left('s0', 0)).toBe(2_000);
    expect(cooldown.left('s1', 0)).toBe(0);
  });

  test('shows no scope in JSON or in a log', () => {
    const cooldown = new Cooldown();
    cooldown.hear('secret token', 1_000, 0, noSpread);
    expect(JSON.stringify(cooldown)).toBe('{"cooling":1,"held":0}');
    expect(inspect(cooldown)).toBe('Cooldown {}');
  });

  test('is known by its brand, not by its class', () => {
    expect(isCooldown(new Cooldown())).toBe(true);
    expect(isCooldown({ [Symbol.for('axios-tenacity.cooldown')]: true })).toBe(true);
    expect(isRetryThrottle(new Cooldown())).toBe(false);
    for (const other of [undefined, null, false, {}, { pace: 1 }]) expect(isCooldown(other)).toBe(false);
  });
});

describe('under any sequence of pauses and arrivals', () => {
  interface Waiting {
    readonly turn: Turn;
    readonly isHeld: boolean;
  }
  const event = fc.record({
    step: fc.oneof(
      fc.constant(0),
      fc.integer({ min: 0, max: 3_000 }),
      fc.double({ min: 0, max: 5, noNaN: true }),
    ),
    action: fc.oneof(
      fc.record({ pause: fc.integer({ min: 1, max: 5_000 }) }),
      fc.constantFrom('retry' as const, 'first' as const, 'abort' as const),
    ),
  });
  const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  /** Plays the events, and between them sends everything whose turn has come. */
  test('requests are sent in their order, none before the end of the pause, all of them, and not too many are held', () => {
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 60 }),
        fc.constantFrom(0.1, 0.5, 1),
        fc.nat(4),
        fc.array(fraction, { minLength: 1 }),
        (events, pace, maxHeld, chances) => {
          const cooldown = new Cooldown({ pace, maxHeld, hold: true });
          let drawn = 0;
          const random = (): number => chances[drawn++ % chances.length] as number;
          let line: Waiting[] = [];
          let until = -Infinity;
          let now = 0;

          const send = (to: number): void => {
            for (let [next] = line; next && next.turn.due <= to; [next] = line) {
              expect(next.turn.due).toBeGreaterThanOrEqual(until);
              next.turn.leave();
              line = line.slice(1);
            }
            for (const [index, { turn }] of line.entries())
              expect(turn.due).toBeGreaterThanOrEqual((line[index - 1]?.turn.due ?? until) - 1e-6);
            now = to;
          };

          for (const { step, action } of events) {
            send(now + step);
            const held = line.filter(({ isHeld }) => isHeld).length;
            expect(cooldown.toJSON().held).toBe(held);
            if (typeof action === 'object') {
              expect(cooldown.hear(API, action.pause, now, random)).toBe(now + action.pause > until);
              until = Math.max(until, now + action.pause);
            } else if (action === 'abort') {
              line[0]?.turn.leave();
              line = line.slice(1);
            } else {
              const isHeld = action === 'first';
              const turn = isHeld ? cooldown.hold(API, now) : cooldown.pace(API, now, now);
              if (isHeld) expect(turn === undefined).toBe(now >= until);
              else expect(turn === undefined).toBe(now > until);
              if (turn && turn.due < Infinity) line.push({ turn, isHeld });
              else if (turn) expect(held).toBe(maxHeld);
            }
          }
          send(1e9);
          expect(line).toEqual([]);
          expect(cooldown.toJSON().held).toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('a line with one pause is stretched by the pace and no more, gaps of seconds included', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 4, max: 4_000 }), { maxLength: 30 }),
        fraction,
        (gaps, chance) => {
          const wait = 200_000;
          const cooldown = new Cooldown();
          cooldown.hear(API, wait, 0, () => chance);
          let arrival = 0;
          const spread = chance * 2_000;
          expect(cooldown.pace(API, 0, 0)?.due).toBeCloseTo(wait + spread, 3);
          for (const gap of gaps) {
            arrival += gap;
            expect(cooldown.pace(API, arrival, arrival)?.due).toBeCloseTo(wait + spread + arrival * 2, 3);
          }
        },
      ),
    );
  });
});
