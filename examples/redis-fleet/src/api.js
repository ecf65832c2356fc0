import axios from 'axios';
import { attachRetry, logRetries } from 'axios-tenacity';
import { redisFleet } from 'axios-tenacity/redis';

/** The client of one worker; what one worker is told by the API, all of them keep. */
export function createApi(redis) {
  const fleet = redisFleet(redis, {
    prefix: 'example',
    // First attempts wait as well while the API asks for a pause.
    cooldown: { hold: true },
    observe: { onConnectivity: ({ connectivity }) => console.log(`fleet: ${connectivity}`) },
  });
  const api = axios.create({ baseURL: process.env.API_URL ?? 'http://127.0.0.1:4000', timeout: 10_000 });
  const handle = attachRetry(api, {
    throttle: fleet.throttle,
    cooldown: fleet.cooldown,
    observe: logRetries(console),
  });
  return { api, fleet, handle };
}
