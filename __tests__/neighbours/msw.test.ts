import axios from 'axios';
import { HttpResponse, http } from 'msw';
import { type SetupServer, setupServer } from 'msw/node';
import { retryReport } from '../../lib/index.ts';
import { virtualClock } from '../../lib/testing.ts';
import { createAround, orders } from '../helpers/around.ts';
import { caught } from '../helpers/caught.ts';
import { adapters } from '../helpers/clients.ts';

const api = 'http://api.example.com';
let server: SetupServer;
let arrived: string[];

beforeEach(() => {
  server = setupServer();
  arrived = [];
});
afterEach(() => {
  server.close();
});

/** MSW is no part of an instance: it starts to listen before retries are attached, or after. */
function listen(): void {
  server.listen({ onUnhandledRequest: 'error' });
  server.events.on('request:start', ({ request }) => {
    arrived.push(request.method);
  });
}

describe.each(adapters)('over %s', (adapter) => {
  describe.each(orders)('MSW that listens %s', (order) => {
    const defaults = { adapter, baseURL: api };

    test('answers each attempt by the next handler', async () => {
      server.use(
        http.get(`${api}/users`, () => new HttpResponse(null, { status: 503 }), { once: true }),
        http.get(`${api}/users`, () => HttpResponse.error(), { once: true }),
        http.get(`${api}/users`, () => HttpResponse.json(['Ada'])),
      );
      const response = await createAround(order, listen, {}, defaults).get('/users');
      expect(response.data).toEqual(['Ada']);
      expect(arrived).toEqual(['GET', 'GET', 'GET']);
      expect(retryReport(response)?.attempts).toHaveLength(3);
    });

    test('gives hints that are obeyed', async () => {
      const headers = { 'Retry-After': '7' };
      server.use(
        http.get(`${api}/users`, () => new HttpResponse(null, { status: 429, headers }), { once: true }),
        http.get(`${api}/users`, () => HttpResponse.json(['Ada'])),
      );
      const clock = virtualClock();
      const runtime = { clock, random: () => 0 };
      await createAround(order, listen, {}, defaults, runtime).get('/users');
      expect(clock.sleeps).toEqual([7_000]);
    });

    test.each([
      ['a network error', () => HttpResponse.error()],
      ['a 503', () => new HttpResponse(null, { status: 503 })],
    ])('sees a POST that ends in %s once', async (_, resolver) => {
      server.use(http.post(`${api}/charges`, resolver));
      const error = await caught(createAround(order, listen, {}, defaults).post('/charges', { amount: 5 }));
      expect(retryReport(error)?.reason).toBe('unsafe-method');
      expect(arrived).toEqual(['POST']);
    });

    test('sees the same body and key on every attempt of a POST with a key', async () => {
      const seen: unknown[] = [];
      server.use(
        http.post(`${api}/charges`, async ({ request }) => {
          seen.push([await request.json(), request.headers.get('idempotency-key')]);
          return seen.length < 3 ? HttpResponse.error() : HttpResponse.json({ id: 1 });
        }),
      );
      const client = createAround(order, listen, { idempotencyKey: true }, defaults);
      expect((await client.post('/charges', { amount: 5 })).data).toEqual({ id: 1 });
      expect(seen).toEqual([seen[0], seen[0], seen[0]]);
      expect(seen[0]).toEqual([{ amount: 5 }, expect.any(String)]);
    });

    test('sees nothing more after an abort during the wait', async () => {
      server.use(http.get(`${api}/users`, () => new HttpResponse(null, { status: 503 })));
      const controller = new AbortController();
      const observe = { onRetry: () => setTimeout(() => controller.abort(), 5) };
      const client = createAround(order, listen, { baseDelay: 60_000, observe }, defaults);
      const error = await caught(client.get('/users', { signal: controller.signal }));
      expect(axios.isCancel(error)).toBe(true);
      expect(arrived).toEqual(['GET']);
    });
  });
});
