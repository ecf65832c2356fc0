import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { createApi } from './api.js';

const redis = createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' });
redis.on('error', (error) => console.error(`redis: ${error.message}`));
await redis.connect();
const { api, fleet, handle } = createApi(redis);

const stopping = new AbortController();
process.once('SIGTERM', () => {
  stopping.abort();
  handle.drain();
});

/** Sends a job. One that fails goes back to the end of the list; its key sees to it that it is done once. */
async function work(job) {
  try {
    await api.post('/jobs', { job }, { headers: { 'Idempotency-Key': job } });
    console.log(`done: ${job}`);
  } catch (error) {
    console.error(`failed: ${job}: ${error.message}`);
    await redis.rPush('jobs', job);
  }
}

console.log('ready');
while (!stopping.signal.aborted) {
  const job = await redis.lPop('jobs');
  if (job === null) await sleep(50, undefined, { signal: stopping.signal }).catch(() => undefined);
  else await work(job);
}

await fleet.close();
await redis.close();
