/** A client's end of the loopback server. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { join } from 'node:path';

/** What the work answers; it gets the config of axios that leads to a server in a process of its own. */
export async function withServer(work) {
  const server = fork(join(import.meta.dirname, 'loopback-server.mjs'));
  const [port] = await once(server, 'message');
  const httpAgent = new Agent({ keepAlive: true, maxSockets: 50 });
  try {
    return await work({ baseURL: `http://127.0.0.1:${port}`, httpAgent, proxy: false });
  } finally {
    httpAgent.destroy();
    server.kill();
  }
}
