import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import axios from 'axios';
import { attachRetry } from '../../lib/axios/attach.ts';
import {
  GIVE_UP_CHANNEL,
  type GiveUpMessage,
  publishRetries,
  RETRY_CHANNEL,
  type RetryMessage,
} from '../../lib/diagnostics.ts';
import { scriptedAdapter } from '../../lib/testing/scripted-adapter.ts';
import { virtualClock } from '../../lib/testing/virtual-clock.ts';
import type { RetryContext } from '../../lib/types.ts';
import { caught } from '../helpers/caught.ts';

function createClient(script: Parameters<typeof scriptedAdapter>[0]) {
  const client = axios.create({ baseURL: 'https://api.example.com/v1', adapter: scriptedAdapter(script) });
  attachRetry(client, { observe: publishRetries() }, { clock: virtualClock(), random: () => 0.5 });
  return client;
}

const messages: unknown[][] = [];
const listen = (message: unknown, name: string | symbol) => void messages.push([name, message]);
const channels = [RETRY_CHANNEL, GIVE_UP_CHANNEL];

afterEach(() => {
  messages.length = 0;
  for (const name of channels) unsubscribe(name, listen);
});

test('the names of the channels are what they are', () => {
  expect(channels).toEqual(['axios-tenacity:retry', 'axios-tenacity:give-up']);
});

test('each retry and each request that is given up is a message, the log entry', async () => {
  for (const name of channels) subscribe(name, listen);
  await caught(
    createClient([503, { status: 429, retryAfter: 30 }, 'ECONNRESET']).get('/users/1?token=s3cr3t'),
  );
  const url = 'https://api.example.com/v1/users/1';
  const common = { method: 'GET', url, maxAttempts: 3 };
  const first: RetryMessage = {
    ...common,
    event: 'retry',
    attemptNumber: 1,
    status: 503,
    elapsed: 0,
    totalDelay: 0,
    delay: 500,
    delaySource: 'backoff',
  };
  const last: GiveUpMessage = {
    ...common,
    event: 'give-up',
    attemptNumber: 3,
    code: 'ECONNRESET',
    elapsed: 31_500,
    totalDelay: 31_500,
    reason: 'max-attempts',
  };
  expect(messages).toEqual([
    [RETRY_CHANNEL, first],
    [RETRY_CHANNEL, expect.objectContaining({ status: 429, delay: 31_000, delaySource: 'server' })],
    [GIVE_UP_CHANNEL, last],
  ]);
});

test('a request that failed at once for good is no message', async () => {
  for (const name of channels) subscribe(name, listen);
  await caught(createClient([404]).get('/users/1'));
  expect(messages).toEqual([]);
});

test('without a subscriber nothing is read, and a later subscriber is heard', async () => {
  const { onRetry, onGiveUp } = publishRetries();
  const unreadable = new Proxy({} as RetryContext, {
    get(_target, name) {
      throw new Error(`It read ${String(name)}`);
    },
  });
  expect(() => onRetry?.(unreadable as never)).not.toThrow();
  expect(() => onGiveUp?.(unreadable as never)).not.toThrow();
  subscribe(RETRY_CHANNEL, listen);
  expect(() => onRetry?.(unreadable as never)).toThrow('It read');
});
