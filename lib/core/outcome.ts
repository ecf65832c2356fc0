import type { Reason } from '../types.ts';
import type { Result } from './describe.ts';

/** How one attempt ended. */
export interface Outcome extends Result {
  /** Whether it got as far as the adapter. */
  readonly isSent: boolean;
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
