import type { AxiosRequestTransformer } from 'axios';
import { expected } from '../options/expected.ts';
import { closeStream, isOneShot, watchBody } from './body.ts';
import type { Config } from './snapshot.ts';

/** The transforms of requests that make a body by `data`. */
const makers = new WeakSet<object>();

/** No error is this. */
const NOTHING = Symbol();

/** The body that the option `data` makes, a new one for every attempt. */
export class MadeBody {
  readonly #data: () => unknown;
  /** What it made for the attempt under way. */
  #body: unknown = undefined;
  #thrown: unknown = NOTHING;

  constructor(data: () => unknown) {
    this.#data = data;
  }

  /** Lets axios ask for the body of an attempt when it is about to be sent. */
  putInto(config: Config): void {
    const make = (): unknown => {
      try {
        this.#body = this.#make();
      } catch (error) {
        this.#thrown = error;
        throw error;
      }
      return this.#body;
    };
    makers.add(make);
    config.transformRequest = [make, ...withoutMakers(config)];
  }

  #make(): unknown {
    const body = this.#data() as (Partial<Promise<unknown>> & { on?: unknown }) | undefined;
    if (body?.then) throw notABody('a body', body);
    watchBody(body);
    if (body === this.#body && isOneShot(body)) throw notABody('a new body for every attempt', body);
    return body;
  }

  /** Whether an error is what `data` threw. */
  hasThrown(error: unknown): boolean {
    return error === this.#thrown;
  }

  /** Lets go of what it made for the attempt under way. */
  discard(): void {
    closeStream(this.#body);
  }
}

/** The transforms of a config but those of ours. */
export const withoutMakers = ({ transformRequest }: Config): AxiosRequestTransformer[] =>
  [transformRequest].flat().filter((transform) => transform !== undefined && !makers.has(transform)) as never;

const notABody = (rule: string, body: unknown): TypeError =>
  expected('the result of retry option `data`', rule, body);
