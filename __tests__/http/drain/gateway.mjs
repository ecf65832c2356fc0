/**
 * A gateway in a process of its own, which ends on SIGTERM as the recipe of the manual says. It calls the upstream
 * through an attached client, and works on a batch meanwhile. Usage: `node gateway.mjs <upstream url> <adapter>`.
 * It prints its port, and at its end what became of everything, each as a line of JSON.
 */
import { createServer } from 'node:http';
import axios from 'axios';
import { attachRetry, attemptOf, batch, retryReport } from '../../../dist/esm/index.js';

const [upstream, adapter] = process.argv.slice(2);
const print = (value) => console.log(JSON.stringify(value));
const tally = { started: 0, settled: 0, handled: 0, answered: 0, reasons: {}, batch: undefined };
let isDraining = false;
let lastAnswerAt;

const client = axios.create({ baseURL: upstream, adapter, proxy: false });
client.interceptors.request.use((config) => {
  config.headers.set('X-Attempt', attemptOf(config) ?? 1);
  if (isDraining) config.headers.set('X-Draining', 'yes');
  return config;
});
const handle = attachRetry(client, { maxAttempts: 4, baseDelay: 600, jitter: 'none', throttle: false });

/** Counts what the client promised, and what of it was kept. */
function track(promise) {
  tally.started += 1;
  return promise.finally(() => {
    tally.settled += 1;
  });
}

const get = (id) => track(client.get(`/items/${id}`));
const post = (path, id, config) => track(client.post(path, { id }, config));

const routes = {
  items: get,
  notes: (id) => post('/notes', id),
  // The second call begins when the first has ended: after SIGTERM, too.
  async orders(id) {
    await get(id).catch(() => undefined);
    return post('/orders', id, { retry: { idempotencyKey: true } });
  },
};

const server = createServer(async (request, response) => {
  tally.handled += 1;
  response.once('close', () => {
    if (response.writableFinished) tally.answered += 1;
    lastAnswerAt = performance.now();
  });
  const [, route, id] = request.url.split('/');
  request.resume();
  try {
    const { data } = await routes[route](id);
    respond(response, 200, data);
  } catch (error) {
    const reason = retryReport(error)?.reason ?? 'none';
    tally.reasons[reason] = (tally.reasons[reason] ?? 0) + 1;
    respond(response, 502, { reason });
  }
});

function respond(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** The responses that are not ended yet. */
const open = new Set();
server.prependListener('request', (_request, response) => {
  open.add(response);
  response.once('close', () => open.delete(response));
  if (isDraining) response.setHeader('Connection', 'close');
});

const stopping = new AbortController();
process.once('SIGTERM', () => {
  isDraining = true;
  server.close();
  // `close` leaves connections that are in use, and a busy caller never lets go of one that is kept alive.
  for (const response of open) if (!response.headersSent) response.setHeader('Connection', 'close');
  handle.drain();
  stopping.abort(new Error('SIGTERM'));
});

process.once('exit', () => {
  print({ ...tally, isDraining, sinceLastAnswer: performance.now() - lastAnswerAt });
});

server.listen(0, '127.0.0.1', () => print({ port: server.address().port }));

const jobs = Array.from({ length: 2_000 }, (_, index) => `job-${index}`);
const send = (id) => post('/jobs', id, { retry: false, headers: { 'Idempotency-Key': id } });
const { fulfilled, rejected } = await batch(jobs, send, { concurrency: 4, signal: stopping.signal });
tally.batch = { fulfilled: fulfilled.size, rejected: rejected.size, total: jobs.length };
