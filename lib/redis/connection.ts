import type { Clock } from '../types.ts';
import type { Port, Subscription } from './port.ts';
import type { Script } from './scripts.ts';

/**
 * Whether the processes hear of each other.
 *
 * - `connecting`: not yet;
 * - `connected`: yes;
 * - `disconnected`: no, so each goes by what it knows itself;
 * - `closed`: no longer, after `close()`.
 */
export type Connectivity = 'connecting' | 'connected' | 'disconnected' | 'closed';

/** A change of connectivity. */
export interface ConnectivityChange {
  /** What it is from now on. */
  readonly connectivity: 'connected' | 'disconnected';
  /** Why the connection was lost, where the client or the server says so. */
  readonly error?: unknown;
}

/** Is told how a fleet fares, and never asked; called without `this`. What it throws, or rejects with, changes nothing. */
export interface FleetObserver {
  /** When the processes begin or cease to hear of each other; once for each change. */
  readonly onConnectivity?: ((change: ConnectivityChange) => void) | undefined;
}

/** What a connection needs of the fleet that it serves. */
export interface Crew {
  /** The milliseconds after which a command counts as lost. */
  readonly timeout: number;
  readonly clock: Required<Clock>;
  readonly observers: readonly FleetObserver[];
  /** Sends, by `run`, what brings this process and the others up to date. It works only where writing works. */
  catchUp(run: Run): Promise<void>;
  /** The connection was lost: what has not been told is not to be told later. */
  lost(): void;
}

/** Runs a script on a key; rejects when it fails, and when it takes too long. */
export type Run = (script: Script, key: string, args: readonly string[]) => Promise<Reply>;

/** The reply of a script. */
export interface Reply {
  /** The time of Redis, in milliseconds. */
  readonly now: number;
  /** What else it says. */
  readonly rest: readonly (string | number)[];
}

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 10_000;
/** How many times `timeout` the first connection may take before it counts as lost. */
const FIRST_CONNECTION = 20;

const nothing = (): void => undefined;

const NOT_ANSWERED = Promise.resolve(false);

/**
 * The way to Redis, which nobody waits for. Once a command fails or takes too long nothing more is sent until that command has settled
 * and a catch-up has come through. It is tried at once on a new connection and after an answer that is merely late, and else after a pause
 * of 1 s that doubles up to 10 s. So a server that stands still gathers no queue of commands.
 */
export class Connection {
  readonly #port: Port;
  readonly #crew: Crew;
  readonly #subscription: Subscription;
  readonly #unlisten: () => void;
  readonly #closing = new AbortController();
  #connectivity: Connectivity = 'connecting';
  #error: unknown;
  #pause = FIRST_PAUSE;
  /** The latest catch-up, which alone decides. */
  #latest: object | undefined;
  /** The catch-up that waits for its time. */
  #planned: object | undefined;
  /** The time of Redis less the local one. */
  #offset = 0;
  #commands = 0;

  constructor(port: Port, channel: string, onMessage: (message: string) => void, crew: Crew) {
    this.#port = port;
    this.#crew = crew;
    const listener = {
      up: () => this.#refresh(),
      down: (error: unknown) => this.#fail(error, NOT_ANSWERED),
    };
    this.#subscription = port.subscribe(channel, onMessage, listener);
    this.#unlisten = port.listen(listener);
    this.#after(FIRST_CONNECTION * crew.timeout, () => {
      if (this.#connectivity === 'connecting') this.#lose(new Error('Redis has not been reached yet'));
    });
    this.#refresh();
  }

  get connectivity(): Connectivity {
    return this.#connectivity;
  }

  /** Whether commands are sent. */
  get isOpen(): boolean {
    return this.#connectivity === 'connected' && this.#port.isReady;
  }

  /** Why the connection was lost, as far as is known. */
  get error(): unknown {
    return this.#error;
  }

  /** How many commands were sent. */
  get commands(): number {
    return this.#commands;
  }

  /** The time of Redis at a moment of the local clock, never too early. */
  timeAt(local: number): number {
    return local + this.#offset;
  }

  /** Runs a script, unless the connection is lost. Answers the reply, or `undefined` where there is none in time; never rejects. */
  async send(script: Script, key: string, args: readonly string[]): Promise<Reply | undefined> {
    if (!this.isOpen) return undefined;
    const { reply, settled } = this.#call(script, key, args);
    try {
      return await reply;
    } catch (error) {
      // The first failure speaks for all commands that were under way.
      if (this.#connectivity === 'connected') this.#fail(error, settled);
      return undefined;
    }
  }

  /** Sends nothing more, and listens to nothing. */
  close(): void {
    if (this.#connectivity === 'closed') return;
    this.#connectivity = 'closed';
    this.#closing.abort();
    this.#unlisten();
    this.#subscription.close();
    this.#crew.lost();
  }

  #call(
    script: Script,
    key: string,
    args: readonly string[],
  ): { reply: Promise<Reply>; settled: Promise<boolean> } {
    const { clock, timeout } = this.#crew;
    this.#commands += 1;
    const sentAt = clock.monotonic();
    const answer = this.#port.run(script, key, args);
    const answered = new AbortController();
    const late = clock
      .alarm(timeout, answered.signal)
      // When it was this process that stood still, the answer may be here and not read yet.
      .then(() => clock.alarm(1, answered.signal))
      .then(() => {
        throw new Error(`Redis gave no answer within ${timeout} ms`);
      });
    late.catch(nothing);
    const settled = answer
      .then(
        () => true,
        () => false,
      )
      .finally(() => answered.abort());
    const reply = Promise.race([answer, late]).then((text) => {
      const [now, ...rest] = JSON.parse(text) as [number, ...(string | number)[]];
      this.#offset = now - sentAt;
      return { now, rest };
    });
    return { reply, settled };
  }

  /** Catches up now if both connections stand, and otherwise later. */
  #refresh(): void {
    this.#catchUp().catch(nothing);
  }

  async #catchUp(): Promise<void> {
    if (this.#connectivity === 'closed') return;
    if (!this.#subscription.isReady) this.#subscription.revive();
    if (!this.#subscription.isReady || !this.#port.isReady) {
      this.#plan(NOT_ANSWERED);
      return;
    }
    const turn = {};
    this.#latest = turn;
    const calls: Promise<boolean>[] = [];
    try {
      await this.#crew.catchUp((script, key, args) => {
        const { reply, settled } = this.#call(script, key, args);
        calls.push(settled);
        return reply;
      });
    } catch (error) {
      if (turn === this.#latest)
        this.#fail(
          error,
          Promise.all(calls).then((all) => all.every(Boolean)),
        );
      return;
    }
    if (turn === this.#latest && this.#subscription.isReady) this.#change('connected');
  }

  #fail(error: unknown, settled: Promise<boolean>): void {
    this.#lose(error);
    this.#plan(settled);
  }

  /** Plans one catch-up for later, which waits until what failed has settled: answered after all, or not. */
  #plan(settled: Promise<boolean>): void {
    if (this.#planned) return;
    const plan = {};
    this.#planned = plan;
    const pause = this.#pause;
    this.#pause = Math.min(LONGEST_PAUSE, 2 * pause);
    const catchUp = (): void => {
      if (plan !== this.#planned) return;
      this.#planned = undefined;
      this.#refresh();
    };
    settled
      // A first answer that is merely late ends the trouble: Redis, or this process, stood still for a moment.
      .then((isAnswered) => this.#after(isAnswered && pause === FIRST_PAUSE ? 0 : pause, catchUp))
      .catch(nothing);
  }

  #lose(error: unknown): void {
    this.#latest = undefined;
    this.#error = error ?? this.#error ?? new Error('The connection to Redis was lost');
    this.#crew.lost();
    this.#change('disconnected');
  }

  #change(connectivity: 'connected' | 'disconnected'): void {
    if (this.#connectivity === connectivity || this.#connectivity === 'closed') return;
    this.#connectivity = connectivity;
    if (connectivity === 'connected') {
      this.#error = undefined;
      this.#planned = undefined;
      this.#pause = FIRST_PAUSE;
    }
    const error = this.#error;
    const change: ConnectivityChange = Object.freeze({ connectivity, ...(error !== undefined && { error }) });
    for (const { onConnectivity } of this.#crew.observers) {
      try {
        (onConnectivity?.(change) as Promise<void> | undefined)?.then(nothing, nothing);
      } catch {
        // What an observer throws changes nothing.
      }
    }
  }

  #after(ms: number, action: () => void): void {
    this.#crew.clock.alarm(ms, this.#closing.signal).then(action, nothing);
  }
}
