/** What the throttle costs when a server is merely flaky: each attempt fails by chance, with the same probability all the time. */
import axios, { AxiosError } from 'axios';
import { attachRetry } from 'axios-tenacity';
import { seededRandom } from 'axios-tenacity/testing';
import { createTimeline } from './virtual-time.mjs';

export const flaky = { calls: 10_000, latency: 20, shares: [0.1, 0.2, 0.25, 0.3, 0.4, 0.5] };

const adapterOf = (timeline, share, random) => (config) =>
  new Promise((resolve, reject) => {
    const isOk = random() >= share;
    const response = { status: isOk ? 200 : 503, statusText: '', headers: {}, config, request: {}, data: '' };
    const conclude = isOk
      ? () => resolve(response)
      : () => reject(new AxiosError('status 503', 'ERR_BAD_RESPONSE', config, {}, response));
    timeline.after(flaky.latency, conclude);
  });

/** The share of calls that one client loses when `share` of its attempts fail and it makes `rate` calls a second. */
export async function lostOf({ share, rate, options = {} }, seed) {
  Error.stackTraceLimit = 0;
  const timeline = createTimeline();
  const adapter = adapterOf(timeline, share, seededRandom(seed));
  const client = axios.create({ baseURL: 'http://api.example.com', adapter });
  attachRetry(client, options, { clock: timeline.clock, random: seededRandom(seed + 1) });

  let lost = 0;
  for (let call = 0; call < flaky.calls; call += 1) {
    timeline.after((call * 1_000) / rate, () => {
      client.get('/').catch(() => {
        lost += 1;
      });
    });
  }
  await timeline.run();
  return lost / flaky.calls;
}
