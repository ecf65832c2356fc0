import type { Cooldown } from '../limits/cooldown.ts';
import type { RetryThrottle } from '../limits/throttle.ts';
import { completeClock, systemClock, systemRandom } from '../runtime/clock.ts';
import type { RetryRuntime } from '../types.ts';
import { portOf, type RedisClient } from './client.ts';
import { Connection, type Connectivity } from './connection.ts';
import { FleetCooldown } from './cooldown.ts';
import { keysOf } from './keys.ts';
import { type RedisFleetOptions, readFleetOptions } from './options.ts';
import { FleetThrottle } from './throttle.ts';

/** How a fleet fares, as this process sees it. */
export interface RedisFleetState {
  /** Whether the processes hear of each other. */
  readonly connectivity: Connectivity;
  /** Why not, where the client or the server says so. */
  readonly error?: unknown;
  /** How many commands this process has sent. */
  readonly commands: number;
  /**
   * The tokens of each shared bucket that is not known to be full, by origin. Negative where several processes spent the last ones at
   * the same moment: the fleet pays that off before its next retry.
   */
  readonly tokens: Map<string, number>;
  /** The milliseconds until each pause is over, by scope: an origin, or a hash. */
  readonly pauses: Map<string, number>;
}

/** What the processes of a fleet share. */
export interface RedisFleet {
  /** For the option `throttle` of `attachRetry`: retries need tokens of this process and of the fleet. */
  readonly throttle: RetryThrottle;
  /** For the option `cooldown` of `attachRetry`: a pause that one process was asked for is kept by all. */
  readonly cooldown: Cooldown;
  /** How the fleet fares now. */
  state(): RedisFleetState;
  /** Leaves the fleet. The throttle and the cooldown go on for this process alone; the client stays open. */
  close(): Promise<void>;
}

/**
 * Makes many processes behave towards an API as if they were one: a pause that the server asks one of them for is kept by all, and
 * all retries are paid from one bucket for each origin. It needs a Redis 6.2 or later, or a Valkey, that all reach.
 *
 * No request ever waits for Redis: each process decides by what it knows and tells Redis afterwards. While Redis is down, slow or
 * out of reach, each process has a throttle and a cooldown of its own. A fleet in which all is well sends Redis nothing.
 *
 * It helps many small processes that share one quota. For a few busy ones the throttle and the cooldown that every client has
 * do as well.
 *
 * @param client a connected client of node-redis (`createClient`, `createCluster`, `createSentinel`) or ioredis (`Redis`, `Cluster`). The
 * fleet opens one more connection of the same kind to listen, and closes that one only.
 * @param options what is shared, and where
 * @param runtime where time and chance come from, for tests; the same as that of the attached clients
 * @throws TypeError for a client of another kind, an unknown option or one that breaks its rule
 *
 * @example
 * ```ts
 * import { createClient } from 'redis';
 * import { redisFleet } from 'axios-tenacity/redis';
 *
 * const redis = await createClient({ url: 'redis://127.0.0.1:6379' }).connect();
 * const fleet = redisFleet(redis, { prefix: 'my-app' });
 * attachRetry(api, { throttle: fleet.throttle, cooldown: fleet.cooldown });
 *
 * process.once('SIGTERM', async () => {
 *   await fleet.close();
 *   await redis.close();
 * });
 * ```
 */
export function redisFleet(
  client: RedisClient,
  options: RedisFleetOptions = {},
  runtime: RetryRuntime = {},
): RedisFleet {
  const port = portOf(client);
  const { prefix, tokens, timeout, observe, cooldown: pauses } = readFleetOptions(options);
  const { clock: given = systemClock, random = systemRandom } = runtime;
  const clock = completeClock(given);
  const keys = keysOf(prefix);
  const throttle = new FleetThrottle(tokens, keys, clock, timeout);
  const cooldown = new FleetCooldown(pauses, keys, clock, random);

  const hear = (message: string): void => {
    try {
      const [kind, name, value] = JSON.parse(message) as [unknown, unknown, unknown];
      if (typeof name !== 'string' || typeof value !== 'number') return;
      if (kind === 'pause') cooldown.learn(name, value);
      if (kind === 'tokens') throttle.hear(name, value);
    } catch {
      // Anybody may publish on the channel.
    }
  };
  const connection = new Connection(port, keys.channel, hear, {
    timeout,
    clock,
    observers: [observe].flat(),
    catchUp: (run) => cooldown.catchUp(run),
    lost() {
      throttle.lost();
      cooldown.lost();
    },
  });
  throttle.join(connection);
  cooldown.join(connection);

  return {
    throttle,
    cooldown,
    state: () => ({
      connectivity: connection.connectivity,
      ...(connection.error !== undefined && { error: connection.error }),
      commands: connection.commands,
      tokens: throttle.shared,
      pauses: cooldown.state(clock.monotonic()),
    }),
    close: async () => connection.close(),
  };
}
