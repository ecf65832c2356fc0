/** What the capacity of a throttle means to clients that send little: each has to empty a bucket of its own. */
import { attachRetry } from 'axios-tenacity';
import { sendThrough } from './fleet.mjs';
import { measure } from './measures.mjs';
import { scenarios } from './scenarios.mjs';

export const smallClients = { clients: 250, rate: 1 };
export const capacities = [500, 70];

/** What 250 clients that make a request a second each do in an outage, with buckets of so many tokens. */
export async function runSmallClients(capacity, seed) {
  const attach = (client, runtime) => attachRetry(client, { throttle: { capacity } }, runtime);
  const sent = await sendThrough(scenarios['Outage: answered 503'], attach, seed, smallClients);
  return measure(sent, smallClients);
}
