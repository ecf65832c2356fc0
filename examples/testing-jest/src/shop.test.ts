import MockAdapter from 'axios-mock-adapter';
import { scriptedAdapter, virtualClock } from 'axios-tenacity/testing';
import { createClient } from './client';
import { Shop } from './shop';

describe('with axios-mock-adapter', () => {
  test('a price is there after a short outage, and no test waits for it', async () => {
    const clock = virtualClock();
    const client = createClient({}, { clock });
    const mock = new MockAdapter(client);
    mock.onGet('/articles/7').replyOnce(503);
    mock.onGet('/articles/7').networkErrorOnce();
    mock.onGet('/articles/7').reply(200, { price: 12 });

    expect(await new Shop(client).priceOf('7')).toBe(12);
    expect(clock.sleeps).toEqual([1_000, 2_000]);
  });

  test('an outage that lasts is told as no price, after four attempts', async () => {
    const client = createClient({}, { clock: virtualClock() });
    const mock = new MockAdapter(client);
    mock.onGet('/articles/7').reply(503);

    expect(await new Shop(client).priceOf('7')).toBeUndefined();
    expect(mock.history.get).toHaveLength(4);
  });
});

describe('with the kit of axios-tenacity', () => {
  test('an order is placed once, whatever happens on the way', async () => {
    const adapter = scriptedAdapter([
      'ECONNRESET',
      { status: 429, retryAfter: 5 },
      { status: 201, data: { id: 'A-1' } },
    ]);
    const clock = virtualClock();

    expect(await new Shop(createClient({ adapter }, { clock })).order('7')).toBe('A-1');
    // Every step of the script was used.
    adapter.done();
    const keys = adapter.requests.map(({ headers }) => headers.get('Idempotency-Key'));
    expect(keys).toEqual([keys[0], keys[0], keys[0]]);
    // The shop asked for five seconds.
    expect(clock.sleeps[1]).toBeGreaterThanOrEqual(5_000);
  });

  test('a customer who leaves while it waits orders nothing more', async () => {
    const adapter = scriptedAdapter([503, { status: 201, data: { id: 'A-1' } }]);
    // Time passes when the test says so.
    const clock = virtualClock({ mode: 'manual' });
    const visit = new AbortController();
    const order = new Shop(createClient({ adapter }, { clock })).order('7', visit.signal);

    await clock.advance(500);
    visit.abort();

    await expect(order).rejects.toMatchObject({ code: 'ERR_CANCELED' });
    expect(adapter.requests).toHaveLength(1);
  });
});
