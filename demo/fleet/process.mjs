/** One of the processes: sends the same requests to two APIs, to one by itself and to the other as a member of a fleet. */
import axios from 'axios';
import { createClient } from 'redis';
import { attachRetry } from '../../dist/esm/index.js';
import { redisFleet } from '../../dist/esm/redis.js';

const { id, rate, urls } = JSON.parse(process.argv[2]);

const createApi = (baseURL, options) => {
  const api = axios.create({ baseURL, proxy: false, headers: { 'X-Process': id } });
  attachRetry(api, { maxAttempts: 5, ...options });
  return api;
};

const redis = await createClient({ url: urls.redis }).connect();
const fleet = redisFleet(redis, { cooldown: { hold: true } });
const apis = [
  createApi(urls.alone, { cooldown: false }),
  createApi(urls.fleet, { throttle: fleet.throttle, cooldown: fleet.cooldown }),
];

const live = () => {
  setTimeout(
    () => {
      live();
      for (const api of apis) api.get('/').catch(() => undefined);
    },
    (-1_000 / rate) * Math.log(1 - Math.random()),
  );
};

process.once('message', live);
process.once('disconnect', () => process.exit());
process.send('ready');
