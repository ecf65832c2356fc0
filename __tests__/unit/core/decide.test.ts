import { decide, type Evidence, findHazard, mayAct, spreadHint } from '../../../lib/core/decide.ts';
import { resolvePolicy } from '../../../lib/core/policy.ts';
import type { RetryOptions } from '../../../lib/options/options.ts';
import type { Failure, RetryContext } from '../../../lib/types.ts';

const worthIt: Omit<Evidence, 'context'> = {
  worthIt: true,
  vetoed: false,
  hint: undefined,
  failure: 'ambiguous',
  mayHaveActed: false,
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
    ['a body, before the number of attempts', { replayable: false, keyed: true }, 'body-not-replayable'],
    ['the number of attempts, before a hint that is too long', { keyed: true }, 'max-attempts'],
  ] as const)('%s', (_, evidence, reason) => {
    const context = { method: 'POST', attemptNumber: 3 };
    expect(decideOn({}, { hint: 1e9, ...evidence }, context)).toBe(reason);
  });

  test('a hint that is too long, before the other bounds', () => {
    expect(decideOn({ stop: () => true }, { hint: 1e9 }, { elapsed: 1e6 })).toBe('retry-after-too-long');
  });

  test('when no attempt is left nobody is asked how long to wait, or whether to stop', () => {
    const asked = jest.fn(() => NaN);
    const options = { maxAttempts: 3, wait: asked, stop: asked as never };
    expect(decideOn(options, {}, { attemptNumber: 3 })).toBe('max-attempts');
    expect(decideOn({ maxAttempts: 3, jitter: asked }, {}, { attemptNumber: 3 })).toBe('max-attempts');
    expect(asked).not.toHaveBeenCalled();
  });

  test('a wait for each attempt but the last is enough', () => {
    const wait = ({ attemptNumber: n }: RetryContext) => [100, 500][n - 1] as number;
    const decisions = [1, 2, 3].map((attemptNumber) =>
      decideOn({ maxAttempts: 3, wait }, {}, { attemptNumber }),
    );
    expect(decisions).toEqual([backoff(100), backoff(500), 'max-attempts']);
  });

  test('the time, before the time of the whole, before stop conditions', () => {
    const late = { attemptNumber: 2, elapsed: 1e6 };
    const options = { totalTimeout: 1_000, stop: () => true };
    expect(decideOn(options, {}, late)).toBe('max-elapsed-time');
    expect(decideOn({ ...options, maxElapsedTime: Infinity }, {}, late)).toBe('total-timeout');
    expect(decideOn({ stop: () => true })).toBe('stop-condition');
  });
});

describe('what may be repeated', () => {
  const policy = resolvePolicy({ methods: ['get', 'PUT'] });
  const hazardOf = (
    method: string,
    failure: Failure,
    keyed = false,
    replayable = true,
    mayHaveActed = false,
  ) => findHazard(policy, method, { failure, mayHaveActed, keyed, replayable });

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

  test.each(['unsent', 'refused', 'ambiguous', 'permanent', 'none'] as const)(
    'a failure that is %s does not undo an earlier attempt that may have acted',
    (failure) => {
      expect(hazardOf('POST', failure, false, true, true)).toBe('unsafe-method');
      expect(hazardOf('POST', failure, true, true, true)).toBeUndefined();
      expect(hazardOf('GET', failure, false, true, true)).toBeUndefined();
    },
  );

  test.each([
    ['unsent', false],
    ['refused', false],
    ['ambiguous', true],
    ['permanent', true],
    ['none', true],
  ] as const)('after an attempt that is %s a server may have acted: %s', (failure, acts) => {
    expect(mayAct(failure)).toBe(acts);
  });

  test('the word of the user counts, not what the failure looks like', () => {
    const post = { method: 'POST', failure: 'permanent' } as const;
    expect(decideOn({}, { failure: 'refused' }, post)).toEqual(backoff(100));
    expect(decideOn({}, { failure: 'refused', mayHaveActed: true }, post)).toBe('unsafe-method');
  });
});

describe('a hint of the server', () => {
  test('comes before the schedule, and is waited for in full: a tenth at most is added to it', () => {
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

  describe('while a success is polled', () => {
    const polled = { failure: 'none' } as const;

    test.each([0, 0.0001, 50])('of %d ms makes no hot loop', (hint) => {
      expect(decideOn({}, { ...polled, hint })).toEqual(backoff(100));
    });

    test('that is longer than the wait of the policy is obeyed', () => {
      expect(decideOn({}, { ...polled, hint: 2_000 })).toEqual(server(2_100));
      expect(decideOn({}, { ...polled, hint: 100 }, { random: () => 0 })).toEqual(server(100));
    });

    test('that is too long ends it, and the wait of the policy is not asked for', () => {
      const wait = jest.fn(() => 5);
      expect(decideOn({ wait }, { ...polled, hint: 1e9 })).toBe('retry-after-too-long');
      expect(wait).not.toHaveBeenCalled();
    });
  });

  test('of a failure is obeyed without asking for the wait of the policy', () => {
    const wait = jest.fn(() => 5);
    expect(decideOn({ wait }, { hint: 0.5 })).toEqual(server(0.525));
    expect(wait).not.toHaveBeenCalled();
  });

  test('is spread by a tenth of it or a second, whichever is less', () => {
    expect(spreadHint(0, () => 1)).toBe(0);
    expect(spreadHint(5_000, () => 1)).toBe(5_500);
    expect(spreadHint(60_000, () => 1)).toBe(61_000);
    expect(spreadHint(60_000, () => 0)).toBe(60_000);
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

  test.each([[5], [{}], [Promise.resolve(true)]])('that answers %p is refused', (answer) => {
    expect(() => decideOn({ stop: () => answer as never })).toThrow(
      /^Expected the result of `stop` to be a boolean or a string, got /,
    );
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
