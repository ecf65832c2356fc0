import type { AxiosHeaders, AxiosRequestHeaders, InternalAxiosRequestConfig } from 'axios';
import { copyOf } from './body.ts';

/** The config of a request on its way through axios; it carries the state of the plugin. */
export type Config = InternalAxiosRequestConfig & { retryState?: unknown };

/** A request as it was when it came to the plugin, before the inside and axios itself changed it. */
export class Snapshot {
  /** Everything but what axios changes on the way to the server, which the other fields keep. */
  #config: Config;
  readonly #method: string | undefined;
  readonly #url: string | undefined;
  readonly #params: unknown;
  readonly #headers: object;
  readonly #adapter: Config['adapter'];
  /** The class of headers that the instance knows: it drops headers of another copy of axios. */
  readonly #Headers: typeof AxiosHeaders;
  /** The body as the caller passed it. */
  readonly data: unknown;
  #isSealed: boolean;

  /** @param isEditable whether somebody other than axios may edit the config on the way to the server */
  constructor(config: Config, isEditable: boolean, isBodyEditable: boolean) {
    this.#method = config.method;
    this.#url = config.url;
    this.#headers = isEditable ? copyOf({ ...config.headers }) : { ...config.headers };
    this.#Headers = config.headers.constructor as typeof AxiosHeaders;
    this.#params = copyOf(config.params);
    this.#adapter = config.adapter;
    this.data = isBodyEditable ? copyOf(config.data) : config.data;
    this.#config = isEditable ? copyOfConfig(config) : config;
    this.#isSealed = isEditable;
  }

  /** Takes the copy that a request without a retry does not need, before anybody sees the config. */
  seal(): void {
    if (!this.#isSealed) this.#config = copyOfConfig(this.#config);
    this.#isSealed = true;
  }

  /** The config that the first attempt was sent with, or a copy of it. */
  get config(): Config {
    return this.#config;
  }

  /** The headers as they were. */
  get headers(): unknown {
    return this.#headers;
  }

  /** A whole config, ready to be sent; no edit of it reaches another copy. */
  copy(): Config {
    const config = copyOfConfig(this.#config);
    config.method = this.#method as string;
    config.url = this.#url as string;
    config.params = copyOf(this.#params);
    config.headers = this.headersOf(copyOf(this.#headers));
    config.data = copyOf(this.data);
    config.adapter = this.#adapter as never;
    return config;
  }

  /** Headers of the class that the instance knows. */
  headersOf(headers: object | undefined): AxiosRequestHeaders {
    return new this.#Headers({ ...headers }) as AxiosRequestHeaders;
  }
}

/** A copy of all but the body, deep as far as objects are plain. */
export function copyOfConfig(config: Config): Config {
  // Like the merged configs of axios it has no prototype, else axios 1.21 copies it once more.
  const copied = Object.create(null) as Record<PropertyKey, unknown>;
  // A merged config is in dictionary mode, where `for…in` takes a third of the time of a spread.
  for (const key in config) if (key !== 'data') copied[key] = copyOf(config[key as keyof Config]);
  for (const key of Object.getOwnPropertySymbols(config)) copied[key] = config[key as never];
  return copied as unknown as Config;
}
