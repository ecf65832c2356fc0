import type { InternalAxiosRequestConfig } from 'axios';
import { isStatus } from '../options/common-rules.ts';
import { expected } from '../options/expected.ts';

/** An answer of the server. */
export interface ResponseStep {
  /** An integer from 100 to 599. */
  readonly status: number;
  /**
   * Plain objects, arrays, numbers and booleans are sent as JSON, anything else as it is. With `responseType: 'stream'` the
   * response has a stream of it, a new one each time; a stream of your own is passed on.
   */
  readonly data?: unknown;
  /** Further headers of the response. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The `Retry-After` header: seconds, or the text of the header. */
  readonly retryAfter?: number | string | undefined;
}

/**
 * What goes wrong: `timeout` (axios's own), `truncated` (the connection ends in mid-body), or the code of a connection or
 * TLS error.
 */
export type FailureStep =
  | 'timeout'
  | 'truncated'
  | 'ECONNREFUSED'
  | 'ECONNRESET'
  | 'ENOTFOUND'
  | 'EAI_AGAIN'
  | 'ETIMEDOUT'
  | 'EPIPE'
  | 'CERT_HAS_EXPIRED'
  | (string & {});

/**
 * What becomes of one request: a status, an answer, a failure, an error to reject with as it is, or a function that gives
 * one of these for the request at hand. A function may take its time (`clock.sleep`) or never answer. It may make assertions:
 * `done` throws the first that failed.
 */
export type Step =
  | number
  | ResponseStep
  | FailureStep
  | Error
  | ((config: InternalAxiosRequestConfig) => Step | Promise<Step>);

/** A step that is no function. */
export type ResolvedStep = Exclude<Step, (config: never) => unknown>;

const RULE = "a status, { status, … }, 'timeout', 'truncated', an error code, an Error or a function";

/** @throws TypeError for what is no step */
export function checkStep<T>(step: T, name: string): T {
  const isStep =
    [isStatus, isResponse, isFailure, isError].some((is) => is(step)) || typeof step === 'function';
  if (isStep) return step;
  throw expected(name, RULE, step);
}

const FIELDS = new Set(['status', 'data', 'headers', 'retryAfter']);

const isResponse = (step: unknown): boolean =>
  isPlain(step) && isStatus(step.status) && Object.keys(step).every((name) => FIELDS.has(name));

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.prototype.toString.call(value) === '[object Object]';

/** Errors of another realm, such as Node's own under jest, are no instances of this one's. */
export const isError = (step: unknown): step is Error =>
  step instanceof Error || Object.prototype.toString.call(step) === '[object Error]';

/** Whether a step threw because the test failed or is wrong; any other error is what the request is to be rejected with. */
export const isFault = (thrown: unknown): boolean => {
  const { name, constructor: form } = Object(thrown) as Error;
  // The assertions of Jest have the name `Error`, but a class of their own.
  return [name, form?.name].some((each) => /Assertion|^(Type|Reference)Error$/.test(each));
};

const isFailure = (step: unknown): boolean =>
  typeof step === 'string' && /^(timeout|truncated|[A-Z][A-Z\d]*(_[A-Z\d]+)*)$/.test(step);

/** What a step comes to for this request, once every function has answered. */
export async function resolveStep(step: Step, config: InternalAxiosRequestConfig): Promise<ResolvedStep> {
  let current = step;
  while (typeof current === 'function')
    current = checkStep(await current(config), 'the result of a step of scriptedAdapter');
  return current;
}
