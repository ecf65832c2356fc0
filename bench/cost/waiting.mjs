/**
 * What it takes to have many requests wait for their next attempt at once, and to abort them all through one signal.
 * Prints JSON; needs `--expose-gc`, and a process for each contender: `node waiting.mjs axios-retry 10000`.
 */
import { getEventListeners, setMaxListeners } from 'node:events';
import axios, { AxiosError } from 'axios';
import { retrying } from './contenders.mjs';
import { heapUsed } from './heap.mjs';

const FOUR_MINUTES = 240_000;
const PATIENCE = 2_000;

const [, , name, given] = process.argv;
const count = Number(given);

const baseURL = 'http://api.example.com';
const inFlight = [];
const pend = () => new Promise((...settle) => inFlight.push(settle));
const fail = async (config) => {
  const response = { status: 503, statusText: '', headers: {}, config, request: {}, data: '' };
  throw new AxiosError('Request failed with status code 503', 'ERR_BAD_RESPONSE', config, {}, response);
};

const isBare = name === 'axios';
const client = axios.create({ baseURL, adapter: isBare ? pend : fail });
if (!isBare) retrying[name](client, 5, FOUR_MINUTES);

const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
const turn = () => new Promise((resolve) => setImmediate(resolve));

async function enter(signal) {
  let aborted = 0;
  const startedAt = performance.now();
  for (let i = 0; i < count; i += 1) {
    client.get('/users/1', { signal }).catch(() => {
      aborted += 1;
    });
  }
  while ((isBare ? inFlight.length : timers()) < count) await turn();
  return { took: performance.now() - startedAt, aborted: () => aborted };
}

// What axios and the plugin make once is no part of what a request takes.
const warm = new AbortController();
setMaxListeners(0, warm.signal);
for (let i = 0; i < 100; i += 1) client.get('/users/1', { signal: warm.signal }).catch(() => undefined);
for (let i = 0; i < 10; i += 1) await turn();
warm.abort();
const before = await heapUsed();
const timersBefore = timers();

const controller = new AbortController();
setMaxListeners(0, controller.signal);
const { took, aborted } = await enter(controller.signal);
const heap = ((await heapUsed()) - before) / count;
const listeners = getEventListeners(controller.signal, 'abort').length;

const abortedAt = performance.now();
controller.abort();
while (aborted() < count && performance.now() - abortedAt < PATIENCE) await turn();
const abort = aborted() < count ? null : performance.now() - abortedAt;
const left = {
  timers: timers() - timersBefore,
  listeners: getEventListeners(controller.signal, 'abort').length,
};
console.log(JSON.stringify({ name, count, enter: took, heap, listeners, abort, aborted: aborted(), left }));
process.exit();
