import type { ConnectionListener, Subscription } from './port.ts';

/** A connection for subscriptions, as far as the libraries differ. */
export interface Subscriber {
  /** Whether the connection stands. */
  readonly isReady: boolean;
  /** Whether the client will not connect any more unless it is told to. */
  readonly isOver: boolean;
  connect(): Promise<unknown>;
  /** Harmless where the client listens already. */
  subscribe(): Promise<unknown>;
  listen(listener: ConnectionListener): () => void;
  disconnect(): Promise<unknown>;
}

const nothing = (): void => undefined;

/** Connects, and subscribes whenever the connection stands. */
export function keepSubscribed(subscriber: Subscriber, listener: ConnectionListener): Subscription {
  let isSubscribed = false;
  /** The latest command, for one that was under way when the connection broke may never settle. */
  let latest: object | undefined;

  const subscribe = async (): Promise<void> => {
    if (latest) return;
    const turn = {};
    latest = turn;
    try {
      await subscriber.subscribe();
      if (turn !== latest) return;
      isSubscribed = true;
      listener.up();
    } catch (error) {
      if (turn === latest) listener.down(error);
    } finally {
      if (turn === latest) latest = undefined;
    }
  };
  const connect = async (): Promise<void> => {
    try {
      await subscriber.connect();
      if (!isSubscribed && subscriber.isReady) await subscribe();
    } catch (error) {
      listener.down(error);
    }
  };
  const stop = subscriber.listen({
    up: () => void subscribe(),
    down(error) {
      latest = undefined;
      isSubscribed = false;
      listener.down(error);
    },
  });
  void connect();

  return {
    get isReady() {
      return isSubscribed && subscriber.isReady;
    },
    revive() {
      if (subscriber.isOver) void connect();
      else if (!isSubscribed && subscriber.isReady) void subscribe();
    },
    close() {
      stop();
      subscriber.disconnect().catch(nothing);
    },
  };
}
