/** What a budget does: a request handler makes several calls, one after the other, to a service that is down. */
import axios, { AxiosError } from 'axios';
import { attachRetry, RetryBudget } from 'axios-tenacity';
import { seededRandom } from 'axios-tenacity/testing';
import { createTimeline } from './virtual-time.mjs';

export const handler = { calls: 5, runs: 200, budget: { maxRetries: 3 } };

/** The attempts, and the milliseconds of waiting, that one run of the handler takes on average. */
export async function runHandler(hasBudget, seed) {
  Error.stackTraceLimit = 0;
  const timeline = createTimeline();
  let attempts = 0;
  const adapter = async (config) => {
    attempts += 1;
    throw new AxiosError('socket hang up', 'ECONNRESET', config, {});
  };
  const client = axios.create({ baseURL: 'http://api.example.com', adapter });
  // So few handlers in so much time would not be throttled anyway.
  attachRetry(client, { throttle: false }, { clock: timeline.clock, random: seededRandom(seed) });

  const handle = async () => {
    const retry = hasBudget ? { budget: new RetryBudget(handler.budget) } : {};
    for (let call = 0; call < handler.calls; call += 1)
      await client.get('/part', { retry }).catch(() => undefined);
    return timeline.time;
  };
  const durations = Array.from({ length: handler.runs }, handle);
  await timeline.run();
  const sum = (await Promise.all(durations)).reduce((total, duration) => total + duration, 0);
  return { attempts: attempts / handler.runs, duration: sum / handler.runs };
}
