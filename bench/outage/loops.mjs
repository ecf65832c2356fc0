/** What the held failure does: loops that poll a server which is down, and begin again as soon as a request has failed. */
import axios, { AxiosError } from 'axios';
import { attachRetry } from 'axios-tenacity';
import { seededRandom } from 'axios-tenacity/testing';
import { countBySpan } from './measures.mjs';
import { createTimeline } from './virtual-time.mjs';

export const loops = { count: 10, latency: 20, end: 60_000 };

/** Requests a second that the loops send: in the first two seconds, and in the last twenty, when the throttle has long been empty. */
export async function runLoops(throttle, seed) {
  Error.stackTraceLimit = 0;
  const timeline = createTimeline();
  const sent = [];
  const adapter = (config) =>
    new Promise((_, reject) => {
      sent.push(timeline.time);
      const response = { status: 503, statusText: '', headers: {}, config, request: {}, data: '' };
      const error = new AxiosError('status 503', 'ERR_BAD_RESPONSE', config, {}, response);
      timeline.after(loops.latency, () => reject(error));
    });
  const client = axios.create({ baseURL: 'http://api.example.com', adapter });
  attachRetry(client, { throttle }, { clock: timeline.clock, random: seededRandom(seed) });

  const poll = async () => {
    while (timeline.time < loops.end) await client.get('/poll').catch(() => undefined);
  };
  const polls = Array.from({ length: loops.count }, poll);
  await timeline.run();
  await Promise.all(polls);
  const bySecond = countBySpan(sent, 1_000, loops.end);
  const mean = (counts) => counts.reduce((sum, each) => sum + each, 0) / counts.length;
  return { first: mean(bySecond.slice(0, 2)), last: mean(bySecond.slice(-20)) };
}
