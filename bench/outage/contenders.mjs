/** Who goes through the outage: as it comes, and as its own documentation would tune it for one. */
import axiosRetry from 'axios-retry';
import { attachRetry } from 'axios-tenacity';
import * as retryAxios from 'retry-axios';

/** `attach(client, runtime)`; the others take time and chance from the globals, which are virtual as well. */
export const contenders = {
  'no retries': () => undefined,
  'axios-retry': (client) => axiosRetry(client),
  'axios-retry, tuned': (client) =>
    axiosRetry(client, { retryDelay: axiosRetry.exponentialDelay, shouldResetTimeout: true }),
  'retry-axios': (client) => retryAxios.attach(client),
  'retry-axios, tuned': (client) => {
    client.defaults.raxConfig = { retryDelay: 1_000, jitter: 'full' };
    retryAxios.attach(client);
  },
  'axios-tenacity': (client, runtime) => attachRetry(client, {}, runtime),
};

/** What each part of the defaults does: the same plugin with parts of them switched off. */
export const parts = {
  'backoff alone': (client, runtime) => attachRetry(client, { jitter: 'none', throttle: false }, runtime),
  'with jitter': (client, runtime) => attachRetry(client, { throttle: false }, runtime),
  'with jitter and throttle': (client, runtime) => attachRetry(client, {}, runtime),
};
