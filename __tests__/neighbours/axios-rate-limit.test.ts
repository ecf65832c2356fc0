import axios from 'axios';
import rateLimit from 'axios-rate-limit';
import { retryReport } from '../../lib/index.ts';
import { createAround, orders } from '../helpers/around.ts';
import { caught } from '../helpers/caught.ts';
import { scripted } from '../helpers/scripted.ts';

const WINDOW = 400;

/** Two requests in every window. */
const limited = (client: Parameters<typeof rateLimit>[0]) =>
  void rateLimit(client, { maxRequests: 2, perMilliseconds: WINDOW });

/** An adapter that notes when each attempt is sent, in milliseconds from the first. */
function timed(...statuses: number[]) {
  const { adapter, sent } = scripted(...statuses);
  const times: number[] = [];
  const noting: typeof adapter = (config) => {
    times.push(performance.now());
    return adapter(config);
  };
  return { adapter: noting, sent, since: () => times.map((time) => time - (times[0] ?? 0)) };
}

describe.each(orders)('axios-rate-limit attached %s', (order) => {
  const isInside = order === 'before us';

  test(`counts ${isInside ? 'every attempt: the third one waits for the next window' : 'a request once'}`, async () => {
    const { adapter, since } = timed(503, 503, 200);
    const client = createAround(order, limited, {}, { adapter });
    const response = await client.get('/');
    expect(retryReport(response)?.attempts.map(({ status }) => status)).toEqual([503, 503, 200]);
    const [, second, third] = since();
    if (!isInside) return;
    expect(second).toBeLessThan(WINDOW - 10);
    expect(third).toBeGreaterThanOrEqual(WINDOW - 5);
  });

  test('lets others go while a request waits for its retry', async () => {
    const { adapter } = timed(503, 200);
    const client = createAround(order, limited, { baseDelay: 60_000 }, { adapter });
    const controller = new AbortController();
    const waiting = caught(client.get('/', { signal: controller.signal }));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await client.get('/other')).status).toBe(200);
    expect((await client.get('/another')).status).toBe(200);
    controller.abort();
    expect(axios.isCancel(await waiting)).toBe(true);
  });

  test('goes on after requests that failed for good', async () => {
    const { adapter, sent } = timed(503, 503, 503, 200);
    const client = createAround(order, limited, {}, { adapter });
    expect((await caught(client.get('/'))).response?.status).toBe(503);
    expect((await client.get('/')).status).toBe(200);
    expect(sent).toHaveLength(4);
  });
});
