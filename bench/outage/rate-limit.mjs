/** What a cooldown does: a rate limit that ends for all at once, met by few busy clients or by many quiet ones. */
import axiosRetry from 'axios-retry';
import { attachRetry } from 'axios-tenacity';
import { sendThrough } from './fleet.mjs';
import { measure } from './measures.mjs';
import { scenarios } from './scenarios.mjs';

export const RATE_LIMIT = 'Rate limit: 429 with one reset time for all';

export const crowds = {
  '25 clients at 10 a second': { clients: 25, rate: 10 },
  '250 clients at 1 a second': { clients: 250, rate: 1 },
};

export const ways = {
  'axios-retry, tuned': (client) =>
    axiosRetry(client, { retryDelay: axiosRetry.exponentialDelay, shouldResetTimeout: true }),
  'no cooldown': (client, runtime) => attachRetry(client, { cooldown: false }, runtime),
  'pace, the default': (client, runtime) => attachRetry(client, {}, runtime),
  hold: (client, runtime) => attachRetry(client, { cooldown: { hold: true } }, runtime),
  'hold, maxHeld: 1,000': (client, runtime) =>
    attachRetry(client, { cooldown: { hold: true, maxHeld: 1_000 } }, runtime),
};

/** What a crowd that retries in this way sent. */
export const sendCrowd = (crowd, way, seed) =>
  sendThrough(scenarios[RATE_LIMIT], ways[way], seed, crowds[crowd]);

/** What came of a crowd that retries in this way, in numbers. */
export const measureCrowd = async (crowd, way, seed) =>
  measure(await sendCrowd(crowd, way, seed), crowds[crowd]);
