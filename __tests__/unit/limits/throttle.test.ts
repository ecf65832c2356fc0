import { inspect } from 'node:util';
import fc from 'fast-check';
import { isRetryBudget, isRetryThrottle } from '../../../lib/limits/brand.ts';
import { RetryThrottle, type RetryThrottleOptions } from '../../../lib/limits/throttle.ts';

const API = 'https://api.example.com';

describe('the options of a throttle', () => {
  test('default to 500 tokens, 14 and 5 a retry, 1 a success, and a minute to fill', () => {
    const throttle = new RetryThrottle();
    expect(throttle.tokens(API)).toBe(500);
    expect(throttle.take(API, false, 0)).toBe(14);
    expect(throttle.tokens(API)).toBe(486);
    expect(throttle.take(API, true, 0)).toBe(5);
    expect(throttle.tokens(API)).toBe(481);
    throttle.give(API, 0);
    expect(throttle.tokens(API)).toBe(482);
    expect(throttle.tokens(API, 1_200)).toBe(492);
  });

  test('hold failures unless told otherwise', () => {
    expect(new RetryThrottle().hold).toBe(true);
    expect(new RetryThrottle({ hold: undefined }).hold).toBe(true);
    expect(new RetryThrottle({ hold: false }).hold).toBe(false);
  });

  test('default where they are undefined', () => {
    expect(new RetryThrottle({ capacity: undefined, refund: undefined }).tokens(API)).toBe(500);
  });

  const cost = 'a number from 0 to `capacity`';
  test.each([
    [{ capacity: 0 }, 'option `capacity` to be a finite number > 0, got 0'],
    [{ capacity: Infinity }, 'option `capacity` to be a finite number > 0, got Infinity'],
    [{ capacity: NaN }, 'option `capacity` to be a finite number > 0, got NaN'],
    [{ capacity: '500' }, 'option `capacity` to be a finite number > 0, got "500"'],
    [{ refillTime: 0 }, 'option `refillTime` to be a finite number > 0, got 0'],
    [{ refillTime: Infinity }, 'option `refillTime` to be a finite number > 0, got Infinity'],
    [{ retryCost: -1 }, `option \`retryCost\` to be ${cost}, got -1`],
    [{ retryCost: 501 }, `option \`retryCost\` to be ${cost}, got 501`],
    [{ capacity: 10 }, `option \`retryCost\` to be ${cost}, got 14`],
    [
      { capacity: 10, retryCost: 10, throttledRetryCost: 11 },
      `option \`throttledRetryCost\` to be ${cost}, got 11`,
    ],
    [{ refund: -1 }, `option \`refund\` to be ${cost}, got -1`],
    [{ refund: NaN }, `option \`refund\` to be ${cost}, got NaN`],
    [{ hold: 1 }, 'option `hold` to be a boolean, got 1'],
    [{ refund: null }, `option \`refund\` to be ${cost}, got null`],
    [
      { cost: 5 },
      'option `cost` to be one of capacity, retryCost, throttledRetryCost, refund, refillTime, hold, got 5',
    ],
    [500, 'options to be an object, got 500'],
    [null, 'options to be an object, got null'],
  ])('refuses %p', (options, message) => {
    expect(() => new RetryThrottle(options as never)).toThrow(
      new TypeError(`Expected retry throttle ${message}`),
    );
  });

  test.each<[RetryThrottleOptions]>([
    [{ capacity: 14 }],
    [{ capacity: 0.5, retryCost: 0.5, throttledRetryCost: 0, refund: 0 }],
    [{ retryCost: 0, throttledRetryCost: 0 }],
  ])('allow %p', (options) => {
    expect(new RetryThrottle(options).take(API, false, 0)).toBeDefined();
  });
});

describe('a bucket', () => {
  const drained = (now = 0) => {
    const throttle = new RetryThrottle({
      capacity: 100,
      retryCost: 50,
      throttledRetryCost: 10,
      refillTime: 1_000,
    });
    throttle.take(API, false, now);
    throttle.take(API, false, now);
    return throttle;
  };

  test('refuses a retry that it cannot pay for, and takes nothing', () => {
    const throttle = drained();
    expect(throttle.take(API, false, 300)).toBeUndefined();
    expect(throttle.tokens(API)).toBe(30);
    expect(throttle.take(API, true, 300)).toBe(10);
  });

  test.each([
    [0, 0],
    [1, 0.1],
    [250, 25],
    [999, 99.9],
    [1_000, 100],
    [1e9, 100],
    [Infinity, 100],
  ])('that is empty has after %p ms %p of 100 tokens', (elapsed, tokens) => {
    expect(drained(5_000).tokens(API, 5_000 + elapsed)).toBeCloseTo(tokens, 10);
  });

  test('never loses by a clock that stands still or goes backwards, nor fills twice in the same time', () => {
    const throttle = drained(1_000);
    throttle.give(API, 1_200, 0);
    expect(throttle.tokens(API)).toBe(20);
    for (const now of [0, 1_200, -Infinity, NaN, 700, 1_200]) throttle.give(API, now, 0);
    expect(throttle.tokens(API)).toBe(20);
    expect(throttle.tokens(API, 0)).toBe(20);
    expect(throttle.tokens(API, 1_300)).toBe(30);
  });

  test('gets back what a retry cost, and never more than it can hold', () => {
    const throttle = drained();
    throttle.give(API, 0, 50);
    expect(throttle.tokens(API)).toBe(50);
    throttle.give(API, 0, 1e9);
    expect(throttle.tokens(API)).toBe(100);
  });

  test('belongs to one origin', () => {
    expect(drained().tokens('https://other.example.com')).toBe(100);
  });
});

test('a bucket is low while less than half of it is left, at the time that is asked about', () => {
  const throttle = new RetryThrottle({ capacity: 10, retryCost: 1, refillTime: 1_000 });
  const isLow = (now: number) => throttle.isLow('https://a.example', now);
  expect(isLow(0)).toBe(false);
  for (let retry = 1; retry <= 5; retry += 1) throttle.take('https://a.example', false, 0);
  expect(isLow(0)).toBe(false);
  throttle.take('https://a.example', false, 0);
  expect([isLow(0), isLow(99), isLow(100)]).toEqual([true, true, false]);
  expect(throttle.isLow('https://b.example', 0)).toBe(false);
});

describe('what is tracked', () => {
  const throttle = () =>
    new RetryThrottle({ capacity: 100, retryCost: 50, throttledRetryCost: 0, refillTime: 1_000 });

  test('is nothing at first, after successes, and after a retry that was free', () => {
    const fresh = throttle();
    expect(fresh.idle).toBe(true);
    fresh.give(API, 0);
    fresh.take(API, true, 0);
    expect(fresh.idle).toBe(true);
    expect(fresh.state()).toEqual(new Map());
  });

  test('ends when a bucket is full again by refunds', () => {
    const used = throttle();
    used.take(API, false, 0);
    expect(used.idle).toBe(false);
    used.give(API, 0, 49);
    expect(used.idle).toBe(false);
    used.give(API, 0);
    expect(used.idle).toBe(true);
  });

  test('ends for one origin while another is still short', () => {
    const used = throttle();
    used.take('a', false, 0);
    used.take('b', false, 0);
    used.give('b', 0, 50);
    expect([...used.state().keys()]).toEqual(['a']);
  });

  test('ends when a bucket is full again by time, at the next success of any origin', () => {
    const used = throttle();
    used.take(API, false, 0);
    used.give('https://other.example.com', 499);
    expect(used.idle).toBe(false);
    used.give('https://other.example.com', 500);
    expect(used.idle).toBe(true);
  });

  test('is readable, the origin used last at the end, as of the last call or at a given time', () => {
    const used = throttle();
    used.take('a', false, 0);
    used.take('b', false, 100);
    used.take('a', false, 200);
    expect([...used.state()]).toEqual([
      ['b', 60],
      ['a', 20],
    ]);
    expect([...used.state(300)]).toEqual([
      ['b', 70],
      ['a', 30],
    ]);
    expect(used.tokens('a')).toBe(20);
  });

  test('is a copy: changing what was read changes nothing', () => {
    const used = throttle();
    used.take(API, false, 0);
    used.state().clear();
    expect(used.tokens(API)).toBe(50);
  });

  test('is at most the 1,000 origins used last; one that is forgotten has all its tokens', () => {
    const used = throttle();
    for (let i = 0; i < 1_000; i += 1) used.take(`o${i}`, false, 0);
    used.take('o0', false, 0);
    for (let i = 1_000; i < 1_500; i += 1) used.take(`o${i}`, false, 0);
    const origins = [...used.state().keys()];
    expect(origins).toHaveLength(1_000);
    expect(origins).toContain('o0');
    expect(origins).not.toContain('o1');
    expect(origins).not.toContain('o500');
    expect(origins).toContain('o501');
    expect(used.tokens('o0')).toBe(0);
    expect(used.tokens('o1')).toBe(100);
  });

  test('keeps an origin whose retries are being refused', () => {
    const used = throttle();
    for (const origin of ['down', 'down']) used.take(origin, false, 0);
    for (let i = 0; i < 2_000; i += 1) {
      used.take(`o${i}`, false, 0);
      expect(used.take('down', false, 0)).toBeUndefined();
    }
  });
});

/** The same rules, written down as plainly as can be. */
class Model {
  readonly #origins: { name: string; tokens: number }[] = [];
  #now = -Infinity;
  constructor(
    readonly capacity: number,
    readonly refillTime: number,
  ) {}

  add(name: string, tokens: number, now: number): boolean {
    const later = Math.max(this.#now, now);
    if (later > this.#now && this.#now !== -Infinity) {
      const refill = ((later - this.#now) * this.capacity) / this.refillTime;
      for (const each of this.#origins) each.tokens = Math.min(this.capacity, each.tokens + refill);
    }
    this.#now = later;
    const index = this.#origins.findIndex((each) => each.name === name);
    const found =
      index < 0
        ? { name, tokens: this.capacity }
        : (this.#origins.splice(index, 1)[0] as { name: string; tokens: number });
    const enough = found.tokens + tokens >= 0;
    if (enough) found.tokens = Math.min(this.capacity, found.tokens + tokens);
    if (found.tokens < this.capacity) this.#origins.push(found);
    if (this.#origins.length > 1_000) this.#origins.shift();
    return enough;
  }

  tokens(name: string): number {
    return this.#origins.find((each) => each.name === name)?.tokens ?? this.capacity;
  }

  get names(): string[] {
    return this.#origins.map(({ name }) => name);
  }
}

describe('under any sequence of operations', () => {
  // Powers of two, so that the model and the throttle agree to the last bit, however they add up.
  const options = { capacity: 512, retryCost: 64, throttledRetryCost: 16, refund: 1, refillTime: 4_096 };
  const operation = fc.record({
    origin: fc.constantFrom('a', 'b', 'c', 'd'),
    step: fc.oneof(fc.constant(0), fc.integer({ min: -2_000, max: 2_000 }), fc.integer({ min: 0, max: 100 })),
    action: fc.constantFrom('take', 'take', 'take', 'take throttled', 'give', 'give back'),
  });

  test('the throttle does what the model does', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 80 }), (operations) => {
        const throttle = new RetryThrottle(options);
        const model = new Model(options.capacity, options.refillTime);
        let now = 10_000;
        for (const { origin, step, action } of operations) {
          now += step;
          if (action === 'give') {
            throttle.give(origin, now);
            model.add(origin, options.refund, now);
          } else if (action === 'give back') {
            throttle.give(origin, now, options.retryCost);
            model.add(origin, options.retryCost, now);
          } else {
            const throttled = action === 'take throttled';
            const cost = throttled ? options.throttledRetryCost : options.retryCost;
            expect(throttle.take(origin, throttled, now)).toBe(
              model.add(origin, -cost, now) ? cost : undefined,
            );
          }
          for (const name of ['a', 'b', 'c', 'd']) expect(throttle.tokens(name)).toBe(model.tokens(name));
        }
      }),
    );
  });

  test('tokens stay within 0 and capacity, whatever the numbers', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const shares = fc.record({ retryCost: share, throttledRetryCost: share, refund: share });
    const positive = fc.double({ min: 1e-3, max: 1e6, noNaN: true });
    const anyTime = fc.oneof(fc.double(), fc.integer({ min: 0, max: 1_000 }));
    const anyOperation = fc.tuple(
      fc.constantFrom('a', 'b'),
      fc.constantFrom('take', '429', 'give', 'back'),
      anyTime,
    );
    fc.assert(
      fc.property(
        positive,
        positive,
        shares,
        fc.array(anyOperation),
        (capacity, refillTime, parts, operations) => {
          const costs = {
            retryCost: parts.retryCost * capacity,
            throttledRetryCost: parts.throttledRetryCost * capacity,
            refund: parts.refund * capacity,
          };
          const throttle = new RetryThrottle({ capacity, refillTime, ...costs });
          for (const [origin, action, now] of operations) {
            if (action === 'give') throttle.give(origin, now);
            else if (action === 'back') throttle.give(origin, now, costs.retryCost);
            else throttle.take(origin, action === '429', now);
            for (const tokens of [
              throttle.tokens('a'),
              throttle.tokens('b'),
              ...throttle.state(now).values(),
            ]) {
              expect(tokens).toBeGreaterThanOrEqual(0);
              expect(tokens).toBeLessThanOrEqual(capacity);
            }
          }
        },
      ),
    );
  });

  test('the 1,000 origins used last are tracked', () => {
    const origins = fc.array(fc.nat(1_200), { minLength: 2_500, maxLength: 4_000, size: 'max' });
    fc.assert(
      fc.property(origins, (numbers) => {
        const throttle = new RetryThrottle(options);
        const model = new Model(options.capacity, options.refillTime);
        for (const number of numbers) {
          throttle.take(`${number}`, true, 0);
          model.add(`${number}`, -options.throttledRetryCost, 0);
        }
        expect([...throttle.state().keys()]).toEqual(model.names);
        expect(model.names.length).toBeLessThanOrEqual(1_000);
      }),
      { numRuns: 10 },
    );
  });
});

describe('a throttle', () => {
  test('is known by its brand, not by its class', () => {
    expect(isRetryThrottle(new RetryThrottle())).toBe(true);
    expect(isRetryThrottle({ [Symbol.for('axios-tenacity.throttle')]: true })).toBe(true);
    expect(isRetryBudget(new RetryThrottle())).toBe(false);
    for (const other of [undefined, null, false, {}, { capacity: 5 }])
      expect(isRetryThrottle(other)).toBe(false);
  });

  test('shows nothing of its origins in JSON or in a log', () => {
    const throttle = new RetryThrottle();
    throttle.take(API, false, 0);
    expect(JSON.stringify(throttle)).toBe('{}');
    expect(inspect(throttle)).toBe('RetryThrottle {}');
  });
});
