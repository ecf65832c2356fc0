import type { AxiosError, InternalAxiosRequestConfig } from 'axios';
import { isOneShot } from '../axios/body.ts';
import { readHeader } from '../hints/header.ts';
import type { RetryOptions } from '../options/options.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Reason, RetryContext } from '../types.ts';
import { checkOptions, type IAxiosRetryConfig, noteProgress, type RetryProgress } from './config.ts';

type Config = InternalAxiosRequestConfig;

/** What `retryIf` found, for the strategies that are asked after it: the wait, or why there is no retry. */
interface Plan {
  readonly delay: number;
  readonly reason?: Reason;
  /** The body that the attempt was sent with. */
  readonly data?: unknown;
}

/** The retry condition alone decides here, so no method is held back. */
const METHODS = (
  'ACL BIND CHECKIN CHECKOUT CONNECT COPY DELETE GET HEAD LABEL LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE ' +
  'NOTIFY OPTIONS ORDERPATCH PATCH POST PROPFIND PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE ' +
  'UNBIND UNLINK UNLOCK UNSUBSCRIBE UPDATE'
).split(' ');

/**
 * The options of axios-retry, which live on each request's config, as a policy of this package.
 *
 * @param accepted gets every error whose response `validateResponse` takes for a success
 */
export function translate(options: IAxiosRetryConfig, accepted: WeakSet<object>): RetryOptions {
  const plans = new WeakMap<object, Plan>();
  const planOf = ({ error }: RetryContext): Plan | undefined => plans.get(Object(error));
  return {
    // The bounds are those of axios-retry: `retries`, and `timeout` as long as it is not reset.
    maxAttempts: Infinity,
    maxElapsedTime: Number.MAX_VALUE,
    methods: METHODS,
    retryAfter: false,
    throttle: false,
    cooldown: false,
    retryIf(context) {
      if (!('error' in context)) return false;
      return planRetry(context, options, accepted).then((plan) => {
        if (plan) plans.set(Object(context.error), plan);
        return plan !== undefined;
      });
    },
    wait: (context) => planOf(context)?.delay ?? 0,
    stop: (context) => planOf(context)?.reason,
    beforeRetry(pristine, context) {
      const config = configOf(context);
      noteProgress(config, options, true);
      return resend(config, pristine, planOf(context)?.data);
    },
  };
}

/** The config itself, as axios-retry hands it out to be edited, where the context has a copy. */
const configOf = ({ error }: RetryContext): Config => (error as AxiosError).config as Config;

/** Asks and tells the user's functions in the order of axios-retry; `undefined` when the failure is not worth a retry. */
async function planRetry(
  context: RetryContext,
  options: IAxiosRetryConfig,
  accepted: WeakSet<object>,
): Promise<Plan | undefined> {
  const error = context.error as AxiosError;
  const config = configOf(context);
  const progress = checkOptions(noteProgress(config, options));
  if (error.response && progress.validateResponse?.(error.response)) {
    accepted.add(error);
    return undefined;
  }
  const isExhausted = progress.retryCount >= progress.retries;
  if (!(await isWorthIt(progress, error))) {
    if (!isExhausted) return undefined;
    await progress.onMaxRetryTimesExceeded(error, progress.retryCount);
    return { delay: 0, reason: 'max-attempts' };
  }
  const hazard = hazardOf(context, config);
  if (hazard) return { delay: 0, reason: hazard };

  progress.retryCount += 1;
  const delay = delayOf(progress.retryDelay(progress.retryCount, error));
  if (!progress.shouldResetTimeout && config.timeout) {
    const left = config.timeout - (systemClock.now() - progress.lastRequestTime) - delay;
    if (left <= 0) return { delay, reason: 'total-timeout' };
    // The http adapter drops fractions, and takes 0 for no timeout at all.
    config.timeout = Math.ceil(left);
  }
  const { data } = config;
  // The body was transformed already.
  config.transformRequest = [(body: unknown) => body];
  await progress.onRetry(progress.retryCount, error, config);
  return { delay, data };
}

/** As there: a promise of anything but `false` is a yes, and one that is rejected a no. */
async function isWorthIt(
  { retryCount, retries, retryCondition }: RetryProgress,
  error: AxiosError,
): Promise<boolean> {
  if (!(retryCount < retries)) return false;
  const answer: unknown = retryCondition(error);
  if (typeof answer !== 'object') return Boolean(answer);
  try {
    const verdict: unknown = await answer;
    return verdict !== false;
  } catch {
    return false;
  }
}

/** Why the engine would refuse whatever the condition says; known before anybody is told of a retry. */
function hazardOf({ method, response }: RetryContext, config: Config): Reason | undefined {
  if (readHeader(response?.headers, 'x-should-retry')?.toLowerCase() === 'false') return 'server-veto';
  if (isOneShot(config.data)) return 'body-not-replayable';
  return METHODS.includes(method) ? undefined : 'unsafe-method';
}

/** What `setTimeout` would make of a delay, were there no limit of 2³¹−1 ms. */
const delayOf = (delay: unknown): number =>
  Math.min(Math.max(0, Number(delay) || 0), Number.MAX_SAFE_INTEGER);

/**
 * The retry is the failed attempt sent again, as there, and not the request as it was before the interceptors: keys that an
 * interceptor made once and edits of `onRetry` stay on it.
 */
function resend(config: Config, { transformRequest }: Config, sent: unknown): Config {
  // A length that was right for the body as sent would cut off another one.
  for (const name of Object.keys(config.headers)) {
    if (name.toLowerCase() === 'content-length') delete config.headers[name];
  }
  const isUntransformed = config.data !== sent && isPlain(config.data);
  if (isUntransformed && transformRequest) config.transformRequest = transformRequest;
  return config;
}

const isPlain = (value: unknown): boolean =>
  Array.isArray(value) || Object.prototype.toString.call(value) === '[object Object]';
