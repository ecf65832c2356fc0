import axios from 'axios';
import MockAdapter from 'axios-mock-adapter';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { attachRetry } from '../../../../lib/index.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a user is there a second after the failure', async () => {
  const client = axios.create();
  attachRetry(client, { jitter: 'none' });
  const mock = new MockAdapter(client);
  mock.onGet('/users/1').replyOnce(503).onGet('/users/1').reply(200, { name: 'Ada' });

  const response = client.get('/users/1');
  await vi.advanceTimersByTimeAsync(999);
  expect(mock.history.get).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);

  expect((await response).data).toEqual({ name: 'Ada' });
});
