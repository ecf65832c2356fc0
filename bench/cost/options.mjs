/** What options cost on a request that needs no retry: observers, deadlines, a large body. Prints JSON. */
import { attachRetry, logRetries } from 'axios-tenacity';
import { clientsOf } from './contenders.mjs';
import { withServer } from './loopback.mjs';
import { compare, cpuOf } from './rounds.mjs';

const quiet = { debug() {}, info() {}, log() {}, warn() {}, error() {} };
const attachedWith = (options) => (client) => attachRetry(client, options);

/** The first is the yardstick. */
const watched = {
  attached: attachedWith({}),
  'with logRetries': attachedWith({ observe: logRetries(quiet) }),
  'with onAttempt': attachedWith({ observe: { onAttempt() {} } }),
};
const timed = {
  axios: () => undefined,
  'with attemptTimeout': attachedWith({ attemptTimeout: 30_000 }),
  'with totalTimeout': attachedWith({ totalTimeout: 30_000 }),
};
const plain = { axios: () => undefined, 'axios-tenacity': attachedWith({}) };

const answer = async (config) => ({
  data: {},
  status: 200,
  statusText: 'OK',
  headers: {},
  config,
  request: {},
});

async function measure(clients, send, count, rounds) {
  const oneByOne = (client) => async () => {
    for (let i = 0; i < count; i += 1) await send(client);
  };
  const works = Object.entries(clients).map(([name, client]) => [name, oneByOne(client)]);
  return compare(Object.fromEntries(works), async (work) => (await cpuOf(work)) / count, { rounds });
}

const get = (client) => client.get('/users/1');
const nineMegabytes = {
  items: Array.from({ length: 150_000 }, (_, id) => ({ id, name: `the name of item ${id}`, tags: [1, 2] })),
};
const post = (client) => client.post('/import', nineMegabytes, { retry: { idempotencyKey: true } });

const result = {
  watched: {
    noop: await measure(clientsOf(watched, { adapter: answer }), get, 100, 201),
    http: await withServer((config) => measure(clientsOf(watched, config), get, 20, 201)),
  },
  timed: { http: await withServer((config) => measure(clientsOf(timed, config), get, 20, 301)) },
  body: await measure(clientsOf(plain, { adapter: answer }), post, 1, 41),
};
console.log(JSON.stringify(result));
