import { CanceledError, type InternalAxiosRequestConfig } from 'axios';
import { type CancelSource, isCancelled, onAbort, sourcesOf } from '../runtime/interrupt.ts';

type Config = InternalAxiosRequestConfig;

/** What axios says of a request that is cancelled; its cause is the reason of the signal or token. */
export function canceledError(config: Config, source: CancelSource): unknown {
  const reason = source.reason as { readonly message?: string } | undefined;
  const error = new CanceledError('subscribe' in source ? reason?.message : undefined, config);
  return Object.defineProperty(error, 'cause', { value: reason, writable: true, configurable: true });
}

/** Throws when the request is cancelled. */
export function throwIfCanceled(config: Config): void {
  const source = sourcesOf(config).find(isCancelled);
  if (source) throw canceledError(config, source);
}

/** Calls back with the error once the request is cancelled, at once if it is; answers how to stop listening. */
export function onCanceled(config: Config, callback: (error: unknown) => void): () => void {
  const stops = sourcesOf(config).map((source) =>
    onAbort(source, () => callback(canceledError(config, source))),
  );
  return () => {
    for (const stop of stops) stop();
  };
}
