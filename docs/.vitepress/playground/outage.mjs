/** An outage in virtual time, with the real plugins: the model of `npm run bench:outage`, with other clients. */
import * as api from 'axios-tenacity';
import { contenders } from '../../../bench/outage/contenders.mjs';
import { fleet, sendThrough } from '../../../bench/outage/fleet.mjs';
import { attemptsBySecond, measure } from '../../../bench/outage/measures.mjs';
import { scenarios } from '../../../bench/outage/scenarios.mjs';
import { optionsOf, readPolicy } from './policy-code.ts';

/** Requests a second that each client makes. */
export const RATE = 2;
const SEED = 8;

/** Who is compared: the policy at hand, none at all, and axios-retry as it comes. */
const ways = {
  policy: (code) => {
    const options = optionsOf(readPolicy(code), api);
    return (client, runtime) => api.attachRetry(client, options, runtime);
  },
  none: () => contenders['no retries'],
  'axios-retry': () => contenders['axios-retry'],
};

/**
 * Sends so many clients through the trouble.
 *
 * @param way one of `ways`
 * @returns attempts that reach the server second by second, and what came of the requests made during the trouble
 */
export async function replay(way, { code, trouble, clients }) {
  const crowd = { clients, rate: RATE };
  const origins = await sendThrough(scenarios[trouble], ways[way](code), SEED, crowd);
  const { load, peak, success, p50 } = measure(origins, crowd);
  return { attempts: attemptsBySecond(origins), load, peak, success, p50 };
}

/** When the trouble begins and ends, in seconds. */
export const span = [fleet.from / 1_000, fleet.until / 1_000];
