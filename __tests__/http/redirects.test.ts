import type { AxiosRequestConfig } from 'axios';
import { retryReport } from '../../lib/index.ts';
import { caught } from '../helpers/caught.ts';
import { adapters, createClient } from '../helpers/clients.ts';
import { closeServers, refusedPort, type Step, startServer } from '../helpers/server.ts';

afterEach(closeServers);

/** A shop that charges, then sends the customer on to a page that has its own troubles. */
async function startShop(status: number, location: string, receipt: number) {
  const step: Step = ({ recorded, response }) => {
    if (recorded.url === '/charges') response.writeHead(status, { location }).end();
    else response.writeHead(receipt).end();
  };
  const { url, requests } = await startServer(step);
  return { url, charges: () => requests.filter((request) => request.url === '/charges').length };
}

const deadPage = async (): Promise<string> => `http://127.0.0.1:${await refusedPort()}/receipt`;

describe.each([301, 302, 303, 307, 308])('a POST that was processed and answered %d', (status) => {
  test.each([429, 425, 421])('to a page that answers %d is sent once over http', async (receipt) => {
    const shop = await startShop(status, '/receipt', receipt);
    const { client } = createClient({ adapter: 'http', baseURL: shop.url });
    const error = await caught(
      client.post('/charges', { amount: 1 }, { retry: { statuses: [429, 425, 421] } }),
    );
    expect(error.response?.status).toBe(receipt);
    expect(retryReport(error)?.reason).toBe('unsafe-method');
    expect(shop.charges()).toBe(1);
  });

  test('to a page that answers 429, which the caller asked to get as a response, is sent once over http', async () => {
    const shop = await startShop(status, '/receipt', 429);
    const { client } = createClient({ adapter: 'http', baseURL: shop.url, validateStatus: null });
    const response = await client.post('/charges', { amount: 1 });
    expect(retryReport(response)?.reason).toBe('unsafe-method');
    expect(shop.charges()).toBe(1);
  });

  test('to a page that answers 429 is sent again when it carries a key', async () => {
    const shop = await startShop(status, '/receipt', 429);
    const { client } = createClient({ adapter: 'http', baseURL: shop.url });
    await caught(client.post('/charges', { amount: 1 }, { retry: { idempotencyKey: true } }));
    expect(shop.charges()).toBe(3);
  });

  test.each(adapters)('to a dead port is sent once over %s', async (adapter) => {
    const shop = await startShop(status, await deadPage(), 200);
    const { client } = createClient({ adapter, baseURL: shop.url });
    await caught(client.post('/charges', { amount: 1 }));
    expect(shop.charges()).toBe(1);
  });

  test.each(adapters)(
    'is sent once over %s with `maxRedirects: 0`, whether this axios obeys it there or not',
    async (adapter) => {
      const shop = await startShop(status, await deadPage(), 200);
      const { client } = createClient({ adapter, baseURL: shop.url, maxRedirects: 0 });
      await caught(client.post('/charges', { amount: 1 }));
      expect(shop.charges()).toBe(1);
    },
  );
});

test.each<[string, AxiosRequestConfig]>([
  ['redirect: manual', { fetchOptions: { redirect: 'manual' } }],
  ['redirect: error', { fetchOptions: { redirect: 'error' } }],
])(
  'a POST to a refused port over fetch with %s is sent again: nobody can have redirected it',
  async (_, config) => {
    const { client } = createClient({ adapter: 'fetch' });
    const url = `http://127.0.0.1:${await refusedPort()}`;
    const error = await caught(client.post(url, { amount: 1 }, config));
    expect(retryReport(error)?.attempts).toHaveLength(3);
  },
);
