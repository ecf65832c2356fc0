// Compiled against the packed package with `redis` installed and `ioredis` not, then run. Prints one line of JSON.
import { Cooldown, RetryThrottle } from 'axios-tenacity';
import { redisFleet } from 'axios-tenacity/redis';
import { createClient } from 'redis';

async function main(): Promise<void> {
  const client = createClient({ url: 'redis://127.0.0.1:1' });
  const { throttle, cooldown, state, close } = redisFleet(client, { prefix: 'shop' });
  const { connectivity } = state();
  await close();
  const isOne = [throttle instanceof RetryThrottle, cooldown instanceof Cooldown];
  console.log(JSON.stringify([connectivity, ...isOne, state().connectivity]));
}

/** Never run: what must not compile. */
export function refused(): void {
  // @ts-expect-error an option that does not exist
  redisFleet(createClient(), { keys: 'shop' });
}

void main();
