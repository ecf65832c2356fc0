import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import axios from 'axios';
import { attachRetry, batch } from '../../lib/index.ts';
import { adapters } from '../helpers/clients.ts';
import { answer, closeServers, type Step, startServer } from '../helpers/server.ts';

afterEach(closeServers);

/** Takes so many requests in every second, and answers all others 429. */
function rateLimited(most: number): Step {
  let second = 0;
  let taken = 0;
  return (exchange) => {
    const now = Math.floor(performance.now() / 1_000);
    if (now !== second) [second, taken] = [now, 0];
    taken += 1;
    return (taken <= most ? answer(200) : answer(429, '', { 'retry-after': '1' }))(exchange);
  };
}

describe.each(adapters)('over %s', (adapter) => {
  test('a batch larger than a rate limit arrives whole, with less than a tenth more requests', async () => {
    const server = await startServer(rateLimited(150));
    const client = axios.create({ adapter, baseURL: server.url, proxy: false });
    attachRetry(client);
    const items = Array.from({ length: 600 }, (_, index) => index);
    const send = (item: number) => client.get(`/${item}`, { retry: false });
    const { fulfilled, rejected } = await batch(items, send, { concurrency: 20 });
    expect([fulfilled.size, rejected.size]).toEqual([600, 0]);
    expect(server.requests.length).toBeLessThan(660);
  });
});

test('the lines of a file are read as they are sent', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'axios-tenacity-'));
  try {
    const path = join(folder, 'ids.txt');
    await writeFile(path, '1\n2\n3\n2\n');
    const server = await startServer(answer(200));
    const lines = createInterface({ input: createReadStream(path) });
    const { fulfilled } = await batch(lines, (id) => axios.get(`${server.url}/${id}`), { concurrency: 1 });
    expect([...fulfilled.keys()]).toEqual(['1', '2', '3']);
    expect(server.requests.map(({ url }) => url)).toEqual(['/1', '/2', '/3']);
  } finally {
    await rm(folder, { recursive: true });
  }
});
