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
  const { evalSha, evalsha, duplicate, on, off, status } = (isObject(client) ? client : {}) as Record<
    string,
    unknown
  >;
  const hasAll = (...methods: unknown[]): boolean => methods.every((method) => typeof method === 'function');
  if (hasAll(evalSha, duplicate, on, off)) return new NodeRedisPort(client as WholeNodeRedis);
  if (hasAll(evalsha, duplicate, on, off) && typeof status === 'string') {
    return new IoredisPort(client as WholeIoredis);
  }
  throw expected('`client`', CLIENT, client);
}
