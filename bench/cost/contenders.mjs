/** Who is compared: each makes an axios client retry, with the options that its users would write. */
import axios from 'axios';
import axiosRetry from 'axios-retry';
import { attachRetry, waitNone } from 'axios-tenacity';
import pRetry from 'p-retry';
import * as retryAxios from 'retry-axios';

/** p-retry knows no clients: one wraps every request. */
const around = (client, options) => ({ get: (...args) => pRetry(() => client.get(...args), options) });

/** How to attach each contender to a client as it comes. `axios` is the yardstick, and once more to show the noise. */
export const attachments = {
  axios: () => undefined,
  'axios again': () => undefined,
  'axios-retry': (client) => axiosRetry(client),
  'retry-axios': (client) => retryAxios.attach(client),
  'p-retry': (client) => around(client),
  'axios-tenacity': (client) => attachRetry(client),
};

/** The same for a number of retries with one wait in front of each. */
export const retrying = {
  'axios-retry': (client, retries, delay = 0) => axiosRetry(client, { retries, retryDelay: () => delay }),
  'retry-axios': (client, retries, delay = 0) => {
    client.defaults.raxConfig = { retry: retries, retryDelay: delay, backoffType: 'static' };
    retryAxios.attach(client);
  },
  'p-retry': (client, retries, delay = 0) =>
    around(client, { retries, minTimeout: delay, maxTimeout: delay }),
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
      const attached = attachTo(client, ...options);
      return [name, attached?.get ? attached : client];
    }),
  );
