import type { Failure, RetryVerdict } from '../types.ts';

/** An outcome as judged. */
export interface Judgement {
  /** Whether it is worth another attempt. */
  readonly worthIt: boolean;
  /** What it tells about the server, after the word of the user. */
  readonly failure: Failure;
}

/** The judgement of the default rule, unless the predicate has another. `'refused'` says that the server did not act. */
export const applyVerdict = (verdict: RetryVerdict, byDefault: Judgement): Judgement =>
  verdict === 'refused'
    ? { worthIt: true, failure: 'refused' }
    : { ...byDefault, worthIt: verdict ?? byDefault.worthIt };
