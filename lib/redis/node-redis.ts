import {
  type ConnectionListener,
  type Emitter,
  ignoreErrors,
  onEvents,
  type Port,
  runCached,
  type Subscription,
} from './port.ts';
import type { Script } from './scripts.ts';
import { keepSubscribed } from './subscription.ts';

/** What the fleet knows a client of node-redis by: `createClient`, `createCluster` or `createSentinel` of `redis` 5 and later. */
export interface NodeRedisClient {
  /** Whether the client is connected, or connecting. */
  readonly isOpen: boolean;
  /** Runs a script by its name. */
  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  /** Runs a script by its text. */
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** A client of node-redis with all that is used of it. */
export interface WholeNodeRedis extends NodeRedisClient, Emitter {
  readonly isReady?: boolean;
  /** A sentinel has it from version 6 on. */
  duplicate?(overrides: object): WholeNodeRedis;
  connect(): Promise<unknown>;
  destroy(): unknown;
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  unsubscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
}

/** Redis by way of node-redis. */
export class NodeRedisPort implements Port {
  readonly #client: WholeNodeRedis;

  constructor(client: WholeNodeRedis) {
    this.#client = client;
  }

  get isReady(): boolean {
    return isReadyOf(this.#client);
  }

  run(script: Script, key: string, args: readonly string[]): Promise<string> {
    const options = { keys: [key], arguments: [...args] };
    return runCached(
      script,
      (sha) => this.#client.evalSha(sha, options),
      (text) => this.#client.eval(text, options),
    );
  }

  listen(listener: ConnectionListener): () => void {
    return listenTo(this.#client, listener);
  }

  subscribe(
    channel: string,
    onMessage: (message: string) => void,
    listener: ConnectionListener,
  ): Subscription {
    // The channel has no prefix of the client: a script publishes without it.
    const own = this.#client.duplicate?.({ keyPrefix: undefined });
    // A sentinel that cannot be duplicated keeps a connection for subscriptions itself.
    const client = own ?? this.#client;
    return keepSubscribed(
      {
        get isReady() {
          return isReadyOf(client);
        },
        get isOver() {
          return own?.isOpen === false;
        },
        connect: async () => own?.connect(),
        subscribe: () => client.subscribe(channel, onMessage),
        listen: (own) => listenTo(client, own),
        async disconnect() {
          if (!own) return client.unsubscribe(channel, onMessage);
          ignoreErrors(own);
          return own.destroy();
        },
      },
      listener,
    );
  }
}

/** A cluster has no `isReady` before version 6. */
const isReadyOf = ({ isReady, isOpen }: WholeNodeRedis): boolean => isReady ?? isOpen;

/**
 * Tells of the connection. A cluster tells of its nodes one by one. Listening to `error` also keeps node-redis from ending the process
 * when the connection breaks.
 */
function listenTo(client: WholeNodeRedis, { up, down }: ConnectionListener): () => void {
  const check = (error?: unknown): void => {
    if (!isReadyOf(client)) down(error);
  };
  return onEvents(client, {
    ready: up,
    'node-ready': up,
    error: check,
    reconnecting: () => check(),
    end: () => check(),
  });
}
