import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import axios from 'axios';
import { attachRetry, retryReport } from '../../../../lib/index.ts';
import { virtualClock } from '../../../../lib/testing.ts';

test('the second answer of a real server arrives without a real wait', async () => {
  const statuses = [503, 200];
  const server = createServer((_request, response) => {
    response.writeHead(statuses.shift() ?? 500, { 'Retry-After': '30' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const clock = virtualClock();
  const client = axios.create({ baseURL: `http://127.0.0.1:${port}`, proxy: false });
  attachRetry(client, {}, { clock, random: () => 0 });

  const response = await client.get('/');

  expect(retryReport(response)?.attempts).toMatchObject([{ status: 503, delay: 30_000 }, { status: 200 }]);
  expect(clock.sleeps).toEqual([30_000]);
  await new Promise((resolve) => server.close(resolve));
});
