/**
 * What it takes to have many requests wait for their next attempt at once, and to abort them all through one signal.
 * Prints JSON; needs `--expose-gc`, and a process for each contender: `node waiting.mjs axios-retry 10000`.
 */
import { getEventListeners, setMaxListeners } from 'node:events';
import axios, { AxiosError } from 'axios';
import { retrying } from './contenders.mjs';
import { heapUsed } from './heap.mjs';
import { cpuOf } from './rounds.mjs';

const FOUR_MINUTES = 240_000;
const WARM_UP = 100;
/** Requests whose heap is measured. */
const SAMPLE = 2_000;
/** Pauses after which those that are not aborted will not be. */
const PATIENCE = 100;

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
const pause = () => new Promise((resolve) => setTimeout(resolve, 20));

let sent = 0;
let aborted = 0;
async function send(requests, config) {
  sent += requests;
  for (let i = 0; i < requests; i += 1) {
    client.get('/users/1', config).catch(() => {
      aborted += 1;
    });
  }
  while ((isBare ? inFlight.length : timers()) < sent) await pause();
}

/** Bytes for each request that waits. */
async function heapOf(requests, config) {
  const before = await heapUsed();
  await send(requests, config);
  return ((await heapUsed()) - before) / requests;
}

// What axios and the plugin make once is no part of what a request takes.
await send(WARM_UP);
const heap = await heapOf(SAMPLE);
const controller = new AbortController();
setMaxListeners(0, controller.signal);
const { signal } = controller;
const timersBefore = timers();
const enter = (await cpuOf(() => send(count, { signal }))) / 1_000;
const listeners = getEventListeners(signal, 'abort').length;

const abort =
  (await cpuOf(async () => {
    controller.abort();
    for (let pauses = 0; pauses < PATIENCE && aborted < count; pauses += 1) await pause();
  })) / 1_000;
const left = { timers: timers() - timersBefore, listeners: getEventListeners(signal, 'abort').length };
const result = { name, count, enter, heap, listeners, abort: aborted < count ? null : abort, left };
console.log(JSON.stringify(result));
process.exit();
