/** One process of the bench: some clients that send requests at random moments, each with a fleet or without. Tells what became of them. */
import axios from 'axios';
import { createClient } from 'redis';
import { attachRetry } from '../../dist/esm/index.js';
import { redisFleet } from '../../dist/esm/redis.js';

const { url, redisUrl, clients, rate, options, fleetOptions } = JSON.parse(process.argv[2]);
const ORIGIN = 'https://api.example.com';
const now = () => performance.timeOrigin + performance.now();

/** `[start, attempts, status of the end]` for each request. */
const requests = [];
/** How often a fleet lost Redis: never, unless the machine is so busy that nothing here can be trusted. */
let losses = 0;
const observe = {
  onConnectivity({ connectivity }) {
    if (connectivity === 'disconnected') losses += 1;
  },
};
let isOver = false;

/** The longest time for which this process stood still, in milliseconds: a busy machine is late for reasons of its own. */
let stall = 0;
const TICK = 20;
let tickedAt = now();
setInterval(() => {
  stall = Math.max(stall, now() - tickedAt - TICK);
  tickedAt = now();
}, TICK);

async function createMember() {
  const redis = redisUrl && (await createClient({ url: redisUrl }).connect());
  const fleet = redis && redisFleet(redis, { ...fleetOptions, observe });
  const client = axios.create({ baseURL: url, proxy: false, timeout: 3_000 });
  attachRetry(client, { ...options, ...(fleet && { throttle: fleet.throttle, cooldown: fleet.cooldown }) });
  return { client, fleet };
}

async function send(client) {
  const request = [Date.now(), 0, 0];
  requests.push(request);
  const adapter = (config) => {
    request[1] += 1;
    return axios.getAdapter(['http'])(config);
  };
  const { status } = await client.get('/', { adapter }).catch(({ response }) => response ?? {});
  request[2] = status ?? 0;
}

function live(client) {
  setTimeout(
    () => {
      if (isOver) return;
      live(client);
      void send(client);
    },
    (-1_000 / rate) * Math.log(1 - Math.random()),
  );
}

const members = await Promise.all(Array.from({ length: clients }, createMember));
const [{ fleet: first }] = members;
if (first) {
  const learn = first.cooldown.learn.bind(first.cooldown);
  first.cooldown.learn = (name, left) => {
    learn(name, left);
    if (name === ORIGIN) process.send({ learned: now() });
  };
}

process.on('message', ({ start, stop, pause }) => {
  if (start) {
    stall = 0;
    for (const { client } of members) live(client);
  }
  if (pause) first.cooldown.hear(ORIGIN, pause, performance.now(), Math.random);
  if (pause) process.send({ heard: now() });
  if (stop) {
    isOver = true;
    process.send({ told: { requests, losses, stall } });
  }
});
process.once('disconnect', () => process.exit());

const isReady = () => members.every(({ fleet }) => !fleet || fleet.state().connectivity === 'connected');
const wait = setInterval(() => {
  if (!isReady()) return;
  clearInterval(wait);
  process.send({ isReady: true });
}, 20);
