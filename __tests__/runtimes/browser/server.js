// The servers of `npm run test:browser`: one for the page, and an API on another origin that does what the URL says.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript' };

/** Serves the files of one folder. */
export const startPages = (folder) =>
  listen(async ({ url }, response) => {
    const path = new URL(url, 'http://pages').pathname;
    try {
      const file = await readFile(join(folder, path === '/' ? 'index.html' : path));
      response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'text/html' }).end(file);
    } catch {
      response.writeHead(404).end();
    }
  });

/**
 * The API: `/play?id=…&steps=[…]` deals with the nth request of an id by the nth step and with all later ones by the last;
 * `/ledger?id=…` tells what came; `/control?…` calls `control`, and what is posted to `/report` goes to `receive`.
 */
export const startApi = ({ control, receive }) => {
  const ledger = new Map();
  return listen(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://api');
    const { origin = '*', 'access-control-request-headers': asked = '' } = request.headers;
    const cors = {
      'access-control-allow-origin': origin,
      'access-control-allow-methods': '*',
      ...(asked && { 'access-control-allow-headers': asked }),
    };
    // On a connection that was used before, Chromium itself sends again after a reset.
    const head = { ...cors, connection: 'close', 'content-type': 'application/json' };
    const answer = (status, value, headers = head) =>
      response.writeHead(status, headers).end(JSON.stringify(value));

    if (request.method === 'OPTIONS') return answer(200, '');
    const sent = ledger.get(searchParams.get('id')) ?? [];
    if (pathname === '/ledger') return answer(200, sent);
    if (pathname === '/control') {
      await control(Object.fromEntries(searchParams));
      return answer(200, '');
    }
    if (pathname === '/report') {
      let text = '';
      for await (const chunk of request) text += chunk;
      receive(JSON.parse(text));
      return answer(200, '');
    }
    const entry = { method: request.method, headers: request.headers, body: '', at: Date.now() };
    sent.push(entry);
    ledger.set(searchParams.get('id'), sent);
    for await (const chunk of request) entry.body += chunk.toString('latin1');
    const steps = JSON.parse(searchParams.get('steps'));
    const step = steps[Math.min(sent.length, steps.length) - 1];
    const { status = 200, headers = {}, act, isHidden } = typeof step === 'object' ? step : { status: step };
    if (act === 'reset') return request.socket.resetAndDestroy();
    if (act === 'stall') return;
    const all = { ...head, ...headers };
    if (isHidden) delete all['access-control-allow-origin'];
    if (act !== 'truncate') return answer(status, { attempt: sent.length }, all);
    response.writeHead(status, { ...all, 'content-length': 100 }).write('{"half":');
    setTimeout(() => request.socket.destroy(), 20);
  });
};

async function listen(handle) {
  const server = createServer((request, response) => {
    Promise.resolve(handle(request, response)).catch(() => request.socket.destroy());
  });
  server.on('connection', (socket) => socket.on('error', () => undefined));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  return {
    port,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
