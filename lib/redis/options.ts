import type { CooldownOptions } from '../limits/cooldown.ts';
import type { RetryThrottleOptions } from '../limits/throttle.ts';
import { isRecord, isWithin } from '../options/fields.ts';
import { type Filled, type FilledRules, readFilled } from '../options/filled.ts';
import type { FleetObserver } from './connection.ts';

/** What a fleet shares, and where. Processes that have the same options over one Redis are one fleet. */
export interface RedisFleetOptions {
  /**
   * What the keys and the channel of this fleet begin with. Give fleets that have nothing to do with each other different ones.
   *
   * @defaultValue `'axios-tenacity'`
   */
  readonly prefix?: string | undefined;
  /**
   * How many retries the fleet as a whole lets through; the same options as those of `RetryThrottle`. One process alone takes at
   * most half of it.
   *
   * @defaultValue the defaults of `RetryThrottle`
   */
  readonly tokens?: RetryThrottleOptions | undefined;
  /**
   * How each process keeps the pauses that servers ask for; the same options as those of `Cooldown`.
   *
   * @defaultValue the defaults of `Cooldown`
   */
  readonly cooldown?: CooldownOptions | undefined;
  /**
   * The milliseconds after which a command that Redis has not answered counts as lost. No request waits for it.
   *
   * @defaultValue `250`
   */
  readonly timeout?: number | undefined;
  /**
   * Who is told when Redis is lost and found; one observer or several.
   *
   * @defaultValue none
   */
  readonly observe?: FleetObserver | readonly FleetObserver[] | undefined;
}

const DEFAULTS: Filled<RedisFleetOptions> = {
  prefix: 'axios-tenacity',
  tokens: {},
  cooldown: {},
  timeout: 250,
  observe: [],
};

const isObserver = (value: unknown): boolean =>
  isRecord(value) && ['undefined', 'function'].includes(typeof value.onConnectivity);

const RULES: FilledRules<RedisFleetOptions> = {
  prefix: ['a string that is not empty', (value) => typeof value === 'string' && value !== ''],
  tokens: ['an object of the options of a RetryThrottle', isRecord],
  cooldown: ['an object of the options of a Cooldown', isRecord],
  timeout: ['a number of milliseconds from 1 to 60000', (value) => isWithin(value, 1, 60_000)],
  observe: [
    'an object with a function `onConnectivity`, or an array of these',
    (value) => (Array.isArray(value) ? value.every(isObserver) : isObserver(value)),
  ],
};

/** @throws TypeError for an unknown option or one that breaks its rule */
export const readFleetOptions = (options: RedisFleetOptions): Filled<RedisFleetOptions> =>
  readFilled('fleet', RULES, DEFAULTS, options);
