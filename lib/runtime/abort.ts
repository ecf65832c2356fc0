/** What can cancel a request: an abort signal, or axios's older cancel token. */
export type CancelSource = AbortSignalLike | CancelTokenLike;

interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener?: ((type: 'abort', listener: () => void) => void) | undefined;
  removeEventListener?: ((type: 'abort', listener: () => void) => void) | undefined;
}

interface CancelTokenLike {
  readonly reason?: unknown;
  subscribe(listener: () => void): void;
  unsubscribe(listener: () => void): void;
}

const isToken = (source: CancelSource): source is CancelTokenLike => 'subscribe' in source;

/** Whether the source has cancelled already. */
export const isCancelled = (source: CancelSource): boolean =>
  isToken(source) ? source.reason !== undefined : source.aborted;

/** What can cancel a request with this config. */
export const sourcesOf = ({
  signal,
  cancelToken,
}: {
  signal?: unknown;
  cancelToken?: unknown;
}): readonly CancelSource[] =>
  // axios takes null, and anything else that is falsy, for none.
  ([signal, cancelToken] as readonly (CancelSource | undefined)[]).filter(Boolean) as readonly CancelSource[];

interface Hub {
  readonly callbacks: Set<() => void>;
  readonly close: () => void;
}

const nothing = (): void => undefined;

const hubs = new WeakMap<CancelSource, Hub>();

/**
 * Calls back once the source cancels, at once if it has; answers how to stop listening. However many callbacks there
 * are, the source has one listener: thousands on one signal would be quadratic in Node.
 */
export function onAbort(source: CancelSource, callback: () => void): () => void {
  if (isCancelled(source)) {
    callback();
    return nothing;
  }
  const { callbacks, close } = hubs.get(source) ?? open(source);
  callbacks.add(callback);
  return () => {
    if (callbacks.delete(callback) && callbacks.size === 0) close();
  };
}

function open(source: CancelSource): Hub {
  const callbacks = new Set<() => void>();
  const close = (): void => {
    hubs.delete(source);
    if (isToken(source)) source.unsubscribe(fire);
    else source.removeEventListener?.('abort', fire);
  };
  const fire = (): void => {
    close();
    for (const callback of callbacks) callback();
  };
  if (isToken(source)) source.subscribe(fire);
  else source.addEventListener?.('abort', fire);
  const hub = { callbacks, close };
  hubs.set(source, hub);
  return hub;
}

/** A signal that aborts with any of several sources, until it is released. */
export interface Link {
  readonly signal: AbortSignal;
  readonly release: () => void;
}

/** Links a signal to further sources, if there are any. */
export function linkTo(signal: AbortSignal, sources: readonly CancelSource[]): Link {
  if (sources.length === 0) return { signal, release: nothing };
  const controller = new AbortController();
  const stops = [signal, ...sources].map((source) => onAbort(source, () => controller.abort(source.reason)));
  return { signal: controller.signal, release: () => stops.map((stop) => stop()) };
}

/** Sleeps until the time has passed or the signal aborts, whichever comes first; rejects only when the clock fails. */
export async function sleepUnlessAborted(
  { sleep }: { sleep(ms: number, signal: AbortSignal): Promise<void> },
  ms: number,
  signal: AbortSignal,
): Promise<void> {
  try {
    await sleep(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
