import axios, {
  type AxiosAdapter,
  AxiosHeaders,
  type AxiosRequestConfig,
  type AxiosResponse,
  getAdapter,
  type InternalAxiosRequestConfig,
} from 'axios';
import { expected } from '../options/expected.ts';

/** An adapter as axios takes it: a name, a function, or a list of these, of which the first that works here is used. */
export type Adapter = AxiosRequestConfig['adapter'];

/** What sends a request through an adapter, by default through the one of axios's own defaults. */
export function adapterFor(adapter: Adapter, config: InternalAxiosRequestConfig): AxiosAdapter {
  const send = getAdapter(adapter || axios.defaults.adapter, config);
  const isOwn = typeof adapter === 'function' || !config.headers || config.headers instanceof AxiosHeaders;
  return isOwn ? send : translating(send);
}

/** The adapters of axios take the headers of another copy of it for none, and the other copy takes theirs so. */
const translating =
  (send: AxiosAdapter): AxiosAdapter =>
  async (config) => {
    const { headers } = config;
    const translateBack = (response?: AxiosResponse): void => {
      config.headers = headers;
      if (response) response.headers = Reflect.construct(headers.constructor, [{ ...response.headers }]);
    };
    config.headers = new AxiosHeaders({ ...headers });
    try {
      const response = await send(config);
      translateBack(response);
      return response;
    } catch (error) {
      translateBack((error as { readonly response?: AxiosResponse } | undefined)?.response);
      throw error;
    }
  };

/**
 * A function that sends through an adapter and never throws but by rejecting. The default is what axios has now, not at
 * the request: it may be replaced by what wraps it.
 *
 * @throws TypeError for what cannot be an adapter; a name that axios does not know fails at the request
 */
export function senderOf(adapter: Adapter = axios.defaults.adapter): AxiosAdapter {
  const choices: readonly unknown[] = [adapter].flat();
  if (!choices.some(isUsable) || !choices.every((choice) => isUsable(choice) || isLeftOut(choice))) {
    throw expected('`adapter`', 'the name of an adapter, a function, or an array of these', adapter);
  }
  return async (config) => adapterFor(adapter, config)(config);
}

const isUsable = (choice: unknown): boolean =>
  typeof choice === 'function' || (typeof choice === 'string' && choice !== '');

// As in `[isBrowser && 'xhr', 'fetch']`, which axios takes.
const isLeftOut = (choice: unknown): boolean => choice === false || choice === null;

/** What carries, on a wrapper of ours, the adapter that it stands for. */
const ORIGINAL = /* @__PURE__ */ Symbol();

type Wrapper = AxiosAdapter & { readonly [ORIGINAL]: Adapter };

/** Notes which adapter a wrapper of ours stands for; answers the wrapper. */
export const wrapped = (original: Adapter, wrapper: AxiosAdapter): AxiosAdapter =>
  Object.assign(wrapper, { [ORIGINAL]: original });

const isWrapper = (adapter: unknown): adapter is Wrapper =>
  typeof adapter === 'function' && ORIGINAL in adapter;

/** The adapter behind all wrappers of ours, for a config that is used again. */
export function unwrapped(adapter: Adapter): Adapter {
  let original = adapter;
  while (isWrapper(original)) original = original[ORIGINAL];
  return original;
}

/** Takes our wrappers off the adapter of a config that may be used again; they are left when an attempt did not reach it. */
export function restore(config: InternalAxiosRequestConfig): void {
  const adapter = unwrapped(config.adapter);
  if (adapter !== config.adapter) config.adapter = adapter as never;
}
