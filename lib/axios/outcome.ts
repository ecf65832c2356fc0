import { type AxiosResponse, isCancel } from 'axios';
import type { Outcome } from '../core/outcome.ts';
import { causesOf, codeOf } from '../failure/causes.ts';
import { failureOf, failureOfResponse } from '../failure/classify.ts';
import { isObject } from '../options/fields.ts';
import type { Reason } from '../types.ts';
import { restore } from './adapter.ts';
import { ERR_COOLING_DOWN } from './hold.ts';
import { wasRetried } from './report.ts';
import type { Config } from './snapshot.ts';
import { isMarkedUnsent } from './unsent.ts';

/** What may carry the config of a request. */
export interface Carrier {
  readonly config?: Config | null;
  readonly response?: AxiosResponse;
  readonly hint?: number;
}

/** A response, or an error and its causes. */
export const carriersOf = (ok: boolean, value: unknown): readonly Carrier[] =>
  (ok ? [value].filter(isObject) : causesOf(value)) as readonly Carrier[];

/** What is known of an attempt before its outcome is read. */
export interface Sending {
  /** What the config of the request carries. */
  readonly state: unknown;
  /** The config as it was sent, for an outcome that does not carry it. */
  readonly config: Config;
  /** Whether it came to the adapter, as far as the adapter does not say otherwise. */
  readonly isSent: boolean;
  /** Whether `totalTimeout` cut it off. */
  readonly isOverdue: boolean;
  /** Whether the client makes no further retries. */
  readonly isEnded: boolean;
}

/** What came of an attempt. A value that does not carry its request is final: nothing tells what it is. */
export function readOutcome(ok: boolean, value: unknown, sending: Sending): Outcome {
  const isSent = sending.isSent && !isMarkedUnsent(value);
  const carrier = carriersOf(ok, value).find(({ config }) => config?.retryState === sending.state);
  if (!carrier) {
    const final = isCancel(value) ? 'aborted' : wasRetried(value) ? 'already-retried' : 'not-retryable';
    return { ok, value, isSent, config: sending.config, failure: 'none', final };
  }
  const config = carrier.config as Config;
  restore(config);
  if (ok) {
    const response = value as AxiosResponse;
    const failure = failureOfResponse(response);
    return { ok, value, isSent, config, response, result: response.status, failure };
  }
  const { response, hint } = carrier;
  const code = codeOf(carrier);
  if (code === ERR_COOLING_DOWN) {
    const final = sending.isEnded ? 'detached' : 'cooling-down';
    return { ok, value, isSent: false, config, result: code, failure: 'unsent', final, hint };
  }
  return {
    ok,
    value,
    isSent,
    config,
    response,
    // An error with a status below 400 is a body that was cut off: its code tells more.
    result: response && response.status >= 400 ? response.status : code,
    failure: failureOf(carrier, config),
    final: finalReason(value, sending),
  };
}

function finalReason(error: unknown, { isOverdue }: Sending): Reason | undefined {
  if (isOverdue) return 'total-timeout';
  if (isCancel(error)) return 'aborted';
  return wasRetried(error) ? 'already-retried' : undefined;
}
