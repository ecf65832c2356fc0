import axios from 'axios';
import MockAdapter from 'axios-mock-adapter';
import { attachRetry } from '../../../../lib/index.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test('a user is there a second after the failure', async () => {
  const client = axios.create();
  attachRetry(client, { jitter: 'none' });
  const mock = new MockAdapter(client);
  mock.onGet('/users/1').replyOnce(503).onGet('/users/1').reply(200, { name: 'Ada' });

  const response = client.get('/users/1');
  await jest.advanceTimersByTimeAsync(999);
  expect(mock.history.get).toHaveLength(1);
  await jest.advanceTimersByTimeAsync(1);

  expect((await response).data).toEqual({ name: 'Ada' });
});
