/** Every options object of the package is read from its own properties, whatever somebody put on `Object.prototype`. */
import type { InternalAxiosRequestConfig } from 'axios';
import axios from 'axios';
import {
  attachRetry,
  batch,
  Cooldown,
  explainPolicy,
  limitConcurrency,
  logRetries,
  RetryBudget,
  type RetryContext,
  RetryThrottle,
  retryTransport,
  waitExponential,
  waitExponentialJitter,
  waitRandomExponential,
} from '../../../lib/index.ts';
import { scripted } from '../../helpers/scripted.ts';

const polluted: [string, unknown][] = [
  ['maxRetries', 0],
  ['maxWait', 0],
  ['capacity', 1],
  ['retryCost', 0],
  ['refillTime', 1],
  ['pace', 1],
  ['hold', true],
  ['scope', () => 'polluted'],
  ['maxHeld', 0],
  ['concurrency', 1],
  ['maxRounds', 9],
  ['wait', () => 'polluted'],
  ['retryIf', () => 'polluted'],
  ['budget', () => 'polluted'],
  ['signal', AbortSignal.abort()],
  ['onProgress', 'polluted'],
  ['cooldown', 'polluted'],
  ['maxAttempts', 9],
  ['baseDelay', 9],
  ['maxDelay', 9],
  ['exponentialBase', 1],
  ['jitter', 'polluted'],
  ['retry', 'info'],
  ['giveUp', 'polluted'],
  ['attempt', 'info'],
  ['objectFirst', true],
  ['clock', 'polluted'],
  ['random', 'polluted'],
  ['throttle', 'polluted'],
  ['timeout', -1],
];

const context = {
  attemptNumber: 2,
  maxAttempts: 3,
  method: 'GET',
  url: '/',
  config: { url: '/' } as InternalAxiosRequestConfig,
  random: () => 0.5,
  delay: 5,
  delaySource: 'backoff',
  failure: 'ambiguous',
} as unknown as RetryContext;

/** What each taker of options does by default. */
const behaviours: Readonly<Record<string, () => unknown>> = {
  RetryBudget: () => JSON.stringify(new RetryBudget({})),
  RetryThrottle: () => {
    const throttle = new RetryThrottle({});
    throttle.take('o', false, 0);
    return [throttle.tokens('o'), throttle.tokens('o', 60), throttle.hold];
  },
  Cooldown: () => {
    const cooldown = new Cooldown({});
    cooldown.hear('o', 1_000, 0, () => 0);
    return [cooldown.holds, cooldown.pace('o', 0, 0)?.due, cooldown.scopeOf(context.config)];
  },
  waitExponential: () => waitExponential({})(context),
  waitRandomExponential: () => waitRandomExponential({})(context),
  waitExponentialJitter: () => waitExponentialJitter({})(context),
  explainPolicy: () => String(explainPolicy({}, {})),
  limitConcurrency: () => limitConcurrency(1).pending,
  logRetries: () => {
    const lines: unknown[] = [];
    const log = (...line: unknown[]) => lines.push(line);
    const observer = logRetries({ warn: log, error: log, info: log }, {});
    observer.onRetry?.(context as never);
    observer.onAttempt?.(context);
    return lines;
  },
  retryTransport: async () => {
    const { adapter, sent } = scripted(200);
    const client = axios.create({ adapter: retryTransport({}, adapter, {}) });
    await client.get('/', { timeout: 5 });
    return sent.length;
  },
  batch: async () => {
    const { fulfilled } = await batch([1, 2], async (n) => n * 2, {}, {});
    return [...fulfilled];
  },
  attachRetry: async () => {
    const { adapter, sent } = scripted(200);
    const client = axios.create({ adapter });
    attachRetry(client, {}, {});
    await client.get('/', { timeout: 5, retry: {} });
    return sent.length;
  },
};

describe.each(Object.keys(behaviours))('%s', (name) => {
  const behave = behaviours[name] as () => unknown;
  const expected = Promise.resolve(behave());
  expected.catch(() => undefined);

  test.each(polluted)('is what it is though there is a %s', async (key, value) => {
    const usual = await expected;
    Object.defineProperty(Object.prototype, key, { value, configurable: true, writable: true });
    try {
      expect(await behave()).toEqual(usual);
    } finally {
      delete (Object.prototype as unknown as Record<string, unknown>)[key];
    }
  });
});

test('an option is read once', async () => {
  let reads = 0;
  const client = axios.create({ adapter: scripted(200).adapter });
  attachRetry(client, {
    get maxAttempts() {
      reads += 1;
      return reads === 1 ? 2 : (-1 as number);
    },
  });
  await client.get('/');
  expect(reads).toBe(1);
});
