import type { AxiosRequestConfig, InternalAxiosRequestConfig } from 'axios';
import { causesOf } from '../failure/causes.ts';
import type { RetryReport } from '../types.ts';
import { CALM } from './calm.ts';

/** Under which a state answers its report. Not `instanceof`: both builds of the package may meet in one process. */
const REPORT: unique symbol = Symbol.for('axios-tenacity.report');

/** Under which a state answers whether its request was given up on after a retry. */
const EXHAUSTED: unique symbol = Symbol.for('axios-tenacity.exhausted');

/** Under which a state answers which attempt is under way. */
const ATTEMPT: unique symbol = Symbol.for('axios-tenacity.attempt');

/** What answers, of this build or of the other. */
export interface State {
  [REPORT]?(): RetryReport | undefined;
  [EXHAUSTED]?(): boolean;
  [ATTEMPT]?(): number | undefined;
}

/** What answers to the functions of this module. Within a pure call: bundlers keep for good a class with symbols for names. */
export const Answering = /* @__PURE__ */ (() => {
  abstract class Answers implements State {
    abstract report(): RetryReport | undefined;
    abstract isExhausted(): boolean;
    abstract attempt(): number | undefined;
    abstract isCalm(config: InternalAxiosRequestConfig): boolean;

    [REPORT](): RetryReport | undefined {
      return this.report();
    }

    [EXHAUSTED](): boolean {
      return this.isExhausted();
    }

    [ATTEMPT](): number | undefined {
      return this.attempt();
    }

    [CALM](config: InternalAxiosRequestConfig): boolean {
      return this.isCalm(config);
    }
  }
  return Answers;
})();

const linked = new WeakMap<object, State>();

/** Notes to which request an error without a config belongs. */
export const linkReport = (error: object, state: State): void => {
  linked.set(error, state);
};

/** The state on the config of an error, a response or one of the causes of an error; the nearest first. */
const statesOf = (value: unknown): readonly State[] =>
  causesOf(value).flatMap((each) => {
    const { config } = each as { readonly config?: { readonly retryState?: State | null } | null };
    return config?.retryState ?? linked.get(each) ?? [];
  });

/**
 * What happened to a request: its attempts, the waits between them, and why there was no further one. `undefined` when the
 * value is no error or response of an attached client, nor an error that has one among its causes.
 *
 * @example
 * const error = await client.get('/down').catch((e) => e);
 * retryReport(error)?.reason; // 'max-attempts'
 */
export function retryReport(errorOrResponse: unknown): RetryReport | undefined {
  for (const state of statesOf(errorOrResponse)) {
    const report = state[REPORT]?.();
    if (report) return report;
  }
  return undefined;
}

/**
 * Which attempt the config of a request serves, 1 for the first. For interceptors that run for every attempt. `undefined`
 * when the config has not come to an attached client.
 *
 * @example
 * client.interceptors.request.use((config) => {
 *   config.headers.set('X-Attempt', attemptOf(config) ?? 1);
 *   return config;
 * });
 * attachRetry(client);
 */
export const attemptOf = (config: AxiosRequestConfig | undefined): number | undefined =>
  (config as { readonly retryState?: State | null } | undefined)?.retryState?.[ATTEMPT]?.();

/**
 * Whether an error, or one of its causes, is one that a retrying client gave up on after retrying. Ask it in any other
 * retry loop around an attached client, so that attempts do not multiply.
 *
 * @example
 * await client.get('/users/1').catch((error) => {
 *   if (wasRetried(error)) throw new Error('Do not retry this job', { cause: error });
 *   throw error;
 * });
 */
export const wasRetried = (error: unknown): boolean =>
  statesOf(error).some((state) => state[EXHAUSTED]?.() === true);
