// Compiled against the packed package with `ioredis` installed and `redis` not, then run. Prints one line of JSON.
import { Cooldown, RetryThrottle } from 'axios-tenacity';
import { redisFleet } from 'axios-tenacity/redis';
import { Redis } from 'ioredis';

async function main(): Promise<void> {
  const client = new Redis({ host: '127.0.0.1', port: 1, lazyConnect: true });
  const { throttle, cooldown, state, close } = redisFleet(client, { prefix: 'shop' });
  const { connectivity } = state();
  await close();
  const isOne = [throttle instanceof RetryThrottle, cooldown instanceof Cooldown];
  console.log(JSON.stringify([connectivity, ...isOne, state().connectivity]));
}

/** Never run: what must not compile. */
export function refused(client: Redis): void {
  // @ts-expect-error an option that does not exist
  redisFleet(client, { keys: 'shop' });
}

void main();
