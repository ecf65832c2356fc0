import type { AxiosError } from 'axios';
import { Cooldown, retryReport } from '../../lib/index.ts';
import { caught } from '../helpers/caught.ts';
import { adapters, createClient } from '../helpers/clients.ts';
import { answer, closeServers, startServer } from '../helpers/server.ts';

afterEach(closeServers);

const PAUSE = 300;

/** A server that refuses its first request, asks for a pause, and answers all that follow. */
const refusing = () => startServer([answer(429, '', { 'retry-after-ms': PAUSE }), answer(200)]);

describe.each(adapters)('over %s', (adapter) => {
  test('a client that holds sends nothing in a pause, and then all in their order', async () => {
    const server = await refusing();
    const { client } = createClient({ adapter, baseURL: server.url }, { cooldown: { hold: true } });
    const first = client.get('/0');
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const heardAt = performance.now();
    const others = [1, 2, 3].map((n) => client.get(`/${n}`));
    await Promise.all([first, ...others]);
    expect(performance.now() - heardAt).toBeGreaterThan(100);
    expect(server.requests.map(({ url }) => url)).toEqual(['/0', '/0', '/1', '/2', '/3']);
    expect(retryReport(await others[0])?.attempts).toHaveLength(1);
  });

  test('a held request that is aborted, or may not wait so long, is never sent', async () => {
    const server = await startServer([answer(200)]);
    const cooldown = new Cooldown({ hold: true });
    const { client } = createClient({ adapter, baseURL: server.url }, { cooldown });
    cooldown.hear(server.url, 60_000, performance.now(), () => 0);
    const controller = new AbortController();
    const aborted = caught<AxiosError>(client.get('/', { signal: controller.signal }));
    const late = await caught<AxiosError>(client.get('/', { retry: { totalTimeout: 1_000 } }));
    expect(late).toMatchObject({ code: 'ERR_COOLING_DOWN', hint: expect.closeTo(60_000, -4) });
    controller.abort();
    expect((await aborted).code).toBe('ERR_CANCELED');
    expect(server.requests).toHaveLength(0);
    expect(cooldown.toJSON().held).toBe(0);
  });

  test('the wait of a lone client is at least what it was told, and little more', async () => {
    const server = await refusing();
    const { client } = createClient({ adapter, baseURL: server.url });
    const startedAt = performance.now();
    const [first] = retryReport(await client.get('/'))?.attempts ?? [];
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(PAUSE);
    expect(first?.delay).toBeGreaterThanOrEqual(PAUSE);
    expect(first?.delay).toBeLessThanOrEqual(1.5 * PAUSE);
  });
});
