import type { InternalAxiosRequestConfig } from 'axios';
import { Cooldown, type CooldownOptions } from '../limits/cooldown.ts';
import type { Clock } from '../types.ts';
import type { Connection, Run } from './connection.ts';
import { type Keys, nameOf } from './keys.ts';
import { SHARE_PAUSES } from './scripts.ts';

/** Redis keeps no pause that ends later than the known one by less than this many milliseconds, so it is not told of it. */
const WORTH_TELLING = 100;

const MOST_SCOPES = 1_000;

const nothing = (): void => undefined;

/**
 * A cooldown that tells all processes of the pauses that this one was asked for, and that hears of theirs. It goes by milliseconds left,
 * so the clocks of the machines need not agree.
 */
export class FleetCooldown extends Cooldown {
  readonly #keys: Keys;
  readonly #clock: Required<Clock>;
  readonly #random: () => number;
  /** For each scope, the end of the pause that all know of, by the local clock. */
  readonly #told = new Map<string, number>();
  readonly #sharing = new Set<string>();
  #connection: Connection | undefined;

  constructor(options: CooldownOptions, keys: Keys, clock: Required<Clock>, random: () => number) {
    super(options);
    this.#keys = keys;
    this.#clock = clock;
    this.#random = random;
  }

  /** The name that all processes know a scope by: its origin, or a hash of what the option `scope` answers. */
  override scopeOf(config: InternalAxiosRequestConfig): string {
    return nameOf(super.scopeOf(config));
  }

  override hear(scope: string, wait: number, now: number, random: () => number): boolean {
    const isNews = super.hear(scope, wait, now, random);
    if (isNews) this.#share(scope).catch(nothing);
    return isNews;
  }

  /** @internal */
  join(connection: Connection): void {
    this.#connection = connection;
  }

  /** @internal What the others know is not known from now on. */
  lost(): void {
    this.#told.clear();
  }

  /** @internal Another process was asked for a pause. */
  learn(name: string, left: number): void {
    if (!(left > 0 && left < Infinity)) return;
    const now = this.#clock.monotonic();
    this.#note(name, now + left);
    const isNews = super.hear(name, left, now, this.#random);
    // The request that was refused elsewhere has its place in this line, too: else each process would let go its first request at the end
    // of the pause, all at once.
    if (isNews) this.pace(name, now, now);
  }

  /** @internal Learns all pauses that the others know, and tells those that only this process knows. */
  async catchUp(run: Run): Promise<void> {
    const { channel, cooldown } = this.#keys;
    const { rest } = await run(SHARE_PAUSES, cooldown, [channel, '1']);
    for (let i = 0; i < rest.length; i += 2) this.learn(String(rest[i]), Number(rest[i + 1]));
    const news = [...this.state(this.#clock.monotonic()).keys()].flatMap((name) => this.#newsOf(name));
    if (news.length > 0) await run(SHARE_PAUSES, cooldown, [channel, '0', ...news]);
  }

  async #share(name: string): Promise<void> {
    // The command that is under way looks again when it is done.
    if (this.#sharing.has(name)) return;
    this.#sharing.add(name);
    while (await this.#tell(name));
    this.#sharing.delete(name);
  }

  /** Tells the end of a pause, if it is worth it. Answers whether Redis heard it. */
  async #tell(name: string): Promise<boolean> {
    const news = this.#connection?.isOpen ? this.#newsOf(name) : [];
    if (news.length === 0) return false;
    const reply = await this.#connection?.send(SHARE_PAUSES, this.#keys.cooldown, [
      this.#keys.channel,
      '0',
      ...news,
    ]);
    return reply !== undefined;
  }

  /** What the script has to be told of a pause: nothing where all know of it. */
  #newsOf(name: string): string[] {
    const now = this.#clock.monotonic();
    const until = now + this.left(name, now);
    if (until === now || until < (this.#told.get(name) ?? 0) + WORTH_TELLING) return [];
    this.#note(name, until);
    return [name, String(until - now), String(this.#connection?.timeAt(until))];
  }

  #note(name: string, until: number): void {
    const known = this.#told.get(name) ?? until;
    this.#told.delete(name);
    this.#told.set(name, Math.max(known, until));
    const [oldest] = this.#told.keys();
    if (this.#told.size > MOST_SCOPES && oldest !== undefined) this.#told.delete(oldest);
  }
}
