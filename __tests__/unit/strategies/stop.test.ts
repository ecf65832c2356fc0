import fc from 'fast-check';
import {
  stopAfterAttempt,
  stopAfterDelay,
  stopAll,
  stopAny,
  stopBeforeDelay,
} from '../../../lib/strategies/stop.ts';
import type { PendingRetryContext, RetryContext, StopCondition } from '../../../lib/types.ts';

const context = (known: Partial<PendingRetryContext> = {}): PendingRetryContext => ({
  duration: 0,
  mayHaveActed: false,
  delay: 0,
  delaySource: 'backoff',
  attemptNumber: 1,
  maxAttempts: 3,
  elapsed: 0,
  totalDelay: 0,
  method: 'GET',
  url: '/',
  config: {} as RetryContext['config'],
  failure: 'ambiguous',
  random: () => 0.5,
  ...known,
});

type Answer = ReturnType<StopCondition>;
const answering = (answers: readonly Answer[]): StopCondition[] => answers.map((answer) => () => answer);
const asked = (answer: Answer) => jest.fn<Answer, [RetryContext]>(() => answer);
const stops = (answer: Answer): boolean => answer === true || (typeof answer === 'string' && answer !== '');
const lists = fc.array(fc.constantFrom<Answer>(true, false, undefined, '', 'maintenance', 'weekend'));

describe('stopAfterAttempt, stopAfterDelay, stopBeforeDelay', () => {
  test.each<[string, StopCondition, Partial<PendingRetryContext>, boolean]>([
    ['the 2nd of 3 attempts', stopAfterAttempt(3), { attemptNumber: 2 }, false],
    ['the 3rd of 3 attempts', stopAfterAttempt(3), { attemptNumber: 3 }, true],
    ['the 4th of 3 attempts', stopAfterAttempt(3), { attemptNumber: 4 }, true],
    ['999 of 1,000 ms passed', stopAfterDelay(1_000), { elapsed: 999, delay: 500 }, false],
    ['1,000 of 1,000 ms passed', stopAfterDelay(1_000), { elapsed: 1_000 }, true],
    ['0 of 0 ms passed', stopAfterDelay(0), { elapsed: 0 }, true],
    ['600 ms passed, 399 to wait, of 1,000', stopBeforeDelay(1_000), { elapsed: 600, delay: 399 }, false],
    ['600 ms passed, 400 to wait, of 1,000', stopBeforeDelay(1_000), { elapsed: 600, delay: 400 }, true],
    ['600 ms passed, 401 to wait, of 1,000', stopBeforeDelay(1_000), { elapsed: 600, delay: 401 }, true],
    ['600 ms passed, wait unknown, of 1,000', stopBeforeDelay(1_000), { elapsed: 600 }, false],
    ['1,000 ms passed, wait unknown, of 1,000', stopBeforeDelay(1_000), { elapsed: 1_000 }, true],
  ])('%s', (_, condition, known, stop) => {
    expect(condition(context(known))).toBe(stop);
  });

  const duration = 'a finite number of milliseconds ≥ 0';
  const refused: readonly [string, string, unknown, (value: never) => StopCondition][] = [
    ...[0, -1, 1.5, Number.POSITIVE_INFINITY, Number.NaN, '3', undefined].map(
      (value) =>
        ['stopAfterAttempt', 'an integer ≥ 1', value, stopAfterAttempt] as [string, string, unknown, never],
    ),
    ...[-1, Number.POSITIVE_INFINITY, Number.NaN, '3', undefined].flatMap((value) => [
      ['stopAfterDelay', duration, value, stopAfterDelay] as [string, string, unknown, never],
      ['stopBeforeDelay', duration, value, stopBeforeDelay] as [string, string, unknown, never],
    ]),
  ];
  test.each([...refused])('%s takes %s: %p is refused', (name, rule, value, make) => {
    expect(() => make(value as never)).toThrow(TypeError);
    expect(() => make(value as never)).toThrow(`Expected \`${name}\` to be given ${rule}, got `);
  });
});

describe('stopAny', () => {
  test.each<[string, readonly Answer[], Answer]>([
    ['of nothing never stops', [], false],
    ['stops when one does', [false, true, undefined], true],
    ['goes on when none stops', [false, undefined], false],
    ['takes an empty reason for none', [''], false],
    ['gives the first reason met', [false, 'maintenance', 'weekend'], 'maintenance'],
    ['gives no later reason than the first stop', [true, 'weekend'], true],
  ])('%s', (_, answers, answer) => {
    expect(stopAny(...answering(answers))(context())).toBe(answer);
  });

  it('stops exactly when one of the conditions does, for the first reason', () => {
    fc.assert(
      fc.property(lists, (answers) => {
        expect(stopAny(...answering(answers))(context())).toBe(answers.find(stops) ?? false);
      }),
    );
  });

  it('asks each with the context, and none after the first that stops', () => {
    const [first, second, third] = [asked(false), asked(true), asked(true)];
    const seen = context();
    stopAny(first, second, third)(seen);
    expect(first).toHaveBeenCalledWith(seen);
    expect(second).toHaveBeenCalledTimes(1);
    expect(third).not.toHaveBeenCalled();
  });
});

describe('stopAll', () => {
  test.each<[string, readonly Answer[], Answer]>([
    ['of nothing never stops', [], false],
    ['stops when all do', [true, true], true],
    ['goes on when one does', [true, undefined], false],
    ['takes an empty reason for none', [true, ''], false],
    ['gives the first reason among them', [true, 'maintenance', 'weekend'], 'maintenance'],
  ])('%s', (_, answers, answer) => {
    expect(stopAll(...answering(answers))(context())).toBe(answer);
  });

  it('stops exactly when there are conditions and all of them do, for the first reason', () => {
    fc.assert(
      fc.property(lists, (answers) => {
        const stop = answers.length > 0 && answers.every(stops);
        const reason = answers.find((answer) => typeof answer === 'string');
        expect(stopAll(...answering(answers))(context())).toBe(stop && (reason ?? true));
      }),
    );
  });

  it('asks none after the first that does not stop', () => {
    const [first, second] = [asked(undefined), asked(true)];
    stopAll(first, second)(context());
    expect(first).toHaveBeenCalledTimes(1);
    expect(second).not.toHaveBeenCalled();
  });
});

test.each([
  ['stopAny', stopAny],
  ['stopAll', stopAll],
])('%s refuses what is not a function', (name, combine) => {
  expect(() => combine(stopAfterAttempt(1), 3 as never)).toThrow(
    new TypeError(`Expected \`${name}\` to be given functions, got 3`),
  );
});

test('conditions nest', () => {
  const condition = stopAny(stopAfterAttempt(5), stopAll(stopAfterAttempt(2), stopAfterDelay(1_000)));
  expect(condition(context({ attemptNumber: 2, elapsed: 999 }))).toBe(false);
  expect(condition(context({ attemptNumber: 2, elapsed: 1_000 }))).toBe(true);
  expect(condition(context({ attemptNumber: 5 }))).toBe(true);
});

test('what a condition throws passes through', () => {
  const broken: StopCondition = () => {
    throw new RangeError('broken');
  };
  expect(() => stopAny(broken)(context())).toThrow(RangeError);
  expect(() => stopAll(broken)(context())).toThrow(RangeError);
});

describe('an answer that is none is refused, and its rejection is nobody’s', () => {
  const failing = (async () => {
    throw new Error('nobody’s');
  }) as never;

  test.each([
    ['stopAny', stopAny(() => false, failing)],
    ['stopAll', stopAll(() => 'a reason', failing)],
    ['stopAny in stopAll', stopAll(() => true, stopAny(failing))],
    ['a promise of true', stopAny((async () => true) as never)],
    ['a number', stopAny((() => 5) as never)],
  ])('%s', async (_, condition) => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', listener);
    expect(() => condition(context())).toThrow(
      /^Expected the result of `stop` to be a boolean or a string, got/,
    );
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', listener);
    expect(unhandled).toEqual([]);
  });
});
