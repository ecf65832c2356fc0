// A library built with `isolatedDeclarations`: what it exports is written in the names that the package exports, so that its
// declarations can be made file by file. Compiled by `npm run test:types`; never run.
import axios, { type AxiosInstance } from 'axios';
import {
  attachRetry,
  type BatchResult,
  batch,
  type Cooldown,
  explainPolicy,
  type Failure,
  type PolicyExplanation,
  type Reason,
  type RetryBudget,
  type RetryHandle,
  type RetryObserver,
  type RetryOptions,
  type RetryPredicate,
  type RetryReport,
  type RetryThrottle,
  retryIfDefault,
  retryReport,
  type StopCondition,
  type WaitStrategy,
} from 'axios-tenacity';

export interface Client {
  readonly http: AxiosInstance;
  readonly handle: RetryHandle;
  readonly limits: {
    readonly budget?: RetryBudget;
    readonly throttle?: RetryThrottle;
    readonly cooldown?: Cooldown;
  };
}

export const stop: StopCondition = ({ elapsed }) => elapsed > 1_000;
export const wait: WaitStrategy = ({ attemptNumber }) => 100 * attemptNumber;
export const retryIf: RetryPredicate = retryIfDefault();
export const defaults: RetryOptions = { stop, wait, retryIf };
export const explain: (options?: RetryOptions) => PolicyExplanation = (options) => explainPolicy(options);

export function createClient(observe: RetryObserver): Client {
  const http = axios.create();
  return { http, handle: attachRetry(http, { ...defaults, observe }), limits: {} };
}

export const getAll = (client: Client, ids: readonly string[]): Promise<BatchResult<string, unknown>> =>
  batch(ids, (id) => client.http.get(id));

export const why = (error: unknown): Reason | undefined => retryReport(error)?.reason;
export const reportOf = (error: unknown): RetryReport | undefined => retryReport(error);
export const isUnsent = (failure: Failure): boolean => failure === 'unsent';
