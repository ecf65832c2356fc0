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

/** What the fleet knows a client of ioredis by: `Redis` or `Cluster` of `ioredis` 5 and later. */
export interface IoredisClient {
  /** How the connection is, such as `ready`. */
  readonly status: string;
  /** Runs a script by its name. */
  evalsha(sha: string, keys: number, ...rest: string[]): Promise<unknown>;
  /** Runs a script by its text. */
  eval(script: string, keys: number, ...rest: string[]): Promise<unknown>;
}

/** A client of ioredis with all that is used of it. */
export interface WholeIoredis extends IoredisClient, Emitter {
  readonly isCluster?: boolean;
  duplicate(...overrides: unknown[]): WholeIoredis;
  connect(): Promise<unknown>;
  disconnect(): void;
  subscribe(channel: string): Promise<unknown>;
}

/** Connects when told to; subscribes on every `ready`, by itself: the resubscription of ioredis rejects with nobody listening. */
const SUBSCRIBER = {
  lazyConnect: true,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: true,
  keyPrefix: '',
};

/** A cluster keeps a connection for its subscriptions, which it renews when a node fails. */
const CLUSTER_SUBSCRIBER = { lazyConnect: true, enableOfflineQueue: true };

/** Redis by way of ioredis. */
export class IoredisPort implements Port {
  readonly #client: WholeIoredis;

  constructor(client: WholeIoredis) {
    this.#client = client;
  }

  get isReady(): boolean {
    return isReadyOf(this.#client);
  }

  run(script: Script, key: string, args: readonly string[]): Promise<string> {
    return runCached(
      script,
      (sha) => this.#client.evalsha(sha, 1, key, ...args),
      (text) => this.#client.eval(text, 1, key, ...args),
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
    const client = this.#client.isCluster
      ? this.#client.duplicate([], CLUSTER_SUBSCRIBER)
      : this.#client.duplicate(SUBSCRIBER);
    client.on('message', (_channel: string, message: string) => onMessage(message));
    return keepSubscribed(
      {
        get isReady() {
          return isReadyOf(client);
        },
        get isOver() {
          return client.status === 'end';
        },
        connect: () => client.connect(),
        subscribe: () => client.subscribe(channel),
        listen: (own) => listenTo(client, own),
        async disconnect() {
          ignoreErrors(client);
          client.disconnect();
        },
      },
      listener,
    );
  }
}

const isReadyOf = ({ status }: WholeIoredis): boolean => status === 'ready';

/** Tells of the connection. Listening to `error` also keeps ioredis from printing what is told there. */
function listenTo(client: WholeIoredis, { up, down }: ConnectionListener): () => void {
  const check = (error?: unknown): void => {
    if (!isReadyOf(client)) down(error);
  };
  return onEvents(client, {
    ready: up,
    error: check,
    close: () => check(),
    end: () => check(),
  });
}
