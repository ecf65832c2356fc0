import axios from 'axios';
import { attachRetry } from '../../../../lib/index.ts';
import { scriptedAdapter, virtualClock } from '../../../../lib/testing.ts';

test('whoever leaves the page while it waits sends nothing more', async () => {
  const clock = virtualClock({ mode: 'manual' });
  const adapter = scriptedAdapter([503, 503]);
  const client = axios.create({ adapter });
  attachRetry(client, { jitter: 'none' }, { clock });
  const page = new AbortController();

  const response = client.get('/users/1', { signal: page.signal });
  await clock.advance(1_000);
  expect(adapter.requests).toHaveLength(2);
  page.abort();

  await expect(response).rejects.toMatchObject({ code: 'ERR_CANCELED' });
  expect(clock.pending).toBe(0);
});
