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

globalThis.tenacity = { runCases, runInWorker, recoverOnce };
