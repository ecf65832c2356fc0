// A server for the smoke suite. `/<id>/<steps>` deals with the nth request of an id by the nth of the steps, joined by dashes,
// and with all later ones by the last; `/ledger/<id>` tells what came. Every connection serves one request: when a connection that
// they use again breaks, Bun repeats a GET by itself, and Deno even a POST.
import { createServer } from 'node:http';

const deeds = {
  /** The connection is reset (RST) once the request was read. */
  reset: ({ socket }) => socket.resetAndDestroy(),
  /** The connection is closed (FIN) without an answer. */
  close: ({ socket }) => socket.end(),
  /** The answer ends in the middle. */
  cut: ({ socket, response }) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 });
    response.write('{"half":', () => setTimeout(() => socket.end(), 10));
  },
  stall: () => undefined,
  hint: ({ response }) => response.writeHead(429, { 'retry-after-ms': '150' }).end(),
  second: ({ response }) => response.writeHead(503, { 'retry-after': '1' }).end(),
  large: ({ response }) => response.writeHead(503).end('x'.repeat(100_000)),
};

const answer =
  (status, body) =>
  ({ response }) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

/** Starts the server on 127.0.0.1; answers its URL, a port that refuses connections, and how to stop it. */
export async function startServer() {
  const ledger = new Map();
  const server = createServer(async (request, response) => {
    const [, id, steps] = request.url.split('/');
    response.setHeader('connection', 'close');
    let body = '';
    for await (const chunk of request) body += chunk;
    if (id === 'ledger') return answer(200, ledger.get(steps) ?? [])({ response });
    const seen = ledger.get(id) ?? [];
    seen.push({ method: request.method, body, key: request.headers['idempotency-key'] });
    ledger.set(id, seen);
    const script = steps.split('-');
    const step = script[Math.min(seen.length, script.length) - 1];
    const deal = deeds[step] ?? answer(Number(step), { attempt: seen.length });
    deal({ response, socket: request.socket });
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  const listen = (one) =>
    new Promise((resolve) => one.listen(0, '127.0.0.1', () => resolve(one.address().port)));
  const dead = createServer();
  const refusedPort = await listen(dead);
  await new Promise((resolve) => dead.close(resolve));
  const url = `http://127.0.0.1:${await listen(server)}`;
  return {
    url,
    refused: `http://127.0.0.1:${refusedPort}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
