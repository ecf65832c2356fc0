/** What retries cost, waits aside. Prints JSON; needs `--expose-gc`. */
import axios, { AxiosError } from 'axios';
import { clientsOf, retrying } from './contenders.mjs';
import { heapUsed } from './heap.mjs';
import { withServer } from './loopback.mjs';
import { compare, cpuOf, median } from './rounds.mjs';

const MOST_RETRIES = 1_000;
const RETRIES = [1, 3, 10, 100];
/** Between these the heap per further retry is measured; before, an attempt still keeps its predecessor alive. */
const [FEW, MANY] = [3, 100];
const baseURL = 'http://api.example.com';
/** Over HTTP no server is asked a hundred times in a round. */
const RETRIES_HTTP = [1, 3];

// Timers that take no time, for everybody: what is measured is the work around the wait.
globalThis.setTimeout = (callback) => void queueMicrotask(callback);

let failures = 0;
const failing = async (config) => {
  const response = { status: 200, statusText: '', headers: {}, config, request: {}, data: { ok: true } };
  failures -= 1;
  if (failures < 0) return response;
  Object.assign(response, { status: 503, data: '' });
  throw new AxiosError('Request failed with status code 503', 'ERR_BAD_RESPONSE', config, {}, response);
};

/** The loop that one would write by hand: a bound, a status, a wait. */
async function loopByHand(client, url) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await client.get(url);
    } catch (error) {
      if (attempt > MOST_RETRIES || !(error.response?.status >= 500)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }
}

/** Over the network as many requests go to what fails. */
const failingOverHttp = (config) => {
  failures -= 1;
  config.url = failures < 0 ? '/users/1' : '/down';
  return axios.getAdapter('http')(config);
};

function sendsWith(config) {
  const hand = axios.create(config);
  const clients = Object.entries(clientsOf(retrying, config, MOST_RETRIES));
  return {
    'hand-written loop': () => loopByHand(hand, '/users/1'),
    ...Object.fromEntries(clients.map(([name, client]) => [name, () => client.get('/users/1')])),
  };
}

const retriedTimes = (send, retries, count) => async () => {
  for (let i = 0; i < count; i += 1) {
    failures = retries;
    await send();
  }
};

/** Bytes that a request keeps alive while its next attempt is under way, after so many retries. */
async function heldAfter(attach, retries) {
  const requests = 200;
  // What the network would hold; without it nothing would keep a pending request alive.
  const inFlight = [];
  const adapter = (config) => {
    if (config.play.failures === 0) return new Promise((...settle) => inFlight.push(settle));
    config.play.failures -= 1;
    failures = 1;
    return failing(config);
  };
  // An instance of a class: axios passes it on and does not copy it.
  class Play {
    failures = retries;
  }
  const { client } = clientsOf({ client: attach }, { baseURL, adapter }, MOST_RETRIES);
  const before = await heapUsed();
  const pending = Array.from({ length: requests }, () => client.get('/users/1', { play: new Play() }));
  while (inFlight.length < requests) await new Promise((resolve) => setImmediate(resolve));
  const held = (await heapUsed()) - before;
  return pending.length && held / requests;
}

const heap = {};
for (const [name, attach] of Object.entries(retrying)) {
  const held = { [FEW]: [], [MANY]: [] };
  await heldAfter(attach, FEW);
  for (let round = 0; round < 5; round += 1) {
    for (const retries of [FEW, MANY]) held[retries].push(await heldAfter(attach, retries));
  }
  heap[name] = (median(held[MANY]) - median(held[FEW])) / (MANY - FEW);
}

/** Microseconds of CPU for each number of retries. */
async function compareRetries(sends, numbers, requests) {
  const cpu = {};
  for (const retries of numbers) {
    const count = Math.ceil(requests / retries);
    const works = Object.fromEntries(
      Object.entries(sends).map(([name, send]) => [name, retriedTimes(send, retries, count)]),
    );
    const perRequest = async (work) => (await cpuOf(work)) / count;
    cpu[retries] = await compare(works, perRequest, { rounds: retries < 100 ? 121 : 61, warmUp: 15 });
  }
  return cpu;
}

const cpu = await compareRetries(sendsWith({ baseURL, adapter: failing }), RETRIES, 120);
const cpuHttp = await withServer((config) =>
  compareRetries(sendsWith({ ...config, adapter: failingOverHttp }), RETRIES_HTTP, 20),
);
console.log(JSON.stringify({ cpu, cpuHttp, heap }));
