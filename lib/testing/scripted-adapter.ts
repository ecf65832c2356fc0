import axios, {
  type AxiosAdapter,
  AxiosHeaders,
  type AxiosRequestHeaders,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios';
import { isStream } from '../axios/body.ts';
import { isStatus } from '../options/common-rules.ts';
import { expected, requireGiven } from '../options/expected.ts';
import { checkFields, type Rule } from '../options/fields.ts';
import { type CancelSource, isCancelled, onAbort, sourcesOf } from '../runtime/abort.ts';
import { streamOf } from './body-stream.ts';
import {
  cancelError,
  connectionError,
  cutOffError,
  type Flavour,
  type Sent,
  settle,
  streamCutOff,
  timeoutError,
} from './lifelike-errors.ts';

type Config = InternalAxiosRequestConfig;

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

/** How a script is played. */
export interface ScriptedAdapterOptions {
  /**
   * Which of axios's adapters the errors look like.
   *
   * @defaultValue 'http'
   */
  readonly flavour?: 'http' | 'fetch' | undefined;
}

/** One request, as it would have been sent. */
export interface ScriptedRequest {
  /** In upper case. */
  readonly method: string;
  /** With `baseURL` and `params`. */
  readonly url: string;
  /** As they were sent. */
  readonly headers: AxiosRequestHeaders;
  /** The body as serialised: JSON text for a plain object. */
  readonly data: unknown;
}

/** An adapter that plays a script: `axios.create({ adapter: scriptedAdapter([503, 200]) })`. */
export interface ScriptedAdapter extends AxiosAdapter {
  /** Every request so far. */
  readonly requests: readonly ScriptedRequest[];
  /** How many steps are left. */
  readonly remaining: number;
  /**
   * Throws unless there was exactly one request for every step. When an assertion in a function among the steps failed, or the
   * function has a mistake (`TypeError`, `ReferenceError`), it throws that error: the code under test may have caught it.
   */
  done(): void;
}

const rules: Readonly<Record<keyof ScriptedAdapterOptions, Rule>> = {
  flavour: ["'http' or 'fetch'", (flavour) => flavour === 'http' || flavour === 'fetch'],
};

/**
 * An adapter that answers the nth request by the nth step, as a real adapter would: errors look real, responses settle by
 * `validateStatus`, `signal` and `cancelToken` are obeyed. A request beyond the last step is rejected with an error that
 * is not retried.
 *
 * @throws TypeError for what is no step
 * @example
 * const client = axios.create({ adapter: scriptedAdapter([503, 'ECONNRESET', { status: 200, data: 'Ada' }]) });
 */
export function scriptedAdapter(
  script: readonly Step[],
  options: ScriptedAdapterOptions = {},
): ScriptedAdapter {
  requireGiven('scriptedAdapter', 'an array of steps', script, Array.isArray(script));
  checkFields('scriptedAdapter option', rules, options, undefined);
  const { flavour = 'http' } = options;
  const steps = script.map((step, index) => checkStep(step, `step ${index + 1} of scriptedAdapter`));
  const requests: ScriptedRequest[] = [];
  const faults: unknown[] = [];

  const adapter: AxiosAdapter = async (config) => {
    const sent = { config, request: requestOf(config, flavour) };
    return untilCancelled(sent, flavour, async () => {
      const step = steps[requests.length];
      requests.push(record(config));
      if (step === undefined)
        throw new Error(`${shortage(steps, requests)}. Add a step, or find out why it was sent`);
      const resolved = await resolveStep(step, config).catch((error: unknown) => {
        if (isFault(error) && !sourcesOf(config).some(isCancelled)) faults.push(error);
        throw error;
      });
      return play(resolved, sent, flavour);
    });
  };
  const remaining = (): number => Math.max(0, steps.length - requests.length);
  const done = (): void => {
    if (faults.length > 0) throw faults[0];
    if (requests.length > steps.length) throw new Error(shortage(steps, requests));
    if (remaining() > 0) throw new Error(surplus(steps, requests));
  };
  return Object.defineProperty(Object.assign(adapter, { requests, done }), 'remaining', {
    get: remaining,
  }) as unknown as ScriptedAdapter;
}

const RULE = "a status, { status, … }, 'timeout', 'truncated', an error code, an Error or a function";

function checkStep<T>(step: T, name: string): T {
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
const isError = (step: unknown): step is Error =>
  step instanceof Error || Object.prototype.toString.call(step) === '[object Error]';

/** Whether a step threw because the test failed or is wrong; any other error is what the request is to be rejected with. */
const isFault = (thrown: unknown): boolean => {
  const { name, constructor: form } = Object(thrown) as Error;
  // The assertions of Jest have the name `Error`, but a class of their own.
  return [name, form?.name].some((each) => /Assertion|^(Type|Reference)Error$/.test(each));
};

const isFailure = (step: unknown): boolean =>
  typeof step === 'string' && /^(timeout|truncated|[A-Z][A-Z\d]*(_[A-Z\d]+)*)$/.test(step);

async function resolveStep(step: Step, config: Config): Promise<Exclude<Step, (config: never) => unknown>> {
  let current = step;
  while (typeof current === 'function')
    current = checkStep(await current(config), 'the result of a step of scriptedAdapter');
  return current;
}

function play(step: Exclude<Step, (config: never) => unknown>, sent: Sent, flavour: Flavour): AxiosResponse {
  if (isError(step)) throw step;
  if (step === 'timeout') throw timeoutError(sent, flavour);
  if (step === 'truncated') return truncate(answer({ status: 200 }, sent), flavour);
  if (typeof step === 'string') throw connectionError(step, sent, flavour);
  return settle(asAsked(answer(typeof step === 'number' ? { status: step } : step, sent), flavour));
}

const isStreamed = ({ config: { responseType } }: AxiosResponse): boolean => responseType === 'stream';

/** The response with a stream for its body, where the request asks for one. */
const asAsked = (response: AxiosResponse, flavour: Flavour): AxiosResponse =>
  isStreamed(response) && !isStream(response.data)
    ? { ...response, data: streamOf(response.data, flavour) }
    : response;

/** A response whose connection ends in mid-body: with a stream that is where the stream fails. */
function truncate(response: AxiosResponse, flavour: Flavour): AxiosResponse {
  if (!isStreamed(response)) throw cutOffError({ ...response, data: undefined }, flavour);
  return { ...response, data: streamOf('', flavour, streamCutOff(flavour)) };
}

function answer(
  { status, data, headers, retryAfter }: ResponseStep,
  { config, request }: Sent,
): AxiosResponse {
  const asJson = isJson(data);
  return {
    data: asJson ? JSON.stringify(data) : (data ?? ''),
    status,
    statusText: '',
    // Of the class that the instance knows, which may be that of another copy of axios.
    headers: new (config.headers.constructor as typeof AxiosHeaders)({
      ...(asJson && { 'content-type': 'application/json' }),
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
      ...inLowerCase(headers),
    }),
    config,
    request,
  };
}

/** Both adapters of Node give header names so. */
const inLowerCase = (headers: ResponseStep['headers'] = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

function isJson(data: unknown): boolean {
  if (typeof data !== 'object' || data === null) return typeof data === 'number' || typeof data === 'boolean';
  const prototype: unknown = Object.getPrototypeOf(data);
  return Array.isArray(data) || prototype === null || prototype === Object.prototype;
}

async function untilCancelled<T>(
  { config, ...sent }: Sent,
  flavour: Flavour,
  send: () => Promise<T>,
): Promise<T> {
  const sources = sourcesOf(config);
  const errorOf = (source: CancelSource): unknown => cancelError(source, { config, ...sent }, flavour);
  const cancelled = sources.find(isCancelled);
  if (cancelled) throw errorOf(cancelled);
  let unsubscribe: (() => void)[] = [];
  const cancellation = new Promise<never>((_, reject) => {
    unsubscribe = sources.map((source) => onAbort(source, () => reject(errorOf(source))));
  });
  try {
    return await Promise.race([send(), cancellation]);
  } finally {
    for (const stop of unsubscribe) stop();
  }
}

/** What stands in for `request`, which says on the http adapter that no redirect was followed. */
const requestOf = (config: Config, flavour: Flavour): object => {
  const { method, url } = { method: methodOf(config), url: axios.getUri(config) };
  return flavour === 'http' ? { method, path: url, _redirectCount: 0 } : { method, url };
};

const methodOf = ({ method = 'get' }: Config): string => method.toUpperCase();

const record = (config: Config): ScriptedRequest => ({
  method: methodOf(config),
  url: axios.getUri(config),
  headers: new AxiosHeaders({ ...config.headers }) as AxiosRequestHeaders,
  data: config.data,
});

const plural = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`;

const list = (requests: readonly ScriptedRequest[]): string =>
  requests.map(({ method, url }) => `${method} ${url}`).join(', ') || 'none';

const shortage = (steps: readonly Step[], requests: readonly ScriptedRequest[]): string =>
  `The script of scriptedAdapter has ${plural(steps.length, 'step')}, and there were ${plural(requests.length, 'request')}: ` +
  list(requests);

const surplus = (steps: readonly Step[], requests: readonly ScriptedRequest[]): string =>
  `The script of scriptedAdapter has ${plural(steps.length, 'step')}, and only ${plural(requests.length, 'request')} ` +
  `came: ${list(requests)}`;
