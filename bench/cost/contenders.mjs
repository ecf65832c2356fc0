/** Who is compared: each makes an axios client retry, with the options that its users would write. */
import axios from 'axios';
import axiosRetry from 'axios-retry';
import { attachRetry, waitNone } from 'axios-tenacity';
import * as retryAxios from 'retry-axios';

/** How to attach each contender to a client as it comes. `axios` is the yardstick, and once more to show the noise. */
export const attachments = {
  axios: () => undefined,
  'axios again': () => undefined,
  'axios-retry': (client) => axiosRetry(client),
  'retry-axios': (client) => retryAxios.attach(client),
  'axios-tenacity': (client) => attachRetry(client),
};

/** The same for a number of retries with one wait in front of each. */
export const retrying = {
  'axios-retry': (client, retries, delay = 0) => axiosRetry(client, { retries, retryDelay: () => delay }),
  'retry-axios': (client, retries, delay = 0) => {
    client.defaults.raxConfig = { retry: retries, retryDelay: delay, backoffType: 'static' };
    retryAxios.attach(client);
  },
  'axios-tenacity': (client, retries, delay = 0) =>
    attachRetry(client, {
      maxAttempts: retries + 1,
      wait: delay === 0 ? waitNone() : () => delay,
      // The others have none, and it would end a run of 100 failures.
      throttle: false,
    }),
};

/** A client of each contender. */
export const clientsOf = (attach, config, ...options) =>
  Object.fromEntries(
    Object.entries(attach).map(([name, attachTo]) => {
      const client = axios.create({ baseURL: 'http://api.example.com', ...config });
      attachTo(client, ...options);
      return [name, client];
    }),
  );
