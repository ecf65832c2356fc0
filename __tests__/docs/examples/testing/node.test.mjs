import assert from 'node:assert/strict';
import { test } from 'node:test';
import axios from 'axios';
import { attachRetry } from 'axios-tenacity';
import { scriptedAdapter, virtualClock } from 'axios-tenacity/testing';

test('a user is there after a short outage', async () => {
  const adapter = scriptedAdapter([503, 'ECONNRESET', { status: 200, data: { name: 'Ada' } }]);
  const clock = virtualClock();
  const client = axios.create({ adapter });
  attachRetry(client, { jitter: 'none' }, { clock });

  const { data } = await client.get('/users/1');

  assert.deepEqual(data, { name: 'Ada' });
  assert.deepEqual(clock.sleeps, [1_000, 2_000]);
  adapter.done();
});
