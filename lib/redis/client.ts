import { expected } from '../options/expected.ts';
import { isObject } from '../options/fields.ts';
import { type IoredisClient, IoredisPort, type WholeIoredis } from './ioredis.ts';
import { type NodeRedisClient, NodeRedisPort, type WholeNodeRedis } from './node-redis.ts';
import type { Port } from './port.ts';

/** A client of Redis that a fleet can work with. */
export type RedisClient = NodeRedisClient | IoredisClient;

const CLIENT = 'a client of redis (node-redis) 5 or later, or of ioredis 5 or later';

/**
 * The port of a client, whose library is known by its methods.
 *
 * @throws TypeError for what is no client of Redis
 */
export function portOf(client: RedisClient): Port {
  const fields = (isObject(client) ? client : {}) as Record<string, unknown>;
  const hasAll = (...names: string[]): boolean => names.every((name) => typeof fields[name] === 'function');
  if (hasAll('on', 'off', 'subscribe')) {
    if (hasAll('evalSha', 'unsubscribe')) return new NodeRedisPort(client as WholeNodeRedis);
    // The clients of redis 3 and older have the same methods, which take callbacks.
    if (hasAll('evalsha', 'duplicate') && typeof fields.status === 'string')
      return new IoredisPort(client as WholeIoredis);
  }
  throw expected('`client`', CLIENT, client);
}
