/**
 * The heap of a request over HTTP that waits for its next attempt, beside one that waits for its answer. Prints JSON; needs
 * `--expose-gc`, and a process for each contender: `node waiting-http.mjs axios-retry 1000`.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { join } from 'node:path';
import axios from 'axios';
import { retrying } from './contenders.mjs';
import { heapUsed } from './heap.mjs';

const FOUR_MINUTES = 240_000;
const WARM_UP = 100;

const [, , name, given] = process.argv;
const count = Number(given);
const isBare = name === 'axios';

const server = fork(join(import.meta.dirname, 'loopback-server.mjs'));
const [port] = await once(server, 'message');
const httpAgent = new Agent({ keepAlive: true, maxSockets: isBare ? Infinity : 50 });
const client = axios.create({ baseURL: `http://127.0.0.1:${port}`, httpAgent, proxy: false });
if (!isBare) retrying[name](client, 5, FOUR_MINUTES);

const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
const sockets = () => Object.values(httpAgent.sockets).flat().length;
const pause = () => new Promise((resolve) => setTimeout(resolve, 100));

let sent = 0;
async function send(more) {
  sent += more;
  for (let i = 0; i < more; i += 1) client.get(isBare ? '/hang' : '/down').catch(() => undefined);
  while ((isBare ? sockets() : timers()) < sent) await pause();
  // What has been answered is let go of.
  await pause();
}

await send(WARM_UP);
const before = await heapUsed();
await send(count);
console.log(JSON.stringify({ name, count, heap: ((await heapUsed()) - before) / count }));
server.kill();
process.exit();
