import { isCancel } from 'axios';
import { isObject } from '../options/fields.ts';
import { wrapped } from './adapter.ts';
import { throwIfFailed } from './body.ts';
import { restoreAdapter } from './deadline.ts';
import { linkReport, type State } from './report.ts';
import type { Config } from './snapshot.ts';

/** A request that may be the one behind an error. */
export interface Claimant extends State {
  /** Whether its first outcome is known. */
  readonly isTaken: boolean;
}

/** The requests that an error without config may belong to. */
const claims = new WeakMap<object, readonly Claimant[]>();

/** The requests without an outcome that an error may belong to. */
export const claimantsOf = (error: unknown): readonly Claimant[] =>
  (claims.get(error as object) ?? []).filter(({ isTaken }) => !isTaken);

/**
 * Notes that an error of the adapter belongs to this request where the error does not tell: a cancel token, or a body that
 * failed, rejects with an error that has no config, or on the fetch adapter with that of another request under the same token.
 */
export function claimErrors(config: Config, claimant: Claimant): void {
  const { adapter } = config;
  config.adapter = wrapped(adapter, async (sent) => {
    try {
      const send = restoreAdapter(sent, adapter);
      throwIfFailed(sent.data);
      return await send(sent);
    } catch (error) {
      if (isObject(error) && (isCancel(error) || !('config' in error && error.config))) {
        claims.set(error, [...claimantsOf(error), claimant]);
        linkReport(error, claimant);
      }
      throw error;
    }
  });
}
