import type { Script } from './scripts.ts';

/** Redis, whatever client leads to it. */
export interface Port {
  /** Whether a command would be sent at once, and not queued until there is a connection. */
  readonly isReady: boolean;
  /** Runs a script on one key. */
  run(script: Script, key: string, args: readonly string[]): Promise<string>;
  /** Tells of the connection; answers how to stop. */
  listen(listener: ConnectionListener): () => void;
  /** Listens to a channel over a connection of its own. */
  subscribe(
    channel: string,
    onMessage: (message: string) => void,
    listener: ConnectionListener,
  ): Subscription;
}

/** Told when a connection becomes ready, and when it may have been lost. */
export interface ConnectionListener {
  up(): void;
  down(error?: unknown): void;
}

/** A connection of its own that listens to a channel. */
export interface Subscription {
  /** Whether messages arrive. */
  readonly isReady: boolean;
  /** Connects or subscribes again, if that has failed. */
  revive(): void;
  close(): void;
}

type Listener = (...values: never[]) => void;

/** The events of a client. */
export interface Emitter {
  on(event: string, listener: Listener): unknown;
  off(event: string, listener: Listener): unknown;
}

/** Listens to events of a client; answers how to stop. */
export function onEvents(emitter: Emitter, listeners: Readonly<Record<string, Listener>>): () => void {
  for (const [event, listener] of Object.entries(listeners)) emitter.on(event, listener);
  return () => {
    for (const [event, listener] of Object.entries(listeners)) emitter.off(event, listener);
  };
}

/** To end a connection that is being made is an error that nobody needs to know of. */
export const ignoreErrors = (emitter: Emitter): unknown => emitter.on('error', () => undefined);

/** Runs a script by its name, and by its text where the server does not know the name. */
export async function runCached(
  script: Script,
  bySha: (sha: string) => Promise<unknown>,
  byText: (text: string) => Promise<unknown>,
): Promise<string> {
  try {
    return String(await bySha(script.sha));
  } catch (error) {
    if (!String((error as Error | undefined)?.message).startsWith('NOSCRIPT')) throw error;
    return String(await byText(script.text));
  }
}
