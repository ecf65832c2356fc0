// The page of `npm run test:browser`: runs the cases here and in a worker, and lends its parts to the tests of time.
import axios from 'axios';
import { attachRetry, retryReport } from 'axios-tenacity';
import { runCases } from './cases.js';

const runInWorker = (world) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }) => {
      worker.terminate();
      resolve(data);
    };
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(world);
  });

/** In a service worker, which has to be there before a message can be sent to it. */
async function runInServiceWorker(world) {
  const registration = await navigator.serviceWorker.register('./service-worker.js');
  await navigator.serviceWorker.ready;
  const { port1, port2 } = new MessageChannel();
  const results = new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
  });
  registration.active.postMessage(world, [port2]);
  return results.finally(() => registration.unregister());
}

/** One GET that fails once and recovers after a wait; `took` is in milliseconds of the clock that never jumps. */
async function recoverOnce(api, delay, adapter) {
  const client = axios.create({ adapter });
  attachRetry(client, { baseDelay: delay, maxDelay: delay, jitter: 'none', maxElapsedTime: Infinity });
  const steps = encodeURIComponent('[503,200]');
  const before = performance.now();
  const response = await client.get(`${api}/play?id=${Math.random()}&steps=${steps}`);
  const { attempts } = retryReport(response);
  return { took: performance.now() - before, attempts: attempts.length, delay: attempts[0].delay };
}

globalThis.tenacity = { runCases, runInWorker, runInServiceWorker, recoverOnce };

// A browser that nobody drives runs what the address says, and tells the API.
const { world, report } = Object.fromEntries(new URLSearchParams(location.search));
if (report) {
  const results = [];
  const places = { 'a page': runCases, 'a worker': runInWorker, 'a service worker': runInServiceWorker };
  for (const [place, run] of Object.entries(places)) {
    const outcome = await run(JSON.parse(world)).catch((error) => [
      ['it runs', String(error?.stack ?? error)],
    ]);
    results.push([place, outcome]);
  }
  await fetch(report, { method: 'POST', body: JSON.stringify(results) });
}
