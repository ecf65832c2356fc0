// Only compiled: the clients of both libraries are accepted as they are, and nothing else is.
import Ioredis, { Cluster } from 'ioredis';
import { createClient, createCluster, createSentinel } from 'redis';
import { attachRetry, type RetryThrottle } from '../../lib/index.ts';
import { type RedisFleet, redisFleet } from '../../lib/redis.ts';

export async function accepted(): Promise<readonly RedisFleet[]> {
  return [
    redisFleet(createClient()),
    redisFleet(await createClient({ RESP: 2 }).connect()),
    redisFleet(createCluster({ rootNodes: [] })),
    redisFleet(createSentinel({ name: 'a', sentinelRootNodes: [] })),
    redisFleet(new Ioredis(), {
      prefix: 'a',
      timeout: undefined,
      observe: { onConnectivity: () => undefined },
    }),
    redisFleet(new Cluster([]), { tokens: { capacity: 100 }, cooldown: { hold: true } }),
  ];
}

export function refused(fleet: RedisFleet): void {
  // @ts-expect-error no client
  redisFleet({});
  // @ts-expect-error an option that does not exist
  redisFleet(createClient(), { keys: 'a' });
  const throttle: RetryThrottle = fleet.throttle;
  attachRetry({} as never, { throttle });
}
