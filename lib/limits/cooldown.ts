import type { InternalAxiosRequestConfig } from 'axios';
import { aBoolean, aCount, aFunction, aShare } from '../options/common-rules.ts';
import { expected } from '../options/expected.ts';
import { type Filled, type FilledRules, readFilled } from '../options/filled.ts';
import { COOLDOWN, type CooldownLike, mark, type Turn } from './brand.ts';
import { Line } from './line.ts';
import { originOf } from './origin.ts';

type Config = InternalAxiosRequestConfig;

/** How a {@link Cooldown} keeps the pauses that servers ask for. */
export interface CooldownOptions {
  /**
   * How fast the requests that waited are let go, compared to how fast they came: a number > 0 and ≤ 1. At `0.5` what came in
   * ten seconds is sent in twenty.
   *
   * @defaultValue `0.5`
   */
  readonly pace?: number | undefined;
  /**
   * Whether first attempts wait too. Without it only retries do, and each new request learns of the pause from the server.
   *
   * @defaultValue `false`
   */
  readonly hold?: boolean | undefined;
  /**
   * Names what a pause applies to, where that is not the origin: the account that a quota belongs to, or a path. It answers at
   * once; `undefined` stands for the origin.
   *
   * @defaultValue the origin of the request
   */
  readonly scope?: ((config: Config) => string | undefined) | undefined;
  /**
   * How many first attempts may wait in one scope; an integer ≥ 0, or `Infinity`. One more fails at once, unsent, with the code
   * `ERR_COOLING_DOWN`.
   *
   * @defaultValue `100`
   */
  readonly maxHeld?: number | undefined;
}

const DEFAULTS: Filled<CooldownOptions> = { pace: 0.5, hold: false, scope: originOf, maxHeld: 100 };

const RULES: FilledRules<CooldownOptions> = {
  pace: aShare,
  hold: aBoolean,
  scope: aFunction,
  maxHeld: aCount,
};

const MOST_SCOPES = 1_000;

const FULL: Turn = { due: Infinity, leave: () => undefined };

/**
 * Keeps the pauses that servers ask for: one answer is heard by all requests of its scope. A `Retry-After`, or a hint of
 * another kind, on a 429 or 503 pauses the scope. The requests that wait are let go in their order and more slowly than they
 * came, so that the end of a rate limit is not a storm. With `hold` first attempts wait as well.
 *
 * Every attached client has one of its own; make one to share it between clients or to choose its options. It remembers the
 * 1,000 scopes that were paused last.
 *
 * @example
 * ```ts
 * const cooldown = new Cooldown({ hold: true, scope: (config) => String(config.headers.get('X-Account')) });
 * attachRetry(client, { cooldown });
 * ```
 *
 * @throws TypeError for an unknown option or one that breaks its rule
 */
export class Cooldown implements CooldownLike {
  readonly #options: Filled<CooldownOptions>;
  /** By scope, the one paused last at the end. */
  readonly #lines = new Map<string, Line>();
  #now = -Infinity;

  constructor(options: CooldownOptions = {}) {
    mark(this, COOLDOWN);
    this.#options = readFilled('cooldown', RULES, DEFAULTS, options);
  }

  /** Whether no scope cools, as far as is known. */
  get idle(): boolean {
    return this.#lines.size === 0;
  }

  /** Whether first attempts wait too. */
  get holds(): boolean {
    return this.#options.hold;
  }

  /**
   * The scope that a request belongs to.
   *
   * @throws TypeError when the `scope` of the options answers anything but a string or `undefined`
   */
  scopeOf(config: Config): string {
    const scope: unknown = this.#options.scope(config) ?? originOf(config);
    if (typeof scope === 'string') return scope;
    // Nobody else would ever hear of its rejection.
    Promise.resolve(scope).catch(() => undefined);
    throw expected('the result of `scope`', 'a string or undefined', scope);
  }

  /**
   * Milliseconds until the pause of a scope is over; 0 when it does not cool. Reading changes nothing.
   *
   * @param scope what the option `scope` answers, by default an origin such as `https://api.example.com`
   * @param now milliseconds on the clock of the client, `performance.now()` unless it was given another; without it, what was
   * left the last time that any client used this cooldown
   */
  left(scope: string, now: number = this.#now): number {
    return Math.max(0, (this.#lines.get(scope)?.until ?? now) - now);
  }

  /**
   * Milliseconds until the pause is over, for every scope that cools.
   *
   * @param now as for `left`
   */
  state(now?: number): Map<string, number> {
    const all = [...this.#lines.keys()].map((scope) => [scope, this.left(scope, now)] as const);
    return new Map(all.filter(([, left]) => left > 0));
  }

  /** How many scopes cool and how many first attempts wait, for logs. The names of scopes may be secret. */
  toJSON(): { cooling: number; held: number } {
    const held = [...this.#lines.values()].reduce((sum, line) => sum + line.held, 0);
    return { cooling: this.state().size, held };
  }

  /**
   * Notes that a server asked for a pause. It never shortens one that is known. An attached client does this by itself; call
   * it for what you learn in another way.
   *
   * @param wait milliseconds from now on
   * @param now as for `left`
   * @param random spreads the moment at which different clients go on
   * @returns whether the pause ends later than what was known
   */
  hear(scope: string, wait: number, now: number, random: () => number): boolean {
    const line = this.#lineOf(scope, now) ?? new Line(this.#options.pace);
    if (!line.hear(wait, now, random)) return false;
    this.#lines.delete(scope);
    this.#lines.set(scope, line);
    if (this.#lines.size > MOST_SCOPES) this.#lines.delete(this.#oldest);
    return true;
  }

  /** @internal */
  pace(scope: string, at: number, now: number): Turn | undefined {
    const line = this.#lineOf(scope, now);
    return line && at <= line.until ? line.enter(now) : undefined;
  }

  /** @internal */
  hold(scope: string, now: number): Turn | undefined {
    const line = this.#lineOf(scope, now);
    if (!line || now >= line.until) return undefined;
    return line.held < this.#options.maxHeld ? line.enter(now, true) : FULL;
  }

  get #oldest(): string {
    const [oldest = ''] = this.#lines.keys();
    return oldest;
  }

  /** The line of a scope, unless its time is over. Also forgets the oldest line once that is over. */
  #lineOf(scope: string, now: number): Line | undefined {
    if (now > this.#now) this.#now = now;
    for (const name of [this.#oldest, scope])
      if (this.#lines.get(name)?.isOver(now)) this.#lines.delete(name);
    return this.#lines.get(scope);
  }
}
