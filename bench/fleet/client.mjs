/** One process of the bench: sends requests at random moments, with a fleet or without. Tells its parent what became of them. */
import axios from 'axios';
import { createClient } from 'redis';
import { attachRetry } from '../../dist/esm/index.js';
import { redisFleet } from '../../dist/esm/redis.js';

const { url, redisUrl, rate, options, fleetOptions } = JSON.parse(process.argv[2]);
const ORIGIN = 'https://api.example.com';
const now = () => performance.timeOrigin + performance.now();

const client = axios.create({ baseURL: url, proxy: false, timeout: 3_000 });
const redis = redisUrl && (await createClient({ url: redisUrl }).connect());
const fleet = redis && redisFleet(redis, fleetOptions);
attachRetry(client, { ...options, ...(fleet && { throttle: fleet.throttle, cooldown: fleet.cooldown }) });

if (fleet) {
  const learn = fleet.cooldown.learn.bind(fleet.cooldown);
  fleet.cooldown.learn = (name, left) => {
    learn(name, left);
    if (name === ORIGIN) process.send({ learned: now() });
  };
}

/** `[start, attempts, status of the end]` for each request. */
const requests = [];
let isOver = false;

async function send() {
  const request = [Date.now(), 0, 0];
  requests.push(request);
  const adapter = (config) => {
    request[1] += 1;
    return axios.getAdapter(['http'])(config);
  };
  const { status } = await client.get('/', { adapter }).catch(({ response }) => response ?? {});
  request[2] = status ?? 0;
}

function live() {
  setTimeout(
    () => {
      if (isOver) return;
      live();
      void send();
    },
    (-1_000 / rate) * Math.log(1 - Math.random()),
  );
}

process.on('message', ({ start, stop, pause }) => {
  if (start) live();
  if (pause) fleet.cooldown.hear(ORIGIN, pause, performance.now(), Math.random);
  if (pause) process.send({ heard: now() });
  if (stop) {
    isOver = true;
    process.send({ requests });
  }
});
process.once('disconnect', () => process.exit());

const isReady = () => !fleet || fleet.state().connectivity === 'connected';
const wait = setInterval(() => {
  if (!isReady()) return;
  clearInterval(wait);
  process.send({ isReady: true });
}, 20);
