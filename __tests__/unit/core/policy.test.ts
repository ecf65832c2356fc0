import axios from 'axios';
import { type Policy, resolvePolicy, withOwnLimits } from '../../../lib/core/policy.ts';
import {
  attachRetry,
  type RequestRetryOptions,
  type RetryOptions,
  RetryThrottle,
  retryReport,
} from '../../../lib/index.ts';
import { Cooldown } from '../../../lib/limits/cooldown.ts';
import type { RetryContext } from '../../../lib/types.ts';
import { caught } from '../../helpers/caught.ts';
import { createEventClock } from '../../helpers/event-clock.ts';
import { scripted } from '../../helpers/scripted.ts';
import { ORIGIN } from '../../helpers/stage.ts';

const at = (attemptNumber: number, random = 0.5): RetryContext =>
  ({ attemptNumber, random: () => random }) as RetryContext;

const waits = ({ wait }: Policy, random?: number) => [1, 2, 3].map((attempt) => wait(at(attempt, random)));

test('a policy without options is the documented one', () => {
  const { wait, methods, statuses, ...rest } = resolvePolicy();
  expect({ ...rest }).toEqual({
    maxAttempts: 3,
    maxElapsedTime: 300_000,
    baseDelay: 1_000,
    maxDelay: 60_000,
    exponentialBase: 2,
    retryAfter: { max: 120_000, whenLonger: 'give-up' },
    attemptTimeout: Infinity,
    totalTimeout: Infinity,
    throttle: undefined,
    cooldown: undefined,
    observers: [],
  });
  expect([...methods]).toEqual(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY']);
  expect([...statuses]).toEqual([408, 425, 429, 500, 502, 503, 504]);
  expect(waits(resolvePolicy())).toEqual([500, 1_000, 2_000]);
});

test('what the request says comes before what the instance says, and `undefined` says nothing', () => {
  const base: RetryOptions = { maxAttempts: 5, totalTimeout: 9, maxElapsedTime: undefined };
  const policy = resolvePolicy(base, { maxAttempts: 7, totalTimeout: undefined });
  expect(policy).toMatchObject({ maxAttempts: 7, totalTimeout: 9, maxElapsedTime: 300_000 });
});

describe('the wait', () => {
  test('follows the numbers of both layers', () => {
    const policy = resolvePolicy({ baseDelay: 10, maxDelay: 50 }, { exponentialBase: 3, jitter: 'none' });
    expect(waits(policy)).toEqual([10, 30, 50]);
  });

  test('is a function of its own when there is one', () => {
    expect(waits(resolvePolicy({ wait: ({ attemptNumber }) => 7 * attemptNumber }))).toEqual([7, 14, 21]);
  });

  test('is spread by a function when the jitter is one', () => {
    const policy = resolvePolicy({
      baseDelay: 10,
      jitter: (delay, { attemptNumber }) => delay + attemptNumber,
    });
    expect(waits(policy)).toEqual([11, 22, 43]);
  });
});

describe('how far to obey the server', () => {
  const usual = { max: 120_000, whenLonger: 'give-up' };
  const read = () => 5;

  test.each<[string, RetryOptions['retryAfter'], RequestRetryOptions['retryAfter'], unknown]>([
    ['nothing said', undefined, undefined, usual],
    ['the instance says it', { max: 5 }, undefined, { max: 5, whenLonger: 'give-up' }],
    ['the request says it', undefined, { whenLonger: 'clamp' }, { max: 120_000, whenLonger: 'clamp' }],
    ['both say something', { max: 5, read }, { whenLonger: 'clamp' }, { max: 5, whenLonger: 'clamp', read }],
    ['the request says more', { max: 5 }, { max: 6 }, { max: 6, whenLonger: 'give-up' }],
    ['`undefined` in it says nothing', { max: 5 }, { max: undefined }, { max: 5, whenLonger: 'give-up' }],
    ['not at all', false, undefined, false],
    ['not at all for this request', { max: 5 }, false, false],
    ['again for this request', false, { whenLonger: 'clamp' }, { max: 120_000, whenLonger: 'clamp' }],
  ])('%s', (_, base, own, expected) => {
    const { retryAfter } = resolvePolicy({ retryAfter: base }, { retryAfter: own });
    expect(retryAfter && { ...retryAfter }).toEqual(expected);
  });
});

test('methods are in upper case, and lists replace the default ones', () => {
  const { methods, statuses } = resolvePolicy({ methods: ['get', 'Purge'], statuses: [418] });
  expect([...methods]).toEqual(['GET', 'PURGE']);
  expect([...statuses]).toEqual([418]);
});

test('the observers of both layers listen, the ones of the instance first', () => {
  const [first, second, third] = [{}, {}, {}];
  expect(resolvePolicy({ observe: [first, second] }, { observe: third }).observers).toEqual([
    first,
    second,
    third,
  ]);
  expect(resolvePolicy({}, { observe: third }).observers).toEqual([third]);
});

test('one of two bounds may be lifted, and not both, be it in two layers', () => {
  expect(resolvePolicy({ maxAttempts: Infinity }).maxAttempts).toBe(Infinity);
  expect(resolvePolicy({ maxElapsedTime: Infinity }).maxElapsedTime).toBe(Infinity);
  const refusal = new TypeError(
    'Expected retry option `maxAttempts` to be finite when `maxElapsedTime` is Infinity, got Infinity',
  );
  expect(() => resolvePolicy({ maxAttempts: Infinity, maxElapsedTime: Infinity })).toThrow(refusal);
  expect(() => resolvePolicy({ maxAttempts: Infinity }, { maxElapsedTime: Infinity })).toThrow(refusal);
});

describe('an idempotency key', () => {
  test.each<[RetryOptions['idempotencyKey'], unknown]>([
    [true, {}],
    [{ header: 'X-Key' }, { header: 'X-Key' }],
    [{ header: undefined }, {}],
    [false, false],
    [undefined, undefined],
  ])('%j becomes %j', (idempotencyKey, expected) => {
    const { idempotencyKey: resolved } = resolvePolicy({ idempotencyKey });
    expect(resolved && { ...Object(resolved) }).toStrictEqual(expected);
    // What somebody put on `Object.prototype` is no option.
    if (resolved) expect(Object.getPrototypeOf(resolved)).toBeNull();
  });
});

describe('limits', () => {
  const throttle = new RetryThrottle();
  const cooldown = new Cooldown();

  test('a policy takes limits and nothing else', () => {
    expect(resolvePolicy({ throttle, cooldown })).toMatchObject({ throttle, cooldown });
    const off = resolvePolicy({ throttle, cooldown }, { throttle: false, cooldown: false });
    expect([off.throttle, off.cooldown]).toEqual([undefined, undefined]);
    const asOptions = resolvePolicy({ throttle: { capacity: 5 }, cooldown: { pace: 1 } });
    expect([asOptions.throttle, asOptions.cooldown]).toEqual([undefined, undefined]);
  });

  test('an instance makes those that it is not given, once, by their options', () => {
    const made = withOwnLimits({ maxAttempts: 2 });
    expect(made).toEqual({
      maxAttempts: 2,
      throttle: expect.any(RetryThrottle),
      cooldown: expect.any(Cooldown),
    });
    const chosen = withOwnLimits({ throttle: { capacity: 15 }, cooldown: { hold: true } });
    expect((chosen.throttle as RetryThrottle).tokens('')).toBe(15);
    expect((chosen.cooldown as Cooldown).holds).toBe(true);
  });

  test('an instance keeps those that it is given', () => {
    const kept = withOwnLimits({ throttle, cooldown });
    expect(kept.throttle).toBe(throttle);
    expect(kept.cooldown).toBe(cooldown);
    expect(withOwnLimits({ throttle: false, cooldown: false })).toEqual({ throttle: false, cooldown: false });
  });
});

describe('the throttle of a client', () => {
  const failing = async (throttle: object | undefined) => {
    const clock = createEventClock();
    const client = axios.create({ adapter: scripted(503).adapter, baseURL: ORIGIN });
    attachRetry(client, { baseDelay: 0, maxAttempts: 500, throttle: throttle as never }, { clock });
    const error = caught(client.get('/'));
    await clock.run();
    return retryReport(await error);
  };

  test('is made of its options', async () => {
    const report = await failing({ capacity: 30, retryCost: 10, refillTime: 1e12 });
    expect([report?.reason, report?.attempts.length]).toEqual(['throttled', 4]);
  });

  test('is there by default', async () => {
    expect((await failing(undefined))?.reason).toBe('throttled');
  });

  test('is the one that was handed in', async () => {
    const throttle = new RetryThrottle({ capacity: 30, retryCost: 10, refillTime: 1e12 });
    await failing(throttle);
    expect((await failing(throttle))?.attempts.length).toBe(1);
  });

  test('is none when it is switched off', async () => {
    const clock = createEventClock();
    const client = axios.create({ adapter: scripted(503).adapter });
    attachRetry(client, { baseDelay: 0, maxAttempts: 300, throttle: false }, { clock });
    const error = caught(client.get('/'));
    await clock.run();
    expect(retryReport(await error)).toMatchObject({ reason: 'max-attempts', omitted: 250 });
  });
});
