/** What retries cost in other clients, on a request that needs none, against the same client without. Prints JSON. */

import { attachRetry } from 'axios-tenacity';
import got from 'got';
import ky from 'ky';
import { Agent, RetryAgent, request } from 'undici';
import { clientsOf } from './contenders.mjs';
import { withServer } from './loopback.mjs';
import { compare, cpuOf } from './rounds.mjs';

const COUNT = 20;

const measured = await withServer(async (config) => {
  const url = `${config.baseURL}/users/1`;
  const agent = new Agent();
  const retryAgent = new RetryAgent(agent);
  const through = (dispatcher) => async () => (await request(url, { dispatcher })).body.json();
  const clients = clientsOf({ bare: () => undefined, retrying: (client) => attachRetry(client) }, config);
  const pairs = {
    'axios-tenacity': [() => clients.bare.get('/users/1'), () => clients.retrying.get('/users/1')],
    'RetryAgent of undici': [through(agent), through(retryAgent)],
    got: [() => got(url, { retry: { limit: 0 } }).json(), () => got(url).json()],
    ky: [() => ky(url, { retry: 0 }).json(), () => ky(url).json()],
  };
  const results = {};
  for (const [name, [bare, retrying]] of Object.entries(pairs)) {
    const repeat = (send) => async () => {
      for (let i = 0; i < COUNT; i += 1) await send();
    };
    const perRequest = async (work) => (await cpuOf(work)) / COUNT;
    const pair = await compare({ bare: repeat(bare), retrying: repeat(retrying) }, perRequest, {
      rounds: 151,
    });
    results[name] = { bare: pair.bare.value, ...pair.retrying };
  }
  await agent.close();
  return results;
});
console.log(JSON.stringify(measured));
