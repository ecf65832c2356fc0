import axios from 'axios';
import { attachRetry } from '../../../../lib/index.ts';
import { scriptedAdapter, seededRandom, virtualClock } from '../../../../lib/testing.ts';

test('a charge is made once, whatever happens on the way', async () => {
  const adapter = scriptedAdapter([
    503,
    { status: 429, retryAfter: 2 },
    'ECONNRESET',
    'timeout',
    ({ data }) => ({ status: 201, data: { id: 7, charged: JSON.parse(data).amount } }),
  ]);
  const clock = virtualClock();
  const client = axios.create({ adapter });
  attachRetry(client, { maxAttempts: 5, idempotencyKey: true }, { clock, random: seededRandom(1) });

  const { data } = await client.post('/charges', { amount: 100 });

  expect(data).toEqual({ id: 7, charged: 100 });
  adapter.done();
  const keys = adapter.requests.map(({ headers }) => headers.get('Idempotency-Key'));
  expect(new Set(keys).size).toBe(1);
  expect(clock.sleeps[1]).toBeGreaterThanOrEqual(2_000);
});
