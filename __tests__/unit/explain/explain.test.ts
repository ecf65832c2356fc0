import axios, { type InternalAxiosRequestConfig } from 'axios';
import fc from 'fast-check';
import { attachRetry } from '../../../lib/axios/attach.ts';
import {
  explainPolicy,
  type PolicyExplanation,
  type PolicyWarningCode,
} from '../../../lib/explain/explain.ts';
import { RetryBudget } from '../../../lib/limits/budget.ts';
import type { RetryOptions } from '../../../lib/options/options.ts';
import { stopAfterAttempt, stopAfterDelay, stopBeforeDelay } from '../../../lib/strategies/stop.ts';
import {
  waitChain,
  waitExponentialJitter,
  waitFixed,
  waitIncrementing,
  waitNone,
  waitRandom,
  waitRandomExponential,
} from '../../../lib/strategies/wait.ts';
import { seededRandom } from '../../../lib/testing/random.ts';
import { type ScriptedAdapterOptions, scriptedAdapter } from '../../../lib/testing/scripted-adapter.ts';
import type { Step } from '../../../lib/testing/step.ts';
import { virtualClock } from '../../../lib/testing/virtual-clock.ts';
import type { PendingRetryContext, RetryContext } from '../../../lib/types.ts';

const codesOf = ({ warnings }: PolicyExplanation): PolicyWarningCode[] => warnings.map(({ code }) => code);

const linesOf = (explanation: PolicyExplanation): string[] => String(explanation).split('\n');

describe('the default policy', () => {
  it('as data', () => {
    expect(explainPolicy()).toEqual({
      maxAttempts: 3,
      maxElapsedTime: 300_000,
      attemptTimeout: Infinity,
      totalTimeout: Infinity,
      methods: ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY'],
      statuses: [408, 425, 429, 500, 502, 503, 504],
      retryIf: false,
      idempotencyKey: false,
      throttle: true,
      budget: false,
      jitter: 'full',
      schedule: [
        [0, 1_000],
        [0, 2_000],
      ],
      omitted: 0,
      sampled: false,
      retryAfter: { max: 120_000, whenLonger: 'give-up' },
      longestHint: 122_000,
      fastest: { attempts: 3, elapsed: 0, bound: 'max-attempts' },
      slowest: { attempts: 3, elapsed: 3_000, bound: 'max-attempts' },
      worstCase: { lastRetry: 300_000, total: Infinity },
      warnings: [],
    });
  });

  it('in words', () => {
    expect(linesOf(explainPolicy())).toEqual([
      'attempts       3 in all; the last retry starts within 5 min',
      'failures       statuses 408 425 429 500 502 503 504; connection failures and timeouts',
      'methods        GET HEAD OPTIONS TRACE PUT DELETE QUERY; others with an idempotency key, or when the',
      '               server provably did not act',
      'server hints   obeyed in place of the waits below, up to 2 min 2 s; longer ones are given up on',
      'waits          exponential, jitter full',
      '',
      '  retry  least wait  most wait  sum at most',
      '      1        0 ms        1 s          1 s',
      '      2        0 ms        2 s          3 s',
      '',
      'first bound    maxAttempts after 3 attempts, 0 ms to 3 s',
      'also held by   the throttle, while many requests fail',
      'worst case     the last retry starts within 5 min; no attempt ends for sure without attemptTimeout',
      '               or totalTimeout',
    ]);
  });

  it('is explained alike when every option is undefined', () => {
    const options = { maxAttempts: undefined, wait: undefined, jitter: undefined, data: undefined };
    expect(explainPolicy(options)).toEqual(explainPolicy());
  });
});

it('a policy with everything reads as a whole', () => {
  const explanation = explainPolicy(
    {
      maxAttempts: 20,
      maxElapsedTime: 60_000,
      attemptTimeout: 10_000,
      totalTimeout: 45_000,
      baseDelay: 250,
      maxDelay: 4_000,
      jitter: 'equal',
      retryAfter: { max: 30_000 },
      methods: ['get', 'post'],
      statuses: [503],
      retryIf: () => undefined,
      idempotencyKey: { header: 'X-Key' },
      throttle: false,
      budget: new RetryBudget(),
    },
    { timeout: 60_000 },
  );
  expect(linesOf(explanation)).toEqual([
    'attempts       20 in all; the last retry starts within 1 min; 10 s for each; 45 s for all, waits',
    '               included',
    'failures       as retryIf says, else statuses 503; connection failures and timeouts',
    'methods        GET POST; POST and PATCH, which get an X-Key; others with an idempotency key, or when',
    '               the server provably did not act',
    'server hints   obeyed in place of the waits below, up to 32 s; longer ones are given up on',
    'waits          exponential, jitter equal',
    '',
    '  retry  least wait  most wait  sum at most',
    '      1      125 ms     250 ms       250 ms',
    '      2      250 ms     500 ms       750 ms',
    '      3      500 ms        1 s        1.8 s',
    '      4         1 s        2 s        3.8 s',
    '      5         2 s        4 s        7.8 s',
    '      6         2 s        4 s       11.8 s',
    '      7         2 s        4 s       15.8 s',
    '      8         2 s        4 s       19.8 s',
    '      9         2 s        4 s       23.8 s',
    '     10         2 s        4 s       27.8 s',
    '  and 9 more',
    '',
    'first bound    maxAttempts after 20 attempts, 31.9 s, if attempts and waits are short',
    '               totalTimeout after 5 attempts, 45 s, if attempts and waits are long',
    'also held by   the budget',
    'worst case     settled within 45 s, whatever the server asks for',
    '',
    "warning        axios's timeout (1 min) is longer than totalTimeout (45 s), which ends the request",
    '               first',
  ]);
  expect(explanation).toMatchObject({
    idempotencyKey: 'X-Key',
    retryIf: true,
    throttle: false,
    budget: true,
    worstCase: { lastRetry: 45_000, total: 45_000 },
  });
});

describe('the schedule', () => {
  it.each<[string, RetryOptions, (readonly number[])[]]>([
    ['none for one attempt', { maxAttempts: 1 }, []],
    [
      'capped before the jitter',
      { maxAttempts: 4, maxDelay: 1_500 },
      [
        [0, 1_000],
        [0, 1_500],
        [0, 1_500],
      ],
    ],
    [
      'equal jitter',
      { jitter: 'equal' },
      [
        [500, 1_000],
        [1_000, 2_000],
      ],
    ],
    [
      'no jitter',
      { jitter: false },
      [
        [1_000, 1_000],
        [2_000, 2_000],
      ],
    ],
    [
      'a base',
      { exponentialBase: 10, jitter: true },
      [
        [0, 1_000],
        [0, 10_000],
      ],
    ],
    [
      'waitNone',
      { wait: waitNone() },
      [
        [0, 0],
        [0, 0],
      ],
    ],
    [
      'waitRandom',
      { wait: waitRandom(10, 20) },
      [
        [10, 20],
        [10, 20],
      ],
    ],
    [
      'waitExponentialJitter',
      { wait: waitExponentialJitter() },
      [
        [1_000, 2_000],
        [2_000, 3_000],
      ],
    ],
    [
      'waitChain',
      { wait: waitChain(waitNone(), waitFixed(7)) },
      [
        [0, 0],
        [7, 7],
      ],
    ],
    [
      'a function',
      { wait: ({ attemptNumber, random }) => attemptNumber * (1 + random()) },
      [
        [1, 2],
        [2, 4],
      ],
    ],
    [
      'a function that falls as random rises',
      { wait: ({ random }) => 9 - 4 * random() },
      [
        [5, 9],
        [5, 9],
      ],
    ],
    [
      'a function of the time waited',
      { wait: ({ totalDelay }) => 100 + totalDelay },
      [
        [100, 100],
        [200, 200],
      ],
    ],
    [
      'a jitter function',
      { jitter: (delay, { random }) => delay + random() },
      [
        [1_000, 1_001],
        [2_000, 2_001],
      ],
    ],
  ])('of %s', (_, options, schedule) => {
    expect(explainPolicy(options).schedule).toEqual(schedule);
  });

  it.each<[boolean, PolicyExplanation['jitter'], RetryOptions]>([
    [false, 'full', {}],
    [false, 'full', { jitter: true }],
    [false, 'none', { jitter: false }],
    [false, 'equal', { jitter: 'equal' }],
    [true, 'custom', { jitter: (delay) => delay }],
    [true, 'custom', { wait: waitFixed(1) }],
    [true, 'custom', { wait: waitFixed(1), jitter: 'none' }],
  ])('is sampled: %j (jitter %s) with %p', (sampled, jitter, options) => {
    const explanation = explainPolicy(options);
    expect(explanation).toMatchObject({ sampled, jitter });
    expect(String(explanation).includes('sampled')).toBe(sampled);
  });

  it('of a policy without a limit shows ten waits and says so', () => {
    const explanation = explainPolicy({ maxAttempts: Infinity });
    expect(explanation.schedule).toHaveLength(10);
    expect(explanation.omitted).toBe(Infinity);
    expect(linesOf(explanation)).toContain('  and so on: attempts are not limited');
    expect(linesOf(explanation)[0]).toBe('attempts       the last retry starts within 5 min');
  });

  it('of very many attempts is cut in the data and in the words', () => {
    const explanation = explainPolicy({ maxAttempts: 5_000 });
    expect(explanation.schedule).toHaveLength(1_000);
    expect(explanation.omitted).toBe(3_999);
    expect(linesOf(explanation)).toContain('  and 4989 more');
  });
});

it.each<[RetryOptions['retryAfter'], string]>([
  [false, 'ignored'],
  [{ max: Infinity }, 'obeyed in place of the waits below, however long'],
  [{ max: 0 }, 'obeyed in place of the waits below, up to 0 ms; longer ones are given up on'],
  [
    { max: 60_000, whenLonger: 'clamp' },
    'obeyed in place of the waits below, up to 1 min 2 s; longer ones are cut to 1 min',
  ],
])('hints under %j are %s', (retryAfter, text) => {
  expect(linesOf(explainPolicy({ retryAfter }))).toContain(`server hints   ${text}`);
});

it('a reader of hints is no part of the data', () => {
  const { retryAfter } = explainPolicy({ retryAfter: { read: () => 5 } });
  expect(retryAfter).toEqual({ max: 120_000, whenLonger: 'give-up' });
});

it('a stop condition that answers no answer is left out of account, and told', () => {
  const { warnings, fastest } = explainPolicy({ stop: () => 5 as never });
  expect(warnings.map(({ code }) => code)).toContain('stop-unknown');
  expect(fastest.bound).toBe('max-attempts');
});

it('nobody is asked how long to wait after the last attempt', () => {
  const wait = ({ attemptNumber }: RetryContext) => [100, 500][attemptNumber - 1] as number;
  expect(codesOf(explainPolicy({ wait, maxAttempts: 3 }))).not.toContain('wait-unknown');
});

describe('the first bound', () => {
  it.each<[string, RetryOptions, object, object]>([
    [
      'maxElapsedTime, whose last retry may start on the dot',
      { maxAttempts: 9, maxElapsedTime: 3_000, wait: waitFixed(1_000) },
      { attempts: 4, elapsed: 3_000, bound: 'max-elapsed-time' },
      { attempts: 4, elapsed: 3_000, bound: 'max-elapsed-time' },
    ],
    [
      'totalTimeout, at which nothing may start any more',
      { maxAttempts: 9, totalTimeout: 3_000, wait: waitFixed(1_000) },
      { attempts: 3, elapsed: 2_000, bound: 'total-timeout' },
      { attempts: 3, elapsed: 2_000, bound: 'total-timeout' },
    ],
    [
      'a stop condition',
      { maxAttempts: 9, stop: stopAfterAttempt(2), wait: waitFixed(1_000) },
      { attempts: 2, elapsed: 1_000, bound: 'stop-condition' },
      { attempts: 2, elapsed: 1_000, bound: 'stop-condition' },
    ],
    [
      'a stop condition that looks ahead',
      { maxAttempts: 9, stop: stopBeforeDelay(2_000), wait: waitFixed(1_000) },
      { attempts: 2, elapsed: 1_000, bound: 'stop-condition' },
      { attempts: 2, elapsed: 1_000, bound: 'stop-condition' },
    ],
    [
      'a stop condition that counts the waits',
      { maxAttempts: 9, stop: ({ totalDelay }) => totalDelay >= 2_000, wait: waitFixed(1_000) },
      { attempts: 3, elapsed: 2_000, bound: 'stop-condition' },
      { attempts: 3, elapsed: 2_000, bound: 'stop-condition' },
    ],
    [
      'a stop condition with a reason of its own',
      { stop: ({ delay = 0 }) => delay > 1_500 && 'too slow', wait: waitRandom(1_000, 2_000) },
      { attempts: 3, elapsed: 2_000, bound: 'max-attempts' },
      { attempts: 1, elapsed: 0, bound: 'too slow' },
    ],
    [
      'none, for a run that would go on',
      { maxAttempts: Infinity },
      { attempts: 1_000, elapsed: 0, bound: undefined },
      { attempts: 10, elapsed: 243_000, bound: 'max-elapsed-time' },
    ],
  ])('is %s', (_, options, fastest, slowest) => {
    expect(explainPolicy(options)).toMatchObject({ fastest, slowest });
  });

  it('counts attempts as long as attemptTimeout, or else the timeout of axios', () => {
    const options = { wait: waitFixed(1_000) };
    expect(explainPolicy(options).slowest.elapsed).toBe(2_000);
    expect(explainPolicy(options, { timeout: 5_000 }).slowest.elapsed).toBe(17_000);
    expect(explainPolicy({ ...options, attemptTimeout: 100 }, { timeout: 5_000 }).slowest.elapsed).toBe(
      2_300,
    );
    expect(explainPolicy(options, axios.create({ timeout: 5_000 }).defaults).slowest.elapsed).toBe(17_000);
  });

  it('reads as the option that it is, or as the reason', () => {
    const readingOf = (options: RetryOptions) =>
      linesOf(explainPolicy(options)).find((line) => /^first/.test(line));
    const wait = waitFixed(1_000);
    expect(readingOf({ wait, maxElapsedTime: 500 })).toBe(
      'first bound    maxElapsedTime after 1 attempt, 0 ms',
    );
    expect(readingOf({ wait, totalTimeout: 500 })).toBe('first bound    totalTimeout after 1 attempt, 0 ms');
    expect(readingOf({ wait, stop: stopAfterAttempt(2) })).toBe('first bound    stop after 2 attempts, 1 s');
    expect(readingOf({ wait, stop: () => 'no\nmore\u001b[1m' })).toBe(
      'first bound    stop (no more [1m) after 1 attempt, 0 ms',
    );
  });
});

describe('the worst case', () => {
  it.each<[RetryOptions, number, number]>([
    [{ maxAttempts: 1 }, 0, Infinity],
    [{ maxAttempts: 1, attemptTimeout: 500 }, 0, 500],
    [{ totalTimeout: 9_000 }, 9_000, 9_000],
    [{ maxElapsedTime: Infinity }, Infinity, Infinity],
    [{ attemptTimeout: 1_000, retryAfter: false }, 5_000, 6_000],
    [{ attemptTimeout: 1_000, retryAfter: { max: 1_500 } }, 6_500, 7_500],
    [{ attemptTimeout: 1_000 }, 246_000, 247_000],
    [{ attemptTimeout: 1_000, retryAfter: { max: Infinity } }, 300_000, 301_000],
    [{ attemptTimeout: 1_000, maxAttempts: Infinity, retryAfter: false }, 300_000, 301_000],
  ])('of %j is the last retry at %d and an end at %d', (options, lastRetry, total) => {
    expect(explainPolicy(options).worstCase).toEqual({ lastRetry, total });
  });

  it('promises no end that the timeout of axios, which counts idle time, cannot keep', () => {
    expect(explainPolicy({}, { timeout: 1_000 }).worstCase.total).toBe(Infinity);
  });
});

describe('a warning', () => {
  it.each<[PolicyWarningCode, RetryOptions, string, number?]>([
    [
      'wait-out-of-reach',
      { maxElapsedTime: 1_500 },
      'wait 2 may be 2 s, longer than maxElapsedTime (1.5 s): a wait that would end too late is not begun',
    ],
    [
      'wait-out-of-reach',
      { totalTimeout: 1_500, wait: waitFixed(2_000), throttle: false, jitter: undefined },
      'wait 1 is 2 s, longer than totalTimeout (1.5 s): a wait that would end too late is not begun',
    ],
    [
      'looks-like-seconds',
      { retryAfter: { max: 60 } },
      'retryAfter.max (60) looks like seconds; durations are milliseconds: 60 seconds are 60000',
    ],
    [
      'looks-like-seconds',
      { maxDelay: 30 },
      'maxDelay (30) looks like seconds; durations are milliseconds: 30 seconds are 30000',
    ],
    [
      'looks-like-seconds',
      { baseDelay: 0.5, maxDelay: 120 },
      'baseDelay (0.5), maxDelay (120) look like seconds; durations are milliseconds: 0.5 seconds are 500',
    ],
    [
      'looks-like-seconds',
      { attemptTimeout: 5, totalTimeout: 10, maxElapsedTime: 300 },
      'attemptTimeout (5), totalTimeout (10), maxElapsedTime (300) look like seconds; durations are milliseconds: 5 seconds are 5000',
    ],
    [
      'looks-like-seconds',
      { wait: waitFixed(500), totalTimeout: 60 },
      'totalTimeout (60) looks like seconds; durations are milliseconds: 60 seconds are 60000',
    ],
    [
      'looks-like-seconds',
      {},
      "axios's timeout (30) looks like seconds; durations are milliseconds: 30 seconds are 30000",
      30,
    ],
    [
      'attempts-out-of-reach',
      { maxAttempts: 9, maxElapsedTime: 5_000, wait: waitRandom(1_000, 2_000) },
      'maxAttempts 9 is not reached: with the shortest waits maxElapsedTime (5 s) ends it after 6',
    ],
    [
      'hint-out-of-reach',
      { retryAfter: { max: 600_000 } },
      'retryAfter.max (10 min) is longer than maxElapsedTime (5 min): such a wait is not begun',
    ],
    [
      'hint-out-of-reach',
      { retryAfter: { whenLonger: 'clamp' }, totalTimeout: 60_000 },
      'retryAfter.max (2 min) is longer than totalTimeout (1 min): such a wait is not begun',
    ],
    [
      'timeout-out-of-reach',
      { totalTimeout: 5_000 },
      "axios's timeout (10 s) is longer than totalTimeout (5 s), which ends the request first",
      10_000,
    ],
    [
      'attempt-timeout-out-of-reach',
      { attemptTimeout: 5_000, totalTimeout: 5_000 },
      'attemptTimeout (5 s) leaves no time for a retry within totalTimeout (5 s)',
    ],
    [
      'base-delay-above-max-delay',
      { maxDelay: 500 },
      'baseDelay (1 s) is above maxDelay (500 ms): waits do not grow',
    ],
    [
      'base-delay-above-max-delay',
      { baseDelay: 90_000 },
      'baseDelay (1 min 30 s) is above maxDelay (1 min): waits do not grow',
    ],
    [
      'schedule-ignored',
      { wait: waitRandom(1, 2), baseDelay: 5, jitter: 'equal' },
      'baseDelay, jitter have no effect: wait stands in place of the schedule',
    ],
    [
      'schedule-ignored',
      { wait: waitRandom(1, 2), maxDelay: 5 },
      'maxDelay has no effect: wait stands in place of the schedule',
    ],
    [
      'no-wait',
      { wait: waitNone() },
      'retries come at once: a server in trouble gets no rest; give baseDelay or wait',
    ],
    [
      'no-wait',
      { baseDelay: 0 },
      'retries come at once: a server in trouble gets no rest; give baseDelay or wait',
    ],
    [
      'no-jitter',
      { jitter: false },
      "jitter is off: clients that fail together come back together; use jitter 'full' for more than a few",
    ],
    [
      'no-jitter',
      { wait: waitIncrementing(0, 500) },
      "jitter is off: clients that fail together come back together; use jitter 'full' for more than a few",
    ],
    [
      'unkeyed-method',
      { methods: ['GET', 'post'] },
      'POST in methods without idempotencyKey: a retry may act twice on the server',
    ],
    [
      'unkeyed-method',
      { methods: ['PATCH', 'POST'], idempotencyKey: false },
      'POST and PATCH in methods without idempotencyKey: a retry may act twice on the server',
    ],
    [
      'wait-unknown',
      { wait: ({ response }) => Number(response?.headers.wait) },
      'the schedule is not known to its end: wait or jitter answers NaN after attempt 1',
    ],
    [
      'wait-unknown',
      { jitter: (delay, { attemptNumber }) => (attemptNumber > 1 ? -delay : delay / 2), retryAfter: false },
      'the schedule is not known to its end: wait or jitter answers -2000 after attempt 2',
    ],
    [
      'wait-unknown',
      { wait: ({ response }) => (response as unknown as { status: number }).status },
      'the schedule is not known to its end: wait or jitter throws after attempt 1 when asked outside of a request',
    ],
    [
      'stop-unknown',
      { stop: ({ response }) => (response as unknown as { status: number }).status === 501 },
      'stop is left out of account: it throws, or answers neither a boolean nor a string, when asked outside of a request',
    ],
  ])('%s is given for %p', (...[code, options, message, timeout]) => {
    const { warnings } = explainPolicy(options, { timeout });
    expect(warnings).toContainEqual({ code, message });
  });

  it.each<[string, RetryOptions, number?]>([
    ['the defaults', {}],
    ['an axios timeout within totalTimeout', { totalTimeout: 10_000 }, 10_000],
    ['no axios timeout', { totalTimeout: 10_000 }, 0],
    ['short waits within short bounds', { baseDelay: 10, maxDelay: 100, maxElapsedTime: 200 }],
    ['short bounds around a short wait of its own', { wait: waitRandom(5, 10), totalTimeout: 100 }],
    ['no cap for hints', { retryAfter: { max: 0 } }],
    ['a short timeout of a fast neighbour', { attemptTimeout: 31, totalTimeout: 10_000 }, 31],
    ['an endless totalTimeout', { totalTimeout: Infinity, attemptTimeout: Infinity }, 10_000],
    ['a default hint beyond a shorter maxElapsedTime', { maxElapsedTime: 60_000 }],
    ['ignored hints', { maxElapsedTime: 60_000, retryAfter: false }],
    ['hints as long as maxElapsedTime', { retryAfter: { max: 300_000 } }],
    ['a POST with a key', { methods: ['POST'], idempotencyKey: true }],
    ['a cap that is the base', { baseDelay: 60_000, maxElapsedTime: 600_000 }],
    ['one attempt without jitter', { maxAttempts: 1, jitter: 'none' }],
    [
      'attempts that the longest waits alone cut short',
      { maxAttempts: 9, maxElapsedTime: 60_000, maxDelay: 50_000 },
    ],
    ['endless attempts that maxElapsedTime ends', { maxAttempts: Infinity, wait: waitRandom(1_000, 2_000) }],
  ])('is not given for %s', (...[, options, timeout]) => {
    expect(codesOf(explainPolicy(options, { timeout }))).toEqual([]);
  });

  it('ends the words, one after the other', () => {
    expect(linesOf(explainPolicy({ methods: ['POST'], jitter: 'none' })).slice(-4)).toEqual([
      '',
      "warning        jitter is off: clients that fail together come back together; use jitter 'full' for",
      '               more than a few',
      'warning        POST in methods without idempotencyKey: a retry may act twice on the server',
    ]);
  });
});

describe('a function that cannot be asked', () => {
  it('leaves the schedule as far as it is known', () => {
    const wait = ({ attemptNumber }: RetryContext) => (attemptNumber < 3 ? 100 * attemptNumber : NaN);
    const explanation = explainPolicy({ maxAttempts: 5, wait });
    expect(explanation).toMatchObject({
      schedule: [
        [100, 100],
        [200, 200],
      ],
      omitted: 2,
      fastest: { attempts: 3, bound: undefined },
    });
    expect(linesOf(explanation)).toContain('first bound    not known after 3 attempts, 300 ms');
    expect(linesOf(explanation)).toContain('  and 2 more');
  });

  it('leaves the worst case to the bounds', () => {
    const explanation = explainPolicy({ wait: () => NaN, attemptTimeout: 1_000 });
    expect(explanation.worstCase).toEqual({ lastRetry: 300_000, total: 301_000 });
    expect(linesOf(explanation)).toContain('waits          not known');
  });

  it('is not asked again', () => {
    const wait = jest.fn(() => {
      throw new Error('no response');
    });
    explainPolicy({ maxAttempts: 9, wait });
    expect(wait).toHaveBeenCalledTimes(1);
  });
});

describe('what is refused', () => {
  it.each<[unknown, string]>([
    [null, 'Expected retry options to be an object'],
    [{ maxAttempts: 0 }, 'Expected retry option `maxAttempts`'],
    [{ retries: 3 }, 'Expected retry option `retries`'],
    [{ data: 'body' }, 'Expected retry option `data`'],
    [{ throttle: { capacity: 0 } }, 'Expected retry throttle option `capacity`'],
    [{ maxAttempts: Infinity, maxElapsedTime: Infinity }, 'Expected retry option `maxAttempts`'],
  ])('is what attachRetry refuses: %j', (options, message) => {
    expect(() => explainPolicy(options as RetryOptions)).toThrow(TypeError);
    expect(() => explainPolicy(options as RetryOptions)).toThrow(message);
  });

  it.each([-1, NaN, '10', null])('is a timeout of %j', (timeout) => {
    expect(() => explainPolicy({}, { timeout: timeout as number })).toThrow(
      /^Expected `timeout` of `explainPolicy` to be a number of milliseconds ≥ 0, got /,
    );
  });

  it('is neither what belongs to a request nor what belongs to an instance', () => {
    expect(() => explainPolicy({ data: () => 'body', throttle: { capacity: 100 } })).not.toThrow();
  });
});

it('an explanation is frozen, and its text is not in the way of its data', () => {
  const explanation = explainPolicy();
  expect(Object.isFrozen(explanation)).toBe(true);
  expect(Object.keys(explanation)).not.toContain('toString');
  expect(`${explanation}`).toBe(explanation.toString());
});

const ms = (max: number) => fc.integer({ min: 0, max });
const timeouts = fc.integer({ min: 1, max: 60_000 });

const policies: fc.Arbitrary<RetryOptions> = fc
  .record(
    {
      maxAttempts: fc.integer({ min: 1, max: 12 }),
      maxElapsedTime: ms(60_000),
      baseDelay: ms(5_000),
      maxDelay: ms(20_000),
      exponentialBase: fc.double({ min: 1, max: 4, noNaN: true }),
      jitter: fc.constantFrom('full', 'equal', 'none'),
      wait: fc.oneof(
        ms(5_000).map(waitFixed),
        ms(5_000).map((max) => waitRandom(max / 2, max)),
        ms(5_000).map((baseDelay) => waitRandomExponential({ baseDelay })),
        ms(5_000).map((jitter) => waitExponentialJitter({ jitter })),
        fc
          .tuple(ms(5_000), ms(2_000))
          .map(([start, increment]) => waitIncrementing(start, increment - 1_000)),
      ),
      stop: fc.oneof(ms(30_000).map(stopAfterDelay), ms(30_000).map(stopBeforeDelay)),
      retryAfter: fc.oneof(
        fc.constant(false as const),
        fc.record({ max: ms(30_000), whenLonger: fc.constantFrom('give-up', 'clamp') }),
      ),
      attemptTimeout: timeouts,
      totalTimeout: timeouts,
    },
    { requiredKeys: ['maxAttempts'] },
  )
  .map((options) => ({ ...options, throttle: false }) as RetryOptions);

describe('an explanation holds any policy', () => {
  it('in lines of at most 100 columns without blanks at their ends', () => {
    const names = fc.array(fc.stringMatching(/^[A-Z]{1,150}$/), { maxLength: 30 });
    const stop = fc.string({ maxLength: 300, unit: 'grapheme-ascii' }).map((reason) => () => reason);
    fc.assert(
      fc.property(policies, names, stop, (options, methods, reason) => {
        for (const line of linesOf(explainPolicy({ ...options, methods, stop: reason }))) {
          expect(line.length).toBeLessThanOrEqual(100);
          expect(line).toBe(line.trimEnd());
        }
      }),
    );
  });

  interface Simulation {
    readonly delays: readonly { readonly wait: number; readonly delay: number; readonly isHint: boolean }[];
    readonly attempts: number;
    readonly lastStart: number;
    readonly elapsed: number;
  }

  /** Sends one request that never succeeds, in virtual time. */
  async function simulate(
    options: RetryOptions,
    { seed, hint }: { readonly seed: number; readonly hint?: number | undefined },
  ): Promise<Simulation> {
    const clock = virtualClock();
    const random = seededRandom(seed);
    const delays: { wait: number; delay: number; isHint: boolean }[] = [];
    let attempts = 0;
    let lastStart = 0;
    const step = async ({ signal }: InternalAxiosRequestConfig): Promise<Step> => {
      attempts += 1;
      lastStart = clock.monotonic();
      const { attemptTimeout = 0 } = options;
      if (attemptTimeout > 0) await clock.sleep(random() * attemptTimeout, signal as AbortSignal | undefined);
      return hint === undefined ? 503 : { status: 503, headers: { 'retry-after-ms': String(hint) } };
    };
    const flavour: ScriptedAdapterOptions = { flavour: seed % 2 ? 'http' : 'fetch' };
    const client = axios.create({ adapter: scriptedAdapter(Array(20).fill(step), flavour) });
    const onRetry = ({ attemptNumber, delay, delaySource }: PendingRetryContext) =>
      void delays.push({ wait: attemptNumber, delay, isHint: delaySource === 'server' });
    attachRetry(client, { ...options, observe: { onRetry } }, { clock, random });
    await expect(client.get('https://api.example.com/')).rejects.toBeInstanceOf(Error);
    return { delays, attempts, lastStart, elapsed: clock.monotonic() };
  }

  it('[least, most] and the bounds contain what a simulated run does', async () => {
    await fc.assert(
      fc.asyncProperty(policies, fc.nat(), async (options, seed) => {
        const { schedule, fastest, slowest, worstCase } = explainPolicy(options);
        const run = await simulate(options, { seed });
        for (const { wait, delay } of run.delays) {
          const [least = NaN, most = NaN] = schedule[wait - 1] ?? [];
          expect(delay).toBeGreaterThanOrEqual(least);
          expect(delay).toBeLessThanOrEqual(most);
        }
        expect(run.attempts).toBeGreaterThanOrEqual(slowest.attempts);
        expect(run.attempts).toBeLessThanOrEqual(fastest.attempts);
        expect(run.lastStart).toBeLessThanOrEqual(worstCase.lastRetry + 1e-6);
        expect(run.elapsed).toBeLessThanOrEqual(worstCase.total + 1e-6);
      }),
      { numRuns: 60 },
    );
  });

  it('the worst case contains what a simulated run does that servers hold up', async () => {
    await fc.assert(
      fc.asyncProperty(
        policies,
        fc.nat(),
        fc.integer({ min: 1, max: 40_000 }),
        async (options, seed, hint) => {
          const { longestHint, worstCase } = explainPolicy(options);
          const run = await simulate(options, { seed, hint });
          for (const { delay, isHint } of run.delays)
            if (isHint) expect(delay).toBeLessThanOrEqual(longestHint);
          expect(run.lastStart).toBeLessThanOrEqual(worstCase.lastRetry + 1e-6);
          expect(run.elapsed).toBeLessThanOrEqual(worstCase.total + 1e-6);
        },
      ),
      { numRuns: 60 },
    );
  });
});
