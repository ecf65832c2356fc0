import { RetryThrottle, type RetryThrottleOptions, readThrottle } from '../limits/throttle.ts';
import type { Filled } from '../options/filled.ts';
import type { Clock } from '../types.ts';
import type { Connection } from './connection.ts';
import { type Keys, nameOf } from './keys.ts';
import { CHANGE_TOKENS } from './scripts.ts';

/** How long what was earned may wait before it is told, in milliseconds. */
const EARNED = 500;

const MOST_ORIGINS = 1_000;

/** A shared bucket, as far as this process knows. */
interface View {
  tokens: number;
  /** When it held so many, on the local clock. */
  at: number;
  /** What was spent, negative, and earned since the last command. */
  change: number;
  /** The least that others told of while a command was under way: they may have spent after it was carried out. */
  heard: number;
  isSending: boolean;
  isPlanned: boolean;
}

const nothing = (): void => undefined;

/**
 * What one process may take: half of what the fleet has, in the same time, so that a process that fails alone leaves the others as
 * much.
 */
const ownOf = (all: Filled<RetryThrottleOptions>): RetryThrottleOptions => ({
  ...all,
  capacity: Math.max(all.capacity / 2, all.retryCost, all.throttledRetryCost, all.refund),
});

/**
 * A throttle whose retries need tokens of two buckets: one of this process, and one that all processes share. It decides by what it
 * knows and tells Redis afterwards. While Redis is out of reach the own bucket decides alone, and what is spent then is never told.
 */
export class FleetThrottle extends RetryThrottle {
  readonly #all: Filled<RetryThrottleOptions>;
  readonly #views = new Map<string, View>();
  readonly #keys: Keys;
  readonly #clock: Required<Clock>;
  readonly #timeout: number;
  #connection: Connection | undefined;

  constructor(options: RetryThrottleOptions, keys: Keys, clock: Required<Clock>, timeout: number) {
    const all = readThrottle(options);
    super(ownOf(all));
    this.#all = all;
    this.#keys = keys;
    this.#clock = clock;
    this.#timeout = timeout;
  }

  override get idle(): boolean {
    return super.idle && this.#views.size === 0;
  }

  override take(origin: string, throttled: boolean, now: number, isLocal = false): number | undefined {
    const cost = super.take(origin, throttled, now);
    if (cost === undefined || isLocal || this.#spend(nameOf(origin), cost)) return cost;
    super.give(origin, now, cost);
    return undefined;
  }

  override give(origin: string, now: number, tokens: number = this.#all.refund, isLocal = false): void {
    super.give(origin, now, tokens);
    if (!isLocal) this.#earn(nameOf(origin), tokens);
  }

  /** The tokens of every shared bucket that is not known to be full; negative where the fleet has spent more than there were. */
  get shared(): Map<string, number> {
    const all = [...this.#views].map(([name, view]) => [name, this.#tokensOf(view)] as const);
    return new Map(all.filter(([, tokens]) => tokens < this.#all.capacity));
  }

  /** @internal */
  join(connection: Connection): void {
    this.#connection = connection;
  }

  /** @internal What has not been told by now is never told. */
  lost(): void {
    for (const view of this.#views.values()) view.change = 0;
  }

  /** @internal Another process tells that a bucket holds no more than this. */
  hear(name: string, tokens: number): void {
    if (!this.#connection?.isOpen) return;
    const view = this.#view(name);
    view.heard = Math.min(view.heard, tokens);
    this.#put(name, view, Math.min(this.#tokensOf(view), tokens));
  }

  #spend(name: string, cost: number): boolean {
    if (!this.#connection?.isOpen) return true;
    const view = this.#view(name);
    const left = this.#tokensOf(view) - cost;
    if (left < 0) {
      // Others may have earned some in the meantime.
      this.#plan(name, view);
      return false;
    }
    view.change -= cost;
    this.#put(name, view, left);
    this.#flush(name, view);
    return true;
  }

  #earn(name: string, tokens: number): void {
    const view = this.#views.get(name);
    if (!view || tokens === 0 || !this.#connection?.isOpen) return;
    view.change += tokens;
    this.#put(name, view, this.#tokensOf(view) + tokens);
    this.#plan(name, view);
  }

  #view(name: string): View {
    const known = this.#views.get(name);
    const at = this.#clock.monotonic();
    return (
      known ?? {
        tokens: this.#all.capacity,
        at,
        change: 0,
        heard: Infinity,
        isSending: false,
        isPlanned: false,
      }
    );
  }

  #tokensOf({ tokens, at }: View): number {
    const { capacity, refillTime } = this.#all;
    return Math.min(capacity, tokens + ((this.#clock.monotonic() - at) * capacity) / refillTime);
  }

  #put(name: string, view: View, tokens: number): void {
    const { capacity } = this.#all;
    view.tokens = Math.max(-capacity, Math.min(capacity, tokens));
    view.at = this.#clock.monotonic();
    this.#views.delete(name);
    this.#views.set(name, view);
    const [oldest] = this.#views.keys();
    if (this.#views.size > MOST_ORIGINS && oldest !== undefined) this.#views.delete(oldest);
  }

  /** Tells later, once for all that happens until then. */
  #plan(name: string, view: View): void {
    if (view.isPlanned || view.isSending) return;
    view.isPlanned = true;
    this.#clock.alarm(EARNED).then(() => {
      view.isPlanned = false;
      this.#flush(name, view);
    }, nothing);
  }

  #flush(name: string, view: View): void {
    if (view.isSending || this.#views.get(name) !== view) return;
    view.isSending = true;
    this.#tell(name, view).catch(nothing);
  }

  async #tell(name: string, view: View): Promise<void> {
    const { capacity, refillTime, retryCost, throttledRetryCost } = this.#all;
    const { change } = view;
    view.change = 0;
    view.heard = Infinity;
    // Where this process has given up on the command, it must not count later.
    const deadline = this.#connection?.timeAt(this.#clock.monotonic() + 2 * this.#timeout);
    const dearest = Math.max(retryCost, throttledRetryCost);
    const args = [capacity, refillTime, change, dearest, deadline, this.#keys.channel, name].map(String);
    const reply = await this.#connection?.send(CHANGE_TOKENS, this.#keys.tokens(name), args);
    view.isSending = false;
    if (!reply || this.#views.get(name) !== view) return;
    const tokens = Math.min(Number(reply.rest[0]), view.heard);
    if (tokens >= capacity && view.change === 0) {
      this.#views.delete(name);
      return;
    }
    this.#put(name, view, tokens + view.change);
    if (view.change < 0) this.#flush(name, view);
    else if (view.change > 0) this.#plan(name, view);
  }
}
