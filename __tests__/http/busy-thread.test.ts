import { Worker } from 'node:worker_threads';
import type { AxiosRequestConfig } from 'axios';
import { adapters, createClient } from '../helpers/clients.ts';

/** A server of its own thread, which answers 20 ms after it has told, however busy this one is. */
const SERVER = `
  const { createServer } = require('node:http');
  const { gzipSync } = require('node:zlib');
  const { parentPort } = require('node:worker_threads');
  let requests = 0;
  const bodies = { '/small': 'fine', '/large': 'x'.repeat(100_000), '/gzip': gzipSync('fine'.repeat(1_000)) };
  const server = createServer((request, response) => {
    if (request.url === '/requests') return response.end(String(requests));
    requests += 1;
    request.resume();
    parentPort.postMessage('received');
    request.on('end', () => setTimeout(() => {
      response.writeHead(200, request.url === '/gzip' ? { 'content-encoding': 'gzip' } : {});
      response.end(bodies[request.url]);
    }, 20));
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

let thread: Worker;
let url: string;

beforeEach(async () => {
  thread = new Worker(SERVER, { eval: true });
  url = `http://127.0.0.1:${await new Promise((resolve) => thread.once('message', resolve))}`;
});
afterEach(() => thread.terminate());

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe.each(adapters)('an answer that came in time while the thread was busy, over %s', (adapter) => {
  test.each(
    ['small', 'large', 'gzip'].flatMap((body) => [
      [body, { attemptTimeout: 200 }] as const,
      [body, { totalTimeout: 200 }] as const,
    ]),
  )('is read, not cut off: a %s body, %p', async (body, deadline) => {
    const { client } = createClient({ adapter, baseURL: url } as AxiosRequestConfig, deadline);
    // The connection stands, so that what follows is about the answer alone.
    await client.get('/requests', { retry: false });
    thread.once('message', () => block(400));
    const answered = client.post(`/${body}`, { a: 1 });
    expect((await answered).status).toBe(200);
    expect((await client.get('/requests', { retry: false })).data).toEqual(1);
  });
});
