import axios, {
  type AxiosAdapter,
  AxiosHeaders,
  type AxiosRequestHeaders,
  type InternalAxiosRequestConfig,
} from 'axios';
import { requireGiven } from '../options/expected.ts';
import { checkFields, type Rule } from '../options/fields.ts';
import { type CancelSource, isCancelled, onAbort, sourcesOf } from '../runtime/abort.ts';
import { cancelError, type Flavour, type Sent } from './lifelike-errors.ts';
import { play } from './play.ts';
import { checkStep, isFault, resolveStep, type Step } from './step.ts';

type Config = InternalAxiosRequestConfig;

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
