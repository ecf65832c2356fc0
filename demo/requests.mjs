/** A dozen requests that meet what real ones meet. */
import { retryIfResponse } from '../dist/esm/index.js';
import { refusedUrl } from './server.mjs';

const get = (url, what, retry = {}) => ({
  name: `GET ${url}`,
  what,
  send: (client) => client.get(url, { retry }),
});

const post = (url, what, config = async () => ({})) => ({
  name: `POST ${url}`,
  what,
  send: async (client, serverUrl) => client.post(url, { order: url }, await config(serverUrl)),
});

export const requests = [
  get('/catalogue', 'answers 503 twice'),
  get('/quota', 'answers 429 with Retry-After: 1'),
  get('/flaky-link', 'resets the connection once'),
  get('/slow-report', 'is slow once; attemptTimeout: 300', { attemptTimeout: 300 }),
  get('/big-file', 'cuts the body off once'),
  get('/job', 'says 200 "pending" twice; retryIf', {
    retryIf: retryIfResponse(({ data }) => data?.state === 'pending'),
  }),
  post('/charges/keyed', 'charges, then resets; with a key', async () => ({
    retry: { idempotencyKey: true },
  })),
  post('/charges/no-key', 'charges, then resets; without a key'),
  post('/charges/busy', 'answers 429 once: it did not act'),
  post('/charges/second-host', 'refused port; beforeRetry changes host', async (serverUrl) => ({
    baseURL: await refusedUrl(),
    retry: {
      beforeRetry(config) {
        config.baseURL = serverUrl;
      },
    },
  })),
  get('/down', 'always answers 503'),
  get('/maintenance', 'answers 503 with Retry-After: 3600'),
];
