/** What jitter does: many requests fail in the same instant, and go on to fail for as long as they are repeated. */
import axios, { AxiosError } from 'axios';
import { attachRetry } from 'axios-tenacity';
import { seededRandom } from 'axios-tenacity/testing';
import { createTimeline } from './virtual-time.mjs';

export const burst = { requests: 1_000, maxAttempts: 4 };
export const jitters = ['none', 'equal', 'full'];

/** The moments, in milliseconds, at which the retries were sent. */
export async function retriesAfterBurst(jitter, seed) {
  Error.stackTraceLimit = 0;
  const timeline = createTimeline();
  const retries = [];
  const adapter = async (config) => {
    if (timeline.time > 0) retries.push(timeline.time);
    throw new AxiosError('socket hang up', 'ECONNRESET', config, {});
  };
  const client = axios.create({ baseURL: 'http://api.example.com', adapter });
  // The requests stand for as many processes, none of which would be throttled for one request.
  const options = { jitter, maxAttempts: burst.maxAttempts, throttle: false };
  attachRetry(client, options, { clock: timeline.clock, random: seededRandom(seed) });
  const sent = Array.from({ length: burst.requests }, () => client.get('/').catch(() => undefined));
  await timeline.run();
  await Promise.all(sent);
  return retries;
}
