/** What a request costs that needs no retry. Prints JSON; `bench.mjs` runs it with much room for new objects. */
import { attachments, clientsOf } from './contenders.mjs';
import { withServer } from './loopback.mjs';
import { compare, cpuOf } from './rounds.mjs';

const answer = async (config) => ({
  data: { ok: true },
  status: 200,
  statusText: 'OK',
  headers: {},
  config,
  request: {},
});

const oneByOne = (client, count) => async () => {
  for (let i = 0; i < count; i += 1) await client.get('/users/1');
};
const atOnce = (client, count) => async () => {
  await Promise.all(Array.from({ length: count }, () => client.get('/users/1')));
};

/** What `measure` says of each client, for one of `count` requests that it sends in each round. */
function compareClients(clients, send, measure, { count, rounds }) {
  const works = Object.entries(clients).map(([name, client]) => [name, send(client, count)]);
  return compare(Object.fromEntries(works), async (work) => (await measure(work)) / count, { rounds });
}

/** Bytes of new objects; right as long as no garbage is collected meanwhile. */
async function allocationsOf(work) {
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  await work();
  return process.memoryUsage().heapUsed - before;
}

async function measureHttp(clients) {
  const sequential = await compareClients(clients, oneByOne, cpuOf, { count: 25, rounds: 401 });
  const concurrent = await compareClients(clients, atOnce, cpuOf, { count: 1_000, rounds: 41 });
  return { sequential, concurrent };
}

async function measureNoop() {
  const clients = clientsOf(attachments, { adapter: answer });
  const sequential = await compareClients(clients, oneByOne, cpuOf, { count: 300, rounds: 401 });
  const concurrent = await compareClients(clients, atOnce, cpuOf, { count: 1_000, rounds: 121 });
  return { sequential, concurrent };
}

async function measureAllocations(clients, count) {
  const sequential = await compareClients(clients, oneByOne, allocationsOf, { count, rounds: 15 });
  const concurrent = await compareClients(clients, atOnce, allocationsOf, { count, rounds: 15 });
  return { sequential, concurrent };
}

const overHttp = (work) => withServer((config) => work(clientsOf(attachments, config)));

const measurements = {
  noop: measureNoop,
  http: () => overHttp(measureHttp),
  allocations: () => measureAllocations(clientsOf(attachments, { adapter: answer }), 1_000),
  'allocations-http': () => overHttp((clients) => measureAllocations(clients, 500)),
};

const [, , what] = process.argv;
console.log(JSON.stringify(await measurements[what]()));
