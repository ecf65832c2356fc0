import { isObject } from '../fields.ts';
import type { RetryReport } from '../types.ts';

const REPORT = Symbol.for('axios-tenacity.report');
const EXHAUSTED = Symbol.for('axios-tenacity.exhausted');

interface Reporter {
  report(): RetryReport;
  /** Whether it was given up on after a retry. */
  isExhausted(): boolean;
}

/**
 * What the config of a request carries through axios. A class instance, since axios clones plain objects when it merges
 * configs; its data are private, so that nothing of it shows in a log.
 */
export class RetryState {
  readonly #owner: Reporter;

  constructor(owner: Reporter) {
    this.#owner = owner;
  }

  /** Whose state it is, when it was made by this build of the package. */
  static ownerOf(state: unknown): Reporter | undefined {
    return isObject(state) && #owner in state ? state.#owner : undefined;
  }

  [REPORT](): RetryReport {
    return this.#owner.report();
  }

  [EXHAUSTED](): boolean {
    return this.#owner.isExhausted();
  }

  toJSON(): undefined {
    return undefined;
  }
}

interface Carrier {
  readonly config?: {
    readonly retryState?: { [REPORT]?(): RetryReport; [EXHAUSTED]?(): boolean } | null;
  } | null;
}

/** Whether an error is one that a retrying client, of whichever build of the package, gave up on after retrying. */
export const isExhausted = ({ config }: Carrier): boolean => config?.retryState?.[EXHAUSTED]?.() === true;

/**
 * What happened to a request: its attempts, the waits between them, and why there was no further one. `undefined` when the
 * value is no error or response of an attached client.
 */
export const retryReport = (errorOrResponse: unknown): RetryReport | undefined =>
  (errorOrResponse as Carrier | null | undefined)?.config?.retryState?.[REPORT]?.();
