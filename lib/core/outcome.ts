import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { Failure, Reason } from '../types.ts';

/** How one attempt ended. */
export interface Outcome {
  /** Whether it was fulfilled. */
  readonly ok: boolean;
  /** The response or the error, untouched: what the caller gets if this outcome is the last. */
  readonly value: unknown;
  /** Whether it got as far as the adapter. */
  readonly isSent: boolean;
  /** The config as the attempt was sent. */
  readonly config: InternalAxiosRequestConfig;
  readonly response?: AxiosResponse | undefined;
  /** The status or the code, for the report. */
  readonly result?: number | string | undefined;
  readonly failure: Failure;
  /** Why nobody is asked whether to retry it. On a success: nothing tells what it is. */
  readonly final?: Reason | undefined;
  /** Milliseconds that the server had asked to wait, which is why it was not sent. */
  readonly hint?: number | undefined;
}

/** The end of a request: what the caller gets, and why there is no further attempt. */
export class Settled {
  constructor(
    readonly outcome: Outcome,
    readonly reason?: Reason | undefined,
  ) {}
}

/** Whether a response is one that only `retryIf` sends again: an interruption hands it out, and then it must be readable. */
export const isPolled = ({ failure }: Outcome): boolean => failure === 'none' || failure === 'permanent';
