// Compiled against the packed package under every compiler and resolution of `npm run test:types`: each entry point, with what it
// takes and gives. Never run.
import axios, { type AxiosInstance } from 'axios';
import {
  attachRetry,
  batch,
  Cooldown,
  explainPolicy,
  hedge,
  limitConcurrency,
  logRetries,
  RetryBudget,
  type RetryContext,
  type RetryHandle,
  type RetryObserver,
  type RetryOptions,
  type RetryReport,
  type RetryRuntime,
  RetryThrottle,
  retryAny,
  retryIfDefault,
  retryIfStatus,
  retryReport,
  retryTransport,
  stopAfterAttempt,
  stopAny,
  waitExponential,
} from 'axios-tenacity';
import axiosRetry, { type IAxiosRetryConfig } from 'axios-tenacity/axios-retry';
import { currentRetryBudget, withRetryBudget } from 'axios-tenacity/context';
import { publishRetries, RETRY_CHANNEL } from 'axios-tenacity/diagnostics';
import { attachRetryWithTelemetry, retryAttempt } from 'axios-tenacity/opentelemetry';
import { type NodeRedisClient, redisFleet } from 'axios-tenacity/redis';
import { scriptedAdapter, seededRandom, virtualClock } from 'axios-tenacity/testing';

const observer: RetryObserver = {
  onRetry: (context) => context.delay.toFixed(0),
  onGiveUp: (context) => context.reason.length,
};
const wait = (context: RetryContext): number => context.attemptNumber * 100;

/** Every option, `undefined` among them: a field may be left out, or be given as `undefined`, whatever the compiler's options. */
export const options: RetryOptions = {
  maxAttempts: undefined,
  stop: stopAny(stopAfterAttempt(3), ({ elapsed }) => elapsed > 1_000 && 'late'),
  wait,
  retryIf: retryAny(retryIfDefault(), retryIfStatus(423)),
  retryAfter: { max: 1_000, whenLonger: 'clamp', read: () => undefined },
  methods: ['GET', 'PUT'] as const,
  statuses: [503] as const,
  idempotencyKey: { header: 'Idempotency-Key', generate: () => 'key' },
  budget: () => currentRetryBudget(),
  throttle: new RetryThrottle(),
  cooldown: new Cooldown(),
  beforeRetry: (config) => ({ ...config }),
  observe: [observer, publishRetries(), logRetries(console)],
};

export function everyEntry(redis: NodeRedisClient): void {
  const runtime: RetryRuntime = { clock: virtualClock(), random: seededRandom(1) };
  const client: AxiosInstance = axios.create({
    adapter: hedge({}, limitConcurrency(2, retryTransport({}, scriptedAdapter([503, 200])))),
  });
  const handle: RetryHandle = attachRetry(client, { ...options, wait: waitExponential() }, runtime);
  handle.drain();
  handle.detach();
  const fleet = redisFleet(redis, { prefix: 'shop' });
  attachRetryWithTelemetry(client, { throttle: fleet.throttle, telemetry: { span: true } });
  const attempt: number | undefined = retryAttempt();
  const channel: 'axios-tenacity:retry' = RETRY_CHANNEL;
  const dropIn: IAxiosRetryConfig = { retries: 2 };
  axiosRetry(client, dropIn);
  void [attempt, channel, explainPolicy(options).toString()];
}

export async function requests(client: AxiosInstance): Promise<RetryReport | undefined> {
  await client.get('/x', { hedge: false, retry: false });
  await client.post('/x', {}, { retry: { data: () => ({}), idempotencyKey: true } });
  const { fulfilled, rejected } = await batch(['a', 'b'], (id) => client.get<number>(`/x/${id}`));
  const first: number | undefined = fulfilled.get('a')?.data;
  const reason: unknown = rejected.get('b');
  await withRetryBudget(new RetryBudget({ maxRetries: 1 }), () => client.get('/x'));
  return retryReport(reason ?? first);
}

/** What must not compile. */
export function refused(client: AxiosInstance): void {
  // @ts-expect-error a name that is none
  attachRetry(client, { maxAttempt: 2 });
  // @ts-expect-error the reason is known only when giving up
  attachRetry(client, { observe: { onRetry: ({ reason }) => reason.length } });
}
