/** A throttle and a cooldown that many processes share, over Redis or Valkey. */
export type { RedisClient } from './redis/client.ts';
export type { Connectivity, ConnectivityChange, FleetObserver } from './redis/connection.ts';
export { type RedisFleet, type RedisFleetState, redisFleet } from './redis/fleet.ts';
export type { IoredisClient } from './redis/ioredis.ts';
export type { NodeRedisClient } from './redis/node-redis.ts';
export type { RedisFleetOptions } from './redis/options.ts';
