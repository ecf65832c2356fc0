import { createHash } from 'node:crypto';

/** The names in Redis of everything that a fleet with this prefix shares. */
export interface Keys {
  /** Where the ends of all pauses are kept. */
  readonly cooldown: string;
  /** Where all processes hear of pauses and of empty buckets. */
  readonly channel: string;
  /** Where the tokens of an origin are kept. */
  tokens(name: string): string;
}

/**
 * The keys under a prefix. A hash tag in each says which slot of a Redis Cluster it belongs to, so that the buckets of many origins
 * are spread over the nodes.
 */
export const keysOf = (prefix: string): Keys => ({
  cooldown: `${prefix}:{cooldown}`,
  channel: `${prefix}:events`,
  tokens: (name) => `${prefix}:{${name}}:tokens`,
});

const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[^/?#{}@\s]+$/;

/**
 * What Redis calls an origin or a scope: an origin keeps its name, and anything else is hashed, since it may hold a path, an account
 * or a secret.
 */
export const nameOf = (scope: string): string =>
  ORIGIN.test(scope) ? scope : createHash('sha256').update(scope).digest('base64url').slice(0, 22);
