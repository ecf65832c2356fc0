import { CanceledError, type InternalAxiosRequestConfig } from 'axios';
import { type CancelSource, isCancelled, onAbort, sourcesOf } from '../runtime/abort.ts';

type Config = InternalAxiosRequestConfig;

/** What axios says of a request that is cancelled; its cause is the reason of the signal or token. */
export function canceledError(config: Config, source: CancelSource): unknown {
  const reason = source.reason as { readonly message?: string } | undefined;
  const error = new CanceledError('subscribe' in source ? reason?.message : undefined, config);
  return Object.defineProperty(error, 'cause', { value: reason, writable: true, configurable: true });
}

/** Throws when the request is cancelled by one of `sources`. */
export function throwIfCanceled(config: Config, sources = sourcesOf(config)): void {
  const source = sources.find(isCancelled);
  if (source) throw canceledError(config, source);
}

/** Calls back with the error once the request is cancelled by one of `sources`, at once if it is; answers how to stop listening. */
export function onCanceled(
  config: Config,
  callback: (error: unknown) => void,
  sources = sourcesOf(config),
): () => void {
  const stops = sources.map((source) => onAbort(source, () => callback(canceledError(config, source))));
  return () => {
    for (const stop of stops) stop();
  };
}
