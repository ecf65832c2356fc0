import { decide, type Evidence, findHazard } from '../../../lib/core/decide.ts';
import { resolvePolicy } from '../../../lib/core/policy.ts';
import type { RetryOptions } from '../../../lib/options/options.ts';
import type { Failure, RetryContext } from '../../../lib/types.ts';

const worthIt: Omit<Evidence, 'context'> = {
  worthIt: true,
  vetoed: false,
  hint: undefined,
  keyed: false,
  replayable: true,
};

const contextOf = (context: Partial<RetryContext>): RetryContext =>
  ({
    attemptNumber: 1,
    elapsed: 0,
    method: 'GET',
    failure: 'ambiguous',
    random: () => 0.5,
    ...context,
  }) as RetryContext;

const decideOn = (
  options: RetryOptions,
  evidence: Partial<Omit<Evidence, 'context'>> = {},
  context: Partial<RetryContext> = {},
): ReturnType<typeof decide> =>
  decide(resolvePolicy({ baseDelay: 100, jitter: 'none', ...options }), {
    ...worthIt,
    ...evidence,
    context: contextOf(context),
  });

const backoff = (delay: number) => ({ delay, delaySource: 'backoff' });
const server = (delay: number) => ({ delay, delaySource: 'server' });

test('a failure that is worth it is retried after the wait of the schedule', () => {
  expect(decideOn({})).toEqual(backoff(100));
  expect(decideOn({ maxAttempts: 5 }, {}, { attemptNumber: 3 })).toEqual(backoff(400));
});

describe('the first reason not to go on is the one that counts', () => {
  test.each([
    ['not worth it, before the veto of the server', { worthIt: false, vetoed: true }, 'not-retryable'],
    ['the veto of the server, before safety', { vetoed: true }, 'server-veto'],
    ['an unsafe method, before the body', { replayable: false }, 'unsafe-method'],
    ['a body, before a hint that is too long', { replayable: false, keyed: true }, 'body-not-replayable'],
    ['a hint that is too long, before the bounds', { keyed: true }, 'retry-after-too-long'],
  ] as const)('%s', (_, evidence, reason) => {
    const context = { method: 'POST', attemptNumber: 3 };
    expect(decideOn({}, { hint: 1e9, ...evidence }, context)).toBe(reason);
  });

  test('the number of attempts, before the time, before the time of the whole, before stop conditions', () => {
    const late = { attemptNumber: 3, elapsed: 1e6 };
    const options = { totalTimeout: 1_000, stop: () => true };
    expect(decideOn(options, {}, late)).toBe('max-attempts');
    expect(decideOn(options, {}, { ...late, attemptNumber: 2 })).toBe('max-elapsed-time');
    expect(decideOn({ ...options, maxElapsedTime: Infinity }, {}, { ...late, attemptNumber: 2 })).toBe(
      'total-timeout',
    );
    expect(decideOn({ stop: () => true })).toBe('stop-condition');
  });
});

describe('what may be repeated', () => {
  const policy = resolvePolicy({ methods: ['get', 'PUT'] });
  const hazardOf = (method: string, failure: Failure, keyed = false, replayable = true) =>
    findHazard(policy, method, failure, { keyed, replayable });

  test.each([
    ['GET', 'ambiguous', undefined],
    ['PUT', 'permanent', undefined],
    ['DELETE', 'ambiguous', 'unsafe-method'],
    ['POST', 'none', 'unsafe-method'],
    ['POST', 'permanent', 'unsafe-method'],
    ['POST', 'ambiguous', 'unsafe-method'],
    ['POST', 'unsent', undefined],
    ['POST', 'refused', undefined],
  ] as const)('%s after a failure that is %s: %s', (method, failure, hazard) => {
    expect(hazardOf(method, failure)).toBe(hazard);
    expect(hazardOf(method, failure, true)).toBeUndefined();
    expect(hazardOf(method, failure, false, false)).toBe(hazard ?? 'body-not-replayable');
    expect(hazardOf(method, failure, true, false)).toBe('body-not-replayable');
  });
});

describe('a hint of the server', () => {
  test('comes before the schedule, and is never undercut: a tenth at most is added to it', () => {
    expect(decideOn({}, { hint: 2_000 })).toEqual(server(2_100));
    expect(decideOn({}, { hint: 2_000 }, { random: () => 0 })).toEqual(server(2_000));
  });

  test('is spread by a second at most', () => {
    expect(decideOn({}, { hint: 100_000 })).toEqual(server(100_500));
  });

  test('of exactly the most that is obeyed is obeyed', () => {
    const retryAfter = { max: 5_000 } as const;
    expect(decideOn({ retryAfter }, { hint: 5_000 })).toEqual(server(5_250));
    expect(decideOn({ retryAfter }, { hint: 5_001 })).toBe('retry-after-too-long');
  });

  test('that is too long is cut to the most exactly when it is to be clamped', () => {
    const retryAfter = { max: 5_000, whenLonger: 'clamp' } as const;
    expect(decideOn({ retryAfter }, { hint: 5_000 })).toEqual(server(5_250));
    expect(decideOn({ retryAfter }, { hint: 5_001 })).toEqual(server(5_000));
  });

  test('of no time is still the word of the server', () => {
    expect(decideOn({}, { hint: 0 })).toEqual(server(0));
  });

  test('is not heard when hints are ignored', () => {
    expect(decideOn({ retryAfter: false }, { hint: 2_000 })).toEqual(backoff(100));
  });
});

describe('the wait', () => {
  test('of nothing is a wait', () => {
    expect(decideOn({ wait: () => 0 })).toEqual(backoff(0));
  });

  test.each([-1, Number.NaN, Infinity, '5' as never])('%p is none', (delay) => {
    expect(() => decideOn({ wait: () => delay })).toThrow(
      /^Expected the wait to be a finite number of milliseconds ≥ 0, got /,
    );
  });
});

describe('bounds', () => {
  test('the last attempt is the one with the number of the most', () => {
    expect(decideOn({ maxAttempts: 2 }, {}, { attemptNumber: 1 })).toEqual(backoff(100));
    expect(decideOn({ maxAttempts: 2 }, {}, { attemptNumber: 2 })).toBe('max-attempts');
    expect(decideOn({ maxAttempts: 2 }, {}, { attemptNumber: 3 })).toBe('max-attempts');
  });

  test('a retry may start at the end of the time exactly, and not later', () => {
    expect(decideOn({ maxElapsedTime: 500 }, {}, { elapsed: 400 })).toEqual(backoff(100));
    expect(decideOn({ maxElapsedTime: 500 }, {}, { elapsed: 401 })).toBe('max-elapsed-time');
  });

  test('a retry that would be cut off as it starts is not made', () => {
    expect(decideOn({ totalTimeout: 500 }, {}, { elapsed: 399 })).toEqual(backoff(100));
    expect(decideOn({ totalTimeout: 500 }, {}, { elapsed: 400 })).toBe('total-timeout');
  });
});

describe('a stop condition', () => {
  test.each([
    [true, 'stop-condition'],
    ['weekend', 'weekend'],
    [false, backoff(100)],
    [undefined, backoff(100)],
    ['', backoff(100)],
  ])('that answers %p', (answer, decision) => {
    expect(decideOn({ stop: () => answer })).toEqual(decision);
  });

  test('is asked with the wait that is to come', () => {
    const seen: unknown[] = [];
    decideOn({ stop: ({ delay, delaySource }) => void seen.push(delay, delaySource) as never });
    decideOn(
      { stop: ({ delay, delaySource }) => void seen.push(delay, delaySource) as never },
      { hint: 1_000 },
    );
    expect(seen).toEqual([100, 'backoff', 1_050, 'server']);
  });
});
