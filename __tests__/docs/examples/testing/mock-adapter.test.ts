import axios, { type AxiosInstance } from 'axios';
import MockAdapter from 'axios-mock-adapter';
import { attachRetry, type RetryRuntime } from '../../../../lib/index.ts';
import { virtualClock } from '../../../../lib/testing.ts';

// Your code: it takes the clock as an argument, and leaves it out in production.
function createApi(runtime?: RetryRuntime): AxiosInstance {
  const api = axios.create({ baseURL: 'https://api.example.com' });
  attachRetry(api, { jitter: 'none' }, runtime);
  return api;
}

test('a user is there after a short outage', async () => {
  const clock = virtualClock();
  const api = createApi({ clock });
  const mock = new MockAdapter(api);
  mock.onGet('/users/1').replyOnce(503);
  mock.onGet('/users/1').networkErrorOnce();
  mock.onGet('/users/1').reply(200, { name: 'Ada' });

  const { data } = await api.get('/users/1');

  expect(data).toEqual({ name: 'Ada' });
  expect(clock.sleeps).toEqual([1_000, 2_000]);
});
