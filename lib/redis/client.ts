import { expected } from '../options/expected.ts';
import { isObject } from '../options/fields.ts';
import type { Script } from './scripts.ts';

type Listener = (...values: never[]) => void;

interface Emitter {
  on(event: string, listener: Listener): unknown;
  off(event: string, listener: Listener): unknown;
}

/** What tells a client of node-redis: `createClient`, `createCluster` or `createSentinel` of `redis` 5 and later. */
export interface NodeRedisClient {
  /** Whether the client is connected, or connecting. */
  readonly isOpen: boolean;
  /** Runs a script by its name. */
  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  /** Runs a script by its text. */
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** What tells a client of ioredis: `Redis` or `Cluster` of `ioredis` 5 and later. */
export interface IoredisClient {
  /** How the connection is, such as `ready`. */
  readonly status: string;
  /** Runs a script by its name. */
  evalsha(sha: string, keys: number, ...rest: string[]): Promise<unknown>;
  /** Runs a script by its text. */
  eval(script: string, keys: number, ...rest: string[]): Promise<unknown>;
}

/** A client of Redis that a fleet can work with. */
export type RedisClient = NodeRedisClient | IoredisClient;

/** Told when a connection becomes ready, and when it may have been lost. */
interface ConnectionListener {
  up(): void;
  down(error?: unknown): void;
}

/** A connection of its own that listens to a channel. */
export interface Subscription {
  /** Whether messages arrive. */
  readonly isReady: boolean;
  /** Connects again if the client has given up. */
  revive(): void;
  close(): void;
}

/** Redis, whatever client leads to it. */
export interface Port {
  /** Whether a command would be sent at once, and not queued until there is a connection. */
  readonly isReady: boolean;
  /** Runs a script on one key. */
  run(script: Script, key: string, args: readonly string[]): Promise<string>;
  /** Answers how to stop listening. */
  listen(listener: ConnectionListener): () => void;
  /** Listens to a channel over a connection of its own. */
  subscribe(
    channel: string,
    onMessage: (message: string) => void,
    listener: ConnectionListener,
  ): Subscription;
}

const CLIENT = 'a client of redis (node-redis) 5 or later, or of ioredis 5 or later';

/** @throws TypeError for what is no client of Redis, as told by its methods */
export function portOf(client: RedisClient): Port {
  const { evalSha, evalsha, duplicate, on, off, status } = (isObject(client) ? client : {}) as Record<
    string,
    unknown
  >;
  const hasAll = (...methods: unknown[]): boolean => methods.every((method) => typeof method === 'function');
  if (hasAll(evalSha, duplicate, on, off)) return new NodeRedisPort(client as unknown as WholeNodeRedis);
  if (hasAll(evalsha, duplicate, on, off) && typeof status === 'string') {
    return new IoredisPort(client as unknown as WholeIoredis);
  }
  throw expected('`client`', CLIENT, client);
}

const nothing = (): void => undefined;

/** Calls at once what may throw, or reject, or answer no promise at all, and lets nothing of it out. */
const attempt = (action: () => unknown): void => {
  void (async () => action())().catch(nothing);
};

/** Listens to events of a client; answers how to stop. */
function onEvents(emitter: Emitter, listeners: Readonly<Record<string, Listener>>): () => void {
  for (const [event, listener] of Object.entries(listeners)) emitter.on(event, listener);
  return () => {
    for (const [event, listener] of Object.entries(listeners)) emitter.off(event, listener);
  };
}

async function runCached(
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

interface WholeNodeRedis extends NodeRedisClient, Emitter {
  readonly isReady?: boolean;
  duplicate(overrides: object): WholeNodeRedis;
  connect(): Promise<unknown>;
  destroy(): unknown;
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
}

/** A cluster has no `isReady` before version 6. */
const isReadyOf = ({ isReady, isOpen }: WholeNodeRedis): boolean => isReady ?? isOpen;

/**
 * Tells of the connection. A cluster tells of its nodes one by one. Listening to `error` also keeps node-redis from ending the process
 * when the connection breaks.
 */
function listenToNodeRedis(client: WholeNodeRedis, { up, down }: ConnectionListener): () => void {
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

class NodeRedisPort implements Port {
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
    return listenToNodeRedis(this.#client, listener);
  }

  subscribe(
    channel: string,
    onMessage: (message: string) => void,
    listener: ConnectionListener,
  ): Subscription {
    // The prefix of the application's keys is none of the channel's: a script publishes without it.
    const subscriber = this.#client.duplicate({ keyPrefix: undefined });
    let isSubscribed = false;
    let isSubscribing = false;
    const subscribe = async (): Promise<void> => {
      if (isSubscribing) return;
      isSubscribing = true;
      try {
        // Once subscribed, node-redis does it again by itself for every new connection.
        if (!isSubscribed) await subscriber.subscribe(channel, onMessage);
        isSubscribed = true;
        listener.up();
      } catch (error) {
        listener.down(error);
      } finally {
        isSubscribing = false;
      }
    };
    const stop = listenToNodeRedis(subscriber, {
      up: () => attempt(subscribe),
      down: (error) => {
        isSubscribing = false;
        listener.down(error);
      },
    });
    const connect = async (): Promise<void> => {
      try {
        await subscriber.connect();
        if (!isSubscribed) await subscribe();
      } catch (error) {
        listener.down(error);
      }
    };
    attempt(connect);
    return {
      get isReady() {
        return isSubscribed && isReadyOf(subscriber);
      },
      revive() {
        if (!subscriber.isOpen) attempt(connect);
        else if (!isSubscribed && isReadyOf(subscriber)) attempt(subscribe);
      },
      close() {
        stop();
        subscriber.on('error', nothing);
        attempt(() => subscriber.destroy());
      },
    };
  }
}

interface WholeIoredis extends IoredisClient, Emitter {
  readonly isCluster?: boolean;
  duplicate(...overrides: unknown[]): WholeIoredis;
  connect(): Promise<unknown>;
  disconnect(): void;
  subscribe(channel: string): Promise<unknown>;
}

function listenToIoredis(client: WholeIoredis, { up, down }: ConnectionListener): () => void {
  const check = (error?: unknown): void => {
    if (client.status !== 'ready') down(error);
  };
  return onEvents(client, {
    ready: up,
    error: check,
    close: () => check(),
    end: () => check(),
  });
}

/** Connects when told to; subscribes on every `ready`, by itself: the resubscription of ioredis rejects with nobody listening. */
const SUBSCRIBER = {
  lazyConnect: true,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: true,
  keyPrefix: '',
};

class IoredisPort implements Port {
  readonly #client: WholeIoredis;

  constructor(client: WholeIoredis) {
    this.#client = client;
  }

  get isReady(): boolean {
    return this.#client.status === 'ready';
  }

  run(script: Script, key: string, args: readonly string[]): Promise<string> {
    return runCached(
      script,
      (sha) => this.#client.evalsha(sha, 1, key, ...args),
      (text) => this.#client.eval(text, 1, key, ...args),
    );
  }

  listen(listener: ConnectionListener): () => void {
    return listenToIoredis(this.#client, listener);
  }

  subscribe(
    channel: string,
    onMessage: (message: string) => void,
    listener: ConnectionListener,
  ): Subscription {
    const { isCluster } = this.#client;
    // A cluster keeps a connection for its subscriptions, which it renews when a node fails.
    const subscriber = isCluster
      ? this.#client.duplicate([], { lazyConnect: true, enableOfflineQueue: true })
      : this.#client.duplicate(SUBSCRIBER);
    let isSubscribed = false;
    let isSubscribing = false;
    const subscribe = async (): Promise<void> => {
      isSubscribing = true;
      try {
        await subscriber.subscribe(channel);
        isSubscribed = true;
        listener.up();
      } catch (error) {
        listener.down(error);
      } finally {
        isSubscribing = false;
      }
    };
    const stop = listenToIoredis(subscriber, {
      up: () => attempt(subscribe),
      down: (error) => {
        // A command that was under way may never settle.
        isSubscribing = false;
        isSubscribed = false;
        listener.down(error);
      },
    });
    subscriber.on('message', (_channel: string, message: string) => onMessage(message));
    const connect = (): void => attempt(() => subscriber.connect());
    connect();
    return {
      get isReady() {
        return isSubscribed && subscriber.status === 'ready';
      },
      revive() {
        if (subscriber.status === 'end') connect();
        else if (!isSubscribed && !isSubscribing && subscriber.status === 'ready') attempt(subscribe);
      },
      close() {
        stop();
        subscriber.on('error', nothing);
        subscriber.disconnect();
      },
    };
  }
}
